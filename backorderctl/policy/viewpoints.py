"""What is in force at one scope, from the viewpoint of each stock and source."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from backorderctl.errors import BackorderctlError
from backorderctl.policy.resolve import InForce, Level, ValuesInForce, in_force, levels, value_of
from backorderctl.store import settings
from backorderctl.store.model import (
    Place,
    ScheduleEntry,
    Store,
    Values,
    check_scope,
    keys_at,
    places_with_values,
    settings_at,
)
from backorderctl.store.settings import BACKORDERS, THRESHOLD, Scope, Value

if TYPE_CHECKING:  # one value needs no answer
    from backorderctl.policy.evaluate import Salability


class ViewedValue(NamedTuple):
    """A value in force at a source (None: for the product or scope as a whole), seen from a stock (None: from none).

    `product` is that which it is the value of; None for a scope that is wider.
    """

    stock: str | None
    source: str | None
    product: str | None
    value: InForce


def values_seen(store: Values, place: Place, key: str, *, stock: str | None = None) -> tuple[ViewedValue, ...]:
    """The setting's value at `place` from every viewpoint that `stock` leaves open.

    BackorderctlError when `place` has no such setting, or `stock` does not link its source.
    """
    check_scope(place, key)
    views = viewpoints(store, place, stock=stock)
    if key in settings.OF_PRODUCTS:
        views = tuple(dict.fromkeys((stock, None) for stock, _ in views))
    return tuple(
        ViewedValue(*view, place.product, in_force(store, stock=view[0], source=view[1], product=place.product)[key])
        for view in views
    )


def single_value(store: Store, place: Place, key: str, *, stock: str | None = None) -> InForce:
    """The one value in force at `place`; BackorderctlError, with all of them, where stocks or sources disagree."""
    found = values_seen(store, place, key, stock=stock)
    if len({each.value.value for each in found}) == 1:
        return found[0].value
    by_source = len({each.stock for each in found}) == 1
    name = place.source or place.product
    values = ", ".join(
        f"{_viewpoint(each, by_source=by_source, name=name)} {settings.format_value(each.value.value)}"
        for each in found
    )
    raise BackorderctlError(
        f"{name}: {key} differs by {'source' if by_source else 'stock'}: {values}",
        hint=_narrower(found, by_source=by_source),
    )


def _narrower(found: Sequence[ViewedValue], *, by_source: bool) -> str:
    """What to add so that one value is left, as far as that can be said of the first."""
    first = found[0]
    source, stock = f"--source {first.source}", f"--stock {first.stock}"
    if by_source:
        return source
    at_first = {each.value.value for each in found if each.stock == first.stock}
    return stock if len(at_first) == 1 or first.source is None else f"{stock} {source}"


class ChainLevel(NamedTuple):
    """One level of a chain: the place, the value that it sets or None, and the line of that value.

    `entry` is the one of the schedule that sets the value today, or removes the written one.
    """

    place: Place
    value: Value | None
    line: int | None
    wins: bool
    entry: ScheduleEntry | None


class Chain(NamedTuple):
    """How a setting gets its value, level by level, and what the evaluator makes of it.

    `effective` is the threshold that counts, for any other setting its value. `values` is all that is in force there.
    """

    seen: ViewedValue
    effective: Value
    values: ValuesInForce
    steps: tuple[ChainLevel, ...]


def chains(store: Store, place: Place, key: str, *, stock: str | None = None) -> Iterator[Chain]:
    """One chain for each viewpoint of `place` that `stock` leaves open, the narrowest level first."""
    for each in values_seen(store, place, key, stock=stock):
        at = {"stock": each.stock, "source": each.source, "product": place.product}
        values = in_force(store, **at)
        winner = each.value.origin
        steps = tuple(_step(store, level, key, wins=level.place == winner) for level in levels(store, **at))
        yield Chain(seen=each, effective=_effective(key, values), values=values, steps=steps)


def all_chains(store: Store, answer: "Salability") -> list[tuple[str, Chain]]:
    """The chains of every setting of a product, as the stock of `answer` sees it, by key."""
    place = Place(Scope.PRODUCT, product=answer.product.sku)
    return [(key, chain) for key in settings.SETTINGS for chain in chains(store, place, key, stock=answer.stock)]


def own_value(store: Values, place: Place, key: str) -> InForce | None:
    """The value that `place` itself sets, or None; BackorderctlError when it has no such setting."""
    check_scope(place, key)
    return next((found for found in written_values(store, place) if found.key == key), None)


def all_in_force(store: Store, place: Place, *, stock: str | None = None) -> Iterator[ViewedValue]:
    """Every setting in force at `place`, from every viewpoint that `stock` leaves open."""
    for key in keys_at(place):
        yield from values_seen(store, place, key, stock=stock)


def written_values(store: Values, place: Place | None = None) -> Iterator[InForce]:
    """Every value that is written in the file, or those that `place` sets, scope by scope from the widest."""
    for where in places_with_values(store) if place is None else (place,):
        for key, own_value in settings_at(store, where).items():
            yield InForce(key, own_value, where, store.lines)


def viewpoints(store: Values, place: Place, *, stock: str | None = None) -> tuple[tuple[str | None, str | None], ...]:
    """The stocks and sources through which `place` can be seen, as pairs; None for no stock or no source."""
    if place.scope in (Scope.GLOBAL, Scope.STOCK):
        return ((place.stock, None),)
    sources = (place.source,) if place.source else tuple(store.products[str(place.product)].items)
    stocks = (stock,) if stock else store.stocks
    linked = tuple((code, source) for code in stocks for source in store.stocks[code].sources if source in sources)
    if linked:
        return linked
    if stock and place.source:
        raise BackorderctlError(f"stock {stock!r} does not link source {place.source!r}")
    return tuple((None, source) for source in sources) if sources and not stock else ((stock, None),)


def _step(store: Store, level: Level, key: str, *, wins: bool) -> ChainLevel:
    path = (*level.place.path, key)
    value, entry = level.settings.get(key), store.lines.replaced.get(path)
    line = None if not level.place.path or (value is None and entry is None) else store.lines.line(path)
    return ChainLevel(place=level.place, value=value, line=line, wins=wins, entry=entry)


def _effective(key: str, values: ValuesInForce) -> Value:
    if key != THRESHOLD.key:
        return values[key].value
    from backorderctl.policy.evaluate import effective_threshold, takes_backorders

    backorders = takes_backorders(value_of(values, BACKORDERS))
    return effective_threshold(value_of(values, THRESHOLD), backorders=backorders)


def _viewpoint(each: ViewedValue, *, by_source: bool, name: str | None) -> str:
    """The stock and source of a viewpoint, without what all viewpoints of `name` have in common."""
    if by_source:
        return str(each.source)
    return f"{each.stock} ({each.source})" if each.source not in (None, name) else str(each.stock)
