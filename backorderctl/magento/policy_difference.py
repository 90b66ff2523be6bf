"""Where a policy of Magento's gives other answers than the store, though today's salable quantities may be equal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import islice, product
from typing import NamedTuple

from backorderctl.magento.policy_export import Need, Policy
from backorderctl.policy.evaluate import ItemInForce, salable, share_pools
from backorderctl.policy.resolve import value_of
from backorderctl.store.scalars import STEP, ZERO
from backorderctl.store.settings import BACKORDERS, Backorders

TRIED = 5000
"""Combinations of quantities that are tried, at most."""


class Differs(StrEnum):
    """What is not the same."""

    SALABLE = "salable"
    BACKORDERED = "backordered"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class PolicyDifference:
    """What differs, and with which quantities; those are None for today's quantities and reservations.

    `ours` and `magentos` are the salable quantities (None when unlimited), or of the units of `order` those that are
    backordered, or those that the customer is notified of.
    """

    what: Differs
    quantities: Mapping[str, Decimal] | None
    order: Decimal | None
    ours: Decimal | None
    magentos: Decimal | None


class _Answer(NamedTuple):
    salable: Decimal | None
    on_hand: Decimal | None
    notifies: bool


def first_difference(need: Need, policy: Policy) -> PolicyDifference | None:
    """How the policy differs from what the store needs: today, or else with the smallest quantities at which it does.

    None where no difference was found.
    """
    answer = need.answer
    today = {item.source: item.quantity for item in answer.items}
    if found := _difference(need, policy, today, answer.reserved):
        what, order, ours, magentos = found
        return PolicyDifference(what=what, quantities=None, order=order, ours=ours, magentos=magentos)
    for quantities in islice(_smallest(answer.items), TRIED):
        if found := _difference(need, policy, quantities, ZERO):
            what, order, ours, magentos = found
            return PolicyDifference(what=what, quantities=quantities, order=order, ours=ours, magentos=magentos)
    return None


def _smallest(items: Sequence[ItemInForce]) -> Iterator[Mapping[str, Decimal]]:
    """Quantities at and beside the limits of each counting item, those with the least goods in all first."""
    counting = [item for item in items if item.counts]
    choices = [sorted({ZERO, Decimal(1), *_edges(item.threshold)}) for item in counting]
    for quantities in sorted(islice(product(*choices), TRIED), key=lambda each: (sum(each, ZERO), each)):
        yield dict(zip((item.source for item in counting), quantities, strict=True))


def _edges(threshold: Decimal) -> Iterator[Decimal]:
    if threshold > 0:
        yield from (threshold, threshold + 1)


def _difference(
    need: Need, policy: Policy, quantities: Mapping[str, Decimal], reserved: Decimal
) -> tuple[Differs, Decimal | None, Decimal | None, Decimal | None] | None:
    """What differs, the order in question, and both numbers; None where nothing does."""
    items = tuple(item._replace(quantity=quantities.get(item.source, item.quantity)) for item in need.answer.items)
    ours, magentos = _ours(need, items, reserved), _magentos(need, policy, items, reserved)
    if ours.salable != magentos.salable:
        return Differs.SALABLE, None, ours.salable, magentos.salable
    if ours.on_hand is None or magentos.on_hand is None:
        return None
    if ours.on_hand != magentos.on_hand:
        order = max(ours.on_hand, magentos.on_hand)
        return Differs.BACKORDERED, order, order - ours.on_hand, order - magentos.on_hand
    left = None if ours.salable is None else ours.salable - ours.on_hand
    if ours.notifies != magentos.notifies and left != 0:
        backordered = Decimal(1) if left is None or left >= 1 else max(left, STEP)
        told, magentos_told = (backordered if each.notifies else ZERO for each in (ours, magentos))
        return Differs.NOTICE, ours.on_hand + backordered, told, magentos_told
    return None


def _ours(need: Need, items: tuple[ItemInForce, ...], reserved: Decimal) -> _Answer:
    if items and not need.answer.managed:
        return _Answer(None, None, notifies=False)
    on_hand = max(sum((pool.on_hand for pool in share_pools(items)), ZERO) - reserved, ZERO)
    notifies = any(item.counts and value_of(item.settings, BACKORDERS) is Backorders.NOTIFY for item in items)
    return _Answer(salable(items, reserved) if any(item.counts for item in items) else ZERO, on_hand, notifies)


def _magentos(need: Need, policy: Policy, items: tuple[ItemInForce, ...], reserved: Decimal) -> _Answer:
    quantity = sum((item.quantity for item in items if item.counts), ZERO)
    total = policy.salable(need.answer._replace(quantity=quantity, reserved=reserved, items=items))
    if not policy.managed:
        return _Answer(total, None if items else ZERO, notifies=False)
    on_hand = max(quantity - reserved, ZERO)
    return _Answer(total, on_hand if total is None else min(on_hand, total), policy.backorders is Backorders.NOTIFY)
