"""What Magento makes of SKUs: it takes those that differ only in letter case for one, and holds 64 characters."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

LONGEST_SKU = 64
"""Characters that Magento's catalog_product_entity.sku holds."""


class UnsafeSku(NamedTuple):
    """A SKU that Magento cannot keep apart from `same_as`, or that is too long where that is None."""

    sku: str
    same_as: str | None


def canonical_sku(sku: str) -> str:
    """What two SKUs have in common when Magento takes them for one (Import/Product.php, isSkuExist)."""
    return sku.lower()


def unsafe_skus(skus: Iterable[str]) -> Iterator[UnsafeSku]:
    """The SKUs among these that Magento cannot hold as they are."""
    first: dict[str, str] = {}
    for sku in skus:
        if len(sku) > LONGEST_SKU:
            yield UnsafeSku(sku, None)
        if (other := first.setdefault(canonical_sku(sku), sku)) != sku:
            yield UnsafeSku(sku, other)
