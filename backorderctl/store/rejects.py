"""The rows of a file that were refused, as a CSV that can be mended and read again."""

import csv
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TextIO

REASON, LINE = "refused", "line"
"""Columns before those of the file; whatever reads the file passes over them, as over every other unknown one."""


class Refused(NamedTuple):
    """A row that was not taken: its number after the header, the line on which it begins, why, and its cells."""

    file: str
    number: int
    line: int
    reason: str
    cells: Sequence[str]


def write_rejects(header: Sequence[str], refused: Iterable[Refused], out: TextIO) -> None:
    """Write the refused rows of one file, as they were, after why and where they were refused."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([REASON, LINE, *header])
    for row in refused:
        writer.writerow([row.reason, row.line, *row.cells])
