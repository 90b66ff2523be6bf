"""The agenda: what begins and ends on coming days, and what follows."""

from collections.abc import Iterable, Iterator
from typing import TextIO

from backorderctl.output import diff, listing, settings
from backorderctl.output.effects import describe_effects, describe_value
from backorderctl.output.entries import entry_document
from backorderctl.output.format import Output, describe_place_in_full
from backorderctl.output.listing import Listing
from backorderctl.output.settings import describe_unreached
from backorderctl.output.table import Column
from backorderctl.policy.agenda import AgendaDay
from backorderctl.policy.diff import SettingChange
from backorderctl.store.model import ScheduleEntry

_COLUMNS = (Column("date"), Column("event"), Column("change", fold=True), Column("effect", fold=True))


def show_agenda(days: Iterable[AgendaDay], output: Output, out: TextIO) -> None:
    """Write the days."""
    match output:
        case Output.JSON:
            _json(days, out)
        case Output.CSV:
            rows = ((str(each.day), *row) for each in days for row in diff.csv_rows(each.difference))
            listing.show(Listing("changes", tuple(map(Column, ("date", *diff.CSV_COLUMNS))), rows), output, out)
        case Output.TABLE:
            lines = [row for each in days for row in change_rows(each)]
            listing.show(Listing("days", _COLUMNS, lines), output, out)


def _json(days: Iterable[AgendaDay], out: TextIO) -> None:
    separator = '{"days": ['
    for each in days:
        begins, ends = (
            listing.dumps([entry_document(each.store, entry, each.day) for entry in entries])
            for entries in (each.begins, each.ends)
        )
        out.write(f'{separator}\n{{"date": "{each.day}", "begins": {begins}, "ends": {ends},\n')
        diff.write_documents(each.difference, out)
        out.write(f',\n"unreached": {listing.dumps(list(map(settings.unreached_document, each.unreached)))}}}')
        separator = ","
    out.write('{"days": []}\n' if separator != "," else "\n]}\n")


def change_rows(day: AgendaDay) -> Iterator[tuple[str, str, str, str]]:
    """For each value that begins or ends: date, event, change, and with the first what follows for products."""
    changes = {(change.place, change.key): change for change in day.difference.settings}
    begun = {(entry.place, key) for entry in day.begins for key in entry.values}
    follows = (*describe_effects(day.difference.products), *describe_unreached(day.unreached))
    effect = "; ".join(filter(None, follows))
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
    return f"{describe_value(change.old)} -> {describe_value(change.new)}"
