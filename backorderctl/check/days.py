"""The days that are checked: today, and each coming day on which an entry of the schedule begins or ends."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date

from backorderctl.check.context import Context, Facts, Judgement, contributed
from backorderctl.check.registry import Rule, Span
from backorderctl.store.model import Product, Store, StoreFile
from backorderctl.store.schedule import Changeover, changeovers


def contexts(file: StoreFile, rules: Iterable[Rule], *, today: date) -> Iterator[Context]:
    """What the rules look at on each of the days: all products today, and then those that differ from the day before.

    A day is looked at as a whole where something of a wider scope begins or ends, where a rule judges all products
    together, and where the products that differ change what a rule concludes about a wider scope.
    """
    whole = any(rule.span is Span.STORE for rule in rules)
    judgements = [rule.judgement for rule in rules if rule.judgement is not None]
    before = Context(file, file.on(today))
    yield before
    if not (coming := changeovers(file.schedule, after=today)):
        return
    facts = {each: before.facts_of(each) for each in judgements}
    order = {sku: number for number, sku in enumerate(file.products)}
    known, yesterday = before.populated, before.store
    for changeover in coming:
        now = file.on(changeover.day)
        products = None if whole else _reached(now, changeover, order)
        context = Context(file, now, known=known)
        if products is not None:
            old = Context(
                file,
                replace(yesterday, day=changeover.day),
                products={sku: yesterday.products[sku] for sku in products},
            )
            new = Context(file, now, products=products, facts=facts, known=known)
            if all(_conclusions_stay(judgement, old, new) for judgement in judgements):
                context = new
        yield context
        if context.is_whole:
            facts = {each: context.facts_of(each) for each in judgements}
        yesterday = now


def _reached(store: Store, changeover: Changeover, order: Mapping[str, int]) -> Mapping[str, Product] | None:
    """The products at which something begins or ends, in the order of the file; None where that may be any."""
    skus = [place.product for place in changeover.places if place.product is not None]
    if len(skus) < len(changeover.places):
        return None
    return {sku: store.products[sku] for sku in sorted(set(skus), key=order.__getitem__)}


def _conclusions_stay(judgement: Judgement, old: Context, new: Context) -> bool:
    """Whether the conclusion about each wider scope stays the same; brings the facts of `new` from `old` to its day."""
    facts = new.facts[judgement]
    gone, come = contributed(old, judgement), contributed(new, judgement)
    wide = [place for place in {**gone, **come} if place.product is None]
    concluded = [new.conclusion(judgement, place) for place in wide]
    _move(facts, gone, come)
    return concluded == [new.conclusion(judgement, place) for place in wide]


def _move(facts: Facts, gone: Facts, come: Facts) -> None:
    for place in {**gone, **come}:
        left = facts.get(place, Counter()) - gone.get(place, Counter()) + come.get(place, Counter())
        facts.pop(place, None)
        if left:
            facts[place] = left
