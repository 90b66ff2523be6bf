"""A quantities file as source items: it has a row for each, as Magento's `inventory_source_item`."""

from collections.abc import Container, Sequence
from typing import NamedTuple

from backorderctl.errors import Mismatch
from backorderctl.rows.delimited import Record, Sheet, open_sheet
from backorderctl.rows.rows_read import RowsRead, WrongCell, cell_units, read_cell
from backorderctl.store import scalars
from backorderctl.store.model import SourceItem
from backorderctl.store.scalars import StockStatus, toml_repr
from backorderctl.store.sku import SKU

SOURCE_CODE, QUANTITY, STATUS = "source_code", "quantity", "status"
STATUSES = {
    "1": StockStatus.IN_STOCK,
    "0": StockStatus.OUT_OF_STOCK,
    "in_stock": StockStatus.IN_STOCK,
    "out_of_stock": StockStatus.OUT_OF_STOCK,
}
"""The cells of the column `status`."""

SHARED_ITEMS = 1 << 16
"""Source items that are kept for other rows with the same cells."""

Items = dict[str, dict[str, SourceItem]]
"""Source items by SKU and source."""
Pairs = set[tuple[str, str]]
"""SKUs and sources."""


def read_items(rows: RowsRead, *, collected: Container[str] | None = None) -> tuple[Items, Pairs]:
    """The source items of all quantities files, and the pairs of which two rows are given: these are refused.

    Of all items, only those of the SKUs `collected` are kept if it is not None.
    """
    reading = _Reading(rows, collected)
    files = rows.inputs.quantities
    for file in files:
        with open_sheet(file, only=rows.only, watch=rows.watch) as sheet:
            reading.read(sheet)
    for file in files if reading.twice else ():
        with open_sheet(file, only=rows.only, watch=rows.watch) as sheet:
            reading.refuse_pairs(sheet)
    for sku, source in reading.twice:
        del reading.items[sku][source]
    if reading.twice:
        return {sku: of_product for sku, of_product in reading.items.items() if of_product}, reading.twice
    return reading.items, reading.twice


class _Places(NamedTuple):
    """The positions of the columns; `status` is None where the file has no such column."""

    source: int
    sku: int
    quantity: int
    status: int | None


class _Reading:
    """The items of the files that were read so far, and the pairs that two of their rows are about."""

    def __init__(self, rows: RowsRead, collected: Container[str] | None) -> None:
        self.rows = rows
        self.collected = collected
        self.items: Items = {}
        self.twice: Pairs = set()
        self.known = _KnownItems()

    def read(self, sheet: Sheet) -> None:
        """Take the rows of a file, and note those that are refused."""
        at = _Places(sheet.needed(SOURCE_CODE), sheet.needed(SKU), sheet.needed(QUANTITY), sheet.column(STATUS))
        number = 0
        for batch in sheet.batches:
            try:
                self._take_all(batch.rows, at, len(sheet.header))
                number += len(batch.rows)
            except (ValueError, KeyError, Mismatch):
                for record in batch.records():
                    number = record[0]
                    self._take_one(sheet, record, at)
        self.rows.finish(sheet, number, at)

    def _take_all(self, rows: Sequence[Sequence[str]], at: _Places, width: int) -> None:
        """Take rows column by column, in a third of the time; none of them, by any of these errors, if one is wrong."""
        columns = list(zip(*rows, strict=True))
        if len(columns) != width or self.rows.only is not None:
            raise ValueError
        sources, skus = columns[at.source], columns[at.sku]
        if not self.rows.store.sources.keys() >= set(sources):
            raise KeyError
        statuses = map(self._own_status, skus, sources) if at.status is None else columns[at.status]
        found = list(map(self.known.__getitem__, zip(columns[at.quantity], statuses, strict=True)))
        new = set(skus).difference(self.items)
        if new and ("" in new or set(map(str.strip, new)) != new):
            raise ValueError  # not a SKU, see scalars.sku
        self._put(skus, sources, found)

    def _put(self, skus: Sequence[str], sources: Sequence[str], found: Sequence[SourceItem]) -> None:
        items, collected = self.items, self.collected
        for sku, source, item in zip(skus, sources, found, strict=True):
            of_product = items.get(sku)
            if of_product is not None:
                if source in of_product:
                    self.twice.add((sku, source))
                of_product[source] = item
            elif collected is None or sku in collected:
                items[sku] = {source: item}

    def _take_one(self, sheet: Sheet, record: Record, at: _Places) -> None:
        """Take a row, refuse it, or pass over it."""
        cells = record[2]
        if not self.rows.is_whole(sheet, record) or self.rows.only not in (None, cells[at.sku]):
            return
        source, sku = cells[at.source], cells[at.sku]
        status = self._own_status(sku, source) if at.status is None else cells[at.status]
        try:
            self._check(sku, cells[at.quantity], source, status)
        except WrongCell as wrong:
            self.rows.refuse(sheet, record, str(wrong))
            return
        if source in self.rows.store.sources:
            self._put([sku], [source], [self.known[cells[at.quantity], status]])
        else:
            self.rows.foreign += 1

    def _check(self, sku: str, quantity: str, source: str, status: str) -> None:
        """WrongCell for the first of a row's cells that is wrong."""
        read_cell(SKU, scalars.sku, sku)
        read_cell(QUANTITY, cell_units, quantity)
        sources = self.rows.store.sources
        if source not in sources and source not in self.rows.inputs.foreign_sources:
            raise WrongCell(f"{SOURCE_CODE}: {self.rows.expected_name('source', source, sources)}")
        if status not in STATUSES:
            raise WrongCell(f"{STATUS}: expected 1, 0, in_stock or out_of_stock, got {toml_repr(status)}")

    def _own_status(self, sku: str, source: str) -> str:
        """The status that the store file gives a source item; in stock where it has none."""
        product = self.rows.store.products.get(sku)
        item = product.items.get(source) if product else None
        return item.status if item else StockStatus.IN_STOCK

    def refuse_pairs(self, sheet: Sheet) -> None:
        """Refuse every row about a pair of which another row is given, and that is not refused already."""
        refused = {row.number for row in self.rows.refused if row.file == sheet.file}
        at_source, at_sku = sheet.needed(SOURCE_CODE), sheet.needed(SKU)
        for record in sheet.records:
            cells = record[2]
            if record[0] not in refused and (cells[at_sku], cells[at_source]) in self.twice:
                reason = f"{toml_repr(cells[at_sku])} at {cells[at_source]}: expected one row, got several"
                self.rows.refuse(sheet, record, reason)


class _KnownItems(dict[tuple[str, str], SourceItem]):
    """Source items by the cells of quantity and status: rows with the same cells share one, to save time and memory."""

    def __missing__(self, cells: tuple[str, str]) -> SourceItem:
        """The item of cells not met before; KeyError or Mismatch when a cell is not valid."""
        quantity, status = cells
        item = SourceItem(cell_units(quantity), STATUSES[status], {})
        if len(self) < SHARED_ITEMS:
            self[cells] = item
        return item
