"""The product import CSV that gives Magento a store's policy: the SKU and the inventory columns that settings have."""

import csv
from collections.abc import Iterable
from decimal import Decimal
from typing import TextIO

from backorderctl.magento.columns import DEFAULT_SOURCE, IN_STOCK, OF_MAGENTO, QUANTITY, SKU
from backorderctl.magento.policy_export import Policy
from backorderctl.policy.evaluate import effective_threshold, takes_backorders
from backorderctl.store import settings
from backorderctl.store.fields import StockStatus
from backorderctl.store.model import Product, Store
from backorderctl.store.quantity import STEP
from backorderctl.store.settings import BACKORDERS, MANAGE_STOCK, NOTIFY_BELOW, THRESHOLD, AnySetting, Value


def write_products(
    store: Store, policies: Iterable[tuple[Product, Policy]], out: TextIO, *, quantities: bool = False
) -> int:
    """Write a row for each product and return how many; with `quantities` also those at Magento's default source."""
    writer = csv.writer(out, lineterminator="\n")
    own = (QUANTITY, IN_STOCK) if quantities else ()
    writer.writerow([SKU, *own, *(column for row in OF_MAGENTO for column in (row.csv_column, row.use_config_column))])
    count = 0
    for product, policy in policies:
        item = _default_item(product) if quantities else ()
        writer.writerow([product.sku, *item, *_cells(store, product, policy)])
        count += 1
    return count


def format_magento_number(quantity: Decimal) -> str:
    """A number with Magento's 4 decimals, a negative one after a blank.

    Magento's own export (Filesystem/Driver/File.php) sets the blank, so that no spreadsheet takes the cell for a
    formula, and its import reads past it.
    """
    text = f"{quantity.quantize(STEP):f}"
    return f" {text}" if text.startswith("-") else text


def _cells(store: Store, product: Product, policy: Policy) -> list[str]:
    """Value and use_config flag of each setting: the product's own value or the global one where it does, else ours."""
    cells = []
    for row in OF_MAGENTO:
        own, inherited = product.settings.get(row.key), store.settings.get(row.key, row.default)
        if own is not None and _does(row, own, policy):
            value, flag = own, "0"
        elif _does(row, inherited, policy):
            value, flag = inherited, "1"
        else:
            value, flag = _needed(row, policy), "0"
        cells += [_cell(value), flag]
    return cells


def _does(row: AnySetting, value: Value, policy: Policy) -> bool:
    """Whether the value amounts to what the policy says; what the policy does not speak of, any value does."""
    if row.key == THRESHOLD.key and isinstance(value, Decimal):
        return effective_threshold(value, backorders=takes_backorders(policy.backorders)) == policy.threshold
    return row.key == NOTIFY_BELOW.key or value == _needed(row, policy)


def _needed(row: AnySetting, policy: Policy) -> Value:
    needed: dict[str, Value] = {
        BACKORDERS.key: policy.backorders,
        THRESHOLD.key: policy.threshold,
        MANAGE_STOCK.key: policy.managed,
    }
    return needed[row.key]


def _cell(value: Value) -> str:
    if isinstance(value, Decimal):
        return format_magento_number(value)
    return str(tuple(settings.Backorders).index(value) if isinstance(value, settings.Backorders) else int(value))


def _default_item(product: Product) -> tuple[str, str]:
    item = product.items.get(DEFAULT_SOURCE)
    if item is None:
        return "", ""
    return format_magento_number(item.quantity), "1" if item.status is StockStatus.IN_STOCK else "0"
