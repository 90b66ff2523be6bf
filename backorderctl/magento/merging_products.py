"""What was read of products and source items as changes of a store file; Magento's files may spell a SKU otherwise."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import chain
from typing import Any, NamedTuple

from backorderctl.edit import operations
from backorderctl.magento.columns import DEFAULT_SOURCE, Inherited, Taken, Unmarked
from backorderctl.magento.import_products import SILENT, Inventory, ProductRow
from backorderctl.magento.import_sources import Pair, SourceRow
from backorderctl.magento.report import Report
from backorderctl.store.fields import StockStatus
from backorderctl.store.model import Product, SourceItem, Store
from backorderctl.store.settings import SETTINGS, Value, format_value
from backorderctl.toml.change import REMOVED, Change

Rows = Mapping[str, ProductRow]
Items = Mapping[Pair, SourceRow]


class _Units(NamedTuple):
    """What the files say of a source item; what is None stays."""

    quantity: Decimal | None
    status: StockStatus | None


class _Said(NamedTuple):
    """What rows with the same inventory come to.

    The settings' values, which of them to take away, values without a flag, words for values that are not in force;
    what it says of source items, and those that a product without any gets.
    """

    values: Mapping[str, Any]
    inherited: tuple[str, ...]
    unmarked: Mapping[str, Any]
    idle: tuple[tuple[str, str], ...]
    units: Mapping[str, _Units]
    items: Mapping[str, Any]


def merged_products(
    store: Store, rows: Rows, items: Items, general: Mapping[str, Value], report: Report
) -> Iterator[Change]:
    """The changes that give the store's products what the files say, where the global values will be `general`."""
    names = _spellings(store, rows, items)
    stated = _stated(items, names)
    said: dict[int, _Said] = {}
    for spelt, sku in names.items():
        report.note("SKU in another letter case: taken as the same", f"{spelt!r} for {sku!r}")
    for spelt, row in rows.items():
        sku, inventory = names.get(spelt, spelt), row.inventory
        if id(inventory) not in said:
            said[id(inventory)] = _said(inventory, general)
        yield from _product(store, sku, row.name, said[id(inventory)], stated.pop(sku, None), report)
        for what, value in said[id(inventory)].idle:
            report.note(what, "{} for {!r} at line {}", value, sku, row.line)
    silent = _said(SILENT, general)
    for sku, units in stated.items():
        if sku not in store.products:
            report.count("products known from stock sources alone")
        yield from _product(store, sku, None, silent, units, report)


def _said(inventory: Inventory, general: Mapping[str, Value]) -> _Said:
    taken = inventory.settings
    speaks = inventory.quantity is not None or inventory.status is not None
    units = {DEFAULT_SOURCE: _Units(inventory.quantity, inventory.status)} if speaks else {}
    return _Said(
        {key: operations.toml(given) for key, given in taken.items() if not isinstance(given, Inherited | Unmarked)},
        tuple(key for key, given in taken.items() if isinstance(given, Inherited)),
        {key: operations.toml(given.value) for key, given in taken.items() if isinstance(given, Unmarked)},
        tuple(_idle(taken, general)),
        units,
        _new_items(units),
    )


