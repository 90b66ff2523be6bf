"""What an order gets, and what begins as the units of a stock are sold."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from backorderctl.policy.evaluate import Salability, Status
from backorderctl.policy.resolve import value_of
from backorderctl.store.scalars import ZERO
from backorderctl.store.settings import BACKORDERS, NOTIFY_BELOW, ONLY_X_LEFT, Backorders

EXCEEDS_SALABLE = "exceeds_salable"
"""Why an order is refused though the product is not out of stock."""


class Shipment(StrEnum):
    """When the units of an accepted order ship."""

    IMMEDIATE = "immediate"
    PARTLY_ON_HOLD = "partly_on_hold"
    ON_HOLD = "on_hold"


class Event(StrEnum):
    """What can begin as units are sold."""

    LOW_STOCK = "low_stock"
    BACKORDERS_BEGIN = "backorders_begin"
    UNLIMITED = "unlimited"
    ONLY_X_LEFT = "only_x_left"
    OUT_OF_STOCK = "out_of_stock"


@dataclass(frozen=True, slots=True)
class Order:
    """What an order for `requested` units of goods gets in the stock of `answer`.

    Every field after `reason` is None when it is refused.

    `salable` is None when unlimited. `customer_notice` is the number of backordered units in the notice to the
    customer, None where no notice is sent.
    """

    answer: Salability = field(compare=False, repr=False)
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


@dataclass(frozen=True, slots=True)
class Milestone:
    """What is left once `sold` more units are sold, and the events that begin there; unlimited quantities are None."""

    sold: Decimal
    on_hand: Decimal | None
    backorderable: Decimal | None
    salable: Decimal | None
    events: tuple[Event, ...]
    low_stock_sources: tuple[str, ...]


def order_from(answer: Salability, requested: Decimal) -> Order:
    """What an order for `requested` units (more than 0) gets in the stock of `answer`."""
    salable = answer.salable
    if answer.status is Status.OUT_OF_STOCK or (salable is not None and requested > salable):
        reason = answer.reason or EXCEEDS_SALABLE
        return Order(answer=answer, requested=requested, accepted=False, reason=reason, salable=salable)
    ships_now = requested if answer.on_hand is None else min(requested, answer.on_hand)
    taken = Order(
        answer=answer,
        requested=requested,
        accepted=True,
        salable=salable,
        ships_now=ships_now,
        backordered=requested - ships_now,
        shipment=Shipment.IMMEDIATE,
    )
    if not taken.backordered:
        return taken
    return replace(
        taken,
        payment="authorized_and_captured",
        order_status="unchanged",
        shipment=Shipment.PARTLY_ON_HOLD if ships_now else Shipment.ON_HOLD,
        customer_notice=taken.backordered if notifies_customer(answer) else None,
    )


def simulate_sales(answer: Salability, *, step: Decimal | None = None) -> Iterator[Milestone]:
    """The milestones as units are sold from now on: they ship at once, reserved ones first, from the sources in order.

    With `step` there is also a milestone every so many units, up to the last event. Each event is computed from the
    quantities, not found by stepping, so that large quantities take no longer.
    """
    begins = dict.fromkeys((ZERO,), ()) | _begins(answer)
    low = _low_stock(answer)
    for sold in _merged(sorted({*begins, *low.values()}), step):
        sources = tuple(source for source, at in low.items() if at == sold)
        events = (*((Event.LOW_STOCK,) if sources else ()), *begins.get(sold, ()))
        yield _left(answer, sold, events, sources)


def notifies_customer(answer: Salability) -> bool:
    """Whether the customer is notified of the units of an order that are backordered."""
    for item in answer.items:
        if item.excluded is None and value_of(item.settings, BACKORDERS) is Backorders.NOTIFY:
            return True
    return False


def _begins(answer: Salability) -> dict[Decimal, tuple[Event, ...]]:
    """The events of the product as a whole, by the number of units sold at which they begin."""
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
    """By source, the number of units sold at which it is low in stock; sources that never get there are left out."""
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
    on_hand = backorderable = salable = None
    if answer.on_hand is not None:
        on_hand = max(answer.on_hand - sold, ZERO)
        if answer.backorderable is not None:
            backorderable = max(answer.backorderable - max(sold - answer.on_hand, ZERO), ZERO)
            salable = on_hand + backorderable
    return Milestone(
        sold=sold,
        on_hand=on_hand,
        backorderable=backorderable,
        salable=salable,
        events=events,
        low_stock_sources=sources,
    )
