"""Files of rows, read as a stream of text cells: CSV by any of three delimiters, compressed or not, and Parquet.

A record that has not the header's number of cells is given as it is: whoever reads it refuses it by its number.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import NamedTuple, TextIO

from backorderctl.errors import BackorderctlError, InvalidFile, Problem, system_reason
from backorderctl.toml.file_access import MAX_SIZE, decompressed, format_size, open_input

DELIMITERS = (",", ";", "\t")
PARQUET = b"PAR1"
CELL_LIMIT = 1 << 24
"""Characters in the longest cell, and bytes in the longest line: a page of HTML fits, not so the rest of a file after a
quote that is never closed."""
GLANCE = 1 << 13
"""Records between two looks at how far the reading has come."""
END = "\ue000end of file\ue000"
"""A last line of our own: where it is no record by itself, a quote before it was never closed."""

Record = tuple[int, int, Sequence[str]]
"""A record's number after the header, counted from 1, the line on which it begins, and its cells."""
REASON, LINE = "refused", "line"
"""Columns before those of the file; whatever reads the file passes over them, as over every other unknown one."""


class InputFile(NamedTuple):
    """A file to read, what messages call it, and how large it may be: standard input is read from a copy."""

    path: str
    name: str
    limit: int = MAX_SIZE


class Sheet:
    """A file of rows that is being read; the names of its columns are in lower case."""

    def __init__(self, file: str, header: Sequence[str], records: Iterator[Record]) -> None:
        self.file = file
        self.header = tuple(header)
        self.records = records

    def column(self, name: str) -> int | None:
        """The place of a column, None when the file has none; InvalidFile when it has it twice."""
        if self.header.count(name) > 1:
            raise InvalidFile(self.file, [Problem(f"column {name!r}: expected once, got it twice", 1)])
        return self.header.index(name) if name in self.header else None

    def needed(self, name: str) -> int:
        """The place of a column; InvalidFile when the file has none."""
        place = self.column(name)
        if place is None:
            found = ", ".join(self.header)
            found = "an empty file" if not found else found if len(found) <= 100 else found[:97] + "..."
            raise InvalidFile(self.file, [Problem(f"expected a column {name!r}, got {found}", 1)])
        return place


@contextmanager
def open_sheet(file: InputFile, *, only: str | None = None, watch: Callable[[int], None]) -> Iterator[Sheet]:
    """The rows of a file while it is open; with `only`, those alone that may hold this text in a cell.

    InvalidFile or BackorderctlError, from whichever row, when the file cannot be read, is not UTF-8 or not whole.
    """
    with _opened(file) as raw:
        start = raw.peek(4)
        if start.startswith(PARQUET):
            from backorderctl.store.parquet import parquet_rows

            header, rows = parquet_rows(file.path, name=file.name, only=only)
            yield Sheet(file.name, header, ((number, number + 1, row) for number, row in enumerate(rows, 1)))
            return
        csv.field_size_limit(CELL_LIMIT)
        with (
            decompressed(raw, file.name, limit=file.limit, longest_line=CELL_LIMIT) as content,
            io.TextIOWrapper(content, encoding="utf-8-sig", newline="") as text,
        ):
            first = text.readline()
            dialect = delimiter(first)
            header = [name.strip().lower() for name in next(csv.reader([first], delimiter=dialect), [])]
            if only is None:
                records = _records(file, text, dialect, lambda: watch(raw.tell()))
            else:
                records = _records_with(only, file, text, dialect)
            yield Sheet(file.name, header, records)


def delimiter(header: str) -> str:
    """The delimiter that parts the most names of a header line."""
    return max(DELIMITERS, key=lambda each: len(next(csv.reader([header], delimiter=each), [])))


def csv_problem(error: csv.Error) -> str:
    """What is wrong with a record that the csv module refuses: a cell that is too long, or a quote without its pair."""
    if "field limit" in str(error):
        return f"expected at most {format_size(CELL_LIMIT)} in a cell, got more: is a quote not closed?"
    return "expected a closing quote, got none"


@contextmanager
def _opened(file: InputFile) -> Iterator[io.BufferedReader]:
    """The file's bytes while it is open; whatever is met while reading is a failure that names the file."""
    try:
        with open_input(file.path) as raw:
            yield raw
    except UnicodeDecodeError as error:
        raise BackorderctlError(f"{file.name}: expected UTF-8, got byte 0x{error.object[error.start]:02x}") from None
    except OSError as error:
        raise BackorderctlError(f"{file.name}: cannot read: {system_reason(error)}") from None


def _records(file: InputFile, lines: Iterable[str], dialect: str, glance: Callable[[], None]) -> Iterator[Record]:
    """Every record of the lines after the header; blank lines are none."""
    reader = csv.reader(chain(lines, [END]), delimiter=dialect)
    number, begun, line = 0, 1, 1
    try:
        for cells in reader:
            begun, line = line + 1, reader.line_num + 1
            if not cells:
                continue
            number += 1
            if len(cells) == 1 and cells[0] == END:
                return
            yield number, begun, cells
            if not number % GLANCE:
                glance()
    except csv.Error as error:
        raise InvalidFile(file.name, [Problem(f"record {number + 1}: {csv_problem(error)}", line + 1)]) from None
    raise InvalidFile(file.name, [Problem(f"record {number}: expected a closing quote, got none", begun)])


def _records_with(only: str, file: InputFile, lines: Iterator[str], dialect: str) -> Iterator[Record]:
    """The records that may hold a cell `only`, several times as fast as reading every one.

    A line with an odd number of quotes begins a record of several lines: from there on, all are read.
    """
    blank = 1
    for line, content in enumerate(lines, 2):
        if only in content or '"' in content:
            if content.count('"') % 2:
                rest = _records(file, chain([content], lines), dialect, _nothing)
                yield from ((number + line - 1 - blank, begun + line - 2, cells) for number, begun, cells in rest)
                return
            for cells in csv.reader([content], delimiter=dialect):
                yield line - blank, line, cells
        elif not content.strip("\r\n"):
            blank += 1


def _nothing() -> None:
    """No look at how far the reading has come."""


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
