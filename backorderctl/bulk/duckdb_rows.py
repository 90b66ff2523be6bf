"""SELECTs with which DuckDB reads the rows of files as text and takes what is exact: anything else becomes NULL.

Columns are declared in the order of the file, all as text: DuckDB would bind a typed schema by position, round 1.23456
without a word and take the SKU 00123 for 123.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from backorderctl.bulk.inputs import RowsFile
from backorderctl.bulk.job import BAD_PAIRS, OUT_OF_STOCK, Job
from backorderctl.rows.delimited import CELL_LIMIT
from backorderctl.rows.parquet import quoted
from backorderctl.rows.quantities_file import QUANTITY, SOURCE_CODE, STATUS, STATUSES
from backorderctl.rows.reserved_file import RESERVED, STOCK_COLUMN, STOCK_ID, only_stock
from backorderctl.store.scalars import StockStatus
from backorderctl.store.sku import SKU

QUANTITY_PATTERN = r"[+-]?(0*[0-9]{1,8}([.][0-9]{0,4}0*)?|[.][0-9]{1,4}0*)"
"""A number that DECIMAL(12,4) holds exactly, as `parse_quantity` reads it."""
_BLANKS = r"[\t-\r\x1c-\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]"
BLANK_ENDS = f"^{_BLANKS}|{_BLANKS}$"
"""A blank at either end, as Python's `str.strip` takes them away."""


def quantities_query(job: Job) -> str:
    """The rows of all quantities files: source_code, sku, quantity, status; without the refused ones if they may be."""
    parts = [_quantities(files, job) for files in _alike(job.quantities)]
    rows = "\nUNION ALL\n".join(parts)
    if job.bad_pairs is None:
        return rows
    sources = ", ".join(sql_literal(source) for source in job.tables.sources)
    return (
        f"SELECT r.* FROM ({rows}) r LEFT JOIN {BAD_PAIRS} b ON b.sku = r.sku AND b.source_code = r.source_code "
        f"WHERE b.sku IS NULL AND r.quantity IS NOT NULL AND r.status IS NOT NULL AND r.source_code IN ({sources}) "
        f"AND r.sku <> '' AND NOT regexp_matches(r.sku, {sql_literal(BLANK_ENDS)})"
    )


def reservations_query(job: Job) -> str:
    """The rows of all reserved files: sku, stock, units, and whether the row is the only one of its product."""
    return "\nUNION ALL\n".join(_reservations(files, job) for files in _alike(job.reserved))


def _alike(files: Sequence[RowsFile]) -> Iterator[list[RowsFile]]:
    """The files in groups that one call can read."""

    def kind(file: RowsFile) -> tuple[Any, ...]:
        return file.columns, file.delimiter or "", file.packed, file.types

    for _, group in groupby(sorted(files, key=kind), key=kind):
        yield list(group)


def _quantities(files: Sequence[RowsFile], job: Job) -> str:
    first = files[0]
    table = _reader(files, skip_bad=job.bad_pairs is not None)
    status = _status(first) if STATUS in first.read else "1"
    columns = (
        f"{_cell(first, SOURCE_CODE)} AS source_code, {_cell(first, SKU)} AS sku, {_exact(first, QUANTITY)} AS quantity"
    )
    if STATUS in first.read or not job.tables.out_of_stock:
        return f"SELECT {columns}, {status} AS status FROM {table}"
    return (
        f"SELECT f.*, CASE WHEN o.sku IS NULL THEN 1 ELSE 0 END AS status FROM (SELECT {columns} FROM {table}) f "
        f"LEFT JOIN {OUT_OF_STOCK} o ON o.sku = f.sku AND o.source_code = f.source_code"
    )


def _reservations(files: Sequence[RowsFile], job: Job) -> str:
    first = files[0]
    table = _reader(files, skip_bad=job.bad_pairs is not None)
    if STOCK_COLUMN in first.read:
        stock = f"CASE {_cell(first, STOCK_COLUMN)} {_whens({code: code for code in job.store.stocks})} END"
    elif STOCK_ID in first.read:
        known = {number: code for number, code in job.stock_ids.items() if code in job.store.stocks}
        stock = f"CASE {_cell(first, STOCK_ID)} {_whens(known)} END"
    else:
        stock = sql_literal(only_stock(job.store, first.path))
    if RESERVED in first.read:
        number = _exact(first, RESERVED)
        units, single = f"CASE WHEN {number} >= 0 THEN {number} END", 1
    else:
        units, single = f"0 - {_exact(first, QUANTITY)}", 0
    return f"SELECT {_cell(first, SKU)} AS sku, {stock} AS stock, {units} AS units, {single} AS single FROM {table}"


def _reader(files: Sequence[RowsFile], *, skip_bad: bool) -> str:
    """A call that reads files of the same kind."""
    first = files[0]
    paths = "[" + ", ".join(sql_literal(file.place) for file in files) + "]"
    if first.delimiter is None:
        return f"read_parquet({paths}, hive_partitioning = false)"
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(first.columns)))
    packing = "gzip" if first.packed else "none"
    return (
        f"read_csv({paths}, auto_detect = false, header = true, delim = {sql_literal(first.delimiter)}, quote = '\"', "
        f"escape = '\"', compression = '{packing}', max_line_size = {CELL_LIMIT}, buffer_size = {CELL_LIMIT}, "
        f"hive_partitioning = false, ignore_errors = {skip_bad}, columns = {{{columns}}})"
    )


def _cell(file: RowsFile, name: str) -> str:
    """A column as text."""
    if file.delimiter is not None:
        return f"c{file.read[name]}"
    return f"CAST({quoted(file.columns[file.read[name]])} AS VARCHAR)"


def _exact(file: RowsFile, name: str) -> str:
    """A column as a number with 4 places; NULL where the cell is no number or has more places."""
    place = file.read[name]
    if file.delimiter is None and not file.types[place].startswith(("VARCHAR", "ENUM")):
        column = quoted(file.columns[place])
        return (
            f"CASE WHEN TRY_CAST({column} AS DECIMAL(12, 4)) = {column} THEN TRY_CAST({column} AS DECIMAL(12, 4)) END"
        )
    cell = _cell(file, name)
    number = f"TRY_CAST({cell} AS DECIMAL(12, 4))"
    # Most numbers are written as the database would, which takes a third of the time of a pattern to find out.
    return (
        f"CASE WHEN CAST({number} AS VARCHAR) = {cell} THEN {number} "
        f"WHEN regexp_full_match({cell}, {sql_literal(QUANTITY_PATTERN)}) THEN {number} END"
    )


def _status(file: RowsFile) -> str:
    numbers = {cell: "1" if status is StockStatus.IN_STOCK else "0" for cell, status in STATUSES.items()}
    return (
        f"CASE {_cell(file, STATUS)} "
        + " ".join(f"WHEN '{cell}' THEN {number}" for cell, number in numbers.items())
        + " END"
    )


def _whens(values: Mapping[str, str]) -> str:
    """The branches of a CASE; for no values, one branch that never holds."""
    branches = (f"WHEN {sql_literal(cell)} THEN {sql_literal(value)}" for cell, value in values.items())
    return " ".join(branches) or "WHEN NULL THEN NULL"


def sql_literal(word: str) -> str:
    """A text as SQL has it."""
    return "'" + word.replace("'", "''") + "'"


def values(rows: Iterable[Sequence[str]]) -> str:
    """Rows of text as SQL has them."""
    return ", ".join("(" + ", ".join(map(sql_literal, row)) + ")" for row in rows)
