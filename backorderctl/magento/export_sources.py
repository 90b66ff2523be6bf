"""What Magento keeps for each source item: its quantity and status, and when it is low."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, TextIO

from backorderctl.policy.resolve import in_force, value_of
from backorderctl.rows.delimited import csv_writer
from backorderctl.rows.quantities_file import QUANTITY, SOURCE_CODE, STATUS
from backorderctl.store.model import DEFAULT_SOURCE, Store
from backorderctl.store.scalars import ZERO, StockStatus, format_magento_number
from backorderctl.store.settings import NOTIFY_BELOW
from backorderctl.store.sku import SKU


@dataclass(frozen=True, slots=True)
class SourceItemRow:
    """A row of the stock_sources CSV."""

    source: str
    sku: str
    status: StockStatus
    quantity: Decimal


class Notified(NamedTuple):
    """A source item and its low-stock quantity in each stock that sells it; Magento holds one of them."""

    sku: str
    source: str
    by_stock: dict[str | None, Decimal]

    @property
    def agreed(self) -> bool:
        """Whether it is the same in all of them."""
        return len(set(self.by_stock.values())) == 1


def source_item_rows(store: Store) -> Iterator[SourceItemRow]:
    """Every source item."""
    for product in store.products.values():
        for source, item in product.items.items():
            yield SourceItemRow(source=source, sku=product.sku, status=item.status, quantity=item.quantity)


def rows_at_default(store: Store, skus: Iterable[str]) -> Iterator[SourceItemRow]:
    """A row without goods, Out of Stock, for each of these products that has no item at Magento's source `default`.

    Importing a new product gives it an item there (SourceItemImporter::afterProcess); this row takes its goods out of
    every answer of a product whose stock is managed. Others sell wherever they have an item.
    """
    for sku in skus:
        if DEFAULT_SOURCE not in store.products[sku].items:
            yield SourceItemRow(source=DEFAULT_SOURCE, sku=sku, status=StockStatus.OUT_OF_STOCK, quantity=ZERO)


def write_source_items(rows: Iterable[SourceItemRow], out: TextIO) -> None:
    """Write a stock_sources CSV."""
    writer = csv_writer(out)
    writer.writerow([SOURCE_CODE, SKU, STATUS, QUANTITY])
    for row in rows:
        status = "1" if row.status is StockStatus.IN_STOCK else "0"
        writer.writerow([row.source, row.sku, status, format_magento_number(row.quantity)])


def changed_items(
    rows: Iterable[SourceItemRow], since: Collection[SourceItemRow], *, written: Collection[str] = ()
) -> Iterator[SourceItemRow]:
    """The rows that an older export does not have, and those at `default` of the products that are `written`.

    The product import writes a status of its own there, which they repair (SourceItemImporter::afterProcess).
    """
    older = set(since)
    return (row for row in rows if row not in older or (row.source == DEFAULT_SOURCE and row.sku in written))


def low_quantities(store: Store, *, stock: str | None = None) -> Iterator[Notified]:
    """The quantity at which each source item is low; with `stock`, of the sources it sells from, as it sees them."""
    stocks = store.stocks.values() if stock is None else (store.stocks[stock],)
    by_source = {source: [each.code for each in stocks if source in each.sources] for source in store.sources}
    for product in store.products.values():
        for source in product.items:
            seen: list[str | None] = [*by_source[source]]
            if not seen and stock is None:
                seen = [None]
            if seen:
                yield Notified(product.sku, source, {code: _low(store, product.sku, source, code) for code in seen})


def _low(store: Store, sku: str, source: str, stock: str | None) -> Decimal:
    return value_of(in_force(store, stock=stock, source=source, product=sku), NOTIFY_BELOW)
