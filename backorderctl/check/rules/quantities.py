"""Rules about goods on hand, reserved units, and who is notified when goods run out."""

from collections.abc import Iterator

from backorderctl.check.context import (
    Context,
    backordered,
    counting,
    describe_written,
    in_stock,
    reserved_path,
    subject,
)
from backorderctl.check.registry import RuleKind, Severity, Span, ValueEdit, Violation, rule
from backorderctl.policy.evaluate import Excluded, Status
from backorderctl.policy.resolve import value_of
from backorderctl.policy.totals import short
from backorderctl.store.model import Place
from backorderctl.store.scalars import ZERO
from backorderctl.store.settings import NOTIFY_BELOW, THRESHOLD, Scope, format_value


@rule(
    "BO105",
    "all-goods-reserved",
    Severity.INFO,
    RuleKind.STOCK,
    reason="Goods are on the shelf and all of them are reserve, so the product is out of stock.",
    remedy="Lower the threshold, or accept it if the goods are kept back on purpose.",
)
def all_goods_reserved(context: Context) -> Iterator[Violation]:
    """BO105: products that are out of stock though goods are left that no order needs, all of them reserve."""
    for answer in context.managed:
        reserves = [pool for pool in answer.pools if min(pool.quantity, pool.effective) > 0]
        if not reserves or answer.status is not Status.OUT_OF_STOCK:
            continue
        sold = answer.reserved - sum((pool.on_hand + (pool.backorderable or ZERO) for pool in answer.pools), ZERO)
        left = sum((min(pool.quantity, pool.effective) for pool in reserves), ZERO) - max(sold, ZERO)
        for pool in reserves if left > 0 else ():
            yield Violation(
                place=pool.threshold.origin,
                key=THRESHOLD.key,
                message="all goods on the shelf are reserve: out of stock",
                detail=f"{format_value(left)} left, reserve {format_value(pool.effective)}"
                f"{in_stock(answer, context.store)}",
                **subject(answer),
            )


@rule(
    "BO106",
    "notified-too-late",
    Severity.WARNING,
    RuleKind.POLICY,
    reason="A written Notify for Quantity Below is under the quantity at which the product is already out of stock.",
    remedy="Raise it to the out-of-stock threshold or above.",
)
def notified_too_late(context: Context) -> Iterator[Violation]:
    """BO106: a written Notify for Quantity Below that a product passes only after it is out of stock.

    Several source items run out one by one, so only products with a single counting item are judged. Reserved units are
    left out: they bring the end forward, but differ every day.
    """
    for answer in context.managed:
        if answer.unlimited or len(answer.pools) != 1 or len(answer.pools[0].sources) != 1:
            continue
        [item] = counting(answer)
        place = item.settings[NOTIFY_BELOW.key].origin
        notify = value_of(item.settings, NOTIFY_BELOW)
        if notify < item.threshold and place.scope is not Scope.DEFAULT:
            value, detail = describe_written(place, notify)
            end = f"out of stock at {format_value(item.threshold)}{in_stock(answer, context.store)}"
            yield Violation(
                place=place,
                key=NOTIFY_BELOW.key,
                message=f"{NOTIFY_BELOW.key}{value} comes too late: the product is out of stock before",
                detail=f"{detail}, {end}" if detail else end,
                edit=ValueEdit(place, NOTIFY_BELOW.key, item.threshold),
                changing=True,
                **subject(answer, item),
            )


@rule(
    "BO108",
    "negative-quantity",
    Severity.WARNING,
    RuleKind.STOCK,
    reason="A source item has a negative quantity although backorders are off, so more was sold than there was.",
    remedy="Correct the quantity, or turn backorders on.",
)
def negative_quantity(context: Context) -> Iterator[Violation]:
    """BO108: source items with a negative quantity and backorders off in some stock that links them.

    An item that is marked out of stock is found, too; one at a disabled source is out of use.
    """
    for answer in context.managed:
        for item in answer.items:
            if item.quantity < 0 and item.excluded is not Excluded.SOURCE_DISABLED and not backordered(item):
                yield Violation(
                    place=Place(Scope.SOURCE_ITEM, source=item.source, product=answer.product.sku),
                    key="quantity",
                    message="the quantity is negative though backorders are off",
                    detail=format_value(item.quantity),
                    **subject(answer, item),
                )


@rule(
    "BO111",
    "oversold",
    Severity.ERROR,
    RuleKind.STOCK,
    reason="More units are owed than could ever ship, even with every backorder that the limits allow.",
    remedy="Buy or move goods for these orders, or cancel some of them; a higher limit ships nothing.",
)
def oversold(context: Context) -> Iterator[Violation]:
    """BO111: units that are owed beyond a backorder limit, or reserved beyond all that a stock could ship."""
    for answer in context.managed:
        if lost := short(answer):
            sku, reserved = answer.product.sku, answer.product.reserved
            yield Violation(
                place=Place(Scope.PRODUCT, product=sku),
                message="more is owed than can ever ship",
                detail=f"{format_value(lost)} cannot ship{in_stock(answer, context.store)}",
                path=reserved_path(sku, answer.stock) if answer.stock in reserved else None,
                **subject(answer),
            )


@rule(
    "BO112",
    "goods-that-do-not-count",
    Severity.INFO,
    RuleKind.STOCK,
    reason="A product is out of stock while units of it are at disabled sources or marked out of stock.",
    remedy="Enable the source or mark the items In Stock, if the units can be sold.",
)
def goods_that_do_not_count(context: Context) -> Iterator[Violation]:
    """BO112: products out of stock with units that do not count; not at a source that the schedule closes for days.

    Where backorders are on, BO104 has found them.
    """
    planned = context.open_sources.difference(code for code, source in context.store.sources.items() if source.enabled)
    for answer in context.managed:
        if answer.status is Status.OUT_OF_STOCK and not any(map(backordered, answer.items)):
            idle = [item for item in answer.items if item.excluded and item.quantity > 0 and item.source not in planned]
            if idle:
                units = ", ".join(f"{format_value(item.quantity)} at {item.source}" for item in idle)
                yield Violation(
                    place=Place(Scope.PRODUCT, product=answer.product.sku),
                    message="out of stock, but with units that do not count",
                    detail=f"{units}{in_stock(answer, context.store)}",
                    **subject(answer),
                )


@rule(
    "BO206",
    "reserved-elsewhere",
    Severity.WARNING,
    RuleKind.STOCK,
    reason="Units are reserved in a stock that links no source of the product, so nothing can ship for them there.",
    remedy="Assign the product to a source of that stock, or move the reservation to the stock that sells it.",
    span=Span.NOTHING,
)
def reserved_elsewhere(context: Context) -> Iterator[Violation]:
    """BO206: reservations in stocks that no source item of the product reaches; not in a file without source items."""
    products = context.store.products.values()
    if not any(product.items for product in products):
        return
    for product in products:
        for stock, units in product.reserved.items():
            if product.items.keys().isdisjoint(context.store.stocks[stock].sources):
                yield Violation(
                    place=Place(Scope.PRODUCT, product=product.sku),
                    message="units are reserved in a stock that links no source of the product",
                    stock=stock,
                    product=product.sku,
                    detail=f"{format_value(units)} in {stock}",
                    path=reserved_path(product.sku, stock),
                )
