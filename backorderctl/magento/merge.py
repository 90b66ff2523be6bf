"""What was read from Magento's files as changes of a store file: only what is another value there, and nothing else."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Any, NamedTuple

from backorderctl.edit import operations
from backorderctl.edit.operations import Changes
from backorderctl.errors import BackorderctlError, Mismatch
from backorderctl.magento.as_exported import RowCells, configuration_differences, differences
from backorderctl.magento.columns import Inherited, SettingCell, Unmarked
from backorderctl.magento.import_config import UNSET, Configuration
from backorderctl.magento.import_inventory import ImportedReservations, Pair, SourceRow
from backorderctl.magento.import_products import SILENT, Inventory, ProductRow
from backorderctl.magento.report import Count, ImportReport, Notice
from backorderctl.rows.names import KnownNames
from backorderctl.store.model import (
    DEFAULT_SOURCE,
    DEFAULT_STOCK,
    Product,
    Source,
    SourceItem,
    Store,
    StoreFile,
    Values,
)
from backorderctl.store.scalars import StockStatus, format_quantity
from backorderctl.store.settings import DEFAULTS, MANAGE_STOCK, SETTINGS, Settings, Value, format_value
from backorderctl.store.sku import case_folded
from backorderctl.toml.change import REMOVED, Change, Removed
from backorderctl.toml.notation import as_parsed


@dataclass(frozen=True, slots=True)
class Imported:
    """What the files say; `links` are the sources that stocks are to sell from, by stock.

    `configuration` and `reservations` are None where no file has any.
    """

    products: Mapping[str, ProductRow]
    items: Mapping[Pair, SourceRow]
    configuration: Configuration | None
    links: Mapping[str, Sequence[str]]
    reservations: ImportedReservations | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing was taken from any file."""
        configured = self.configuration is not None and bool(self.configuration.values)
        return not (self.products or self.items or configured or self.links or self.reservations)


def merged(
    store: StoreFile,
    imported: Imported,
    report: ImportReport,
    *,
    today: date,
    keep_policy: bool = False,
) -> Changes:
    """The changes that give the store what the files say, but for what an export of it would give Magento anyway.

    Policy is compared with that of `today`, and with that which is written. With `keep_policy` nothing is taken but
    goods, names and reservations. The values of the store file that the changes replace go to the report as
    `differing`. BackorderctlError when a link names a source that does not exist, or a reservation a stock.
    """
    written = replace(store, schedule=()).on(today)
    stores = (store.on(today), written) if store.schedule else (written,)
    imported = _with_known_sources(store, _without_rows_at_default(store, imported), report)
    new = [code for code in dict.fromkeys(_sources(imported)) if code not in store.sources]
    sources = {**store.sources, **{code: Source(code, None, enabled=True, settings={}) for code in new}}
    report.count(Count.SOURCES_ADDED, len(new), new)
    products = _Products(stores, imported, report, keep_policy=keep_policy)
    _note_stocks(store, imported, sources, report)
    return [
        *(() if keep_policy else _configuration(stores, imported.configuration, report)),
        *(Change(("sources", code), {}) for code in new),
        *_links(replace(store, sources=sources), imported.links, new, report),
        *_together(store, list(products.changes())),
    ]


def _with_known_sources(store: StoreFile, imported: Imported, report: ImportReport) -> Imported:
    """The same with the codes of sources as the store has them; BackorderctlError for one that may be several."""
    names = KnownNames(store.sources)
    try:
        items = {(sku, names[source]): item for (sku, source), item in imported.items.items()}
    except Mismatch as mismatch:
        raise BackorderctlError(f"source_code: {mismatch}") from None
    for spelling, name in names.respelled.items():
        report.note(Notice.SOURCE_SPELLING, value=spelling, other=name)
    shown = names.shown
    return replace(imported, items={(sku, shown.get(source, source)): item for (sku, source), item in items.items()})


def _note_stocks(store: StoreFile, imported: Imported, sources: Collection[str], report: ImportReport) -> None:
    """Note what the stocks are afterwards, where the files have sources or links: one for all, or not for Magento."""
    if not (imported.items or imported.links):
        return
    stocks = {code: [*stock.sources] for code, stock in store.stocks.items() if stock.declared}
    for code, linked in imported.links.items():
        stocks[code] = [*stocks.get(code, ()), *linked]
    if not stocks and len(sources) > 1:
        report.note(Notice.SOLD_AS_ONE, times=len(sources))
    for code, of_stock in (stocks or {DEFAULT_STOCK: [*sources]}).items():
        if DEFAULT_SOURCE in of_stock and len(set(of_stock)) > 1:
            report.note(Notice.DEFAULT_BESIDE_OTHERS, value=code)


