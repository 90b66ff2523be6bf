"""Rules about backorders, what limits them, and what is written for a limit that is not there."""

from collections.abc import Iterator

from backorderctl.check.context import (
    NARROWNESS,
    Context,
    Violation,
    backordered,
    counting,
    describe_scope,
    scope_options,
    seen,
)
from backorderctl.check.scope_usage import ScopeUsage, has_products, policy_views
from backorderctl.policy.evaluate import ItemInForce, Salability, takes_backorders
from backorderctl.policy.resolve import InForce, in_force, value_of
from backorderctl.store.model import Place, Store
from backorderctl.store.settings import BACKORDERS, ONLY_X_LEFT, THRESHOLD, Backorders, format_value

_LIMIT = ("config", "set", "backorder_limit", "N")


def unlimited(scene: Context) -> Iterator[Violation]:
    """BO101 and BO102: what is unlimited though nobody said so. Only items that count make a product unlimited."""
    for answer in scene.managed:
        if answer.salable is not None:
            continue
        for item in counting(answer):
            if not item.threshold and backordered(item):
                yield from _unlimited(answer, item)


def _unlimited(answer: Salability, item: ItemInForce) -> Iterator[Violation]:
    backorders, threshold = item.settings[BACKORDERS.key], item.settings[THRESHOLD.key]
    origins = backorders.origin, threshold.origin
    if threshold.value:
        # The narrower of the two is where one of them was forgotten; a change there reaches nothing else.
        narrower = max((threshold, backorders), key=_narrowness)
        says = (
            f"the reserve of {format_value(threshold.value)}{_from(threshold, narrower)} is ignored: backorders are on"
            f"{_from(backorders, narrower)} and unlimited"
        )
        hint = (*_LIMIT, *scope_options(narrower.origin))
        yield Violation("BO102", narrower.origin, says, narrower.key, **seen(answer, item), hint=hint)
    elif NARROWNESS[origins[1].scope] < NARROWNESS[origins[0].scope]:
        says = f"backorders are on and unlimited: the threshold in force is 0, from {describe_scope(origins[1])}"
        hint = (*_LIMIT, *scope_options(backorders.origin))
        yield Violation("BO101", backorders.origin, says, BACKORDERS.key, **seen(answer, item), hint=hint)


def _narrowness(found: InForce) -> int:
    return NARROWNESS[found.origin.scope]


def _from(found: InForce, narrower: InForce) -> str:
    return "" if found.origin == narrower.origin else f" (from {describe_scope(found.origin)})"


def idle_limits(scene: Context, reach: ScopeUsage) -> Iterator[Violation]:
    """BO103: negative thresholds that limit nothing, since backorders are off for all they reach.

    What a threshold reaches is every source item for which it is in force, also one that does not count today. One that
    could reach no source item at all is judged by what a product that sets nothing would have there: so a file that
    holds nothing but policy is checked too.
    """
    reached = {place: _Items() for place, units in scene.set_by(THRESHOLD) if units < 0}
    if not reached:
        return
    for answer in scene.managed:
        for item in answer.items:
            if (items := reached.get(item.settings[THRESHOLD.key].origin)) is not None:
                items.append((answer, item))
    for place, items in reached.items():
        if not has_products(reach, place) and _is_idle_policy(scene.store, reach, place):
            yield _idle(scene.store, place)
        elif not any(backordered(item) for _, item in items):
            yield from (_idle(scene.store, place)._replace(**seen(answer, item)) for answer, item in items)


def _idle(store: Store, place: Place) -> Violation:
    threshold = format_value(store.set_at(place)[THRESHOLD.key])
    says = f"the threshold {threshold} limits nothing: backorders are off for all it reaches"
    hint = ("config", "set", BACKORDERS.key, Backorders.NOTIFY, *scope_options(place))
    return Violation("BO103", place, says, THRESHOLD.key, hint=hint)


def _is_idle_policy(store: Store, reach: ScopeUsage, place: Place) -> bool:
    """Whether a product that sets nothing would have this threshold somewhere, and backorders nowhere with it."""
    views = [in_force(store, stock=stock, source=source) for stock, source in policy_views(reach, place)]
    limited = [view for view in views if view[THRESHOLD.key].origin == place]
    return bool(limited) and not any(takes_backorders(value_of(view, BACKORDERS)) for view in limited)


_Items = list[tuple[Salability, ItemInForce]]


def never_shown(scene: Context) -> Iterator[Violation]:
    """BO107: "Only X left" where everything that it reaches is unlimited.

    A product that is limited, or that does not count today and would be limited, makes good use of it.
    """
    reached: dict[Place, list[Salability]] = {}
    for answer in scene.managed:
        reached.setdefault(answer.settings[ONLY_X_LEFT.key].origin, []).append(answer)
    for place, units in scene.set_by(ONLY_X_LEFT):
        answers = reached.get(place, [])
        if units > 0 and all(map(_is_unlimited, answers)):
            says = f"{ONLY_X_LEFT.key} = {format_value(units)} never shows: what it reaches is unlimited"
            hint = ("config", "unset", ONLY_X_LEFT.key, *scope_options(place))
            for answer in answers:
                yield Violation("BO107", place, says, ONLY_X_LEFT.key, **seen(answer), hint=hint)


def _is_unlimited(answer: Salability) -> bool:
    items = tuple(counting(answer)) or answer.items
    return any(backordered(item) and not item.threshold for item in items)
