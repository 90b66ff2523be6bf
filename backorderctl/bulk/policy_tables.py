"""The policy of a store as small tables that SQL joins: every value is resolved here by the evaluator itself.

A product of which nothing is known but its SKU, at every source, shows what holds for all products without settings
of their own; a product with the same settings as another has the same policy, which is made once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, NamedTuple

from backorderctl.policy.evaluate import ItemInForce, Salability, evaluate_all
from backorderctl.policy.resolve import value_of
from backorderctl.store.model import Product, SourceItem, Store
from backorderctl.store.scalars import ZERO, StockStatus
from backorderctl.store.settings import NOTIFY_BELOW, ONLY_X_LEFT, Settings


@dataclass(frozen=True, slots=True)
class PoolPolicy:
    """Sources of a stock that share a threshold, for products without settings of their own."""

    sources: tuple[str, ...]
    backorders: bool
    effective: Decimal


@dataclass(frozen=True, slots=True)
class StockPolicy:
    """What holds in a stock for such products; `notify` are the sources whose items count, by when they are low."""

    stock: str
    sources: tuple[str, ...]
    managed: bool
    only_x_left: Decimal
    pools: tuple[PoolPolicy, ...]
    notify: tuple[tuple[Decimal, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class ItemPolicy:
    """What holds for a source item in a stock under a policy; `pool` numbers the pools of the product there."""

    policy: int
    stock: str
    source_code: str
    counts: bool
    pool: int
    backorders: bool
    effective: Decimal
    notify: Decimal


@dataclass(frozen=True, slots=True)
class ProductStock:
    """What holds in a stock for products of a policy as a whole."""

    policy: int
    stock: str
    managed: bool
    only_x_left: Decimal


@dataclass(frozen=True, slots=True)
class PolicyTables:
    """All that SQL has to know of a store; `products` are its SKUs with their policy, None for that of all others.

    `out_of_stock` are the source items that the store file says are not on sale, by SKU and source, and `reserved` the
    units that it reserves, by SKU and stock.
    """

    sources: tuple[str, ...]
    stocks: tuple[StockPolicy, ...]
    products: tuple[tuple[str, int | None], ...]
    product_stocks: tuple[ProductStock, ...]
    items: tuple[ItemPolicy, ...]
    out_of_stock: tuple[tuple[str, str], ...]
    reserved: tuple[tuple[str, str, Decimal], ...]


class SqlTable(NamedTuple):
    """A table that the SQL text reads: its columns with their types, and its rows, a flag as 1 or 0."""

    name: str
    columns: tuple[tuple[str, str], ...]
    rows: Sequence[Sequence[Any]]


def policy_tables(store: Store) -> PolicyTables:
    """The tables of a store."""
    numbers: dict[object, int] = {}
    products: list[tuple[str, int | None]] = []
    samples: list[Product] = []
    for product in store.products.values():
        items = _item_settings(product)
        if not (product.settings or items):
            products.append((product.sku, None))
            continue
        key = (tuple(product.settings.items()), tuple((source, *chosen.items()) for source, chosen in items.items()))
        if key not in numbers:
            numbers[key] = len(numbers)
            samples.append(_everywhere(store, product.settings, items))
        products.append((product.sku, numbers[key]))
    answers = [(number, answer) for number, sample in enumerate(samples) for answer in _answers(store, sample)]
    return PolicyTables(
        tuple(store.sources),
        tuple(_stock(answer) for answer in _answers(store, _everywhere(store, {}, {}))),
        tuple(products),
        tuple(
            ProductStock(number, str(answer.stock), answer.managed, value_of(answer.settings, ONLY_X_LEFT))
            for number, answer in answers
        ),
        tuple(item for number, answer in answers for item in _items(number, answer)),
        tuple(
            (product.sku, source)
            for product in store.products.values()
            for source, item in product.items.items()
            if item.status is StockStatus.OUT_OF_STOCK
        ),
        tuple(
            (product.sku, stock, units)
            for product in store.products.values()
            for stock, units in product.reserved.items()
        ),
    )


def sql_tables(tables: PolicyTables) -> tuple[SqlTable, ...]:
    """The tables `products`, `stock_policies` and `item_policies`."""
    return (
        SqlTable("products", (("sku", "VARCHAR(255)"), ("policy", "INTEGER")), tables.products),
        _sql_table("stock_policies", ProductStock, tables.product_stocks),
        _sql_table("item_policies", ItemPolicy, tables.items),
    )


def reserved_table(tables: PolicyTables) -> SqlTable:
    """The table `reservations` with what the store file reserves."""
    columns = (("sku", "VARCHAR(255)"), ("stock", "VARCHAR(255)"), ("reserved", "DECIMAL(18, 4)"))
    return SqlTable("reservations", columns, tables.reserved)


def _sql_table(name: str, kind: type[ItemPolicy] | type[ProductStock], rows: Sequence[Any]) -> SqlTable:
    columns = tuple((field.name, _TYPES[field.type]) for field in fields(kind))  # type: ignore[index]
    values = [[int(value) if isinstance(value, bool) else value for value in _values(row, columns)] for row in rows]
    return SqlTable(name, columns, values)


def _values(row: Any, columns: Sequence[tuple[str, str]]) -> Iterator[Any]:
    return (getattr(row, column) for column, _ in columns)


_TYPES = {int: "INTEGER", str: "VARCHAR(255)", bool: "INTEGER", Decimal: "DECIMAL(12, 4)"}


def _item_settings(product: Product) -> dict[str, Settings]:
    """What is set for the product's source items, with or without a quantity."""
    sources = (*product.items, *product.item_policies)
    return {source: chosen for source in sources if (chosen := product.item_settings(source))}


