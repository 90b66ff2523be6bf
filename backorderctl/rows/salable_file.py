"""What Magento's `export-stock-salable-qty` answers, as JSON or as CSV of the same columns."""

import codecs
import io
import json
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from backorderctl.errors import BackorderctlError, Mismatch
from backorderctl.files.access import decompressed
from backorderctl.rows.delimited import InputFile, open_bytes, sheet_of
from backorderctl.rows.names import KnownNames
from backorderctl.store.scalars import toml_repr
from backorderctl.store.sku import SKU

_QTY, _SALABLE, _TOTAL = "qty", "is_salable", "total_count"
_FLAGS = {"1": True, "true": True, "True": True, "0": False, "false": False, "False": False, "": False}
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,9})?")
_LIMIT = Decimal(10) ** 14
"""The first number that is more than Magento adds up: DECIMAL(12,4) of many source items."""


class _Number(str):
    """A number of a JSON document as it is written: of any length, and exact."""

    __slots__ = ()


class SalableRow(NamedTuple):
    """One product of Magento's answer."""

    sku: str
    quantity: Decimal
    salable: bool


class Offered(NamedTuple):
    """The products of Magento's answer by SKU, and how many it counts that no page has."""

    rows: dict[str, SalableRow]
    not_given: int


def read_salable(files: Iterable[InputFile], skus: KnownNames) -> Offered:
    """The products of all files, which are pages of one answer, by their names among `skus`.

    BackorderctlError when one is given twice, or could be several.
    """
    found: dict[str, SalableRow] = {}
    total = 0
    for file in files:
        with open_bytes(file) as raw, decompressed(raw, file.name, limit=file.limit) as content:
            answer = _json(content, file) if _is_json(content) else None
            rows = _of_csv(content, file) if answer is None else _of_json(file, answer)
            for number, row in enumerate(rows, 1):
                try:
                    name = skus[row.sku]
                except Mismatch as mismatch:
                    raise BackorderctlError(f"{file.name}: record {number}: {SKU}: {mismatch}") from None
                if found.setdefault(name, row) is not row:
                    raise BackorderctlError(f"{file.name}: record {number}: {row.sku!r}: expected once, got it again")
        if isinstance(answer, dict) and _TOTAL in answer:
            total = max(total, _total(file, answer[_TOTAL]))
    return Offered(found, max(total - len(found), 0))


def _is_json(content: io.BufferedReader) -> bool:
    return content.peek(1 << 10).removeprefix(codecs.BOM_UTF8).lstrip().startswith((b"{", b"["))


def _json(content: io.BufferedReader, file: InputFile) -> Any:
    """A JSON document, on one line or many."""
    text = io.TextIOWrapper(content, encoding="utf-8-sig")
    try:
        return json.load(text, parse_float=_Number, parse_int=_Number, parse_constant=_Number)
    except UnicodeDecodeError:
        raise
    except RecursionError:
        raise BackorderctlError(f"{file.name}: expected JSON or CSV: too many brackets in each other") from None
    except ValueError as error:
        raise BackorderctlError(f"{file.name}: expected JSON or CSV: {error}") from None


def _of_csv(content: io.BufferedReader, file: InputFile) -> Iterator[SalableRow]:
    with sheet_of(content, file) as sheet:
        places = sheet.needed(SKU, _QTY, _SALABLE)
        for number, _, cells in sheet.records:
            if len(cells) != len(sheet.header):
                expected = f"expected {len(sheet.header)} cells, got {len(cells)}"
                raise BackorderctlError(f"{file.name}: record {number}: {expected}")
            yield _row(file, number, *(cells[place] for place in places))


def _of_json(file: InputFile, answer: Any) -> Iterator[SalableRow]:
    """The items of a JSON document."""
    items = answer.get("items") if isinstance(answer, dict) else answer
    if not isinstance(items, list):
        raise BackorderctlError(f"{file.name}: expected an object with items, got none")
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict) or not {SKU, _QTY, _SALABLE} <= item.keys():
            raise BackorderctlError(f"{file.name}: record {number}: expected sku, qty and is_salable")
        yield _row(file, number, item[SKU], item[_QTY], item[_SALABLE])


def _row(file: InputFile, number: int, sku: Any, quantity: Any, salable: Any) -> SalableRow:
    where = f"{file.name}: record {number}"
    if not isinstance(sku, str) or isinstance(sku, _Number) or not sku:
        raise BackorderctlError(f"{where}: {SKU}: expected a SKU, got {_shown(sku)}")
    units = _units(f"{where}: {_QTY}", quantity)
    if str(salable) not in _FLAGS:
        raise BackorderctlError(f"{where}: {_SALABLE}: expected true or false, got {_shown(salable)}")
    return SalableRow(sku, units, _FLAGS[str(salable)])


def _total(file: InputFile, total: Any) -> int:
    """How many products there are on all pages; BackorderctlError when that is no number of such."""
    where = f"{file.name}: {_TOTAL}"
    units = _units(where, total)
    if units < 0 or units != int(units):
        raise BackorderctlError(f"{where}: expected a whole number, 0 or more, got {_shown(total)}")
    return int(units)


def _units(where: str, number: Any) -> Decimal:
    """A number of JSON or of a cell; BackorderctlError for anything else, and for more than Magento adds up."""
    if not isinstance(number, str) or not _NUMBER.fullmatch(number.strip()):
        raise BackorderctlError(f"{where}: expected a number, got {_shown(number)}")
    units = Decimal(number.strip())
    if not -_LIMIT < units < _LIMIT:
        expected = "a number of at most 14 digits before the point"
        raise BackorderctlError(f"{where}: expected {expected}, got {_shown(number)}")
    return units


def _shown(value: Any) -> str:
    """A value of JSON as messages quote it, a number as it is written."""
    if value is None:
        return "null"
    shown = toml_repr(value)
    return shown.replace("'", "") if isinstance(value, _Number) else shown
