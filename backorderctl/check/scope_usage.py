"""Where each written value is in force, and what would be in force in its stead: its fallbacks."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple

from backorderctl.policy.evaluate import Salability
from backorderctl.policy.resolve import levels
from backorderctl.store.model import Place, Product, Store
from backorderctl.store.settings import OF_ITEMS, OF_PRODUCTS, SETTINGS, Scope

WrittenValue = tuple[Place, str]
"""A value that is written: where, and under which key."""
View = tuple[str | None, str | None]
"""A stock and one of its sources, or None for the stock as a whole."""
NOWHERE: View = (None, None)
"""The view of a product that no stock reaches."""
Chain = tuple[Place, ...]
"""The places that set a key, the narrowest first: the first wins, the second is its fallback, the last the default."""
Chains = Mapping[View, Mapping[str, Chain]]
Fallbacks = dict[WrittenValue, set[Place]]


class ScopeUsage(NamedTuple):
    """`fallbacks`: for each value that is in force for some product, the places whose values would win without it.

    `chains`: by view and key, the places that set a value for a product that sets none itself. `stocks`, `sources` and
    `products` are those with source items.
    """

    fallbacks: Fallbacks
    chains: Chains
    stocks: set[str | None]
    sources: set[str]
    products: set[str]


def scope_usage(store: Store, answers: Sequence[Salability]) -> ScopeUsage:
    """Where every written value of the store is in force; `answers` are those of the products with source items."""
    chains = {view: _chains(store, *view) for view in _views(store)}
    products = {answer.product.sku for answer in answers}
    return ScopeUsage(
        _fallbacks(store, answers, chains, products),
        chains,
        {answer.stock for answer in answers},
        {item.source for answer in answers for item in answer.items},
        products,
    )


def chain(chains: Chains, view: View, product: Product, key: str) -> Chain:
    """The places that set the key for a product there, the narrowest first."""
    found, source = chains[view][key], view[1]
    if key in product.settings:
        found = (Place(Scope.PRODUCT, product=product.sku), *found)
    if source is not None and key in product.items[source].settings:
        found = (Place(Scope.SOURCE_ITEM, source=source, product=product.sku), *found)
    return found


def has_products(reach: ScopeUsage, place: Place) -> bool:
    """Whether there is a source item below the place, for which its values could be in force."""
    match place.scope:
        case Scope.GLOBAL:
            return bool(reach.products)
        case Scope.STOCK:
            return place.stock in reach.stocks
        case Scope.SOURCE:
            return place.source in reach.sources
    return place.product in reach.products


def policy_views(reach: ScopeUsage, place: Place) -> Iterator[View]:
    """The views of a place without products: each source below it, and each stock that links no source.

    A product has none of these: one without a source item is not judged by the source items of others.
    """
    if place.product is None:
        linked = {stock for stock, source in reach.chains if source}
        for stock, source in reach.chains:
            below = place.stock in (None, stock) and place.source in (None, source)
            if below and stock is not None and (source or stock not in linked):
                yield stock, source


def policy_fallbacks(reach: ScopeUsage, written: WrittenValue) -> set[Place]:
    """The fallbacks of a value that no product uses; empty when narrower scopes override it everywhere."""
    place, key = written
    if key in OF_ITEMS:
        views = list(policy_views(reach, place))
    else:
        views = [
            view for view in reach.chains if view[0] is not None and view[1] is None and place.stock in (None, view[0])
        ]
    chains = [reach.chains[view][key] for view in views]
    return {chain[1] for chain in chains if chain[0] == place}


def _views(store: Store) -> Iterator[View]:
    yield NOWHERE
    for stock in store.stocks.values():
        yield stock.code, None
        yield from ((stock.code, source) for source in stock.sources)


def _chains(store: Store, stock: str | None, source: str | None) -> dict[str, Chain]:
    found = tuple(levels(store, stock=stock, source=source))
    return {key: tuple(level.place for level in found if key in level.settings) for key in SETTINGS}


def _fallbacks(store: Store, answers: Sequence[Salability], chains: Chains, reached: Set[str]) -> Fallbacks:
    fallbacks: Fallbacks = defaultdict(set)
    plain: set[View] = set()
    for answer in answers:
        _note_product(answer, chains, fallbacks, plain)
    for sku, product in store.products.items():
        if sku not in reached:
            _note_unreached(product, chains, fallbacks, plain)
    # Most products set nothing themselves: one look at each view serves all of them.
    for view in plain:
        for key in _keys(view):
            _note(fallbacks, key, chains[view][key])
    return fallbacks


def _note_product(answer: Salability, chains: Chains, fallbacks: Fallbacks, plain: set[View]) -> None:
    product = answer.product
    for source in (None, *(item.source for item in answer.items)):
        view = (answer.stock, source)
        if product.settings or (source and product.items[source].settings):
            for key in _keys(view):
                _note(fallbacks, key, chain(chains, view, product, key))
        else:
            plain.add(view)


def _note_unreached(product: Product, chains: Chains, fallbacks: Fallbacks, plain: set[View]) -> None:
    """Note the values in force for a product that no stock reaches.

    Its own values for source items are not judged: their fallbacks are known once it is at a source.
    """
    if not product.settings:
        plain.add(NOWHERE)
        return
    for key in SETTINGS:
        if key in OF_PRODUCTS or key not in product.settings:
            _note(fallbacks, key, chain(chains, NOWHERE, product, key))


def _keys(view: View) -> Iterable[str]:
    """The settings that are in force for a view: of items, of products, or all where there is no stock."""
    if view == NOWHERE:
        return SETTINGS
    return OF_ITEMS if view[1] else OF_PRODUCTS


def _note(fallbacks: Fallbacks, key: str, chain: Chain) -> None:
    if len(chain) > 1:
        fallbacks[chain[0], key].add(chain[1])
