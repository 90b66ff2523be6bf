"""What was read from Magento's files as changes of a store file: only what is another value there, and nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from backorderctl.edit import operations
from backorderctl.edit.operations import Changes
from backorderctl.magento.columns import DEFAULT_SOURCE
from backorderctl.magento.import_config import UNSET, Unset
from backorderctl.magento.merge_products import Imported, ProductMerge
from backorderctl.magento.report import Count, ImportReport, Notice
from backorderctl.store.model import Source, Store
from backorderctl.store.settings import Value
from backorderctl.store.sku import canonical_sku
from backorderctl.toml.change import REMOVED, Change, Removed


def merged(store: Store, imported: Imported, report: ImportReport) -> Changes:
    """The changes that give the store what the files say.

    BackorderctlError when a link names a source that does not exist, or a reservation a stock.
    """
    new = [code for code in dict.fromkeys(_sources(imported)) if code not in store.sources]
    sources = {**store.sources, **{code: Source(code, None, enabled=True, settings={}) for code in new}}
    report.count(Count.SOURCES_ADDED, len(new), new)
    return [
        *_configuration(store, imported.configuration, report),
        *(Change(("sources", code), {}) for code in new),
        *_links(replace(store, sources=sources), imported.links, new, report),
        *_together(store, list(ProductMerge(store, imported, report).changes())),
    ]


def _together(store: Store, products: list[Change]) -> list[Change]:
    """The changes of products as one where the file has none yet, which is the fastest to write."""
    if store.products or not products:
        return products
    tables = {str(change.path[1]): change.value for change in products if not isinstance(change.value, Removed)}
    return [Change(("products",), tables)]


def _sources(imported: Imported) -> Iterator[str]:
    named = {canonical_sku(sku) for sku, _ in imported.items}
    products = imported.products.items()
    if any(row.inventory.quantity is not None and canonical_sku(sku) not in named for sku, row in products):
        yield DEFAULT_SOURCE
    yield from (source for _, source in imported.items)


def _configuration(store: Store, values: Mapping[str, Value | Unset], report: ImportReport) -> Iterator[Change]:
    for key, value in values.items():
        report.count(Count.GLOBAL_SETTINGS_READ)
        if value is UNSET:
            if key in store.settings:
                yield Change(("global", key), REMOVED, prune=True)
        elif store.settings.get(key) != value:
            yield Change(("global", key), operations.toml(value))


def _links(
    store: Store, links: Mapping[str, Sequence[str]], new: Sequence[str], report: ImportReport
) -> Iterator[Change]:
    declared = {code: stock.sources for code, stock in store.stocks.items() if stock.declared}
    for stock, sources in links.items():
        if stock in declared:
            yield from operations.link(store, stock, sources)
        else:
            yield from operations.add_stock(store, stock, name=None, sources=sources, channels=())
            report.count(Count.STOCKS_ADDED)
    linked = {source for sources in (*declared.values(), *links.values()) for source in sources}
    for code in new if declared or links else ():
        if code not in linked:
            report.note(Notice.SOURCE_WITHOUT_STOCK, value=code)
