"""Magento's inventory: the stock_sources CSV, and what is reserved.

What is reserved has a row for each product and stock, or is the sum of all entries of inventory_reservation: an entry's
quantity is negative for what an order reserves and positive for what a shipment gives back.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from backorderctl.errors import BackorderctlError, InvalidFile, Mismatch, Problem
from backorderctl.magento import csv_reader
from backorderctl.magento.columns import QTY, stock_status, units
from backorderctl.magento.csv_reader import CsvRow, Input, OnProgress, RowProblems, Table, check_header, take_rows
from backorderctl.magento.report import Count, ImportReport, Notice, Spellings
from backorderctl.rows.quantities_file import QUANTITY, SOURCE_CODE, STATUS
from backorderctl.rows.reserved_file import RESERVED, STOCK_COLUMN
from backorderctl.rows.rows_read import STOCK_ID, STOCK_IDS
from backorderctl.store import scalars
from backorderctl.store.scalars import ZERO, StockStatus, format_quantity, parse_quantity
from backorderctl.store.sku import SKU

Pair = tuple[str, str]
"""A SKU and a source code."""
ImportedReservations = dict[tuple[str, str | None], Decimal]
"""Reserved units by SKU and stock; the stock is None where the file does not say it."""


class SourceRow(NamedTuple):
    """The units at one source, and whether they are on sale."""

    quantity: Decimal
    status: StockStatus
    line: int


@dataclass(frozen=True, slots=True)
class _SourceColumns:
    source: int
    sku: int
    quantity: int
    quantity_name: str
    status: int | None


def read_stock_sources(source: Input, report: ImportReport, watch: OnProgress) -> dict[Pair, SourceRow]:
    """The source items in the file; of two rows for one the last counts, as in Magento. InvalidFile as `open_table`."""
    found: dict[Pair, SourceRow] = {}
    with csv_reader.open_table(source, report, Count.STOCK_SOURCE_ROWS, watch) as table:
        check_header(table, "--stock-sources", "a Magento stock_sources CSV")
        columns = _source_columns(table)
        spellings = Spellings(source.name, report)

        def take(row: CsvRow) -> None:
            pair, item = _item(row, columns, spellings)
            if pair in found:
                _note_twice(report, pair, found[pair], item)
            found[pair] = item

        take_rows(table, report, take)
    return found


def _source_columns(table: Table) -> _SourceColumns:
    source, sku, quantity = table.needed(SOURCE_CODE, SKU, (QUANTITY, QTY))
    return _SourceColumns(
        source=source,
        sku=sku,
        quantity=quantity,
        quantity_name=table.header[quantity],
        status=table.column(STATUS),
    )


def _item(row: CsvRow, columns: _SourceColumns, spellings: Spellings) -> tuple[Pair, SourceRow]:
    cells, problems = row.cells, RowProblems()
    sku = problems.read(partial(_sku, cells[columns.sku], row.line, spellings), "")
    source = problems.read(partial(_source, cells[columns.source]), "")
    quantity = problems.read(partial(units, columns.quantity_name, cells[columns.quantity]), ZERO)
    status = "" if columns.status is None else cells[columns.status].strip()
    in_stock = StockStatus.IN_STOCK  # Magento's SourceItemConvert: no status means in stock.
    if status:
        in_stock = problems.read(partial(stock_status, STATUS, status), in_stock)
    problems.check()
    return (sku, source), SourceRow(quantity, in_stock, row.line)


def _sku(cell: str, line: int, spellings: Spellings) -> str:
    sku = spellings.sku(cell, line)
    if not sku:
        raise BackorderctlError(f"{SKU}: expected a SKU, got none")
    return sku


def _source(cell: str) -> str:
    try:
        return scalars.code(cell.strip())
    except Mismatch as mismatch:
        raise BackorderctlError(f"{SOURCE_CODE}: {mismatch}") from None


def _note_twice(report: ImportReport, pair: Pair, first: SourceRow, last: SourceRow) -> None:
    sku, source = pair
    value = f"{format_quantity(first.quantity)} at {source}"
    report.note(Notice.ITEM_TWICE, sku=sku, line=last.line, value=value, other=format_quantity(last.quantity))


@dataclass(frozen=True, slots=True)
class _ReservationColumns:
    sku: int
    reserved: int | None
    quantity: int | None
    stock: int | None
    stock_id: int | None


def read_reserved_units(
    source: Input, report: ImportReport, watch: OnProgress, stock_ids: Mapping[str, str] = STOCK_IDS
) -> ImportedReservations:
    """What is reserved, 0 included; rows refused go to the report.

    InvalidFile as `open_table`, and when the entries of a product add up to more than 0: their sign is turned.
    """
    found: ImportedReservations = {}
    unknown: dict[str, list[CsvRow]] = {}
    owes = False
    with csv_reader.open_table(source, report, Count.RESERVATION_ROWS, watch, unread="metadata") as table:
        check_header(table, "--reservations", "a file of reservations")
        columns = _reservation_columns(table)
        spellings = Spellings(source.name, report)

        def take(row: CsvRow) -> None:
            nonlocal owes
            if columns.stock is None and columns.stock_id is not None:
                number = row.cells[columns.stock_id].strip()
                if number not in stock_ids:
                    unknown.setdefault(number, []).append(row._replace(cells=[]))
                    return
            pair, reserved = _reservation(row, columns, spellings, stock_ids)
            owes = owes or reserved > 0
            if columns.reserved is not None and pair in found:
                raise BackorderctlError(f"{SKU} {pair[0]!r}: expected one row, got another")
            found[pair] = found.get(pair, ZERO) + reserved

        take_rows(table, report, take)
    if unknown:
        raise UnknownStocks(source.name, unknown, stock_ids)
    _refuse_positive(source.name, found, owes=owes)
    return found


class UnknownStocks(InvalidFile):
    """Rows of stocks that have only Magento's number: which stock that is, nobody has said."""

    def __init__(self, file: str, unknown: Mapping[str, Sequence[CsvRow]], known: Collection[str]) -> None:
        self.numbers = tuple(unknown)
        problems = []
        for number, rows in unknown.items():
            more = f"; so for {len(rows) - 1} more" if len(rows) > 1 else ""
            found = f"expected {', '.join(known)} or a --stock-id, got {number!r}{more}"
            problems.append(Problem(f"record {rows[0].number}: {STOCK_ID}: {found}", rows[0].line))
        super().__init__(file, problems)


