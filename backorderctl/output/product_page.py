"""Everything in force for one product, as a page that a person reads at a glance."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import TextIO

from backorderctl.output import listing, table
from backorderctl.output.format import Output, describe_level, printable
from backorderctl.output.product import STATUS_STYLES, product_document, settings_in_force
from backorderctl.output.table import Column, Style, Terminal, terminal
from backorderctl.policy.evaluate import Excluded, ItemInForce, Reason, Salability, Status, takes_backorders
from backorderctl.policy.resolve import InForce, value_of
from backorderctl.store import scalars
from backorderctl.store.model import Product
from backorderctl.store.scalars import ZERO
from backorderctl.store.settings import BACKORDERS, OF_ITEMS, OF_PRODUCTS, THRESHOLD, format_value

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
BAR_STYLES = (Style.GREEN, Style.YELLOW, Style.DIM)
"""The colours of on hand, backorderable and reserved."""
_BAR = 60
_IN_FORCE = (Column("source"), Column("setting"), Column("in force", fold=True), Column("from"))
EXCLUDED_WORDS = {
    Excluded.SOURCE_DISABLED: "does not count: the source is disabled",
    Excluded.OUT_OF_STOCK: "does not count: marked Out of Stock there",
}


def show_product(answers: Sequence[Salability], output: Output, out: TextIO) -> None:
    """Write everything in force for one product, as each stock sees it."""
    match output:
        case Output.JSON:
            out.write(listing.dumps(product_document(answers), indent=2) + "\n")
        case Output.CSV:
            listing.show(settings_in_force(answers), output, out)
        case Output.TABLE:
            _page(answers, out)


def _page(answers: Sequence[Salability], out: TextIO) -> None:
    product = answers[0].product
    screen = terminal(out)
    screen.text(title(product), Style.BOLD)
    for answer in answers:
        screen.line()
        write_headline(screen, answer)
        _write_bar(screen, answer)
        screen.line()
        rows = list(_rows_in_force(answer))
        table.draw(screen, _IN_FORCE, rows, narrow=partial(_write_list, screen, rows))
    seen = {item.source for answer in answers for item in answer.items}
    others = [code for code in product.items if code not in seen]
    if others:
        units = ", ".join(f"{code} ({scalars.format_quantity(product.items[code].quantity)})" for code in others)
        screen.line()
        screen.text(printable(f"Also at {units}: no stock above sells from there."))


def title(product: Product) -> str:
    """The SKU and the name of a product."""
    return printable(" - ".join(filter(None, (product.sku, product.name))))


def write_headline(screen: Terminal, answer: Salability) -> None:
    """Write the stock, the status and how many can be sold, in one line."""
    where = f"Stock {answer.stock}" if answer.stock else "In no stock"
    words = STATUS_WORDS[answer.status]
    if answer.reason:
        words += f": {REASON_WORDS[answer.reason] if answer.stock else NOWHERE}"
    elif answer.unlimited:
        words += ", unlimited" if answer.managed else ", unlimited: stock is not managed"
    else:
        words += f", {scalars.format_quantity(answer.salable or ZERO)} salable"
    if answer.only_x_left is not None:
        words += f', the page says "Only {scalars.format_quantity(answer.only_x_left)} left"'
    screen.text(f"{where}: {words}", Style.BOLD, STATUS_STYLES[answer.status])


def _write_bar(screen: Terminal, answer: Salability) -> None:
    """On hand, backorderable and reserved as a bar and its legend; nothing where all three are 0."""
    if answer.on_hand is None or not answer.pools:
        return
    parts = (("on hand", answer.on_hand), ("backorderable", answer.backorderable), ("reserved", answer.reserved))
    marked = [
        (mark, style, *part)
        for mark, style, part in zip(marks(screen), BAR_STYLES, parts, strict=True)
        if part[1] is None or part[1]
    ]
    if not marked:
        return
    cells = _cells([units for *_, units in marked], min(screen.width or _BAR, _BAR) - 4)
    pieces = (screen.styled(mark * size, style) for (mark, style, *_), size in zip(marked, cells, strict=True))
    screen.line("  " + "".join(pieces))
    legend = (
        f"{mark} {'unlimited' if units is None else scalars.format_quantity(units)} {name}"
        for mark, _, name, units in marked
    )
    screen.text("  " + "   ".join(legend))


def _cells(parts: Sequence[Decimal | None], width: int) -> list[int]:
    """How many cells each part of the bar has: its share, at least one; what is unlimited has half of all."""
    limited = sum((units for units in parts if units is not None), ZERO)
    room = width // 2 if None in parts else width
    return [width - room if units is None else max(round(units / limited * room), 1) for units in parts]


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


def marks(screen: Terminal) -> str:
    """The characters for on hand, backorderable and reserved, such as the terminal can show."""
    blocks = "█░▒"
    return blocks if screen.shows(blocks) else "#.r"


def _write_list(screen: Terminal, rows: Sequence[Sequence[str]]) -> None:
    """The same values as a list, for a terminal without room for a table."""
    for source, setting, words, where in rows:
        if source:
            screen.text(f"  {printable(source)}", Style.BOLD)
        screen.text(printable(f"    {setting} {words}, from {where}"))


def _rows_in_force(answer: Salability) -> Iterator[tuple[str, str, str, str]]:
    for item in answer.items:
        yield item.source, "quantity", _quantity_words(item), "source item"
        for key in OF_ITEMS:
            found = item.settings[key]
            words = setting_text(found) + setting_note(key, item)
            yield "", key, words, describe_level(found.origin, found.entry)
    heading = "all" if answer.items else ""
    for key in OF_PRODUCTS:
        found = answer.settings[key]
        yield heading, key, setting_text(found), describe_level(found.origin, found.entry)
        heading = ""


def _quantity_words(item: ItemInForce) -> str:
    words = scalars.format_quantity(item.quantity)
    if item.excluded:
        return f"{words}, {EXCLUDED_WORDS[item.excluded]}"
    return words + (", low stock" if item.low_stock else "")
