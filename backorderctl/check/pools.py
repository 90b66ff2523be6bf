"""What a threshold does beside its value: the place where it is written decides who shares it."""

from collections.abc import Iterator, Set
from decimal import Decimal
from typing import NamedTuple

from backorderctl.check.context import (
    NARROWNESS,
    Context,
    Violation,
    backordered,
    describe_scope,
    in_stock,
    scope_options,
    seen,
)
from backorderctl.check.scope_usage import Chain, ScopeUsage, chain, has_products
from backorderctl.policy.evaluate import ItemInForce, Salability, salable
from backorderctl.store.model import Place, Store
from backorderctl.store.settings import BACKORDERS, THRESHOLD, Scope, format_value


class _Shared(NamedTuple):
    """A source item, whether backorders are on for it, and the places that set its threshold, the narrowest first."""

    item: ItemInForce
    backorders: bool
    chain: Chain


def telling(scene: Context, reach: ScopeUsage, restated: Set[Place]) -> set[Place]:
    """Those of the places whose threshold, though it equals the inherited one, changes something by standing there.

    It does when without it goods would be pooled otherwise: for today's quantities that may give the same numbers, for
    tomorrow's it does not; so all source items are looked at, also those that do not count now. And a 0 does that says
    of backorders turned on at its scope or a wider one that they are meant to be unlimited.
    """
    told = {place for place in restated if place.scope is Scope.SOURCE and not has_products(reach, place)}
    for answer in scene.answers:
        shared = _shared(answer, reach)
        for each in shared:
            place = each.chain[0]
            if place in restated and place not in told and (_is_meant(each) or _pools_otherwise(place, shared)):
                told.add(place)
    return told


def second_allowances(scene: Context, reach: ScopeUsage, restated: Set[Place]) -> Iterator[Violation]:
    """BO303: thresholds that give a source a limit or reserve of its own beside the same one that it would share."""
    for answer in scene.managed:
        if answer.unlimited or len(answer.pools) < 2:
            continue
        shared = [each for each in _shared(answer, reach) if each.item.counts and each.item.threshold]
        firsts = [(_first(scene.store, each.chain), each.backorders) for each in shared]
        places = {}
        for each, first in zip(shared, firsts, strict=True):
            place = each.chain[0]
            apart = {other.chain[0] for other, its in zip(shared, firsts, strict=True) if its == first}
            if place in restated and len(apart) > 1:
                places[place] = first[0]
        if places:
            detail = _both_numbers(scene.store, answer, shared)
            yield from (_second(answer, place, first, detail, scene.store) for place, first in places.items())


def _shared(answer: Salability, reach: ScopeUsage) -> list[_Shared]:
    return [
        _Shared(
            item, backordered(item), chain(reach.chains, (answer.stock, item.source), answer.product, THRESHOLD.key)
        )
        for item in answer.items
    ]


def _is_meant(each: _Shared) -> bool:
    """Whether this is the 0 that says that backorders are meant to be unlimited."""
    if not each.backorders or each.item.settings[THRESHOLD.key].value:
        return False
    place, heir = (NARROWNESS[place.scope] for place in each.chain[:2])
    return heir < NARROWNESS[each.item.settings[BACKORDERS.key].origin.scope] <= place


def _pools_otherwise(place: Place, shared: list[_Shared]) -> bool:
    """Whether the source items would share their thresholds differently, were there none at the place."""
    now = [(each.chain[0], each.backorders) for each in shared]
    then = [(each.chain[each.chain[0] == place], each.backorders) for each in shared]
    return not len(set(now)) == len(set(then)) == len(set(zip(now, then, strict=True)))


def _first(store: Store, chain: Chain) -> Place:
    """The widest of the places that say the same threshold one after the other."""
    values = [store.set_at(place)[THRESHOLD.key] for place in chain]
    return next(place for place, wider in zip(chain, (*values[1:], None), strict=True) if wider != values[0])


def _both_numbers(store: Store, answer: Salability, shared: list[_Shared]) -> str:
    """What could be sold if nothing were restated, and what can be."""
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
    says = (
        f"the threshold {format_value(threshold)} restates that of {describe_scope(first)} and makes {own} of its own"
    )
    hint = ("config", "unset", THRESHOLD.key, *scope_options(place))
    return Violation("BO303", place, says, THRESHOLD.key, **seen(answer), detail=detail, hint=hint)
