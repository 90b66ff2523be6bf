"""A store: its sources, stocks and products, the values that each of them sets, and where those are in the file."""

import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from backorderctl.errors import BackorderctlError, suggestion
from backorderctl.store import settings
from backorderctl.store.places import FileText as FileText
from backorderctl.store.places import Locations as Locations
from backorderctl.store.places import Place as Place
from backorderctl.store.places import ScheduleEntry as ScheduleEntry
from backorderctl.store.scalars import StockStatus
from backorderctl.store.settings import Scope, Settings

if TYPE_CHECKING:
    from backorderctl.toml.change import KeyPath

ENABLED = "enabled"
"""The one key of an entry's values that is not a setting: whether a source's goods count."""

DEFAULT_STOCK = "default"
"""The stock of a store that declares none: it links every source."""
DEFAULT_SOURCE = "default"
"""The source that every Magento has; a product CSV has its quantity (SourceItemImporter::afterProcess)."""


class Stock(NamedTuple):
    """A group of sources that sales channels sell from; `declared` is False for the implicit `default`."""

    code: str
    name: str | None
    sources: tuple[str, ...]
    channels: tuple[str, ...]
    settings: Settings
    declared: bool = True


class Source(NamedTuple):
    """A place that holds goods."""

    code: str
    name: str | None
    enabled: bool
    settings: Settings


class SourceItem(NamedTuple):
    """One product at one source: units, which may be negative, and whether they are on sale."""

    quantity: Decimal
    status: StockStatus
    settings: Settings


class Product(NamedTuple):
    """One product, with its source items by source and its reserved units by stock.

    `item_policies` are the settings of source items whose quantity is not in the file: the product is not at these
    sources unless a quantities file says so.
    """

    sku: str
    name: str | None
    settings: Settings
    items: Mapping[str, SourceItem]
    reserved: Mapping[str, Decimal]
    item_policies: Mapping[str, Settings] = {}

    def item_settings(self, source: str) -> Settings | None:
        """What its source item there sets, with or without a quantity; None when the store has no such item."""
        item = self.items.get(source)
        return self.item_policies.get(source) if item is None else item.settings


class Accept(NamedTuple):
    """A finding of `check` that is intentional, within what it names: `match` is a glob, `until` the last day."""

    code: str
    stock: str | None
    source: str | None
    product: str | None
    match: str | None
    reason: str | None
    until: datetime.date | None


class DriftAccept(NamedTuple):
    """A difference from Magento that is intentional, for the products and the stock that it names; see Accept."""

    product: str | None
    match: str | None
    stock: str | None
    reason: str | None
    until: datetime.date | None


@dataclass(frozen=True, slots=True, repr=False)
class Values:
    """What is set where: the values of the global scope and of each stock, source and product.

    Everything that is referenced is declared, and every value is allowed where it is. `lines`, where the values are in
    the file, does not count when two are compared.
    """

    settings: Settings
    stocks: Mapping[str, Stock]
    sources: Mapping[str, Source]
    products: Mapping[str, Product]
    lines: Locations = field(compare=False)

    def __repr__(self) -> str:
        """How much there is, as the whole would be as long as the file."""
        products, sources, stocks = map(len, (self.products, self.sources, self.stocks))
        return f"<{type(self).__name__}: {products} products, {sources} sources, {stocks} stocks>"


@dataclass(frozen=True, slots=True, repr=False)
class StoreFile(Values):
    """A store file as it is written, whatever its schedule gives on some day."""

    accepts: tuple[Accept, ...] = ()
    schedule: tuple[ScheduleEntry, ...] = ()
    timezone: str | None = None
    drift_accepts: tuple[DriftAccept, ...] = ()

    def on(self, day: datetime.date) -> "Store":
        """What the file means on this day: each entry's values in place of those written at its scope."""
        store = Store(self.settings, self.stocks, self.sources, self.products, self.lines, day=day)
        return _with_entries(store, self.schedule) if self.schedule else store


@dataclass(frozen=True, slots=True, repr=False)
class Store(Values):
    """What a store file means on one day. `lines` knows the values that entries of the schedule replace."""

    day: datetime.date


AnyValues = TypeVar("AnyValues", bound=Values)


def settings_at(values: Values, place: Place) -> Settings:
    """The values that `place` itself sets; its stock, source and product must exist."""
    match place.scope:
        case Scope.DEFAULT:
            return settings.DEFAULTS
        case Scope.GLOBAL:
            return values.settings
        case Scope.STOCK:
            return values.stocks[str(place.stock)].settings
        case Scope.SOURCE:
            return values.sources[str(place.source)].settings
        case Scope.PRODUCT:
            return values.products[str(place.product)].settings
    return values.products[str(place.product)].item_settings(str(place.source)) or {}


def is_scheduled(store: Store, place: Place, key: str) -> bool:
    """Whether an entry of the schedule replaces the value of the place."""
    return (*place.path, key) in store.lines.replaced


def _with_entries(store: Store, schedule: Iterable[ScheduleEntry]) -> Store:
    """The store with the values of each entry that holds on its day in place of those written at the entry's scope.

    The same object where no entry holds.
    """
    values: dict[Place, dict[str, settings.Value | None]] = {}
    replaced: dict[KeyPath, ScheduleEntry] = {}
    for entry in schedule:
        if holds(entry, store.day):
            values.setdefault(entry.place, {}).update(entry.values)
            replaced.update(((*entry.place.path, key), entry) for key in entry.values)
    if not values:
        return store
    return replace(with_values(store, values), lines=Locations(store.lines.text, replaced))


