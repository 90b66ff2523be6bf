"""The columns of Magento's product CSV that a store file has a place for, and what their cells mean."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache, partial
from operator import itemgetter
from typing import NamedTuple

from backorderctl.errors import BackorderctlError, InvalidFile, Mismatch, Problem
from backorderctl.magento.csv_reader import RowProblems, Table
from backorderctl.magento.report import REMARKED, Notice, plain
from backorderctl.store.scalars import StockStatus, parse_quantity, shortest
from backorderctl.store.settings import MANAGE_STOCK, SETTINGS, AnySetting, Value
from backorderctl.store.sku import SKU

QTY = "qty"
IN_STOCK = "is_in_stock"
STORE_VIEW = "store_view_code"
USE_CONFIG = "Use Config"
"""Instead of a value: that of the configuration; in this spelling alone (Import/Product.php, INVENTORY_USE_CONFIG)."""
TYPE_COLUMNS = ("product_type", "_type", "type", "type_id")
"""What a row is: in Magento 2, in the exports of Magento 1, in its Dataflow and OpenMage's, and in the database."""
CACHED = 1 << 14
"""Different combinations of cells whose meaning is kept: catalogues repeat them."""
UNSUPPORTED = (
    "min_cart_qty",
    "max_cart_qty",
    "is_qty_decimal",
    "is_decimal_divided",
    "qty_increments",
    "enable_qty_increments",
)
"""Inventory columns of Magento's product CSV that a store file has no place for."""
OF_MAGENTO = tuple(row for row in SETTINGS.values() if row.csv_column and row.use_config_column)
"""The settings that a product CSV has columns for."""


class Inherited(NamedTuple):
    """No value of the product's own; `idle` is what the file has all the same and is not in force, if anything.

    `text` is the cell that it is from, of the column of that name.
    """

    idle: Value | None
    column: str
    text: str


class Unmarked(NamedTuple):
    """A 0 without a flag that puts it in force: Magento takes it only for a product that has a value of its own."""

    value: Value
    column: str


SettingCell = Value | Inherited | Unmarked
"""What the cells of one setting say."""


class SettingColumns(NamedTuple):
    """The places of a setting's value and its use_config flag in a row; None for a column that the file has not.

    `name` is that of the value's column in the file, or else of the flag's.
    """

    setting: AnySetting
    value: int | None
    flag: int | None
    name: str


@dataclass(frozen=True, slots=True)
class Columns:
    """The places of the cells of a product row; None for a column that the file has not.

    `remarks` are the columns whose cells deserve a note, by name.
    """

    sku: int
    name: int | None
    store_view: int | None
    type: int | None
    quantity: int | None
    in_stock: int | None
    settings: tuple[SettingColumns, ...]
    remarks: Mapping[str, int]
    magento_1: bool

    def of_settings(self) -> tuple[int, ...]:
        """The places of the settings' cells."""
        return tuple(place for row in self.settings for place in (row.value, row.flag) if place is not None)

    def inventory(self) -> tuple[int, ...]:
        """The places of all the cells that an import takes of a product's inventory."""
        return (*(place for place in (self.quantity, self.in_stock) if place is not None), *self.of_settings())


class Cells(NamedTuple):
    """What the settings' cells of one row say, by key, and the notes on them: what, the column, and the value."""

    settings: Mapping[str, SettingCell]
    notes: tuple[tuple[Notice, str, str], ...]


def find_columns(table: Table, *, names_only: bool = False) -> Columns:
    """The places of the cells, by a column's name in Magento's files or else in its database.

    InvalidFile when the file has no SKUs, or no inventory column; with `names_only` its inventory is not looked at.
    """
    found = tuple(_setting_columns(table, row) for row in OF_MAGENTO)
    columns = Columns(
        sku=table.needed(SKU)[0],
        name=table.column("name"),
        store_view=table.column(STORE_VIEW, "_store"),
        type=table.column(*TYPE_COLUMNS),
        quantity=None if names_only else table.column(QTY),
        in_stock=None if names_only else table.column(IN_STOCK),
        settings=() if names_only else found,
        remarks={name: place for name in REMARKED if (place := table.column(name)) is not None},
        magento_1="_type" in table.header or "_attribute_set" in table.header,
    )
    if not (names_only or columns.inventory()):
        problem = f"expected an inventory column such as {QTY} or allow_backorders, got {table.quoted_header()}"
        raise InvalidFile(table.file, [Problem(problem, 1)], hint="--names-only")
    return columns


