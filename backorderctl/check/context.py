"""What a rule looks at, and one thing that it found there."""

from collections.abc import Iterator
from typing import NamedTuple, TypedDict, cast

from backorderctl.check.registry import Severity
from backorderctl.policy import viewpoints
from backorderctl.policy.evaluate import ItemInForce, Salability, evaluate_all, takes_backorders
from backorderctl.policy.resolve import InForce, value_of
from backorderctl.store.model import Path, Place, Store
from backorderctl.store.settings import BACKORDERS, Kind, Scope, Setting

NARROWNESS = {scope: number for number, scope in enumerate(Scope)}
"""How specific a scope is, from the default on."""


Words = tuple[str, ...]
"""A command to type, without the program's name."""


class Context(NamedTuple):
    """A store, and what its products offer in each stock that has a source item of theirs."""

    store: Store
    answers: tuple[Salability, ...]
    managed: tuple[Salability, ...]
    """Those for which quantities count: no rule about quantities looks at the others."""
    written: tuple[InForce, ...]
    """Every value that is written, with its place."""

    def set_by(self, setting: Setting[Kind]) -> Iterator[tuple[Place, Kind]]:
        """Every place that sets a value of this setting, with the value."""
        return ((each.origin, cast("Kind", each.value)) for each in self.written if each.key == setting.key)


class Violation(NamedTuple):
    """One rule broken once: by what stands at `place` under `key`, for a product in a stock at a source.

    `says` is the same for all that one cause does, `detail` is about this product alone, and hits that `gather` are
    told together though each has a place of its own.
    """

    code: str
    place: Place
    says: str
    key: str | None = None
    stock: str | None = None
    source: str | None = None
    product: str | None = None
    detail: str = ""
    hint: Words = ()
    severity: Severity | None = None
    gather: bool = False
    accept: Path = ()
    """Of a hit about an accept: where that stands in the file."""

    @property
    def path(self) -> Path:
        """Where it stands in the file."""
        return self.accept or ((*self.place.path, self.key) if self.key else self.place.path)


def build_context(store: Store) -> Context:
    """What the rules look at."""
    products = [product for product in store.products.values() if product.items]
    answers = tuple(answer for answer in evaluate_all(store, products) if answer.items)
    managed = tuple(answer for answer in answers if answer.managed)
    return Context(store, answers, managed, tuple(viewpoints.written_values(store)))


def counting(answer: Salability) -> Iterator[ItemInForce]:
    """The source items of a product that count."""
    return (item for item in answer.items if item.excluded is None)


def backordered(item: ItemInForce) -> bool:
    """Whether backorders are on for a source item."""
    return takes_backorders(value_of(item.settings, BACKORDERS))


class Seen(TypedDict):
    """The product that a hit is about, the stock that sees it and, where one is meant, the source."""

    stock: str | None
    source: str | None
    product: str


def seen(answer: Salability, item: ItemInForce | None = None) -> Seen:
    """What a hit is about, under the names of its fields."""
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
