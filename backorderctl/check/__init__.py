"""Policy that is legal and wrong: the rules that find it, and what is accepted of it."""

from collections.abc import Iterator
from datetime import date

from backorderctl.check.context import Violation, build_context
from backorderctl.check.findings import Finding, grouped
from backorderctl.check.rules import backorders, entities, quantities, style
from backorderctl.check.scope_usage import scope_usage
from backorderctl.check.suppressions import apply_suppressions
from backorderctl.store.model import Store


def check(store: Store, *, today: date) -> list[Finding]:
    """Everything that is wrong in the store and not accepted today, the worst first, then by code and line."""
    sifted = apply_suppressions(store, _hits(store), today)
    return grouped(store, [*sifted.left, *sifted.unsound])


def _hits(store: Store) -> Iterator[Violation]:
    seen = build_context(store)
    reached = scope_usage(seen)
    yield from backorders.unlimited(seen)
    yield from backorders.idle_limits(seen, reached)
    yield from backorders.never_shown(seen)
    yield from quantities.backorders_out_of_stock(seen)
    yield from quantities.all_reserve(seen)
    yield from quantities.notified_too_late(seen)
    yield from quantities.oversold(seen)
    yield from entities.no_source_item(seen)
    yield from entities.nothing_sold_from(seen)
    yield from entities.unsafe_skus(seen)
    yield from entities.shared_sources(seen)
    yield from style.needless_values(seen, reached)
