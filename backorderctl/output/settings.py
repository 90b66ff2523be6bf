"""Settings: one value, lists of values with their origin, and the settings themselves."""

from collections.abc import Iterable, Sequence
from typing import TextIO

from backorderctl.output import table
from backorderctl.output.format import Cell, Output
from backorderctl.output.schedule import dates, describe_days, describe_end
from backorderctl.output.table import KEY, Column, Listing
from backorderctl.policy.resolve import InForce
from backorderctl.policy.viewpoints import ViewedValue
from backorderctl.store import settings

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
_SEEN = (*_VALUE, Column("at_source", rank=KEY), Column("seen_from", rank=KEY))
_KEYS = (
    "key", "label", "type", "default", "scopes", "config_path", "csv_column", "use_config_column", "database_column",
    "meaning",
)  # fmt: skip


def write_value(found: InForce, output: Output | None, out: TextIO) -> None:
    """Write one value: bare, or with its origin in the shape of `output`."""
    match output:
        case None:
            out.write(settings.format_value(found.value) + "\n")
        case Output.JSON:
            cells = dict(zip((column.name for column in _VALUE), _row(found, output), strict=True))
            out.write(table.dumps(cells) + "\n")
        case _:
            show_settings([found], output, out)


def show_settings(values: Iterable[InForce], output: Output, out: TextIO) -> None:
    """Write values, each with its origin."""
    table.show(Listing("settings", _VALUE, (_row(found, output) for found in values)), output, out)


def show_seen(values: Iterable[ViewedValue], output: Output, out: TextIO) -> None:
    """Write values in force, each with its origin and with the source and the stock that see it so."""
    rows = ((*_row(each.value, output), each.source, each.stock) for each in values)
    table.show(Listing("settings", _SEEN, rows), output, out)


def show_keys(output: Output, out: TextIO) -> None:
    """Write the settings table."""
    if output is Output.TABLE:
        out.write(settings_page())
        return
    rows = (keys_row(row) for row in settings.SETTINGS.values())
    table.show(Listing("keys", tuple(map(Column, _KEYS)), rows), output, out)


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
