"""A product's policy, set at any scope, as the one value of each setting that Magento keeps for a product.

Magento sells until the product's quantity less what is reserved has come down to a floor: `quantity - reserved - floor`
units are salable. The floor is the threshold that its plugin AdaptMinQtyToBackordersPlugin leaves: a reserve of 0 or
more without backorders, minus the most that is backordered with them, and no floor at all for backorders without limit.
With several pools ours depends on which pool holds the goods. Over all quantities of 0 or more it lies between

    the least      min(reserves) where every pool keeps one, else -sum(allowances)
    the greatest   sum(reserves) - sum(allowances)

and each bound is reached. So one pair of Magento's gives our answers exactly where no pool keeps a reserve, or there is
one pool alone; elsewhere the greatest floor is the best that never sells more than we do, and the least the best that
never sells less.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from backorderctl.policy.evaluate import Salability, effective_threshold, evaluate, share_pools, takes_backorders
from backorderctl.policy.resolve import value_of
from backorderctl.store.model import Product, Store
from backorderctl.store.scalars import LIMIT, STEP, ZERO
from backorderctl.store.settings import BACKORDERS, THRESHOLD, Backorders

NO_FLOOR = Decimal("-Infinity")
"""The floor of backorders without limit."""


class Approximate(StrEnum):
    """What Magento gets where it cannot do as we do: never more salable than our answer, or never less."""

    SAFE = "safe"
    GENEROUS = "generous"


class Policy(NamedTuple):
    """What Magento keeps for one product; `threshold` is an effective one."""

    managed: bool
    backorders: Backorders
    threshold: Decimal

    def salable(self, answer: Salability) -> Decimal | None:
        """How many units Magento would sell with this in the stock of `answer`; None without limit."""
        if not answer.items or (self.managed and not any(item.counts for item in answer.items)):
            return ZERO
        floor = _floor(self.backorders, self.threshold)
        if not self.managed or floor == NO_FLOOR:
            return None
        return max(answer.quantity - answer.reserved - floor, ZERO)


@dataclass(frozen=True, slots=True)
class Need:
    """What one stock needs of Magento for a product: our answer there, and the bounds of its floor.

    `exact` says that the greatest floor gives our answers, `binding` that the stock sells by quantities at all.
    """

    answer: Salability
    exact: bool
    binding: bool
    least: Decimal
    greatest: Decimal
    notify: bool


@dataclass(frozen=True, slots=True)
class Compiled:
    """A product and what Magento can hold for it: when `exact`, `safe` gives our answers.

    `safe` is None where the greatest threshold that Magento can hold would still sell too much.
    """

    product: Product
    needs: tuple[Need, ...]
    exact: bool
    safe: Policy | None
    generous: Policy

    def policy(self, approximate: Approximate | None) -> Policy | None:
        """What to give to Magento; None where nothing does what is asked."""
        if self.exact or approximate is Approximate.SAFE:
            return self.safe
        return self.generous if approximate else None


def compiled(store: Store, *, stock: str | None = None) -> Iterator[Compiled]:
    """Every product that `stock` or no stock at all reaches, compiled for it; without `stock`, all, for all stocks."""
    for product in store.products.values():
        answers = evaluate(store, product.sku)
        seen = [answer for answer in answers if stock is None or answer.stock in (None, stock)]
        if seen:
            yield compile_product(product, seen)


def compile_product(product: Product, answers: Sequence[Salability]) -> Compiled:
    """The one policy for a product that the stocks of `answers` sell."""
    needs = tuple(map(_need, answers))
    # Where nothing counts nothing is sold, whatever Magento holds: such a stock needs nothing beside one that sells.
    bound = tuple(need for need in needs if need.binding)
    exact = len({answer.managed for answer in answers}) == 1 and _agree(bound)
    greatest = max(need.greatest for need in bound or needs)
    least = min(need.least for need in bound or needs)
    notify = any(need.notify for need in bound or needs)
    generous = _policy(least, managed=all(answer.managed for answer in answers), notify=notify)
    if greatest >= LIMIT:
        safe = generous if exact else None
        return Compiled(product=product, needs=needs, exact=exact, safe=safe, generous=generous)
    # An allowance that is too much for Magento: the most it can hold sells less, no limit at all sells more.
    held = greatest if greatest == NO_FLOOR else max(greatest, STEP - LIMIT)
    safe = _policy(held, managed=any(answer.managed for answer in answers), notify=notify)
    return Compiled(product=product, needs=needs, exact=exact, safe=safe, generous=generous)


def _agree(needs: Sequence[Need]) -> bool:
    """Whether one floor gives our answers in every one of these stocks, and Magento can hold it."""
    if not needs:
        return True
    floor = needs[0].greatest
    agreed = all(need.exact and (need.greatest, need.notify) == (floor, needs[0].notify) for need in needs)
    return agreed and (floor == NO_FLOOR or floor > -LIMIT)


def _need(answer: Salability) -> Need:
    counting = [item for item in answer.items if item.counts]
    items = counting or [item._replace(excluded=None) for item in answer.items]
    words = [value_of(item.settings, BACKORDERS) for item in items] or [value_of(answer.settings, BACKORDERS)]
    floors = [NO_FLOOR if pool.backorders and not pool.effective else pool.effective for pool in share_pools(items)]
    floors = floors or [_floor(words[0], value_of(answer.settings, THRESHOLD))]
    reserve = any(floor > 0 for floor in floors)
    greatest = sum(floors, ZERO)
    least = min(floors) if min(floors) > 0 else sum((min(floor, ZERO) for floor in floors), ZERO)
    return Need(
        answer=answer,
        exact=not reserve or len(floors) == 1,
        binding=bool(counting) and answer.managed,
        least=least,
        greatest=greatest,
        notify=Backorders.NOTIFY in words and least < 0,
    )


def _floor(backorders: Backorders, threshold: Decimal) -> Decimal:
    taken = takes_backorders(backorders)
    effective = effective_threshold(threshold, backorders=taken)
    return NO_FLOOR if taken and not effective else effective


def _policy(floor: Decimal, *, managed: bool, notify: bool) -> Policy:
    if floor >= 0:
        return Policy(managed, Backorders.NO, floor)
    threshold = floor if floor > -LIMIT else ZERO
    return Policy(managed, Backorders.NOTIFY if notify else Backorders.ALLOW, threshold)
