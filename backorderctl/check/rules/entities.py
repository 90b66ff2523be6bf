"""Rules about products, sources and stocks, whatever is set for them."""

from collections.abc import Iterator

from backorderctl.check.context import Context, Violation, Words
from backorderctl.store.model import Place, Store
from backorderctl.store.settings import Scope

LONGEST_SKU = 64
"""Characters that Magento's catalog_product_entity.sku holds."""


def no_source_item(scene: Context) -> Iterator[Violation]:
    """BO201: products that are at no source. Where many are, they are told together: it is how they were put in."""
    for sku, product in scene.store.products.items():
        if not product.items:
            hint = ("product", "assign", sku, "SOURCE", "--quantity", "N")
            place = Place(Scope.PRODUCT, product=sku)
            yield Violation("BO201", place, "no source item", product=sku, hint=hint, gather=True)


def nothing_sold_from(scene: Context) -> Iterator[Violation]:
    """BO202: enabled sources in no stock, and stocks without an enabled source.

    A source that is disabled is out of use on purpose. The stock that stands for none is judged once there are sources.
    """
    store = scene.store
    for code, stocks in _stocks_of(store).items():
        if not stocks and store.sources[code].enabled:
            place = Place(Scope.SOURCE, source=code)
            words = ("stock", "link", next(iter(store.stocks)), code)
            yield Violation("BO202", place, "in no stock: its goods are never sold", source=code, hint=words)
    for code, stock in store.stocks.items():
        if (stock.declared or stock.sources) and not any(store.sources[each].enabled for each in stock.sources):
            source = next(iter(stock.sources), None)
            hint: Words = ("stock", "link", code, "SOURCE") if source is None else ("source", "enable", source)
            place = Place(Scope.STOCK, stock=code)
            yield Violation("BO202", place, "no enabled source: nothing is sold from it", stock=code, hint=hint)


def unsafe_skus(scene: Context) -> Iterator[Violation]:
    """BO203: SKUs that Magento takes for one, and those that it has no room for."""
    first: dict[str, str] = {}
    for sku in scene.store.products:
        place = Place(Scope.PRODUCT, product=sku)
        if len(sku) > LONGEST_SKU:
            says = f"the SKU has {len(sku)} characters; Magento takes {LONGEST_SKU} at most"
            yield Violation("BO203", place, says, product=sku)
        if (other := first.setdefault(sku.lower(), sku)) != sku:
            says = f"the SKU differs from {other} only in case; Magento takes both for one product"
            yield Violation("BO203", place, says, product=other)


def shared_sources(scene: Context) -> Iterator[Violation]:
    """BO204: enabled sources that several stocks sell from."""
    for code, stocks in _stocks_of(scene.store).items():
        if len(stocks) > 1 and scene.store.sources[code].enabled:
            place = Place(Scope.SOURCE, source=code)
            says = f"linked to {', '.join(stocks)}: its goods are counted in each of them"
            hint = ("stock", "unlink", stocks[-1], code)
            for stock in stocks[1:]:
                yield Violation("BO204", place, says, stock=stock, source=code, hint=hint)


def _stocks_of(store: Store) -> dict[str, list[str]]:
    """The stocks that sell from each source."""
    return {code: [stock.code for stock in store.stocks.values() if code in stock.sources] for code in store.sources}
