"""Magento's product CSV, exported or made for import: which inventory settings and quantities it puts in force.

A product has a row for each store view, of which one carries its inventory; rows without any, and rows that repeat it,
are passed over. The same SKU with other values is refused: Magento would take whichever comes first in a bunch of rows.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from backorderctl.errors import BackorderctlError
from backorderctl.magento import csv_reader
from backorderctl.magento.columns import (
    CACHED,
    IN_STOCK,
    QTY,
    UNSUPPORTED,
    Cells,
    Columns,
    Inherited,
    SettingCell,
    Unmarked,
    find_columns,
    is_in_stock,
    picker,
    read_settings,
    units,
)
from backorderctl.magento.csv_reader import CsvRow, Input, OnProgress, RowProblems, check_header, take_rows
from backorderctl.magento.report import Count, ImportReport, Notice, Spellings, remarks
from backorderctl.store.scalars import StockStatus, format_quantity
from backorderctl.store.settings import SETTINGS
from backorderctl.store.sku import SKU

COMPOSITE = ("configurable", "grouped", "bundle")
"""Product types that sell other products' stock and have none of their own."""


class Inventory(NamedTuple):
    """What a file says of one product's inventory; what is None or missing it leaves as it is."""

    settings: Mapping[str, SettingCell]
    quantity: Decimal | None
    status: StockStatus | None


SILENT = Inventory({}, None, None)


class ProductRow(NamedTuple):
    """What a file says of one product, at which line; without a name it leaves that as it is."""

    name: str | None
    inventory: Inventory
    line: int


def read_products(
    source: Input, report: ImportReport, watch: OnProgress, *, names_only: bool = False
) -> dict[str, ProductRow]:
    """The products in the file by SKU; rows refused or passed over go to the report. InvalidFile as `open_table`.

    With `names_only`, SKUs and names alone are taken.
    """
    with csv_reader.open_table(source, report, Count.PRODUCT_ROWS, watch) as table:
        check_header(table, "--products", "a Magento product CSV")
        columns = find_columns(table, names_only=names_only)
        reader = _Reader(source.name, columns, report, names_only=names_only)
        if unsupported := [name for name in table.header if name in UNSUPPORTED]:
            report.count(Count.UNSUPPORTED_COLUMNS, len(unsupported), unsupported)
        if columns.type is None and not names_only:
            named = next((name for name in table.header if re.search(r"(^|[ _])(type|kind)($|[ _])", name)), None)
            report.note(Notice.NO_TYPE, value=named)
        take_rows(table, report, reader.take)
        if not reader.products:
            report.notes.pop((Notice.NO_TYPE, None), None)
    return reader.named_products()


class _Read(NamedTuple):
    inventory: Inventory
    notes: tuple[tuple[Notice, str, str], ...]


