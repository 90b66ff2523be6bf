"""What was read from Magento's files as changes of a store file: only what is another value there, and nothing else."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain
from typing import Any, NamedTuple

from backorderctl.edit import operations
from backorderctl.edit.operations import Changes
from backorderctl.errors import BackorderctlError
from backorderctl.magento.columns import DEFAULT_SOURCE, Inherited, SettingCell, Unmarked
from backorderctl.magento.import_config import UNSET, Unset
from backorderctl.magento.import_inventory import ImportedReservations, Pair, SourceRow
from backorderctl.magento.import_products import SILENT, Inventory, ProductRow
from backorderctl.magento.report import Count, ImportReport, Notice
from backorderctl.store.model import DEFAULT_STOCK, Product, Source, SourceItem, Store
from backorderctl.store.scalars import StockStatus, format_quantity
from backorderctl.store.settings import DEFAULTS, Value
from backorderctl.store.sku import case_folded
from backorderctl.toml.change import REMOVED, Change, Removed
from backorderctl.toml.notation import as_parsed


@dataclass(frozen=True, slots=True)
class Imported:
    """What the files say; `links` are the sources that stocks are to sell from, by stock.

    `reservations` is None where no file says what is reserved.
    """

    products: Mapping[str, ProductRow]
    items: Mapping[Pair, SourceRow]
    configuration: Mapping[str, Value | Unset]
    links: Mapping[str, Sequence[str]]
    reservations: ImportedReservations | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing was taken from any file."""
        return not (self.products or self.items or self.configuration or self.links or self.reservations)


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
        *_together(store, list(_Products(store, imported, report).changes())),
    ]


def _together(store: Store, products: list[Change]) -> list[Change]:
    """The changes of products as one where the file has none yet, which is the fastest to write."""
    if store.products or not products:
        return products
    tables = {str(change.path[1]): change.value for change in products if not isinstance(change.value, Removed)}
    return [Change(("products",), tables)]


def _sources(imported: Imported) -> Iterator[str]:
    named = {case_folded(sku) for sku, _ in imported.items}
    products = imported.products.items()
    if any(row.inventory.quantity is not None and case_folded(sku) not in named for sku, row in products):
        yield DEFAULT_SOURCE
    yield from (source for _, source in imported.items)


def _configuration(store: Store, values: Mapping[str, Value | Unset], report: ImportReport) -> Iterator[Change]:
    for key, value in values.items():
        report.count(Count.GLOBAL_SETTINGS_READ)
        if value is UNSET:
            if key in store.settings:
                yield Change(("global", key), REMOVED, prune=True)
        elif store.settings.get(key) != value:
            yield Change(("global", key), as_parsed(value))


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


