"""What a value does not reach: narrower scopes that keep another value of their own."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from backorderctl.policy.diff import reaches
from backorderctl.policy.resolve import in_force
from backorderctl.store.model import Place, Product, Store
from backorderctl.store.settings import Scope, Settings, Value


@dataclass(frozen=True, slots=True)
class Unreached:
    """A narrower scope that keeps another value, and for how many products that is in force.

    All values of products and their source items are one, at a product without a SKU and without a value.
    """

    key: str
    place: Place
    value: Value | None
    products: int


def unreached(store: Store, place: Place, key: str) -> list[Unreached]:
    """The narrower scopes that keep another value of a setting than the one in force at a place."""
    value = in_force(store, stock=place.stock, source=place.source, product=place.product)[key].value
    kept = {at: other for at in _narrower(store, place) if (other := store.set_at(at).get(key, value)) != value}
    counts: Counter[Place] = Counter()
    own = 0
    for product in _products(store, place):
        chosen = [] if place.product else [product.settings]
        if any(each.get(key, value) != value for each in (*chosen, *_item_settings(store, product, place))):
            own += 1
        elif key not in product.settings:
            counts.update(_winning(store, product, key, kept))
    rows = [Unreached(key, at, other, counts[at]) for at, other in kept.items()]
    return [*rows, Unreached(key, Place(Scope.PRODUCT), None, own)] if own else rows


def _narrower(store: Store, place: Place) -> Iterator[Place]:
    """The stocks and sources whose chain contains the place."""
    if place.scope is Scope.GLOBAL:
        yield from (Place(Scope.STOCK, stock=code) for code in store.stocks)
        yield from (Place(Scope.SOURCE, source=code) for code in store.sources)
    elif place.scope is Scope.STOCK:
        yield from (Place(Scope.SOURCE, source=code) for code in store.stocks[str(place.stock)].sources)


def _products(store: Store, place: Place) -> Iterable[Product]:
    if place.scope is Scope.SOURCE_ITEM:
        return ()
    if place.product is not None:
        return (store.products[place.product],)
    return (product for product in store.products.values() if reaches(store, place, product))


def _item_settings(store: Store, product: Product, place: Place) -> Iterator[Settings]:
    """What the product's source items below the place set."""
    for source, item in product.items.items():
        linked = place.stock is None or source in store.stocks[place.stock].sources
        if linked and place.source in (None, source):
            yield item.settings


def _winning(store: Store, product: Product, key: str, kept: Iterable[Place]) -> Iterator[Place]:
    """Those of the places whose value is in force for a source item of the product."""
    plain = [source for source, item in product.items.items() if key not in item.settings]
    for at in kept:
        if at.source is not None:
            if at.source in plain:
                yield at
        elif any(
            source in plain and key not in store.sources[source].settings
            for source in store.stocks[str(at.stock)].sources
        ):
            yield at
