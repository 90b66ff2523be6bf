"""Rows of quantities and reserved files as source items and reservations, or refused with the number of each record.

A quantities file has a row for each source item, as Magento's `inventory_source_item`; a reserved file has one for each
product and stock, or all entries of Magento's `inventory_reservation`, which are summed.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

from backorderctl.errors import BackorderctlError, Mismatch, nearest
from backorderctl.store import fields
from backorderctl.store.delimited import InputFile, Record, Refused, Sheet, open_sheet
from backorderctl.store.fields import StockStatus
from backorderctl.store.model import DEFAULT_STOCK, Product, SourceItem, Store
from backorderctl.store.quantity import ZERO, format_quantity, parse_quantity, toml_repr

SOURCE, SKU, QUANTITY, STATUS = "source_code", "sku", "quantity", "status"
RESERVED, STOCK, STOCK_ID = "reserved", "stock", "stock_id"
STATUSES = {
    "1": StockStatus.IN_STOCK,
    "0": StockStatus.OUT_OF_STOCK,
    "in_stock": StockStatus.IN_STOCK,
    "out_of_stock": StockStatus.OUT_OF_STOCK,
}
"""The cells of the column `status`."""
STOCK_IDS = {"1": DEFAULT_STOCK}
"""Magento's number of its own first stock."""
QUOTED_ROWS = 5
"""Refused rows that an error message quotes; the others it counts."""

