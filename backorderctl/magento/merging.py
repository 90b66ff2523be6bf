"""What was read from Magento's files as changes of a store file: only what is another value there, and nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
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
    items = _items(imported, names, report)
    general = _general(store, imported.configuration)
    for sku, row in ((names[sku], row) for sku, row in imported.products.items()):
        yield from _product(store, sku, row, items.pop(sku, {}), report)
        _note_idle(general, sku, row, report)
    for sku, units in items.items():
        if sku not in store.products:
            report.count("products known from stock sources alone")
        yield from _product(store, sku, _SILENT, units, report)


_SILENT = ProductRow(None, {}, None, None, 0)


def _spellings(store: Store, imported: Imported) -> dict[str, str]:
    """The SKU to write for each that was read: as the store file spells it, else as the first file does."""
    known: dict[str, str] = {}
    for sku in (*store.products, *imported.products, *(sku for sku, _ in imported.items)):
        known.setdefault(sku.casefold(), sku)
    read = (*imported.products, *(sku for sku, _ in imported.items))
    return {sku: sku if sku in store.products else known[sku.casefold()] for sku in read}


def _items(imported: Imported, names: Mapping[str, str], report: Report) -> dict[str, dict[str, Units]]:
    """The source items of each product; what stock sources say stands above a product row's quantity."""
    items: dict[str, dict[str, Units]] = {}
    for sku, row in imported.products.items():
        if row.quantity is not None or row.status is not None:
            items[names[sku]] = {DEFAULT_SOURCE: Units(row.quantity, row.status)}
    for (sku, source), item in imported.items.items():
        of_product = items.setdefault(names[sku], {})
        before = of_product.get(source)
        if before is not None and before.quantity not in (None, item.quantity):
            first = f"{sku!r}: {before.quantity} and {item.quantity}"
            report.note("qty other than the quantity in stock sources, which counts", first)
        of_product[source] = Units(item.quantity, item.status)
    return items


def _note_idle(general: Mapping[str, Value], sku: str, row: ProductRow, report: Report) -> None:
    """A word for each value that stands in the file, is not in force and differs from what is."""
    for key, given in row.settings.items():
        if isinstance(given, Inherited) and given.idle not in (None, general[key]):
            setting = SETTINGS[key]
            what = f"{setting.csv_column} not in force, because {setting.use_config_column} is set: ignored"
            report.note(what, f"{text(given.idle)} for {sku!r} at line {row.line}")


def _general(store: Store, values: Mapping[str, Value | Unset]) -> dict[str, Value]:
    """Every setting's global value once the configuration is taken."""
    unset = {key for key, value in values.items() if value is UNSET}
    own = {key: value for key, value in store.settings.items() if key not in unset}
    return {**DEFAULTS, **own, **{key: value for key, value in values.items() if not isinstance(value, Unset)}}


def _product(store: Store, sku: str, row: ProductRow, units: Mapping[str, Units], report: Report) -> Iterator[Change]:
    product = store.products.get(sku)
    path = ("products", sku)
    if product is None:
        yield Change(path, _table(sku, row, units, report))
        return
    yield from (Change((*path, key), value) for key, value in _chosen(sku, product.settings, row.settings, report))
    for source, wanted in units.items():
        yield from _item((*path, "sources", source), product.items.get(source), wanted, report)


def _table(sku: str, row: ProductRow, units: Mapping[str, Units], report: Report) -> dict[str, Any]:
    """A product that is not in the store yet, with its source items."""
    report.count("products added")
    table: dict[str, Any] = {"name": row.name} if row.name else {}
    table |= {key: value for key, value in _chosen(sku, {}, row.settings, report) if value is not REMOVED}
    items = {source: item for source, wanted in units.items() if (item := _new_item(sku, wanted, report))}
    return table | ({"sources": items} if items else {})


def _chosen(
    sku: str, own: Mapping[str, Value], taken: Mapping[str, Taken], report: Report
) -> Iterator[tuple[str, Any]]:
    """The settings that change, by key: a new value, or REMOVED."""
    for key, given in taken.items():
        if isinstance(given, Inherited):
            if key in own:
                yield key, REMOVED
            continue
        if isinstance(given, Unmarked):
            if key not in own:
                report.note("0 without a use_config flag: ignored, as Magento does", f"{key} of {sku!r}")
                continue
            given = given.value
        report.count("product settings read")
        if own.get(key) != given:
            yield key, changes.toml(given)


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
    status = {"status": str(wanted.status)} if wanted.status is StockStatus.OUT_OF_STOCK else {}
    return {"quantity": wanted.quantity, **status}
