"""What a write does not reach: the narrower scopes that keep another value than the one that was written."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial

from backorderctl.policy.resolve import in_force
from backorderctl.store.model import Place, Product, Values, places_with_values, settings_at
from backorderctl.store.settings import OF_ITEMS, SETTINGS, Scope, Value
from backorderctl.toml.change import KeyPath


@dataclass(frozen=True, slots=True)
class Unreached:
    """A scope that keeps its own value, and how many products have it in force.

    All values of products and their source items are one row, at a product without a SKU and without a value.
    """

    key: str
    place: Place
    value: Value | None
    products: int


def unreached(store: Values, changed: Collection[tuple[Place, str]]) -> tuple[Unreached, ...]:
    """The scopes of the store that keep another value than a wider one, whose value has just changed.

    A scope that has changed itself is left out, as is one that the changed scope is not a fallback of.
    """
    rows: list[Unreached] = []
    places: dict[str, set[Place]] = {}
    for place, key in changed:
        places.setdefault(key, set()).add(place)
    for key in SETTINGS:
        wide = {place for place in places.get(key, ()) if _exists(store, place)}
        if wide and not all(place.scope is Scope.SOURCE_ITEM for place in wide):
            rows += _rows(store, key, wide)
    return tuple(rows)


def changed_values(paths: Iterable[KeyPath]) -> set[tuple[Place, str]]:
    """The settings among what is written at these paths of a store file, each with its scope."""
    found = set()
    for path in paths:
        *table, key = path
        match table:
            case ["global"]:
                found.add((Place(Scope.GLOBAL), key))
            case ["stocks", code]:
                found.add((Place(Scope.STOCK, stock=str(code)), key))
            case ["sources", code]:
                found.add((Place(Scope.SOURCE, source=str(code)), key))
            case ["products", sku]:
                found.add((Place(Scope.PRODUCT, product=str(sku)), key))
            case ["products", sku, "sources", code]:
                found.add((Place(Scope.SOURCE_ITEM, source=str(code), product=str(sku)), key))
    return {(place, str(key)) for place, key in found if key in SETTINGS}


def _exists(store: Values, place: Place) -> bool:
    if place.product is not None:
        product = store.products.get(place.product)
        return product is not None and (place.source is None or product.item_settings(place.source) is not None)
    return place.stock in (None, *store.stocks) and place.source in (None, *store.sources)


def _rows(store: Values, key: str, wide: set[Place]) -> Iterator[Unreached]:
    new = cache(partial(_new_values, store, key=key))
    stocks_by_source: dict[str, list[str]] = {code: [] for code in store.sources}
    for stock in store.stocks.values():
        for source in stock.sources:
            stocks_by_source[source].append(stock.code)
    own: set[str] = set()
    for place in _places_below(store, wide):
        value = settings_at(store, place).get(key)
        if value is None or place in wide:
            continue
        nearest = _nearest(store, place, wide, stocks_by_source)
        if all(value in new(wider) for wider in nearest):
            continue
        if place.product is None:
            yield Unreached(key, place, value, sum(_uses(store, product, place, key) for product in _all(store)))
        else:
            own.add(place.product)
    if own:
        yield Unreached(key, Place(Scope.PRODUCT), None, len(own))


def _places_below(store: Values, wide: Collection[Place]) -> Iterable[Place]:
    """The places that set a value and are below one of these: of all where one of them is of no product."""
    skus = [place.product for place in wide if place.product is not None]
    if len(skus) < len(wide):
        return places_with_values(store)
    return (
        Place(Scope.SOURCE_ITEM, source=source, product=sku)
        for sku in dict.fromkeys(skus)
        for source in _sources_with_values(store.products[sku])
    )


def _sources_with_values(product: Product) -> list[str]:
    return [*(source for source, item in product.items.items() if item.settings), *product.item_policies]


def _all(store: Values) -> Iterable[Product]:
    return store.products.values()


def _new_values(store: Values, place: Place, *, key: str) -> set[Value]:
    """What a changed scope has now: its own value, or what is inherited there, which stocks may see differently."""
    if (value := settings_at(store, place).get(key)) is not None:
        return {value}
    stocks = [None] if place.source is None else [stock.code for stock in store.stocks.values()]
    return {
        in_force(store, stock=place.stock or stock, source=place.source, product=place.product)[key].value
        for stock in stocks
    }


def _nearest(
    store: Values, place: Place, wide: Collection[Place], stocks_by_source: dict[str, list[str]]
) -> list[Place]:
    """The narrowest of the changed scopes `wide` from which the place would inherit, all of one level; [] for none."""
    levels = ([wider for wider in level if wider in wide] for level in _wider(store, place, stocks_by_source))
    return next(filter(None, levels), [])


def _wider(store: Values, place: Place, stocks_by_source: dict[str, list[str]]) -> Iterator[list[Place]]:
    """The scopes from which a place inherits, level by level from the narrowest."""
    sources = [] if place.source is None else [place.source]
    if place.scope is Scope.SOURCE_ITEM:
        yield [Place(Scope.PRODUCT, product=place.product)]
    if place.product is not None:
        sources = sources or list(store.products[place.product].items)
        yield [Place(Scope.SOURCE, source=source) for source in sources]
    if place.scope is not Scope.STOCK:
        yield [Place(Scope.STOCK, stock=stock) for source in sources for stock in stocks_by_source[source]]
    yield [Place(Scope.GLOBAL)]


def _uses(store: Values, product: Product, place: Place, key: str) -> bool:
    """Whether a product has the value of a stock or source in force somewhere."""
    if key in product.settings:
        return False
    sources = store.stocks[str(place.stock)].sources if place.source is None else (place.source,)
    items = [(source, product.items[source]) for source in sources if source in product.items]
    if key not in OF_ITEMS:
        return bool(items)
    overridden = place.source is None
    return any(
        key not in item.settings and not (overridden and key in store.sources[source].settings)
        for source, item in items
    )
