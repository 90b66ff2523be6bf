"""What a store's policy becomes in Magento, in words and files."""

from collections.abc import Iterable
from decimal import Decimal
from typing import TextIO

from backorderctl.magento.export_sources import Notified
from backorderctl.magento.policy_export import Compiled, Need, Policy
from backorderctl.output import table
from backorderctl.output.format import Output
from backorderctl.output.table import Column, Listing
from backorderctl.store import quantity
from backorderctl.store.quantity import LIMIT
from backorderctl.store.settings import BACKORDERS, MANAGE_STOCK, NOTIFY_BELOW, THRESHOLD, format_value
from backorderctl.store.sku import LONGEST_SKU, UnsafeSku


def unsafe(found: UnsafeSku) -> str:
    """Why Magento cannot hold a SKU."""
    if found.same_as is not None:
        return f"product {found.sku!r}: to Magento the same as {found.same_as!r}"
    return f"product {found.sku!r}: expected at most {LONGEST_SKU} characters, got {len(found.sku)}"


def inexact(product: Compiled) -> str:
    """Why Magento cannot do as we do for a product, with our salable quantity and Magento's best in each stock."""
    return f"product {product.product.sku!r}: {_why(product)}: {'; '.join(_numbers(product, n) for n in product.needs)}"


def approximated(product: Compiled, policy: Policy) -> str:
    """What a product gets instead of our policy, with our salable quantity and Magento's in each stock."""
    salable = "; ".join(f"{_ours(need)}, in Magento {_units(policy.salable(need.answer))}" for need in product.needs)
    return f"product {product.product.sku!r}: approximated by {_policy(policy)}: {salable}"


def differing(item: Notified) -> str:
    """Why Magento cannot hold when a source item is low."""
    values = ", ".join(f"{stock} {quantity.format_quantity(units)}" for stock, units in item.by_stock.items())
    return f"product {item.sku!r} at {item.source}: {NOTIFY_BELOW.key} differs by stock: {values}"


def show_low_quantities(items: Iterable[Notified], out: TextIO) -> None:
    """Write the payload of POST /V1/inventory/low-quantity-notification."""
    columns = tuple(map(Column, ("source_code", "sku", "notify_stock_qty")))
    rows = ((item.source, item.sku, next(iter(item.by_stock.values()))) for item in items)
    table.show(Listing("sourceItemConfigurations", columns, rows), Output.JSON, out)


def _why(product: Compiled) -> str:
    if len(product.needs) > 1 and all(need.exact for need in product.needs):
        return "Magento keeps one policy for a product, and its stocks need different ones"
    if any(not need.exact for need in product.needs):
        return "a reserve at one source and goods or an allowance at another do not make one threshold"
    return f"Magento holds no threshold of {LIMIT:f} or more"


def _numbers(product: Compiled, need: Need) -> str:
    best = [f"{_units(product.generous.salable(need.answer))} generous ({_policy(product.generous)})"]
    if product.safe is not None:
        best.insert(0, f"{_units(product.safe.salable(need.answer))} safe ({_policy(product.safe)})")
    return f"{_ours(need)}, in Magento {' or '.join(best)}"


def _ours(need: Need) -> str:
    return f"stock {need.answer.stock}: {_units(need.answer.salable)} salable"


def _policy(policy: Policy) -> str:
    if not policy.managed:
        return f"{MANAGE_STOCK.key} {format_value(policy.managed)}"
    return f"{BACKORDERS.key} {policy.backorders}, {THRESHOLD.key} {quantity.format_quantity(policy.threshold)}"


def _units(salable: Decimal | None) -> str:
    return "unlimited" if salable is None else quantity.format_quantity(salable)
