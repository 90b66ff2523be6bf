"""Rules about products, sources and stocks themselves."""

from collections.abc import Iterator

from backorderctl.check.context import Context
from backorderctl.check.registry import RuleKind, rule
from backorderctl.check.violation import Severity, Violation, Words
from backorderctl.store.model import Place, Store
from backorderctl.store.settings import Scope
from backorderctl.store.sku import LONGEST_SKU, unsafe_skus


@rule(
    "BO201",
    "no-source-item",
    Severity.INFO,
    RuleKind.POLICY,
    reason="A product has no source item and is Out of Stock whatever its settings.",
    remedy="Assign it to a source, or remove it.",
)
def no_source_item(context: Context) -> Iterator[Violation]:
    """BO201: products that are at no source, as one finding."""
    for sku, product in context.store.products.items():
        if not (product.items or product.item_policies):
            hint = ("product", "assign", sku, "SOURCE", "--quantity", "N")
            place = Place(Scope.PRODUCT, product=sku)
            yield Violation(place=place, message="no source item", product=sku, hint=hint, gather=True)


@rule(
    "BO202",
    "nothing-sold-from",
    Severity.WARNING,
    RuleKind.POLICY,
    reason="A source is in no stock, or a stock has no enabled source: nothing is ever sold from it.",
    remedy="Link the source to a stock, or enable a source of the stock.",
)
def nothing_sold_from(context: Context) -> Iterator[Violation]:
    """BO202: enabled sources in no stock, and stocks without an enabled source.

    A disabled source is out of use on purpose. The implicit stock is judged once there are sources.
    """
    store = context.store
    for code, stocks in _stocks_of(store).items():
        if not stocks and store.sources[code].enabled:
            place = Place(Scope.SOURCE, source=code)
            words = ("stock", "link", next(iter(store.stocks)), code)
            yield Violation(place=place, message="in no stock: its goods are never sold", source=code, hint=words)
    for code, stock in store.stocks.items():
        if (stock.declared or stock.sources) and not any(store.sources[each].enabled for each in stock.sources):
            source = next(iter(stock.sources), None)
            hint: Words = ("stock", "link", code, "SOURCE") if source is None else ("source", "enable", source)
            place = Place(Scope.STOCK, stock=code)
            yield Violation(place=place, message="no enabled source: nothing is sold from it", stock=code, hint=hint)


@rule(
    "BO203",
    "unsafe-sku",
    Severity.ERROR,
    RuleKind.POLICY,
    reason="Two SKUs differ only in case, or one is longer than 64 characters: Magento would merge or refuse them.",
    remedy="Give the product another SKU.",
)
def unsafe_sku(context: Context) -> Iterator[Violation]:
    """BO203: SKUs that Magento merges, and SKUs that are too long for it."""
    for sku, same_as in unsafe_skus(context.store.products):
        place = Place(Scope.PRODUCT, product=sku)
        if same_as is None:
            message = f"the SKU has {len(sku)} characters; Magento takes {LONGEST_SKU} at most"
            yield Violation(place=place, message=message, product=sku)
        else:
            message = f"the SKU differs from {same_as} only in case; Magento takes both for one product"
            yield Violation(place=place, message=message, product=same_as)


@rule(
    "BO204",
    "shared-source",
    Severity.INFO,
    RuleKind.POLICY,
    reason="A source is linked to two stocks or more, and its goods are counted in each of them.",
    remedy="Unlink it from all but one, or accept it if the stocks may sell the same goods.",
)
def shared_source(context: Context) -> Iterator[Violation]:
    """BO204: enabled sources that several stocks sell from."""
    for code, stocks in _stocks_of(context.store).items():
        if len(stocks) > 1 and context.store.sources[code].enabled:
            place = Place(Scope.SOURCE, source=code)
            message = f"linked to {', '.join(stocks)}: its goods are counted in each of them"
            hint = ("stock", "unlink", stocks[-1], code)
            for stock in stocks[1:]:
                yield Violation(place=place, message=message, stock=stock, source=code, hint=hint)


def _stocks_of(store: Store) -> dict[str, list[str]]:
    """The stocks that sell from each source."""
    return {code: [stock.code for stock in store.stocks.values() if code in stock.sources] for code in store.sources}
