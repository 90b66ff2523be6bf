"""Files of rows, read as batches of text cells: CSV by any of four delimiters, compressed or not, and Parquet.

A record that has not the header's number of cells is given as it is: whoever reads it refuses it by its number.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, NamedTuple, TextIO

from backorderctl.errors import BackorderctlError, InvalidFile, Problem, system_reason
from backorderctl.files.access import MAX_SIZE, decompressed, format_size, open_input
from backorderctl.rows.columns import Header, Layout

DELIMITERS = (",", ";", "\t", "|")
PARQUET = b"PAR1"
CELL_LIMIT = 1 << 24
"""Characters in the longest cell, and bytes in the longest line: a page of HTML fits, not so the rest of a file after a
quote that is never closed."""
BATCH = 1 << 13
"""Records between two looks at how far the reading has come."""
END = "\ue000end of file\ue000"
"""A last line of our own: where it is not read as a record by itself, a quote before it was never closed."""

PLAIN = Layout()
"""A file with columns of our names, and a point before decimals."""

Record = tuple[int, int, Sequence[str]]
"""A record's number after the header, counted from 1, the line on which it begins, and its cells."""
REASON, LINE = "refused", "line"
"""Columns before those of the file; whatever reads the file passes over them, as over every other unknown one."""


class InputFile(NamedTuple):
    """A file to read, what messages call it, how large it may be, and how it is written.

    Standard input is read from a copy.
    """

    path: str
    name: str
    limit: int = MAX_SIZE
    layout: Layout = PLAIN


class Batch(NamedTuple):
    """Rows that follow each other: the number of the first record, the line on which it begins, and all their cells.

    A blank line is a row without cells, and no record.
    """

    number: int
    line: int
    rows: Sequence[Sequence[str]]

    def records(self) -> Iterator[Record]:
        """Each record with its number and its line."""
        number, line = self.number, self.line
        for cells, lines in zip(self.rows, self.lines(), strict=True):
            if cells:
                yield number, line, cells
                number += 1
            line += lines

    def lines(self) -> Iterator[int]:
        """How many lines each row takes."""
        return (1 + sum(len(_LINE_END.findall(cell)) for cell in cells) for cells in self.rows)


_LINE_END = re.compile("\r\n|\r|\n")


class Sheet:
    """A file of rows that is being read; the names of its columns are as they are written."""

    def __init__(self, file: str, header: Sequence[str], batches: Iterator[Batch], layout: Layout = PLAIN) -> None:
        self.file = file
        self.layout = layout
        self.batches = batches
        self._header = Header(file, header, layout)
        self.header = self._header.names
        self.column = self._header.column
        self.needed = self._header.needed

    @property
    def records(self) -> Iterator[Record]:
        """Every record that has not been read yet."""
        return chain.from_iterable(batch.records() for batch in self.batches)


@contextmanager
def open_sheet(file: InputFile, *, only: str | None = None, watch: Callable[[int], None]) -> Iterator[Sheet]:
    """The rows of a file while it is open; with `only`, those alone that may hold this text in a cell.

    InvalidFile or BackorderctlError, from whichever row, when the file cannot be read, is not UTF-8 or not whole.
    """
    with open_bytes(file) as raw, sheet_of(raw, file, only=only, glance=lambda: watch(raw.tell())) as sheet:
        yield sheet


@contextmanager
def sheet_of(
    raw: io.BufferedReader, file: InputFile, *, only: str | None = None, glance: Callable[[], None] | None = None
) -> Iterator[Sheet]:
    """The same of a file that is open already; `glance` is called now and then."""
    start = raw.peek(4)
    if start.startswith(PARQUET):
        from backorderctl.rows.parquet import parquet_rows

        with parquet_rows(file.path, name=file.name, only=only) as (header, rows):
            yield Sheet(file.name, header, _numbered(rows), file.layout)
        return
    with (
        decompressed(raw, file.name, limit=file.limit, longest_line=CELL_LIMIT) as content,
        io.TextIOWrapper(content, encoding="utf-8", newline="") as text,
    ):
        first = text.readline().removeprefix("\ufeff")
        dialect = delimiter(first)
        header = next(csv.reader([first], delimiter=dialect), [])
        if only is None:
            batches = _batches(file, text, dialect, glance or _nothing)
        else:
            batches = _batches_with(only, file, text, dialect)
        yield Sheet(file.name, header, batches, file.layout)


def delimiter(header: str) -> str:
    """The delimiter that parts the most names of a header line; it may have a name as long as any other cell."""
    csv.field_size_limit(CELL_LIMIT)
    return max(DELIMITERS, key=lambda each: len(next(csv.reader([header], delimiter=each), [])))


