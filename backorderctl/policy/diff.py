"""What changes in effect between two stores: the values that are written, and what follows for each product."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from backorderctl.policy.evaluate import Salability, evaluate_each
from backorderctl.policy.product_changes import Consequence, ProductChange, product_changes, whole_product
from backorderctl.policy.unreached import Unreached, unreached
from backorderctl.store.model import (
    Place,
    Product,
    ScheduleEntry,
    Stock,
    Store,
    Values,
    places_with_values,
    settings_at,
)
from backorderctl.store.settings import Scope, Value

Written = tuple[Place, str]
"""A place and the key of what is written there."""
Anything = Value | str | bool
"""What can be written: a value, or what a source or stock itself is."""

STOCK_CODE = "code"
"""What changes of a stock that is renamed; it reaches no product."""


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A written value that changes, None where it is not set; `products` is how many changed products it reaches."""

    place: Place
    key: str
    old: Anything | None
    new: Anything | None
    products: int


@dataclass(frozen=True, slots=True)
class EntryChange:
    """An entry of the schedule that is added (`old` is None), removed (`new` is None) or changed.

    `effect` is what that changes on `day`, the first coming day on which it changes anything; None where no such day
    is to come.
    """

    old: ScheduleEntry | None
    new: ScheduleEntry | None
    day: date | None
    effect: "Difference"


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that changes in effect, in the order of the files."""

    settings: tuple[SettingChange, ...]
    products: tuple[ProductChange, ...]
    schedule: tuple[EntryChange, ...] = ()
    unreached: tuple[Unreached, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything changes."""
        return bool(self.settings or self.products or self.schedule)


NO_DIFFERENCE = Difference((), ())


def difference(old: Store, new: Store, *, written: tuple[Values, Values] | None = None) -> Difference:
    """What changes from one store to the other; nothing for another order, comments or formatting.

    A stock that only has another code is one change of its `code`; its products are compared under the new one. The
    settings are those of the stores `written`, where these are stores on a day.
    """
    renamed = _renamed_stocks(old, new)
    old_written, new_written = written or (old, new)
    before, after = _without_common_products(old_written, new_written)
    settings = _setting_changes(_written(before, renamed), _written(after, renamed))
    found = _difference(settings, _changed_products(old, new, renamed), renamed)
    return replace(found, unreached=unreached(new_written, settings.keys()))


def _without_common_products(old: Values, new: Values) -> tuple[Values, Values]:
    """The two without the products that are one and the same object, as after a change of a few of them."""
    both = old.products.keys() & new.products.keys()
    same = {sku for sku in both if old.products[sku] is new.products[sku]}
    if not same:
        return old, new
    olds, news = ({sku: each for sku, each in store.products.items() if sku not in same} for store in (old, new))
    return replace(old, products=olds), replace(new, products=news)


Answers = dict[str, tuple[Salability, ...]]
"""What products offer, by SKU, in all stocks that reach each."""


def difference_at(
    old: Store, new: Store, places: Collection[Place], answers: Answers, *, product: str | None = None
) -> Difference:
    """The same for two days of one store that differ only in what is set at these places.

    Only the products that the places reach are evaluated, or of these the one with the SKU `product`. `answers` holds
    what products offer in the old store, as far as it is known, and then what they offer in the new one.
    """
    settings = _setting_changes(_written_at(old, places), _written_at(new, places))
    skus = _reached(new, {place for place, _ in settings}) if product is None else [product]
    unknown = [sku for sku in skus if sku not in answers]
    answers.update(zip(unknown, _answers(old, unknown), strict=True))

    def changed() -> Iterator[tuple[Sequence[ProductChange], Sequence[Salability]]]:
        """The changes of each product that has any, with its answers before and after, which `answers` then keeps."""
        for sku, news in zip(skus, _answers(new, skus), strict=True):
            olds, answers[sku] = answers[sku], news
            if changes := product_changes(olds, news, {}):
                yield changes, (*olds, *news)

    return _difference(settings, changed(), {})


def _difference(
    settings: Mapping[Written, tuple[Anything | None, Anything | None]],
    changed: Iterable[tuple[Sequence[ProductChange], Sequence[Salability]]],
    renamed: Mapping[str, str],
) -> Difference:
    """The changes with the number of products that each setting reaches; `changed` are the changes of each product."""
    reached: dict[str, dict[Place, int]] = {}
    for place, key in settings:
        reached.setdefault(key, {})[place] = 0
    products: list[ProductChange] = []
    for changes, answers in changed:
        products += changes
        for key, counts in reached.items():
            if key != STOCK_CODE:
                origins = {place for answer in answers for place in _origins(answer, key)}
                for place in {_under_new_code(place, renamed) for place in origins} if renamed else origins:
                    if place in counts:
                        counts[place] += 1
    return Difference(
        tuple(SettingChange(*at, *values, products=reached[at[1]][at[0]]) for at, values in settings.items()),
        tuple(products),
    )


