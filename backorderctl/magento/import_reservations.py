"""What is reserved: a row for each product and stock, or all entries of Magento's inventory_reservation, summed.

An entry's quantity is negative for what an order reserves and positive for what a shipment gives back.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from backorderctl.errors import BackorderctlError, InvalidFile, Mismatch, Problem
from backorderctl.magento import csv_reader
from backorderctl.magento.columns import SKU, units
from backorderctl.magento.csv_reader import CsvRow, Input, OnProgress, Table
from backorderctl.magento.headers import check_header
from backorderctl.magento.report import Count, Report
from backorderctl.magento.sku import Spellings
from backorderctl.store.delimited import Refused
from backorderctl.store.quantities_file import QUANTITY, RESERVED, STOCK, STOCK_ID, STOCK_IDS
from backorderctl.store.quantity import ZERO, format_quantity, parse_quantity

Reservations = dict[tuple[str, str | None], Decimal]
"""Reserved units by SKU and stock; the stock is None where the file does not say it."""


class _Places(NamedTuple):
    sku: int
    reserved: int | None
    quantity: int | None
    stock: int | None
    stock_id: int | None


def read_reservations(
    source: Input, report: Report, watch: OnProgress, stock_ids: Mapping[str, str] = STOCK_IDS
) -> Reservations:
    """What is reserved, 0 included; rows refused go to the report.

    InvalidFile as `open_table`, and when the entries of a product add up to more than 0: their sign is turned.
    """
    found: Reservations = {}
    with csv_reader.open_table(source, report, Count.RESERVATION_ROWS, watch) as table:
        check_header(table, "--reservations", "a file of reservations")
        places = _places(table)
        spellings = Spellings(source.name, report)
        for row in table.rows:
            try:
                pair, reserved = _reservation(row, places, spellings, stock_ids)
                if places.reserved is not None and pair in found:
                    raise BackorderctlError(f"{SKU} {pair[0]!r}: expected one row, got another")
            except InvalidFile:
                raise
            except BackorderctlError as failure:
                report.refuse(Refused(source.name, row.number, row.line, failure.message, row.cells))
                continue
            found[pair] = found.get(pair, ZERO) + reserved
    _refuse_positive(source.name, found)
    return found


def _places(table: Table) -> _Places:
    places = _Places(table.needed(SKU), *(table.column(name) for name in (RESERVED, QUANTITY, STOCK, STOCK_ID)))
    if (places.reserved is None) == (places.quantity is None):
        got = "neither" if places.reserved is None else "both"
        raise InvalidFile(table.file, [Problem(f"expected a column {RESERVED!r} or {QUANTITY!r}, got {got}", 1)])
    return places


def _reservation(
    row: CsvRow, places: _Places, spellings: Spellings, stock_ids: Mapping[str, str]
) -> tuple[tuple[str, str | None], Decimal]:
    sku = spellings.sku(row.cells[places.sku], row.line)
    if not sku:
        raise BackorderctlError(f"{SKU}: expected a SKU, got none")
    stock = None if places.stock is None else row.cells[places.stock].strip()
    if stock is None and places.stock_id is not None:
        number = row.cells[places.stock_id].strip()
        stock = stock_ids.get(number)
        if stock is None:
            raise BackorderctlError(f"{STOCK_ID}: expected {', '.join(stock_ids)} or a --stock-id, got {number!r}")
    if places.reserved is None:
        return (sku, stock), -units(QUANTITY, row.cells[places.quantity or 0])
    try:
        return (sku, stock), parse_quantity(row.cells[places.reserved], minimum=ZERO)
    except Mismatch as mismatch:
        raise BackorderctlError(f"{RESERVED}: {mismatch}") from None


def _refuse_positive(file: str, found: Reservations) -> None:
    positive = [(sku, -reserved) for (sku, _), reserved in found.items() if reserved < 0]
    if positive:
        sku, total = positive[0]
        more = f"; so for {len(positive) - 1} more" if len(positive) > 1 else ""
        problem = f"{SKU} {sku!r}: expected a {QUANTITY} of 0 or less in all, got {format_quantity(total)}{more}"
        hint = f"Magento writes what is reserved as a negative {QUANTITY}; if the sign is turned, call it {RESERVED}"
        raise InvalidFile(file, [Problem(problem)], hint=hint)