def csv_problem(error: csv.Error) -> str:
    """What is wrong with a record that the csv module refuses: a cell that is too long, or a quote without its pair."""
    if "field limit" in str(error):
        return f"expected at most {format_size(CELL_LIMIT)} in a cell, got more: is a quote not closed?"
    if "expected after" in str(error):
        return "expected the end of the cell after its closing quote, got more: a quote inside quotes is written twice"
    return "expected a closing quote, got none"


@contextmanager
def open_bytes(file: InputFile) -> Iterator[io.BufferedReader]:
    """The file's bytes while it is open; whatever is met while reading is a failure that names the file."""
    try:
        with open_input(file.path) as raw:
            yield raw
    except UnicodeDecodeError as error:
        raise BackorderctlError(f"{file.name}: expected UTF-8, got byte 0x{error.object[error.start]:02x}") from None
    except OSError as error:
        raise BackorderctlError(f"{file.name}: cannot read: {system_reason(error)}") from None


def _batches(file: InputFile, lines: Iterable[str], dialect: str, glance: Callable[[], None]) -> Iterator[Batch]:
    """All rows of the lines after the header."""
    # A cell that begins with a quote and does not end with one would be read as another: strictly, it is refused.
    reader = csv.reader(chain(lines, [END]), delimiter=dialect, strict=True)
    number, line = 1, 2
    while True:
        rows, error = _read_some(reader)
        batch = Batch(number, line, rows)
        number, line = number + len(rows) - rows.count([]), reader.line_num + 2
        if error is not None:
            begun = batch.line + sum(batch.lines())
            raise InvalidFile(file.name, [Problem(f"record {number}: {csv_problem(error)}", begun)])
        if rows[-1] == [END]:
            yield batch._replace(rows=rows[:-1])
            return
        yield batch
        glance()


def _read_some(reader: Iterator[list[str]]) -> tuple[list[list[str]], csv.Error | None]:
    """The next rows, and why they end early if they do."""
    rows: list[list[str]] = []
    try:
        rows.extend(islice(reader, BATCH))
    except csv.Error as error:
        return rows, error
    return rows, None


def _batches_with(only: str, file: InputFile, lines: Iterator[str], dialect: str) -> Iterator[Batch]:
    """The records that may hold a spelling of `only` in a cell, several times as fast as reading every one.

    A line with an odd number of quotes begins a record of several lines: from there on, all are read.
    """
    may_hold = _spelling_of(only)
    blank = 1
    for line, content in enumerate(lines, 2):
        if '"' in content and content.count('"') % 2:
            rest = _batches(file, chain([content], lines), dialect, _nothing)
            yield from (Batch(each.number + line - 1 - blank, each.line + line - 2, each.rows) for each in rest)
            return
        if may_hold(content):
            rows, error = _read_some(csv.reader([content], delimiter=dialect, strict=True))
            if error is not None:
                raise InvalidFile(file.name, [Problem(f"record {line - blank}: {csv_problem(error)}", line)])
            yield Batch(line - blank, line, rows)
        elif not content.strip("\r\n"):
            blank += 1


def _spelling_of(only: str) -> Callable[[str], object]:
    """Whether a line may hold the text in any letter case, with its quotes written once or, in quotes, twice."""
    if only.isascii() and '"' not in only:
        wanted = only.lower()
        return lambda line: wanted in line.lower()
    pattern = re.escape(only).replace('"', '"{1,2}')
    return re.compile(pattern, re.IGNORECASE).search


def _numbered(rows: Iterator[Sequence[str]]) -> Iterator[Batch]:
    """The rows of a file that has no lines."""
    number = 1
    while some := list(islice(rows, BATCH)):
        yield Batch(number, number + 1, some)
        number += len(some)


def _nothing() -> None:
    """No look at how far the reading has come."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not taken: its number after the header, the line on which it begins, why, and its cells."""

    file: str
    number: int
    line: int
    reason: str
    cells: Sequence[str]


def csv_writer(out: TextIO) -> Any:
    """A writer of CSV whose lines end in LF, with any cell in quotes that has a line end of any kind in it.

    The csv module only sees those characters that it ends lines with.
    """
    return csv.writer(_LineFeeds(out), lineterminator="\r\n")


class _LineFeeds:
    """A stream that takes whole lines which end in CR LF."""

    def __init__(self, out: TextIO) -> None:
        self._write = out.write

    def write(self, line: str) -> int:
        """Write a line with an LF at its end."""
        return self._write(f"{line[:-2]}\n")


def write_rejects(header: Sequence[str], refused: Iterable[Refused], out: TextIO) -> None:
    """Write the refused rows of one file, as they were, after why and where they were refused."""
    writer = csv_writer(out)
    writer.writerow([REASON, LINE, *header])
    for row in refused:
        writer.writerow([row.reason, row.line, *row.cells])
