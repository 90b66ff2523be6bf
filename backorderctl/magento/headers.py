"""Whose file it is, by its header: the exports that merchants have most often, and which option takes them."""

from collections.abc import Sequence
from typing import NamedTuple

from backorderctl.errors import InvalidFile, Problem
from backorderctl.magento.csv_reader import Table


class Known(NamedTuple):
    """A kind of file: columns that only such a file has together, its name, and the option that takes it."""

    columns: frozenset[str]
    name: str
    option: str | None = None


def _known(columns: str, name: str, option: str | None = None) -> Known:
    return Known(frozenset(columns.split("|")), name, option)


MAGENTO_PRODUCTS = "Magento product CSV"
KNOWN = (
    _known("handle|variant sku", "Shopify product export"),
    _known("handle|variant inventory qty", "Shopify product export"),
    _known("url handle|inventory quantity", "Shopify product export"),
    _known("handle|option1 name|location", "Shopify inventory export"),
    _known("handle|option1 name|sku", "Shopify inventory export"),
    _known("in stock?", "WooCommerce product export"),
    _known("is featured?|sku", "WooCommerce product export"),
    _known("regular price|sku|published", "WooCommerce product export"),
    _known("post_title|sku", "WooCommerce product export"),
    _known("stock_status|sku|regular_price", "WooCommerce product export"),
    _known("product code/sku", "BigCommerce product export"),
    _known("sku|current stock level", "BigCommerce product export"),
    _known("seller-sku", "Amazon listing report"),
    _known("sku|asin", "Amazon inventory report"),
    _known("custom label (sku)", "eBay listing export"),
    _known("token|item name|sku", "Square item export"),
    _known("sku|tier_price_qty", "Magento advanced pricing CSV"),
    _known("stock_name|source_code", "list of Magento stocks and their sources"),
    _known("source_code|sku", "Magento stock_sources CSV", "--stock-sources"),
    _known("reservation_id|sku", "Magento inventory_reservation table", "--reservations"),
    _known("stock_id|sku|quantity", "Magento inventory_reservation table", "--reservations"),
    _known("sku|reserved", "file of reservations", "--reservations"),
    _known("path|value", "Magento configuration", "--config"),
    _known("key|value|product", "backorderctl export csv, which config apply reads"),
    _known("sku|product_type|attribute_set_code", MAGENTO_PRODUCTS, "--products"),
    _known("sku|_type|_attribute_set", MAGENTO_PRODUCTS, "--products"),
    _known("sku|allow_backorders", MAGENTO_PRODUCTS, "--products"),
)
"""More specific kinds come first."""


def recognized(header: Sequence[str]) -> Known | None:
    """The kind of file that has this header, in lower case; None for a header that is not known."""
    names = set(header)
    return next((known for known in KNOWN if known.columns <= names), None)


def check_header(table: Table, option: str, expected: str) -> None:
    """InvalidFile, with the option that takes it if there is one, when the file is of another known kind."""
    known = recognized(table.header)
    if known is not None and known.option != option:
        hint = f"did you mean {known.option}?" if known.option else None
        article = "an" if known.name[0] in "AaeE" else "a"
        raise InvalidFile(
            table.file, [Problem(f"expected {expected}, but this looks like {article} {known.name}", 1)], hint=hint
        )