def _written_at(store: Values, places: Iterable[Place]) -> dict[Written, Anything]:
    """What is in force at these places, whether or not their sources count included."""
    found: dict[Written, Anything] = {
        (at, key): value for at in places for key, value in settings_at(store, at).items()
    }
    for at in places:
        if at.scope is Scope.SOURCE:
            found[at, "enabled"] = store.sources[str(at.source)].enabled
    return found


def _reached(store: Values, places: Collection[Place]) -> list[str]:
    """The products whose answers depend on what is set at one of these places."""
    own = {place.product for place in places if place.product is not None}
    if not (wide := [place for place in places if place.product is None]):
        return [str(sku) for sku in own]
    return [
        sku
        for sku, product in store.products.items()
        if sku in own or any(reaches(store, place, product) for place in wide)
    ]


def reaches(store: Values, place: Place, product: Product) -> bool:
    """Whether what the product offers depends on what is set at the place."""
    match place.scope:
        case Scope.GLOBAL:
            return True
        case Scope.STOCK:
            return not product.items.keys().isdisjoint(store.stocks[str(place.stock)].sources)
        case Scope.SOURCE:
            return place.source in product.items
    return place.product == product.sku


def _renamed_stocks(old: Values, new: Store) -> dict[str, str]:
    """The new code of each old stock that is in the new store under another: it has the same sources or channels."""
    renamed: dict[str, str] = {}
    added = [stock for code, stock in new.stocks.items() if code not in old.stocks]
    for stock in old.stocks.values():
        match = next((each for each in added if _same_stock(stock, each)), None)
        if stock.code not in new.stocks and match is not None:
            renamed[stock.code] = match.code
            added.remove(match)
    return renamed


def _same_stock(one: Stock, other: Stock) -> bool:
    return set(one.sources) == set(other.sources) or one.channels == other.channels != ()


def _setting_changes(
    before: Mapping[Written, Anything], after: Mapping[Written, Anything]
) -> dict[Written, tuple[Anything | None, Anything | None]]:
    """The old and the new of every written value that changes."""
    changes: dict[Written, tuple[Anything | None, Anything | None]] = {}
    for at in {**before, **after}:
        was, now = before.get(at), after.get(at)
        if was != now:
            changes[at] = (was, now)
    return changes


def _written(store: Values, renamed: Mapping[str, str]) -> dict[Written, Anything]:
    """Every written value, and what the sources and stocks themselves are; a renamed stock under its new code."""
    found: dict[Written, Anything] = {
        (_under_new_code(at, renamed) if renamed else at, key): value
        for at in places_with_values(store)
        for key, value in settings_at(store, at).items()
    }
    for source in store.sources.values():
        found[Place(Scope.SOURCE, source=source.code), "enabled"] = source.enabled
    for stock in store.stocks.values():
        place = Place(Scope.STOCK, stock=renamed.get(stock.code, stock.code))
        if place.stock in renamed.values():
            found[place, STOCK_CODE] = stock.code
        elif not stock.declared:
            continue
        found |= {(place, "sources"): ", ".join(stock.sources), (place, "channels"): ", ".join(stock.channels)}
    return found


def _under_new_code(place: Place, renamed: Mapping[str, str]) -> Place:
    return place._replace(stock=renamed.get(place.stock, place.stock)) if place.stock else place


def _changed_products(
    old: Store, new: Store, renamed: Mapping[str, str]
) -> Iterator[tuple[Sequence[ProductChange], Sequence[Salability]]]:
    """Each product that changes: its changes, and what it offers before and after."""
    both = _worth_comparing(old, new)
    for olds, news in zip(_answers(old, both), _answers(new, both), strict=True):
        if changes := product_changes(olds, news, renamed):
            yield changes, (*olds, *news)
    for answers in _answers(new, [sku for sku in new.products if sku not in old.products]):
        yield whole_product(answers, Consequence.ADDED), answers
    for answers in _answers(old, [sku for sku in old.products if sku not in new.products]):
        yield whole_product(answers, Consequence.REMOVED), answers


def _worth_comparing(old: Store, new: Store) -> list[str]:
    """The products of both stores that may differ: all, or the changed ones where all else is equal."""
    around = (old.settings, old.stocks, old.sources) != (new.settings, new.stocks, new.sources)
    return [
        sku for sku, product in old.products.items() if sku in new.products and (around or product != new.products[sku])
    ]


def _answers(store: Store, skus: Iterable[str]) -> Iterator[tuple[Salability, ...]]:
    """What each of the products offers, in all stocks that reach it."""
    return evaluate_each(store, (store.products[sku] for sku in skus))


def _origins(answer: Salability, key: str) -> list[Place]:
    """The places that the answer's values of a setting come from; for any other key its stock and sources."""
    if key in answer.settings:
        found = [answer.settings]
        for item in answer.items:
            if item.settings is not found[-1]:  # source items without values of their own share them
                found.append(item.settings)
        return [values[key].origin for values in found]
    stock = [] if answer.stock is None else [Place(Scope.STOCK, stock=answer.stock)]
    return [*stock, *[Place(Scope.SOURCE, source=item.source) for item in answer.items]]
