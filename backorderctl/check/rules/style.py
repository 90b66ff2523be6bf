"""Rules about values that repeat what is inherited anyway, or that are in force nowhere."""

from collections.abc import Iterator, Set
from decimal import Decimal
from typing import NamedTuple

from backorderctl.check.context import (
    NARROWNESS,
    Context,
    backordered,
    describe_scope,
    in_stock,
    scope_options,
    subject,
)
from backorderctl.check.registry import RuleKind, rule
from backorderctl.check.scope_usage import Chain, chain, has_products, policy_fallbacks
from backorderctl.check.violation import Severity, Violation
from backorderctl.policy.evaluate import ItemInForce, Salability, salable
from backorderctl.policy.resolve import InForce
from backorderctl.store.model import Place, Store
from backorderctl.store.settings import BACKORDERS, THRESHOLD, Scope, format_value


@rule(
    "BO301",
    "redundant-override",
    Severity.INFO,
    RuleKind.STYLE,
    reason="A value is written whose removal would change no value in force and no quantity.",
    remedy="Remove it, or accept it if it is written for the reader.",
)
def redundant_override(context: Context) -> Iterator[Violation]:
    """BO301: values that equal what would be inherited, so that nothing changes without them.

    An equal threshold is left out where its removal would pool goods otherwise.
    """
    restated = list(_restated(context))
    thresholds = {found.origin for found in restated if found.key == THRESHOLD.key}
    kept = _distinct_pools(context, thresholds) if thresholds else set()
    for found in restated:
        if found.key != THRESHOLD.key or found.origin not in kept:
            yield _needless(found, "changes nothing: it is what would be inherited")


@rule(
    "BO302",
    "never-in-force",
    Severity.INFO,
    RuleKind.STYLE,
    reason="A value is in force nowhere: narrower values override it everywhere.",
    remedy="Remove it, or the values that override it.",
)
def never_in_force(context: Context) -> Iterator[Violation]:
    """BO302: values that narrower values override wherever they could be in force."""
    for found in _judged(context):
        if (found.origin, found.key) not in context.usage.fallbacks and has_products(context.usage, found.origin):
            yield _needless(found, "is in force nowhere: narrower values override it")


@rule(
    "BO303",
    "second-allowance",
    Severity.WARNING,
    RuleKind.POLICY,
    reason="A threshold is restated with the inherited value at a narrower scope, which makes a second allowance or "
    "reserve beside the first.",
    remedy="Remove it to share the one that is inherited, or accept it if both are meant.",
)
def second_allowance(context: Context) -> Iterator[Violation]:
    """BO303: thresholds that give a source a limit or reserve of its own beside the same one that it would share."""
    restated = {found.origin for found in _restated(context) if found.key == THRESHOLD.key}
    for answer in context.managed if restated else ():
        if answer.unlimited or len(answer.pools) < 2:
            continue
        shared = [each for each in _shared(context, answer) if each.item.counts and each.item.threshold]
        firsts = [(_first(context.store, each.chain), each.backorders) for each in shared]
        places = {}
        for each, first in zip(shared, firsts, strict=True):
            place = each.chain[0]
            apart = {other.chain[0] for other, its in zip(shared, firsts, strict=True) if its == first}
            if place in restated and len(apart) > 1:
                places[place] = first[0]
        if places:
            detail = _both_numbers(context.store, answer, shared)
            yield from (_second(answer, place, first, detail, context.store) for place, first in places.items())


def _judged(context: Context) -> Iterator[InForce]:
    """The written values, without the thresholds of products whose stock is not managed."""
    managed = {answer.product.sku for answer in context.managed}
    for found in context.written:
        if found.key != THRESHOLD.key or found.origin.product is None or found.origin.product in managed:
            yield found


def _restated(context: Context) -> Iterator[InForce]:
    """The values that equal every value that would be in force in their stead."""
    usage = context.usage
    for found in _judged(context):
        written = (found.origin, found.key)
        if written not in usage.fallbacks and has_products(usage, found.origin):
            continue
        fallbacks = usage.fallbacks.get(written) or policy_fallbacks(usage, written)
        if fallbacks and all(context.store.set_at(place)[found.key] == found.value for place in fallbacks):
            yield found


