"""Rules about the goods on hand and the people who should know when they run out."""

from collections.abc import Iterator

from backorderctl.check.context import Context, Violation, Words, backordered, counting, in_stock, scope_options, seen
from backorderctl.check.registry import Severity
from backorderctl.policy.evaluate import Excluded, ItemInForce, Salability, Status
from backorderctl.policy.resolve import value_of
from backorderctl.store.model import Place
from backorderctl.store.quantity import ZERO
from backorderctl.store.settings import BACKORDERS, NOTIFY_BELOW, THRESHOLD, Scope, format_value


def backorders_out_of_stock(scene: Context) -> Iterator[Violation]:
    """BO104: backorders of a product that counts in no stock, so that nobody can order it.

    Where a product or source item asks for them this contradicts itself; where a wider scope does, the product may
    well be retired, and one finding tells of all such products.
    """
    sold = {answer.product.sku for answer in scene.managed if answer.pools}
    for answer in scene.managed:
        if answer.product.sku not in sold:
            wanting = [item for item in answer.items if backordered(item)]
            own = [item for item in wanting if item.settings[BACKORDERS.key].origin.product]
            for item in own or wanting:
                yield _out_of_stock(answer, item, Severity.WARNING if own else Severity.INFO)


def _out_of_stock(answer: Salability, item: ItemInForce, severity: Severity) -> Violation:
    place = item.settings[BACKORDERS.key].origin
    says = "backorders are on, but no source item is In Stock at an enabled source: Out of Stock"
    hint: Words
    if item.excluded is Excluded.SOURCE_DISABLED:
        hint = ("source", "enable", item.source)
    else:
        hint = ("product", "assign", answer.product.sku, item.source, "--status", "in_stock")
    return Violation("BO104", place, says, BACKORDERS.key, **seen(answer, item), hint=hint, severity=severity)


def all_reserve(scene: Context) -> Iterator[Violation]:
    """BO105: products of which nothing can be sold, though goods that no order needs are left, all of them reserve."""
    for answer in scene.managed:
        reserves = [pool for pool in answer.pools if min(pool.quantity, pool.effective) > 0]
        if not reserves or answer.status is not Status.OUT_OF_STOCK:
            continue
        sold = answer.reserved - sum((pool.on_hand + (pool.backorderable or ZERO) for pool in answer.pools), ZERO)
        left = sum((min(pool.quantity, pool.effective) for pool in reserves), ZERO) - max(sold, ZERO)
        if left > 0:
            detail = f"{format_value(left)} left{in_stock(answer, scene.store)}"
            for pool in reserves:
                place = pool.threshold.origin
                says = (
                    f"all goods on the shelf are reserve, the threshold is {format_value(pool.effective)}: Out of Stock"
                )
                hint = ("config", "set", THRESHOLD.key, "0", *scope_options(place))
                yield Violation("BO105", place, says, THRESHOLD.key, **seen(answer), detail=detail, hint=hint)


def notified_too_late(scene: Context) -> Iterator[Violation]:
    """BO106: a written "notify" that a product passes only after it is Out of Stock.

    Several source items run out one by one, so this is asked of products with a single one that counts. What is
    reserved is left out: it makes the end come sooner, but is another number every day.
    """
    for answer in scene.managed:
        if answer.unlimited or len(answer.pools) != 1 or len(answer.pools[0].sources) != 1:
            continue
        [item] = counting(answer)
        place = item.settings[NOTIFY_BELOW.key].origin
        notify = value_of(item.settings, NOTIFY_BELOW)
        if notify < item.threshold and place.scope is not Scope.DEFAULT:
            says = f"{NOTIFY_BELOW.key} = {format_value(notify)} never comes in time"
            detail = f"Out of Stock at {format_value(item.threshold)}{in_stock(answer, scene.store)}"
            hint = ("config", "set", NOTIFY_BELOW.key, format_value(item.threshold), *scope_options(place))
            yield Violation("BO106", place, says, NOTIFY_BELOW.key, **seen(answer, item), detail=detail, hint=hint)


def oversold(scene: Context) -> Iterator[Violation]:
    """BO108: source items that count with less than nothing, though no stock that sees them takes backorders."""
    found: dict[Place, Violation] = {}
    allowed: set[Place] = set()
    for answer in scene.managed:
        for item in counting(answer):
            if item.quantity < 0:
                place = Place(Scope.SOURCE_ITEM, source=item.source, product=answer.product.sku)
                if backordered(item):
                    allowed.add(place)
                else:
                    found.setdefault(place, _oversold(place, answer, item))
    yield from (hit for place, hit in found.items() if place not in allowed)


def _oversold(place: Place, answer: Salability, item: ItemInForce) -> Violation:
    says = "the quantity is negative though backorders are off"
    hint = ("product", "assign", answer.product.sku, item.source, "--quantity", "0")
    detail = format_value(item.quantity)
    return Violation("BO108", place, says, "quantity", **seen(answer, item), detail=detail, hint=hint, gather=True)
