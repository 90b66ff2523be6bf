"""Changes to the schedule and the accepts of a store file: entries are appended and removed, never rewritten."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import cast

from backorderctl.edit.operations import Changes, stock_place
from backorderctl.errors import BackorderctlError, CommandLine
from backorderctl.store import model
from backorderctl.store.model import ENABLED, Accept, Place, ScheduleEntry, StoreFile
from backorderctl.store.schedule import State, overlap, state
from backorderctl.store.settings import INHERIT, Scope, Value
from backorderctl.toml.change import REMOVED, Change, TomlValue
from backorderctl.toml.notation import as_parsed, dotted_path


def schedule_values(
    store: StoreFile,
    places: Iterable[Place],
    values: Mapping[str, Value | None],
    *,
    start: date | None,
    until: date | None,
    reason: str | None,
) -> Changes:
    """An entry for each place, after those of the file; None removes the written value for its days.

    BackorderctlError when the days are in the wrong order, where a place has no such setting, and when an entry of the
    file sets one of the values on one of the days.
    """
    check_days(start, until)
    changes: list[Change] = []
    for place in places:
        for key in values:
            if key != ENABLED:
                model.check_scope(place, key)
        if place.scope is Scope.STOCK:
            stock_place(store, str(place.stock))
        number = len(store.schedule) + len(changes)
        entry = ScheduleEntry(number, start, until, place, values, reason)
        _refuse_overlap(store, entry)
        changes.append(Change(entry.path, _table(entry)))
    return changes


def check_days(start: date | None, until: date | None) -> None:
    """BackorderctlError when the last day is before the first."""
    if start and until and start > until:
        raise BackorderctlError(f"until: expected a day on or after {start}, got {until}")


def remove_entries(store: StoreFile, numbers: Sequence[int]) -> Changes:
    """The entries with these numbers, counted from 1, are removed; BackorderctlError for a number that no entry has."""
    _refuse_unknown_numbers("schedule", len(store.schedule), numbers)
    return [Change(("schedule", number - 1), REMOVED) for number in sorted(set(numbers), reverse=True)]


def past_entries(store: StoreFile, day: date) -> list[ScheduleEntry]:
    """The entries whose last day is before this one."""
    return [entry for entry in store.schedule if state(entry, day) is State.PAST]


def _refuse_overlap(store: StoreFile, new: ScheduleEntry) -> None:
    for entry in store.schedule:
        keys = [key for key in new.values if key in entry.values] if entry.place == new.place else []
        if keys and (day := overlap(entry, new)):
            path = dotted_path((*new.place.path, keys[0]))
            line = store.lines.line((*entry.path, keys[0]))
            raise BackorderctlError(
                f"{path}: expected days without an entry, got {day}, a day of entry {entry.number + 1} (line {line})",
                hint=CommandLine(("schedule", "list")),
            )


def _table(entry: ScheduleEntry) -> dict[str, TomlValue]:
    """The entry as the file holds it: its days, its scope, why, and its values."""
    place = entry.place
    named: dict[str, TomlValue | None] = {
        "from": entry.start,
        "until": entry.until,
        "stock": place.stock,
        "source": place.source,
        "product": place.product,
        "reason": entry.reason,
    }
    table = {key: value for key, value in named.items() if value is not None}
    return table | {key: INHERIT if value is None else as_parsed(value) for key, value in entry.values.items()}


def add_accept(store: StoreFile, accept: Accept) -> Changes:
    """The accept, after those of the file; BackorderctlError for a stock, source or product that is not in the file."""
    if accept.stock is not None:
        model.stock_named(store, accept.stock)
    if accept.source is not None:
        model.source_named(store, accept.source)
    if accept.product is not None:
        model.product_named(store, accept.product)
    table = {key: cast("TomlValue", value) for key, value in accept._asdict().items() if value is not None}
    return [Change(("check", "accept", len(store.accepts)), table)]


def remove_accepts(store: StoreFile, numbers: Sequence[int]) -> Changes:
    """The accepts with these numbers, counted from 1, are removed; BackorderctlError for one that there is not."""
    _refuse_unknown_numbers("accept", len(store.accepts), numbers)
    return [Change(("check", "accept", number - 1), REMOVED) for number in sorted(set(numbers), reverse=True)]


def _refuse_unknown_numbers(noun: str, count: int, numbers: Sequence[int]) -> None:
    """BackorderctlError for a number that is not in the list that `NOUN list` shows."""
    expected = {0: "no number, as the list is empty", 1: "1, the only number of the list"}
    for number in numbers:
        if not 1 <= number <= count:
            known = expected.get(count, f"1 to {count}")
            raise BackorderctlError(f"{noun}: expected {known}, got {number}", hint=CommandLine((noun, "list")))
