"""Which edits are offered as hints: those that are safe whichever of them are typed, in any order.

An edit is neutral when no value in force and no answer changes, on any day that is checked; else it is changing, and
the finding states what changes. Edits are chosen from the narrowest scope to the widest, then by line, and one that is
not safe together with those already chosen is left out.

Every subset of the chosen edits is safe because any subset of neutral ones changes nothing (see `neutral_edits`), and a
changing one shares no answer with any other edit.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from backorderctl.check.context import NARROWNESS, Context
from backorderctl.check.neutral_edits import ProductInStock, all_neutral, concerned
from backorderctl.check.registry import ValueEdit
from backorderctl.check.scope_usage import WrittenValue
from backorderctl.errors import CommandLine
from backorderctl.policy.evaluate import Salability, evaluate
from backorderctl.store.model import Place, Store, StoreFile, is_scheduled, with_values
from backorderctl.store.settings import OF_ITEMS

MOST_CHANGED = 3
"""The most products that a changing hint may concern."""


class Trouble(NamedTuple):
    """An error or a warning about a product in a stock, accepted or not: of which rule, and where its cause is."""

    code: str
    place: Place
    key: str | None
    sku: str | None
    stock: str | None


FindTroubles = Callable[[Context], set[Trouble]]
"""Finds the errors and warnings of a store on one day."""


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

    The answers of the first day are kept. Those of any other are computed again where an edit concerns them, since the
    answers of all days would fill the memory.
    """

    def __init__(self, file: StoreFile, context: Context, troubles: Collection[Trouble], *, is_first: bool) -> None:
        self.troubles = {(each.sku, each.stock, each.key) for each in troubles}
        self.file = file
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
        return Context(self.file, store, products=products, known=self._known)

    def store(self) -> Store:
        """The store of the day."""
        return self.file.on(self.date) if self._kept is None else self._kept.store


def choose(days: Sequence[Day], candidates: Iterable[Candidate], find_troubles: FindTroubles) -> dict[int, Chosen]:
    """The safe candidates, by number; each written value is changed by one of them at most."""
    edited: set[WrittenValue] = set()
    removed: set[WrittenValue] = set()
    touched: set[ProductInStock] = set()
    changed: set[ProductInStock] = set()
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
            effects = _effects(days, candidate.edits, answers, find_troubles)
            changed |= answers if effects else set()
        if effects or written <= removed:
            edited |= written
            touched |= answers
            chosen[candidate.number] = Chosen(candidate.command, effects)
    return chosen


def _looked_at(
    days: Iterable[Day], edits: Collection[ValueEdit], removed: Set[WrittenValue]
) -> tuple[set[ProductInStock], bool]:
    """The answers that edits concern on any day, and whether the edits are neutral on all days."""
    named = {edit.place.product for edit in edits}
    skus = None if None in named else {str(sku) for sku in named}
    answers: set[ProductInStock] = set()
    neutral = True
    for day in days:
        if day.is_about(skus):
            context = day.context(skus)
            answers.update(answer for edit in edits for answer in concerned(context, edit))
            neutral = neutral and all_neutral(context, day.troubles, edits, removed)
    return answers, neutral


def _narrowest_first(candidate: Candidate) -> tuple[int, int]:
    return -max(NARROWNESS[edit.place.scope] for edit in candidate.edits), candidate.line


def _effects(
    days: Sequence[Day], edits: Sequence[ValueEdit], answers: Set[ProductInStock], find_troubles: FindTroubles
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
        effective = {edit for edit in near if not is_scheduled(store, edit.place, edit.key)}
        before = replace(store, products={sku: store.products[sku] for sku in skus})
        after = with_values(before, {edit.place: {edit.key: edit.value} for edit in effective})
        old, new = (Context(day.file, each) for each in (before, after))
        if find_troubles(new) - find_troubles(old):
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
