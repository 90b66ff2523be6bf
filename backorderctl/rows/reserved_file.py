"""A reserved file as reservations: one row for a product in a stock, or Magento's `inventory_reservation`, summed."""

from collections.abc import Sequence
from decimal import Decimal

from backorderctl.errors import BackorderctlError, Mismatch
from backorderctl.rows.delimited import InputFile, Sheet, open_sheet
from backorderctl.rows.quantities_file import QUANTITY
from backorderctl.rows.rows_read import STOCK_ID, RowsRead, WrongCell, cell_units, read_cell
from backorderctl.store.model import Values
from backorderctl.store.scalars import ZERO, format_quantity, toml_repr
from backorderctl.store.sku import SKU

RESERVED, STOCK_COLUMN = "reserved", "stock"

Reservations = dict[str, dict[str, Decimal]]
"""Reserved units by SKU and stock."""


def read_reservations(rows: RowsRead) -> Reservations:
    """What all reserved files say is reserved, summed where they list entries; a sum above 0 is refused, or noted.

    A row that says what is reserved in all is the only one of its product and stock: of several, all are refused.
    """
    reading = _Reading(rows)
    files = rows.inputs.reserved
    for file in files:
        with open_sheet(file, only=rows.only, watch=rows.watch) as sheet:
            reading.read(sheet)
    for file in files if reading.several else ():
        with open_sheet(file, only=rows.only, watch=rows.watch) as sheet:
            reading.refuse_several(sheet)
    for sku, stock in reading.several:
        del reading.reserved[sku][stock]
    above = [(sku, stock) for sku, held in reading.reserved.items() for stock, units in held.items() if units < 0]
    if above and not (rows.inputs.skip_bad or rows.refused):
        raise _refusal_of_sums(files, reading.reserved, above)
    rows.sums_above_zero = tuple(sorted(above))
    positive = (
        (sku, {stock: units for stock, units in of_product.items() if units > 0})
        for sku, of_product in reading.reserved.items()
    )
    return {sku: of_product for sku, of_product in positive if of_product}


class _Reading:
    """What the files that were read so far reserve, and the products and stocks of which one row more is too much."""

    def __init__(self, rows: RowsRead) -> None:
        self.rows = rows
        self.reserved: Reservations = {}
        self.several: set[tuple[str, str]] = set()
        self._in_all: set[tuple[str, str]] = set()

    def read(self, sheet: Sheet) -> None:
        """Take the rows of a file, and note those that are refused."""
        at = _Places(self.rows, sheet)
        number = 0
        for record in sheet.records:
            number, _, cells = record
            if not self.rows.is_whole(sheet, record) or not self.rows.is_wanted(cells[at.sku]):
                continue
            try:
                sku, stock, units = at.read(cells)
            except WrongCell as wrong:
                self.rows.refuse(sheet, record, str(wrong))
                continue
            if stock in self.rows.inputs.foreign_stocks:
                self.rows.foreign += 1
            else:
                self._put(sku, stock, units, in_all=at.reserved is not None)
        self.rows.finish(sheet, number, at.taken)

    def _put(self, sku: str, stock: str, units: Decimal, *, in_all: bool) -> None:
        of_product = self.reserved.setdefault(sku, {})
        if stock in of_product and (in_all or (sku, stock) in self._in_all):
            self.several.add((sku, stock))
        if in_all:
            self._in_all.add((sku, stock))
        of_product[stock] = of_product.get(stock, ZERO) + units

    def refuse_several(self, sheet: Sheet) -> None:
        """Refuse every row that is one of several, and that is not refused already."""
        refused = {row.number for row in self.rows.refused if row.file == sheet.file}
        at = _Places(self.rows, sheet)
        for record in sheet.records:
            if record[0] in refused or not self.rows.is_wanted(record[2][at.sku]):
                continue
            sku, stock, _ = at.read(record[2])
            if (sku, stock) in self.several:
                self.rows.refuse(sheet, record, f"{toml_repr(sku)} in stock {stock}: expected one row, got several")


