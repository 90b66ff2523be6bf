"""Magento's stock_sources CSV: the quantity and stock status of each product at each source."""

from decimal import Decimal
from typing import NamedTuple

from backorderctl.errors import BackorderctlError, InvalidFile, Mismatch
from backorderctl.magento import csv_reader
from backorderctl.magento.columns import QUANTITY, SKU, stock_status, units
from backorderctl.magento.csv_reader import CsvRow, Input, OnProgress, Table
from backorderctl.magento.headers import check_header
from backorderctl.magento.report import Count, Notice, Report
from backorderctl.magento.sku import Spellings
from backorderctl.store import fields
from backorderctl.store.delimited import Refused
from backorderctl.store.fields import StockStatus
from backorderctl.store.quantity import format_quantity

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


def read_stock_sources(source: Input, report: Report, watch: OnProgress) -> dict[Pair, SourceRow]:
    """The source items in the file; of two rows for one the last counts, as in Magento. InvalidFile as `open_table`."""
    found: dict[Pair, SourceRow] = {}
    with csv_reader.open_table(source, report, Count.STOCK_SOURCE_ROWS, watch) as table:
        check_header(table, "--stock-sources", "a Magento stock_sources CSV")
        places = _places(table)
        spellings = Spellings(source.name, report)
        for row in table.rows:
            try:
                pair, item = _item(row, places, spellings)
            except InvalidFile:
                raise
            except BackorderctlError as failure:
                report.refuse(Refused(source.name, row.number, row.line, failure.message, row.cells))
                continue
            if pair in found:
                _note_twice(report, pair, found[pair], item)
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


def _note_twice(report: Report, pair: Pair, first: SourceRow, last: SourceRow) -> None:
    sku, source = pair
    value = f"{format_quantity(first.quantity)} at {source}"
    report.note(Notice.ITEM_TWICE, sku=sku, line=last.line, value=value, other=format_quantity(last.quantity))
