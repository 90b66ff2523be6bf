"""The schedule: values that replace written ones from one day to another, and the store as it is on a day."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from backorderctl.store.model import ENABLED, Place, ScheduleEntry, Values, holds
from backorderctl.store.settings import SETTINGS, Scope, Value, settings_of
from backorderctl.toml.change import KeyPath

ScheduleTable = tuple[int, Mapping[str, Any], Mapping[str, Value | None]]
"""A table of the schedule as it is read: its number in the file, its own keys and its settings."""
PathProblem = tuple[KeyPath, str]
"""Where in the file something is wrong, and what."""


class State(StrEnum):
    """Where the days of an entry are, seen from a day."""

    PAST = "past"
    ACTIVE = "active"
    COMING = "coming"


class Changeover(NamedTuple):
    """A day of change, with the entries that begin on it and those whose last day was the day before."""

    day: date
    begins: list[ScheduleEntry]
    ends: list[ScheduleEntry]

    @property
    def places(self) -> list[Place]:
        """The places at which something begins or ends, each once."""
        return list(dict.fromkeys(entry.place for entry in (*self.ends, *self.begins)))


def state(entry: ScheduleEntry, day: date) -> State:
    """Whether the entry is past, active or coming on this day."""
    if entry.until is not None and entry.until < day:
        return State.PAST
    return State.ACTIVE if holds(entry, day) else State.COMING


def end(entry: ScheduleEntry) -> date | None:
    """The first day after the entry; None where it does not end."""
    return None if entry.until is None or entry.until == date.max else entry.until + timedelta(days=1)


def days_of_change(schedule: Iterable[ScheduleEntry], *, after: date) -> list[date]:
    """The days after this one on which an entry begins, or has ended, in order."""
    return [changeover.day for changeover in changeovers(schedule, after=after)]


def changeovers(schedule: Iterable[ScheduleEntry], *, after: date, until: date = date.max) -> list[Changeover]:
    """The changeovers after the first of these days and up to the last, in order."""
    found: dict[date, Changeover] = {}
    for entry in schedule:
        for day, begins in ((entry.start, True), (end(entry), False)):
            if day is not None and after < day <= until:
                changeover = found.setdefault(day, Changeover(day, [], []))
                (changeover.begins if begins else changeover.ends).append(entry)
    return [found[day] for day in sorted(found)]


def overlap(one: ScheduleEntry, other: ScheduleEntry) -> date | None:
    """The first day on which both entries hold, the last where both have always held; None without such a day."""
    starts = [entry.start for entry in (one, other) if entry.start is not None]
    ends = [entry.until for entry in (one, other) if entry.until is not None]
    if starts and ends and max(starts) > min(ends):
        return None
    return max(starts) if starts else min(ends)


def entries(tables: Iterable[ScheduleTable], store: Values, problems: list[PathProblem]) -> tuple[ScheduleEntry, ...]:
    """The schedule that the tables hold, for `store`; what is wrong in it goes to `problems`."""
    found: list[ScheduleEntry] = []
    sound: list[ScheduleEntry] = []
    for number, own, chosen in tables:
        values = {**chosen, **({ENABLED: own[ENABLED]} if ENABLED in own else {})}
        entry = ScheduleEntry(number, own.get("from"), own.get("until"), _place(own), values, own.get("reason"))
        faults = list(_faults(entry, store))
        problems += faults
        found.append(entry)
        sound += [] if faults else [entry]
    problems += _overlaps(sound, store)
    return tuple(found)


def _place(own: Mapping[str, Any]) -> Place:
    """The scope that an entry names."""
    stock, source, product = (own.get(kind) for kind in ("stock", "source", "product"))
    if stock is not None:
        return Place(Scope.STOCK, stock=stock)
    if product is not None:
        return Place(Scope.PRODUCT if source is None else Scope.SOURCE_ITEM, source=source, product=product)
    return Place(Scope.GLOBAL) if source is None else Place(Scope.SOURCE, source=source)


def _faults(entry: ScheduleEntry, store: Values) -> Iterator[PathProblem]:
    """What is wrong with an entry by itself."""
    path, place = entry.path, entry.place
    if not entry.values:
        yield path, "expected a setting, got none"
    if entry.start is None and entry.until is None:
        yield path, "expected from, until or both, got neither"
    elif entry.start and entry.until and entry.start > entry.until:
        line = store.lines.line((*path, "from"))
        yield (*path, "until"), f"expected a day on or after {entry.start} (from, line {line}), got {entry.until}"
    scopes = settings_of(place.scope)
    for key in entry.values:
        if key == ENABLED and place.scope is not Scope.SOURCE:
            yield (*path, key), f"expected at a source, got it at {_scope_words(place.scope)}"
        elif key != ENABLED and key not in scopes:
            allowed = SETTINGS[key].scope_words
            yield (*path, key), f"expected at {allowed}, got it at {_scope_words(place.scope)}"


def _scope_words(scope: Scope) -> str:
    return scope.replace("_", " ")


def _overlaps(found: Iterable[ScheduleEntry], store: Values) -> Iterator[PathProblem]:
    """The values that two entries give on one day, each at the later of the two in the file."""
    by_value: dict[tuple[Place, str], list[ScheduleEntry]] = {}
    for entry in found:
        for key in entry.values:
            by_value.setdefault((entry.place, key), []).append(entry)
    for (_, key), rivals in by_value.items():
        longest: ScheduleEntry | None = None
        for entry in sorted(rivals, key=lambda entry: entry.start or date.min):
            if longest is not None and (day := overlap(longest, entry)):
                first, second = sorted((longest, entry), key=lambda entry: entry.number)
                line = store.lines.line((*first.path, key))
                yield (
                    (*second.path, key),
                    f"expected one entry a day for this value, got a second for {day}; the first is on line {line}",
                )
            if longest is None or (entry.until or date.max) > (longest.until or date.max):
                longest = entry
