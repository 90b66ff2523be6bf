"""What an order gets, and the life of a stock as it sells."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from backorderctl.policy.evaluate import Salability, Status
from backorderctl.policy.resolve import value_of
from backorderctl.store.quantity import ZERO
from backorderctl.store.settings import BACKORDERS, NOTIFY_BELOW, ONLY_X_LEFT, Backorders

EXCEEDS_SALABLE = "exceeds_salable"
"""Why an order is refused though the product is not out of stock."""


class Shipment(StrEnum):
    """What happens to the goods of an accepted order."""

    IMMEDIATE = "immediate"
    PARTLY_ON_HOLD = "partly_on_hold"
    ON_HOLD = "on_hold"


class Event(StrEnum):
    """What can begin as a stock sells."""

    LOW_STOCK = "low_stock"
    BACKORDERS_BEGIN = "backorders_begin"
    UNLIMITED = "unlimited"
    ONLY_X_LEFT = "only_x_left"
    OUT_OF_STOCK = "out_of_stock"


class Order(NamedTuple):
    """What an order for `requested` units gets; of a refused one nothing ships or is backordered.

    `salable` is None when unlimited; `customer_notice` is how many units the customer is told are backordered.
    """

    requested: Decimal
    accepted: bool
    salable: Decimal | None
    reason: str | None = None
    ships_now: Decimal | None = None
    backordered: Decimal | None = None
    payment: str | None = None
    order_status: str | None = None
    shipment: Shipment | None = None
    customer_notice: Decimal | None = None


class Milestone(NamedTuple):
    """What is left once `sold` more units are sold, and what begins there; None where that has no limit."""

    sold: Decimal
    on_hand: Decimal | None
    backorderable: Decimal | None
    salable: Decimal | None
    events: tuple[Event, ...]
    low_stock_sources: tuple[str, ...]


def order(answer: Salability, requested: Decimal) -> Order:
    """What an order for `requested` units, above 0, gets in the stock that `answer` speaks of."""
    salable = answer.salable
    if answer.status is Status.OUT_OF_STOCK or (salable is not None and requested > salable):
        return Order(requested, accepted=False, reason=answer.reason or EXCEEDS_SALABLE, salable=salable)
    ships_now = requested if answer.on_hand is None else min(requested, answer.on_hand)
    taken = Order(requested, accepted=True, salable=salable, ships_now=ships_now, backordered=requested - ships_now)
    if not taken.backordered:
        return taken._replace(shipment=Shipment.IMMEDIATE)
    return taken._replace(
        payment="authorized_and_captured",
        order_status="unchanged",
        shipment=Shipment.PARTLY_ON_HOLD if ships_now else Shipment.ON_HOLD,
        customer_notice=taken.backordered if _notifies(answer) else None,
    )


def simulate_sales(answer: Salability, *, step: Decimal | None = None) -> Iterator[Milestone]:
    """The milestones of the stock from now on: units ship at once, what is reserved first, from the sources in order.

    With `step` also every so many units until the last milestone. Nothing is stepped through, so that the
    quantities cost nothing.
    """
    begins = dict.fromkeys((ZERO,), ()) | _begins(answer)
    low = _low_stock(answer)
    for sold in _merged(sorted({*begins, *low.values()}), step):
        sources = tuple(source for source, at in low.items() if at == sold)
        events = (*((Event.LOW_STOCK,) if sources else ()), *begins.get(sold, ()))
        yield _left(answer, sold, events, sources)


def _notifies(answer: Salability) -> bool:
    return any(item.counts and value_of(item.settings, BACKORDERS) is Backorders.NOTIFY for item in answer.items)


def _begins(answer: Salability) -> dict[Decimal, tuple[Event, ...]]:
    """The events of the whole product, by the units sold at which they begin."""
    if answer.on_hand is None:
        return {}
    begins: dict[Decimal, tuple[Event, ...]] = {}
    if answer.backorderable is None:
        return {answer.on_hand: (Event.BACKORDERS_BEGIN, Event.UNLIMITED)}
    if answer.backorderable:
        begins[answer.on_hand] = (Event.BACKORDERS_BEGIN,)
    salable = answer.on_hand + answer.backorderable
    if only_x_left := value_of(answer.settings, ONLY_X_LEFT):
        at = max(salable - only_x_left, ZERO)
        begins[at] = (*begins.get(at, ()), Event.ONLY_X_LEFT)
    return begins | {salable: (Event.OUT_OF_STOCK,)}


def _low_stock(answer: Salability) -> dict[str, Decimal]:
    """By source, the units sold at which its quantity after shipment is low; without those that never get there."""
    low: dict[str, Decimal] = {}
    left = {pool.sources: pool.on_hand for pool in answer.pools}
    shipped_before = ZERO
    for item in answer.items:
        pool = next((sources for sources in left if item.source in sources), None)
        if pool is None:
            continue
        ships = min(max(item.quantity, ZERO), left[pool])
        until_low = max(item.quantity - value_of(item.settings, NOTIFY_BELOW), ZERO)
        if until_low <= ships:
            shipped = shipped_before + until_low if until_low else ZERO
            low[item.source] = max(shipped - answer.reserved, ZERO)
        left[pool] -= ships
        shipped_before += ships
    return low


def _merged(milestones: list[Decimal], step: Decimal | None) -> Iterator[Decimal]:
    """The milestones and, with a step, its multiples before the last one, in order and each once."""
    if step is None:
        yield from milestones
        return
    multiple = step
    for milestone in milestones:
        while multiple < milestone:
            yield multiple
            multiple += step
        if multiple == milestone:
            multiple += step
        yield milestone


def _left(answer: Salability, sold: Decimal, events: tuple[Event, ...], sources: tuple[str, ...]) -> Milestone:
    if answer.on_hand is None:
        return Milestone(sold, None, None, None, events, sources)
    on_hand = max(answer.on_hand - sold, ZERO)
    if answer.backorderable is None:
        return Milestone(sold, on_hand, None, None, events, sources)
    backorderable = max(answer.backorderable - max(sold - answer.on_hand, ZERO), ZERO)
    return Milestone(sold, on_hand, backorderable, on_hand + backorderable, events, sources)
