"""A reserved file as reservations: one row for a product in a stock, or Magento's `inventory_reservation`, summed."""

from collections.abc import Sequence
from decimal import Decimal

from backorderctl.errors import BackorderctlError, Mismatch
from backorderctl.store import fields
from backorderctl.store.delimited import InputFile, Sheet, open_sheet
from backorderctl.store.quantities_file import QUANTITY
from backorderctl.store.quantity import ZERO, format_quantity, toml_repr
from backorderctl.store.rows_read import RowsRead, WrongCell, cell_units, read_cell
from backorderctl.store.sku import SKU

RESERVED, STOCK_COLUMN, STOCK_ID = "reserved", "stock", "stock_id"

Reservations = dict[str, dict[str, Decimal]]
"""Reserved units by SKU and stock."""


def read_reservations(rows: RowsRead) -> Reservations:
    """What all reserved files say is reserved, summed where they list entries; a sum above 0 is refused."""
    reserved: Reservations = {}
    for file in rows.inputs.reserved:
        with open_sheet(file, only=rows.only, watch=rows.watch) as sheet:
            _read(rows, sheet, reserved)
    if not rows.inputs.skip_bad:
        _refuse_positive(rows.inputs.reserved, reserved)
    return {
        sku: {stock: units for stock, units in of_product.items() if units > 0} for sku, of_product in reserved.items()
    }


def _read(rows: RowsRead, sheet: Sheet, reserved: Reservations) -> None:
    at_sku, at_reserved, at_quantity = sheet.needed(SKU), sheet.column(RESERVED), sheet.column(QUANTITY)
    if (at_reserved is None) == (at_quantity is None):
        found = "neither" if at_reserved is None else "both"
        raise BackorderctlError(f"{sheet.file}: expected a column {RESERVED!r} or {QUANTITY!r}, got {found}")
    stocks = _Stocks(rows, sheet)
    number = 0
    for record in sheet.records:
        number, _, cells = record
        if not rows.is_whole(sheet, record) or rows.only not in (None, cells[at_sku]):
            continue
        try:
            sku, stock = read_cell(SKU, fields.sku, cells[at_sku]), stocks.of(cells)
            if at_reserved is None:
                units = -read_cell(QUANTITY, cell_units, cells[at_quantity or 0])
            else:
                units = read_cell(RESERVED, _reserved_units, cells[at_reserved])
        except WrongCell as wrong:
            rows.refuse(sheet, record, str(wrong))
            continue
        of_product = reserved.setdefault(sku, {})
        if stock in rows.inputs.foreign_stocks:
            rows.foreign += 1
        elif at_reserved is not None and stock in of_product:
            rows.refuse(sheet, record, f"{toml_repr(sku)} in stock {stock}: expected one row, got another")
        else:
            of_product[stock] = of_product.get(stock, ZERO) + units
    rows.finish(sheet, number, (at_sku, at_reserved, at_quantity, *stocks.places))


class _Stocks:
    """Which stock each row of a reserved file is about: the one that a column names, or the only one there is."""

    def __init__(self, rows: RowsRead, sheet: Sheet) -> None:
        store = rows.store
        self._rows = rows
        self._stocks = store.stocks.keys() | rows.inputs.foreign_stocks
        self._ids = rows.inputs.stock_ids
        self._code, self._id = sheet.column(STOCK_COLUMN), sheet.column(STOCK_ID)
        self.places = (self._code, self._id)
        self._only = next(iter(store.stocks))
        if self._code is None and self._id is None and len(store.stocks) > 1:
            raise BackorderctlError(
                f"{sheet.file}: expected a column {STOCK_COLUMN!r} or {STOCK_ID!r}, got neither; "
                f"the store has several stocks: {', '.join(store.stocks)}"
            )

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


def _reserved_units(cell: str) -> Decimal:
    units = cell_units(cell)
    if units < 0:
        raise Mismatch("0 or more", cell)
    return units


def _refuse_positive(files: Sequence[InputFile], reserved: Reservations) -> None:
    """BackorderctlError for sums of the sign that adds goods: of a file that lists what is reserved as above 0."""
    sums = [(sku, stock, -units) for sku, held in reserved.items() for stock, units in held.items() if units < 0]
    if not sums:
        return
    sku, stock, units = sums[0]
    more = f"; and {len(sums) - 1} more" if len(sums) > 1 else ""
    raise BackorderctlError(
        f"{', '.join(file.name for file in files)}: {toml_repr(sku)} in stock {stock}: expected a {QUANTITY} "
        f"of 0 or less in all, as Magento reserves, got {format_quantity(units)}{more}",
        hint=f"if the sign is turned, name the column {RESERVED!r}",
    )
