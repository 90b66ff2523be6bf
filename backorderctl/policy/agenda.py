"""The days on which entries of the schedule begin or end, and what follows on each."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from backorderctl.policy.diff import Answers, Difference, SettingChange, difference_at, reaches
from backorderctl.policy.unreached import Unreached, unreached
from backorderctl.store.model import Place, Product, ScheduleEntry, Store, StoreFile
from backorderctl.store.schedule import changeovers
from backorderctl.store.settings import SETTINGS


@dataclass(frozen=True, slots=True)
class AgendaDay:
    """A day on which entries begin or have ended, and what changes from the day before; `store` is that of the day.

    `unreached` are the narrower scopes that keep another value than one that begins or ends.
    """

    day: date
    begins: tuple[ScheduleEntry, ...]
    ends: tuple[ScheduleEntry, ...]
    difference: Difference
    unreached: tuple[Unreached, ...]
    store: Store


def agenda(store: StoreFile, *, after: date, until: date, product: Product | None = None) -> Iterator[AgendaDay]:
    """The days after the first and up to the last on which something begins or ends, in order.

    With a product, only what reaches it. Each day evaluates again only the products that its entries reach.
    """
    entries = [entry for entry in store.schedule if product is None or reaches(store, entry.place, product)]
    before = store.on(after)
    answers: Answers = {}
    for changeover in changeovers(entries, after=after, until=until):
        now = store.on(changeover.day)
        changes = difference_at(before, now, changeover.places, answers, product=product and product.sku)
        kept = tuple(row for change in changes.settings for row in _unreached(now, change, product))
        yield AgendaDay(changeover.day, tuple(changeover.begins), tuple(changeover.ends), changes, kept, now)
        before = now


def _unreached(store: Store, change: SettingChange, product: Product | None) -> tuple[Unreached, ...]:
    """What a change does not reach; nothing where the agenda is that of one product, which lists what does reach it."""
    if product is not None or change.key not in SETTINGS:
        return ()
    return unreached(store, {(change.place, change.key)})


def of_stock(day: AgendaDay, stock: str) -> AgendaDay | None:
    """What of a day reaches the products of a stock; None where nothing does."""
    store = day.store
    sources = store.stocks[stock].sources

    def concerns(place: Place) -> bool:
        sold = place.product is None or not store.products[place.product].items.keys().isdisjoint(sources)
        return place.stock in (None, stock) and (place.source is None or place.source in sources) and sold

    begins, ends = (tuple(entry for entry in entries if concerns(entry.place)) for entries in (day.begins, day.ends))
    if not (begins or ends):
        return None
    changes = day.difference
    settings = tuple(change for change in changes.settings if concerns(change.place))
    products = tuple(change for change in changes.products if change.stock == stock)
    kept = tuple(row for row in day.unreached if concerns(row.place))
    return replace(
        day, begins=begins, ends=ends, difference=replace(changes, settings=settings, products=products), unreached=kept
    )
