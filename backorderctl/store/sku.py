"""Which SKUs and codes Magento takes for the same name, and how many characters of a SKU it holds."""

import unicodedata
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

SKU = "sku"
"""The column that names a product, in every file."""
LONGEST_SKU = 64
"""Characters that Magento's catalog_product_entity.sku holds."""

INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
"""Characters that show nothing and weigh nothing in a collation of Unicode."""


class UnsafeSku(NamedTuple):
    """A SKU that Magento cannot keep apart from `same_as`, or that is too long where that is None."""

    sku: str
    same_as: str | None


def case_folded(name: str) -> str:
    """What is equal for all spellings of one name: each character lowered by itself.

    A character whose lower case is several characters stays, and a sigma at the end of a word is one like any other,
    so that a database's `lower` gives the same.
    """
    if name.isascii():
        return name.lower()
    return "".join([low if len(low := char.lower()) == 1 else char for char in name])


def matches(sku: str, glob: str) -> bool:
    """Whether a glob matches a SKU, without regard to letter case."""
    return fnmatchcase(case_folded(sku), case_folded(glob))


def database_key(name: str) -> str:
    """What is the same for all names that Magento's database merges.

    Its collation ignores letter case, accents and INVISIBLE.
    """
    if name.isascii():
        return name.lower()
    plain = unicodedata.normalize("NFKD", name)
    return "".join(char for char in plain if not unicodedata.combining(char) and char not in INVISIBLE).casefold()


def merged_names(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The names that the database takes for an earlier one, with that."""
    known: dict[str, str] = {}
    for name in names:
        if (first := known.setdefault(database_key(name), name)) != name:
            yield name, first


def unsafe_skus(skus: Iterable[str]) -> Iterator[UnsafeSku]:
    """The SKUs among these that Magento cannot hold as they are."""
    first: dict[str, str] = {}
    for sku in skus:
        if len(sku) > LONGEST_SKU:
            yield UnsafeSku(sku, None)
        if (other := first.setdefault(database_key(sku), sku)) != sku:
            yield UnsafeSku(sku, other)
