"""Whether an edit is neutral: no value in force and no answer changes without the value that it removes.

Any subset of neutral edits changes nothing: at every source item that they concern, all places that could then be in
force hold the same value, and the source items share their thresholds as before.
"""

from collections.abc import Iterable, Iterator, Set
from itertools import combinations
from typing import NamedTuple

from backorderctl.check.context import NARROWNESS, Context, backordered
from backorderctl.check.registry import ValueEdit
from backorderctl.check.scope_usage import NO_VIEW, PlaceChain, View, WrittenValue, chain, policy_views, possible_views
from backorderctl.policy.evaluate import ItemInForce, Salability
from backorderctl.policy.resolve import value_of
from backorderctl.store.model import Place, Product, Store, is_scheduled, settings_at
from backorderctl.store.settings import BACKORDERS, MANAGE_STOCK, OF_ITEMS, THRESHOLD, Backorders, Scope

LIMITS = (BACKORDERS.key, THRESHOLD.key)
"""The settings that decide together what a product may owe."""

ProductInStock = tuple[str, str | None]
"""A product and a stock."""
Troubled = Set[tuple[str | None, str | None, str | None]]
"""The SKU, stock and key of every error and warning of a day."""


class _Use(NamedTuple):
    """A product, or None for any without settings, at a source item or as a whole, with the chain of one key."""

    product: Product | None
    answer: Salability | None
    item: ItemInForce | None
    chain: PlaceChain


def concerned(context: Context, edit: ValueEdit) -> Iterator[ProductInStock]:
    """The answers whose chain contains the place of the edit."""
    for use in _uses(context, edit):
        if use.product is not None:
            yield use.product.sku, use.answer.stock if use.answer else None


def _uses(context: Context, edit: ValueEdit) -> Iterator[_Use]:
    """Where the place of an edit is in the chain: for products, and for policy that has no products below it yet."""
    place, key = edit.place, edit.key
    if is_scheduled(context.store, place, key):
        return
    for product in _products_below(context, place):
        yield from (use for use in _product_uses(context, product, key) if place in use.chain)
    for view in policy_views(context.chains, place, key):
        if place in context.chains[view][key]:
            yield _Use(None, None, None, context.chains[view][key])


def _products_below(context: Context, place: Place) -> Iterable[Product]:
    if place.product is not None:
        return (context.products[place.product],) if place.product in context.products else ()
    products = context.products.values()
    if place.source is not None:
        return (product for product in products if product.item_settings(place.source) is not None)
    return products


def _product_uses(context: Context, product: Product, key: str) -> Iterator[_Use]:
    """A product in each stock that reaches it, at sources in no stock, and as it is without any."""
    answers = context.answers_of.get(product.sku, ())
    for answer in answers:
        if key in OF_ITEMS:
            yield from (_Use(product, answer, item, context.chain(answer, item, key)) for item in answer.items)
        else:
            yield _Use(product, answer, None, chain(context.chains, (answer.stock, None), product, key))
    for view in _other_views(context.store, product, answers) if key in OF_ITEMS else ():
        yield _Use(product, None, None, chain(context.chains, view, product, key))
    if not answers:
        for view in possible_views(context.store, product):
            if view == NO_VIEW or (view[1] is not None) == (key in OF_ITEMS):
                yield _Use(product, None, None, chain(context.chains, view, product, key))


def _other_views(store: Store, product: Product, answers: Iterable[Salability]) -> Iterator[View]:
    """The product at sources of which no answer has an item: in no stock, or where its quantity comes from outside."""
    reached = {item.source for answer in answers for item in answer.items}
    yield from ((None, source) for source in product.items if source not in reached)
    for source in product.item_policies:
        linked = [stock.code for stock in store.stocks.values() if source in stock.sources]
        yield from ((stock, source) for stock in linked)
        if not linked:
            yield None, source


def all_neutral(context: Context, troubles: Troubled, edits: Iterable[ValueEdit], removed: Set[WrittenValue]) -> bool:
    """Whether removing these values changes nothing on a day, whichever of the values `removed` are removed as well."""
    gone = set(removed)
    for edit in edits:
        if edit.value is not None or not _is_neutral(context, troubles, edit, gone):
            return False
        gone.add((edit.place, edit.key))
    return True


