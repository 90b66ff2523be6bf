"""What changes in effect: a summary, the settings, and what follows for the products."""

from typing import Any, TextIO

from backorderctl.output import table
from backorderctl.output.format import Cell, Output, describe_place_in_full, plain_text, printable
from backorderctl.output.table import Column, Listing
from backorderctl.policy.diff import Difference, ProductChange, SettingChange

LONG = 20
"""So many products are listed without being asked for."""

_SETTINGS = ("scope", "stock", "source", "product", "key", "old", "new")
_PRODUCTS = ("sku", "stock", "field", "old", "new")


def show(difference: Difference, output: Output, out: TextIO, *, everything: bool = False) -> None:
    """Write the difference; a table lists many products only with `everything`."""
    match output:
        case Output.JSON:
            _json(difference, out)
        case Output.CSV:
            columns = ("kind", "sku", *_SETTINGS[:4], "field", "old", "new")
            rows = [*map(_setting_row, difference.settings), *map(_product_row, difference.products)]
            table.show(Listing("changes", tuple(map(Column, columns)), rows), output, out)
        case Output.TABLE:
            _page(difference, out, everything=everything)


def _json(difference: Difference, out: TextIO) -> None:
    settings = [
        dict(zip(_SETTINGS, (*change.place, change.key, change.old, change.new), strict=True))
        for change in difference.settings
    ]
    products = [change._asdict() for change in difference.products]
    out.write('{"settings": ' + _rows(settings) + ',\n"products": ' + _rows(products) + "}\n")


def _rows(rows: list[dict[str, Any]]) -> str:
    return "[" + ",\n".join(map(table.dumps, rows)) + "]"


def _setting_row(change: SettingChange) -> tuple[Cell, ...]:
    return ("setting", None, *change.place, change.key, change.old, change.new)


def _product_row(change: ProductChange) -> tuple[Cell, ...]:
    return ("product", change.sku, None, change.stock, None, None, change.field, change.old, change.new)


def _page(difference: Difference, out: TextIO, *, everything: bool) -> None:
    out.write(printable(difference.summary) + "\n")
    if difference.settings:
        out.write("\n")
        columns = (Column("setting at"), Column("key"), Column("old"), Column("new"), Column("products", number=True))
        rows = [
            (describe_place_in_full(change.place), change.key, _word(change.old), _word(change.new), change.products)
            for change in difference.settings
        ]
        table.show(Listing("settings", columns, rows), Output.TABLE, out)
    count = len({change.sku for change in difference.products})
    if count > LONG and not everything:
        out.write(f"\n{count} products change: --all lists them\n")
    elif difference.products:
        out.write("\n")
        products = Listing("products", tuple(map(Column, _PRODUCTS)), [_product_cells(c) for c in difference.products])
        table.show(products, Output.TABLE, out)


def _product_cells(change: ProductChange) -> tuple[Cell, ...]:
    return (change.sku, change.stock, change.field, change.old, change.new)


def _word(value: Cell) -> str:
    return "not set" if value is None else plain_text(value)
