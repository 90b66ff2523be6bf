"""What a rule looks at: a store, what it answers for every product, and where its values are used."""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple, TypedDict, cast

from backorderctl.check.scope_usage import (
    Chains,
    Fallbacks,
    PlaceChain,
    Populated,
    chain,
    fallbacks,
    populated,
    view_chains,
)
from backorderctl.policy import viewpoints
from backorderctl.policy.evaluate import ItemInForce, Salability, evaluate_all, takes_backorders
from backorderctl.policy.resolve import InForce, value_of
from backorderctl.store.model import ENABLED, Place, Product, Store, StoreFile
from backorderctl.store.settings import BACKORDERS, Scope, Setting, V, Value, format_value
from backorderctl.toml.change import KeyPath

NARROWNESS = {scope: number for number, scope in enumerate(Scope)}
"""How specific a scope is, from the default on."""


class Judgement(NamedTuple):
    """How a rule judges a place by all products together that have a value of it in force.

    `uses` finds what each product contributes, as hashable facts; `judge` concludes from all facts of a place.
    """

    uses: Callable[["Context"], Iterable[tuple[Place, Hashable]]]
    judge: Callable[[Collection[Hashable]], Hashable]


Facts = dict[Place, Counter[Hashable]]
"""How often each fact is contributed to the judgement of each place."""


class Context:
    """A store file on one day, and what follows from it; each part is computed when a rule first asks for it.

    `products` are those that are looked at: all of the store, or those that differ from a day that has been looked at
    before. For the others, `facts` holds what they contribute to the judgements, and `known` what has source items.
    """

    def __init__(
        self,
        file: StoreFile,
        store: Store,
        *,
        products: Mapping[str, Product] | None = None,
        facts: Mapping[Judgement, Facts] | None = None,
        known: Populated | None = None,
    ) -> None:
        self.file = file
        self.store = store
        self.today = store.day
        self.products = store.products if products is None else products
        self.is_whole = products is None
        self.facts = dict(facts or {})
        self._known = known

    @cached_property
    def answers(self) -> tuple[Salability, ...]:
        """What every product offers in each stock that links one of its sources."""
        products = [product for product in self.products.values() if product.items]
        return tuple(answer for answer in evaluate_all(self.store, products) if answer.items)

    @cached_property
    def answers_of(self) -> Mapping[str, Sequence[Salability]]:
        """The answers of each product that has some, by SKU."""
        found: dict[str, list[Salability]] = {}
        for answer in self.answers:
            found.setdefault(answer.product.sku, []).append(answer)
        return found

    @cached_property
    def managed(self) -> tuple[Salability, ...]:
        """The answers for which quantities count."""
        return tuple(answer for answer in self.answers if answer.managed)

    @cached_property
    def written(self) -> tuple[InForce, ...]:
        """Every value that is written, with its place; of products those that are looked at."""
        return tuple(viewpoints.written_values(replace(self.store, products=self.products)))

    @cached_property
    def chains(self) -> Chains:
        """The places that set each value, by view, for a product that sets none itself."""
        return view_chains(self.store)

    @cached_property
    def populated(self) -> Populated:
        """The stocks, sources and products that have source items."""
        return populated(self.answers) if self._known is None else self._known

    @cached_property
    def fallbacks(self) -> Fallbacks:
        """What would be in force without each value that is in force."""
        return fallbacks(self.store, self.answers, self.chains)

    @cached_property
    def open_sources(self) -> frozenset[str]:
        """The sources that are enabled, or closed for some days by an entry with a reason: a plan and no mistake."""

        def is_planned(code: str) -> bool:
            entry = self.store.lines.replaced.get((*Place(Scope.SOURCE, source=code).path, ENABLED))
            return entry is not None and entry.reason is not None

        return frozenset(code for code, source in self.store.sources.items() if source.enabled or is_planned(code))

    def chain(self, answer: Salability, item: ItemInForce, key: str) -> PlaceChain:
        """The places that set a value for a source item, the narrowest first."""
        return chain(self.chains, (answer.stock, item.source), answer.product, key)

    def facts_of(self, judgement: Judgement) -> Facts:
        """What all products of the store contribute to a judgement."""
        if judgement not in self.facts:
            self.facts[judgement] = contributed(self, judgement)
        return self.facts[judgement]

    def conclusion(self, judgement: Judgement, place: Place) -> Hashable:
        """What the rule says of the place, by all products of the store."""
        return judgement.judge(self.facts_of(judgement).get(place, ()))

    def set_by(self, setting: Setting[V]) -> Iterator[tuple[Place, V]]:
        """Every place that sets a value of this setting, with the value."""
        return ((each.origin, cast("V", each.value)) for each in self.written if each.key == setting.key)


def contributed(context: Context, judgement: Judgement) -> Facts:
    """What the products that a context looks at contribute to the judgement of each place."""
    facts: Facts = {}
    for place, fact in judgement.uses(context):
        facts.setdefault(place, Counter())[fact] += 1
    return facts


def counting(answer: Salability) -> Iterator[ItemInForce]:
    """The source items of a product that count."""
    return (item for item in answer.items if item.excluded is None)


def backordered(item: ItemInForce) -> bool:
    """Whether backorders are on for a source item."""
    return takes_backorders(value_of(item.settings, BACKORDERS))


class Subject(TypedDict):
    """The product that a violation is about, its stock and, where one is meant, its source."""

    stock: str | None
    source: str | None
    product: str


def subject(answer: Salability, item: ItemInForce | None = None) -> Subject:
    """What a violation is about, under the names of its fields."""
    return {"stock": answer.stock, "source": item.source if item else None, "product": answer.product.sku}


def reserved_path(sku: str, stock: str | None) -> KeyPath:
    """Where the reservation of a product in a stock is written."""
    return ("products", sku, "stocks", str(stock), "reserved")


def describe_scope(place: Place) -> str:
    """A scope as it is named inside a sentence about many products: `the default`, `stock eu`, `the product`."""
    match place.scope:
        case Scope.STOCK:
            return f"stock {place.stock}"
        case Scope.SOURCE:
            return f"source {place.source}"
        case Scope.GLOBAL:
            return "global"
    return f"the {place.scope.replace('_', ' ')}"


def describe_written(place: Place, value: Value) -> tuple[str, str]:
    """How a sentence states a written value: ` = 5` where it is one for all products, else as a product's detail."""
    text = format_value(value)
    return (f" = {text}", "") if place.product is None else ("", text)


def in_stock(answer: Salability, store: Store) -> str:
    """` in eu`, where a figure could be that of another stock."""
    return f" in {answer.stock}" if len(store.stocks) > 1 else ""
