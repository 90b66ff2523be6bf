"""What a run asks of an engine, and the SELECTs by which every engine reads rows as text and takes what is exact.

Anything else becomes NULL, and is refused.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

from backorderctl.bulk.inputs import RowsFile
from backorderctl.bulk.job import Job
from backorderctl.bulk.policy_tables import SqlTable
from backorderctl.bulk.sql_text import known_source
from backorderctl.rows.quantities_file import QUANTITY, SOURCE_CODE, STATUS, STATUSES
from backorderctl.rows.reserved_file import RESERVED, STOCK_COLUMN, only_stock
from backorderctl.rows.rows_read import STOCK_ID
from backorderctl.store.scalars import StockStatus
from backorderctl.store.sku import SKU

NUMBER = r"[+-]?(0*[0-9]{1,8}([.][0-9]{0,4}0*)?|[.][0-9]{1,4}0*)"
"""A number that DECIMAL(12,4) holds exactly, as `parse_quantity` reads it."""
OWN_STATUS = 2
"""The status in a file without that column: the store file's, else in stock."""


class Engine(Protocol):
    """What runs the SQL text: six methods, and the fragments of SQL in which engines differ."""

    name: str
    needs: str
    """What files have to be like, beside what every reader asks of them."""
    lowered: str
    """How each character of a {name} is lowered by itself."""
    plain: str
    """How the number of a {column} is written without trailing zeros."""
    part: str
    """The condition that a lowered {name} belongs to the part of that {number}."""
    parts: int
    """Into how many parts the SKUs are cut, one after the other."""

    def text(self, word: str) -> str:
        """A text as SQL has it."""

    def cell(self, file: RowsFile, column: str) -> str:
        """A column of a file as text."""

    def number(self, file: RowsFile, column: str) -> str:
        """A column as a number with 4 places; NULL where the cell is no number or has more places."""

    def no_sku(self, column: str) -> str:
        """The condition that a text, or NULL, is no SKU."""

    def located(self, file: RowsFile) -> RowsFile:
        """The file as the engine finds it, with its columns."""

    def reader(self, files: Sequence[RowsFile]) -> str:
        """What stands after FROM to read files of the same kind."""

    def load(self, table: SqlTable) -> None:
        """Make a table of few rows."""

    def keep(self, name: str, query: str, *, view: bool = False) -> None:
        """Give a name to the result of a query, or to the query itself, in place of what had it before."""

    def fetch(self, query: str) -> Sequence[Sequence[Any]]:
        """The rows of a query."""

    def passed_over(self) -> bool:
        """Whether a record was no record, such as one with too few cells, and is in no row."""

    def target(self, to: str) -> AbstractContextManager[Path]:
        """Where to write what shall be in `to` when the block ends well."""

    def write(self, query: str, aside: Path, to: str, marks: Mapping[str, str]) -> int:
        """Write the answers of the next part, the last of which completes the file; gives how many they are."""


def quantities_query(engine: Engine, job: Job) -> str:
    """The rows of all quantities files: source_code, sku, quantity, status, and 1 where the source is respelled."""
    return "\nUNION ALL\n".join(_quantities(engine, files, job) for files in _alike(job.quantities))


def sources_query(engine: Engine, job: Job) -> str:
    """The source codes of all quantities files: as they are spelled, and as the store file does."""
    parts = []
    for files in _alike(job.quantities):
        cell = _source_cell(engine, files[0])
        name = known_source(cell, job.tables.sources)
        parts.append(f"SELECT {cell} AS spelling, {name} AS name FROM {engine.reader(files)}")
    return "\nUNION ALL\n".join(parts)


def reservations_query(engine: Engine, job: Job) -> str:
    """The rows of all reserved files: sku, stock, units, and 1 where the row says what is reserved in all."""
    return "\nUNION ALL\n".join(_reservations(engine, files, job) for files in _alike(job.reserved))


def _source_cell(engine: Engine, file: RowsFile) -> str:
    """The source code of a row, which all rows of a file without that column share."""
    return engine.cell(file, SOURCE_CODE) if SOURCE_CODE in file.read else engine.text(file.source or "")


def plain_number(file: RowsFile, cell: str) -> str:
    """A cell with a point before its decimals, where the file has a comma there."""
    if file.layout.decimal == ".":
        return cell
    return f"CASE WHEN {cell} LIKE '%.%' THEN {cell} ELSE REPLACE({cell}, ',', '.') END"


def _alike(files: Sequence[RowsFile]) -> Iterator[list[RowsFile]]:
    """The files in groups that one call can read."""

    def kind(file: RowsFile) -> tuple[Any, ...]:
        return file.columns, file.delimiter or "", file.packed, file.types

    for _, group in groupby(sorted(files, key=kind), key=kind):
        yield list(group)


def _quantities(engine: Engine, files: Sequence[RowsFile], job: Job) -> str:
    first = files[0]
    if STATUS in first.read:
        flags = {word: str(int(status is StockStatus.IN_STOCK)) for word, status in STATUSES.items()}
        status = _case(engine, engine.cell(first, STATUS), flags)
    else:
        status = str(OWN_STATUS if job.tables.out_of_stock else 1)
    source = _source_cell(engine, first)
    known = ", ".join(map(engine.text, job.tables.sources))
    return (
        f"SELECT {known_source(source, job.tables.sources)} AS source_code, {engine.cell(first, SKU)} AS sku, "
        f"{engine.number(first, QUANTITY)} AS quantity, {status} AS status, "
        f"CASE WHEN {source} IN ({known}) THEN 0 ELSE 1 END AS respelled FROM {engine.reader(files)}"
    )


def _reservations(engine: Engine, files: Sequence[RowsFile], job: Job) -> str:
    first = files[0]
    stocks = job.store.stocks
    if STOCK_COLUMN in first.read:
        stock = _case(engine, engine.cell(first, STOCK_COLUMN), {code: engine.text(code) for code in stocks})
    elif STOCK_ID in first.read:
        known = {number: engine.text(code) for number, code in job.stock_ids.items() if code in stocks}
        stock = _case(engine, engine.cell(first, STOCK_ID), known)
    else:
        stock = engine.text(only_stock(job.store, first.path))
    if RESERVED in first.read:
        number = engine.number(first, RESERVED)
        units, in_all = f"CASE WHEN {number} >= 0 THEN {number} END", 1
    else:
        units, in_all = f"0 - {engine.number(first, QUANTITY)}", 0
    return (
        f"SELECT {engine.cell(first, SKU)} AS sku, {stock} AS stock, CAST({units} AS DECIMAL(12, 4)) AS units, "
        f"{in_all} AS in_all FROM {engine.reader(files)}"
    )


def _case(engine: Engine, cell: str, values: Mapping[str, str]) -> str:
    """The value of a cell among those that are known, else NULL."""
    branches = " ".join(f"WHEN {engine.text(word)} THEN {value}" for word, value in values.items())
    return f"CASE {cell} {branches} END" if branches else "NULL"
