"""The tables of a store file and the keys of each: the one list for loading, the JSON Schema and the docs."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from backorderctl.errors import Mismatch
from backorderctl.store import settings
from backorderctl.store.scalars import (
    LIMIT,
    VERSION,
    StockStatus,
    boolean,
    day,
    list_of_words,
    quantity_from_toml,
    reserved,
    status,
    timezone,
    version_number,
    words,
)
from backorderctl.store.settings import AnySetting, Scope

FAMILIES = ("global", "stocks", "sources", "products", "schedule", "check", "drift")
"""The top-level tables, in the order of a new file."""


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


_WORDS = {"type": "string"}
_NUMBER = {
    "type": "number",
    "exclusiveMinimum": -int(LIMIT),
    "exclusiveMaximum": int(LIMIT),
}
_DATE = {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_LIST = {"type": "array", "items": _WORDS, "uniqueItems": True}
_NAME = Field(words, _WORDS, "a name to show to people")

TOP = _form(
    "the top level",
    {
        "version": Field(version_number, {"const": VERSION}, "the version of the store file", needed=True),
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
        "sources": Field(list_of_words, _LIST, "the codes of the sources it sells from, in the order they ship"),
        "channels": Field(list_of_words, _LIST, "the sales channels that sell from it"),
    },
    settings.settings_of(Scope.STOCK),
)
SOURCE = _form(
    "a source",
    {
        "name": _NAME,
        "enabled": Field(boolean, {"type": "boolean", "default": True}, "whether its goods count"),
    },
    settings.settings_of(Scope.SOURCE),
)
PRODUCT = _form("a product", {"name": _NAME}, settings.settings_of(Scope.PRODUCT), ("sources", "stocks"))
SOURCE_ITEM = _form(
    "a source item",
    {
        "quantity": Field(
            quantity_from_toml,
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
        "until": Field(day, {}, "the last day on which it is accepted"),
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
        "until": Field(day, _DATE, "the last day on which it is accepted"),
    },
    {},
)
SCHEDULE = _form(
    "an entry of the schedule",
    {
        "from": Field(day, _DATE, "the first day on which it holds; without it, it has always held"),
        "until": Field(day, _DATE, "the last day on which it holds; without it, it does not end"),
        "stock": Field(words, _WORDS, "the stock whose values it replaces"),
        "source": Field(words, _WORDS, "the source whose values it replaces"),
        "product": Field(words, _WORDS, "the product whose values it replaces, with a source that source item's"),
        "reason": Field(words, _WORDS, "why"),
        "enabled": Field(boolean, {"type": "boolean"}, "whether the source's goods count, for a source alone"),
    },
    settings.SETTINGS,
    reader=_or_inherit,
)
