"""CSV files as merchants have them: any of three delimiters, any line ends, quoted newlines, a mark, compressed or not.

Everything is read as a stream. Columns are found by name; a row that has not the header's number of cells is refused,
never shifted. A backslash is an ordinary character, as in Magento's own files.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from backorderctl.errors import BackorderctlError, InvalidFile, Problem
from backorderctl.magento.report import Refused, Report

DELIMITERS = (",", ";", "\t")
CELL_LIMIT = 1 << 24
"""Characters in the longest cell: a page of HTML fits, not so a file's rest after a quote that is never closed."""
GZIP = b"\x1f\x8b"
BLANK = " \t\r\n\ufeff"
"""What may stand before a header, and around its names: a byte-order mark is not always the first thing in a file."""
END = "\ue000end of file\ue000"
"""A last row of our own: where it does not come out as one, a quote before it was never closed."""
GLANCE = 500
"""Records between two looks at how far the reading has come."""

_NAME = re.compile(r"[\w .-]{0,40}")
"""What may be the name of a column, such as a message can quote."""

OnProgress = Callable[[int], None]
"""Is told how many bytes of the file have been read."""


class CsvRow(NamedTuple):
    """A record: its number after the header, counted from 1, the line on which it begins, its cells."""

    number: int
    line: int
    cells: list[str]


class Table(NamedTuple):
    """A CSV file that is being read; the names of its columns are in lower case."""

    file: str
    header: tuple[str, ...]
    rows: Iterator[CsvRow]

    def column(self, *names: str) -> int | None:
        """The place of the first of these columns that the file has; InvalidFile when it has that one twice."""
        for name in names:
            if self.header.count(name) > 1:
                raise InvalidFile(self.file, [Problem(f"column {name!r}: expected once, got it twice", 1)])
            if name in self.header:
                return self.header.index(name)
        return None

    def needed(self, *names: str) -> int:
        """The place of the first of these columns that the file has; InvalidFile when it has none."""
        place = self.column(*names)
        if place is None:
            raise InvalidFile(self.file, [Problem(f"expected a column {names[0]!r}, got {self._found()}", 1)])
        return place

    def _found(self) -> str:
        """The header in words, as far as it looks like one: a file that is no CSV may hold what nobody should see."""
        if not any(self.header):
            return "an empty file"
        if not all(_NAME.fullmatch(name) for name in self.header):
            return "no header"
        return ", ".join(self.header[:8]) + (", ..." if len(self.header) > 8 else "")


@contextmanager
def open_table(path: str, report: Report, what: str, watch: OnProgress = lambda _: None) -> Iterator[Table]:
    """The table in the file, while it is open; its rows are counted as `what`, those that are none go to the report.

    InvalidFile, from whichever row, when the file is not UTF-8, not whole or no CSV; OSError when it cannot be read.
    """
    csv.field_size_limit(CELL_LIMIT)
    with (
        Path(path).open("rb") as raw,
        whole(path),
        io.TextIOWrapper(unpacked(raw), encoding="utf-8", newline="") as text,
    ):
        try:
            report.count(what, 0)  # stands first, and also where there is none
            yield _table(path, text, report, what, lambda: watch(raw.tell()) if raw.seekable() else None)
        except UnicodeDecodeError:
            raise InvalidFile(path, [_not_utf8(path)], hint="save it as UTF-8") from None


@contextmanager
def whole(path: str) -> Iterator[None]:
    """BackorderctlError when what is read meanwhile turns out to be a damaged gzip file."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise BackorderctlError(f"{path}: expected a whole gzip file, got a damaged one") from None


def unpacked(raw: io.BufferedReader) -> BinaryIO:
    """The content of an open file, decompressed when it begins as gzip does."""
    return cast("BinaryIO", gzip.open(raw) if raw.peek(2).startswith(GZIP) else raw)


def _table(path: str, text: io.TextIOWrapper, report: Report, what: str, glance: Callable[[], None]) -> Table:
    before, first = 0, ""
    for first in text:
        if first.strip(BLANK):
            break
        before += 1
    lines = chain([first.lstrip(BLANK.replace("\t", ""))], text, [END])
    records = csv.reader(lines, delimiter=_delimiter(first))
    try:
        names = next(records, [])
    except csv.Error:
        names = [END]
    if names != [END] and END in "".join(names[-1:]):
        names = [END]
    if first.strip(BLANK) and names == [END]:
        raise InvalidFile(path, [Problem("header: expected a closing quote, got none", before + 1)])
    header = tuple(name.strip(BLANK).lower() for name in names)
    report.headers[path] = header
    return Table(path, header, _rows(path, len(header), records, before, report, what, glance))


def _delimiter(header: str) -> str:
    """The delimiter that parts the most names of the header line."""
    return max(DELIMITERS, key=lambda delimiter: len(next(csv.reader([header], delimiter=delimiter), [])))


def _rows(
    path: str, width: int, records: Any, before: int, report: Report, what: str, glance: Callable[[], None]
) -> Iterator[CsvRow]:
    """The rows that have `width` cells; `before` counts the lines above the header."""
    number, line = 0, 1
    while True:
        begun, line = line, before + records.line_num + 1
        try:
            cells = next(records)
        except StopIteration:
            raise _unclosed(path, number, begun) from None
        except csv.Error:
            raise _unclosed(path, number + 1, line) from None
        if cells == [END]:
            return
        if not cells or not (cells[0] or any(map(str.strip, cells))):
            continue  # spreadsheets leave such lines at the end
        number += 1
        report.counts[what] = number
        if len(cells) == width:
            yield CsvRow(number, line, cells)
        else:
            report.refuse(Refused(path, number, line, f"expected {width} cells, got {len(cells)}", cells))
        if not number % GLANCE:
            glance()


def _unclosed(path: str, number: int, line: int) -> InvalidFile:
    return InvalidFile(path, [Problem(f"record {number}: expected a closing quote, got none", line)])


def _not_utf8(path: str) -> Problem:
    with Path(path).open("rb") as raw:
        for number, line in enumerate(unpacked(raw), 1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                return Problem(f"expected UTF-8, got byte 0x{line[error.start]:02x}", number, error.start + 1)
    return Problem("expected UTF-8, got something else")
