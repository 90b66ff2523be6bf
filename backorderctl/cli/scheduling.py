"""What commands have in common that write values for some days, or values that an entry of the schedule overrides."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import typer

from backorderctl.cli.clock import parse_day
from backorderctl.cli.reading import PlainOptions
from backorderctl.edit import schedule_operations
from backorderctl.edit.operations import Changes
from backorderctl.errors import BackorderctlError
from backorderctl.output.format import describe_place_in_full
from backorderctl.output.schedule import describe_days
from backorderctl.store.model import Place, Store
from backorderctl.store.schedule import store_on
from backorderctl.store.settings import Value

FromOption = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="Schedule it: the first day, such as 2026-12-24.")
]
UntilOption = Annotated[str | None, typer.Option("--until", metavar="DATE", help="Schedule it: the last day.")]
ReasonOption = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why it is scheduled.")]


@dataclass(frozen=True, slots=True)
class Days:
    """The days that were typed for a change, and why; none for a change that is not scheduled."""

    start: str | None
    until: str | None
    reason: str | None = None

    @property
    def given(self) -> bool:
        """Whether the change is scheduled; BackorderctlError when there is a reason for one that is not."""
        if self.start is None and self.until is None and self.reason is not None:
            raise BackorderctlError("--reason: expected beside --from or --until, got it alone")
        return self.start is not None or self.until is not None

    def entries(
        self, options: PlainOptions, store: Store, places: Iterable[Place], values: Mapping[str, Value | None]
    ) -> Changes:
        """An entry with the values for each place."""
        today = options.today(store)
        start = None if self.start is None else parse_day(self.start, today, option="--from")
        until = None if self.until is None else parse_day(self.until, today, option="--until")
        return schedule_operations.schedule_values(
            store, places, values, start=start, until=until, reason=self.reason
        )  # fmt: skip


def first_day(store: Store) -> Store:
    """The store on the first day of the entry that has just been written, the last where it has always held."""
    entry = store.schedule[-1]
    return store_on(store, entry.start or entry.until or date.max)


def describe_new_entry(store: Store) -> str:
    """The last entry of the schedule, as what has just been written: `2026-12-24 to 2027-01-02 (entry 3)`."""
    entry = store.schedule[-1]
    return f"{describe_days(entry)} (entry {entry.number + 1})"


def overridden_today(options: PlainOptions, store: Store, changes: Changes) -> Iterator[str]:
    """The values that a write has changed without effect today, as an entry of the schedule gives another."""
    replaced = store_on(store, options.today(store)).lines.replaced
    for path in dict.fromkeys(change.path for change in changes):
        if entry := replaced.get(path):
            line = store.lines.line((*entry.path, path[-1]))
            scope, days = describe_place_in_full(entry.place), describe_days(entry)
            yield f"{scope}: {path[-1]} is overridden today by entry {entry.number + 1} (line {line}), {days}"
