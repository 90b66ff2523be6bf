"""Which products a list is about, and the goods at sources that no stock sells from."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from backorderctl.policy.evaluate import Salability, Status, evaluate_all
from backorderctl.policy.resolve import ValuesInForce, in_force
from backorderctl.policy.totals import short
from backorderctl.store.model import Product, SourceItem, Store


@dataclass(frozen=True, slots=True)
class Filter:
    """What a product in a stock must be to be listed: all that is given."""

    stock: str | None = None
    source: str | None = None
    statuses: Collection[Status] = ()
    low_stock: bool = False
    unlimited: bool = False
    backorderable: bool = False
    oversold: bool = False

    @property
    def is_about_stocks(self) -> bool:
        """Whether it asks for something that a product has only in a stock."""
        flags = (self.low_stock, self.unlimited, self.backorderable, self.oversold)
        return self.stock is not None or bool(self.statuses) or any(flags)


def listed(store: Store, wanted: Filter, products: Iterable[Product] | None = None) -> Iterator[Salability]:
    """The answers that are wanted, for every product or each of `products`, in the order of the file."""
    answers = evaluate_all(store, products)
    if wanted == Filter():
        return answers
    source_in_no_stock = wanted.source in sources_in_no_stock(store)
    return (answer for answer in answers if _matches(answer, wanted, source_in_no_stock=source_in_no_stock))


def _matches(answer: Salability, wanted: Filter, *, source_in_no_stock: bool) -> bool:
    """Whether the answer is wanted; for a source in no stock, every answer of a product at that source is."""
    items = [item for item in answer.items if wanted.source in (None, item.source)]
    at_source = bool(items) or (source_in_no_stock and wanted.source in answer.product.items)
    return (
        wanted.stock in (None, answer.stock)
        and (wanted.source is None or at_source)
        and (not wanted.statuses or answer.status in wanted.statuses)
        and (not wanted.low_stock or any(item.low_stock for item in items))
        and (not wanted.unlimited or answer.unlimited)
        and (not wanted.backorderable or answer.can_backorder)
        and (not wanted.oversold or short(answer) > 0)
    )


def sources_in_no_stock(store: Store) -> frozenset[str]:
    """The sources that no stock sells from."""
    return frozenset(store.sources).difference(*(stock.sources for stock in store.stocks.values()))


def items_in_no_stock(
    store: Store, product: Product, sources: Collection[str]
) -> Iterator[tuple[str, SourceItem, ValuesInForce]]:
    """The product's source items at `sources`, which are in no stock, each with the values in force there."""
    for code, item in product.items.items():
        if code in sources:
            yield code, item, in_force(store, source=code, product=product.sku)
