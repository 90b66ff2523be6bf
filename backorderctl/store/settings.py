"""The settings: one row each, with its values, its default, the scopes that may set it and Magento's names for it."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from backorderctl.errors import BackorderctlError, Mismatch, nearest
from backorderctl.store import quantity


class Scope(StrEnum):
    """The levels at which a value may stand, from the widest to the narrowest."""

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
Kind = TypeVar("Kind", Backorders, Decimal, bool)
Settings = Mapping[str, Value]
"""The values that one scope sets, by key."""

INHERIT = "inherit"
"""In the place of a value: the one written at the scope does not count."""

EVERYWHERE = (Scope.GLOBAL, Scope.STOCK, Scope.SOURCE, Scope.PRODUCT, Scope.SOURCE_ITEM)
WHOLE_PRODUCT = (Scope.GLOBAL, Scope.STOCK, Scope.PRODUCT)


class Setting(NamedTuple, Generic[Kind]):
    """One setting. `minimum` is the least number it takes, if any; a column is None where Magento has none."""

    key: str
    label: str
    default: Kind
    scopes: tuple[Scope, ...]
    minimum: Decimal | None
    config_path: str
    csv_column: str | None
    use_config_column: str | None
    database_column: str | None
    meaning: str

    @property
    def type(self) -> str:
        """The values it takes, in words."""
        match self.default:
            case Backorders():
                return ", ".join(Backorders)
            case bool():
                return "true, false"
        return "number" if self.minimum is None else f"number, {quantity.format_quantity(self.minimum)} or more"


BACKORDERS: Setting[Backorders] = Setting(
    key="backorders",
    label="Backorders",
    default=Backorders.NO,
    scopes=EVERYWHERE,
    minimum=None,
    config_path="cataloginventory/item_options/backorders",
    csv_column="allow_backorders",
    use_config_column="use_config_backorders",
    database_column="backorders",
    meaning="whether orders are taken that no goods on hand cover, and whether the customer is told",
)
THRESHOLD: Setting[Decimal] = Setting(
    key="out_of_stock_threshold",
    label="Out-of-Stock Threshold",
    default=Decimal(0),
    scopes=EVERYWHERE,
    minimum=None,
    config_path="cataloginventory/item_options/min_qty",
    csv_column="out_of_stock_qty",
    use_config_column="use_config_min_qty",
    database_column="min_qty",
    meaning="the quantity at which a product is out of stock: above 0 a reserve, below 0 the most that is backordered",
)
NOTIFY_BELOW: Setting[Decimal] = Setting(
    key="notify_for_quantity_below",
    label="Notify for Quantity Below",
    default=Decimal(1),
    scopes=EVERYWHERE,
    minimum=None,
    config_path="cataloginventory/item_options/notify_stock_qty",
    csv_column="notify_on_stock_below",
    use_config_column="use_config_notify_stock_qty",
    database_column="notify_stock_qty",
    meaning="the quantity at or below which a source item is low in stock",
)
ONLY_X_LEFT: Setting[Decimal] = Setting(
    key="only_x_left_threshold",
    label="Only X left Threshold",
    default=Decimal(0),
    scopes=WHOLE_PRODUCT,
    minimum=Decimal(0),
    config_path="cataloginventory/options/stock_threshold_qty",
    csv_column=None,
    use_config_column=None,
    database_column=None,
    meaning='the salable quantity at or below which the page says "Only X left"; 0 never says it',
)
MANAGE_STOCK: Setting[bool] = Setting(
    key="manage_stock",
    label="Manage Stock",
    default=True,
    scopes=WHOLE_PRODUCT,
    minimum=None,
    config_path="cataloginventory/item_options/manage_stock",
    csv_column="manage_stock",
    use_config_column="use_config_manage_stock",
    database_column="manage_stock",
    meaning="whether quantities count at all; without, a product with a source is always in stock",
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


def settings_of(scope: Scope) -> dict[str, AnySetting]:
    """The settings that `scope` may set, by key."""
    return {key: row for key, row in SETTINGS.items() if scope in row.scopes}


def setting_named(typed: str) -> AnySetting:
    """The setting whose key was typed, with `-` or `_`; BackorderctlError with the nearest key when there is none."""
    row = SETTINGS.get(typed.strip().replace("-", "_"))
    if row is None:
        close = nearest(typed.replace("-", "_"), SETTINGS)
        raise BackorderctlError(f"setting {typed!r}: expected one of {', '.join(SETTINGS)}", hint=close)
    return row


def toml_reader(setting: AnySetting) -> Callable[[Any], Value]:
    """What turns a parsed TOML value into a value of the setting, or raises Mismatch."""
    match setting.default:
        case Backorders():
            return _backorders
        case bool():
            return boolean
    return (
        quantity.quantity_from_toml
        if setting.minimum is None
        else partial(quantity.quantity_from_toml, minimum=setting.minimum)
    )


def boolean(raw: Any) -> bool:
    """A parsed TOML boolean; Mismatch otherwise."""
    if isinstance(raw, bool):
        return raw
    raise Mismatch("true or false", quantity.toml_repr(raw))


def _backorders(raw: Any) -> Backorders:
    if isinstance(raw, str) and raw in _BACKORDERS:
        return _BACKORDERS[raw]
    raise Mismatch("no, allow or notify", quantity.toml_repr(raw))


def parse_value(setting: AnySetting, typed: str) -> Value:
    """A value as a person types it: our words, the Admin's labels or Magento's 0, 1, 2; Mismatch when it is none."""
    match setting.default:
        case Backorders():
            if (word := _BACKORDERS_TYPED.get(typed.strip().casefold())) is not None:
                return word
            raise Mismatch("no, allow or notify", repr(typed))
        case bool():
            if (answer := _BOOLEANS_TYPED.get(typed.strip().casefold())) is not None:
                return answer
            raise Mismatch("true or false", repr(typed))
    return quantity.parse_quantity(typed, minimum=setting.minimum)


def format_value(value: Value) -> str:
    """The value as it is typed and printed: `notify`, `-50`, `true`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return quantity.format_quantity(value) if isinstance(value, Decimal) else value.value


_BACKORDERS = {word.value: word for word in Backorders}
_BACKORDERS_TYPED = {
    spelling.casefold(): word
    for number, word in enumerate(Backorders)
    for spelling in (word.value, LABELS[word], str(number))
}
_BOOLEANS_TYPED = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