def _without_rows_at_default(store: StoreFile, imported: Imported) -> Imported:
    """The same without the rows of 0 units, Out of Stock, that an export makes at Magento's source `default`.

    It does for each product of the store with managed stock that is not at that source.
    """
    whole = [store.settings, *(stock.settings for stock in store.stocks.values())]
    managed = any(settings.get(MANAGE_STOCK.key, store.settings.get(MANAGE_STOCK.key, True)) for settings in whole)
    absent = {
        case_folded(sku)
        for sku, product in store.products.items()
        if DEFAULT_SOURCE not in product.items and product.settings.get(MANAGE_STOCK.key, managed)
    }
    if not absent:
        return imported

    def is_made(sku: str, units: _Units | Inventory | SourceRow) -> bool:
        nothing = units.quantity == 0 and units.status is StockStatus.OUT_OF_STOCK
        return nothing and case_folded(sku) in absent

    return replace(
        imported,
        items={
            (sku, source): item
            for (sku, source), item in imported.items.items()
            if not (source == DEFAULT_SOURCE and is_made(sku, item))
        },
        products={
            sku: row._replace(inventory=row.inventory._replace(quantity=None, status=None))
            if is_made(sku, row.inventory)
            else row
            for sku, row in imported.products.items()
        },
    )


def _together(store: StoreFile, products: list[Change]) -> list[Change]:
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


def _configuration(
    stores: Sequence[Store], configuration: Configuration | None, report: ImportReport
) -> Iterator[Change]:
    """The changes of [global]; what a complete configuration does not have is Magento's default."""
    if configuration is None:
        return
    report.count(Count.GLOBAL_SETTINGS_READ, len(configuration.values))
    differing = {found.key: found for found in configuration_differences(stores, configuration.settings)}
    report.differing += differing.values()
    own = stores[-1].settings
    for key, value in configuration.settings.items():
        if key in differing or (key in configuration.values and key not in own):
            if configuration.values.get(key) is not UNSET:
                yield Change(("global", key), as_parsed(value))
            elif key in own:
                yield Change(("global", key), REMOVED, prune=True)


