"""How far each value reaches: where it is in force, and what would be in force in its stead."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import NamedTuple

from backorderctl.check.context import Context
from backorderctl.policy.evaluate import Salability
from backorderctl.policy.resolve import levels
from backorderctl.store.model import Place, Product, Store
from backorderctl.store.settings import OF_ITEMS, OF_PRODUCTS, SETTINGS, Scope

WrittenValue = tuple[Place, str]
"""A value that is written: where, and under which key."""
View = tuple[str | None, str | None]
"""A stock and one of its sources, or None for the stock as a whole."""
NOWHERE: View = (None, None)
"""From where a product is seen that no stock has."""
Chain = tuple[Place, ...]
"""The places that set a key, the narrowest first: the first wins, the second is its heir; the last is the default."""
Chains = Mapping[View, Mapping[str, Chain]]
Heirs = dict[WrittenValue, set[Place]]


class ScopeUsage(NamedTuple):
    """`heirs`: by each value that is in force for a product, the places that would win if it were not written.

    `chains`: by view and key, who is heard by a product that sets nothing. The rest is what has source items at all.
    """

    heirs: Heirs
    chains: Chains
    stocks: set[str | None]
    sources: set[str]
    products: set[str]


def scope_usage(scene: Context) -> ScopeUsage:
    """How far every written value of the store reaches."""
    chains = {view: _chains(scene.store, *view) for view in _views(scene.store)}
    products = {answer.product.sku for answer in scene.answers}
    return ScopeUsage(
        _heirs(scene, chains, products),
        chains,
        {answer.stock for answer in scene.answers},
        {item.source for answer in scene.answers for item in answer.items},
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
    """From where a place without products is seen: each source below it, and each stock that has none.

    A product, however bare, has none of these: who has no source item yet is not judged by what others have.
    """
    if place.product is None:
        linked = {stock for stock, source in reach.chains if source}
        for stock, source in reach.chains:
            below = place.stock in (None, stock) and place.source in (None, source)
            if below and stock is not None and (source or stock not in linked):
                yield stock, source


def policy_heirs(reach: ScopeUsage, written: WrittenValue) -> set[Place]:
    """The heirs of a value where no product hears it; empty when narrower scopes hide it even so."""
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
    heard = tuple(levels(store, stock=stock, source=source))
    return {key: tuple(level.place for level in heard if key in level.settings) for key in SETTINGS}


def _heirs(scene: Context, chains: Chains, reached: Set[str]) -> Heirs:
    heirs: Heirs = defaultdict(set)
    plain: set[View] = set()
    for answer in scene.answers:
        _note_product(answer, chains, heirs, plain)
    for sku, product in scene.store.products.items():
        if sku not in reached:
            _note_unreached(product, chains, heirs, plain)
    # Most products set nothing themselves: what they hear is noted once for all of them.
    for view in plain:
        for key in _keys(view):
            _note(heirs, key, chains[view][key])
    return heirs


def _note_product(answer: Salability, chains: Chains, heirs: Heirs, plain: set[View]) -> None:
    product = answer.product
    for source in (None, *(item.source for item in answer.items)):
        view = (answer.stock, source)
        if product.settings or (source and product.items[source].settings):
            for key in _keys(view):
                _note(heirs, key, chain(chains, view, product, key))
        else:
            plain.add(view)


def _note_unreached(product: Product, chains: Chains, heirs: Heirs, plain: set[View]) -> None:
    """Note what a product hears that no stock has.

    Its own values for source items are not judged: what they will win against is known once it is at a source.
    """
    if not product.settings:
        plain.add(NOWHERE)
        return
    for key in SETTINGS:
        if key in OF_PRODUCTS or key not in product.settings:
            _note(heirs, key, chain(chains, NOWHERE, product, key))


def _keys(view: View) -> Iterable[str]:
    """The settings that are in force for a view: of items, of products, or all where there is no stock."""
    if view == NOWHERE:
        return SETTINGS
    return OF_ITEMS if view[1] else OF_PRODUCTS


def _note(heirs: Heirs, key: str, chain: Chain) -> None:
    if len(chain) > 1:
        heirs[chain[0], key].add(chain[1])
