"""The settings: one row each, with its kind, its default, the scopes that may set it and Magento's names for it.

The store file, the commands, imports and exports take all they need of a setting from its row. A kind says how its
values are typed, read from TOML, printed, and written for Magento.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Any, Generic, TypeVar

from backorderctl.errors import BackorderctlError, Mismatch, nearest
from backorderctl.store import scalars


class Scope(StrEnum):
    """The levels at which a value may be set, from the widest to the narrowest."""

    DEFAULT = "default"
    GLOBAL = "global"
    STOCK = "stock"
    SOURCE = "source"
    PRODUCT = "product"
    SOURCE_ITEM = "source_item"


class Backorders(StrEnum):
    """What happens when the shelf is empty, in the order of Magento's 0, 1 and 2."""

    NO = "no"
    ALLOW = "allow"
    NOTIFY = "notify"


LABELS = {
    Backorders.NO: "No Backorders",
    Backorders.ALLOW: "Allow Qty Below 0",
    Backorders.NOTIFY: "Allow Qty Below 0 and Notify Customer",
}
"""The Admin's labels of the values of Backorders."""

Value = Backorders | Decimal | bool
V = TypeVar("V", Backorders, Decimal, bool)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ValueKind(Generic[V]):
    """The values a setting takes. Each reader raises Mismatch for anything else.

    `type` names the values for a person, `choices` lists them where there are few. `parse` reads what a person types,
    `from_toml` a parsed TOML value, `from_magento` a cell or configuration value of Magento's, which `config_value` and
    `csv_cell` write. `schema` is the JSON Schema of a value.
    """

    type: str
    choices: tuple[str, ...]
    parse: Callable[[str], V]
    from_toml: Callable[[Any], V]
    from_magento: Callable[[str], V]
    config_value: Callable[[Any], str]
    csv_cell: Callable[[Any], str]
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Setting(Generic[V]):
    """One setting; a column is None where Magento has none."""

    key: str
    label: str
    kind: ValueKind[V]
    default: V
    scopes: tuple[Scope, ...]
    config_path: str
    csv_column: str | None
    use_config_column: str | None
    database_column: str | None
    meaning: str

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of a value, with the default."""
        default = int(self.default) if isinstance(self.default, Decimal) else self.default
        return {"title": self.label, "description": self.meaning, **self.kind.schema, "default": default}

    @property
    def scope_words(self) -> str:
        """The scopes that may set it, as a message lists them: `global, stock or product`."""
        *others, last = (scope.replace("_", " ") for scope in self.scopes)
        return " or ".join([", ".join(others), last] if others else [last])


def _parse_boolean(typed: str) -> bool:
    if (answer := _BOOLEANS_TYPED.get(typed.strip().casefold())) is not None:
        return answer
    raise Mismatch("true or false", repr(typed))


def _backorders(raw: Any) -> Backorders:
    if isinstance(raw, str) and raw in _BACKORDERS:
        return _BACKORDERS[raw]
    raise Mismatch("no, allow or notify", scalars.toml_repr(raw))


def _parse_backorders(typed: str) -> Backorders:
    """Our words, the Admin's labels or Magento's 0, 1 and 2."""
    if (word := _BACKORDERS_TYPED.get(typed.strip().casefold())) is not None:
        return word
    raise Mismatch("no, allow or notify", repr(typed))


def _magento_word(parse: Callable[[str], V], expected: str, text: str) -> V:
    """The value of a cell or configuration value, where Magento's `1.0000` is 1."""
    try:
        return parse(re.sub(r"\.0*$", "", text.strip()))
    except Mismatch:
        raise Mismatch(expected, repr(text)) from None


def _magento_number(minimum: Decimal | None, text: str) -> Decimal:
    return scalars.shortest(scalars.parse_quantity(text, minimum=minimum))


def number_kind(*, minimum: Decimal | None = None) -> ValueKind[Decimal]:
    """Numbers of at most 8 digits and 4 decimals, none below `minimum`."""
    read = partial(scalars.quantity_from_toml, minimum=minimum)
    bounds = {"exclusiveMinimum": -int(scalars.LIMIT)} if minimum is None else {"minimum": int(minimum)}
    return ValueKind(
        type="number" if minimum is None else f"number, {scalars.format_quantity(minimum)} or more",
        choices=(),
        parse=partial(scalars.parse_quantity, minimum=minimum),
        from_toml=scalars.quantity_from_toml if minimum is None else read,
        from_magento=partial(_magento_number, minimum),
        config_value=scalars.format_quantity,
        csv_cell=scalars.format_magento_number,
        schema={"type": "number", **bounds, "exclusiveMaximum": int(scalars.LIMIT)},
    )


_NUMBERS = {word: str(number) for number, word in enumerate(Backorders)}
_BACKORDERS = {word.value: word for word in Backorders}
_BACKORDERS_TYPED = {
    spelling.casefold(): word for word in Backorders for spelling in (word.value, LABELS[word], _NUMBERS[word])
}
_BOOLEANS_TYPED = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
BACKORDERS_KIND: ValueKind[Backorders] = ValueKind(
    type=", ".join(Backorders),
    choices=tuple(Backorders),
    parse=_parse_backorders,
    from_toml=_backorders,
    from_magento=partial(_magento_word, _parse_backorders, "0, 1 or 2"),
    config_value=_NUMBERS.__getitem__,
    csv_cell=_NUMBERS.__getitem__,
    schema={"enum": [word.value for word in Backorders]},
)
BOOLEAN_KIND: ValueKind[bool] = ValueKind(
    type="true, false",
    choices=("true", "false"),
    parse=_parse_boolean,
    from_toml=scalars.boolean,
    from_magento=partial(_magento_word, _parse_boolean, "0 or 1"),
    config_value="{:d}".format,
    csv_cell="{:d}".format,
    schema={"type": "boolean"},
)

