"""CSV files as merchants have them: three delimiters, any line ends, quoted newlines, compressed or not.

Everything is read as a stream. Columns are found by name; a row that has not the header's number of cells is refused,
never shifted. A backslash is an ordinary character, as in Magento's own files.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO, NamedTuple, TypeVar

from backorderctl.errors import BackorderctlError, InvalidFile, Problem
from backorderctl.files.access import MAX_SIZE, decompressed, open_input
from backorderctl.magento.report import Count, ImportReport, Tally
from backorderctl.rows.delimited import CELL_LIMIT, END, Refused, csv_problem, delimiter

BLANK = " \t\r\n\ufeff"
"""What may stand before a header, and around its names: a byte-order mark is not always the first thing in a file."""
PROGRESS_INTERVAL = 500
"""Records between two calls of OnProgress."""
UTF_8 = "utf-8"

_NAME = re.compile(r"[\w .()/?#:&%+-]{0,60}")
"""What may be the name of a column, such as a message can quote."""

OnProgress = Callable[[int], None]
"""Called with the number of bytes of the file that have been read."""


@dataclass(frozen=True, slots=True)
class Input:
    """A file to read: the name that messages give it, how it is opened, its encoding, and how large it may be."""

    name: str
    open: Callable[[], io.BufferedReader]
    encoding: str = UTF_8
    limit: int = MAX_SIZE

    @contextmanager
    def content(self, *, longest_line: int | None = None) -> Iterator[io.BufferedReader]:
        """The bytes of the file, decompressed and limited, while it is open."""
        with self.open() as raw, decompressed(raw, self.name, limit=self.limit, longest_line=longest_line) as content:
            yield content


def file_input(path: str, *, encoding: str = UTF_8, limit: int = MAX_SIZE) -> Input:
    """The file at `path` as an input; BackorderctlError, once it is opened, when it cannot be."""
    return Input(name=path, open=lambda: open_input(path), encoding=encoding, limit=limit)


def bytes_input(content: bytes, name: str, *, encoding: str = UTF_8, limit: int = MAX_SIZE) -> Input:
    """What has been read of standard input, or from elsewhere, as an input."""
    return Input(name=name, open=lambda: io.BufferedReader(io.BytesIO(content)), encoding=encoding, limit=limit)


WhatItSays = TypeVar("WhatItSays")


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

    def needed(self, *columns: str | tuple[str, ...]) -> tuple[int, ...]:
        """The places of columns, each by the first of its names that there is; InvalidFile that names the missing."""
        named = [(column,) if isinstance(column, str) else column for column in columns]
        places = [self.column(*names) for names in named]
        if missing := [repr(names[0]) for names, place in zip(named, places, strict=True) if place is None]:
            *others, last = missing
            what = f"columns {', '.join(others)} and {last}" if others else f"a column {last}"
            raise InvalidFile(self.file, [Problem(f"expected {what}, got {self.quoted_header()}", 1)])
        return tuple(place for place in places if place is not None)

    def quoted_header(self) -> str:
        """The header as a message quotes it, if it looks like one: what is no CSV file may hold secrets."""
        if not any(self.header):
            return "an empty file"
        if not all(_NAME.fullmatch(name) for name in self.header):
            return "no header"
        return ", ".join(self.header[:8]) + (", ..." if len(self.header) > 8 else "")


@contextmanager
def open_table(
    source: Input,
    report: ImportReport,
    what: Count,
    watch: OnProgress = lambda _: None,
    *,
    unread: str | None = None,
) -> Iterator[Table]:
    """The table in the file while it is open; its rows are counted as `what`, malformed ones are refused.

    The column `unread` is not needed: it may hold quotes after a backslash, as SELECT ... INTO OUTFILE writes them.

    InvalidFile, from whichever row, when the file is in another encoding or no CSV; BackorderctlError when it is
    damaged or too large, cannot be read, or its encoding is unknown.
    """
    csv.field_size_limit(CELL_LIMIT)
    with (
        source.open() as raw,
        decompressed(raw, source.name, limit=source.limit, longest_line=CELL_LIMIT) as content,
        _text(source, content) as text,
    ):
        report.count(what, 0)  # comes first in the report, and also when there is no row
        try:
            table = _table(source.name, text, report, what, lambda: watch(raw.tell()) if raw.seekable() else None)
            place = table.column(unread) if unread else None
            yield table if place is None else table._replace(rows=_whole_rows(table, place, report))
        except UnicodeError:
            hint = "save it as UTF-8, or name its encoding, such as --encoding cp1252"
            raise InvalidFile(source.name, [undecodable(source)], hint=hint) from None


class RowProblems:
    """What is wrong with the cells of one row: all of it, in one message."""

    def __init__(self) -> None:
        self._messages: list[str] = []

    def read(self, cell: Callable[[], WhatItSays], otherwise: WhatItSays) -> WhatItSays:
        """What a cell says; `otherwise`, with its problem kept, when it raises BackorderctlError."""
        try:
            return cell()
        except InvalidFile:
            raise
        except BackorderctlError as failure:
            self._messages.append(failure.message)
            return otherwise

    def check(self) -> None:
        """BackorderctlError when anything was wrong."""
        if self._messages:
            raise BackorderctlError("; ".join(self._messages))


def take_rows(table: Table, report: ImportReport, take: Callable[[CsvRow], None]) -> None:
    """Take each row; one for which `take` raises BackorderctlError is refused, and InvalidFile refuses the file."""
    for row in table.rows:
        try:
            take(row)
        except InvalidFile:
            raise
        except BackorderctlError as failure:
            report.refuse(
                Refused(file=table.file, number=row.number, line=row.line, reason=failure.message, cells=row.cells)
            )


def undecodable(source: Input) -> Problem:
    """The first byte of an input that is not in its encoding."""
    with source.content() as content:
        for number, line in enumerate(content, 1):
            try:
                line.decode(source.encoding)
            except UnicodeDecodeError as error:
                found = f"expected {source.encoding.upper()}, got byte 0x{line[error.start]:02x}"
                return Problem(found, number, error.start + 1)
            except UnicodeError:  # such as UTF-16 without the mark that says its order of bytes
                break
    return Problem(f"expected {source.encoding.upper()}, got something else")


def _text(source: Input, content: BinaryIO) -> io.TextIOWrapper:
    try:
        return io.TextIOWrapper(content, encoding=source.encoding, newline="")
    except (LookupError, UnicodeError):
        raise BackorderctlError(f"--encoding: expected one such as cp1252, got {source.encoding!r}") from None


def _table(name: str, text: io.TextIOWrapper, report: ImportReport, what: Count, glance: Callable[[], None]) -> Table:
    before, first = 0, ""
    for first in text:
        if first.strip(BLANK):
            break
        before += 1
    lines = chain([first.lstrip(BLANK.replace("\t", ""))], text, [END])
    records = csv.reader(lines, delimiter=delimiter(first))
    try:
        names = next(records, [])
    except csv.Error as error:
        raise InvalidFile(name, [Problem(f"header: {csv_problem(error)}", before + 1)]) from None
    if names != [END] and END in "".join(names[-1:]):
        names = [END]
    if first.strip(BLANK) and names == [END]:
        raise InvalidFile(name, [Problem("header: expected a closing quote, got none", before + 1)])
    header = tuple(name.strip(BLANK).lower() for name in names)
    report.headers[name] = header
    return Table(name, header, _rows(name, len(header), records, before, report, report.counts[what], glance))


def _rows(
    name: str, width: int, records: Any, before: int, report: ImportReport, tally: Tally, glance: Callable[[], None]
) -> Iterator[CsvRow]:
    """The rows that have `width` cells; `before` counts the lines above the header."""
    number, line = 0, 1
    while True:
        begun, line = line, before + records.line_num + 1
        try:
            cells = next(records)
        except StopIteration:
            raise _unclosed(name, number, begun) from None
        except csv.Error as error:
            problem = Problem(f"record {number + 1}: {csv_problem(error)}", line)
            raise InvalidFile(name, [problem]) from None
        if cells == [END]:
            return
        if not cells or not (cells[0] or any(map(str.strip, cells))):
            continue  # spreadsheets leave such lines at the end
        number += 1
        tally.number = number
        if len(cells) == width:
            yield CsvRow(number, line, cells)
        else:
            report.refuse(
                Refused(
                    file=name, number=number, line=line, reason=f"expected {width} cells, got {len(cells)}", cells=cells
                )
            )
        if not number % PROGRESS_INTERVAL:
            glance()


def _whole_rows(table: Table, place: int, report: ImportReport) -> Iterator[CsvRow]:
    """The rows of a table, those mended that the commas in the unread cell at `place` have cut into more cells."""
    refused = len(report.refused)
    for row in table.rows:
        yield from _mended(table, place, report, refused)
        yield row
        refused = len(report.refused)
    yield from _mended(table, place, report, refused)


def _mended(table: Table, place: int, report: ImportReport, since: int) -> Iterator[CsvRow]:
    """The rows that have been refused meanwhile, if the cell at `place` is why, in place of their refusals."""
    refused = report.refused[since:]
    del report.refused[since:]
    for row in refused:
        extra = len(row.cells) - len(table.header)
        if extra > 0 and '\\"' in "".join(row.cells[place : place + extra + 1]):
            cells = [*row.cells[:place], "", *row.cells[place + extra + 1 :]]
            yield CsvRow(row.number, row.line, cells)
        else:
            report.refuse(row)


def _unclosed(name: str, number: int, line: int) -> InvalidFile:
    return InvalidFile(name, [Problem(f"record {number}: expected a closing quote, got none", line)])


class Known(NamedTuple):
    """A kind of file: columns that only such a file has together, its name, and the option that takes it."""

    columns: frozenset[str]
    name: str
    option: str | None = None


def _known(columns: str, name: str, option: str | None = None) -> Known:
    return Known(frozenset(columns.split("|")), name, option)


MAGENTO_PRODUCTS = "Magento product CSV"
KNOWN = (
    _known("handle|variant sku", "Shopify product export"),
    _known("handle|variant inventory qty", "Shopify product export"),
    _known("url handle|inventory quantity", "Shopify product export"),
    _known("handle|option1 name|location", "Shopify inventory export"),
    _known("handle|option1 name|sku", "Shopify inventory export"),
    _known("in stock?", "WooCommerce product export"),
    _known("is featured?|sku", "WooCommerce product export"),
    _known("regular price|sku|published", "WooCommerce product export"),
    _known("post_title|sku", "WooCommerce product export"),
    _known("stock_status|sku|regular_price", "WooCommerce product export"),
    _known("product code/sku", "BigCommerce product export"),
    _known("sku|current stock level", "BigCommerce product export"),
    _known("seller-sku", "Amazon listing report"),
    _known("sku|asin", "Amazon inventory report"),
    _known("custom label (sku)", "eBay listing export"),
    _known("token|item name|sku", "Square item export"),
    _known("sku|tier_price_qty", "Magento advanced pricing CSV"),
    _known("stock_name|source_code", "list of Magento stocks and their sources"),
    _known("source_code|sku", "Magento stock_sources CSV", "--stock-sources"),
    _known("reservation_id|sku", "Magento inventory_reservation table", "--reservations"),
    _known("stock_id|sku|quantity", "Magento inventory_reservation table", "--reservations"),
    _known("sku|reserved", "file of reservations", "--reservations"),
    _known("path|value", "Magento configuration", "--config"),
    _known("key|value|product", "backorderctl export csv, which config apply reads"),
    _known("sku|product_type|attribute_set_code", MAGENTO_PRODUCTS, "--products"),
    _known("sku|_type|_attribute_set", MAGENTO_PRODUCTS, "--products"),
    _known("sku|allow_backorders", MAGENTO_PRODUCTS, "--products"),
)
"""More specific kinds come first."""


def recognized(header: Sequence[str]) -> Known | None:
    """The kind of file that has this header, in lower case; None for a header that is not known."""
    names = set(header)
    return next((known for known in KNOWN if known.columns <= names), None)


def check_header(table: Table, option: str, expected: str) -> None:
    """InvalidFile, with the option that takes it if there is one, when the file is of another known kind."""
    known = recognized(table.header)
    if known is not None and known.option != option:
        hint = f"did you mean {known.option}?" if known.option else None
        article = "an" if known.name[0] in "AaeE" else "a"
        raise InvalidFile(
            table.file, [Problem(f"expected {expected}, but this looks like {article} {known.name}", 1)], hint=hint
        )
