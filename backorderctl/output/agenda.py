"""The agenda: what begins and ends on coming days, and what follows."""

from collections.abc import Iterable, Iterator
from typing import TextIO

from backorderctl.output import diff, table, unreached
from backorderctl.output.format import Output, describe_place_in_full
from backorderctl.output.schedule import document
from backorderctl.output.table import Column, Listing
from backorderctl.output.unreached import sentences
from backorderctl.policy.agenda import AgendaDay
from backorderctl.policy.diff import SettingChange
from backorderctl.store.model import ScheduleEntry

_COLUMNS = (Column("date"), Column("event"), Column("change", fold=True), Column("effect", fold=True))


def show(days: Iterable[AgendaDay], output: Output, out: TextIO) -> None:
    """Write the days."""
    match output:
        case Output.JSON:
            _json(days, out)
        case Output.CSV:
            rows = ((str(each.day), *row) for each in days for row in diff.csv_rows(each.difference))
            table.show(Listing("changes", tuple(map(Column, ("date", *diff.CSV_COLUMNS))), rows), output, out)
        case Output.TABLE:
            lines = [row for each in days for row in change_rows(each)]
            table.show(Listing("days", _COLUMNS, lines), output, out)


def _json(days: Iterable[AgendaDay], out: TextIO) -> None:
    separator = '{"days": ['
    for each in days:
        begins, ends = (
            table.dumps([document(each.store, entry, each.day) for entry in entries])
            for entries in (each.begins, each.ends)
        )
        out.write(f'{separator}\n{{"date": "{each.day}", "begins": {begins}, "ends": {ends},\n')
        diff.write_documents(each.difference, out)
        out.write(f',\n"unreached": {table.dumps(list(map(unreached.document, each.unreached)))}}}')
        separator = ","
    out.write('{"days": []}\n' if separator != "," else "\n]}\n")


def change_rows(day: AgendaDay) -> Iterator[tuple[str, str, str, str]]:
    """For each value that begins or ends: date, event, change, and with the first what follows for products."""
    changes = {(change.place, change.key): change for change in day.difference.settings}
    begun = {(entry.place, key) for entry in day.begins for key in entry.values}
    effect = "; ".join(filter(None, (*diff.describe_effects(day.difference.products), *sentences(day.unreached))))
    for event, entries in (("ends", day.ends), ("begins", day.begins)):
        for entry, key in _values(entries):
            at = (entry.place, key)
            if event == "begins" or at not in begun:
                change = f"{describe_place_in_full(entry.place)} {key}: {_change(changes.get(at))}"
                yield (str(day.day), event, change, effect)
                effect = ""


def _values(entries: Iterable[ScheduleEntry]) -> Iterator[tuple[ScheduleEntry, str]]:
    return ((entry, key) for entry in entries for key in entry.values)


def _change(change: SettingChange | None) -> str:
    if change is None:
        return "no change"
    return f"{diff.describe_value(change.old)} -> {diff.describe_value(change.new)}"
