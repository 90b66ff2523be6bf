"""Two store files compared as of a day each, with their schedules."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from backorderctl.policy.diff import NO_DIFFERENCE, Difference, EntryChange, difference, difference_at
from backorderctl.store.model import ScheduleEntry, StoreFile
from backorderctl.store.schedule import State, end, state


def compare(old: StoreFile, new: StoreFile, *, old_day: date, new_day: date) -> Difference:
    """What changes from one store as it is written, on a day, to another on the same or another day.

    The settings are those that are written, or the values of both days where these differ, as the change of a value may
    then be that a day has passed.
    """
    written = (old, new) if old_day == new_day else None
    changes = difference(old.on(old_day), new.on(new_day), written=written)
    return replace(changes, schedule=tuple(_entry_changes(old, new, today=new_day)))


def _entry_changes(old: StoreFile, new: StoreFile, *, today: date) -> Iterator[EntryChange]:
    """The entries that only one of the stores has, those of one scope and the same keys as a change of one."""
    before, after = _only_in(old, new), _only_in(new, old)
    for entry in before:
        same = next((each for each in after if _values_of(each) == _values_of(entry)), None)
        if same is None:
            yield _effect(old, _without(old, entry), entry, None, today)
        else:
            after.remove(same)
            yield _effect(_with(new, same, entry), new, entry, same, today)
    yield from (_effect(_without(new, entry), new, None, entry, today) for entry in after)


def _only_in(store: StoreFile, other: StoreFile) -> list[ScheduleEntry]:
    there = set(map(_content, other.schedule))
    return [entry for entry in store.schedule if _content(entry) not in there]


def _content(entry: ScheduleEntry) -> tuple[object, ...]:
    """All that an entry says, wherever it is in its file."""
    return entry.start, entry.until, entry.place, entry.reason, frozenset(entry.values.items())


def _values_of(entry: ScheduleEntry) -> tuple[object, ...]:
    """Which values of which scope an entry gives."""
    return entry.place, entry.values.keys()


def _without(store: StoreFile, entry: ScheduleEntry) -> StoreFile:
    return replace(store, schedule=tuple(each for each in store.schedule if each is not entry))


def _with(store: StoreFile, entry: ScheduleEntry, other: ScheduleEntry) -> StoreFile:
    """The store with one entry in place of another."""
    return replace(store, schedule=tuple(other if each is entry else each for each in store.schedule))


def _effect(
    before: StoreFile, after: StoreFile, old: ScheduleEntry | None, new: ScheduleEntry | None, today: date
) -> EntryChange:
    """What follows from it that one store becomes the other, which differ in one entry."""
    entries = [entry for entry in (old, new) if entry is not None and state(entry, today) is not State.PAST]
    days = {max(today, entry.start or today) for entry in entries}
    if old and new:
        days |= {day for entry in entries if (day := end(entry)) is not None}
    places = [entry.place for entry in entries]
    for day in sorted(days):
        if effect := difference_at(before.on(day), after.on(day), places, {}):
            return EntryChange(old, new, day, effect)
    return EntryChange(old, new, None, NO_DIFFERENCE)
