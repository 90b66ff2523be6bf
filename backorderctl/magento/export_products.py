"""The product import CSV that gives Magento a store's policy: the SKU and the inventory columns that settings have.

What Magento makes of a row (Open Source 2.4, Inventory of 2024-10):

- A value counts only when its flag is 0 (CatalogImportExport, Import/Product.php, _setStockUseConfigFieldsValues).
- The index compares goods with the threshold as it is stored, while everything else reads it through
  AdaptMinQtyToBackordersPlugin: a negative threshold without backorders shows a sold-out product as In Stock
  (InventorySales, MinQtyStockWithReservationsCondition::execute). So it is written as 0, own or inherited.
- `is_in_stock` stays only if verifyStock holds, else it becomes 0 (Product.php, formatStockDataForRow): not with goods
  at or below the threshold without backorders (CatalogInventory, StockStateProvider::verifyStock), nor with goods below
  a negative threshold (InventoryCatalog, AdaptVerifyStockToNegativeMinQtyPlugin).
- Quantity and status go to the source `default`, and a product that is new gets an item there even without them, In
  Stock where it takes backorders; a blank quantity is 0 (InventoryImportExport, SourceItemImporter::afterProcess).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TextIO

from backorderctl.magento.columns import IN_STOCK, OF_MAGENTO, QTY
from backorderctl.magento.export_config import exported_configuration, global_values
from backorderctl.magento.policy_export import Policy
from backorderctl.policy.evaluate import effective_threshold, takes_backorders
from backorderctl.rows.delimited import csv_writer
from backorderctl.store.model import DEFAULT_SOURCE, Product, SourceItem, Store
from backorderctl.store.scalars import ZERO, StockStatus, format_magento_number
from backorderctl.store.settings import BACKORDERS, MANAGE_STOCK, THRESHOLD, AnySetting, Settings, Value
from backorderctl.store.sku import SKU


class ExportEffect(StrEnum):
    """What Magento does with a row beyond what it says, and what was changed so that it does the right thing."""

    RELIES_ON_GLOBAL = "relies_on_global"
    """It inherits a value of [global] that is not Magento's default."""
    THRESHOLD_ZEROED = "threshold_zeroed"
    """A negative threshold is 0 in the file, because backorders are off."""
    SELLS_IF_NEW = "sells_if_new"
    """If the product is new, it gets an item at the source `default` and sells whatever the other sources have."""
    SELLS_UNMANAGED = "sells_unmanaged"
    """If the product is new, it gets an item at `default` and sells there, as its stock is not managed."""
    STATUS_LOST = "status_lost"
    """Its item at `default` is In Stock, and the import makes it Out of Stock."""
    STATUS_UNSURE = "status_unsure"
    """Its item at `default` may get another status: what an earlier import or config:set has left in Magento."""


@dataclass(frozen=True, slots=True)
class ExportRow:
    """A row of the product CSV: its cells without the SKU, what of them is in force, and what Magento does with it.

    `inherited` are the keys whose value is the configuration's.
    """

    sku: str
    cells: tuple[str, ...]
    in_force: tuple[str | None, ...]
    inherited: frozenset[str]
    effects: frozenset[ExportEffect]


@dataclass(frozen=True, slots=True)
class Inheritance:
    """The configurations in which a value of a product may be inherited: what it means must be the same in each.

    `relied_on` are the settings whose global value is assumed to be in Magento, though it is not its default;
    `unknown` are those of which nobody says what Magento has.
    """

    configurations: tuple[Settings, ...]
    relied_on: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()


def as_global(store: Store, known: Collection[str]) -> Inheritance:
    """Magento's configuration taken to be [global], as it is in the file or as config.sh sets it.

    Of the keys that are not `known`, it is Magento's default that an export would assume.
    """
    values = global_values(store)
    relied_on = frozenset(row.key for row in OF_MAGENTO if values[row.key] != row.default)
    unknown = frozenset(row.key for row in OF_MAGENTO) - frozenset(known)
    return Inheritance((values, exported_configuration(store)), relied_on, unknown)


def given(configuration: Settings) -> Inheritance:
    """Magento's configuration as it was read from a file."""
    return Inheritance((configuration,))


EXPLICIT = Inheritance(())
"""No value is inherited."""


def product_rows(
    store: Store, policies: Iterable[tuple[Product, Policy]], inheritance: Inheritance, *, quantities: bool = False
) -> Iterator[ExportRow]:
    """A row for each product; with `quantities`, for those that have an item at Magento's source `default`."""
    values = global_values(store)
    for product, policy in policies:
        item = product.items.get(DEFAULT_SOURCE)
        if not quantities or item is not None:
            yield _row(product, policy, values, inheritance, item, quantities=quantities)


