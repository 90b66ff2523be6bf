"""How far each value reaches: where it is in force, and what would be in force in its stead."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from backorderctl.check.hits import Scene
from backorderctl.evaluate import Salability
from backorderctl.precedence import levels
from backorderctl.settings import OF_ITEMS, OF_PRODUCTS, SETTINGS, Scope
from backorderctl.store import Place, Product, Store

Written = tuple[Place, str]
"""A value that is written: where, and under which key."""
View = tuple[str, str | None]
"""A stock and one of its sources, or None for the stock as a whole."""
Chain = tuple[Place, ...]
"""The places that set a key, the narrowest first: the first wins, the second is its heir; the last is the default."""


class Reach(NamedTuple):
    """`heirs`: by each value that is in force for a product, the places that would win if it were not written.

    `chains`: by view and key, who is heard by a product that sets nothing. The rest is what has source items at all.
    """

    heirs: Mapping[Written, set[Place]]
    chains: Mapping[View, Mapping[str, Chain]]
    stocks: set[str | None]
    sources: set[str]
    products: set[str]


def reach(scene: Scene) -> Reach:
    """How far every written value of the store reaches."""
    chains = {view: _chains(scene.store, *view) for view in _views(scene.store)}
    heirs: dict[Written, set[Place]] = defaultdict(set)
    plain: set[View] = set()
    for answer in scene.answers:
        _note_product(answer, chains, heirs, plain)
    # Most products set nothing themselves: what they hear is noted once for all of them.
    for stock, source in plain:
        for key in OF_ITEMS if source else OF_PRODUCTS:
            _note(heirs, key, chains[stock, source][key])
    return Reach(
        heirs,
        chains,
        {answer.stock for answer in scene.answers},
        {item.source for answer in scene.answers for item in answer.items},
        {answer.product.sku for answer in scene.answers},
    )


def chain(chains: Mapping[View, Mapping[str, Chain]], view: View, product: Product, key: str) -> Chain:
    """The places that set the key for a product there, the narrowest first."""
    found, source = chains[view][key], view[1]
    if key in product.settings:
        found = (Place(Scope.PRODUCT, product=product.sku), *found)
    if source is not None and key in product.items[source].settings:
        found = (Place(Scope.SOURCE_ITEM, source=source, product=product.sku), *found)
    return found


def has_products(reach: Reach, place: Place) -> bool:
    """Whether there is a source item below the place, for which its values could be in force."""
    match place.scope:
        case Scope.GLOBAL:
            return bool(reach.products)
        case Scope.STOCK:
            return place.stock in reach.stocks
        case Scope.SOURCE:
            return place.source in reach.sources
    return place.product in reach.products


def policy_views(reach: Reach, place: Place) -> Iterator[View]:
    """From where a place without products is seen: each source below it, and each stock that has none.

    A product, however bare, has none of these: who has no source item yet is not judged by what others have.
    """
    if place.product is None:
        linked = {stock for stock, source in reach.chains if source}
        for stock, source in reach.chains:
            below = place.stock in (None, stock) and place.source in (None, source)
            if below and (source or stock not in linked):
                yield stock, source


def policy_heirs(reach: Reach, written: Written) -> set[Place]:
    """The heirs of a value where no product hears it; empty when narrower scopes hide it even so."""
    place, key = written
    if key in OF_ITEMS:
        views = list(policy_views(reach, place))
    else:
        views = [(stock, None) for stock, source in reach.chains if not source and place.stock in (None, stock)]
    chains = [reach.chains[view][key] for view in views]
    return {chain[1] for chain in chains if chain[0] == place}


def _views(store: Store) -> Iterator[View]:
    for stock in store.stocks.values():
        yield stock.code, None
        yield from ((stock.code, source) for source in stock.sources)


def _chains(store: Store, stock: str, source: str | None) -> dict[str, Chain]:
    heard = tuple(levels(store, stock=stock, source=source))
    return {key: tuple(level.place for level in heard if key in level.settings) for key in SETTINGS}


def _note_product(
    answer: Salability, chains: Mapping[View, Mapping[str, Chain]], heirs: dict[Written, set[Place]], plain: set[View]
) -> None:
    product, stock = answer.product, str(answer.stock)
    for source in (None, *(item.source for item in answer.items)):
        if product.settings or (source and product.items[source].settings):
            for key in OF_ITEMS if source else OF_PRODUCTS:
                _note(heirs, key, chain(chains, (stock, source), product, key))
        else:
            plain.add((stock, source))


def _note(heirs: dict[Written, set[Place]], key: str, chain: Chain) -> None:
    if len(chain) > 1:
        heirs[chain[0], key].add(chain[1])
