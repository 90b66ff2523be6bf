"""What Magento's `export-stock-salable-qty` answers, as JSON or as CSV of the same columns."""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from backorderctl.errors import BackorderctlError
from backorderctl.store.delimited import InputFile, open_sheet
from backorderctl.store.sku import SKU

_QTY, _SALABLE = "qty", "is_salable"
_FLAGS = {"1": True, "true": True, "True": True, "0": False, "false": False, "False": False, "": False}


class SalableRow(NamedTuple):
    """One product of Magento's answer."""

    sku: str
    quantity: Decimal
    salable: bool


def read_salable(files: Iterable[InputFile]) -> dict[str, SalableRow]:
    """The products of all files, which are pages of one answer; BackorderctlError when one is given twice."""
    found: dict[str, SalableRow] = {}
    for file in files:
        for number, row in enumerate(_rows(file), 1):
            if found.setdefault(row.sku, row) is not row:
                raise BackorderctlError(f"{file.name}: record {number}: {row.sku!r}: expected once, got it again")
    return found


def _rows(file: InputFile) -> Iterator[SalableRow]:
    with open_sheet(file, watch=lambda _: None) as sheet:
        if not sheet.header or not sheet.header[0].startswith(("{", "[")):
            places = [sheet.needed(name) for name in (SKU, _QTY, _SALABLE)]
            for number, _, cells in sheet.records:
                if len(cells) != len(sheet.header):
                    expected = f"expected {len(sheet.header)} cells, got {len(cells)}"
                    raise BackorderctlError(f"{file.name}: record {number}: {expected}")
                yield _row(file, number, *(cells[place] for place in places))
            return
    yield from _items(file)


def _items(file: InputFile) -> Iterator[SalableRow]:
    """The items of a JSON document."""
    try:
        with Path(file.path).open(encoding="utf-8-sig") as text:
            answer = json.load(text, parse_float=Decimal)
    except ValueError as error:
        raise BackorderctlError(f"{file.name}: expected JSON or CSV: {error}") from None
    items = answer.get("items") if isinstance(answer, dict) else answer
    if not isinstance(items, list):
        raise BackorderctlError(f"{file.name}: expected an object with items, got none")
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict) or not {SKU, _QTY, _SALABLE} <= item.keys():
            raise BackorderctlError(f"{file.name}: record {number}: expected sku, qty and is_salable")
        yield _row(file, number, item[SKU], item[_QTY], item[_SALABLE])


def _row(file: InputFile, number: int, sku: Any, quantity: Any, salable: Any) -> SalableRow:
    where = f"{file.name}: record {number}"
    if not isinstance(sku, str) or not sku:
        raise BackorderctlError(f"{where}: {SKU}: expected a SKU, got {sku!r}")
    try:
        units = Decimal(str(quantity))
    except ArithmeticError:
        units = Decimal("NaN")
    if not units.is_finite() or isinstance(quantity, bool):
        raise BackorderctlError(f"{where}: {_QTY}: expected a number, got {quantity!r}")
    if str(salable) not in _FLAGS:
        raise BackorderctlError(f"{where}: {_SALABLE}: expected true or false, got {salable!r}")
    return SalableRow(sku, units, _FLAGS[str(salable)])