def write_products(rows: Iterable[ExportRow], out: TextIO, *, quantities: bool = False) -> None:
    """Write the CSV of these rows."""
    writer = csv_writer(out)
    own = (QTY, IN_STOCK) if quantities else ()
    writer.writerow([SKU, *own, *(column for row in OF_MAGENTO for column in (row.csv_column, row.use_config_column))])
    writer.writerows([row.sku, *row.cells] for row in rows)


def changed_rows(rows: Iterable[ExportRow], since: Iterable[ExportRow]) -> Iterator[ExportRow]:
    """The rows that put anything else in force than those of an older export do."""
    older = {row.sku: row.in_force for row in since}
    return (row for row in rows if older.get(row.sku) != row.in_force)


def _row(
    product: Product,
    policy: Policy,
    values: Settings,
    inheritance: Inheritance,
    item: SourceItem | None,
    *,
    quantities: bool,
) -> ExportRow:
    cells: list[str] = []
    in_force: list[str | None] = []
    inherited: set[str] = set()
    if quantities and item is not None:
        cells = [format_magento_number(item.quantity), "1" if item.status is StockStatus.IN_STOCK else "0"]
        in_force = [*cells]
    for row in OF_MAGENTO:
        value, inherits = _value(row, product, policy, values, inheritance)
        cell = row.kind.csv_cell(value)
        cells += [cell, "1" if inherits else "0"]
        in_force.append(None if inherits else cell)
        if inherits:
            inherited.add(row.key)
    inheritable = [each[THRESHOLD.key] for each in inheritance.configurations] or [values[THRESHOLD.key]]
    stored = [product.settings[THRESHOLD.key]] if THRESHOLD.key in product.settings else inheritable
    effects = set(_effects(policy, stored, item, quantities=quantities))
    if inherited & inheritance.relied_on:
        effects.add(ExportEffect.RELIES_ON_GLOBAL)
    return ExportRow(product.sku, tuple(cells), tuple(in_force), frozenset(inherited), frozenset(effects))


def _value(
    row: AnySetting, product: Product, policy: Policy, values: Settings, inheritance: Inheritance
) -> tuple[Value, bool]:
    """The value to write, and whether Magento is to inherit it.

    It is the product's own or the configuration's where that has the effect that the policy needs, else the one needed.
    """
    own, needed = product.settings.get(row.key), _required(policy).get(row.key)
    if own is not None and _satisfies(row, own, needed, policy):
        return own, False
    if needed is None:
        needed = values[row.key]
    configured = [configuration[row.key] for configuration in inheritance.configurations]
    if configured and all(_satisfies(row, value, needed, policy) for value in configured):
        return configured[0], True
    return needed, False


def _satisfies(row: AnySetting, value: Value, needed: Value | None, policy: Policy) -> bool:
    """Whether the value has the effect that is needed; any has where the policy needs none."""
    if row.key == THRESHOLD.key and isinstance(value, Decimal):
        backorders = takes_backorders(policy.backorders)
        return effective_threshold(value, backorders=backorders) == needed and (backorders or value >= 0)
    return needed in (None, value)


def _required(policy: Policy) -> Mapping[str, Value]:
    return {
        BACKORDERS.key: policy.backorders,
        THRESHOLD.key: policy.threshold,
        MANAGE_STOCK.key: policy.managed,
    }


def _effects(
    policy: Policy, thresholds: Sequence[Value], item: SourceItem | None, *, quantities: bool
) -> Iterator[ExportEffect]:
    """What Magento does with a row, where the threshold would be one of these as it is set or inherited."""
    backorders = takes_backorders(policy.backorders)
    if not backorders and any(isinstance(each, Decimal) and each < 0 for each in thresholds):
        yield ExportEffect.THRESHOLD_ZEROED
    on_sale = item is not None and item.status is StockStatus.IN_STOCK
    if not policy.managed:
        if item is None:
            yield ExportEffect.SELLS_UNMANAGED
    elif not quantities and not on_sale and backorders:
        yield ExportEffect.SELLS_IF_NEW
    if item is None or not policy.managed:
        return
    if on_sale and not _verified(item.quantity, policy):
        yield ExportEffect.STATUS_LOST
    elif on_sale and item.quantity <= max(policy.threshold, ZERO):
        yield ExportEffect.STATUS_UNSURE  # left Out of Stock by an import before backorders were on
    elif not (on_sale or quantities or backorders) and item.quantity > policy.threshold:
        yield ExportEffect.STATUS_UNSURE  # set In Stock by config:set


def _verified(quantity: Decimal, policy: Policy) -> bool:
    """Whether Magento's verifyStock holds for the goods at `default`; newer ones refuse less than one unit, too."""
    if takes_backorders(policy.backorders):
        return policy.threshold >= 0 or quantity >= policy.threshold
    return quantity > policy.threshold and int(quantity) != 0
