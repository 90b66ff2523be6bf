"""The rows that an import refused, as a CSV that can be mended and imported."""

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO

from backorderctl.magento.report import Refused

REASON, LINE = "refused", "line"
"""Columns before those of the file; an import passes over them, as over every other that it does not know."""


def write_rejects(header: Sequence[str], refused: Iterable[Refused], out: TextIO) -> None:
    """Write the refused rows of one file, as they were, after why and where they were refused."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([REASON, LINE, *header])
    for row in refused:
        writer.writerow([row.reason, row.line, *row.cells])
