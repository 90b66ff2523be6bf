"""The columns of Magento's product CSV that a store file has a place for, and what their cells mean."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from backorderctl.errors import BackorderctlError, Mismatch
from backorderctl.magento.csv_reader import Table
from backorderctl.store.fields import StockStatus
from backorderctl.store.quantity import parse_quantity, shortest
from backorderctl.store.settings import SETTINGS, AnySetting, Value

SKU = "sku"
QUANTITY = "qty"
IN_STOCK = "is_in_stock"
DEFAULT_SOURCE = "default"
"""The source whose quantity and stock status stand in a product CSV (Magento's SourceItemImporter)."""
USE_CONFIG = "Use Config"
"""Stands for a value where the configuration's is meant; in this spelling alone (Import/Product.php)."""
CACHED = 1 << 14
"""Different cells, or combinations of settings' cells, that are kept read: catalogues repeat them."""
WITHOUT_PLACE = (
    "min_cart_qty",
    "max_cart_qty",
    "is_qty_decimal",
    "is_decimal_divided",
    "qty_increments",
    "enable_qty_increments",
)
"""Inventory columns of Magento's product CSV that a store file has no place for."""
OF_MAGENTO = tuple(row for row in SETTINGS.values() if row.csv_column)
"""The settings that a product CSV has columns for."""


class Inherited(NamedTuple):
    """No value of the product's own; the one that stands in the file all the same, if any, is not in force."""

    idle: Value | None


class Unmarked(NamedTuple):
    """A 0 without a flag that puts it in force: Magento takes it only for a product that has a value of its own."""

    value: Value


Taken = Value | Inherited | Unmarked


class SettingColumns(NamedTuple):
    """Where a setting's value and its use_config flag stand in a row; None for a column that the file has not."""

    setting: AnySetting
    value: int | None
    flag: int | None


class Columns(NamedTuple):
    """Where the cells of a product row stand; None for a column that the file has not."""

    sku: int
    name: int | None
    store_view: int | None
    type: int | None
    quantity: int | None
    in_stock: int | None
    settings: tuple[SettingColumns, ...]

    def of_settings(self) -> tuple[int, ...]:
        """The places of the settings' cells."""
        return tuple(place for row in self.settings for place in (row.value, row.flag) if place is not None)

    def inventory(self) -> tuple[int, ...]:
        """The places of all the cells that are taken."""
        return (*(place for place in (self.quantity, self.in_stock) if place is not None), *self.of_settings())


class Cells(NamedTuple):
    """What the settings' cells of one row say, by key, and what about them deserves a word."""

    settings: Mapping[str, Taken]
    notes: tuple[tuple[str, str], ...]


def columns(table: Table) -> Columns:
    """Where the cells stand, by their name in Magento's files or else its database; InvalidFile without SKUs."""
    found = (
        SettingColumns(row, table.column(*filter(None, (row.csv_column, row.database_column))), table.column(flag))
        for row in OF_MAGENTO
        if (flag := row.use_config_column)
    )
    return Columns(
        table.needed(SKU),
        table.column("name"),
        table.column("store_view_code", "_store"),
        table.column("product_type", "_type"),
        table.column(QUANTITY),
        table.column(IN_STOCK),
        tuple(found),
    )


def picker(places: Sequence[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """A fast function from a row's cells to those at the places."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda cells: tuple(cells[place] for place in places)


def taken(places: Sequence[SettingColumns], cells: Sequence[str]) -> Cells:
    """The settings that a row's cells give, as Magento's import reads them; BackorderctlError, with the column, when
    one is none.

    A value counts when its flag is 0, or there is no flag and the value is not `0` (Import/Product.php,
    _setStockUseConfigFieldsValues). A blank cell says nothing.
    """
    found: dict[str, Taken] = {}
    notes: list[tuple[str, str]] = []
    for setting, value_at, flag_at in places:
        value = "" if value_at is None else cells[value_at].strip()
        flag = "" if flag_at is None else cells[flag_at].strip()
        if value or flag:
            notes += _notes(setting, value, flag)
            if (given := _given(setting, value, flag)) is not None:
                found[setting.key] = given
    return Cells(found, tuple(notes))


@lru_cache(CACHED)
def units(column: str, cell: str) -> Decimal:
    """The quantity in a cell; BackorderctlError, with the column, when it is none."""
    try:
        return shortest(parse_quantity(cell))
    except Mismatch as mismatch:
        raise BackorderctlError(f"{column}: {mismatch}") from None


@lru_cache(CACHED)
def stock_status(column: str, cell: str) -> StockStatus:
    """The stock status that a cell of 0 or 1 says; BackorderctlError, with the column, when it is neither."""
    match _plain(cell):
        case "1":
            return StockStatus.IN_STOCK
        case "0":
            return StockStatus.OUT_OF_STOCK
    raise BackorderctlError(f"{column}: expected 0 or 1, got {cell!r}")


def _given(setting: AnySetting, value: str, flag: str) -> Taken | None:
    inherited = _is_on(setting, flag)
    if value in ("", USE_CONFIG):
        return Inherited(None) if inherited or value else None
    try:
        read = setting.kind.from_magento(value)
    except Mismatch as mismatch:
        raise BackorderctlError(f"{setting.csv_column}: {mismatch}") from None
    if inherited:
        return Inherited(read)
    return Unmarked(read) if value == "0" and not flag else read


def _is_on(setting: AnySetting, flag: str) -> bool:
    """Whether a flag says that the configuration's value is meant: any number but 0 does, to PHP."""
    try:
        return bool(flag) and parse_quantity(flag) != 0
    except Mismatch as mismatch:
        raise BackorderctlError(f"{setting.use_config_column}: {mismatch}") from None


def _notes(setting: AnySetting, value: str, flag: str) -> Iterator[tuple[str, str]]:
    name, flag_name = setting.csv_column, setting.use_config_column
    if _plain(flag) not in ("", "0", "1"):
        yield f"{flag_name} neither 0 nor 1: read as 1, as Magento does", f"{flag_name} {flag}"
    if not value and _plain(flag) == "0":
        yield f"{name} blank beside {flag_name} 0: ignored", f"{name} blank"


def _plain(number: str) -> str:
    """A whole number without Magento's decimals: `1.0000` is 1."""
    return re.sub(r"\.0*$", "", number.strip())