class _Reader:
    """The products met so far; catalogues have few combinations of inventory cells, so that most are read once."""

    def __init__(self, file: str, places: Columns, report: ImportReport, *, names_only: bool) -> None:
        self.products: dict[str, ProductRow] = {}
        self._file = file
        self._places = places
        self._names_only = names_only
        self._cells = picker(places.inventory())
        self._cells_of_settings = picker(places.of_settings())
        self._remarked = picker(tuple(places.remarks.values()))
        self._column_names = {each.setting.key: each.name for each in places.settings}
        self._report = report
        self._spellings = Spellings(file, report)
        self._composite: set[str] = set()
        self._inventories: dict[tuple[str, ...], _Read] = {}
        self._settings: dict[tuple[str, ...], Cells] = {}
        self._remarks: dict[tuple[str, ...], tuple[tuple[Notice, str], ...]] = {}
        self._names: dict[str, _StoreViewName] = {}

    def take(self, row: CsvRow) -> None:
        """Take one row or pass it over; BackorderctlError for one that is wrong."""
        cells, places = row.cells, self._places
        of_inventory = self._cells(cells)
        sku = self._spellings.sku(cells[places.sku], row.line)
        known = self.products.get(sku)
        view = _cell(cells, places.store_view)
        if not sku:
            if any(of_inventory):
                raise BackorderctlError(f"{SKU}: expected a SKU, got none")
            self._report.count(Count.CONTINUATION_ROWS if places.magento_1 else Count.ROWS_WITHOUT_SKU)
            return
        if view:
            self._name_of_view(sku, view, cells)
        if sku in self._composite or _cell(cells, places.type).lower() in COMPOSITE:
            if sku not in self._composite:
                self._composite.add(sku)
                self._report.note(Notice.COMPOSITE_PRODUCT, sku=sku, line=row.line, value=_cell(cells, places.type))
            elif view:
                self._report.count(Count.STORE_VIEW_ROWS)
            else:
                self._report.count(Count.REPEATED_ROWS)
        elif not any(of_inventory) and not self._names_only and (known is not None or view):
            self._report.count(Count.STORE_VIEW_ROWS if view else Count.REPEATED_ROWS)
        else:
            name = None if view else _cell(cells, places.name)
            inventory, notes = self._inventories.get(of_inventory) or self._read(of_inventory, row)
            for notice, column, value in notes:
                self._report.note(notice, about=column, line=row.line, value=value)
            self._add(sku, ProductRow(name or None, inventory, row.line), known, row, of_view=bool(view))

    def named_products(self) -> dict[str, ProductRow]:
        """The products; one whose rows are all of one store view has the name that they give."""
        for sku, name in self._names.items():
            row = self.products.get(sku)
            if row is not None and row.name is None and name.only:
                self.products[sku] = row._replace(name=name.text)
        return self.products

    def _name_of_view(self, sku: str, view: str, cells: Sequence[str]) -> None:
        known = self._names.get(sku)
        if known is None:
            self._names[sku] = _StoreViewName(view, _cell(cells, self._places.name) or None, only=True)
        elif known.view != view:
            self._names[sku] = known._replace(only=False)

    def _add(self, sku: str, row: ProductRow, known: ProductRow | None, cells: CsvRow, *, of_view: bool) -> None:
        if known is None:
            self.products[sku] = row
            self._remark(sku, row, cells)
        elif self._names_only:
            self._report.count(Count.STORE_VIEW_ROWS if of_view else Count.REPEATED_ROWS)
            self.products[sku] = known._replace(name=known.name or row.name)
        elif known.inventory == SILENT:
            self.products[sku] = row._replace(name=known.name or row.name)
            self._remark(sku, row, cells)
        else:
            if differences := list(_differences(known, row, self._column_names)):
                raise BackorderctlError(f"{SKU} {sku!r}: {'; '.join(differences)}")
            self._report.count(Count.STORE_VIEW_ROWS if of_view else Count.REPEATED_ROWS)
            if known.name is None and row.name is not None:
                self.products[sku] = known._replace(name=row.name)

    def _remark(self, sku: str, row: ProductRow, cells: CsvRow) -> None:
        if self._places.quantity is not None and row.inventory.quantity is None:
            self._report.note(Notice.BLANK_QUANTITY, sku=sku, line=row.line)
        remarked = self._remarked(cells.cells)
        found = self._remarks.get(remarked)
        if found is None:
            named = {name: cell.strip() for name, cell in zip(self._places.remarks, remarked, strict=True)}
            found = tuple(remarks(named))
            if len(self._remarks) < CACHED:
                self._remarks[remarked] = found
        for notice, value in found:
            self._report.note(notice, sku=sku, line=row.line, value=value)

    def _read(self, of_inventory: tuple[str, ...], row: CsvRow) -> _Read:
        of_settings = self._cells_of_settings(row.cells)
        problems = RowProblems()
        settings = self._settings.get(of_settings) or read_settings(self._places.settings, row.cells, problems)
        quantity, status = _cell(row.cells, self._places.quantity), _cell(row.cells, self._places.in_stock)
        inventory = Inventory(
            settings.settings,
            problems.read(partial(units, QTY, quantity), None) if quantity else None,
            problems.read(partial(is_in_stock, status), None) if status else None,
        )
        problems.check()
        read = _Read(inventory, settings.notes)
        if len(self._inventories) < CACHED:
            self._settings[of_settings] = settings
            self._inventories[of_inventory] = read
        return read


class _StoreViewName(NamedTuple):
    """The name that the rows of the first store view give, and whether no row is of another one."""

    view: str
    text: str | None
    only: bool


def _differences(known: ProductRow, row: ProductRow, names: Mapping[str, str]) -> Iterator[str]:
    """The columns in which two rows of a product differ, with both values; only values in force are compared."""
    if known.inventory == row.inventory:
        return
    first, other = _in_force(known.inventory, names), _in_force(row.inventory, names)
    for column in dict.fromkeys((*first, *other)):
        expected, found = first.get(column, "none"), other.get(column, "none")
        if expected != found:
            yield f"{column}: expected {expected} as at line {known.line}, got {found}"


def _in_force(inventory: Inventory, names: Mapping[str, str]) -> dict[str, str]:
    """What the cells of a row come down to, by column, as a message quotes it; `names` are the columns of settings."""
    found = {}
    if inventory.quantity is not None:
        found[QTY] = format_quantity(inventory.quantity)
    if inventory.status is not None:
        found[IN_STOCK] = str(int(inventory.status is StockStatus.IN_STOCK))
    for key, cell in inventory.settings.items():
        match cell:
            case Inherited():
                found[names[key]] = "the configuration's value"
            case Unmarked():
                found[names[key]] = "0 without a flag"
            case _:  # Magento's word for it, and no number with four decimals
                found[names[key]] = SETTINGS[key].kind.config_value(cell)
    return found


def _cell(cells: Sequence[str], place: int | None) -> str:
    return "" if place is None else cells[place].strip()
