"""Which edits are offered as hints: those that are safe whichever of them are typed, in any order.

An edit is neutral when no value in force and no answer changes, on any day that is checked; else it is changing, and
the finding states what changes. Edits are chosen from the narrowest scope to the widest, then by line, and one that is
not safe together with those already chosen is left out.

Every subset of the chosen edits is safe because of what is asked of each: at every source item that it concerns, all
places that any subset could put in force hold one value, and no subset pools goods otherwise. A changing edit shares no
answer with any other edit.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from decimal import Decimal
from fnmatch import fnmatchcase
from itertools import combinations
from typing import NamedTuple

from backorderctl.check.context import NARROWNESS, Context, backordered
from backorderctl.check.registry import ValueEdit
from backorderctl.check.scope_usage import NO_VIEW, PlaceChain, View, WrittenValue, chain, policy_views
from backorderctl.errors import CommandLine
from backorderctl.policy.evaluate import ItemInForce, Salability, evaluate
from backorderctl.policy.resolve import value_of
from backorderctl.store.model import Place, Product, Store
from backorderctl.store.schedule import store_on, with_values
from backorderctl.store.settings import BACKORDERS, MANAGE_STOCK, OF_ITEMS, THRESHOLD, Scope, format_value

MOST_CHANGED = 3
"""Products of which a changing hint may concern this many."""

LIMITS = (BACKORDERS.key, THRESHOLD.key)
"""The settings that decide together what a product may owe."""


class Trouble(NamedTuple):
    """An error or a warning about a product in a stock, accepted or not: of which rule, and where its cause is."""

    code: str
    place: Place
    key: str | None
    sku: str | None
    stock: str | None


Troubled = Set[tuple[str | None, str | None, str | None]]
"""The SKU, stock and key of every error and warning of a day."""
Troubles = Callable[[Context], set[Trouble]]
"""Finds the errors and warnings of a store on one day."""
Answer = tuple[str, str | None]
"""A product and a stock."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """The edits of one command that would mend a group of violations; `number` is that of the group."""

    number: int
    command: CommandLine
    edits: tuple[ValueEdit, ...]
    changing: bool
    line: int


class HintEffect(NamedTuple):
    """What a changing hint does to an answer: which setting changes, and the salable quantity before and after.

    A salable quantity is None when unlimited, the stock where the store has only one.
    """

    sku: str
    stock: str | None
    key: str
    before: Decimal | None
    after: Decimal | None


class Chosen(NamedTuple):
    """A command that is safe, and what it changes: nothing where it is neutral."""

    command: CommandLine
    effects: tuple[HintEffect, ...]


class Day:
    """A day that has been checked, with its errors and warnings.

    What the first of the days answers is kept. That of any other is computed again where an edit concerns it, since the
    answers of all days would fill the memory.
    """

    def __init__(self, written: Store, context: Context, troubles: Collection[Trouble], *, is_first: bool) -> None:
        self.troubles = {(each.sku, each.stock, each.key) for each in troubles}
        self._written = written
        self.date = context.today
        self._known = context.populated
        self._looked_at = None if context.is_whole else frozenset(context.products)
        self._kept = context if is_first else None

    def is_about(self, skus: Set[str] | None) -> bool:
        """Whether one of the products, None for all, may differ on the day from the day before."""
        return self._looked_at is None or skus is None or not self._looked_at.isdisjoint(skus)

    def context(self, skus: Set[str] | None) -> Context:
        """What follows on the day for these products, None for all."""
        if self._kept is not None:
            return self._kept
        store, wanted = self.store(), self._looked_at if skus is None else skus
        if wanted is not None and self._looked_at is not None:
            wanted = wanted & self._looked_at
        products = None if wanted is None else {sku: store.products[sku] for sku in wanted}
        return Context(store, today=self.date, products=products, known=self._known)

    def store(self) -> Store:
        """The store of the day."""
        return store_on(self._written, self.date) if self._kept is None else self._kept.store


def choose(days: Sequence[Day], candidates: Iterable[Candidate], troubles: Troubles) -> dict[int, Chosen]:
    """The safe candidates, by number; each written value is changed by one of them at most."""
    edited: set[WrittenValue] = set()
    removed: set[WrittenValue] = set()
    touched: set[Answer] = set()
    changed: set[Answer] = set()
    chosen: dict[int, Chosen] = {}
    for candidate in sorted(candidates, key=_narrowest_first):
        written = {(edit.place, edit.key) for edit in candidate.edits}
        answers, neutral = _looked_at(days, candidate.edits, removed)
        if written & edited or answers & changed:
            continue
        effects: tuple[HintEffect, ...] = ()
        if neutral:
            removed |= written
        elif candidate.changing and not answers & touched:
            effects = _effects(days, candidate.edits, answers, troubles)
            changed |= answers if effects else set()
        if effects or written <= removed:
            edited |= written
            touched |= answers
            chosen[candidate.number] = Chosen(candidate.command, effects)
    return chosen


def _looked_at(
    days: Iterable[Day], edits: Collection[ValueEdit], removed: Set[WrittenValue]
) -> tuple[set[Answer], bool]:
    """The answers that edits concern on any day, and whether the edits are neutral on all days."""
    named = {edit.place.product for edit in edits}
    skus = None if None in named else {str(sku) for sku in named}
    answers: set[Answer] = set()
    neutral = True
    for day in days:
        if day.is_about(skus):
            context = day.context(skus)
            answers.update(answer for edit in edits for answer in _concerned(context, edit))
            neutral = neutral and _all_neutral(context, day.troubles, edits, removed)
    return answers, neutral


def bulk_command(store: Store, edits: Sequence[ValueEdit]) -> CommandLine | None:
    """One command that makes exactly these edits: of one place, or of the products that a glob matches; or None."""
    first = edits[0]
    alike = {(edit.key, edit.value, edit.place._replace(product=None)) for edit in edits}
    if len(alike) > 1:
        return None
    verb = "unset" if first.value is None else "set"
    names = (first.key,) if first.value is None else (first.key, format_value(first.value))
    if len(edits) == 1:
        return CommandLine(("config", verb), names, scope_options(first.place))
    source = first.place.source
    known = [
        sku for sku, product in store.products.items() if source is None or product.item_settings(source) is not None
    ]
    glob = matching_glob({str(edit.place.product) for edit in edits}, known)
    if glob is None:
        return None
    return CommandLine(("config", verb), names, (("--match", glob), *((("--source", source),) if source else ())))


def matching_glob(skus: set[str], known: Sequence[str]) -> str | None:
    """A glob that matches exactly these of the known SKUs; None where no beginning or end sets them apart."""
    if len(skus) == len(known):
        return "*"
    start = _common_beginning(skus)
    end = _common_beginning({sku[::-1] for sku in skus})[::-1]
    for parts in ((start, ""), ("", end), (start, end)):
        glob = "*".join("".join(f"[{char}]" if char in "*?[" else char for char in part) for part in parts)
        if glob != "*" and {sku for sku in known if fnmatchcase(sku, glob)} == skus:
            return glob
    return None


def _common_beginning(names: Set[str]) -> str:
    first, last = min(names), max(names)
    return first[
        : next((n for n, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    ]


def scope_options(place: Place) -> tuple[tuple[str, str], ...]:
    """The options that name a place on the command line."""
    options = (("--stock", place.stock), ("--product", place.product), ("--source", place.source))
    return tuple((option, name) for option, name in options if name is not None)


def _narrowest_first(candidate: Candidate) -> tuple[int, int]:
    return -max(NARROWNESS[edit.place.scope] for edit in candidate.edits), candidate.line


class _Use(NamedTuple):
    """A product, or None for any without settings, at a source item or as a whole, with the chain of one key."""

    product: Product | None
    answer: Salability | None
    item: ItemInForce | None
    chain: PlaceChain


def _concerned(context: Context, edit: ValueEdit) -> Iterator[Answer]:
    """The answers whose chain has the place of an edit."""
    for use in _uses(context, edit):
        if use.product is not None:
            yield use.product.sku, use.answer.stock if use.answer else None


def _uses(context: Context, edit: ValueEdit) -> Iterator[_Use]:
    """Where the place of an edit is in the chain: for products, and for policy that has no products below it yet."""
    place, key = edit.place, edit.key
    if context.store.is_scheduled(place, key):
        return
    for product in _products_below(context, place):
        yield from (use for use in _product_uses(context, product, key) if place in use.chain)
    for stock, source in policy_views(context.chains, place, key):
        inhabited = source in context.populated.sources if source else stock in context.populated.stocks
        if not inhabited and place in context.chains[stock, source][key]:
            yield _Use(None, None, None, context.chains[stock, source][key])


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
        yield _Use(product, None, None, chain(context.chains, NO_VIEW, product, key))


def _other_views(store: Store, product: Product, answers: Iterable[Salability]) -> Iterator[View]:
    """The product at sources of which no answer has an item: in no stock, or where its quantity comes from outside."""
    reached = {item.source for answer in answers for item in answer.items}
    yield from ((None, source) for source in product.items if source not in reached)
    for source in product.item_policies:
        linked = [stock.code for stock in store.stocks.values() if source in stock.sources]
        yield from ((stock, source) for stock in linked)
        if not linked:
            yield None, source


def _all_neutral(context: Context, troubles: Troubled, edits: Iterable[ValueEdit], removed: Set[WrittenValue]) -> bool:
    """Whether removing these values changes nothing on a day, whichever of the removed ones are removed, too."""
    gone = set(removed)
    for edit in edits:
        if edit.value is not None or not _is_neutral(context, troubles, edit, gone):
            return False
        gone.add((edit.place, edit.key))
    return True


def _is_neutral(context: Context, troubles: Troubled, edit: ValueEdit, removed: Set[WrittenValue]) -> bool:
    before = {each for each in removed if not context.store.is_scheduled(*each)}
    after = {*before, (edit.place, edit.key)}
    pooled: dict[Answer, Salability] = {}
    for use in _uses(context, edit):
        if use.answer is not None and edit.key == THRESHOLD.key:
            pooled[use.answer.product.sku, use.answer.stock] = use.answer
        if _exposed(use.chain, edit.key, before)[-1] != edit.place:
            continue  # narrower values override it whatever is removed
        then = _exposed(use.chain, edit.key, after)[-1]
        value = context.store.set_at(edit.place)[edit.key]
        if context.store.set_at(then)[edit.key] != value or not _is_quiet(context, troubles, edit, use, then):
            return False
    return all(_pools_stay(context, answer, after) and not _adds_up(answer) for answer in pooled.values())


def _exposed(places: PlaceChain, key: str, removed: Set[WrittenValue]) -> PlaceChain:
    """The places that can be in force once any of the removed values are gone: up to the first that stays."""
    return places[: next(number for number, place in enumerate(places, 1) if (place, key) not in removed)]


def _is_quiet(context: Context, troubles: Troubled, edit: ValueEdit, use: _Use, then: Place) -> bool:
    """Whether no error or warning appears, or moves to another place, when a value comes from `then` instead.

    Which scope a value comes from matters to rules about unlimited backorders, to limits while backorders are off, and
    to every finding that names the place.
    """
    if use.answer is not None:
        about = LIMITS if edit.key in LIMITS else (edit.key,)
        if any((use.answer.product.sku, use.answer.stock, key) in troubles for key in about):
            return False
    if edit.key == MANAGE_STOCK.key and not context.store.set_at(edit.place)[edit.key]:
        return False  # a product that is not managed by itself is intent, one that is so store-wide is not
    if use.item is None:
        return use.product is not None or _is_quiet_policy(context, edit, then)
    threshold, backorders = value_of(use.item.settings, THRESHOLD), use.item.settings[BACKORDERS.key]
    if edit.key == BACKORDERS.key and then.scope is Scope.DEFAULT:
        return backordered(use.item) or threshold >= 0
    if edit.key != THRESHOLD.key:
        return True
    if backordered(use.item):
        stays_narrow = NARROWNESS[then.scope] >= max(NARROWNESS[Scope.SOURCE], NARROWNESS[backorders.origin.scope])
        return bool(threshold) or stays_narrow
    return threshold >= 0 or backorders.origin.scope is not Scope.DEFAULT


def _is_quiet_policy(context: Context, edit: ValueEdit, then: Place) -> bool:
    """The same where there are no products: limits are left alone, and whether backorders are off by default."""
    if edit.key == BACKORDERS.key:
        return then.scope is not Scope.DEFAULT
    return edit.key != THRESHOLD.key or not context.store.set_at(edit.place)[edit.key]


def _pools_stay(context: Context, answer: Salability, removed: Set[WrittenValue]) -> bool:
    """Whether the same source items share a threshold whichever of the removed values are gone."""
    exposed = [
        (_exposed(context.chain(answer, item, THRESHOLD.key), THRESHOLD.key, removed), backordered(item))
        for item in answer.items
    ]
    return all(
        one == other or set(one).isdisjoint(other)
        for (one, taken), (other, also_taken) in combinations(exposed, 2)
        if taken == also_taken
    )


def _adds_up(answer: Salability) -> bool:
    """Whether two pools have allowances or reserves that could be said to add up."""
    signs = [pool.effective > 0 for pool in answer.pools if pool.effective]
    return answer.managed and len(signs) > len(set(signs))


def _effects(
    days: Sequence[Day], edits: Sequence[ValueEdit], answers: Set[Answer], troubles: Troubles
) -> tuple[HintEffect, ...]:
    """What changing edits do; nothing where that is not the same every day, where they concern many products, or where
    they cause an error or a warning."""
    skus = sorted({sku for sku, _ in answers})
    if not skus or len(skus) > MOST_CHANGED:
        return ()
    found: set[tuple[HintEffect, ...]] = set()
    for day in (each for each in days if each.is_about(set(skus))):
        store = day.store()
        # An edit of another product is nowhere in force, or has no answer to change.
        near = [edit for edit in edits if edit.place.product in (None, *skus)]
        effective = {edit for edit in near if not store.is_scheduled(edit.place, edit.key)}
        before = replace(store, products={sku: store.products[sku] for sku in skus})
        after = with_values(before, {edit.place: {edit.key: edit.value} for edit in effective})
        old, new = (Context(each, today=day.date) for each in (before, after))
        if troubles(new) - troubles(old):
            return ()
        found.add(tuple(effect for sku in skus for effect in _changes(old, new, sku, edits[0].key)))
    return found.pop() if len(found) == 1 else ()


def _changes(old: Context, new: Context, sku: str, key: str) -> Iterator[HintEffect]:
    several = len(old.store.stocks) > 1
    for before, after in zip(evaluate(old.store, sku), evaluate(new.store, sku), strict=True):
        if _figures(before, key) != _figures(after, key):
            yield HintEffect(sku, before.stock if several else None, key, before.salable, after.salable)


def _figures(answer: Salability, key: str) -> tuple[object, ...]:
    """All that an answer says, and the values in force of one setting."""
    values = [item.settings[key].value for item in answer.items] if key in OF_ITEMS else [answer.settings[key].value]
    pools = [pool.sources for pool in answer.pools]
    return (
        answer.status, answer.reason, answer.on_hand, answer.backorderable, answer.salable, answer.only_x_left,
        answer.low_stock, values, pools,
    )  # fmt: skip
