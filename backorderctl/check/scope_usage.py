"""Where each written value is in force, and its fallbacks: the values that would be in force without it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from backorderctl.policy.evaluate import Salability
from backorderctl.policy.resolve import levels
from backorderctl.store.model import Place, Product, Store
from backorderctl.store.settings import OF_ITEMS, OF_PRODUCTS, SETTINGS, Scope

WrittenValue = tuple[Place, str]
"""A value that is written: where, and under which key."""
View = tuple[str | None, str | None]
"""A stock, or None for none, and a source, or None for the product as a whole."""
NO_VIEW: View = (None, None)
"""The view of a product without source items."""
PlaceChain = tuple[Place, ...]
"""The places that set a key, the narrowest first: the first wins, the second is its fallback, the last the default."""
Chains = Mapping[View, Mapping[str, PlaceChain]]
Fallbacks = Mapping[WrittenValue, set[Place]]
"""For each value that is in force for some product, the places whose values would win without it."""


class Populated(NamedTuple):
    """The stocks, sources and products with source items that a stock sells."""

    stocks: set[str | None]
    sources: set[str]
    products: set[str]


def view_chains(store: Store) -> Chains:
    """By view and key, the places that set a value for a product that sets none itself."""
    return {view: _chains(store, *view) for view in _views(store)}


def populated(answers: Sequence[Salability]) -> Populated:
    """What has source items, by the answers of all products that have some."""
    return Populated(
        {answer.stock for answer in answers},
        {item.source for answer in answers for item in answer.items},
        {answer.product.sku for answer in answers},
    )


def chain(chains: Chains, view: View, product: Product, key: str) -> PlaceChain:
    """The places that set the key for a product there, the narrowest first."""
    found, source = chains[view][key], view[1]
    if key in product.settings:
        found = (Place(Scope.PRODUCT, product=product.sku), *found)
    if source is not None and key in (product.item_settings(source) or ()):
        found = (Place(Scope.SOURCE_ITEM, source=source, product=product.sku), *found)
    return found


def has_products(known: Populated, place: Place) -> bool:
    """Whether there is a source item below the place, for which its values could be in force."""
    match place.scope:
        case Scope.GLOBAL:
            return bool(known.products)
        case Scope.STOCK:
            return place.stock in known.stocks
        case Scope.SOURCE:
            return place.source in known.sources
        case Scope.SOURCE_ITEM:
            return place.product in known.products and place.source in known.sources
    return place.product in known.products


def policy_views(chains: Chains, place: Place, key: str) -> Iterator[View]:
    """The views of a place without products, as a product without settings would have them.

    A product has none of these: one without a source item is not judged by the source items of others.
    """
    if place.product is not None:
        return
    linked = {stock for stock, source in chains if source}
    for stock, source in chains:
        whole = source is None and (key in OF_PRODUCTS or stock not in linked)
        below = stock is not None and place.stock in (None, stock) and place.source in (None, source)
        if below and (whole or (source is not None and key in OF_ITEMS)):
            yield stock, source


def policy_fallbacks(chains: Chains, written: WrittenValue) -> set[Place]:
    """The fallbacks of a value that no product uses; empty when narrower scopes override it everywhere."""
    place, key = written
    found = [chains[view][key] for view in policy_views(chains, place, key)]
    return {places[1] for places in found if places[0] == place}


def fallbacks(store: Store, answers: Sequence[Salability], chains: Chains) -> Fallbacks:
    """The fallbacks of every value that is in force for some product of the file, or for one that it does not name."""
    found: dict[WrittenValue, set[Place]] = defaultdict(set)
    plain: set[View] = {view for view in chains if view[0] is not None}
    for answer in answers:
        _note_product(answer, chains, found, plain)
    reached = {answer.product.sku for answer in answers}
    for sku, product in store.products.items():
        if sku not in reached:
            _note_unreached(store, product, chains, found)
    # Most products set nothing themselves: one look at each view serves all of them.
    for view in plain:
        for key in _keys(view):
            _note(found, key, chains[view][key])
    return found


def _views(store: Store) -> Iterator[View]:
    yield NO_VIEW
    yield from ((None, source) for source in store.sources)
    for stock in store.stocks.values():
        yield stock.code, None
        yield from ((stock.code, source) for source in stock.sources)


def _chains(store: Store, stock: str | None, source: str | None) -> dict[str, PlaceChain]:
    found = tuple(levels(store, stock=stock, source=source))
    return {key: tuple(level.place for level in found if key in level.settings) for key in SETTINGS}


def _note_product(answer: Salability, chains: Chains, found: dict[WrittenValue, set[Place]], plain: set[View]) -> None:
    product = answer.product
    for source in (None, *(item.source for item in answer.items)):
        view = (answer.stock, source)
        if product.settings or (source and product.items[source].settings):
            for key in _keys(view):
                _note(found, key, chain(chains, view, product, key))
        else:
            plain.add(view)


def _note_unreached(store: Store, product: Product, chains: Chains, found: dict[WrittenValue, set[Place]]) -> None:
    """Note the values in force for a product that no stock reaches, wherever quantities from outside may put it.

    Its own values for source items are not judged: their fallbacks are known once it is at a source.
    """
    for view in possible_views(store, product):
        for key in product.settings:
            if key in _keys(view):
                _note(found, key, chain(chains, view, product, key))


def possible_views(store: Store, product: Product) -> Iterator[View]:
    """Where a product without source items can be seen from: at sources for which it has a policy, else at any."""
    views = [
        (stock.code, source)
        for stock in store.stocks.values()
        for source in stock.sources
        if not product.item_policies or source in product.item_policies
    ]
    yield from views
    yield from {(stock, None): None for stock, _ in views}
    if not views:
        yield NO_VIEW


def _keys(view: View) -> Iterable[str]:
    """The settings that are in force for a view: of items, of products, or all where there is no stock."""
    if view == NO_VIEW:
        return SETTINGS
    return OF_ITEMS if view[1] else OF_PRODUCTS


def _note(found: dict[WrittenValue, set[Place]], key: str, places: PlaceChain) -> None:
    if len(places) > 1:
        found[places[0], key].add(places[1])
