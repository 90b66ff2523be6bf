"""Findings and rules: for people, for programs, and as annotations of GitHub."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import groupby
from typing import TextIO

from backorderctl.check.findings import Finding, FoundAt, LocatedFinding
from backorderctl.check.registry import Rule, Severity
from backorderctl.check.rules import RULES
from backorderctl.output import listing, table
from backorderctl.output.finding_text import message, message_and_hint
from backorderctl.output.format import Cell, Output, describe_place_in_full, format_hint, printable
from backorderctl.output.listing import Listing
from backorderctl.output.table import Column


class FindingFormat(StrEnum):
    """The shapes in which findings can be given."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    GITHUB = "github"
    SARIF = "sarif"


_FINDINGS = tuple(
    map(
        Column,
        (
            "code", "severity", "message", "file", "line", "scope", "stock", "source", "product", "key", "count",
            "hint", "since",
        ),
    )
)  # fmt: skip
_RULES = tuple(map(Column, ("code", "name", "severity", "kind", "reason", "remedy")))
_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold blue"}
_ANNOTATIONS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def show_findings(
    found: Sequence[LocatedFinding],
    output: FindingFormat,
    out: TextIO,
    *,
    complete: bool = True,
    every_place: bool = False,
) -> None:
    """Write the findings; not `complete` when a file could not be read. A table may list `every_place`."""
    match output:
        case FindingFormat.TABLE:
            _page(found, out, every_place=every_place)
        case FindingFormat.GITHUB:
            out.writelines(_annotation(*each) + "\n" for each in found)
        case FindingFormat.SARIF:
            from backorderctl.output import sarif

            out.write(listing.dumps(sarif.log(found, complete=complete), indent=2) + "\n")
        case FindingFormat.JSON:
            _json(found, out)
        case _:
            listing.show(Listing("findings", _FINDINGS, map(_row, found)), Output(output.value), out)


def show_rules(output: Output, out: TextIO) -> None:
    """Write the rules."""
    if output is Output.TABLE:
        out.write("\n".join(_paragraph(rule) for rule in RULES.values()))
    else:
        listing.show(Listing("rules", _RULES, map(_rule_row, RULES.values())), output, out)


def _row(located: LocatedFinding) -> tuple[Cell, ...]:
    file, finding = located
    hint = format_hint(finding.hint) if finding.hint else None
    place = finding.place or (None,) * 4
    return (
        finding.code, finding.severity, message(finding), file, finding.line, *place, finding.key, finding.count, hint,
        finding.since and str(finding.since),
    )  # fmt: skip


def _json(found: Sequence[LocatedFinding], out: TextIO) -> None:
    rows = [listing.dumps(finding_document(located)) for located in found]
    out.write('{"findings": [' + ("\n" + ",\n".join(rows) + "\n" if rows else "") + "]}\n")


def finding_document(located: LocatedFinding) -> dict[str, object]:
    """The row with all the places of the finding, which no cell of a table or CSV could hold."""
    since = located.finding.since and str(located.finding.since)
    places = [
        {**found_at.place._asdict(), "line": found_at.line, "since": since} for found_at in located.finding.places
    ]
    row = zip((column.name for column in _FINDINGS), _row(located), strict=True)
    return {**dict(row), "places": places}


def _rule_row(rule: Rule) -> tuple[Cell, ...]:
    return (rule.code, rule.name, rule.severity, rule.kind, rule.reason, rule.remedy)


def _paragraph(rule: Rule) -> str:
    head = f"{rule.code} {rule.name} ({rule.kind}, {rule.severity})"
    return f"{head}\n  finds  {rule.reason}\n  to do  {rule.remedy}\n"


def _page(found: Sequence[LocatedFinding], out: TextIO, *, every_place: bool) -> None:
    """How bad, which rule and where, what it is, and below it what to type; a blank line before the next file."""
    from rich.table import Table
    from rich.text import Text

    with table.screen(out) as console:
        for number, (file, group) in enumerate(groupby(found, key=lambda each: each.file)):
            if number:
                console.print()
            findings = [finding for _, finding in group]
            width = max(len(finding.severity) for finding in findings)
            for finding in findings:
                grid = Table.grid(padding=(0, 1, 0, 0))
                grid.add_column(no_wrap=True, width=width)
                grid.add_column(no_wrap=True)
                grid.add_column(overflow="fold")
                severity = Text(finding.severity, style=_STYLES[finding.severity])
                grid.add_row(severity, finding.code, printable(f"{_where(file, finding)} {message(finding)}"))
                console.print(grid)
                indent = " " * (width + len(finding.code) + 2)
                for found_at in finding.places if every_place else ():
                    line = "" if found_at.line is None else f":{found_at.line}"
                    console.print(Text(f"{indent}{printable(file)}{line} {_place(found_at)}"), soft_wrap=True)
                if finding.hint:
                    # One line, however long: of a command that is broken in two, the first half is another command.
                    hint = Text(indent + printable(format_hint(finding.hint)), style="dim")
                    console.print(hint, soft_wrap=True)


def _place(found_at: FoundAt) -> str:
    return printable(describe_place_in_full(found_at.place))


def _where(file: str, finding: Finding) -> str:
    return file if finding.line is None else f"{file}:{finding.line}"


def _annotation(file: str, finding: Finding) -> str:
    """A workflow command: `::error file=store.toml,line=5,title=BO101 unlimited-by-accident::message`."""
    properties = {"file": file, "line": finding.line, "title": f"{finding.code} {RULES[finding.code].name}"}
    shown = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items() if value is not None)
    return f"::{_ANNOTATIONS[finding.severity]} {shown}::{_data(message_and_hint(finding))}"


def _data(text: str) -> str:
    return printable(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
