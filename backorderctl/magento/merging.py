"""What was read from Magento's files as changes of a store file: only what is another value there, and nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any, NamedTuple

from backorderctl import changes
from backorderctl.changes import Changes
from backorderctl.layout import StockStatus
from backorderctl.magento.columns import DEFAULT_SOURCE, Inherited, Taken, Unmarked
from backorderctl.magento.configuration import UNSET, Unset
from backorderctl.magento.products_in import ProductRow
from backorderctl.magento.report import Report
from backorderctl.magento.stock_sources_in import Pair, SourceRow
from backorderctl.settings import DEFAULTS, SETTINGS, Value, text
from backorderctl.store import Source, SourceItem, Store
from backorderctl.toml.change import REMOVED, Change, Removed


class Imported(NamedTuple):
    """What the files say; `links` are the sources that stocks are to sell from, by stock."""

    products: Mapping[str, ProductRow]
    items: Mapping[Pair, SourceRow]
    configuration: Mapping[str, Value | Unset]
    links: Mapping[str, Sequence[str]]


class Units(NamedTuple):
    """What the files say of a source item; what is None stays."""

    quantity: Decimal | None
    status: StockStatus | None


def merged(store: Store, imported: Imported, report: Report) -> Changes:
    """The changes that give the store what the files say; Failure when a link names a source that is nowhere."""
    new = [code for code in dict.fromkeys(_sources(imported)) if code not in store.sources]
    sources = {**store.sources, **{code: Source(code, None, enabled=True, settings={}) for code in new}}
    report.count("sources added", len(new))
    return [
        *_configuration(store, imported.configuration, report),
        *(Change(("sources", code), {}) for code in new),
        *_links(store._replace(sources=sources), imported.links, new, report),
        *_together(store, list(_products(store, imported, report))),
    ]


def _together(store: Store, products: list[Change]) -> list[Change]:
    """The changes of products as one where the file has none yet, which is the fastest to write."""
    if store.products or not products:
        return products
    tables = {str(change.path[1]): change.value for change in products if not isinstance(change.value, Removed)}
    return [Change(("products",), tables)]


def _sources(imported: Imported) -> Iterator[str]:
    if any(row.quantity is not None for row in imported.products.values()):
        yield DEFAULT_SOURCE
    yield from (source for _, source in imported.items)


def _configuration(store: Store, values: Mapping[str, Value | Unset], report: Report) -> Iterator[Change]:
    for key, value in values.items():
        report.count("global settings read")
        if value is UNSET:
            if key in store.settings:
                yield Change(("global", key), REMOVED, prune=True)
        elif store.settings.get(key) != value:
            yield Change(("global", key), changes.toml(value))


def _links(store: Store, links: Mapping[str, Sequence[str]], new: Sequence[str], report: Report) -> Iterator[Change]:
    declared = {code: stock.sources for code, stock in store.stocks.items() if stock.declared}
    for stock, sources in links.items():
        if stock in declared:
            yield from changes.link(store, stock, sources)
        else:
            yield from changes.add_stock(store, stock, name=None, sources=sources, channels=())
            report.count("stocks added")
    linked = {source for sources in (*declared.values(), *links.values()) for source in sources}
    for code in new if declared or links else ():
        if code not in linked:
            report.note("source that no stock sells from: --link STOCK=SOURCE links it", code)


def _products(store: Store, imported: Imported, report: Report) -> Iterator[Change]:
    names = _spellings(store, imported)
    stated = _stated(imported, names)
    general = _general(store, imported.configuration)
    common: dict[int, _Common] = {}
    for read, row in imported.products.items():
        sku = names.get(read, read)
        shared = common.get(id(row.settings))
        if shared is None:
            shared = common[id(row.settings)] = _in_common(row.settings, general)
        yield from _product(store, sku, row, shared, _units(sku, row, stated.pop(sku, _NOWHERE), report), report)
        for what, value in shared.idle:
            report.note(what, "{} for {!r} at line {}", value, sku, row.line)
    silent = _in_common(_SILENT.settings, general)
    for sku, units in stated.items():
        if sku not in store.products:
            report.count("products known from stock sources alone")
        yield from _product(store, sku, _SILENT, silent, units, report)


_SILENT = ProductRow(None, {}, None, None, 0)
_NOWHERE: Mapping[str, Units] = {}


class _Common(NamedTuple):
    """What all rows with the same settings say: values, which to take away, those without a flag, and idle ones."""

    values: Mapping[str, Any]
    inherited: tuple[str, ...]
    unmarked: Mapping[str, Any]
    idle: tuple[tuple[str, str], ...]


def _in_common(taken: Mapping[str, Taken], general: Mapping[str, Value]) -> _Common:
    return _Common(
        {key: changes.toml(given) for key, given in taken.items() if not isinstance(given, Inherited | Unmarked)},
        tuple(key for key, given in taken.items() if isinstance(given, Inherited)),
        {key: changes.toml(given.value) for key, given in taken.items() if isinstance(given, Unmarked)},
        tuple(_idle(taken, general)),
    )


def _idle(taken: Mapping[str, Taken], general: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    """A word for each value that stands in the file, is not in force and differs from what is; and that value."""
    for key, given in taken.items():
        if isinstance(given, Inherited) and given.idle not in (None, general[key]):
            setting = SETTINGS[key]
            what = f"{setting.csv_column} not in force, because {setting.use_config_column} is set: ignored"
            yield what, text(given.idle)


def _spellings(store: Store, imported: Imported) -> dict[str, str]:
    """The SKU to write for each that is to be written otherwise: as the store file spells it, else as the first file.

    Magento takes SKUs for the same that differ in the case of letters alone; one file by itself spells each one way.
    """
    read = dict.fromkeys(chain(imported.products, (sku for sku, _ in imported.items)))
    if read.keys() <= store.products.keys() or (not store.products and not (imported.products and imported.items)):
        return {}
    known: dict[str, str] = {}
    for sku in chain(store.products, read):
        known.setdefault(sku.casefold(), sku)
    return {sku: first for sku in read if (first := known[sku.casefold()]) != sku and sku not in store.products}


def _stated(imported: Imported, names: Mapping[str, str]) -> dict[str, dict[str, Units]]:
    """What stock sources say of each product, by source."""
    stated: dict[str, dict[str, Units]] = {}
    for (sku, source), item in imported.items.items():
        stated.setdefault(names.get(sku, sku), {})[source] = Units(item.quantity, item.status)
    return stated


def _units(sku: str, row: ProductRow, stated: Mapping[str, Units], report: Report) -> Mapping[str, Units]:
    """The source items of a product; what stock sources say stands above a product row's quantity."""
    if row.quantity is None and row.status is None:
        return stated
    own = Units(row.quantity, row.status)
    above = stated.get(DEFAULT_SOURCE)
    if above is not None and own.quantity not in (None, above.quantity):
        first = f"{sku!r}: {own.quantity} and {above.quantity}"
        report.note("qty other than the quantity in stock sources, which counts", first)
    return {DEFAULT_SOURCE: own, **stated}


