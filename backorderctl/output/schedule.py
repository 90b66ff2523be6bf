"""The schedule: when an entry holds, and where a value comes from that an entry gives."""

from backorderctl.output.format import describe_place
from backorderctl.policy.resolve import InForce
from backorderctl.store.model import Place, ScheduleEntry


def dates(entry: ScheduleEntry | None) -> dict[str, str | None] | None:
    """The days and the reason of an entry, as JSON has them."""
    if entry is None:
        return None
    return {"from": _day(entry.start), "until": _day(entry.until), "reason": entry.reason}


def describe_days(entry: ScheduleEntry) -> str:
    """The days of an entry in words: `2026-12-24 to 2027-01-02`, `from 2026-12-24`, `until 2027-01-02`."""
    if entry.start and entry.until:
        return str(entry.start) if entry.start == entry.until else f"{entry.start} to {entry.until}"
    return f"from {entry.start}" if entry.start else f"until {entry.until}"


def describe_origin(found: InForce) -> str:
    """Where a value comes from: `source lyon`, or `product, until 2026-12-24` where an entry gives it."""
    return describe_level(found.origin, found.entry)


def describe_level(place: Place, entry: ScheduleEntry | None) -> str:
    """A scope, with the last day of the entry that gives or removes its value, or the first of one without end."""
    if entry is None:
        return describe_place(place)
    return f"{describe_place(place)}, {describe_end(entry)}"


def describe_end(entry: ScheduleEntry) -> str:
    """How long an entry that holds will hold: `until 2026-12-24`, or since when one without end does."""
    return f"until {entry.until}" if entry.until else f"from {entry.start}"


def _day(day: object) -> str | None:
    return None if day is None else str(day)
