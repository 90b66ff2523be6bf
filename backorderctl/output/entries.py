"""Entries of a store file, each in a line and as lists: those of the schedule, and accepted findings."""

from collections.abc import Iterator
from datetime import date
from typing import Any, TextIO

from backorderctl.output import listing
from backorderctl.output.format import Cell, Output, describe_days, describe_place_in_full
from backorderctl.output.listing import Listing
from backorderctl.output.table import Column
from backorderctl.store.model import Accept, ScheduleEntry, StoreFile, Values
from backorderctl.store.schedule import state
from backorderctl.store.settings import INHERIT, Value, format_value

_ENTRY = ("number", "state", "from", "until", "stock", "source", "product", "reason")
_CSV = tuple(map(Column, (*_ENTRY, "key", "value", "line")))
_TABLE = (
    Column("number", number=True),
    Column("state"),
    Column("from"),
    Column("until"),
    Column("scope"),
    Column("values"),
    Column("reason", rank=2),
    Column("line", number=True, rank=1),
)
_ACCEPTS = (
    Column("number", number=True),
    *map(Column, ("code", "stock", "source", "product", "match")),
    Column("reason"),
    Column("until"),
    Column("line", number=True, rank=1),
)


def show_schedule(store: StoreFile, day: date, output: Output, out: TextIO) -> None:
    """Write the entries of the schedule, seen from a day."""
    match output:
        case Output.TABLE:
            rows = [_table_row(store, entry, day) for entry in store.schedule]
            listing.show(Listing("schedule", _TABLE, rows), output, out)
        case Output.CSV:
            listing.show(Listing("schedule", _CSV, _csv_rows(store, day)), output, out)
        case Output.JSON:
            entries = ",\n".join(listing.dumps(entry_document(store, entry, day)) for entry in store.schedule)
            out.write('{"schedule": [' + (f"\n{entries}\n" if entries else "") + "]}\n")


def entry_document(store: Values, entry: ScheduleEntry, day: date) -> dict[str, Any]:
    """An entry as JSON has it, its state seen from a day."""
    line = store.lines.line(entry.path)
    return {**dict(zip(_ENTRY, _cells(entry, day), strict=True)), **_values(entry), "line": line}


def entry_terms(entry: ScheduleEntry) -> dict[str, Any]:
    """What an entry says, as JSON has it, wherever it is in its file and whatever day it is."""
    place = entry.place
    scope = {"stock": place.stock, "source": place.source, "product": place.product}
    return {"from": _day(entry.start), "until": _day(entry.until), **scope, "reason": entry.reason, **_values(entry)}


def describe_entry(entry: ScheduleEntry) -> str:
    """An entry in a line: `global backorders no, 2026-12-24 to 2027-01-02`."""
    return f"{describe_place_in_full(entry.place)}: {describe_values(entry)}, {describe_days(entry)}"


def describe_values(entry: ScheduleEntry) -> str:
    """The values of an entry: `backorders no, out_of_stock_threshold inherit`."""
    return ", ".join(f"{key} {_word(value)}" for key, value in entry.values.items())


def _values(entry: ScheduleEntry) -> dict[str, Any]:
    return {"values": {key: INHERIT if value is None else value for key, value in entry.values.items()}}


def _cells(entry: ScheduleEntry, day: date) -> tuple[Cell, ...]:
    place = entry.place
    return (
        entry.number + 1, state(entry, day), _day(entry.start), _day(entry.until),
        place.stock, place.source, place.product, entry.reason,
    )  # fmt: skip


def _table_row(store: StoreFile, entry: ScheduleEntry, day: date) -> tuple[Cell, ...]:
    number, phase, start, until, *_, reason = _cells(entry, day)
    scope, line = describe_place_in_full(entry.place), store.lines.line(entry.path)
    return (number, phase, start, until, scope, describe_values(entry), reason, line)


def _csv_rows(store: StoreFile, day: date) -> Iterator[tuple[Cell, ...]]:
    for entry in store.schedule:
        for key, value in entry.values.items():
            yield (*_cells(entry, day), key, _word(value), store.lines.line((*entry.path, key)))


def _word(value: Value | None) -> str:
    return INHERIT if value is None else format_value(value)


def _day(day: date | None) -> str | None:
    return None if day is None else str(day)


def show_accepts(store: StoreFile, output: Output, out: TextIO) -> None:
    """Write the accepts of a store."""
    rows = [
        (number, accept.code, accept.stock, accept.source, accept.product, accept.match, accept.reason,
         None if accept.until is None else str(accept.until), store.lines.line(("check", "accept", number - 1)))
        for number, accept in enumerate(store.accepts, 1)
    ]  # fmt: skip
    listing.show(Listing("accepts", _ACCEPTS, rows), output, out)


def describe_accept(accept: Accept) -> str:
    """An accept in a line: `BO102 for stock eu, products WS-*, until 2027-03-31`."""
    names = {"stock": accept.stock, "source": accept.source, "product": accept.product, "products": accept.match}
    scope = ", ".join(f"{kind} {name}" for kind, name in names.items() if name is not None)
    until = f", until {accept.until}" if accept.until else ""
    return f"{accept.code} for {scope or 'the whole store'}{until}"
