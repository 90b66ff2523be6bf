"""Rules about values that repeat what is inherited anyway, or that are in force nowhere."""

from collections.abc import Iterator, Set
from dataclasses import dataclass

from backorderctl.check.context import NARROWNESS, Context, backordered, describe_scope, describe_written
from backorderctl.check.registry import RuleKind, Severity, Span, ValueEdit, Violation, rule
from backorderctl.check.scope_usage import PlaceChain, has_products, policy_fallbacks
from backorderctl.policy.evaluate import ItemInForce, Salability
from backorderctl.policy.resolve import InForce
from backorderctl.store.model import Place, is_scheduled, settings_at
from backorderctl.store.settings import BACKORDERS, THRESHOLD, Scope


@rule(
    "BO301",
    "redundant-override",
    Severity.INFO,
    RuleKind.STYLE,
    reason="A value repeats the inherited one; never reported for a global value, which is where a policy is stated.",
    remedy="Remove it, or accept it if it is written for the reader.",
    span=Span.STORE,
)
def redundant_override(context: Context) -> Iterator[Violation]:
    """BO301: values that equal what would be inherited, so that nothing changes without them.

    An equal threshold is left out where its removal would pool goods otherwise: that is for BO303 to judge.
    """
    repeated = list(_repeated(context))
    thresholds = {found.origin for found, _ in repeated if found.key == THRESHOLD.key}
    kept = _distinct_pools(context, thresholds) if thresholds else set()
    for found, fallback in repeated:
        if found.key != THRESHOLD.key or found.origin not in kept:
            wider = "the inherited value" if fallback is None else f"that of {describe_scope(fallback)}"
            yield _needless(found, f"repeats {wider}")


@rule(
    "BO302",
    "never-in-force",
    Severity.INFO,
    RuleKind.STYLE,
    reason="A value is in force nowhere: narrower values override it for everything below it, or nothing is below it, "
    "as at a source in no stock.",
    remedy="Remove it, or the values that override it.",
    span=Span.STORE,
)
def never_in_force(context: Context) -> Iterator[Violation]:
    """BO302: values that narrower values override wherever they could be in force, or that have nothing below them."""
    for found, reason in _judged(context):
        if reason is not None:
            yield _needless(found, f"is in force nowhere: {reason}")


def _judged(context: Context) -> Iterator[tuple[InForce, str | None]]:
    """The written values that are judged, with the reason why one is in force nowhere.

    Those of the schedule and of items without a quantity are not judged, nor are the thresholds of products whose stock
    is not managed.
    """
    managed = {answer.product.sku for answer in context.managed}
    linked = {source for stock in context.store.stocks.values() for source in stock.sources}
    for found in context.written:
        place = found.origin
        unmanaged = found.key == THRESHOLD.key and place.product is not None and place.product not in managed
        is_item = place.scope is Scope.SOURCE_ITEM
        policy = is_item and place.source not in context.store.products[str(place.product)].items
        if not (unmanaged or policy or is_scheduled(context.store, place, found.key)):
            yield found, _unused_because(context, found, linked)


def _unused_because(context: Context, found: InForce, linked: Set[str]) -> str | None:
    place = found.origin
    if place.source is not None and place.source not in linked:
        return f"no stock sells from source {place.source}"
    if place.scope is Scope.STOCK and not context.store.stocks[str(place.stock)].sources:
        return "the stock links no source"
    if (place, found.key) not in context.fallbacks and has_products(context.populated, place):
        return "narrower values override it"
    return None


def _repeated(context: Context) -> Iterator[tuple[InForce, Place | None]]:
    """The values that equal every value that would be in force in their stead, and its place if that is one."""
    for found, unused in _judged(context):
        written = (found.origin, found.key)
        if found.origin.scope is Scope.GLOBAL or unused:
            continue
        places = context.fallbacks.get(written) or policy_fallbacks(context.chains, written)
        if places and all(settings_at(context.store, place)[found.key] == found.value for place in places):
            yield found, next(iter(places)) if len(places) == 1 else None


def _needless(found: InForce, why: str) -> Violation:
    place = found.origin
    value, detail = describe_written(place, found.value)
    return Violation(
        place=place,
        key=found.key,
        message=f"{found.key}{value} {why}",
        stock=place.stock,
        source=place.source,
        product=place.product,
        detail=detail,
        edit=ValueEdit(place, found.key),
    )


@dataclass(frozen=True, slots=True)
class _Pooled:
    """A source item, whether backorders are on for it, and the places that set its threshold, the narrowest first."""

    item: ItemInForce
    backorders: bool
    chain: PlaceChain


def _distinct_pools(context: Context, repeated: Set[Place]) -> set[Place]:
    """Those of the places whose threshold, though it equals the inherited one, has an effect of its own.

    It has one where source items would share thresholds differently without it: the numbers may be the same for today's
    quantities but not for tomorrow's, so source items that do not count now are looked at, too. A 0 also has one where
    it states that backorders turned on at its scope or a wider one are intended to be unlimited.
    """
    kept = {place for place in repeated if place.scope is Scope.SOURCE and not has_products(context.populated, place)}
    for answer in context.answers:
        pooled = _pooled(context, answer)
        for each in pooled:
            place = each.chain[0]
            if place in repeated and place not in kept and (_is_meant(each) or _pools_otherwise(place, pooled)):
                kept.add(place)
    return kept


def _pooled(context: Context, answer: Salability) -> list[_Pooled]:
    return [_Pooled(item, backordered(item), context.chain(answer, item, THRESHOLD.key)) for item in answer.items]


def _is_meant(each: _Pooled) -> bool:
    """Whether this is the 0 that says that backorders are intended to be unlimited."""
    if not each.backorders or each.item.settings[THRESHOLD.key].value:
        return False
    place, fallback = (NARROWNESS[place.scope] for place in each.chain[:2])
    if fallback < NARROWNESS[Scope.SOURCE] <= place:
        return True
    return fallback < NARROWNESS[each.item.settings[BACKORDERS.key].origin.scope] <= place


def _pools_otherwise(place: Place, pooled: list[_Pooled]) -> bool:
    """Whether the source items would share their thresholds differently, were there none at the place."""
    now = [(each.chain[0], each.backorders) for each in pooled]
    then = [(each.chain[each.chain[0] == place], each.backorders) for each in pooled]
    return not len(set(now)) == len(set(then)) == len(set(zip(now, then, strict=True)))
