"""Magento's stock_sources CSV: the quantity and stock status of each product at each source."""

from decimal import Decimal
from typing import NamedTuple

from backorderctl.errors import BackorderctlError, InvalidFile, Mismatch
from backorderctl.magento import csv_reader
from backorderctl.magento.columns import QUANTITY, SKU, stock_status, units
from backorderctl.magento.csv_reader import CsvRow, OnProgress, Table
from backorderctl.magento.report import Refused, Report
from backorderctl.magento.sku import Spellings
from backorderctl.store import fields
from backorderctl.store.fields import StockStatus

SOURCE_CODE = "source_code"
STATUS = "status"
UNITS = "quantity"


class SourceRow(NamedTuple):
    """The units at one source, and whether they are on sale."""

    quantity: Decimal
    status: StockStatus
    line: int


Pair = tuple[str, str]
"""A SKU and a source code."""


class _Places(NamedTuple):
    source: int
    sku: int
    quantity: int
    status: int | None


def read_stock_sources(path: str, report: Report, watch: OnProgress) -> dict[Pair, SourceRow]:
    """The source items in the file; of two rows for one the last counts, as in Magento. InvalidFile as `opened`."""
    found: dict[Pair, SourceRow] = {}
    with csv_reader.open_table(path, report, "stock source rows", watch) as table:
        places = _places(table)
        spellings = Spellings(path, report)
        for row in table.rows:
            try:
                pair, item = _item(row, places, spellings)
            except InvalidFile:
                raise
            except BackorderctlError as failure:
                report.refuse(Refused(path, row.number, row.line, failure.message, row.cells))
                continue
            if pair in found:
                report.note("source items given twice: the last row counts", _twice(pair, found[pair], item))
            found[pair] = item
    return found


def _places(table: Table) -> _Places:
    return _Places(table.needed(SOURCE_CODE), table.needed(SKU), table.needed(UNITS, QUANTITY), table.column(STATUS))


def _item(row: CsvRow, places: _Places, spellings: Spellings) -> tuple[Pair, SourceRow]:
    sku = spellings.sku(row.cells[places.sku], row.line)
    if not sku:
        raise BackorderctlError(f"{SKU}: expected a SKU, got none")
    try:
        source = fields.code(row.cells[places.source].strip())
    except Mismatch as mismatch:
        raise BackorderctlError(f"{SOURCE_CODE}: {mismatch}") from None
    quantity = units(UNITS, row.cells[places.quantity])
    status = "" if places.status is None else row.cells[places.status].strip()
    # Magento's SourceItemConvert: no status means in stock.
    in_stock = stock_status(STATUS, status) if status else StockStatus.IN_STOCK
    return (sku, source), SourceRow(quantity, in_stock, row.line)


def _twice(pair: Pair, first: SourceRow, last: SourceRow) -> str:
    sku, source = pair
    return f"{sku!r} at {source}: {first.quantity:f} at line {first.line}, {last.quantity:f} at line {last.line}"