def _needless(found: InForce, why: str) -> Violation:
    place = found.origin
    return Violation(
        place=place,
        key=found.key,
        message=f"{found.key} = {format_value(found.value)} {why}",
        stock=place.stock,
        source=place.source,
        product=place.product,
        hint=("config", "unset", found.key, *scope_options(place)),
    )


class _Shared(NamedTuple):
    """A source item, whether backorders are on for it, and the places that set its threshold, the narrowest first."""

    item: ItemInForce
    backorders: bool
    chain: Chain


def _distinct_pools(context: Context, restated: Set[Place]) -> set[Place]:
    """Those of the places whose threshold, though it equals the inherited one, has an effect of its own.

    It has when goods would be pooled otherwise without it: that may give the same numbers for today's quantities, but
    not for tomorrow's, so source items that do not count now are looked at, too. And a 0 has that states that
    backorders turned on at its scope or a wider one are meant to be unlimited.
    """
    kept = {place for place in restated if place.scope is Scope.SOURCE and not has_products(context.usage, place)}
    for answer in context.answers:
        shared = _shared(context, answer)
        for each in shared:
            place = each.chain[0]
            if place in restated and place not in kept and (_is_meant(each) or _pools_otherwise(place, shared)):
                kept.add(place)
    return kept


def _shared(context: Context, answer: Salability) -> list[_Shared]:
    return [
        _Shared(
            item,
            backordered(item),
            chain(context.usage.chains, (answer.stock, item.source), answer.product, THRESHOLD.key),
        )
        for item in answer.items
    ]


def _is_meant(each: _Shared) -> bool:
    """Whether this is the 0 that message that backorders are meant to be unlimited."""
    if not each.backorders or each.item.settings[THRESHOLD.key].value:
        return False
    place, fallback = (NARROWNESS[place.scope] for place in each.chain[:2])
    return fallback < NARROWNESS[each.item.settings[BACKORDERS.key].origin.scope] <= place


def _pools_otherwise(place: Place, shared: list[_Shared]) -> bool:
    """Whether the source items would share tfallback thresholds differently, were there none at the place."""
    now = [(each.chain[0], each.backorders) for each in shared]
    then = [(each.chain[each.chain[0] == place], each.backorders) for each in shared]
    return not len(set(now)) == len(set(then)) == len(set(zip(now, then, strict=True)))


def _first(store: Store, chain: Chain) -> Place:
    """The widest of the places that set the same threshold one after the other."""
    values = [store.set_at(place)[THRESHOLD.key] for place in chain]
    return next(place for place, wider in zip(chain, (*values[1:], None), strict=True) if wider != values[0])


def _both_numbers(store: Store, answer: Salability, shared: list[_Shared]) -> str:
    """The salable quantity if nothing were restated, and the one in force."""
    firsts = {each.item.source: _first(store, each.chain) for each in shared}
    once = salable([_moved(item, firsts.get(item.source)) for item in answer.items], answer.reserved)
    numbers = [format_value(units) for units in (once, answer.salable) if units is not None]
    if len(set(numbers)) == 1:
        return f"{numbers[0]} today with or without it{in_stock(answer, store)}"
    return f"{' becomes '.join(numbers)}{in_stock(answer, store)}"


def _moved(item: ItemInForce, place: Place | None) -> ItemInForce:
    """The source item with its threshold written at another place."""
    if place is None:
        return item
    threshold = item.settings[THRESHOLD.key]._replace(origin=place)
    return item._replace(settings={**item.settings, THRESHOLD.key: threshold})


def _second(answer: Salability, place: Place, first: Place, detail: str, store: Store) -> Violation:
    threshold = store.set_at(place)[THRESHOLD.key]
    own = "an allowance" if isinstance(threshold, Decimal) and threshold < 0 else "a reserve"
    message = (
        f"the threshold {format_value(threshold)} restates that of {describe_scope(first)} and makes {own} of its own"
    )
    hint = ("config", "unset", THRESHOLD.key, *scope_options(place))
    return Violation(place=place, key=THRESHOLD.key, message=message, detail=detail, hint=hint, **subject(answer))