Settings = Mapping[str, Value]
"""The values that one scope sets, by key."""

INHERIT = "inherit"
"""In the place of a value: the one written at the scope does not count."""

EVERYWHERE = (Scope.GLOBAL, Scope.STOCK, Scope.SOURCE, Scope.PRODUCT, Scope.SOURCE_ITEM)
WHOLE_PRODUCT = (Scope.GLOBAL, Scope.STOCK, Scope.PRODUCT)

BACKORDERS: Setting[Backorders] = Setting(
    key="backorders",
    label="Backorders",
    kind=BACKORDERS_KIND,
    default=Backorders.NO,
    scopes=EVERYWHERE,
    config_path="cataloginventory/item_options/backorders",
    csv_column="allow_backorders",
    use_config_column="use_config_backorders",
    database_column="backorders",
    meaning="whether orders beyond the goods on hand are accepted, and whether the customer is notified",
)
THRESHOLD: Setting[Decimal] = Setting(
    key="out_of_stock_threshold",
    label="Out-of-Stock Threshold",
    kind=number_kind(),
    default=Decimal(0),
    scopes=EVERYWHERE,
    config_path="cataloginventory/item_options/min_qty",
    csv_column="out_of_stock_qty",
    use_config_column="use_config_min_qty",
    database_column="min_qty",
    meaning="the quantity at which a product is out of stock: above 0 a reserve, below 0 the most that is backordered",
)
NOTIFY_BELOW: Setting[Decimal] = Setting(
    key="notify_for_quantity_below",
    label="Notify for Quantity Below",
    kind=number_kind(),
    default=Decimal(1),
    scopes=EVERYWHERE,
    config_path="cataloginventory/item_options/notify_stock_qty",
    csv_column="notify_on_stock_below",
    use_config_column="use_config_notify_stock_qty",
    database_column="notify_stock_qty",
    meaning="the quantity at or below which a source item is low in stock",
)
ONLY_X_LEFT: Setting[Decimal] = Setting(
    key="only_x_left_threshold",
    label="Only X left Threshold",
    kind=number_kind(minimum=Decimal(0)),
    default=Decimal(0),
    scopes=WHOLE_PRODUCT,
    config_path="cataloginventory/options/stock_threshold_qty",
    csv_column=None,
    use_config_column=None,
    database_column=None,
    meaning='the salable quantity at or below which the page says "Only X left"; 0 never says it',
)
MANAGE_STOCK: Setting[bool] = Setting(
    key="manage_stock",
    label="Manage Stock",
    kind=BOOLEAN_KIND,
    default=True,
    scopes=WHOLE_PRODUCT,
    config_path="cataloginventory/item_options/manage_stock",
    csv_column="manage_stock",
    use_config_column="use_config_manage_stock",
    database_column="manage_stock",
    meaning="whether quantities count at all; if not, a product with a source is always in stock",
)

AnySetting = Setting[Backorders] | Setting[Decimal] | Setting[bool]
SETTINGS: dict[str, AnySetting] = {
    row.key: row for row in (BACKORDERS, THRESHOLD, NOTIFY_BELOW, ONLY_X_LEFT, MANAGE_STOCK)
}
OF_ITEMS = tuple(key for key, row in SETTINGS.items() if Scope.SOURCE_ITEM in row.scopes)
"""The keys of the settings that each source item can have its own value of."""
OF_PRODUCTS = tuple(key for key in SETTINGS if key not in OF_ITEMS)
"""The keys of the settings that belong to a product as a whole."""
DEFAULTS: Settings = {row.key: row.default for row in SETTINGS.values()}


def format_value(value: Value) -> str:
    """The value as it is typed and printed: `notify`, `-50`, `true`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return scalars.format_quantity(value) if isinstance(value, Decimal) else value.value


def settings_of(scope: Scope) -> dict[str, AnySetting]:
    """The settings that `scope` may set, by key."""
    return {key: row for key, row in SETTINGS.items() if scope in row.scopes}


def _as_key(typed: str) -> str:
    return typed.strip().replace("-", "_")


def setting_named(typed: str) -> AnySetting:
    """The setting whose key was typed, with `-` or `_`, or its label in the Admin in any case.

    BackorderctlError, with the nearest key, for an unknown one.
    """
    label = typed.strip().casefold()
    by_label = (row for row in SETTINGS.values() if row.label.casefold() == label)
    row = SETTINGS.get(_as_key(typed)) or next(by_label, None)
    if row is None:
        close = nearest(_as_key(typed), SETTINGS)
        raise BackorderctlError(f"setting {typed!r}: expected one of {', '.join(SETTINGS)}", hint=close)
    return row


def limit_threshold(typed: str) -> Decimal:
    """The threshold that means a limit of backorders as typed: -N for N, 0 for `unlimited`; Mismatch otherwise."""
    if typed.strip().casefold() == "unlimited":
        return scalars.ZERO
    try:
        most = scalars.parse_quantity(typed)
    except Mismatch as mismatch:
        raise Mismatch(f"{mismatch.expected}, or unlimited", mismatch.found) from None
    if most > 0:
        return -most
    raise Mismatch(f"a number above 0 or unlimited (for none at all: {BACKORDERS.key} {Backorders.NO})", repr(typed))
