"""Which value wins: the order of the scopes, and the value in force at a place with its origin."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, cast

from backorderctl.store.model import Locations, Place, ScheduleEntry, Values, settings_at
from backorderctl.store.settings import Scope, Setting, Settings, V, Value


class InForce(NamedTuple):
    """A setting's value in force, and the place that it comes from."""

    key: str
    value: Value
    origin: Place
    lines: Locations

    @property
    def line(self) -> int | None:
        """The line of the store file that has the value; None for a default."""
        return self.lines.line((*self.origin.path, self.key)) if self.origin.path else None

    @property
    def entry(self) -> ScheduleEntry | None:
        """The entry of the schedule that gives the value today; None for one that is written at its place."""
        return self.lines.replaced.get((*self.origin.path, self.key))


ValuesInForce = Mapping[str, InForce]
"""Every setting's value in force at one place, by key."""


class Level(NamedTuple):
    """One level between the narrowest scope and the default, with the values that it sets."""

    place: Place
    settings: Settings


def levels(
    store: Values, *, stock: str | None = None, source: str | None = None, product: str | None = None
) -> Iterator[Level]:
    """The levels that can set a value for a product at a source in a stock, the narrowest first."""
    if product is not None:
        if source is not None and store.products[product].item_settings(source) is not None:
            yield _level(store, Place(Scope.SOURCE_ITEM, source=source, product=product))
        yield _level(store, Place(Scope.PRODUCT, product=product))
    if source is not None:
        yield _level(store, Place(Scope.SOURCE, source=source))
    if stock is not None:
        yield _level(store, Place(Scope.STOCK, stock=stock))
    yield _level(store, Place(Scope.GLOBAL))
    yield _level(store, Place(Scope.DEFAULT))


def in_force(
    store: Values, *, stock: str | None = None, source: str | None = None, product: str | None = None
) -> ValuesInForce:
    """The value in force of every setting, by key, with its origin."""
    found: ValuesInForce = {}
    for level in reversed(tuple(levels(store, stock=stock, source=source, product=product))):
        found = {**found, **values_of(level, store.lines)}
    return found


def value_of(values: ValuesInForce, setting: Setting[V]) -> V:
    """The value of one setting among `values`, with the type of that setting."""
    return cast("V", values[setting.key].value)


def _level(store: Values, place: Place) -> Level:
    return Level(place, settings_at(store, place))


def values_of(level: Level, lines: Locations) -> ValuesInForce:
    """The values that a level sets, with itself as their origin."""
    return {key: InForce(key, value, level.place, lines) for key, value in level.settings.items()}
