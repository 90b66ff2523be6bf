"""Magento's product CSV, exported or made for import: which inventory settings and quantities it puts in force.

A product has a row for each store view, of which one carries its inventory; rows without any, and rows that repeat it,
are passed over. The same SKU with other values is refused: Magento would take whichever comes first in a bunch of rows.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from backorderctl.errors import Failure, InvalidFile
from backorderctl.layout import StockStatus
from backorderctl.magento import tables
from backorderctl.magento.columns import (
    CACHED,
    IN_STOCK,
    QUANTITY,
    SKU,
    Cells,
    Columns,
    Taken,
    columns,
    picker,
    stock_status,
    taken,
    units,
)
from backorderctl.magento.identity import Spellings
from backorderctl.magento.report import Refused, Report
from backorderctl.magento.tables import Row, Watch

COMPOSITE = ("configurable", "grouped", "bundle")
"""Product types that sell other products' stock and have none of their own."""


class ProductRow(NamedTuple):
    """What a file says of one product; what is None or missing it leaves as it is."""

    name: str | None
    settings: Mapping[str, Taken]
    quantity: Decimal | None
    status: StockStatus | None
    line: int

    @property
    def inventory(self) -> tuple[object, ...]:
        """What two rows of one product must agree on."""
        return self.settings, self.quantity, self.status

    @property
    def silent(self) -> bool:
        """Whether the row says nothing of the product's inventory."""
        return self.inventory == ({}, None, None)


def read(path: str, report: Report, watch: Watch) -> dict[str, ProductRow]:
    """The products in the file by SKU; rows refused or passed over go to the report. InvalidFile as `opened`."""
    with tables.opened(path, report, watch) as table:
        reader = _Reader(path, columns(table), report)
        report.count("product rows", 0)  # stands first
        for number, row in enumerate(table.rows, 1):
            reader.take(row)
            report.counts["product rows"] = number
    return reader.products


class _Reader:
    """The products met so far."""

    def __init__(self, path: str, places: Columns, report: Report) -> None:
        self.products: dict[str, ProductRow] = {}
        self._path = path
        self._places = places
        self._inventory = picker(places.inventory())
        self._of_settings = picker(places.of_settings())
        self._report = report
        self._spellings = Spellings(path, report)
        self._read: dict[tuple[str, ...], Cells] = {}

    def take(self, row: Row) -> None:
        """Take one row, pass it over or refuse it."""
        try:
            self._product(row)
        except InvalidFile:
            raise
        except Failure as failure:
            self._report.refuse(Refused(self._path, row.number, row.line, failure.message, row.cells))

    def _product(self, row: Row) -> None:
        cells, places = row.cells, self._places
        empty = not any(self._inventory(cells))
        sku = self._spellings.sku(cells[places.sku], row.line)
        known = self.products.get(sku)
        if not sku:
            if not empty:
                raise Failure(f"{SKU}: expected a SKU, got none")
            self._report.count("rows of store views, without inventory")
        elif _cell(cells, places.type) in COMPOSITE:
            self._report.count("rows of composite products, which have no stock of their own")
        elif empty and (known is not None or _cell(cells, places.store_view)):
            self._report.count("rows of store views, without inventory")
        else:
            self._add(sku, self._row(row), known)

    def _add(self, sku: str, row: ProductRow, known: ProductRow | None) -> None:
        if known is None or known.silent:
            self.products[sku] = row if known is None else row._replace(name=known.name)
        elif known.inventory == row.inventory:
            self._report.count("rows that repeat a product's inventory")
        else:
            raise Failure(f"{SKU} {sku!r}: expected the values of line {known.line}, got others")

    def _row(self, row: Row) -> ProductRow:
        cells, places = row.cells, self._places
        name = None if _cell(cells, places.store_view) else _cell(cells, places.name)
        quantity, in_stock = _cell(cells, places.quantity), _cell(cells, places.in_stock)
        return ProductRow(
            name or None,
            self._settings(row),
            units(QUANTITY, quantity) if quantity else None,
            stock_status(IN_STOCK, in_stock) if in_stock else None,
            row.line,
        )

    def _settings(self, row: Row) -> Mapping[str, Taken]:
        """The row's settings; catalogues have few combinations of them, so that most are read once."""
        key = self._of_settings(row.cells)
        found = self._read.get(key)
        if found is None:
            found = taken(self._places.settings, row.cells)
            if len(self._read) < CACHED:
                self._read[key] = found
        for what, first in found.notes:
            self._report.note(what, f"{first} at line {row.line}")
        return found.settings


def _cell(cells: Sequence[str], place: int | None) -> str:
    return "" if place is None else cells[place].strip()