Kind = TypeVar("Kind")
Watch = Callable[[int], None]
"""Is told how many bytes of a file have been read."""
Items = dict[str, dict[str, SourceItem]]
"""Source items by SKU and source."""
Reservations = dict[str, dict[str, Decimal]]
"""Reserved units by SKU and stock."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Which files replace what.

    `sources`, if any, are the only ones that are replaced; `stock_ids` number the stocks. Rows of `foreign` sources and
    stocks, which only the other side of a comparison declares, are left out.
    """

    quantities: tuple[InputFile, ...] = ()
    reserved: tuple[InputFile, ...] = ()
    sources: tuple[str, ...] = ()
    stock_ids: Mapping[str, str] = field(default_factory=lambda: STOCK_IDS)
    foreign: frozenset[str] = frozenset()
    allow_missing: bool = False
    skip_bad: bool = False


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file that was read: its columns, the number of its rows, and the columns that nothing was taken from."""

    file: str
    header: tuple[str, ...]
    rows: int
    ignored: tuple[str, ...]


class Reading:
    """The files of one command: what they hold, and the rows that are refused.

    Of all rows that are right, only those of the SKUs `collected` are kept, if it is not None.
    """

    def __init__(
        self, store: Store, inputs: Inputs, only: str | None, watch: Watch, collected: Container[str] | None = None
    ) -> None:
        self.store = store
        self.inputs = inputs
        self.only = only
        self.watch = watch
        self.collected = collected
        self.files: list[FileRead] = []
        self.refused: list[Refused] = []
        self.twice: set[tuple[str, str]] = set()
        self.foreign = 0

    def quantities(self) -> Items:
        """The source items of all quantities files; a pair of which two rows are given is refused with both."""
        items: Items = {}
        for file in self.inputs.quantities:
            with open_sheet(file, only=self.only, watch=self.watch) as sheet:
                self._read_items(sheet, items)
        if self.twice:
            for file in self.inputs.quantities:
                with open_sheet(file, only=self.only, watch=self.watch) as sheet:
                    self._refuse_pairs(sheet)
            for sku, source in self.twice:
                del items[sku][source]
        return {sku: of_product for sku, of_product in items.items() if of_product}

    def _read_items(self, sheet: Sheet, items: Items) -> None:
        width, sources, products = len(sheet.header), self.store.sources, self.store.products
        only, collected = self.only, self.collected
        at_source, at_sku, at_quantity = sheet.needed(SOURCE), sheet.needed(SKU), sheet.needed(QUANTITY)
        at_status = sheet.column(STATUS)
        rows = 0
        for record in sheet.records:
            rows, _, cells = record
            if len(cells) != width:
                self._refuse(sheet, record, _wrong_width(width, cells))
                continue
            source, sku = cells[at_source], cells[at_sku]
            if only is not None and sku != only:
                continue
            try:
                status = _own_status(products.get(sku), source) if at_status is None else STATUSES[cells[at_status]]
                item = _item(cells[at_quantity], status)
                if source not in sources:
                    if source not in self.inputs.foreign:
                        raise KeyError(source)
                    self.foreign += 1
                    continue
                of_product = items.get(sku)
                if of_product is None:
                    of_product = {}
                    if collected is None or fields.sku(sku) in collected:
                        items[fields.sku(sku)] = of_product
            except (Mismatch, KeyError):
                places = (at_source, at_sku, at_quantity, at_status)
                self._refuse(sheet, record, _wrong_item(cells, places, sources))
                continue
            if source in of_product:
                self.twice.add((sku, source))
            of_product[source] = item
        self._finished(sheet, rows, (at_source, at_sku, at_quantity, at_status))

    def _refuse_pairs(self, sheet: Sheet) -> None:
        at_source, at_sku = sheet.needed(SOURCE), sheet.needed(SKU)
        for record in sheet.records:
            cells = record[2]
            if len(cells) == len(sheet.header) and (cells[at_sku], cells[at_source]) in self.twice:
                reason = f"{toml_repr(cells[at_sku])} at {cells[at_source]}: expected one row, got several"
                self._refuse(sheet, record, reason)

    def reservations(self) -> Reservations:
        """What all reserved files say is reserved, summed where they list entries; a sum above 0 is refused."""
        reserved: Reservations = {}
        positive: Reservations = {}
        for file in self.inputs.reserved:
            with open_sheet(file, only=self.only, watch=self.watch) as sheet:
                self._read_reserved(sheet, reserved)
        for sku, of_product in reserved.items():
            for stock, units in of_product.items():
                if units < 0:
                    positive.setdefault(sku, {})[stock] = -units
        if positive and not self.inputs.skip_bad:
            raise _turned(self.inputs.reserved, positive)
        return {
            sku: {stock: units for stock, units in of_product.items() if units > 0}
            for sku, of_product in reserved.items()
        }

    def _read_reserved(self, sheet: Sheet, reserved: Reservations) -> None:
        width = len(sheet.header)
        at_sku, at_reserved, at_quantity = sheet.needed(SKU), sheet.column(RESERVED), sheet.column(QUANTITY)
        if (at_reserved is None) == (at_quantity is None):
            found = "neither" if at_reserved is None else "both"
            raise BackorderctlError(f"{sheet.file}: expected a column {RESERVED!r} or {QUANTITY!r}, got {found}")
        stocks = _Stocks(self.store, self.inputs, sheet)
        rows = 0
        for record in sheet.records:
            rows, _, cells = record
            if len(cells) != width:
                self._refuse(sheet, record, _wrong_width(width, cells))
                continue
            if self.only is not None and cells[at_sku] != self.only:
                continue
            try:
                sku, stock = _cell(SKU, fields.sku, cells[at_sku]), stocks.of(cells)
                if stock in self.inputs.foreign:
                    self.foreign += 1
                    continue
                if at_reserved is None:
                    units = -_cell(QUANTITY, _units, cells[at_quantity or 0])
                else:
                    units = _cell(RESERVED, _reserved_units, cells[at_reserved])
            except _Refusal as refusal:
                self._refuse(sheet, record, str(refusal))
                continue
            of_product = reserved.setdefault(sku, {})
            if at_reserved is not None and stock in of_product:
                self._refuse(sheet, record, f"{toml_repr(sku)} in stock {stock}: expected one row, got another")
            else:
                of_product[stock] = of_product.get(stock, ZERO) + units
        self._finished(sheet, rows, (at_sku, at_reserved, at_quantity, *stocks.places))

    def _refuse(self, sheet: Sheet, record: Record, reason: str) -> None:
        self.refused.append(Refused(sheet.file, record[0], record[1], reason, record[2]))

    def _finished(self, sheet: Sheet, rows: int, taken: Iterable[int | None]) -> None:
        """Note the file; BackorderctlError when it has no row: the export of a warehouse that went wrong has none."""
        ignored = tuple(name for place, name in enumerate(sheet.header) if place not in set(taken))
        self.files.append(FileRead(sheet.file, sheet.header, rows, ignored))
        if not rows and self.only is None:
            raise BackorderctlError(f"{sheet.file}: expected rows, got none")

    def in_order(self) -> tuple[Refused, ...]:
        """The refused rows in the order of the files."""
        order = {file.file: number for number, file in enumerate(self.files)}
        return tuple(sorted(self.refused, key=lambda row: (order[row.file], row.number)))

    def check_rows(self) -> None:
        """BackorderctlError with the first of the refused rows, and how many they are, unless they are left out."""
        if self.refused and not self.inputs.skip_bad:
            raise refusal(self.in_order(), self.files, hint="--skip-bad REJECTS.csv")


def refusal(refused: Sequence[Refused], files: Iterable[FileRead], *, hint: str) -> BackorderctlError:
    """What to say of refused rows: the first of them, and how many they are."""
    told = [f"{row.file}:{row.line}: record {row.number}: {row.reason}" for row in refused[:QUOTED_ROWS]]
    if len(refused) > 1:
        told.append(f"{len(refused)} of {sum(file.rows for file in files)} rows are refused")
    return BackorderctlError("\n".join(told), hint=hint)


class _Stocks:
    """Which stock each row of a reserved file is about: the one that a column names, or the only one there is."""

    def __init__(self, store: Store, inputs: Inputs, sheet: Sheet) -> None:
        self._stocks = store.stocks.keys() | inputs.foreign
        self._ids = inputs.stock_ids
        self._code, self._id = sheet.column(STOCK), sheet.column(STOCK_ID)
        self.places = (self._code, self._id)
        self._only = next(iter(store.stocks))
        if self._code is None and self._id is None and len(store.stocks) > 1:
            raise BackorderctlError(
                f"{sheet.file}: expected a column {STOCK!r} or {STOCK_ID!r}, got neither; "
                f"the store has several stocks: {', '.join(store.stocks)}"
            )

    def of(self, cells: Sequence[str]) -> str:
        """The stock's code; _Refusal when there is none of that code or number."""
        if self._code is not None:
            code = cells[self._code]
            if code in self._stocks:
                return code
            raise _Refusal(f"{STOCK}: {_no_such('stock', code, self._stocks)}")
        if self._id is None:
            return self._only
        number = cells[self._id]
        if (code := self._ids.get(number, "")) in self._stocks:
            return code
        known = ", ".join(f"{id_} ({code})" for id_, code in self._ids.items() if code in self._stocks)
        raise _Refusal(f"{STOCK_ID}: expected {known or 'a number that --stock-id gives a stock'}, got {number!r}")