class _Places:
    """The positions of the columns; InvalidFile or BackorderctlError when one that is needed is not there."""

    def __init__(self, rows: RowsRead, sheet: Sheet) -> None:
        [self.sku] = sheet.needed(SKU)
        self.reserved, self._quantity = sheet.column(RESERVED), sheet.column(QUANTITY)
        self._decimal = sheet.layout.decimal
        if (self.reserved is None) == (self._quantity is None):
            found = "neither" if self.reserved is None else "both"
            raise BackorderctlError(f"{sheet.file}: expected a column {RESERVED!r} or {QUANTITY!r}, got {found}")
        self._stocks = _Stocks(rows, sheet)
        self._read_sku = rows.sku
        self.taken = (self.sku, self.reserved, self._quantity, *self._stocks.places)

    def read(self, cells: Sequence[str]) -> tuple[str, str, Decimal]:
        """The SKU, the stock and the reserved units of a row; WrongCell for the first of its cells that is wrong."""
        sku, stock = self._read_sku(cells[self.sku]), self._stocks.of(cells)
        if self.reserved is None:
            return sku, stock, -read_cell(QUANTITY, self._units, cells[self._quantity or 0])
        return sku, stock, read_cell(RESERVED, self._reserved_units, cells[self.reserved])

    def _units(self, cell: str) -> Decimal:
        return cell_units(cell, self._decimal)

    def _reserved_units(self, cell: str) -> Decimal:
        units = self._units(cell)
        if units < 0:
            raise Mismatch("0 or more", cell)
        return units


class _Stocks:
    """Which stock each row of a reserved file is about: the one that a column names, or the only one there is."""

    def __init__(self, rows: RowsRead, sheet: Sheet) -> None:
        store = rows.store
        self._rows = rows
        self._stocks = store.stocks.keys() | rows.inputs.foreign_stocks
        self._ids = rows.inputs.stock_ids
        self._code, self._id = sheet.column(STOCK_COLUMN), sheet.column(STOCK_ID)
        self.places = (self._code, self._id)
        self._only = only_stock(store, sheet.file) if self._code is None and self._id is None else ""

    def of(self, cells: Sequence[str]) -> str:
        """The stock's code; WrongCell when no stock has that code or number."""
        if self._code is not None:
            code = cells[self._code]
            if code in self._stocks:
                return code
            raise WrongCell(f"{STOCK_COLUMN}: {self._rows.expected_name('stock', code, self._stocks)}")
        if self._id is None:
            return self._only
        number = cells[self._id]
        if (code := self._ids.get(number, "")) in self._stocks:
            return code
        known = ", ".join(f"{id_} ({code})" for id_, code in self._ids.items() if code in self._stocks)
        raise WrongCell(f"{STOCK_ID}: expected {known or 'a number that --stock-id gives a stock'}, got {number!r}")


def only_stock(store: Values, file: str) -> str:
    """The stock that a file without a column for it is about; BackorderctlError when the store has several."""
    if len(store.stocks) > 1:
        raise BackorderctlError(
            f"{file}: expected a column {STOCK_COLUMN!r} or {STOCK_ID!r}, got neither; "
            f"the store has several stocks: {', '.join(store.stocks)}"
        )
    return next(iter(store.stocks))


def _refusal_of_sums(
    files: Sequence[InputFile], reserved: Reservations, above: Sequence[tuple[str, str]]
) -> BackorderctlError:
    """What to say of sums of the sign that adds goods: of a file that lists what is reserved as above 0."""
    sku, stock = above[0]
    more = f"; and {len(above) - 1} more" if len(above) > 1 else ""
    return BackorderctlError(
        f"{', '.join(file.name for file in files)}: {toml_repr(sku)} in stock {stock}: expected a {QUANTITY} "
        f"of 0 or less in all, as Magento reserves, got {format_quantity(-reserved[sku][stock])}{more}",
        hint=f"if the sign is turned, give one row for each product and stock and name the column {RESERVED!r}",
    )
