"""What a product CSV says that a store file has no place for, and that may change an answer."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from backorderctl.errors import Mismatch
from backorderctl.magento.report import Notice
from backorderctl.store.quantity import parse_quantity, shortest

DEFAULT_MAXIMUM = 10000
"""Magento's default of the most that an order may have of a product (CatalogInventory, etc/config.xml)."""
REMARKED = (
    "product_online",
    "status",
    "product_websites",
    "min_cart_qty",
    "min_sale_qty",
    "use_config_min_sale_qty",
    "max_cart_qty",
    "max_sale_qty",
    "use_config_max_sale_qty",
    "enable_qty_increments",
    "use_config_enable_qty_inc",
    "qty_increments",
)
"""The columns that are looked at."""


def remarks(cells: Mapping[str, str]) -> Iterator[tuple[Notice, str]]:
    """The notes that the cells of a product's row deserve, with the value that is noted; names as in REMARKED."""
    online = cells.get("product_online") or cells.get("status", "")
    if plain(online).lower() in ("2", "0", "disabled", "no"):
        yield Notice.DISABLED_PRODUCT, online
    websites = [code for code in re.split("[,|]", cells.get("product_websites", "")) if code.strip()]
    if len(websites) > 1:
        yield Notice.SEVERAL_WEBSITES, ",".join(websites)
    minimum = _own(cells, ("min_cart_qty", "min_sale_qty"), "use_config_min_sale_qty")
    if minimum is not None and minimum > 1:
        yield Notice.OWN_MINIMUM, f"{minimum:f}"
    maximum = _own(cells, ("max_cart_qty", "max_sale_qty"), "use_config_max_sale_qty")
    if maximum is not None and maximum not in (0, DEFAULT_MAXIMUM):
        yield Notice.OWN_MAXIMUM, f"{maximum:f}"
    if _own(cells, ("enable_qty_increments",), "use_config_enable_qty_inc"):
        yield Notice.OWN_INCREMENTS, plain(cells.get("qty_increments", ""))


def _own(cells: Mapping[str, str], columns: Sequence[str], flag: str) -> Decimal | None:
    """A product's own number, if it has one that is in force."""
    if plain(cells.get(flag, "")) != "0":
        return None
    try:
        return shortest(parse_quantity(next(filter(None, map(cells.get, columns)), "")))
    except Mismatch:
        return None


def plain(number: str) -> str:
    """A whole number without Magento's decimals: `1.0000` is 1."""
    return re.sub(r"\.0*$", "", number.strip())
