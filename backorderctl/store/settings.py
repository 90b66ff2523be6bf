"""The settings: one row each, with its kind, its default, the scopes that may set it and Magento's names for it.

The store file, the commands, imports and exports take all they need of a setting from its row.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, NamedTuple

from backorderctl.errors import BackorderctlError, nearest
from backorderctl.store import kinds
from backorderctl.store.kinds import LABELS as LABELS
from backorderctl.store.kinds import Backorders as Backorders
from backorderctl.store.kinds import Kind, V
from backorderctl.store.kinds import Value as Value
from backorderctl.store.kinds import format_value as format_value


class Scope(StrEnum):
    """The levels at which a value may stand, from the widest to the narrowest."""

    DEFAULT = "default"
    GLOBAL = "global"
    STOCK = "stock"
    SOURCE = "source"
    PRODUCT = "product"
    SOURCE_ITEM = "source_item"


Settings = Mapping[str, Value]
"""The values that one scope sets, by key."""

INHERIT = "inherit"
"""In the place of a value: the one written at the scope does not count."""

EVERYWHERE = (Scope.GLOBAL, Scope.STOCK, Scope.SOURCE, Scope.PRODUCT, Scope.SOURCE_ITEM)
WHOLE_PRODUCT = (Scope.GLOBAL, Scope.STOCK, Scope.PRODUCT)


class Setting(NamedTuple, Generic[V]):
    """One setting; a column is None where Magento has none."""

    key: str
    label: str
    kind: Kind[V]
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


BACKORDERS: Setting[Backorders] = Setting(
    key="backorders",
    label="Backorders",
    kind=kinds.BACKORDERS,
    default=Backorders.NO,
    scopes=EVERYWHERE,
    config_path="cataloginventory/item_options/backorders",
    csv_column="allow_backorders",
    use_config_column="use_config_backorders",
    database_column="backorders",
    meaning="whether orders are taken that no goods on hand cover, and whether the customer is told",
)
THRESHOLD: Setting[Decimal] = Setting(
    key="out_of_stock_threshold",
    label="Out-of-Stock Threshold",
    kind=kinds.number(),
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
    kind=kinds.number(),
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
    kind=kinds.number(minimum=Decimal(0)),
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
    kind=kinds.BOOLEAN,
    default=True,
    scopes=WHOLE_PRODUCT,
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


def _as_key(typed: str) -> str:
    return typed.strip().replace("-", "_")


def setting_named(typed: str) -> AnySetting:
    """The setting whose key was typed, with `-` or `_`, or its label in the Admin in any case.

    BackorderctlError with the nearest key when there is none.
    """
    label = typed.strip().casefold()
    by_label = (row for row in SETTINGS.values() if row.label.casefold() == label)
    row = SETTINGS.get(_as_key(typed)) or next(by_label, None)
    if row is None:
        close = nearest(_as_key(typed), SETTINGS)
        raise BackorderctlError(f"setting {typed!r}: expected one of {', '.join(SETTINGS)}", hint=close)
    return row
