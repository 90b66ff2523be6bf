"""What an import has read, refused and ignored, in words."""

from collections.abc import Iterator, Sequence

from backorderctl.errors import Problem
from backorderctl.magento.report import Refused, Report

SHOWN = 20
"""Refused rows that are named one by one."""


def summary(reports: Sequence[Report]) -> Iterator[str]:
    """What was counted, a line each."""
    for report in reports:
        yield from (f"{number:>9} {what}" for what, number in report.counts.items() if number or what.endswith(" rows"))
    for report in reports:
        yield from (f"{note.times:>9} {what} (first: {note.first})" for what, note in report.notes.items())


def refusals(refused: Sequence[Refused]) -> str:
    """Why rows are refused, a line each for the first of them."""
    lines = [Problem(f"record {row.number}: {row.reason}", row.line).at(row.file) for row in refused[:SHOWN]]
    more = len(refused) - SHOWN
    return "\n".join([*lines, f"{more} more rows are refused"] if more > 0 else lines)