@lru_cache(1 << 16)
def _units(cell: str) -> Decimal:
    if cell != cell.strip():
        raise Mismatch("a number without blanks", toml_repr(cell))
    return parse_quantity(cell)


def _reserved_units(cell: str) -> Decimal:
    units = _units(cell)
    if units < 0:
        raise Mismatch("0 or more", cell)
    return units


@lru_cache(1 << 16)
def _item(cell: str, status: StockStatus) -> SourceItem:
    """A source item without settings; equal ones are one, which spares time and memory."""
    return SourceItem(_units(cell), status, {})


def _own_status(product: Product | None, source: str) -> StockStatus:
    """The status that the store file gives a source item; in stock where it has none."""
    item = product.items.get(source) if product else None
    return item.status if item else StockStatus.IN_STOCK


def _wrong_width(width: int, cells: Sequence[str]) -> str:
    return f"expected {width} cells, got {len(cells)}"


def _wrong_item(cells: Sequence[str], places: tuple[int, int, int, int | None], sources: Iterable[str]) -> str:
    """Why a row of a quantities file is refused: the first of its cells that is wrong."""
    source, sku, quantity, status = places
    try:
        _cell(SKU, fields.sku, cells[sku])
        _cell(QUANTITY, _units, cells[quantity])
    except _Refusal as refusal:
        return str(refusal)
    if cells[source] not in sources:
        return f"{SOURCE}: {_no_such('source', cells[source], sources)}"
    found = "nothing" if status is None else toml_repr(cells[status])
    return f"{STATUS}: expected 1, 0, in_stock or out_of_stock, got {found}"


class _Refusal(Exception):
    """A row that is not taken, with the column and what is wrong there."""


def _cell(column: str, read: Callable[[str], Kind], cell: str) -> Kind:
    """The value of a cell; _Refusal, with the column, when it has none."""
    try:
        return read(cell)
    except Mismatch as mismatch:
        raise _Refusal(f"{column}: {mismatch}") from None


def _no_such(kind: str, name: str, names: Iterable[str]) -> str:
    close = nearest(name, names)
    return f"expected a {kind} of the store file, got {toml_repr(name)}" + (
        f"; did you mean {close!r}?" if close else ""
    )


def _turned(files: Sequence[InputFile], positive: Reservations) -> BackorderctlError:
    """Sums of the sign that adds goods: a file that lists what is reserved as positive numbers."""
    sku, of_product = next(iter(positive.items()))
    stock, units = next(iter(of_product.items()))
    number = sum(map(len, positive.values()))
    more = f"; and {number - 1} more" if number > 1 else ""
    return BackorderctlError(
        f"{', '.join(file.name for file in files)}: {toml_repr(sku)} in stock {stock}: expected a {QUANTITY} "
        f"of 0 or less in all, as Magento reserves, got {format_quantity(units)}{more}",
        hint=f"if the sign is turned, name the column {RESERVED!r}",
    )
