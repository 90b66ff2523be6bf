"""What Magento keeps for each source item: its quantity and status, and when it is low."""

import csv
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple, TextIO

from backorderctl.magento.columns import SKU
from backorderctl.magento.import_sources import SOURCE_CODE, STATUS, UNITS
from backorderctl.policy.resolve import in_force, value_of
from backorderctl.store.fields import StockStatus
from backorderctl.store.model import Store
from backorderctl.store.quantity import format_magento_number
from backorderctl.store.settings import NOTIFY_BELOW


class Notified(NamedTuple):
    """A source item and the quantities that the stocks which sell it say; Magento holds one of them."""

    sku: str
    source: str
    by_stock: dict[str | None, Decimal]

    @property
    def agreed(self) -> bool:
        """Whether there is but one."""
        return len(set(self.by_stock.values())) == 1


def write_stock_sources(store: Store, out: TextIO) -> int:
    """Write a stock_sources CSV with every source item and return how many there are."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([SOURCE_CODE, SKU, STATUS, UNITS])
    count = 0
    for product in store.products.values():
        for source, item in product.items.items():
            status = "1" if item.status is StockStatus.IN_STOCK else "0"
            writer.writerow([source, product.sku, status, format_magento_number(item.quantity)])
            count += 1
    return count


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
