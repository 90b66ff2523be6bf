"""Orders: what one gets, and the milestones as the units of a stock are sold."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import TextIO

from backorderctl.errors import BackorderctlError
from backorderctl.output import listing, product_page, table
from backorderctl.output.format import Cell, Output, plain_text, printable
from backorderctl.output.listing import Listing
from backorderctl.output.product import limit
from backorderctl.output.table import Column, Style, terminal
from backorderctl.policy.evaluate import Reason, Salability
from backorderctl.policy.orders import EXCEEDS_SALABLE, Event, Milestone, Order, Shipment
from backorderctl.store import scalars

_STEPS = (
    Column("sold", number=True),
    Column("on_hand", number=True),
    Column("backorderable", number=True, rank=1),
    Column("salable", number=True),
    Column("unlimited", hidden=True),
    Column("events"),
    Column("low_stock_sources", hidden=True),
)
_SHIPMENT_WORDS = {
    Shipment.IMMEDIATE: "ships now, whole",
    Shipment.PARTLY_ON_HOLD: "ships now in part; the rest is on hold until stock arrives",
    Shipment.ON_HOLD: "is on hold until stock arrives",
}
_BAR = 40
_LEAST_BAR = 10
_MOST_ROWS = 10_000
_SALES = (
    Column("sold", number=True),
    Column("on_hand", number=True, rank=2),
    Column("backorderable", number=True, rank=3),
    Column("salable", number=True, rank=1),
    Column("event"),
    Column("left", rank=4, style=lambda row: Style.YELLOW if row[1] == "0" else Style.GREEN),
)


def show_order(order: Order, output: Output, out: TextIO) -> None:
    """Write what an order gets."""
    cells = order_document(order)
    match output:
        case Output.JSON:
            out.write(listing.dumps(cells) + "\n")
        case Output.CSV:
            columns = tuple(map(Column, cells))
            listing.show(Listing("orders", columns, [tuple(cells.values())]), output, out)
        case Output.TABLE:
            screen = terminal(out)
            verdict, *lines = map(printable, _order_lines(order.answer, order))
            screen.text(verdict, Style.BOLD, Style.GREEN if order.accepted else Style.RED)
            for line in lines:
                screen.text(line)


def show_sales(answer: Salability, milestones: Iterable[Milestone], output: Output, out: TextIO) -> None:
    """Write the milestones of a stock, and for people a bar of what is left at each.

    BackorderctlError when a page would have more rows than anybody reads; JSON and CSV are written as they come.
    """
    steps = Listing("steps", _STEPS, map(_step, milestones))
    if output is Output.CSV:
        listing.show(steps, output, out)
    elif output is Output.JSON:
        listing.show(steps, output, out, head={"sku": answer.product.sku, "stock": answer.stock})
    else:
        found = tuple(islice(milestones, _MOST_ROWS + 1))
        if len(found) > _MOST_ROWS:
            raise BackorderctlError(f"--step: expected at most {_MOST_ROWS:,} rows of a table, got more", hint="-o csv")
        _sales_page(answer, found, out)


def order_document(order: Order) -> dict[str, Cell]:
    """What an order gets, as JSON and CSV have it."""
    answer = order.answer
    return {
        "sku": answer.product.sku,
        "stock": answer.stock,
        "requested": order.requested,
        "accepted": order.accepted,
        "reason": order.reason,
        "salable": limit(order.salable, unlimited=answer.unlimited),
        "unlimited": answer.unlimited,
        "ships_now": order.ships_now,
        "backordered": order.backordered,
        "payment": order.payment,
        "order_status": order.order_status,
        "shipment": order.shipment,
        "customer_notice": order.customer_notice,
    }


def _order_lines(answer: Salability, order: Order) -> Iterator[str]:
    verdict = "accepted" if order.accepted else "refused"
    salable = "unlimited" if order.salable is None else f"{scalars.format_quantity(order.salable)} salable"
    where = f"stock {answer.stock}" if answer.stock else "no stock"
    yield f"{verdict}: {scalars.format_quantity(order.requested)} of {answer.product.sku} in {where} ({salable})"
    if order.reason == EXCEEDS_SALABLE:
        yield "reason      more than can be sold"
    elif order.reason:
        yield f"reason      {product_page.REASON_WORDS[Reason(order.reason)]}"
    if order.ships_now is None or order.backordered is None or order.shipment is None:
        return
    yield f"ships now   {scalars.format_quantity(order.ships_now)}"
    yield f"backordered {scalars.format_quantity(order.backordered)}"
    yield f"shipment    {_SHIPMENT_WORDS[order.shipment]}"
    if order.payment:
        yield "payment     is authorized and captured at once"
        yield "order       its processing status does not change"
        told = "is not told what is backordered"
        if order.customer_notice is not None:
            told = f"is told that {scalars.format_quantity(order.customer_notice)} are backordered"
        yield f"customer    {told}"


def _step(milestone: Milestone) -> tuple[Cell, ...]:
    unlimited = milestone.salable is None
    return (
        milestone.sold,
        milestone.on_hand,
        limit(milestone.backorderable, unlimited=unlimited),
        limit(milestone.salable, unlimited=unlimited),
        unlimited,
        tuple(milestone.events),
        milestone.low_stock_sources,
    )


def _sales_page(answer: Salability, milestones: tuple[Milestone, ...], out: TextIO) -> None:
    screen = terminal(out)
    where = f"stock {answer.stock}" if answer.stock else "no stock"
    screen.line(printable(f"{answer.product.sku} in {where}, as it sells"), Style.BOLD)
    table.draw(screen, _SALES, _sales_rows(milestones, screen.width or table.AMPLE, product_page.marks(screen)))
    if answer.items and not answer.managed:
        screen.line("Stock is not managed: nothing ever begins.")
    elif len(answer.items) > 1:
        order = ", ".join(item.source for item in answer.items if item.counts)
        screen.line(printable(f"Units leave the sources in the stock's order: {order}."))


def _sales_rows(milestones: Sequence[Milestone], width: int, marks: str) -> list[list[str]]:
    """The cells of each milestone, with a bar as long as there is room for."""
    rows = [[*map(plain_text, _step(milestone)[:4]), _event_words(milestone)] for milestone in milestones]
    room = width - sum(max(len(row[n]) for row in (*rows, [column.name for column in _SALES])) + 2 for n in range(5))
    bar = min(room, _BAR)
    whole = milestones[0].salable
    if bar < _LEAST_BAR:
        return [[*row, ""] for row in rows]
    return [[*row, _left(milestone, whole, bar, marks)] for row, milestone in zip(rows, milestones, strict=True)]


def _event_words(milestone: Milestone) -> str:
    left = "" if milestone.salable is None else scalars.format_quantity(milestone.salable)
    words = {
        Event.LOW_STOCK: f"low stock at {', '.join(milestone.low_stock_sources)}",
        Event.BACKORDERS_BEGIN: "backorders begin",
        Event.UNLIMITED: "unlimited from here",
        Event.ONLY_X_LEFT: f'"Only {left} left"',
        Event.OUT_OF_STOCK: "Out of Stock",
    }
    return "; ".join(words[event] for event in milestone.events)


def _left(milestone: Milestone, whole: Decimal | None, width: int, marks: str) -> str:
    """What is left as a bar: on hand first, then what can be backordered."""
    if not whole or milestone.on_hand is None or milestone.backorderable is None:
        return ""
    on_hand = round(milestone.on_hand / whole * width)
    both = round((milestone.on_hand + milestone.backorderable) / whole * width)
    return marks[0] * on_hand + marks[1] * (both - on_hand)
