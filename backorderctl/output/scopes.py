"""Sources and stocks: lists of them, and one of each."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TextIO

from backorderctl.output import listing
from backorderctl.output.format import Cell, Output
from backorderctl.output.listing import Listing
from backorderctl.output.table import Column
from backorderctl.store import settings
from backorderctl.store.model import Source, Stock, Store
from backorderctl.store.settings import Settings

_SOURCES = (
    Column("source"),
    Column("name", rank=3, shorten=True),
    Column("enabled"),
    Column("stocks", rank=2),
    Column("products", number=True, rank=1),
    *(Column(key, rank=4) for key in settings.OF_ITEMS),
)
_STOCKS = (
    Column("stock"),
    Column("name", rank=3, shorten=True),
    Column("sources"),
    Column("channels", rank=2),
    Column("declared", rank=5),
    *(Column(key, rank=4) for key in settings.SETTINGS),
)


def show_sources(store: Store, output: Output, out: TextIO) -> None:
    """Write every source."""
    products = Counter(code for product in store.products.values() for code in product.items)
    rows = (_source(store, source, products[source.code]) for source in store.sources.values())
    listing.show(Listing("sources", _SOURCES, rows), output, out)


def show_source(store: Store, source: Source, output: Output, out: TextIO) -> None:
    """Write one source."""
    products = sum(source.code in product.items for product in store.products.values())
    listing.show_one(Listing("sources", _SOURCES, [_source(store, source, products)]), output, out)


def show_stocks(store: Store, output: Output, out: TextIO) -> None:
    """Write every stock."""
    listing.show(Listing("stocks", _STOCKS, map(_stock, store.stocks.values())), output, out)


def show_stock(stock: Stock, output: Output, out: TextIO) -> None:
    """Write one stock."""
    listing.show_one(Listing("stocks", _STOCKS, [_stock(stock)]), output, out)


def _source(store: Store, source: Source, products: int) -> tuple[Cell, ...]:
    stocks = tuple(stock.code for stock in store.stocks.values() if source.code in stock.sources)
    return (source.code, source.name, source.enabled, stocks, products, *_own(source.settings, settings.OF_ITEMS))


def _stock(stock: Stock) -> tuple[Cell, ...]:
    own = _own(stock.settings, settings.SETTINGS)
    return (stock.code, stock.name, stock.sources, stock.channels, stock.declared, *own)


def _own(chosen: Settings, keys: Iterable[str]) -> Iterator[Cell]:
    return (chosen.get(key) for key in keys)
