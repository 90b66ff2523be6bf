"""A salable quantity as arithmetic that a person can check with a pencil."""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from backorderctl.policy.evaluate import Pool, Salability
from backorderctl.store import settings
from backorderctl.store.scalars import ZERO, format_quantity


class Term(NamedTuple):
    """One line of the sum: what it is, how it is computed, and the result; None for no limit.

    `pool` counts the pools from 0 and is None for the product as a whole.
    """

    name: str
    pool: int | None
    sources: tuple[str, ...]
    expression: str
    result: Decimal | None


def terms(answer: Salability) -> Iterator[Term]:
    """The sum from the source items to the salable quantity; no lines where stock is not managed or nothing counts."""
    for number, pool in enumerate(answer.pools):
        yield from _pool(number, pool, [item.quantity for item in answer.items if item.source in pool.sources])
    if answer.pools and answer.on_hand is not None:
        yield from _product(answer, answer.on_hand)


def _pool(number: int, pool: Pool, quantities: list[Decimal]) -> Iterator[Term]:
    yield Term("quantity", number, pool.sources, " + ".join(map(_signed, quantities)), pool.quantity)
    clamp = "min" if pool.backorders else "max"
    yield Term(
        "threshold", number, pool.sources, f"{clamp}({settings.format_value(pool.threshold.value)}, 0)", pool.effective
    )
    reserve = max(pool.effective, ZERO)
    yield Term("on_hand", number, pool.sources, _floored(pool.quantity, reserve), pool.on_hand)
    if pool.backorderable is None:
        yield Term("backorderable", number, pool.sources, "backorders are on and the threshold is 0", None)
    elif pool.backorders:
        salable = max(pool.quantity - pool.effective, ZERO)
        yield Term("salable", number, pool.sources, _floored(pool.quantity, pool.effective), salable)
        yield Term(
            "backorderable",
            number,
            pool.sources,
            f"{format_quantity(salable)} - {format_quantity(pool.on_hand)}",
            pool.backorderable,
        )


def _product(answer: Salability, on_hand: Decimal) -> Iterator[Term]:
    sources = tuple(item.source for item in answer.items if item.counts)
    pooled = sum((pool.on_hand for pool in answer.pools), ZERO)
    owed = max(answer.reserved - pooled, ZERO)
    if len(answer.pools) > 1:
        yield Term("on_hand", None, sources, " + ".join(format_quantity(pool.on_hand) for pool in answer.pools), pooled)
    if answer.reserved:
        yield Term("on_hand_left", None, sources, _floored(pooled, answer.reserved), on_hand)
    limits = [pool.backorderable for pool in answer.pools if pool.backorderable is not None]
    if len(limits) < len(answer.pools):
        yield Term("salable", None, sources, "a pool without a limit", None)
        return
    limit = sum(limits, ZERO)
    if len(limits) > 1 and limit:
        yield Term("backorderable", None, sources, " + ".join(map(format_quantity, limits)), limit)
    if owed and limit:
        yield Term(
            "reserved_from_backorderable",
            None,
            sources,
            f"{format_quantity(answer.reserved)} - {format_quantity(pooled)}",
            owed,
        )
        yield Term("backorderable_left", None, sources, _floored(limit, owed), answer.backorderable)
    yield Term(
        "salable",
        None,
        sources,
        f"{format_quantity(on_hand)} + {format_quantity(answer.backorderable or ZERO)}",
        answer.salable,
    )


def _floored(units: Decimal, less: Decimal) -> str:
    """`25 - (-50)`, with the floor at zero where it is needed."""
    difference = f"{_signed(units)} - {_signed(less)}"
    return f"max({difference}, 0)" if units < less else difference


def _signed(units: Decimal) -> str:
    return f"({format_quantity(units)})" if units < 0 else format_quantity(units)
