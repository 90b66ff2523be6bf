"""Rules about backorders and what limits them."""

from collections.abc import Iterator
from dataclasses import replace

from backorderctl.check.context import (
    NARROWNESS,
    Context,
    backordered,
    counting,
    describe_scope,
    scope_options,
    subject,
)
from backorderctl.check.registry import RuleKind, rule
from backorderctl.check.scope_usage import has_products, policy_views
from backorderctl.check.violation import Severity, Violation
from backorderctl.policy.evaluate import ItemInForce, Salability, takes_backorders
from backorderctl.policy.resolve import InForce, in_force, value_of
from backorderctl.store.model import Place, Store
from backorderctl.store.settings import BACKORDERS, ONLY_X_LEFT, THRESHOLD, Backorders, format_value

_LIMIT = ("config", "set", "backorder_limit", "N")


@rule(
    "BO101",
    "unlimited-by-accident",
    Severity.ERROR,
    RuleKind.POLICY,
    reason="Backorders are turned on and the threshold in force is a 0 from a wider scope or the default, which "
    "limits nothing.",
    remedy="Say how many may be backordered where backorders are turned on; if it is meant, write the threshold 0 "
    "there.",
)
def unlimited_by_accident(context: Context) -> Iterator[Violation]:
    """BO101: backorders that are unlimited because a threshold of 0 is inherited."""
    for answer, item in _unlimited_items(context):
        backorders, threshold = item.settings[BACKORDERS.key], item.settings[THRESHOLD.key]
        if not threshold.value and _narrowness(threshold) < _narrowness(backorders):
            origin = describe_scope(threshold.origin)
            yield Violation(
                place=backorders.origin,
                key=BACKORDERS.key,
                message=f"backorders are on and unlimited: the threshold in force is 0, from {origin}",
                hint=(*_LIMIT, *scope_options(backorders.origin)),
                **subject(answer, item),
            )


@rule(
    "BO102",
    "ignored-reserve",
    Severity.ERROR,
    RuleKind.POLICY,
    reason="The threshold in force is positive, a reserve, but backorders are on: the reserve is ignored and the "
    "product is unlimited.",
    remedy="Turn backorders off to keep the reserve, or write a negative threshold to limit the backorders.",
)
def ignored_reserve(context: Context) -> Iterator[Violation]:
    """BO102: a reserve that is ignored because backorders are on."""
    for answer, item in _unlimited_items(context):
        backorders, threshold = item.settings[BACKORDERS.key], item.settings[THRESHOLD.key]
        if threshold.value:
            # The narrower of the two is where one of them was forgotten; a change there affects nothing else.
            narrower = max((threshold, backorders), key=_narrowness)
            reserve = f"the reserve of {format_value(threshold.value)}{_from(threshold, narrower)}"
            yield Violation(
                place=narrower.origin,
                key=narrower.key,
                message=f"{reserve} is ignored: backorders are on{_from(backorders, narrower)} and unlimited",
                hint=(*_LIMIT, *scope_options(narrower.origin)),
                **subject(answer, item),
            )


def _unlimited_items(context: Context) -> Iterator[tuple[Salability, ItemInForce]]:
    """The counting source items whose backorders have no limit."""
    for answer in context.managed:
        if answer.unlimited:
            yield from ((answer, item) for item in counting(answer) if not item.threshold and backordered(item))


def _narrowness(found: InForce) -> int:
    return NARROWNESS[found.origin.scope]


def _from(found: InForce, narrower: InForce) -> str:
    return "" if found.origin == narrower.origin else f" (from {describe_scope(found.origin)})"


@rule(
    "BO103",
    "limit-without-backorders",
    Severity.WARNING,
    RuleKind.POLICY,
    reason="A negative threshold is written where backorders are off for all it reaches: it limits nothing.",
    remedy="Turn backorders on there, or remove the threshold.",
)
def limit_without_backorders(context: Context) -> Iterator[Violation]:
    """BO103: negative thresholds that limit nothing, since backorders are off wherever they are in force.

    Source items that do not count today are looked at, too. A threshold with no source item below it is judged by what
    a product without settings would have there, so that a file of policy alone is checked.
    """
    reached = {place: _Items() for place, units in context.set_by(THRESHOLD) if units < 0}
    if not reached:
        return
    for answer in context.managed:
        for item in answer.items:
            if (items := reached.get(item.settings[THRESHOLD.key].origin)) is not None:
                items.append((answer, item))
    for place, items in reached.items():
        if not has_products(context.usage, place) and _is_idle_policy(context, place):
            yield _idle(context.store, place)
        elif not any(backordered(item) for _, item in items):
            yield from (replace(_idle(context.store, place), **subject(answer, item)) for answer, item in items)


def _idle(store: Store, place: Place) -> Violation:
    threshold = format_value(store.set_at(place)[THRESHOLD.key])
    message = f"the threshold {threshold} limits nothing: backorders are off for all it reaches"
    hint = ("config", "set", BACKORDERS.key, Backorders.NOTIFY, *scope_options(place))
    return Violation(place=place, key=THRESHOLD.key, message=message, hint=hint)


def _is_idle_policy(context: Context, place: Place) -> bool:
    """Whether a product that sets nothing would have this threshold somewhere, and backorders nowhere with it."""
    views = [
        in_force(context.store, stock=stock, source=source) for stock, source in policy_views(context.usage, place)
    ]
    limited = [view for view in views if view[THRESHOLD.key].origin == place]
    return bool(limited) and not any(takes_backorders(value_of(view, BACKORDERS)) for view in limited)


_Items = list[tuple[Salability, ItemInForce]]


@rule(
    "BO107",
    "only-x-left-never-shows",
    Severity.INFO,
    RuleKind.POLICY,
    reason="A written Only X left Threshold can never show, because what it reaches is unlimited.",
    remedy="Limit the backorders, or remove it.",
)
def only_x_left_never_shows(context: Context) -> Iterator[Violation]:
    """BO107: "Only X left" where every product that uses it is unlimited.

    A product that does not count today is judged by what it would be.
    """
    reached: dict[Place, list[Salability]] = {}
    for answer in context.managed:
        reached.setdefault(answer.settings[ONLY_X_LEFT.key].origin, []).append(answer)
    for place, units in context.set_by(ONLY_X_LEFT):
        answers = reached.get(place, [])
        if units > 0 and all(map(_is_unlimited, answers)):
            message = f"{ONLY_X_LEFT.key} = {format_value(units)} never shows: what it reaches is unlimited"
            hint = ("config", "unset", ONLY_X_LEFT.key, *scope_options(place))
            for answer in answers:
                yield Violation(place=place, key=ONLY_X_LEFT.key, message=message, hint=hint, **subject(answer))


def _is_unlimited(answer: Salability) -> bool:
    items = tuple(counting(answer)) or answer.items
    return any(backordered(item) and not item.threshold for item in items)
