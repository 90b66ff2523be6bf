"""What a rule looks at: a store, what it answers for every product, and where its values are used."""

from collections.abc import Iterator
from datetime import date
from functools import cached_property
from typing import TypedDict, cast

from backorderctl.check.scope_usage import ScopeUsage, scope_usage
from backorderctl.policy import viewpoints
from backorderctl.policy.evaluate import ItemInForce, Salability, evaluate_all, takes_backorders
from backorderctl.policy.resolve import InForce, value_of
from backorderctl.store.kinds import V
from backorderctl.store.model import Place, Store
from backorderctl.store.settings import BACKORDERS, Scope, Setting

NARROWNESS = {scope: number for number, scope in enumerate(Scope)}
"""How specific a scope is, from the default on."""


class Context:
    """A store on one day, and what follows from it; each part is computed when a rule first asks for it."""

    def __init__(self, store: Store, *, today: date) -> None:
        self.store = store
        self.today = today

    @cached_property
    def answers(self) -> tuple[Salability, ...]:
        """What every product offers in each stock that links one of its sources."""
        products = [product for product in self.store.products.values() if product.items]
        return tuple(answer for answer in evaluate_all(self.store, products) if answer.items)

    @cached_property
    def managed(self) -> tuple[Salability, ...]:
        """The answers for which quantities count."""
        return tuple(answer for answer in self.answers if answer.managed)

    @cached_property
    def written(self) -> tuple[InForce, ...]:
        """Every value that is written, with its place."""
        return tuple(viewpoints.written_values(self.store))

    @cached_property
    def usage(self) -> ScopeUsage:
        """Where every written value is in force, and what would be in force in its stead."""
        return scope_usage(self.store, self.answers)

    def set_by(self, setting: Setting[V]) -> Iterator[tuple[Place, V]]:
        """Every place that sets a value of this setting, with the value."""
        return ((each.origin, cast("V", each.value)) for each in self.written if each.key == setting.key)


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


def describe_scope(place: Place) -> str:
    """A place in words that stand alone: `the default`, `stock eu`, `product 24-MB01`, `24-MB01 at lyon`."""
    match place.scope:
        case Scope.DEFAULT:
            return "the default"
        case Scope.STOCK:
            return f"stock {place.stock}"
        case Scope.SOURCE:
            return f"source {place.source}"
        case Scope.PRODUCT:
            return f"product {place.product}"
        case Scope.SOURCE_ITEM:
            return f"{place.product} at {place.source}" if place.product else f"source {place.source}"
    return place.scope.value


def in_stock(answer: Salability, store: Store) -> str:
    """` in eu`, where a figure could be that of another stock."""
    return f" in {answer.stock}" if len(store.stocks) > 1 else ""


def scope_options(place: Place) -> tuple[str, ...]:
    """The options that name a place on the command line."""
    options = (("--stock", place.stock), ("--product", place.product), ("--source", place.source))
    return tuple(word for option, name in options if name is not None for word in (option, name))
