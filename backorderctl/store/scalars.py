"""The single values of a store file, read, checked and printed: quantities, words, codes, SKUs, days and time zones.

Quantities are exact and fit Magento's DECIMAL(12,4).
"""

import re
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

from backorderctl.errors import Mismatch, did_you_mean

VERSION = 1
"""The version of the store file that this program reads and writes."""
CODE = re.compile(r"[A-Za-z0-9_.-]+")
"""The characters of a source or stock code."""
ZERO = Decimal(0)
LIMIT = Decimal(10) ** 8
"""The first number that DECIMAL(12,4) cannot hold: eight digits stand before the point."""
STEP = Decimal("0.0001")
"""The smallest difference between two quantities."""

_WHOLE_LIMIT = int(LIMIT)  # comparing integers is ten times as fast
_MOST_DIGITS = 20
_whole = lru_cache(1 << 12)(Decimal)  # a store repeats its numbers: making each once saves time and memory
_TYPED = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)"
_LONGEST_ZONE = 64
"""Characters of what is typed that are compared with known names; no time zone has more."""
_NOT_IANA = re.compile(r"localtime|posixrules|(posix|right)/.*", re.DOTALL)
"""Names of files beside those of the zones: the first is another zone on each machine."""


class StockStatus(StrEnum):
    """Whether the merchant sells a source item."""

    IN_STOCK = "in_stock"
    OUT_OF_STOCK = "out_of_stock"


_STATUSES = {word.value: word for word in StockStatus}


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


def boolean(raw: Any) -> bool:
    """A parsed TOML boolean; Mismatch otherwise."""
    if isinstance(raw, bool):
        return raw
    raise Mismatch("true or false", toml_repr(raw))


def words(raw: Any) -> str:
    """A string; Mismatch otherwise."""
    if isinstance(raw, str):
        return raw
    raise Mismatch("a string", toml_repr(raw))


def code(raw: Any) -> str:
    """A source or stock code; Mismatch otherwise."""
    if CODE.fullmatch(words(raw)):
        return str(raw)
    raise Mismatch("a code of letters, digits, '_', '-' and '.'", toml_repr(raw))


def sku(raw: str) -> str:
    """A SKU; Mismatch when it is empty or has a blank at either end."""
    if not raw:
        raise Mismatch("a SKU", "an empty string")
    if raw != raw.strip():
        raise Mismatch("a SKU without blanks at either end", toml_repr(raw))
    return raw


def reserved(raw: Any) -> Decimal:
    """Units ordered and not yet shipped, 0 or more; Mismatch otherwise."""
    return quantity_from_toml(raw, minimum=ZERO)


def version_number(raw: Any) -> int:
    """The version of the store file; Mismatch for any other."""
    if type(raw) is int and raw == VERSION:
        return raw
    raise Mismatch(str(VERSION), toml_repr(raw))


def list_of_words(raw: Any) -> tuple[str, ...]:
    """Strings, each once; Mismatch otherwise."""
    if not isinstance(raw, list):
        raise Mismatch("an array of strings", toml_repr(raw))
    found = tuple(map(words, raw))
    if len(set(found)) < len(found):
        twice = next(word for word in found if found.count(word) > 1)
        raise Mismatch("an array of different strings", f"{toml_repr(twice)} twice")
    return found


def day(raw: Any) -> date:
    """A date without a time; Mismatch otherwise."""
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    raise Mismatch("a date such as 2026-12-24", toml_repr(raw))


def timezone(raw: Any) -> str:
    """The IANA name of a time zone that this system knows; Mismatch otherwise."""
    from zoneinfo import ZoneInfo, available_timezones

    try:
        if _NOT_IANA.fullmatch(words(raw)):
            raise ValueError
        ZoneInfo(raw)
    except (KeyError, ValueError, OSError):  # no such zone, no name of one, the name of a folder of zones
        if not (known := available_timezones()):
            raise Mismatch("a system with time zones or the Python package tzdata", "neither") from None
        names = sorted(name for name in known if not _NOT_IANA.fullmatch(name))
        found = f"{toml_repr(raw)}{did_you_mean(str(raw)[:_LONGEST_ZONE], names)}"
        raise Mismatch("a time zone that this system knows, such as Europe/Berlin", found) from None
    return str(raw)


def status(raw: Any) -> StockStatus:
    """A source item's stock status; Mismatch otherwise."""
    if isinstance(raw, str) and raw in _STATUSES:
        return _STATUSES[raw]
    raise Mismatch("in_stock or out_of_stock", toml_repr(raw))
