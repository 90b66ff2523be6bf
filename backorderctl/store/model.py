"""A store: its sources, stocks and products, the values that each of them sets, and where those are in the file."""

import datetime
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from backorderctl.errors import BackorderctlError, suggestion
from backorderctl.store import settings
from backorderctl.store.scalars import StockStatus
from backorderctl.store.settings import Scope, Settings
from backorderctl.toml.change import KeyPath

if TYPE_CHECKING:  # most answers name no line
    from backorderctl.toml.line_numbers import Lines

DEFAULT_STOCK = "default"
"""The stock of a store that declares none: it links every source."""
DEFAULT_SOURCE = "default"
"""The source that every Magento has; a product CSV has its quantity (SourceItemImporter::afterProcess)."""


class Place(NamedTuple):
    """One instance of a scope: the global one, or that of a stock, source, product or source item."""

    scope: Scope
    stock: str | None = None
    source: str | None = None
    product: str | None = None

    @property
    def path(self) -> KeyPath:
        """The table that holds its values; no path for the default."""
        match self.scope:
            case Scope.DEFAULT:
                return ()
            case Scope.GLOBAL:
                return ("global",)
            case Scope.STOCK:
                return ("stocks", str(self.stock))
            case Scope.SOURCE:
                return ("sources", str(self.source))
            case Scope.PRODUCT:
                return ("products", str(self.product))
        return ("products", str(self.product), "sources", str(self.source))


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
    item_policies: Mapping[str, Settings] = MappingProxyType({})

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


class ScheduleEntry(NamedTuple):
    """Values that replace those written at `place`, on the days from `start` to `until`; None is an open end.

    `number` is its place in the file, from 0. A value that is None removes the written one; `enabled` is a source's.
    """

    number: int
    start: datetime.date | None
    until: datetime.date | None
    place: Place
    values: Mapping[str, settings.Value | None]
    reason: str | None

    @property
    def path(self) -> KeyPath:
        """Where it is in the file."""
        return ("schedule", self.number)


class Locations(NamedTuple):
    """Where each value of a store is in its file: at its own path, or in the schedule's entry that replaces it.

    `lines` gives the line numbers of the file, which are not looked for before the first call.
    """

    lines: Callable[[], "Lines"]
    replaced: Mapping[KeyPath, ScheduleEntry] = {}

    def line(self, path: KeyPath) -> int | None:
        """The line, from 1, of the key or table at `path`, or of the key that replaces it; None for neither."""
        entry = self.replaced.get(path)
        return self.lines().line(path if entry is None else (*entry.path, path[-1]))


@dataclass(frozen=True, slots=True)
class Store:
    """A valid store file: everything that is referenced is declared, and every value is allowed where it is.

    Two stores are equal when their values are; `lines`, where the values are in the file, does not count.
    """

    settings: Settings
    stocks: Mapping[str, Stock]
    sources: Mapping[str, Source]
    products: Mapping[str, Product]
    accepts: tuple[Accept, ...]
    lines: Locations = field(compare=False, repr=False)
    schedule: tuple[ScheduleEntry, ...] = ()
    timezone: str | None = None
    drift_accepts: tuple[DriftAccept, ...] = ()

    def is_scheduled(self, place: Place, key: str) -> bool:
        """Whether an entry of the schedule replaces the value of the place."""
        return (*place.path, key) in self.lines.replaced

    def set_at(self, place: Place) -> Settings:
        """The values that `place` itself sets; its stock, source and product must exist."""
        match place.scope:
            case Scope.DEFAULT:
                return settings.DEFAULTS
            case Scope.GLOBAL:
                return self.settings
            case Scope.STOCK:
                return self.stocks[str(place.stock)].settings
            case Scope.SOURCE:
                return self.sources[str(place.source)].settings
            case Scope.PRODUCT:
                return self.products[str(place.product)].settings
        return self.products[str(place.product)].item_settings(str(place.source)) or {}


def stocks_of(store: Store, product: Product) -> list[str]:
    """The stocks that sell from a source of the product."""
    return [code for code, stock in store.stocks.items() if not product.items.keys().isdisjoint(stock.sources)]


def product_named(store: Store, sku: str) -> Product:
    """The product with this SKU; BackorderctlError, suggesting the nearest SKU, when it is unknown."""
    return store.products[require("product", sku, store.products)]


def source_named(store: Store, code: str) -> Source:
    """The source with this code; BackorderctlError, suggesting the nearest code, when it is unknown."""
    return store.sources[require("source", code, store.sources, few=True)]


def stock_named(store: Store, code: str) -> Stock:
    """The stock with this code; BackorderctlError, suggesting the nearest code, when it is unknown.

    It says where the word is that of a sales channel.
    """
    selling = next((stock.code for stock in store.stocks.values() if code in stock.channels), None)
    if selling is not None and code not in store.stocks:
        message = f"unknown stock {code!r}: that is a channel of stock {selling!r}"
        raise BackorderctlError(message, hint=f"did you mean {selling!r}?")
    return store.stocks[require("stock", code, store.stocks, few=True)]


def item_place(store: Store, sku: str, code: str) -> Place:
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


def places_with_values(store: Store) -> Iterator[Place]:
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
