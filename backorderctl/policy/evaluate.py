"""How many units can still be sold, and why not more: Magento Inventory's rules, in exact decimals.

A product is always evaluated in one stock. `evaluate` answers for one product in each of its stocks, `evaluate_each`
and `evaluate_all` for every product of a store. The arithmetic is that of Magento's GetProductSalableQty, with one pool
of goods for each threshold. Answers are NamedTuples: a store has hundreds of thousands, and frozen dataclasses take ten
times as long.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from itertools import chain
from typing import NamedTuple

from backorderctl.policy.resolve import InForce, Level, ValuesInForce, in_force, value_of, values_of
from backorderctl.store.model import Locations, Place, Product, Stock, Store
from backorderctl.store.model import product_named as product_named
from backorderctl.store.scalars import ZERO, StockStatus, format_quantity
from backorderctl.store.settings import (
    BACKORDERS,
    MANAGE_STOCK,
    NOTIFY_BELOW,
    ONLY_X_LEFT,
    THRESHOLD,
    Backorders,
    Scope,
)

SHARED = 1 << 14
"""Answers that are kept for other products with the same goods."""


class Status(StrEnum):
    """What the storefront can sell: goods on hand, backorders only, or nothing."""

    IN_STOCK = "in_stock"
    BACKORDER = "backorder"
    OUT_OF_STOCK = "out_of_stock"


class Reason(StrEnum):
    """Why a product is out of stock: the first of these that applies."""

    NO_SOURCES = "no_sources"
    NO_SOURCE_IN_STOCK = "no_source_in_stock"
    BACKORDER_LIMIT_REACHED = "backorder_limit_reached"
    RESERVE_REACHED = "reserve_reached"
    SOLD_OUT = "sold_out"


class Excluded(StrEnum):
    """Why a source item does not count towards its stock."""

    SOURCE_DISABLED = "source_disabled"
    OUT_OF_STOCK = "out_of_stock"


class ItemInForce(NamedTuple):
    """A source item in a stock: `threshold` is the effective one; `excluded` is None when the item counts.

    Items whose `pool` is the same share one: it is the origin of the threshold, and whether backorders are on.
    """

    source: str
    quantity: Decimal
    status: StockStatus
    excluded: Excluded | None
    low_stock: bool
    settings: ValuesInForce
    threshold: Decimal
    pool: tuple[Place, bool]

    @property
    def counts(self) -> bool:
        """Whether the item counts towards the stock."""
        return self.excluded is None


class Pool(NamedTuple):
    """The source items that share one threshold, which counts once; `backorderable` is None when unlimited."""

    sources: tuple[str, ...]
    backorders: bool
    threshold: InForce
    effective: Decimal
    quantity: Decimal
    on_hand: Decimal
    backorderable: Decimal | None


class Salability(NamedTuple):
    """How much of one product can be sold in one stock; quantities are units of goods, with up to 4 decimal places.

    `stock` is None for a product that no stock sells. `quantity` is the sum over the items that count. `salable` and
    `backorderable` are None when unlimited, and so is `on_hand` where stock is not managed. `only_x_left` is N when the
    page shows "Only N left".
    """

    product: Product
    stock: str | None
    status: Status
    reason: Reason | None
    quantity: Decimal
    reserved: Decimal
    on_hand: Decimal | None
    backorderable: Decimal | None
    salable: Decimal | None
    only_x_left: Decimal | None
    settings: ValuesInForce
    items: tuple[ItemInForce, ...]
    pools: tuple[Pool, ...]

    def __repr__(self) -> str:
        """What matters of it, as the whole takes a page."""
        units = "unlimited" if self.salable is None else f"{format_quantity(self.salable)} salable"
        return f"<Salability: {self.product.sku} in {self.stock}: {self.status}, {units}>"

    @property
    def unlimited(self) -> bool:
        """Whether any number of units can be ordered."""
        return self.salable is None

    @property
    def can_backorder(self) -> bool:
        """Whether an order could be backordered now, in part at least."""
        return self.managed and (self.backorderable is None or self.backorderable > 0)

    @property
    def managed(self) -> bool:
        """Whether quantities count for this product."""
        return value_of(self.settings, MANAGE_STOCK)

    @property
    def low_stock(self) -> bool:
        """Whether any source item is low in stock."""
        return True in [item.low_stock for item in self.items]


def evaluate(store: Store, sku: str) -> tuple[Salability, ...]:
    """The answer for the product in each stock that sells it, or one of no stock where none does.

    BackorderctlError when there is no such SKU.
    """
    return _salabilities(_views(store), product_named(store, sku))


def evaluate_at(store: Store, sku: str, stock: Stock) -> Salability:
    """The answer for the product in this stock, even if none of its sources has the product.

    BackorderctlError when there is no such SKU.
    """
    product = product_named(store, sku)
    return _salability(_view(store, stock), product, _own_values(store.lines, product))


def evaluate_all(store: Store, products: Iterable[Product] | None = None) -> Iterator[Salability]:
    """The answers for every product, or for each of `products`, in each of their stocks, in the order of the file."""
    return chain.from_iterable(evaluate_each(store, products))


def evaluate_each(store: Store, products: Iterable[Product] | None = None) -> Iterator[tuple[Salability, ...]]:
    """The same, with the answers for one product in all of its stocks together."""
    views = _views(store)
    known: dict[_Goods, tuple[Salability, ...]] = {}
    for product in store.products.values() if products is None else products:
        goods = _goods(product)
        found = known.get(goods) if goods else None
        if found is not None:
            yield tuple([Salability(product, *answer[1:]) for answer in found])
            continue
        found = _salabilities(views, product)
        if goods and len(known) < SHARED:
            known[goods] = found
        yield found


_Goods = tuple[str | int, ...]


def _goods(product: Product) -> _Goods | None:
    """What two products have in common that get the same answers; None where something is set for the product alone.

    Source items are compared by identity, which is as fast as it gets: those of a quantities file that are equal are
    one object, and an answer that is kept keeps its items.
    """
    if product.settings or product.reserved:
        return None
    items = product.items.values()
    for item in items:
        if item.settings:
            return None
    return (*product.items, *map(id, items))


def takes_backorders(backorders: Backorders) -> bool:
    """Whether orders are accepted that goods on hand do not cover."""
    return backorders is not Backorders.NO


def effective_threshold(threshold: Decimal, *, backorders: bool) -> Decimal:
    """The threshold that counts: a reserve with backorders off, and minus the maximum backordered with them on.

    With backorders, 0 means no limit (Magento's AdaptMinQtyToBackordersPlugin).
    """
    return min(threshold, ZERO) if backorders else max(threshold, ZERO)


def salable(items: Iterable[ItemInForce], reserved: Decimal) -> Decimal | None:
    """The salable quantity that these source items of a managed product give; None when unlimited."""
    on_hand, backorderable = _left(share_pools(items), reserved)
    return None if backorderable is None else on_hand + backorderable


class _Rules(NamedTuple):
    """The settings in force somewhere in a stock, and what follows from them for every item there."""

    settings: ValuesInForce
    notify_below: Decimal
    threshold: Decimal
    pool: tuple[Place, bool]


class _View(NamedTuple):
    """A stock with the rules for what sets nothing of its own: in the stock as a whole, and at each of its sources.

    Sources that set nothing share the rules of the whole. `enabled` are the sources whose goods count.
    """

    stock: str | None
    whole: _Rules
    sources: Mapping[str, _Rules]
    enabled: frozenset[str]
    lines: Locations


def _views(store: Store) -> tuple[_View, ...]:
    return (*(_view(store, stock) for stock in store.stocks.values()), _view(store, None))


def _view(store: Store, stock: Stock | None) -> _View:
    code, sources = (stock.code, stock.sources) if stock else (None, ())
    whole = _rules(in_force(store, stock=code))
    return _View(
        stock=code,
        whole=whole,
        sources={
            source: _rules(in_force(store, stock=code, source=source)) if store.sources[source].settings else whole
            for source in sources
        },
        enabled=frozenset(source for source in sources if store.sources[source].enabled),
        lines=store.lines,
    )


def _rules(settings: ValuesInForce) -> _Rules:
    backorders = takes_backorders(value_of(settings, BACKORDERS))
    threshold = effective_threshold(value_of(settings, THRESHOLD), backorders=backorders)
    return _Rules(settings, value_of(settings, NOTIFY_BELOW), threshold, (settings[THRESHOLD.key].origin, backorders))


def _salabilities(views: tuple[_View, ...], product: Product) -> tuple[Salability, ...]:
    """The answer in each stock that sells the product; that of the last view, which has no stock, where none does."""
    own = _own_values(views[-1].lines, product)
    reached = [view for view in views[:-1] if not view.sources.keys().isdisjoint(product.items)]
    return tuple([_salability(view, product, own) for view in reached or views[-1:]])


def _own_values(lines: Locations, product: Product) -> ValuesInForce:
    """The values that the product itself sets."""
    if not product.settings:
        return {}
    return values_of(Level(Place(Scope.PRODUCT, product=product.sku), product.settings), lines)


def _salability(view: _View, product: Product, own: ValuesInForce) -> Salability:
    """The answer in one stock for a product that sets the values `own`."""
    rules = _rules({**view.whole.settings, **own}) if own else view.whole
    whole = rules.settings
    managed = value_of(whole, MANAGE_STOCK)
    items = tuple(_items(view, product, own, rules, managed=managed))
    reserved = product.reserved.get(view.stock, ZERO) if view.stock else ZERO
    if items and not managed:
        quantity = sum([item.quantity for item in items if item.excluded is None], ZERO)
        return Salability(
            product=product, stock=view.stock, status=Status.IN_STOCK, reason=None, quantity=quantity,
            reserved=reserved, on_hand=None, backorderable=None, salable=None, only_x_left=None, settings=whole,
            items=items, pools=(),
        )  # fmt: skip
    pools = share_pools(items)
    quantity = sum([pool.quantity for pool in pools], ZERO)
    on_hand, backorderable = _left(pools, reserved)
    salable = None if backorderable is None else on_hand + backorderable
    status, reason = _status(items, pools, quantity, reserved, on_hand, salable)
    only_x_left = salable if salable and salable <= value_of(whole, ONLY_X_LEFT) else None
    # By position, as the other answers here: names take twice as long, and a catalogue has a million.
    return Salability(
        product, view.stock, status, reason, quantity, reserved, on_hand, backorderable, salable, only_x_left, whole,
        items, pools,
    )  # fmt: skip


def _items(view: _View, product: Product, own: ValuesInForce, whole: _Rules, *, managed: bool) -> Iterator[ItemInForce]:
    """The product's items in the stock; `whole` are the rules for the product in the stock as a whole."""
    for source, shared in view.sources.items():
        item = product.items.get(source)
        if item is None:
            continue
        quantity, status, settings = item
        rules = shared
        if settings:
            place = Place(Scope.SOURCE_ITEM, source=source, product=product.sku)
            rules = _rules({**shared.settings, **own, **values_of(Level(place, settings), view.lines)})
        elif own:
            rules = whole if shared is view.whole else _rules({**shared.settings, **own})
        excluded = None
        if source not in view.enabled:
            excluded = Excluded.SOURCE_DISABLED
        elif status is not StockStatus.IN_STOCK:
            excluded = Excluded.OUT_OF_STOCK
        low = managed and excluded is None and quantity <= rules.notify_below
        # By keyword, a store of a million source items would take half a second longer.
        yield ItemInForce(source, quantity, status, excluded, low, rules.settings, rules.threshold, rules.pool)


def share_pools(items: Iterable[ItemInForce]) -> tuple[Pool, ...]:
    """The counting items in pools: items of one pool share the threshold's origin, and whether backorders are on."""
    shared: dict[tuple[Place, bool], list[ItemInForce]] = {}
    pool = None
    for item in items:
        if item.excluded is None:
            if item.pool is not pool:  # most items share one, and looking it up takes longer than all else
                pool = item.pool
                members = shared.setdefault(pool, [])
            members.append(item)
    return tuple(map(_pool, shared.values()))


def _pool(members: list[ItemInForce]) -> Pool:
    first = members[0]
    effective, (_, backorders) = first.threshold, first.pool
    quantity = sum([item.quantity for item in members], ZERO)
    backorderable: Decimal | None = ZERO
    if backorders:
        on_hand = max(quantity, ZERO)
        backorderable = max(quantity - effective, ZERO) - on_hand if effective else None
    else:
        on_hand = max(quantity - effective, ZERO)
    sources = tuple([item.source for item in members])
    return Pool(sources, backorders, first.settings[THRESHOLD.key], effective, quantity, on_hand, backorderable)


def _left(pools: tuple[Pool, ...], reserved: Decimal) -> tuple[Decimal, Decimal | None]:
    """On hand and backorderable after `reserved` is deducted, first from on hand and then from backorderable."""
    on_hand = sum([pool.on_hand for pool in pools], ZERO)
    limits = [pool.backorderable for pool in pools]
    backorderable = None if None in limits else sum([limit for limit in limits if limit is not None], ZERO)
    if not reserved:
        return on_hand, backorderable
    left = max(on_hand - reserved, ZERO)
    return left, None if backorderable is None else max(backorderable - max(reserved - on_hand, ZERO), ZERO)


def _status(
    items: tuple[ItemInForce, ...],
    pools: tuple[Pool, ...],
    quantity: Decimal,
    reserved: Decimal,
    on_hand: Decimal,
    salable: Decimal | None,
) -> tuple[Status, Reason | None]:
    if on_hand > 0:
        return Status.IN_STOCK, None
    if salable is None or salable > 0:
        return Status.BACKORDER, None
    if not items:
        reason = Reason.NO_SOURCES
    elif not pools:
        reason = Reason.NO_SOURCE_IN_STOCK
    elif any(pool.backorders for pool in pools):
        reason = Reason.BACKORDER_LIMIT_REACHED
    elif quantity > reserved:
        reason = Reason.RESERVE_REACHED
    else:
        reason = Reason.SOLD_OUT
    return Status.OUT_OF_STOCK, reason