def _everywhere(store: Store, own: Settings, items: dict[str, Settings]) -> Product:
    """A product with these settings that is on sale at every source."""
    of_sources = {source: SourceItem(ZERO, StockStatus.IN_STOCK, items.get(source, {})) for source in store.sources}
    return Product("", None, own, of_sources, {})


def _answers(store: Store, product: Product) -> Iterator[Salability]:
    return (answer for answer in evaluate_all(store, [product]) if answer.stock is not None)


def _stock(answer: Salability) -> StockPolicy:
    counting = [item for item in answer.items if item.counts]
    notify: dict[Decimal, tuple[str, ...]] = {}
    for item in counting:
        below = value_of(item.settings, NOTIFY_BELOW)
        notify[below] = (*notify.get(below, ()), item.source)
    return StockPolicy(
        stock=str(answer.stock),
        sources=tuple(item.source for item in answer.items),
        managed=answer.managed,
        only_x_left=value_of(answer.settings, ONLY_X_LEFT),
        pools=_pools(answer, counting),
        notify=tuple(notify.items()),
    )


def _pools(answer: Salability, counting: list[ItemInForce]) -> tuple[PoolPolicy, ...]:
    """The pools; where stock is not managed, one of all that counts, for its quantity is shown."""
    if answer.pools:
        return tuple(PoolPolicy(pool.sources, pool.backorders, pool.effective) for pool in answer.pools)
    return (PoolPolicy(tuple(item.source for item in counting), backorders=False, effective=ZERO),) if counting else ()


def _items(policy: int, answer: Salability) -> Iterator[ItemPolicy]:
    pools = {source: (number, pool) for number, pool in enumerate(answer.pools) for source in pool.sources}
    for item in answer.items:
        number, pool = pools.get(item.source, (-1, None))
        yield ItemPolicy(
            policy=policy,
            stock=str(answer.stock),
            source_code=item.source,
            counts=item.counts,
            pool=number,
            backorders=bool(pool and pool.backorders),
            effective=pool.effective if pool else ZERO,
            notify=value_of(item.settings, NOTIFY_BELOW),
        )
