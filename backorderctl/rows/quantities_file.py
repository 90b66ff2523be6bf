"""A quantities file as source items: it has a row for each, as Magento's `inventory_source_item`."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from backorderctl.errors import Mismatch
from backorderctl.rows.delimited import InputFile, Record, Sheet, open_sheet
from backorderctl.rows.rows_read import RowsRead, WrongCell, cell_units, read_cell
from backorderctl.store.model import SourceItem
from backorderctl.store.scalars import StockStatus, format_quantity, toml_repr
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


def read_items(rows: RowsRead, *, collected: frozenset[str] | None = None) -> tuple[Items, Pairs]:
    """The source items of all quantities files, and the pairs of which rows differ: these are refused.

    Of all items, only those of the SKUs `collected` are kept if it is not None; no file is then read twice.
    """
    reading = _Reading(rows, collected)
    files = rows.inputs.quantities
    for file in files:
        with open_sheet(file, only=rows.only, watch=rows.watch) as sheet:
            reading.read(sheet)
    if reading.twice:
        reading.refuse_pairs(files)
    for sku, source in reading.twice:
        del reading.items[sku][source]
    items = reading.items
    if reading.twice:
        items = {sku: of_product for sku, of_product in items.items() if of_product}
    rows.repeated += sum(count for pair, count in reading.equal.items() if pair not in reading.twice)
    return items, reading.twice


class _Places(NamedTuple):
    """The positions of the columns; `status` is None where the file has no such column.

    `source` is None where the file is about `only_source`.
    """

    source: int | None
    sku: int
    quantity: int
    status: int | None
    only_source: str

    @classmethod
    def of(cls, sheet: Sheet, sources: Sequence[str]) -> "_Places":
        """Those of a file; InvalidFile when one that is needed is not there.

        A file without sources is about the only one of `sources`.
        """
        if len(sources) == 1 and sheet.column(SOURCE_CODE) is None:
            sku, quantity = sheet.needed(SKU, QUANTITY)
            return cls(None, sku, quantity, sheet.column(STATUS), sources[0])
        source, sku, quantity = sheet.needed(SOURCE_CODE, SKU, QUANTITY)
        return cls(source, sku, quantity, sheet.column(STATUS), "")

    def source_of(self, cells: Sequence[str]) -> str:
        """The source that a row names."""
        return self.only_source if self.source is None else cells[self.source]


class _Reading:
    """The items of the files that were read so far, and the pairs that two of their rows are about."""

    def __init__(self, rows: RowsRead, collected: frozenset[str] | None) -> None:
        self.rows = rows
        self.collected = collected
        self.items: Items = {}
        self.twice: Pairs = set()
        self.equal: Counter[tuple[str, str]] = Counter()
        self.about: dict[tuple[str, str], list[tuple[Sheet, Record, SourceItem]]] = {}
        self.known = _KnownItems(".")

    def read(self, sheet: Sheet) -> None:
        """Take the rows of a file, and note those that are refused."""
        at = _Places.of(sheet, self.rows.inputs.sources)
        self.known = _KnownItems(sheet.layout.decimal)
        number = 0
        for batch in sheet.batches:
            try:
                self._take_all(batch.rows, at, len(sheet.header))
                if self.collected and not self.collected.isdisjoint(row[at.sku] for row in batch.rows):
                    for record in batch.records():
                        self._note(sheet, record, *self._item(record[2], at))
                number += len(batch.rows)
            except (ValueError, KeyError, Mismatch):
                for record in batch.records():
                    number = record[0]
                    self._take_one(sheet, record, at)
        self.rows.finish(sheet, number, at[:4])

    def _take_all(self, rows: Sequence[Sequence[str]], at: _Places, width: int) -> None:
        """Take rows column by column, in a third of the time; none of them, by any of these errors, if one is wrong."""
        columns = list(zip(*rows, strict=True))
        if len(columns) != width or self.rows.only is not None:
            raise ValueError
        sources = (at.only_source,) * len(rows) if at.source is None else columns[at.source]
        if not self.rows.store.sources.keys() >= set(sources):
            sources = tuple(map(self.rows.sources.__getitem__, sources))
            if not self.rows.store.sources.keys() >= set(sources):
                raise KeyError  # of the other side of a comparison
        new = set(columns[at.sku]).difference(self.rows.skus)
        if new and ("" in new or set(map(str.strip, new)) != new):
            raise ValueError  # not a SKU, see scalars.sku
        skus = list(map(self.rows.skus.__getitem__, columns[at.sku]))
        statuses = map(self._own_status, skus, sources) if at.status is None else columns[at.status]
        found = list(map(self.known.__getitem__, zip(columns[at.quantity], statuses, strict=True)))
        self._put(skus, sources, found)

    def _put(self, skus: Sequence[str], sources: Sequence[str], found: Sequence[SourceItem]) -> None:
        items, collected = self.items, self.collected
        for sku, source, item in zip(skus, sources, found, strict=True):
            of_product = items.get(sku)
            if of_product is not None:
                if source not in of_product:
                    of_product[source] = item
                elif of_product[source] == item:
                    self.equal[sku, source] += 1
                else:
                    self.twice.add((sku, source))
            elif collected is None or sku in collected:
                items[sku] = {source: item}

    def _take_one(self, sheet: Sheet, record: Record, at: _Places) -> None:
        """Take a row, refuse it, or pass over it."""
        cells = record[2]
        if not self.rows.is_whole(sheet, record) or not self.rows.is_wanted(cells[at.sku]):
            return
        try:
            sku, source, item = self._item(cells, at)
        except WrongCell as wrong:
            self.rows.refuse(sheet, record, str(wrong))
            return
        if source in self.rows.store.sources:
            self._put([sku], [source], [item])
            self._note(sheet, record, sku, source, item)
        else:
            self.rows.foreign += 1

    def _note(self, sheet: Sheet, record: Record, sku: str, source: str, item: SourceItem) -> None:
        """Keep a row of which it may have to be told that another one says otherwise."""
        if self.collected and sku in self.collected:
            self.about.setdefault((sku, source), []).append((sheet, record, item))

    def _item(self, cells: Sequence[str], at: _Places) -> tuple[str, str, SourceItem]:
        """The product, the source and the source item of a row; WrongCell for the first of its cells that is wrong."""
        sku = self.rows.sku(cells[at.sku])
        read_cell(QUANTITY, self.known.units, cells[at.quantity])
        source = self._source(at.source_of(cells))
        status = self._own_status(sku, source) if at.status is None else cells[at.status]
        if status not in STATUSES:
            raise WrongCell(f"{STATUS}: expected 1, 0, in_stock or out_of_stock, got {toml_repr(status)}")
        return sku, source, self.known[cells[at.quantity], status]

    def _source(self, cell: str) -> str:
        try:
            return read_cell(SOURCE_CODE, self.rows.sources.__getitem__, cell)
        except KeyError:
            expected = self.rows.expected_name("source", cell, self.rows.store.sources)
            raise WrongCell(f"{SOURCE_CODE}: {expected}") from None

    def _own_status(self, sku: str, source: str) -> str:
        """The status that the store file gives a source item; in stock where it has none."""
        product = self.rows.store.products.get(sku)
        item = product.items.get(source) if product else None
        return item.status if item else StockStatus.IN_STOCK

    def refuse_pairs(self, files: Sequence[InputFile]) -> None:
        """Refuse every row about a pair of which another row says otherwise, and that is not refused already."""
        refused = {(row.file, row.number) for row in self.rows.refused}
        about = {pair: rows for pair, rows in self.about.items() if pair in self.twice}
        for file in files if self.collected is None else ():
            with open_sheet(file, only=self.rows.only, watch=self.rows.watch) as sheet:
                at = _Places.of(sheet, self.rows.inputs.sources)
                self.known = _KnownItems(sheet.layout.decimal)
                for record in sheet.records:
                    if (sheet.file, record[0]) in refused or not self.rows.is_wanted(record[2][at.sku]):
                        continue
                    sku, source, item = self._item(record[2], at)
                    if (sku, source) in self.twice:
                        about.setdefault((sku, source), []).append((sheet, record, item))
        for (sku, source), rows in about.items():
            for sheet, record, item in rows:
                others = [row for row in rows if row[1] is not record]
                elsewhere, (number, *_), other = next((row for row in others if row[2] != item), others[0])
                place = f"record {number}" + ("" if elsewhere is sheet else f" of {elsewhere.file}")
                got = f"got {_described(item, other)}, and {_described(other, item)} in {place}"
                self.rows.refuse(sheet, record, f"{toml_repr(sku)} at {source}: expected one row, {got}")


def _described(item: SourceItem, other: SourceItem) -> str:
    """The quantity of a source item, with its status where that differs."""
    return format_quantity(item.quantity) + ("" if item.status is other.status else f" {item.status}")


class _KnownItems(dict[tuple[str, str], SourceItem]):
    """Source items by the cells of quantity and status: rows with the same cells share one, to save time and memory."""

    def __init__(self, decimal: str) -> None:
        super().__init__()
        self._decimal = decimal

    def units(self, cell: str) -> Decimal:
        """The units in a cell; Mismatch when it is no number."""
        return cell_units(cell, self._decimal)

    def __missing__(self, cells: tuple[str, str]) -> SourceItem:
        """The item of cells not met before; KeyError or Mismatch when a cell is not valid."""
        quantity, status = cells
        item = SourceItem(self.units(quantity), STATUSES[status], {})
        if len(self) < SHARED_ITEMS:
            self[cells] = item
        return item
