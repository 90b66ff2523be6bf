"""The totals of a catalogue: what is owed, what is at risk and what has no limit, in every stock.

Everything that `report` shows is computed here, once; `evaluate --summary` builds the same `StockTotals` from SQL.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from heapq import nsmallest
from typing import NamedTuple

from backorderctl.policy.evaluate import Pool, Reason, Salability, Status
from backorderctl.store.scalars import STEP, ZERO


@dataclass(frozen=True, slots=True)
class StockTotals:
    """The sums of one stock over its products; of the products that no stock sells where `stock` is None.

    Quantities are units of goods. `quantity`, `reserved`, `on_hand` and `backorderable` are the sums of the columns of
    `product list`, without what is unlimited. `reserve` is what a positive threshold keeps back, `owed` what is ordered
    and not on hand, and `owed_within_limit` the part of it that products with a limit owe. `owing`, `unlimited`,
    `oversold` and `low_stock` count products.
    """

    stock: str | None
    products: int
    in_stock: int
    backorder: int
    out_of_stock: Mapping[Reason, int]
    quantity: Decimal
    reserved: Decimal
    on_hand: Decimal
    reserve: Decimal
    owed: Decimal
    owed_within_limit: Decimal
    backorderable: Decimal
    owing: int
    unlimited: int
    oversold: int
    low_stock: int

    @property
    def used(self) -> Decimal | None:
        """The share of the allowance that is used, over the products that have a limit; None where none has."""
        return share_used(self.owed_within_limit, self.backorderable)


class ProductTotals(NamedTuple):
    """What one product owes in one stock: `owed` units are ordered and not on hand, `short` can never ship.

    `units` are what the sums of the stock add up: all of the answer, or its part at one source.
    """

    answer: Salability
    owed: Decimal
    short: Decimal
    units: "Units"

    @property
    def used(self) -> Decimal | None:
        """The share of its allowance that is used; None where it is unlimited or has none."""
        return None if self.answer.backorderable is None else share_used(self.owed, self.answer.backorderable)


class Units(NamedTuple):
    """The quantity, the units on hand, kept as reserve and left to be backordered of one product in one stock.

    `backorderable` is None without limit.
    """

    quantity: Decimal
    on_hand: Decimal
    reserve: Decimal
    backorderable: Decimal | None


@dataclass(frozen=True, slots=True)
class PoolTotals:
    """The goods and allowances that the same sources share in one stock, summed over `products`, before reservations.

    `backorderable` is the sum over the pools with a limit, `unlimited` the number of pools without one.
    """

    stock: str | None
    sources: tuple[str, ...]
    products: int
    quantity: Decimal
    on_hand: Decimal
    reserve: Decimal
    backorderable: Decimal
    unlimited: int


Ranking = Callable[[ProductTotals], tuple[Decimal, ...]]
"""What products are sorted by, ascending."""


class LowStock(NamedTuple):
    """How many products are low in stock at a source, as one stock sees it."""

    stock: str | None
    source: str
    products: int


class ProductCounts(NamedTuple):
    """How many products there are, and how many are so in at least one stock: each SKU is counted once."""

    products: int
    in_stock: int
    owing: int
    unlimited: int
    oversold: int


@dataclass(frozen=True, slots=True)
class Totals:
    """The totals of a catalogue, each list the worst first; `owing`, `nearest`, `unlimited` and `oversold` are cut."""

    products: ProductCounts
    stocks: tuple[StockTotals, ...]
    pools: tuple[PoolTotals, ...]
    owing: tuple[ProductTotals, ...]
    nearest: tuple[ProductTotals, ...]
    unlimited: tuple[ProductTotals, ...]
    oversold: tuple[ProductTotals, ...]
    low_stock: tuple[LowStock, ...]


def totals(answers: Iterable[Salability], *, stocks: Iterable[str], source: str | None = None, top: int) -> Totals:
    """The totals of all `answers`, with a row for each of `stocks` even if nothing is sold from it.

    With `source`, quantity and units on hand are that source's alone, before reservations; what belongs to a pool, as
    reserve, what is owed and can be backordered do, is that of the pools with this source. Only its pools and its low
    stock are listed. At most `top` products are named in a list.
    """
    grouped: dict[str | None, list[ProductTotals]] = {code: [] for code in stocks}
    for answer in answers:
        grouped.setdefault(answer.stock, []).append(_product(answer, source))
    products = [product for group in grouped.values() for product in group]
    return Totals(
        products=_product_counts(products),
        stocks=tuple(_stock(stock, group) for stock, group in grouped.items()),
        pools=_pools(products, source),
        owing=_first(top, (each for each in products if each.owed), _by_owed),
        nearest=_first(top, (each for each in products if _has_allowance(each.answer)), _by_use),
        unlimited=_first(top, (each for each in products if each.units.backorderable is None), _by_owed),
        oversold=_first(top, (each for each in products if each.short), _by_short),
        low_stock=_low_stock(products, source),
    )


def _product(answer: Salability, source: str | None) -> ProductTotals:
    if source is None:
        units = Units(answer.quantity, answer.on_hand or ZERO, kept_back(answer), answer.backorderable)
        return ProductTotals(answer, owed(answer), short(answer), units)
    return ProductTotals(answer, *_owed_at(answer, source), _units_at(answer, source))


def _units_at(answer: Salability, source: str) -> Units:
    """The units of one source alone, and what the pools with it keep back and can still backorder."""
    pools = [pool for pool in answer.pools if source in pool.sources]
    here = sum([item.quantity for item in answer.items if item.source == source and item.excluded is None], ZERO)
    on_hand = min(max(here, ZERO), sum([pool.on_hand for pool in pools], ZERO))
    limits = [pool.backorderable for pool in pools]
    backorderable = None
    if answer.managed and None not in limits:
        allowed = sum([limit for limit in limits if limit is not None], ZERO)
        backorderable = allowed if answer.backorderable is None else min(allowed, answer.backorderable)
    return Units(here, on_hand, sum(map(_reserve, pools), ZERO), backorderable)


def _owed_at(answer: Salability, source: str) -> tuple[Decimal, Decimal]:
    """What the pools with a source owe, and what of it can never ship.

    Reservations beyond all goods are owed by the pools that can backorder them.
    """
    pools = [pool for pool in answer.pools if source in pool.sources]
    if not pools:
        return ZERO, ZERO
    below_zero = sum([-pool.quantity for pool in pools if pool.backorders and pool.quantity < 0], ZERO)
    beyond = max(answer.reserved - _on_hand(answer), ZERO)
    limits = [pool.backorderable for pool in pools]
    if None not in limits and len(pools) < len(answer.pools):
        beyond = min(beyond, sum([limit for limit in limits if limit is not None], ZERO))
    return below_zero + beyond, sum(map(_excess, pools), ZERO) if len(pools) < len(answer.pools) else short(answer)


def owed(answer: Salability) -> Decimal:
    """Units that are ordered and not on hand: reserved beyond what is on hand, and below zero on backorder pools."""
    if answer.on_hand is None:
        return ZERO
    below_zero = sum((-pool.quantity for pool in answer.pools if pool.backorders and pool.quantity < 0), ZERO)
    return max(answer.reserved - _on_hand(answer), ZERO) + below_zero


def kept_back(answer: Salability) -> Decimal:
    """Units on the shelf that a positive threshold keeps back."""
    return sum(map(_reserve, answer.pools), ZERO)


def short(answer: Salability) -> Decimal:
    """Units that are owed and can never ship, 0 unless the product is oversold.

    That is what each pool with a backorder limit owes beyond it, and what of the reserved units exceeds all that the
    pools could still ship: goods of one pool never pay for another's excess.
    """
    if not answer.managed:
        return ZERO
    excess = sum(map(_excess, answer.pools), ZERO)
    if answer.unlimited:
        return excess
    return excess + max(answer.reserved - sum(map(_could_ship, answer.pools), ZERO), ZERO)


def share_used(owed: Decimal, left: Decimal) -> Decimal | None:
    """The share of an allowance that is used, from 0 to 1 with 4 places, when so much of it is `left`; None for 0/0."""
    return (owed / (owed + left)).quantize(STEP) if owed + left else None


def _stock(stock: str | None, products: Sequence[ProductTotals]) -> StockTotals:
    answers = [each.answer for each in products]
    statuses = Counter(answer.status for answer in answers)
    reasons = Counter(answer.reason for answer in answers if answer.reason is not None)
    return StockTotals(
        stock=stock,
        products=len(answers),
        in_stock=statuses[Status.IN_STOCK],
        backorder=statuses[Status.BACKORDER],
        out_of_stock={reason: reasons[reason] for reason in Reason if reasons[reason]},
        quantity=sum([each.units.quantity for each in products], ZERO),
        reserved=sum([answer.reserved for answer in answers], ZERO),
        on_hand=sum([each.units.on_hand for each in products], ZERO),
        reserve=sum([each.units.reserve for each in products], ZERO),
        owed=sum([each.owed for each in products], ZERO),
        owed_within_limit=sum([each.owed for each in products if each.units.backorderable is not None], ZERO),
        backorderable=sum([each.units.backorderable or ZERO for each in products], ZERO),
        owing=sum(each.owed > 0 for each in products),
        unlimited=sum(each.units.backorderable is None for each in products),
        oversold=sum(each.short > 0 for each in products),
        low_stock=sum(answer.low_stock for answer in answers),
    )


def _product_counts(products: Iterable[ProductTotals]) -> ProductCounts:
    skus: tuple[set[str], ...] = tuple(set() for _ in ProductCounts._fields)
    for answer, owed_units, short_units, units in products:
        facts = (True, answer.status is Status.IN_STOCK, owed_units, units.backorderable is None, short_units)
        for counted, is_so in zip(skus, facts, strict=True):
            if is_so:
                counted.add(answer.product.sku)
    return ProductCounts(*map(len, skus))


def _pools(products: Iterable[ProductTotals], source: str | None) -> tuple[PoolTotals, ...]:
    """The pools of every product, those of the same sources together, the most products first."""
    grouped: defaultdict[tuple[str | None, tuple[str, ...]], list[Pool]] = defaultdict(list)
    for answer, *_ in products:
        for pool in answer.pools:
            if source is None or source in pool.sources:
                grouped[answer.stock, pool.sources].append(pool)
    found = (_pool(*key, pools) for key, pools in grouped.items())
    return tuple(sorted(found, key=lambda each: -each.products))


def _pool(stock: str | None, sources: tuple[str, ...], pools: Sequence[Pool]) -> PoolTotals:
    return PoolTotals(
        stock=stock,
        sources=sources,
        products=len(pools),
        quantity=sum((pool.quantity for pool in pools), ZERO),
        on_hand=sum((pool.on_hand for pool in pools), ZERO),
        reserve=sum(map(_reserve, pools), ZERO),
        backorderable=sum((pool.backorderable or ZERO for pool in pools), ZERO),
        unlimited=sum(pool.backorderable is None for pool in pools),
    )


def _low_stock(products: Iterable[ProductTotals], source: str | None) -> tuple[LowStock, ...]:
    counts = Counter(
        (answer.stock, item.source)
        for answer, *_ in products
        for item in answer.items
        if item.low_stock and source in (None, item.source)
    )
    return tuple(LowStock(stock, code, count) for (stock, code), count in counts.most_common())


def _on_hand(answer: Salability) -> Decimal:
    """On hand before anything reserved is taken from it."""
    return sum((pool.on_hand for pool in answer.pools), ZERO)


def _excess(pool: Pool) -> Decimal:
    """What a pool with backorders owes beyond its limit."""
    return max(pool.effective - pool.quantity, ZERO) if pool.backorders and pool.effective else ZERO


def _could_ship(pool: Pool) -> Decimal:
    return max(pool.quantity - pool.effective, ZERO) if pool.backorders else max(pool.quantity, ZERO)


def _reserve(pool: Pool) -> Decimal:
    """Goods that are not on hand for orders; none with backorders, whose effective threshold is not above 0."""
    return max(pool.quantity, ZERO) - pool.on_hand


def _has_allowance(answer: Salability) -> bool:
    return not answer.unlimited and any(pool.backorders for pool in answer.pools)


def _first(top: int, products: Iterable[ProductTotals], key: Ranking) -> tuple[ProductTotals, ...]:
    """The first by their key, products with the same key in the order of the file."""
    return tuple(nsmallest(top, products, key=key))


def _by_owed(each: ProductTotals) -> tuple[Decimal, ...]:
    return (-each.owed,)


def _by_short(each: ProductTotals) -> tuple[Decimal, ...]:
    return (-each.short,)


def _by_use(each: ProductTotals) -> tuple[Decimal, ...]:
    """The most used allowance first; of equal ones, the one that fewer units can still be ordered of."""
    return -(each.used or ZERO), each.answer.salable or ZERO
