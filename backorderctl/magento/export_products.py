"""The product import CSV that gives Magento a store's policy: the SKU and the inventory columns that settings have."""

import csv
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TextIO

from backorderctl.magento.columns import DEFAULT_SOURCE, IN_STOCK, OF_MAGENTO, QUANTITY, SKU
from backorderctl.magento.policy_export import Policy
from backorderctl.policy.evaluate import effective_threshold, takes_backorders
from backorderctl.store.fields import StockStatus
from backorderctl.store.model import Product, Store
from backorderctl.store.quantity import format_magento_number
from backorderctl.store.settings import BACKORDERS, MANAGE_STOCK, THRESHOLD, AnySetting, Value


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


def _cells(store: Store, product: Product, policy: Policy) -> list[str]:
    """Value and use_config flag of each setting: the product's own value or the global one where it does, else ours."""
    cells = []
    for row in OF_MAGENTO:
        own, inherited = product.settings.get(row.key), store.settings.get(row.key, row.default)
        if own is not None and _satisfies(row, own, policy):
            value, flag = own, "0"
        elif _satisfies(row, inherited, policy):
            value, flag = inherited, "1"
        else:
            value, flag = _required(policy)[row.key], "0"
        cells += [row.kind.csv_cell(value), flag]
    return cells


def _satisfies(row: AnySetting, value: Value, policy: Policy) -> bool:
    """Whether the value has the effect that the policy needs; a setting that the policy leaves open takes any."""
    if row.key == THRESHOLD.key and isinstance(value, Decimal):
        return effective_threshold(value, backorders=takes_backorders(policy.backorders)) == policy.threshold
    return value == _required(policy).get(row.key, value)


def _required(policy: Policy) -> Mapping[str, Value]:
    return {
        BACKORDERS.key: policy.backorders,
        THRESHOLD.key: policy.threshold,
        MANAGE_STOCK.key: policy.managed,
    }


def _default_item(product: Product) -> tuple[str, str]:
    item = product.items.get(DEFAULT_SOURCE)
    if item is None:
        return "", ""
    return format_magento_number(item.quantity), "1" if item.status is StockStatus.IN_STOCK else "0"
