"""A store with quantities and reservations from outside in place of its own; its policy stays.

Nothing is taken from files of which a row is refused, unless `skip_bad` leaves such rows out.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from backorderctl.errors import BackorderctlError
from backorderctl.rows.delimited import Refused
from backorderctl.rows.quantities_file import Items, read_items
from backorderctl.rows.reserved_file import Reservations, read_reservations
from backorderctl.rows.rows_read import FileRead, Inputs, RowsRead, Watch
from backorderctl.store.model import Product, SourceItem, StoreFile, Values, source_named

_NONE: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Replaced:
    """A store with quantities from outside, and what is worth knowing of them.

    `without_row` counts products of the store file that no row of a quantities file names, `unknown` SKUs that the
    store file does not name, `unknown_reserved` those with reservations alone, for which no answer is given,
    `other_sources` rows of sources that are not replaced, `foreign` rows of sources and stocks that only another store
    declares, and `repeated` rows that say again what an earlier one says. `respelled` are spellings that stand for
    another one, by code point. `sums_above_zero` are the SKUs and stocks whose reservations count as 0 for their sign.
    `only` is the one SKU whose rows were read, None where all were: then nothing is counted.
    """

    store: StoreFile
    files: tuple[FileRead, ...] = ()
    without_row: int = 0
    unknown: int = 0
    unknown_reserved: int = 0
    other_sources: int = 0
    foreign: int = 0
    repeated: int = 0
    respelled: Mapping[str, str] = field(default_factory=dict)
    sums_above_zero: tuple[tuple[str, str], ...] = ()
    refused: tuple[Refused, ...] = ()
    only: str | None = None


def read_quantities(
    store: StoreFile, inputs: Inputs, *, only: str | None = None, watch: Watch = lambda _: None
) -> Replaced:
    """The store with the source items and reservations of the files in place of its own.

    With `only`, of that one product, and no other row is looked at. BackorderctlError, with file and record, when a row
    is refused, and when the files have no row of a source that has items in the store.
    """
    for source in inputs.sources:
        if source not in inputs.foreign_sources:
            source_named(store, source)
    rows = RowsRead(store, inputs, only=only, watch=watch)
    items = read_items(rows)[0] if inputs.quantities else None
    reserved = read_reservations(rows) if inputs.reserved else None
    rows.check()
    items, reserved = (None if read is None else rows.named(read) for read in (items, reserved))
    others = 0
    if items is not None and inputs.sources:
        items, others = _of_sources(items, inputs.sources)
    if items is not None and only is None and not inputs.allow_missing:
        has = set(chain.from_iterable(items.values()))
        refuse_missing(store, has, ", ".join(file.name for file in inputs.quantities), sources=inputs.sources)
    replaced = _replaced(store, items, reserved, inputs.sources, only)
    counted = items if only is None else None
    return Replaced(
        replaced,
        tuple(rows.files),
        without_row=len(_without_row(store, counted, inputs.sources)) if counted is not None else 0,
        unknown=len(counted.keys() - store.products.keys()) if counted is not None else 0,
        unknown_reserved=len(reserved.keys() - replaced.products.keys()) if reserved and only is None else 0,
        other_sources=others,
        foreign=rows.foreign,
        repeated=rows.repeated,
        respelled=rows.respelled(),
        sums_above_zero=rows.sums_above_zero,
        refused=rows.in_order(),
        only=only,
    )


def _of_sources(items: Items, sources: tuple[str, ...]) -> tuple[Items, int]:
    """The items at these sources, and how many there are at others."""
    kept = {
        sku: at_sources
        for sku, of_product in items.items()
        if (at_sources := {source: item for source, item in of_product.items() if source in sources})
    }
    return kept, sum(map(len, items.values())) - sum(map(len, kept.values()))


def _without_row(store: StoreFile, items: Items, sources: tuple[str, ...]) -> list[str]:
    """The products of the store of which no row is; with `sources`, of those that are at one of them."""
    return [
        sku
        for sku, product in store.products.items()
        if sku not in items and not (sources and product.items.keys().isdisjoint(sources))
    ]


def refuse_missing(store: Values, has: set[str], files: str, *, sources: tuple[str, ...] = ()) -> None:
    """BackorderctlError when a source with items in the store has none in the files, as if its warehouse were empty.

    With `sources`, when one of them is such a source.
    """
    had = Counter(source for product in store.products.values() for source in product.items)
    missing = [source for source in sources or store.sources if had[source] and source not in has]
    if missing:
        told = ", ".join(f"{source} ({had[source]} in the store file)" for source in missing)
        raise BackorderctlError(f"{files}: expected rows of every source, got none of {told}", hint="--allow-missing")


def _replaced(
    store: StoreFile, items: Items | None, reserved: Reservations | None, sources: tuple[str, ...], only: str | None
) -> StoreFile:
    products = dict(store.products)
    known = store.products if only is None else [only] if only in store.products else []
    for sku in known:
        product = products[sku]
        if items is not None:
            product = _with_items(product, items.get(sku, {}), sources)
        if reserved is not None:
            product = product._replace(reserved=reserved.get(sku, {}))
        products[sku] = product
    held: Reservations = reserved or {}
    for sku, of_product in (items or {}).items():
        if sku not in products:
            products[sku] = Product(sku, None, _NONE, of_product, held.get(sku, _NONE))
    return replace(store, products=products)


def _with_items(product: Product, rows: Mapping[str, SourceItem], sources: tuple[str, ...]) -> Product:
    """The product with these items, at `sources` alone if there are any; what the store sets for an item stays."""
    policies = {source: item.settings for source, item in product.items.items() if item.settings}
    policies |= product.item_policies
    items = {source: item for source, item in product.items.items() if sources and source not in sources}
    for source, item in rows.items():
        own = policies.get(source)
        items[source] = item._replace(settings=own) if own else item
    left = {source: chosen for source, chosen in policies.items() if source not in items}
    return product._replace(items=items, item_policies=left)