def _is_neutral(context: Context, troubles: Troubled, edit: ValueEdit, removed: Set[WrittenValue]) -> bool:
    before = {each for each in removed if not is_scheduled(context.store, *each)}
    after = {*before, (edit.place, edit.key)}
    pooled: dict[ProductInStock, Salability] = {}
    for use in _uses(context, edit):
        if use.answer is not None and edit.key == THRESHOLD.key:
            pooled[use.answer.product.sku, use.answer.stock] = use.answer
        if _exposed(use.chain, edit.key, before)[-1] != edit.place:
            continue  # narrower values override it whatever is removed
        fallback = _exposed(use.chain, edit.key, after)[-1]
        value = settings_at(context.store, edit.place)[edit.key]
        if settings_at(context.store, fallback)[edit.key] != value or not _causes_no_trouble(
            context, troubles, edit, use, fallback
        ):
            return False
    if edit.key == THRESHOLD.key and edit.place.product is None and not _unnamed_pools_stay(context, edit.place, after):
        return False
    return all(_pools_stay(context, answer, after) and not _adds_up(answer) for answer in pooled.values())


def _unnamed_pools_stay(context: Context, place: Place, removed: Set[WrittenValue]) -> bool:
    """Whether a product that the file does not name shares thresholds as before, at any two sources of a stock."""
    for stock in context.store.stocks.values():
        heirs: set[tuple[Place, bool]] = set()
        others: set[tuple[Place, bool]] = set()
        for source in stock.sources:
            chains = context.chains[stock.code, source]
            backorders = settings_at(context.store, chains[BACKORDERS.key][0])[BACKORDERS.key]
            pool = (_exposed(chains[THRESHOLD.key], THRESHOLD.key, removed)[-1], backorders is not Backorders.NO)
            (heirs if chains[THRESHOLD.key][0] == place else others).add(pool)
        if not heirs.isdisjoint(others) or len({threshold for threshold, _ in heirs}) > 1:
            return False
    return True


def _exposed(places: PlaceChain, key: str, removed: Set[WrittenValue]) -> PlaceChain:
    """The places that can be in force once any of the removed values are gone: up to the first that stays."""
    return places[: next(number for number, place in enumerate(places, 1) if (place, key) not in removed)]


def _causes_no_trouble(context: Context, troubles: Troubled, edit: ValueEdit, use: _Use, fallback: Place) -> bool:
    """Whether no error or warning appears, or moves to another place, when a value comes from `fallback` instead.

    Which scope a value comes from matters to rules about unlimited backorders, to limits while backorders are off, and
    to every finding that names the place.
    """
    if use.answer is not None:
        about = LIMITS if edit.key in LIMITS else (edit.key,)
        if any((use.answer.product.sku, use.answer.stock, key) in troubles for key in about):
            return False
    if edit.key == MANAGE_STOCK.key and not settings_at(context.store, edit.place)[edit.key]:
        return False  # a product that is not managed by itself is intent, one that is so store-wide is not
    if use.item is None:
        return use.product is not None or _policy_causes_no_trouble(context, edit, fallback)
    threshold, backorders = value_of(use.item.settings, THRESHOLD), use.item.settings[BACKORDERS.key]
    if edit.key == BACKORDERS.key and fallback.scope is Scope.DEFAULT:
        return backordered(use.item) or threshold >= 0
    if edit.key != THRESHOLD.key:
        return True
    if backordered(use.item):
        stays_narrow = NARROWNESS[fallback.scope] >= max(NARROWNESS[Scope.SOURCE], NARROWNESS[backorders.origin.scope])
        return bool(threshold) or stays_narrow
    return threshold >= 0 or backorders.origin.scope is not Scope.DEFAULT


def _policy_causes_no_trouble(context: Context, edit: ValueEdit, fallback: Place) -> bool:
    """The same where there are no products: limits are left alone, and whether backorders are off by default."""
    if edit.key == BACKORDERS.key:
        return fallback.scope is not Scope.DEFAULT
    return edit.key != THRESHOLD.key or not settings_at(context.store, edit.place)[edit.key]


def _pools_stay(context: Context, answer: Salability, removed: Set[WrittenValue]) -> bool:
    """Whether the same source items share a threshold whichever of the removed values are gone."""
    exposed = [
        (_exposed(context.chain(answer, item, THRESHOLD.key), THRESHOLD.key, removed), backordered(item))
        for item in answer.items
    ]
    return all(
        one == other or set(one).isdisjoint(other)
        for (one, on), (other, other_on) in combinations(exposed, 2)
        if on == other_on
    )


def _adds_up(answer: Salability) -> bool:
    """Whether two pools have allowances or reserves that could be said to add up."""
    signs = [pool.effective > 0 for pool in answer.pools if pool.effective]
    return answer.managed and len(signs) > len(set(signs))
