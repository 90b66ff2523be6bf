"""The tables of a store file and the keys of each: the one list for loading, the JSON Schema and the docs."""

import datetime
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from backorderctl.errors import Mismatch, did_you_mean
from backorderctl.store import quantity, settings
from backorderctl.store.quantity import toml_repr
from backorderctl.store.settings import AnySetting, Scope

VERSION = 1
"""The version of the store file that this program reads and writes."""
FAMILIES = ("global", "stocks", "sources", "products", "schedule", "check", "drift")
"""The top-level tables, in the order of a new file."""
CODE = re.compile(r"[A-Za-z0-9_.-]+")
"""The characters of a source or stock code."""


class StockStatus(StrEnum):
    """Whether the merchant sells a source item."""

    IN_STOCK = "in_stock"
    OUT_OF_STOCK = "out_of_stock"


class Field(NamedTuple):
    """A key of a table that is not a setting; `read` turns its parsed value into a typed one or raises Mismatch."""

    read: Callable[[Any], Any]
    schema: Mapping[str, Any]
    meaning: str
    needed: bool = False


class Form(NamedTuple):
    """What a table may contain: its own keys, the settings it may set and the tables below it.

    `readers` gives, for every key with a value, whether it is a setting and how it is read; `needed` are the
    keys without which the table is not complete.
    """

    title: str
    own: Mapping[str, Field]
    settings: Mapping[str, AnySetting]
    tables: tuple[str, ...]
    readers: Mapping[str, tuple[bool, Callable[[Any], Any]]]
    needed: tuple[str, ...]


def _form(
    title: str,
    own: Mapping[str, Field],
    chosen: Mapping[str, AnySetting],
    tables: tuple[str, ...] = (),
    *,
    reader: Callable[[AnySetting], Callable[[Any], Any]] = lambda setting: setting.kind.from_toml,
) -> Form:
    readers = {key: (False, field.read) for key, field in own.items()}
    readers |= {key: (True, reader(setting)) for key, setting in chosen.items()}
    return Form(title, own, chosen, tables, readers, tuple(key for key, field in own.items() if field.needed))


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
    return quantity.quantity_from_toml(raw, minimum=quantity.ZERO)


def _version(raw: Any) -> int:
    if type(raw) is int and raw == VERSION:
        return raw
    raise Mismatch(str(VERSION), toml_repr(raw))


def _list_of_words(raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list):
        raise Mismatch("an array of strings", toml_repr(raw))
    found = tuple(map(words, raw))
    if len(set(found)) < len(found):
        twice = next(word for word in found if found.count(word) > 1)
        raise Mismatch("an array of different strings", f"{toml_repr(twice)} twice")
    return found


def _date(raw: Any) -> datetime.date:
    if isinstance(raw, datetime.date) and not isinstance(raw, datetime.datetime):
        return raw
    raise Mismatch("a date such as 2026-12-24", toml_repr(raw))


_LONG = 64
"""Characters of what is typed that are compared with known names; no time zone has more."""


_NOT_IANA = re.compile(r"localtime|posixrules|(posix|right)/.*", re.DOTALL)
"""Names of files beside those of the zones: the first is another zone on each machine."""


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
        found = f"{toml_repr(raw)}{did_you_mean(str(raw)[:_LONG], names)}"
        raise Mismatch("a time zone that this system knows, such as Europe/Berlin", found) from None
    return str(raw)


def _or_inherit(setting: AnySetting) -> Callable[[Any], settings.Value | None]:
    """What reads a value of the setting in an entry of the schedule: None for `inherit`."""
    read = setting.kind.from_toml

    def value(raw: Any) -> settings.Value | None:
        if raw == settings.INHERIT:
            return None
        try:
            return read(raw)
        except Mismatch as mismatch:
            raise Mismatch(f"{mismatch.expected}, or {settings.INHERIT}", mismatch.found) from None

    return value


def status(raw: Any) -> StockStatus:
    """A source item's stock status; Mismatch otherwise."""
    if isinstance(raw, str) and raw in _STATUSES:
        return _STATUSES[raw]
    raise Mismatch("in_stock or out_of_stock", toml_repr(raw))


