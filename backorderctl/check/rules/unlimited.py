"""Rules about products of which any number can be sold, by accident or because of one setting for all."""

from collections.abc import Iterator

from backorderctl.check.context import (
    NARROWNESS,
    Context,
    backordered,
    counting,
    describe_scope,
    reserved_path,
    subject,
)
from backorderctl.check.registry import RuleKind, Severity, Violation, rule
from backorderctl.check.scope_usage import has_products
from backorderctl.policy.evaluate import ItemInForce, Salability
from backorderctl.policy.resolve import InForce
from backorderctl.store.settings import BACKORDERS, MANAGE_STOCK, THRESHOLD, Scope, format_value

STORE_WIDE = (Scope.GLOBAL, Scope.STOCK)


@rule(
    "BO101",
    "unlimited-by-accident",
    Severity.ERROR,
    RuleKind.POLICY,
    reason="Backorders are on, and the threshold in force is a 0 inherited from a wider scope than the one that turned "
    "them on: unlimited by accident.",
    remedy="Limit the backorders where they are turned on; if unlimited is intended, write the threshold 0 there.",
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
                **subject(answer, item),
            )


@rule(
    "BO102",
    "ignored-reserve",
    Severity.ERROR,
    RuleKind.POLICY,
    reason="A positive threshold is in force, a reserve, while backorders are on: the reserve is ignored and the "
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
            own = threshold.origin.product is not None
            reserve = "the reserve" if own else f"the reserve of {format_value(threshold.value)}"
            yield Violation(
                place=narrower.origin,
                key=narrower.key,
                message=f"{reserve}{_from(threshold, narrower)} is ignored: backorders are on"
                f"{_from(backorders, narrower)} and unlimited",
                detail=f"reserve {format_value(threshold.value)}" if own else "",
                **subject(answer, item),
            )


@rule(
    "BO109",
    "unlimited-store-wide",
    Severity.WARNING,
    RuleKind.POLICY,
    reason="Backorders are on, and a threshold of 0 written globally or at a stock makes every product without a "
    "limit of its own unlimited.",
    remedy="Write a negative threshold there; where unlimited is intended, write the 0 at the source or product.",
)
def unlimited_store_wide(context: Context) -> Iterator[Violation]:
    """BO109: a written 0 at a wide scope that makes backorders unlimited; at a source or product it is intent."""
    for answer, item in _unlimited_items(context):
        backorders, threshold = item.settings[BACKORDERS.key], item.settings[THRESHOLD.key]
        wide = threshold.origin.scope in STORE_WIDE and _narrowness(backorders) <= _narrowness(threshold)
        if wide and not threshold.value:
            yield Violation(
                place=threshold.origin,
                key=THRESHOLD.key,
                message="the threshold 0 makes backorders unlimited",
                **subject(answer, item),
            )


@rule(
    "BO110",
    "stock-not-managed",
    Severity.WARNING,
    RuleKind.POLICY,
    reason="Manage Stock is off globally or for a stock: everything there is unlimited, and thresholds and "
    "reservations have no effect.",
    remedy="Turn it on, and off only for the products that have no stock, such as services and downloads.",
)
def stock_not_managed(context: Context) -> Iterator[Violation]:
    """BO110: a wide scope whose products are all unlimited because stock is not managed."""
    message = "stock is not managed: unlimited"
    places = {place for place, managed in context.set_by(MANAGE_STOCK) if not managed and place.scope in STORE_WIDE}
    for answer in context.answers if places else ():
        if (place := answer.settings[MANAGE_STOCK.key].origin) in places:
            thresholds = (item.settings[THRESHOLD.key] for item in answer.items)
            idle = frozenset((*each.origin.path, each.key) for each in thresholds if each.value)
            if answer.reserved:
                idle |= {reserved_path(answer.product.sku, answer.stock)}
            yield Violation(place=place, key=MANAGE_STOCK.key, message=message, without_effect=idle, **subject(answer))
    for place in places:
        if not has_products(context.populated, place):
            yield Violation(
                place=place, key=MANAGE_STOCK.key, message=message, without_effect=frozenset(), stock=place.stock
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
