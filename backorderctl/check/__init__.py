"""Policy that is legal and wrong: the rules that find it, and what is accepted of it."""

from collections.abc import Iterator
from datetime import date

from backorderctl.check import goods, limits, places, redundancy
from backorderctl.check.accepts import sift
from backorderctl.check.findings import Finding, grouped
from backorderctl.check.hits import Hit, scene
from backorderctl.check.reach import reach
from backorderctl.store import Store


def check(store: Store, *, today: date) -> list[Finding]:
    """Everything that is wrong in the store and not accepted today, the worst first, then by code and line."""
    sifted = sift(store, _hits(store), today)
    return grouped(store, [*sifted.left, *sifted.unsound])


def _hits(store: Store) -> Iterator[Hit]:
    seen = scene(store)
    reached = reach(seen)
    yield from limits.unlimited(seen)
    yield from limits.idle_limits(seen, reached)
    yield from limits.never_shown(seen)
    yield from goods.backorders_out_of_stock(seen)
    yield from goods.all_reserve(seen)
    yield from goods.notified_too_late(seen)
    yield from goods.oversold(seen)
    yield from places.no_source_item(seen)
    yield from places.nothing_sold_from(seen)
    yield from places.unsafe_skus(seen)
    yield from places.shared_sources(seen)
    yield from redundancy.needless_values(seen, reached)
