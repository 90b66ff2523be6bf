"""Settings: one value, lists of values with their origin, the settings themselves, and what a write does not reach."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, TextIO

from backorderctl.output import listing
from backorderctl.output.format import (
    Cell,
    Output,
    counted,
    dates,
    describe_days,
    describe_end,
    describe_place_in_full,
    printable,
)
from backorderctl.output.listing import Listing
from backorderctl.output.table import KEY, Column
from backorderctl.policy.resolve import InForce
from backorderctl.policy.viewpoints import ViewedValue
from backorderctl.store import settings
from backorderctl.store.settings import Scope, format_value

if TYPE_CHECKING:  # most answers have nothing of it
    from backorderctl.policy.unreached import Unreached

_VALUE = (
    Column("key"),
    Column("value"),
    Column("scope", rank=2),
    Column("stock", rank=KEY),
    Column("source", rank=KEY),
    Column("product", rank=KEY),
    Column("line", number=True, rank=1),
    Column("schedule", hidden=True),
)
_OF_PRODUCT = Column("of_product", rank=KEY)
_SEEN = (*_VALUE, Column("at_source", rank=KEY), Column("seen_from", rank=KEY), _OF_PRODUCT)
_KEYS = (
    "key", "label", "type", "default", "scopes", "config_path", "csv_column", "use_config_column", "database_column",
    "meaning",
)  # fmt: skip
MOST_SCOPES = 5
"""So many scopes are named in a line; the others are counted."""


def write_value(found: InForce, output: Output | None, out: TextIO) -> None:
    """Write one value: bare, or with its origin in the shape of `output`."""
    match output:
        case None:
            out.write(settings.format_value(found.value) + "\n")
        case Output.JSON:
            cells = dict(zip((column.name for column in _VALUE), _row(found, output), strict=True))
            out.write(listing.dumps(cells) + "\n")
        case _:
            show_settings([found], output, out)


def write_values(values: Iterable[tuple[str | None, InForce]], output: Output | None, out: TextIO) -> None:
    """Write a value for each of several products: bare after the SKU, or with its origin in the shape of `output`."""
    if output is None:
        out.writelines(f"{printable(sku or '')}\t{settings.format_value(found.value)}\n" for sku, found in values)
        return
    rows = ((*_row(found, output), sku) for sku, found in values)
    listing.show(Listing("settings", (*_VALUE, _OF_PRODUCT), rows), output, out)


def show_settings(values: Iterable[InForce], output: Output, out: TextIO) -> None:
    """Write values, each with its origin."""
    listing.show(Listing("settings", _VALUE, (_row(found, output) for found in values)), output, out)


def show_seen(values: Iterable[ViewedValue], output: Output, out: TextIO, *, several: bool) -> None:
    """Write values in force, each with its origin and with the source and the stock that see it so.

    A table names the product where they are those of `several`.
    """
    named = several or output is not Output.TABLE
    rows = ((*_row(each.value, output), each.source, each.stock, each.product if named else None) for each in values)
    listing.show(Listing("settings", _SEEN, rows), output, out)


def show_keys(output: Output, out: TextIO) -> None:
    """Write the settings table."""
    if output is Output.TABLE:
        out.write(settings_page())
        return
    rows = (keys_row(row) for row in settings.SETTINGS.values())
    listing.show(Listing("keys", tuple(map(Column, _KEYS)), rows), output, out)


def keys_row(row: settings.AnySetting) -> Sequence[Cell]:
    """One setting as cells."""
    return (
        row.key, row.label, row.kind.type, settings.format_value(row.default), row.scopes,
        row.config_path, row.csv_column, row.use_config_column, row.database_column, row.meaning,
    )  # fmt: skip


def settings_page() -> str:
    """The settings as a page that fits a terminal: a paragraph each."""
    paragraphs = []
    for row in settings.SETTINGS.values():
        columns = ", ".join(filter(None, (row.csv_column, row.use_config_column)))
        lines = {
            "Admin": row.label,
            "values": f"{row.kind.type} (default {settings.format_value(row.default)})",
            "set at": ", ".join(row.scopes).replace("_", " "),
            "Magento": row.config_path,
            "CSV": columns or "no column",
            "meaning": row.meaning,
        }
        paragraphs.append("\n".join([row.key, *(f"  {name:<8} {words}" for name, words in lines.items())]))
    return "\n\n".join(paragraphs) + "\n"


def _row(found: InForce, output: Output) -> tuple[Cell, ...]:
    """A value as cells: a table has the entry of the schedule in its scope, CSV and JSON on its own."""
    where, entry = found.origin, found.entry
    scope: str = where.scope
    if entry and output is Output.TABLE:
        scope += f", {describe_end(entry)}"
    days = dates(entry) if output is Output.JSON else entry and describe_days(entry)
    return (found.key, found.value, scope, where.stock, where.source, where.product, found.line, days)


def describe_unreached(rows: "Sequence[Unreached]") -> Iterator[str]:
    """`not reached: source lyon keeps allow (11 products); 1 product keeps its own value`, with the key of several."""
    keys = {row.key for row in rows}
    for key, group in groupby(rows, key=lambda row: row.key):
        scopes = [_unreached_scope(row) for row in group]
        more = [f"{counted(len(scopes) - MOST_SCOPES, 'more scope')}"] if len(scopes) > MOST_SCOPES else []
        head = "not reached" if len(keys) == 1 else f"{key} not reached"
        yield f"{head}: {'; '.join([*scopes[:MOST_SCOPES], *more])}"


def unreached_document(row: "Unreached") -> dict[str, Any]:
    """A row as JSON has it."""
    return {"key": row.key, **row.place._asdict(), "value": row.value, "products": row.products}


def _unreached_scope(row: "Unreached") -> str:
    if row.place.scope is not Scope.PRODUCT:
        value = "" if row.value is None else format_value(row.value)
        return f"{describe_place_in_full(row.place)} keeps {value} ({counted(row.products, 'product')})"
    return "1 product keeps its own value" if row.products == 1 else f"{row.products} products keep their own values"
