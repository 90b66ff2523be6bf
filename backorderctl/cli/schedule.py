"""`backorderctl schedule`: the entries of the schedule, listed and removed."""

import sys
from collections.abc import Sequence

from backorderctl.cli.app import Command, noun, with_options
from backorderctl.cli.options import EntryNumbers
from backorderctl.cli.reading import ReadOptions
from backorderctl.cli.writing import WriteOptions, transact
from backorderctl.edit import entry_operations
from backorderctl.edit.operations import Changes
from backorderctl.output import entries as view
from backorderctl.store.model import ScheduleEntry, StoreFile

app = noun("The schedule: changes that begin and end by themselves.")


@app.command("list", cls=Command)
@with_options
def list_(options: ReadOptions) -> None:
    """List the entries: when each holds, what it sets where, and why. `config set --from --until` adds one."""
    store = options.written()
    view.show_schedule(store, options.day(store), options.output, sys.stdout)


@app.command(cls=Command)
@with_options
def remove(
    options: WriteOptions,
    numbers: EntryNumbers,
) -> None:
    """Remove entries from the schedule."""

    def operation(store: StoreFile) -> tuple[Changes, Sequence[ScheduleEntry]]:
        changes = entry_operations.remove_entries(store, numbers)
        return changes, [entry for entry in store.schedule if entry.number + 1 in numbers]

    for entry in transact(options, operation).result:
        options.report(f"entry {entry.number + 1} removed: {view.describe_entry(entry)}")


@app.command(cls=Command)
@with_options
def prune(options: WriteOptions) -> None:
    """Remove the entries whose last day is past."""

    def operation(store: StoreFile) -> tuple[Changes, Sequence[ScheduleEntry]]:
        past = entry_operations.past_entries(store, options.today(store))
        return entry_operations.remove_entries(store, [entry.number + 1 for entry in past]), past

    past = transact(options, operation).result
    for entry in past:
        options.report(f"entry {entry.number + 1} removed: {view.describe_entry(entry)}")
    if not past:
        options.say("no entry of the schedule is past: nothing to change")