class _Units(NamedTuple):
    """What the files say of a source item; what is None stays."""

    quantity: Decimal | None
    status: StockStatus | None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The changes shared by all products whose rows have the same inventory cells.

    Values of settings, those to remove, values without a flag and the names of their columns, values that are not in
    force by column; source items, and those of a product that has none yet.
    """

    values: Mapping[str, Any]
    inherited: tuple[str, ...]
    unmarked: Mapping[str, Any]
    unmarked_columns: Mapping[str, str]
    idle: Mapping[str, str]
    units: Mapping[str, _Units]
    items: Mapping[str, Any]


class _Products:
    """The changes of products: what their rows, their stock sources and their reservations say."""

    def __init__(self, store: Store, imported: Imported, report: ImportReport) -> None:
        self._store = store
        self._imported = imported
        self._report = report
        self._global = _global_values(store, imported.configuration)
        reservations = imported.reservations or {}
        self._names = _spellings(store, imported.products, (*imported.items, *reservations))
        self._stated: dict[str, dict[str, _Units]] = {}
        for (sku, source), item in imported.items.items():
            self._stated.setdefault(self._names.get(sku, sku), {})[source] = _Units(item.quantity, item.status)
        self._reserved = self._reservations(reservations)
        self._wanted: dict[int, _Wanted] = {}

    def changes(self) -> Iterator[Change]:
        """The changes, in the order of the files."""
        for other, sku in self._names.items():
            self._report.note(Notice.SKU_CASE, value=other, other=sku)
        for other, row in self._imported.products.items():
            sku, inventory = self._names.get(other, other), row.inventory
            wanted = self._wanted.get(id(inventory))
            if wanted is None:
                wanted = self._wanted[id(inventory)] = _wanted(inventory, self._global)
            yield from self._product(sku, row, wanted, self._stated.pop(sku, None))
            for column, value in wanted.idle.items():
                self._report.note(Notice.NOT_IN_FORCE, about=column, sku=sku, line=row.line, value=value)
        silent, nothing = _wanted(SILENT, self._global), ProductRow(None, SILENT, 0)
        for sku, units in self._stated.items():
            if sku not in self._store.products:
                self._report.count(Count.PRODUCTS_OF_STOCK_SOURCES)
            yield from self._product(sku, nothing, silent, units)
        yield from self._reservations_alone()

    def _product(
        self, sku: str, row: ProductRow, wanted: _Wanted, stated: Mapping[str, _Units] | None
    ) -> Iterable[Change]:
        units, items = wanted.units, wanted.items
        if stated:
            self._note_left_aside(sku, row, stated)
            units, items = stated, _new_items(stated)
        reserved = self._reserved.pop(sku, {})
        product = self._store.products.get(sku)
        if product is not None:
            if row.name not in (None, product.name):
                self._report.note(Notice.NAME_KEPT, sku=sku, value=row.name, other=product.name)
            return chain(self._changed(product, wanted, units, items), self._reserve(product, reserved))
        self._report.count(Count.PRODUCTS_ADDED)
        table: dict[str, Any] = {"name": row.name} if row.name else {}
        table |= self._settings(sku, {}, wanted)
        self._count_items(sku, units, items)
        if items:
            table["sources"] = items
        if kept := {stock: {"reserved": as_parsed(each)} for stock, each in reserved.items() if each}:
            self._report.count(Count.RESERVATIONS_CHANGED, len(kept))
            table["stocks"] = kept
        return (Change(("products", sku), table),)

    def _note_left_aside(self, sku: str, row: ProductRow, stated: Mapping[str, _Units]) -> None:
        """What a product row says of the source `default` and the stock sources, which are all there is, do not."""
        quantity, status = row.inventory.quantity, row.inventory.status
        counted = stated.get(DEFAULT_SOURCE, _Units(None, None))
        if quantity not in (None, counted.quantity) or (quantity is not None and status not in (None, counted.status)):
            other = ", ".join(
                f"{format_quantity(units.quantity or Decimal(0))} at {at}" for at, units in stated.items()
            )
            self._report.note(
                Notice.QUANTITY_LEFT_ASIDE, sku=sku, line=row.line, value=format_quantity(quantity), other=other
            )

    def _changed(
        self, product: Product, wanted: _Wanted, units: Mapping[str, _Units], items: Mapping[str, Any]
    ) -> Iterator[Change]:
        """The changes of a product that the store has; it keeps its name."""
        path = ("products", product.sku)
        for key, value in self._settings(product.sku, product.settings, wanted).items():
            self._report.count(Count.SETTINGS_REMOVED if value is REMOVED else Count.SETTINGS_CHANGED)
            yield Change((*path, key), value)
        if not units.keys() <= product.items.keys():
            new = {source: item for source, item in items.items() if source not in product.items}
            self._count_items(product.sku, units.keys() - product.items.keys(), new)
            for source, item in new.items():
                here = (*path, "sources", source)
                if source in product.item_policies:  # the table exists, with settings that stay
                    yield from (Change((*here, key), value) for key, value in item.items())
                else:
                    yield Change(here, item)
        for source, each in units.items():
            if source in product.items:
                changed = list(_item((*path, "sources", source), product.items[source], each))
                if changed:
                    self._report.count(Count.ITEMS_CHANGED)
                yield from changed

    def _settings(self, sku: str, own: Mapping[str, Value], wanted: _Wanted) -> Mapping[str, Any]:
        """The settings that change, by key: a new value, or REMOVED."""
        values = wanted.values
        for key, value in wanted.unmarked.items():
            if key in own:
                values = {**values, key: value}
            else:
                self._report.note(Notice.ZERO_WITHOUT_FLAG, about=wanted.unmarked_columns[key], sku=sku)
        if values:
            self._report.count(Count.SETTINGS_READ, len(values))
        if not own or own == values:
            return {} if own else values
        removed = {key: REMOVED for key in wanted.inherited if key in own}
        return {key: value for key, value in values.items() if own.get(key) != value} | removed

    def _count_items(self, sku: str, units: Collection[str], items: Collection[str]) -> None:
        """Count new source items, and those of `units` that are not made for want of a quantity."""
        if items:
            self._report.count(Count.ITEMS_ADDED, len(items))
        if len(items) < len(units):
            self._report.note(Notice.STATUS_WITHOUT_QUANTITY, sku=sku)

    def _reservations(self, reservations: ImportedReservations) -> dict[str, dict[str, Decimal]]:
        """What is reserved of each product, by stock; BackorderctlError when a stock does not exist."""
        declared = [code for code, stock in self._store.stocks.items() if stock.declared]
        stocks = list(dict.fromkeys((*declared, *self._imported.links))) or [DEFAULT_STOCK]
        found: dict[str, dict[str, Decimal]] = {}
        for (sku, stock), units in reservations.items():
            if stock not in stocks and (stock is not None or len(stocks) > 1):
                got = "none" if stock is None else repr(stock)
                more = "; --stock-id says which stock a stock_id is" if stock == DEFAULT_STOCK else ""
                raise BackorderctlError(f"reservations: expected a stock of {', '.join(stocks)}, got {got}{more}")
            found.setdefault(self._names.get(sku, sku), {})[stock or stocks[0]] = units
        return found

    def _reserve(self, product: Product, reserved: Mapping[str, Decimal]) -> Iterator[Change]:
        for stock, units in reserved.items():
            if units != product.reserved.get(stock, 0):
                self._report.count(Count.RESERVATIONS_CHANGED)
                path = ("products", product.sku, "stocks", stock, "reserved")
                yield Change(path, as_parsed(units)) if units else Change(path, REMOVED, prune=True)
        if self._imported.reservations is not None and product.reserved.keys() - reserved.keys():
            self._report.note(Notice.RESERVATION_KEPT, sku=product.sku)

    def _reservations_alone(self) -> Iterator[Change]:
        """Reservations of products that no other file names; those of products that do not exist are not taken."""
        for sku, reserved in self._reserved.items():
            if (product := self._store.products.get(sku)) is not None:
                yield from self._reserve(product, reserved)
            elif any(reserved.values()):
                self._report.note(Notice.RESERVATION_OF_UNKNOWN, sku=sku)
        imported = self._imported
        goods = imported.products or imported.items
        known = any(product.reserved for product in self._store.products.values())
        if goods and imported.reservations is None and not known:
            self._report.note(Notice.NO_RESERVATIONS)


def _wanted(inventory: Inventory, general: Mapping[str, Value]) -> _Wanted:
    cells = inventory.settings
    given = inventory.quantity is not None or inventory.status is not None
    units = {DEFAULT_SOURCE: _Units(inventory.quantity, inventory.status)} if given else {}
    return _Wanted(
        values={key: as_parsed(cell) for key, cell in cells.items() if not isinstance(cell, Inherited | Unmarked)},
        inherited=tuple(key for key, cell in cells.items() if isinstance(cell, Inherited)),
        unmarked={key: as_parsed(cell.value) for key, cell in cells.items() if isinstance(cell, Unmarked)},
        unmarked_columns={key: cell.column for key, cell in cells.items() if isinstance(cell, Unmarked)},
        idle=dict(_idle(cells, general)),
        units=units,
        items=_new_items(units),
    )


def _idle(cells: Mapping[str, SettingCell], general: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    """Each value of the file, as it is there, that is not in force and differs from what is, by column."""
    for key, cell in cells.items():
        if isinstance(cell, Inherited) and cell.idle is not None and cell.idle != general[key]:
            yield cell.column, cell.text


def _spellings(store: Store, rows: Mapping[str, ProductRow], pairs: Sequence[tuple[str, Any]]) -> dict[str, str]:
    """The SKU to write for each that is to be written otherwise: as the store file has it, else as the first file.

    Magento takes SKUs that differ only in letter case for the same; one file by itself writes each one way.
    """
    read = dict.fromkeys(chain(rows, (sku for sku, _ in pairs)))
    if read.keys() <= store.products.keys() or (not store.products and not (rows and pairs)):
        return {}
    known: dict[str, str] = {}
    for sku in chain(store.products, read):
        known.setdefault(case_folded(sku), sku)
    return {sku: first for sku in read if (first := known[case_folded(sku)]) != sku and sku not in store.products}


def _item(path: tuple[str, ...], item: SourceItem, wanted: _Units) -> Iterator[Change]:
    if wanted.quantity not in (None, item.quantity):
        yield Change((*path, "quantity"), as_parsed(wanted.quantity))
    if wanted.status not in (None, item.status):
        yield Change((*path, "status"), str(wanted.status))


def _new_items(units: Mapping[str, _Units]) -> dict[str, Any]:
    """Source items that are not in the store yet, of which a quantity is known."""
    return {
        source: {"quantity": as_parsed(each.quantity)}
        | ({"status": str(each.status)} if each.status is StockStatus.OUT_OF_STOCK else {})
        for source, each in units.items()
        if each.quantity is not None
    }


def _global_values(store: Store, values: Mapping[str, Value | Unset]) -> dict[str, Value]:
    """Every setting's global value once the configuration is taken."""
    unset = {key for key, value in values.items() if value is UNSET}
    own = {key: value for key, value in store.settings.items() if key not in unset}
    return {**DEFAULTS, **own, **{key: value for key, value in values.items() if not isinstance(value, Unset)}}
