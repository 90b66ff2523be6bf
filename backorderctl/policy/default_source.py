"""What Magento refuses of its own source `default`: it is always enabled, and the Default Stock sells from it alone.

`Can not save link related to Default Source or Default Stock` (Inventory, DefaultSourceLinkValidator).
"""

from collections.abc import Iterator
from typing import NamedTuple

from backorderctl.store.model import DEFAULT_SOURCE, DEFAULT_STOCK, Store


class DefaultSourceFault(NamedTuple):
    """A stock that sells from the source `default`, with its other sources; `stock` is None for a disabled source."""

    stock: str | None
    beside: tuple[str, ...] = ()


def default_source_faults(store: Store) -> Iterator[DefaultSourceFault]:
    """What of the store Magento would refuse."""
    source = store.sources.get(DEFAULT_SOURCE)
    if source is not None and not source.enabled:
        yield DefaultSourceFault(None)
    for code, stock in store.stocks.items():
        if DEFAULT_SOURCE in stock.sources:
            beside = tuple(other for other in stock.sources if other != DEFAULT_SOURCE)
            if beside or code != DEFAULT_STOCK:
                yield DefaultSourceFault(code, beside)


def linkable(stock: str, sources: list[str]) -> list[str]:
    """Those of these sources that Magento lets a stock of this code sell from."""
    if DEFAULT_SOURCE in sources and stock == DEFAULT_STOCK:
        return [DEFAULT_SOURCE]
    return [source for source in sources if source != DEFAULT_SOURCE]