def with_values(store: AnyValues, values: Mapping[Place, Mapping[str, settings.Value | None]]) -> AnyValues:
    """The store with these values in place of those written at each place; None removes one."""
    stocks, sources, products = dict(store.stocks), dict(store.sources), dict(store.products)
    chosen = store.settings
    for place, new in values.items():
        merged = _merged(settings_at(store, place), new)
        match place.scope:
            case Scope.STOCK:
                stocks[str(place.stock)] = stocks[str(place.stock)]._replace(settings=merged)
            case Scope.SOURCE:
                source = sources[str(place.source)]
                enabled = bool(new.get(ENABLED, source.enabled))
                sources[source.code] = source._replace(enabled=enabled, settings=merged)
            case Scope.PRODUCT:
                products[str(place.product)] = products[str(place.product)]._replace(settings=merged)
            case Scope.SOURCE_ITEM:
                product = products[str(place.product)]
                products[product.sku] = _with_item_settings(product, str(place.source), merged)
            case _:
                chosen = merged
    return replace(store, settings=chosen, stocks=stocks, sources=sources, products=products)


def _with_item_settings(product: Product, source: str, chosen: Settings) -> Product:
    if (item := product.items.get(source)) is None:
        return product._replace(item_policies={**product.item_policies, source: chosen})
    return product._replace(items={**product.items, source: item._replace(settings=chosen)})


def _merged(written: Settings, new: Mapping[str, settings.Value | None]) -> Settings:
    merged = {**written, **new}
    return {key: value for key, value in merged.items() if value is not None and key != ENABLED}


def holds(entry: ScheduleEntry, day: datetime.date) -> bool:
    """Whether the day is one of the entry's."""
    return (entry.start is None or entry.start <= day) and (entry.until is None or day <= entry.until)


def stocks_of(store: Values, product: Product) -> list[str]:
    """The stocks that sell from a source of the product."""
    return [code for code, stock in store.stocks.items() if not product.items.keys().isdisjoint(stock.sources)]


def product_named(store: Values, sku: str) -> Product:
    """The product with this SKU; BackorderctlError, suggesting the nearest SKU, when it is unknown."""
    return store.products[require("product", sku, store.products)]


def source_named(store: Values, code: str) -> Source:
    """The source with this code; BackorderctlError, suggesting the nearest code, when it is unknown."""
    return store.sources[require("source", code, store.sources, few=True)]


def stock_named(store: Values, code: str) -> Stock:
    """The stock with this code; BackorderctlError, suggesting the nearest code, when it is unknown.

    It says where the word is that of a sales channel.
    """
    selling = next((stock.code for stock in store.stocks.values() if code in stock.channels), None)
    if selling is not None and code not in store.stocks:
        message = f"unknown stock {code!r}: that is a channel of stock {selling!r}"
        raise BackorderctlError(message, hint=f"did you mean {selling!r}?")
    return store.stocks[require("stock", code, store.stocks, few=True)]


def item_place(store: Values, sku: str, code: str) -> Place:
    """The source item of a product; BackorderctlError when the product is not at that source."""
    product = product_named(store, sku)
    if product.item_settings(source_named(store, code).code) is None:
        where = ", ".join((*product.items, *product.item_policies)) or "no source"
        raise BackorderctlError(f"product {sku!r} is not at source {code!r}, but at {where}")
    return Place(Scope.SOURCE_ITEM, source=code, product=sku)


MOST_EXPECTED = 5
"""So many names are listed where one of them was expected."""


def require(kind: str, name: str, names: Collection[str], *, suggest: bool = True, few: bool = False) -> str:
    """The name, if it is one of `names`; BackorderctlError, with the nearest one as a suggestion, otherwise.

    Without `suggest` none is looked for, which takes time where many names are unknown. With `few` the message lists
    the names where there are a few.
    """
    if name in names:
        return name
    listed = ""
    if few and 0 < len(names) <= MOST_EXPECTED:
        *others, last = names
        listed = f", expected {', '.join(others)} or {last}" if others else f", expected {last}"
    raise BackorderctlError(f"unknown {kind} {name!r}{listed}", hint=suggestion(name, names) if suggest else None)


def keys_at(place: Place) -> Iterable[str]:
    """The settings that have a value at `place`."""
    return settings.OF_ITEMS if place.source else settings.SETTINGS


def places_with_values(store: Values) -> Iterator[Place]:
    """Every place of the file that sets a value."""
    if store.settings:
        yield Place(Scope.GLOBAL)
    yield from (Place(Scope.STOCK, stock=code) for code, stock in store.stocks.items() if stock.settings)
    yield from (Place(Scope.SOURCE, source=code) for code, source in store.sources.items() if source.settings)
    for sku, product in store.products.items():
        if product.settings:
            yield Place(Scope.PRODUCT, product=sku)
        for code, item in product.items.items():
            if item.settings:
                yield Place(Scope.SOURCE_ITEM, source=code, product=sku)
        for code, chosen in product.item_policies.items():
            if chosen:
                yield Place(Scope.SOURCE_ITEM, source=code, product=sku)


def check_scope(place: Place, key: str) -> None:
    """BackorderctlError unless a setting can have a value at `place`."""
    if key not in keys_at(place):
        scopes = settings.SETTINGS[key].scope_words
        raise BackorderctlError(f"{key}: expected at {scopes}, got it at {place.scope.replace('_', ' ')}")
