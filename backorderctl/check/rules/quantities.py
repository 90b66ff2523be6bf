"""Rules about the goods on hand, and about who is notified when they run out."""

from collections.abc import Iterator

from backorderctl.check.context import Context, backordered, counting, in_stock, scope_options, subject
from backorderctl.check.registry import RuleKind, rule
from backorderctl.check.violation import Severity, Violation, Words
from backorderctl.policy.evaluate import Excluded, ItemInForce, Salability, Status
from backorderctl.policy.resolve import value_of
from backorderctl.store.model import Place
from backorderctl.store.quantity import ZERO
from backorderctl.store.settings import BACKORDERS, NOTIFY_BELOW, THRESHOLD, Scope, format_value


@rule(
    "BO104",
    "backorders-out-of-stock",
    Severity.WARNING,
    RuleKind.POLICY,
    reason="A product takes backorders but has no source item In Stock at an enabled source, so it shows as Out of "
    "Stock (info where backorders come from a wider scope, as for a product that is retired).",
    remedy="Mark one source item In Stock or enable its source, or turn the product's backorders off.",
)
def backorders_out_of_stock(context: Context) -> Iterator[Violation]:
    """BO104: backorders of a product that counts in no stock, so that nobody can order it.

    Where the product or a source item turns them on, the file contradicts itself; where a wider scope does, the product
    may well be retired.
    """
    sold = {answer.product.sku for answer in context.managed if answer.pools}
    for answer in context.managed:
        if answer.product.sku not in sold:
            wanting = [item for item in answer.items if backordered(item)]
            own = [item for item in wanting if item.settings[BACKORDERS.key].origin.product]
            for item in own or wanting:
                yield _out_of_stock(answer, item, Severity.WARNING if own else Severity.INFO)


def _out_of_stock(answer: Salability, item: ItemInForce, severity: Severity) -> Violation:
    place = item.settings[BACKORDERS.key].origin
    message = "backorders are on, but no source item is In Stock at an enabled source: Out of Stock"
    hint: Words
    if item.excluded is Excluded.SOURCE_DISABLED:
        hint = ("source", "enable", item.source)
    else:
        hint = ("product", "assign", answer.product.sku, item.source, "--status", "in_stock")
    return Violation(
        place=place, key=BACKORDERS.key, message=message, hint=hint, severity=severity, **subject(answer, item)
    )


@rule(
    "BO105",
    "all-goods-reserved",
    Severity.WARNING,
    RuleKind.STOCK,
    reason="Goods are on the shelf and all of them are reserve, so the product is Out of Stock.",
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
        if left > 0:
            detail = f"{format_value(left)} left{in_stock(answer, context.store)}"
            for pool in reserves:
                place = pool.threshold.origin
                message = (
                    f"all goods on the shelf are reserve, the threshold is {format_value(pool.effective)}: Out of Stock"
                )
                hint = ("config", "set", THRESHOLD.key, "0", *scope_options(place))
                yield Violation(
                    place=place, key=THRESHOLD.key, message=message, detail=detail, hint=hint, **subject(answer)
                )


@rule(
    "BO106",
    "notified-too-late",
    Severity.WARNING,
    RuleKind.POLICY,
    reason="A written Notify for Quantity Below lies below the quantity at which the product is already Out of Stock.",
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
            message = f"{NOTIFY_BELOW.key} = {format_value(notify)} never comes in time"
            detail = f"Out of Stock at {format_value(item.threshold)}{in_stock(answer, context.store)}"
            hint = ("config", "set", NOTIFY_BELOW.key, format_value(item.threshold), *scope_options(place))
            yield Violation(
                place=place, key=NOTIFY_BELOW.key, message=message, detail=detail, hint=hint, **subject(answer, item)
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
    """BO108: counting source items with a negative quantity, though no stock takes backorders for them."""
    found: dict[Place, Violation] = {}
    allowed: set[Place] = set()
    for answer in context.managed:
        for item in counting(answer):
            if item.quantity < 0:
                place = Place(Scope.SOURCE_ITEM, source=item.source, product=answer.product.sku)
                if backordered(item):
                    allowed.add(place)
                else:
                    found.setdefault(place, _negative(place, answer, item))
    yield from (violation for place, violation in found.items() if place not in allowed)


def _negative(place: Place, answer: Salability, item: ItemInForce) -> Violation:
    message = "the quantity is negative though backorders are off"
    hint = ("product", "assign", answer.product.sku, item.source, "--quantity", "0")
    detail = format_value(item.quantity)
    return Violation(
        place=place, key="quantity", message=message, detail=detail, hint=hint, gather=True, **subject(answer, item)
    )
