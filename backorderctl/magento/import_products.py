"""Magento's product CSV, exported or made for import: which inventory settings and quantities it puts in force.

A product has a row for each store view, of which one carries its inventory; rows without any, and rows that repeat it,
are passed over. The same SKU with other values is refused: Magento would take whichever comes first in a bunch of rows.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from backorderctl.errors import BackorderctlError, InvalidFile
from backorderctl.magento import csv_reader
from backorderctl.magento.columns import (
    CACHED,
    IN_STOCK,
    QUANTITY,
    SKU,
    WITHOUT_PLACE,
    Cells,
    Columns,
    Taken,
    columns,
    picker,
    stock_status,
    taken,
    units,
)
from backorderctl.magento.csv_reader import CsvRow, OnProgress
from backorderctl.magento.report import Refused, Report
from backorderctl.magento.sku import Spellings
from backorderctl.store.fields import StockStatus

COMPOSITE = ("configurable", "grouped", "bundle")
"""Product types that sell other products' stock and have none of their own."""


class Inventory(NamedTuple):
    """What a file says of one product's inventory; what is None or missing it leaves as it is."""

    settings: Mapping[str, Taken]
    quantity: Decimal | None
    status: StockStatus | None


SILENT = Inventory({}, None, None)


class ProductRow(NamedTuple):
    """What a file says of one product, at which line; without a name it leaves that as it is."""

    name: str | None
    inventory: Inventory
    line: int


def read_products(path: str, report: Report, watch: OnProgress) -> dict[str, ProductRow]:
    """The products in the file by SKU; rows refused or passed over go to the report. InvalidFile as `opened`."""
    with csv_reader.open_table(path, report, "product rows", watch) as table:
        reader = _Reader(path, columns(table), report)
        if without := [name for name in table.header if name in WITHOUT_PLACE]:
            report.count(f"columns that a store file has no place for: {', '.join(without)}", len(without))
        for row in table.rows:
            reader.take(row)
    return reader.products


class _Reader:
    """The products met so far; catalogues have few combinations of inventory cells, so that most are read once."""

    def __init__(self, path: str, places: Columns, report: Report) -> None:
        self.products: dict[str, ProductRow] = {}
        self._path = path
        self._places = places
        self._cells = picker(places.inventory())
        self._cells_of_settings = picker(places.of_settings())
        self._report = report
        self._spellings = Spellings(path, report)
        self._composite: set[str] = set()
        self._inventories: dict[tuple[str, ...], _Read] = {}
        self._settings: dict[tuple[str, ...], Cells] = {}

    def take(self, row: CsvRow) -> None:
        """Take one row, pass it over or refuse it."""
        try:
            self._product(row)
        except InvalidFile:
            raise
        except BackorderctlError as failure:
            self._report.refuse(Refused(self._path, row.number, row.line, failure.message, row.cells))

    def _product(self, row: CsvRow) -> None:
        cells, places = row.cells, self._places
        of_inventory = self._cells(cells)
        sku = self._spellings.sku(cells[places.sku], row.line)
        known = self.products.get(sku)
        if not sku:
            if any(of_inventory):
                raise BackorderctlError(f"{SKU}: expected a SKU, got none")
            self._report.count("rows of store views, without inventory")
        elif sku in self._composite or _cell(cells, places.type) in COMPOSITE:
            self._composite.add(sku)
            self._report.count("rows of composite products, which have no stock of their own")
        elif not any(of_inventory) and (known is not None or _cell(cells, places.store_view)):
            self._report.count("rows of store views, without inventory")
        else:
            name = None if _cell(cells, places.store_view) else _cell(cells, places.name)
            inventory, notes = self._inventories.get(of_inventory) or self._read(of_inventory, row)
            for what, first in notes:
                self._report.note(what, "{} at line {}", first, row.line)
            self._add(sku, ProductRow(name or None, inventory, row.line), known)

    def _add(self, sku: str, row: ProductRow, known: ProductRow | None) -> None:
        if known is None:
            self.products[sku] = row
        elif known.inventory == SILENT:
            self.products[sku] = row._replace(name=known.name)
        elif known.inventory == row.inventory:
            self._report.count("rows that repeat a product's inventory")
        else:
            raise BackorderctlError(f"{SKU} {sku!r}: expected the values of line {known.line}, got others")

    def _read(self, of_inventory: tuple[str, ...], row: CsvRow) -> "_Read":
        of_settings = self._cells_of_settings(row.cells)
        settings = self._settings.get(of_settings) or taken(self._places.settings, row.cells)
        quantity, in_stock = _cell(row.cells, self._places.quantity), _cell(row.cells, self._places.in_stock)
        inventory = Inventory(
            settings.settings,
            units(QUANTITY, quantity) if quantity else None,
            stock_status(IN_STOCK, in_stock) if in_stock else None,
        )
        read = _Read(inventory, settings.notes)
        if len(self._inventories) < CACHED:
            self._settings[of_settings] = settings
            self._inventories[of_inventory] = read
        return read


class _Read(NamedTuple):
    inventory: Inventory
    notes: tuple[tuple[str, str], ...]


def _cell(cells: Sequence[str], place: int | None) -> str:
    return "" if place is None else cells[place].strip()
