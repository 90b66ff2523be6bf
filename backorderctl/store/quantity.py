"""Exact quantities of goods: read, check and print numbers that fit Magento's DECIMAL(12,4)."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

from backorderctl.errors import Mismatch

ZERO = Decimal(0)
LIMIT = Decimal(10) ** 8
"""The first number that DECIMAL(12,4) cannot hold: eight digits stand before the point."""
STEP = Decimal("0.0001")
"""The smallest difference between two quantities."""

_WHOLE_LIMIT = int(LIMIT)  # comparing integers is ten times as fast
_MOST_DIGITS = 20
_whole = lru_cache(1 << 12)(Decimal)  # a store repeats its numbers: making each once saves time and memory
_TYPED = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)"


def quantity_from_toml(raw: Any, *, minimum: Decimal | None = None) -> Decimal:
    """A parsed TOML number as an exact quantity; Mismatch for another type, too many digits or less than `minimum`."""
    if type(raw) is int and -_WHOLE_LIMIT < raw < _WHOLE_LIMIT:
        number = _whole(raw)
    elif type(raw) is int or type(raw) is Decimal:
        number = _fitting(raw)
    else:
        raise Mismatch("a number", toml_repr(raw))
    if minimum is not None and number < minimum:
        raise Mismatch(f"{format_quantity(minimum)} or more", toml_repr(raw))
    return number


def parse_quantity(typed: str, *, minimum: Decimal | None = None) -> Decimal:
    """A number as a person types it (`-50`, `+5`, `0.25`) as an exact quantity; Mismatch as in `from_toml`."""
    if not re.fullmatch(_TYPED, typed.strip()):
        raise Mismatch("a number", repr(typed))
    return quantity_from_toml(Decimal(typed.strip()), minimum=minimum)


def parse_units(typed: str) -> Decimal:
    """The units of an order as a person types them, above 0; they may be more than the file can hold."""
    words = typed.strip()
    if re.fullmatch(_TYPED, words) and len(words) <= _MOST_DIGITS and Decimal(words) >= LIMIT:
        units = Decimal(words)
        if units == units.quantize(STEP):
            return units
    return parse_quantity(typed, minimum=STEP)


def format_quantity(quantity: Decimal) -> str:
    """The quantity without exponent, trailing zeros or locale: `25`, `-0.5`."""
    return format((quantity + 0).normalize(), "f")


def shortest(quantity: Decimal) -> Decimal:
    """The same number without the zeros that Magento adds after the point."""
    whole = int(quantity)
    return Decimal(whole) if whole == quantity else quantity.normalize()


def format_magento_number(quantity: Decimal) -> str:
    """A number as Magento's CSV files have it: 4 decimals, a negative one after a space.

    Magento's export adds the space so that no spreadsheet takes the cell for a formula (Filesystem/Driver/File.php,
    filePutCsv); its import reads past it.
    """
    text = f"{quantity.quantize(STEP):f}"
    return f" {text}" if text.startswith("-") else text


def toml_repr(raw: Any) -> str:
    """A parsed TOML value as error messages quote it, never longer than a line."""
    match raw:
        case bool():
            return "true" if raw else "false"
        case str():
            return _shortened(repr(raw))
        case Decimal() if not raw.is_finite():
            return str(raw).lower().removesuffix("inity")
        case int() if abs(raw) >= 10**40:  # str() refuses the longest
            return "a number of more than 40 digits"
        case list():
            return "an array"
        case dict():
            return "a table"
    return _shortened(str(raw))


def _shortened(quoted: str) -> str:
    return quoted if len(quoted) <= 60 else quoted[:57] + "..."


def _fitting(number: int | Decimal) -> Decimal:
    if isinstance(number, Decimal) and not number.is_finite():
        raise Mismatch("a number", toml_repr(number))
    if not -LIMIT < number < LIMIT:
        raise Mismatch("a number of at most 8 digits before the point", toml_repr(number))
    exact = Decimal(number)
    if exact != exact.quantize(STEP):
        raise Mismatch("a number of at most 4 decimal places", toml_repr(number))
    return exact + 0
