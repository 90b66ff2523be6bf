"""The tables of a store file and the keys of each: the one list for loading, the JSON Schema and the docs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

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


@dataclass(frozen=True, eq=False)
class Form:
    """What a table may contain: its own keys, the settings it may set and the tables below it.

    With `may_inherit`, the word `inherit` may stand for the value of a setting.
    """

    title: str
    own: Mapping[str, Field]
    settings: Mapping[str, AnySetting]
    tables: tuple[str, ...] = ()
    may_inherit: bool = False


_WORDS = {"type": "string"}
_NUMBER = {
    "type": "number",
    "exclusiveMinimum": -int(LIMIT),
    "exclusiveMaximum": int(LIMIT),
}
_DATE = {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_LIST = {"type": "array", "items": _WORDS, "uniqueItems": True}
_NAME = Field(words, _WORDS, "a name to show to people")

TOP = Form(
    "the top level",
    {
        "version": Field(version_number, {"const": VERSION}, "the version of the store file", needed=True),
        "timezone": Field(timezone, _WORDS, "the time zone in which a day begins and ends, such as Europe/Berlin"),
    },
    {},
    FAMILIES,
)
GLOBAL = Form("[global]", {}, settings.settings_of(Scope.GLOBAL))
STOCK = Form(
    "a stock",
    {
        "name": _NAME,
        "sources": Field(list_of_words, _LIST, "the codes of the sources it sells from, in the order they ship"),
        "channels": Field(list_of_words, _LIST, "the sales channels that sell from it"),
    },
    settings.settings_of(Scope.STOCK),
)
SOURCE = Form(
    "a source",
    {
        "name": _NAME,
        "enabled": Field(boolean, {"type": "boolean", "default": True}, "whether its goods count"),
    },
    settings.settings_of(Scope.SOURCE),
)
PRODUCT = Form("a product", {"name": _NAME}, settings.settings_of(Scope.PRODUCT), ("sources", "stocks"))
SOURCE_ITEM = Form(
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
RESERVATION = Form(
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
DRIFT = Form("[drift]", {}, {}, ("accept",))
DRIFT_ACCEPT = Form(
    "accepted drift",
    {
        "product": Field(words, _WORDS, "only for this product"),
        "match": Field(words, _WORDS, "only for products whose SKU matches, such as 'GIFT-*'"),
        "stock": Field(words, _WORDS, "only for this stock"),
        "reason": Field(words, _WORDS, "why it is intended"),
        "until": Field(day, _DATE, "the last day on which it is accepted"),
    },
    {},
)
CHECK = Form("[check]", {}, {}, ("accept",))
ACCEPT = Form(
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
SCHEDULE = Form(
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
    may_inherit=True,
)
