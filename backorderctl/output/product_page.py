"""Everything in force for one product, as a page that a person reads at a glance."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, TextIO

from backorderctl.output import table
from backorderctl.output.format import printable
from backorderctl.output.schedule import describe_origin
from backorderctl.policy.evaluate import Excluded, ItemInForce, Reason, Salability, Status, takes_backorders
from backorderctl.policy.resolve import InForce, value_of
from backorderctl.store import quantity
from backorderctl.store.quantity import ZERO
from backorderctl.store.settings import BACKORDERS, OF_ITEMS, OF_PRODUCTS, THRESHOLD, format_value

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

STATUS_WORDS = {
    Status.IN_STOCK: "In Stock",
    Status.BACKORDER: "In Stock, on backorder only",
    Status.OUT_OF_STOCK: "Out of Stock",
}
REASON_WORDS = {
    Reason.NO_SOURCES: "no source of the stock has it",
    Reason.NO_SOURCE_IN_STOCK: "no source has it In Stock",
    Reason.BACKORDER_LIMIT_REACHED: "the backorder limit is reached",
    Reason.RESERVE_REACHED: "what is left is the reserve",
    Reason.SOLD_OUT: "sold out",
}
NOWHERE = "no stock sells from a source that has it"
EXCLUDED_WORDS = {
    Excluded.SOURCE_DISABLED: "does not count: the source is disabled",
    Excluded.OUT_OF_STOCK: "does not count: marked Out of Stock there",
}


def write(answers: Sequence[Salability], out: TextIO) -> None:
    """Write the page of one product."""
    from rich.text import Text

    product = answers[0].product
    with table.screen(out) as console:
        console.print(Text(printable(" - ".join(filter(None, (product.sku, product.name)))), style="bold"))
        for answer in answers:
            console.print()
            console.print(headline(answer))
            for line in bar(answer, width=min(console.width, 60), out=out):
                console.print(Text("  " + line))
            console.print()
            console.print(_settings_table(answer))
        seen = {item.source for answer in answers for item in answer.items}
        others = [code for code in product.items if code not in seen]
        if others:
            units = ", ".join(f"{code} ({quantity.format_quantity(product.items[code].quantity)})" for code in others)
            console.print()
            console.print(Text(printable(f"Also at {units}, from where no stock above sells.")))


def headline(answer: Salability) -> "Text":
    """The stock, the status and how many can be sold, in one line."""
    from rich.text import Text

    where = f"Stock {answer.stock}" if answer.stock else "In no stock"
    words = STATUS_WORDS[answer.status]
    if answer.reason:
        words += f": {REASON_WORDS[answer.reason] if answer.stock else NOWHERE}"
    elif answer.unlimited:
        words += ", unlimited" if answer.managed else ", unlimited: stock is not managed"
    else:
        words += f", {quantity.format_quantity(answer.salable or ZERO)} salable"
    style = {Status.IN_STOCK: "green", Status.BACKORDER: "yellow", Status.OUT_OF_STOCK: "red"}[answer.status]
    line = Text(f"{where}: ").append(words, style=f"bold {style}")
    if answer.only_x_left is not None:
        line.append(f', the page says "Only {quantity.format_quantity(answer.only_x_left)} left"')
    return line


def bar(answer: Salability, *, width: int, out: TextIO) -> Iterator[str]:
    """On hand, backorderable and reserved as a bar and its legend; nothing where no quantity counts."""
    if answer.on_hand is None or not answer.pools:
        return
    parts = (("on hand", answer.on_hand), ("backorderable", answer.backorderable), ("reserved", answer.reserved))
    marked = [(mark, *part) for mark, part in zip(marks(out), parts, strict=True) if part[1] is None or part[1]]
    yield "".join(mark * cells for (mark, _, _), cells in zip(marked, _cells(marked, width - 4), strict=True))
    yield "   ".join(
        f"{mark} {'unlimited' if units is None else quantity.format_quantity(units)} {name}"
        for mark, name, units in marked
    )


def _cells(marked: Sequence[tuple[str, str, Decimal | None]], width: int) -> list[int]:
    """How many cells each part of the bar has: its share, at least one; what is unlimited has half of all."""
    limited = sum((units for _, _, units in marked if units is not None), ZERO)
    unlimited = any(units is None for _, _, units in marked)
    room = width // 2 if unlimited else width
    return [width - room if units is None else max(round(units / limited * room), 1) for _, _, units in marked]


def setting_note(key: str, item: ItemInForce) -> str:
    """What the evaluator makes of an item's value where that is not what is written: `, ignored: backorders are on`."""
    if key != THRESHOLD.key:
        return ""
    written = value_of(item.settings, THRESHOLD)
    if takes_backorders(value_of(item.settings, BACKORDERS)):
        return ", ignored: backorders are on, unlimited" if written > 0 else "" if written else ", unlimited"
    return ", read as 0: backorders are off" if written < 0 else ""


def setting_text(in_force: InForce) -> str:
    """A value as a table prints it; a reserve carries its sign."""
    reserve = in_force.key == THRESHOLD.key and isinstance(in_force.value, Decimal) and in_force.value > 0
    return ("+" if reserve else "") + format_value(in_force.value)


def marks(out: TextIO) -> str:
    """The characters for on hand, backorderable and reserved, such as `out` can show."""
    blocks = "█░▒"
    try:
        blocks.encode(out.encoding or "ascii")
    except UnicodeEncodeError:
        return "#.r"
    return blocks


def _settings_table(answer: Salability) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("source")
    table.add_column("setting", no_wrap=True)
    table.add_column("in force", overflow="fold")
    table.add_column("from", overflow="fold")
    for heading, setting, words, where in _lines_in_force(answer):
        table.add_row(*(Text(printable(cell)) for cell in (heading, setting, words, where)))
    return table


def _lines_in_force(answer: Salability) -> Iterator[tuple[str, str, str, str]]:
    for item in answer.items:
        yield item.source, "quantity", _quantity_words(item), "source item"
        for key in OF_ITEMS:
            in_force = item.settings[key]
            yield "", key, setting_text(in_force) + setting_note(key, item), describe_origin(in_force)
    heading = "all" if answer.items else ""
    for key in OF_PRODUCTS:
        in_force = answer.settings[key]
        yield heading, key, setting_text(in_force), describe_origin(in_force)
        heading = ""


def _quantity_words(item: ItemInForce) -> str:
    words = quantity.format_quantity(item.quantity)
    if item.excluded:
        return f"{words}, {EXCLUDED_WORDS[item.excluded]}"
    return words + (", low stock" if item.low_stock else "")