_STATUSES = {word.value: word for word in StockStatus}
_WORDS = {"type": "string"}
_NUMBER = {
    "type": "number",
    "exclusiveMinimum": -int(quantity.LIMIT),
    "exclusiveMaximum": int(quantity.LIMIT),
}
_DATE = {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_LIST = {"type": "array", "items": _WORDS, "uniqueItems": True}
_NAME = Field(words, _WORDS, "a name to show to people")

TOP = _form(
    "the top level",
    {
        "version": Field(_version, {"const": VERSION}, "the version of the store file", needed=True),
        "timezone": Field(timezone, _WORDS, "the time zone in which a day begins and ends, such as Europe/Berlin"),
    },
    {},
    FAMILIES,
)
GLOBAL = _form("[global]", {}, settings.settings_of(Scope.GLOBAL))
STOCK = _form(
    "a stock",
    {
        "name": _NAME,
        "sources": Field(_list_of_words, _LIST, "the codes of the sources it sells from, in the order they ship"),
        "channels": Field(_list_of_words, _LIST, "the sales channels that sell from it"),
    },
    settings.settings_of(Scope.STOCK),
)
SOURCE = _form(
    "a source",
    {
        "name": _NAME,
        "enabled": Field(settings.boolean, {"type": "boolean", "default": True}, "whether its goods count"),
    },
    settings.settings_of(Scope.SOURCE),
)
PRODUCT = _form("a product", {"name": _NAME}, settings.settings_of(Scope.PRODUCT), ("sources", "stocks"))
SOURCE_ITEM = _form(
    "a source item",
    {
        "quantity": Field(
            quantity.quantity_from_toml,
            _NUMBER,
            "the units at the source; without it the table is policy for --quantities",
        ),
        "status": Field(
            status,
            {"enum": list(StockStatus), "default": StockStatus.IN_STOCK},
            "whether they are on sale there",
        ),
    },
    settings.settings_of(Scope.SOURCE_ITEM),
)
RESERVATION = _form(
    "a product's stock",
    {"reserved": Field(reserved, {**_NUMBER, "minimum": 0, "default": 0}, "units ordered and not yet shipped")},
    {},
)
FORMS = {
    Scope.GLOBAL: GLOBAL,
    Scope.STOCK: STOCK,
    Scope.SOURCE: SOURCE,
    Scope.PRODUCT: PRODUCT,
    Scope.SOURCE_ITEM: SOURCE_ITEM,
}
"""The table of each scope."""
DRIFT = _form("[drift]", {}, {}, ("accept",))
DRIFT_ACCEPT = _form(
    "accepted drift",
    {
        "product": Field(words, _WORDS, "only for this product"),
        "match": Field(words, _WORDS, "only for products whose SKU matches, such as 'GIFT-*'"),
        "stock": Field(words, _WORDS, "only for this stock"),
        "reason": Field(words, _WORDS, "why it is intended"),
        "until": Field(_date, {}, "the last day on which it is accepted"),
    },
    {},
)
CHECK = _form("[check]", {}, {}, ("accept",))
ACCEPT = _form(
    "an accepted finding",
    {
        "code": Field(words, _WORDS, "the rule whose finding is accepted", needed=True),
        "stock": Field(words, _WORDS, "only for this stock"),
        "source": Field(words, _WORDS, "only for this source"),
        "product": Field(words, _WORDS, "only for this product"),
        "match": Field(words, _WORDS, "only for products whose SKU this glob matches, instead of product"),
        "reason": Field(words, _WORDS, "why it is intended"),
        "until": Field(_date, _DATE, "the last day on which it is accepted"),
    },
    {},
)
SCHEDULE = _form(
    "an entry of the schedule",
    {
        "from": Field(_date, _DATE, "the first day on which it holds; without it, it has always held"),
        "until": Field(_date, _DATE, "the last day on which it holds; without it, it does not end"),
        "stock": Field(words, _WORDS, "the stock whose values it replaces"),
        "source": Field(words, _WORDS, "the source whose values it replaces"),
        "product": Field(words, _WORDS, "the product whose values it replaces, with a source that source item's"),
        "reason": Field(words, _WORDS, "why"),
        "enabled": Field(settings.boolean, {"type": "boolean"}, "whether the source's goods count, for a source alone"),
    },
    settings.SETTINGS,
    reader=_or_inherit,
)