def _idle(taken: Mapping[str, Taken], general: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    """A word for each value that stands in the file, is not in force and differs from what is; and that value."""
    for key, given in taken.items():
        if isinstance(given, Inherited) and given.idle not in (None, general[key]):
            setting = SETTINGS[key]
            what = f"{setting.csv_column} not in force, because {setting.use_config_column} is set: ignored"
            yield what, format_value(given.idle)


def _spellings(store: Store, rows: Rows, items: Items) -> dict[str, str]:
    """The SKU to write for each that is to be written otherwise: as the store file spells it, else as the first file.

    Magento takes SKUs for the same that differ in the case of letters alone; one file by itself spells each one way.
    """
    read = dict.fromkeys(chain(rows, (sku for sku, _ in items)))
    if read.keys() <= store.products.keys() or (not store.products and not (rows and items)):
        return {}
    known: dict[str, str] = {}
    for sku in chain(store.products, read):
        known.setdefault(sku.lower(), sku)
    return {sku: first for sku in read if (first := known[sku.lower()]) != sku and sku not in store.products}


def _stated(items: Items, names: Mapping[str, str]) -> dict[str, dict[str, _Units]]:
    """What stock sources say of each product, by source."""
    stated: dict[str, dict[str, _Units]] = {}
    for (sku, source), item in items.items():
        stated.setdefault(names.get(sku, sku), {})[source] = _Units(item.quantity, item.status)
    return stated


def _product(
    store: Store, sku: str, name: str | None, said: _Said, stated: Mapping[str, _Units] | None, report: Report
) -> Iterable[Change]:
    product = store.products.get(sku)
    units, items = said.units, said.items
    if stated:
        units = _above(sku, stated, units, report)
        items = _new_items(units)
    if product is not None:
        if name not in (None, product.name):
            report.note("name other than the store file's, which stays", f"{name!r} for {sku!r}")
        return _changes(product, said, units, items, report)
    report.count("products added")
    table: dict[str, Any] = {"name": name} if name else {}
    table |= _chosen(sku, {}, said, report)
    _count_items(sku, units, items, report)
    if items:
        table["sources"] = items
    return (Change(("products", sku), table),)


def _changes(
    product: Product, said: _Said, units: Mapping[str, _Units], items: Mapping[str, Any], report: Report
) -> Iterator[Change]:
    """The changes of a product that the store has; it keeps its name."""
    path = ("products", product.sku)
    for key, value in _chosen(product.sku, product.settings, said, report).items():
        report.count("product settings taken away" if value is REMOVED else "product settings changed")
        yield Change((*path, key), value)
    if not units.keys() <= product.items.keys():
        new = {source: item for source, item in items.items() if source not in product.items}
        _count_items(product.sku, units.keys() - product.items.keys(), new, report)
        for source, item in new.items():
            here = (*path, "sources", source)
            if source in product.item_policies:  # the table is there, with settings that stay
                yield from (Change((*here, key), value) for key, value in item.items())
            else:
                yield Change(here, item)
    for source, wanted in units.items():
        if source in product.items:
            changed = list(_item((*path, "sources", source), product.items[source], wanted))
            if changed:
                report.count("source items changed")
            yield from changed


def _item(path: tuple[str, ...], item: SourceItem, wanted: _Units) -> Iterator[Change]:
    if wanted.quantity not in (None, item.quantity):
        yield Change((*path, "quantity"), operations.toml(wanted.quantity))
    if wanted.status not in (None, item.status):
        yield Change((*path, "status"), str(wanted.status))


def _new_items(units: Mapping[str, _Units]) -> dict[str, Any]:
    """Source items that are not in the store yet, of which a quantity is known."""
    return {
        source: {"quantity": operations.toml(said.quantity)}
        | ({"status": str(said.status)} if said.status is StockStatus.OUT_OF_STOCK else {})
        for source, said in units.items()
        if said.quantity is not None
    }


def _count_items(sku: str, units: Collection[str], items: Collection[str], report: Report) -> None:
    """Count new source items, and those of `units` that are none for want of a quantity."""
    if items:
        report.count("source items added", len(items))
    if len(items) < len(units):
        report.note("is_in_stock without a quantity: ignored", repr(sku))


def _chosen(sku: str, own: Mapping[str, Value], said: _Said, report: Report) -> Mapping[str, Any]:
    """The settings that change, by key: a new value, or REMOVED."""
    wanted = said.values
    for key, value in said.unmarked.items():
        if key in own:
            wanted = {**wanted, key: value}
        else:
            report.note("0 without a use_config flag: ignored, as Magento does", f"{key} of {sku!r}")
    if wanted:
        report.count("product settings read", len(wanted))
    if not own or own == wanted:
        return {} if own else wanted
    removed = {key: REMOVED for key in said.inherited if key in own}
    return {key: value for key, value in wanted.items() if own.get(key) != value} | removed


def _above(sku: str, stated: Mapping[str, _Units], own: Mapping[str, _Units], report: Report) -> Mapping[str, _Units]:
    """The source items of a product; what stock sources say stands above a product row's quantity."""
    for source in own.keys() & stated.keys():
        if own[source].quantity not in (None, stated[source].quantity):
            first = f"{sku!r}: {own[source].quantity} and {stated[source].quantity}"
            report.note("qty other than the quantity in stock sources, which counts", first)
        if own[source].status not in (None, stated[source].status):
            first = f"{sku!r}: {own[source].status} and {stated[source].status}"
            report.note("is_in_stock other than the status in stock sources, which counts", first)
    return {**own, **stated}