def _setting_columns(table: Table, setting: AnySetting) -> SettingColumns:
    value = table.column(*filter(None, (setting.csv_column, setting.database_column)))
    flag = table.column(str(setting.use_config_column))
    name = next((table.header[place] for place in (value, flag) if place is not None), "")
    return SettingColumns(setting, value, flag, name)


def picker(places: Sequence[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """A fast function from a row's cells to those at the places."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda cells: tuple(cells[place] for place in places)


def read_settings(places: Sequence[SettingColumns], cells: Sequence[str], problems: RowProblems) -> Cells:
    """The settings that a row's cells give, as Magento's import reads them; what is wrong goes to `problems`.

    A value counts when its flag is 0, or when there is no flag and the value is not `0` (Import/Product.php,
    _setStockUseConfigFieldsValues). A blank cell says nothing.
    """
    found: dict[str, SettingCell] = {}
    notes: list[tuple[Notice, str, str]] = []
    for columns in places:
        value = "" if columns.value is None else cells[columns.value].strip()
        flag = "" if columns.flag is None else cells[columns.flag].strip()
        if value or flag:
            notes += _notes(columns, value, flag)
            inherited = problems.read(partial(_is_on, columns.setting, flag), otherwise=False)
            if (given := problems.read(partial(_given, columns, value, flag, inherited=inherited), None)) is not None:
                found[columns.setting.key] = given
    return Cells(found, tuple(notes))


@lru_cache(CACHED)
def units(column: str, cell: str) -> Decimal:
    """The quantity in a cell; BackorderctlError, with the column, when it is not a quantity."""
    try:
        return shortest(parse_quantity(cell))
    except Mismatch as mismatch:
        raise BackorderctlError(f"{column}: {mismatch}") from None


@lru_cache(CACHED)
def stock_status(column: str, cell: str) -> StockStatus:
    """The stock status that a cell of 0 or 1 says; BackorderctlError, with the column, when it is neither."""
    match plain(cell):
        case "1":
            return StockStatus.IN_STOCK
        case "0":
            return StockStatus.OUT_OF_STOCK
    raise BackorderctlError(f"{column}: expected 0 or 1, got {cell!r}")


@lru_cache(CACHED)
def is_in_stock(cell: str) -> StockStatus:
    """The stock status that `is_in_stock` says, in the words that Manage Stock takes; else BackorderctlError."""
    try:
        return StockStatus.IN_STOCK if MANAGE_STOCK.kind.from_magento(cell) else StockStatus.OUT_OF_STOCK
    except Mismatch as mismatch:
        raise BackorderctlError(f"{IN_STOCK}: {mismatch}") from None


def _given(columns: SettingColumns, value: str, flag: str, *, inherited: bool) -> SettingCell | None:
    if value in ("", USE_CONFIG):
        return Inherited(None, columns.name, value) if inherited or value else None
    try:
        read = columns.setting.kind.from_magento(value)
    except Mismatch as mismatch:
        raise BackorderctlError(f"{columns.name}: {mismatch}") from None
    if inherited:
        return Inherited(read, columns.name, value)
    return Unmarked(read, columns.name) if value == "0" and not flag else read


def _is_on(setting: AnySetting, flag: str) -> bool:
    """Whether a flag says that the configuration's value is meant: any number but 0 does, to PHP."""
    try:
        return bool(flag) and parse_quantity(flag) != 0
    except Mismatch as mismatch:
        raise BackorderctlError(f"{setting.use_config_column}: {mismatch}") from None


def _notes(columns: SettingColumns, value: str, flag: str) -> Iterator[tuple[Notice, str, str]]:
    if plain(flag) not in ("", "0", "1"):
        yield Notice.FLAG_NOT_0_OR_1, str(columns.setting.use_config_column), flag
    if not value and plain(flag) == "0" and columns.value is not None:
        yield Notice.BLANK_OVERRIDE, columns.name, ""