def _reservation_columns(table: Table) -> _ReservationColumns:
    columns = _ReservationColumns(
        sku=table.needed(SKU)[0],
        reserved=table.column(RESERVED),
        quantity=table.column(QUANTITY),
        stock=table.column(STOCK_COLUMN),
        stock_id=table.column(STOCK_ID),
    )
    if (columns.reserved is None) == (columns.quantity is None):
        got = "neither" if columns.reserved is None else "both"
        raise InvalidFile(table.file, [Problem(f"expected a column {RESERVED!r} or {QUANTITY!r}, got {got}", 1)])
    return columns


def _reservation(
    row: CsvRow, columns: _ReservationColumns, spellings: Spellings, stock_ids: Mapping[str, str]
) -> tuple[tuple[str, str | None], Decimal]:
    cells, problems = row.cells, RowProblems()
    sku = problems.read(partial(_sku, cells[columns.sku], row.line, spellings), "")
    stock = None if columns.stock is None else cells[columns.stock].strip()
    if stock is None and columns.stock_id is not None:
        stock = stock_ids[cells[columns.stock_id].strip()]
    if columns.reserved is None:
        reserved = -problems.read(partial(units, QUANTITY, cells[columns.quantity or 0]), ZERO)
    else:
        reserved = problems.read(partial(_reserved, cells[columns.reserved]), ZERO)
    problems.check()
    return (sku, stock), reserved


def _reserved(cell: str) -> Decimal:
    try:
        return parse_quantity(cell, minimum=ZERO)
    except Mismatch as mismatch:
        raise BackorderctlError(f"{RESERVED}: {mismatch}") from None


def _refuse_positive(file: str, found: ImportedReservations, *, owes: bool) -> None:
    """InvalidFile where more is given back than was ever reserved; `owes` says that some row reserves anything."""
    positive = [(sku, -reserved) for (sku, _), reserved in found.items() if reserved < 0]
    if positive:
        sku, total = positive[0]
        more = f"; so for {len(positive) - 1} more" if len(positive) > 1 else ""
        problem = f"{SKU} {sku!r}: expected a {QUANTITY} of 0 or less in all, got {format_quantity(total)}{more}"
        hint = f"Magento writes what is reserved as a negative {QUANTITY}; if the sign is turned, call it {RESERVED}"
        if owes:
            problem += ": compensated more than once in Magento"
            hint = "bin/magento inventory:reservation:list-inconsistencies"
        raise InvalidFile(file, [Problem(problem)], hint=hint)