def _links(
    store: StoreFile, links: Mapping[str, Sequence[str]], new: Sequence[str], report: ImportReport
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
    force by column, inherited keys of which nobody says what Magento has; source items, and those of a product that
    has none yet.
    """

    cells: Mapping[str, SettingCell]
    values: Mapping[str, Any]
    inherited: tuple[str, ...]
    unmarked: Mapping[str, Any]
    unmarked_columns: Mapping[str, str]
    idle: Mapping[str, str]
    assumed: frozenset[str]
    units: Mapping[str, _Units]
    items: Mapping[str, Any]


class _Products:
    """The changes of products: what their rows, their stock sources and their reservations say."""

    def __init__(self, stores: Sequence[Store], imported: Imported, report: ImportReport, *, keep_policy: bool) -> None:
        self._stores = stores
        self._store = store = stores[-1]
        self._imported = imported
        self._report = report
        self._keep_policy = keep_policy
        self._magentos = {} if imported.configuration is None else imported.configuration.settings
        self._global = {**DEFAULTS, **store.settings, **self._magentos}
        self._known = self._magentos.keys() | store.settings.keys()
        reservations = imported.reservations or {}
        self._names = _spellings(store, imported.products, (*imported.items, *reservations))
        self._stated: dict[str, dict[str, _Units]] = {}
        for (sku, source), item in imported.items.items():
            self._stated.setdefault(self._names.get(sku, sku), {})[source] = _Units(item.quantity, item.status)
        self._reserved = self._reservations(reservations)
        self._wanted: dict[int, _Wanted] = {}
        self._differing = {} if keep_policy else self._differences()

    def _of_inventory(self, inventory: Inventory) -> _Wanted:
        wanted = self._wanted.get(id(inventory))
        if wanted is None:
            wanted = _wanted(inventory, self._global, self._known, keep_policy=self._keep_policy)
            self._wanted[id(inventory)] = wanted
        return wanted

    def _differences(self) -> dict[str, set[str]]:
        """The keys in which Magento differs from what would be exported, of the products whose own values differ."""
        rows = []
        for other, row in self._imported.products.items():
            product = self._store.products.get(self._names.get(other, other))
            if product is not None and self._changes_of_settings(product.settings, self._of_inventory(row.inventory)):
                rows.append(RowCells(product, row.inventory.settings))
        found = {}
        for sku, differing, written in differences(self._stores, rows, self._magentos):
            found[sku] = {difference.key for difference in differing}
            self._report.differing += [difference for difference in differing if difference.key in written]
        return found

    def changes(self) -> Iterator[Change]:
        """The changes, in the order of the files."""
        for other, sku in self._names.items():
            self._report.note(Notice.SKU_CASE, value=other, other=sku)
        for other, row in self._imported.products.items():
            sku, wanted = self._names.get(other, other), self._of_inventory(row.inventory)
            yield from self._product(sku, row, wanted, self._stated.pop(sku, None))
            for column, value in wanted.idle.items():
                self._report.note(Notice.NOT_IN_FORCE, about=column, sku=sku, line=row.line, value=value)
        self._note_assumed()
        silent, nothing = self._of_inventory(SILENT), ProductRow(None, SILENT, 0)
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
            if not (items or product.items):
                self._note_unmanaged(product.settings, wanted, row, sku)
            return chain(self._changed(product, wanted, units, items), self._reserve(product, reserved))
        self._report.count(Count.PRODUCTS_ADDED)
        table: dict[str, Any] = {"name": row.name} if row.name else {}
        table |= self._settings(sku, {}, wanted)
        if self._keep_policy and any(not isinstance(cell, Inherited) for cell in row.inventory.settings.values()):
            self._report.note(Notice.POLICY_NOT_TAKEN, sku=sku, line=row.line)
        self._count_items(sku, units, items)
        if items:
            table["sources"] = items
        else:
            self._note_unmanaged({}, wanted, row, sku)
        if kept := {stock: {"reserved": as_parsed(each)} for stock, each in reserved.items() if each}:
            self._report.count(Count.RESERVATIONS_CHANGED, len(kept))
            table["stocks"] = kept
        return (Change(("products", sku), table),)

    def _note_unmanaged(self, own: Settings, wanted: _Wanted, row: ProductRow, sku: str) -> None:
        """Note a product that Magento's Default Stock sells without a source item, as its stock is not managed."""
        key = MANAGE_STOCK.key
        kept = self._global[key] if key in wanted.inherited else own.get(key, self._global[key])
        if not wanted.values.get(key, kept):
            self._report.note(Notice.UNMANAGED_WITHOUT_ITEM, sku=sku, line=row.line or None)

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
        settings = self._settings(product.sku, product.settings, wanted)
        if settings and not self._keep_policy:
            settings = {key: value for key, value in settings.items() if key in self._differing[product.sku]}
        if wanted.cells and not settings and not self._keep_policy:
            self._report.count(Count.PRODUCTS_AS_EXPORTED)
        for key, value in settings.items():
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

    def _settings(self, sku: str, own: Settings, wanted: _Wanted) -> Mapping[str, Any]:
        """The settings that change, by key: a new value, or REMOVED."""
        for key in wanted.unmarked:
            if key not in own:
                self._report.note(Notice.ZERO_WITHOUT_FLAG, about=wanted.unmarked_columns[key], sku=sku)
        if number := len(wanted.values) + len(wanted.unmarked.keys() & own.keys()):
            self._report.count(Count.SETTINGS_READ, number)
        return self._changes_of_settings(own, wanted)

    def _changes_of_settings(self, own: Settings, wanted: _Wanted) -> Mapping[str, Any]:
        values = wanted.values
        if not own or own == values:
            return {} if own else values
        if wanted.unmarked:
            values = {**values, **{key: value for key, value in wanted.unmarked.items() if key in own}}
        removed = {key: REMOVED for key in wanted.inherited if key in own}
        return {key: value for key, value in values.items() if own.get(key) != value} | removed

    def _note_assumed(self) -> None:
        """Note the products that use values of the configuration of which nobody says what Magento has."""
        rows = [
            wanted.assumed for row in self._imported.products.values() if (wanted := self._wanted[id(row.inventory)])
        ]
        keys = [key for key in SETTINGS if any(key in assumed for assumed in set(rows))]
        if keys:
            self._report.note(
                Notice.ASSUMED,
                about=",".join(keys),
                value=", ".join(format_value(DEFAULTS[key]) for key in keys),
                other=None if self._imported.configuration is None else "partial",
                times=sum(map(bool, rows)),
            )

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


def _wanted(inventory: Inventory, general: Settings, known: Collection[str], *, keep_policy: bool) -> _Wanted:
    cells = {} if keep_policy else inventory.settings
    given = inventory.quantity is not None or inventory.status is not None
    units = {DEFAULT_SOURCE: _Units(inventory.quantity, inventory.status)} if given else {}
    return _Wanted(
        cells=cells,
        values={key: as_parsed(cell) for key, cell in cells.items() if not isinstance(cell, Inherited | Unmarked)},
        inherited=tuple(key for key, cell in cells.items() if isinstance(cell, Inherited)),
        unmarked={key: as_parsed(cell.value) for key, cell in cells.items() if isinstance(cell, Unmarked)},
        unmarked_columns={key: cell.column for key, cell in cells.items() if isinstance(cell, Unmarked)},
        idle=dict(_idle(cells, general)),
        assumed=frozenset(key for key, cell in cells.items() if isinstance(cell, Inherited) and key not in known),
        units=units,
        items=_new_items(units),
    )


def _idle(cells: Mapping[str, SettingCell], general: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    """Each value of the file, as it is there, that is not in force and differs from what is, by column."""
    for key, cell in cells.items():
        if isinstance(cell, Inherited) and cell.idle is not None and cell.idle != general[key]:
            yield cell.column, cell.text


def _spellings(store: Values, rows: Mapping[str, ProductRow], pairs: Sequence[tuple[str, Any]]) -> dict[str, str]:
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