def _general(store: Store, values: Mapping[str, Value | Unset]) -> dict[str, Value]:
    """Every setting's global value once the configuration is taken."""
    unset = {key for key, value in values.items() if value is UNSET}
    own = {key: value for key, value in store.settings.items() if key not in unset}
    return {**DEFAULTS, **own, **{key: value for key, value in values.items() if not isinstance(value, Unset)}}


def _product(
    store: Store, sku: str, row: ProductRow, common: _Common, units: Mapping[str, Units], report: Report
) -> list[Change]:
    product = store.products.get(sku)
    path = ("products", sku)
    if product is None:
        return [Change(path, _table(sku, row, common, units, report))]
    found = [Change((*path, key), value) for key, value in _chosen(sku, product.settings, common, report).items()]
    for source, wanted in units.items():
        found += _item((*path, "sources", source), product.items.get(source), wanted, report)
    return found


def _table(sku: str, row: ProductRow, common: _Common, units: Mapping[str, Units], report: Report) -> dict[str, Any]:
    """A product that is not in the store yet, with its source items."""
    report.count("products added")
    table: dict[str, Any] = {"name": row.name} if row.name else {}
    table |= _chosen(sku, {}, common, report)
    if items := {source: item for source, wanted in units.items() if (item := _new_item(sku, wanted, report))}:
        table["sources"] = items
    return table


def _chosen(sku: str, own: Mapping[str, Value], common: _Common, report: Report) -> Mapping[str, Any]:
    """The settings that change, by key: a new value, or REMOVED."""
    wanted = common.values
    for key, value in common.unmarked.items():
        if key in own:
            wanted = {**wanted, key: value}
        else:
            report.note("0 without a use_config flag: ignored, as Magento does", f"{key} of {sku!r}")
    if wanted:
        report.count("product settings read", len(wanted))
    if not own or own == wanted:
        return {} if own else wanted
    removed = {key: REMOVED for key in common.inherited if key in own}
    return {key: value for key, value in wanted.items() if own.get(key) != value} | removed


def _item(path: tuple[str, ...], item: SourceItem | None, wanted: Units, report: Report) -> Iterator[Change]:
    if item is None:
        if table := _new_item(path[1], wanted, report):
            yield Change(path, table)
        return
    if wanted.quantity not in (None, item.quantity):
        yield Change((*path, "quantity"), wanted.quantity)
    if wanted.status not in (None, item.status):
        yield Change((*path, "status"), str(wanted.status))


def _new_item(sku: str, wanted: Units, report: Report) -> dict[str, Any] | None:
    """A source item that is not in the store yet; None where no quantity is known."""
    if wanted.quantity is None:
        report.note("is_in_stock without a quantity: ignored", repr(sku))
        return None
    report.count("source items added")
    quantity = changes.toml(wanted.quantity)
    if wanted.status is StockStatus.OUT_OF_STOCK:
        return {"quantity": quantity, "status": str(wanted.status)}
    return {"quantity": quantity}
