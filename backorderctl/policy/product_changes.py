"""What changes for one product, stock by stock, and what that means for those who sell it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from backorderctl.policy.evaluate import Reason, Salability, Status
from backorderctl.policy.orders import notifies_customer
from backorderctl.store.model import Product
from backorderctl.store.scalars import StockStatus

NO_LIMIT = "unlimited"
"""A quantity without a limit, as a figure and as what a test expects."""
Figure = Status | Reason | StockStatus | Decimal | bool | str | None
"""What a field of a product can hold."""

CUSTOMER_NOTICE = "customer_notice"
FIELDS = (
    "status", "reason", "quantity", "reserved", "on_hand", "backorderable", "salable", "only_x_left", "low_stock",
    CUSTOMER_NOTICE,
)  # fmt: skip
"""The figures of a product in a stock that are compared; the customer's notice where backorders stay possible."""


class Consequence(StrEnum):
    """What a change means for a product in a stock, the worst first; each has a mirror image, or is OTHER."""

    BECOMES_UNLIMITED = "becomes_unlimited"
    GOES_OUT_OF_STOCK = "goes_out_of_stock"
    REMOVED = "removed"
    LEAVES_STOCK = "leaves_stock"
    NO_LONGER_UNLIMITED = "no_longer_unlimited"
    STOPS_BACKORDERS = "stops_backorders"
    LESS_SALABLE = "less_salable"
    NO_LONGER_NOTIFIED = "no_longer_notified"
    OTHER = "other"
    NOTIFIED = "notified"
    MORE_SALABLE = "more_salable"
    STARTS_BACKORDERS = "starts_backorders"
    ENTERS_STOCK = "enters_stock"
    BACK_IN_STOCK = "back_in_stock"
    ADDED = "added"


class FieldChange(NamedTuple):
    """One field that changes; None where there is no value."""

    field: str
    old: Figure
    new: Figure


@dataclass(frozen=True, slots=True)
class ProductChange:
    """What changes for a product in a stock; with a `source`, for a source item that no figure of a stock shows.

    `consequences` is all that the change means, the worst first.
    """

    sku: str
    stock: str | None
    source: str | None
    consequences: tuple[Consequence, ...]
    fields: tuple[FieldChange, ...]

    @property
    def worst(self) -> Consequence:
        """The worst that the change means."""
        return self.consequences[0]

    @property
    def loss(self) -> Decimal:
        """How many fewer units can be sold; negative when there are more."""
        for field, old, new in self.fields:
            if field == "salable" and isinstance(old, Decimal) and isinstance(new, Decimal):
                return old - new
        return Decimal(0)


def worst_first(products: Iterable[ProductChange]) -> list[ProductChange]:
    """The changes by what they mean: becomes unlimited, goes out of stock, then by the units that are lost."""
    severity = {consequence: number for number, consequence in enumerate(Consequence)}
    return sorted(products, key=lambda change: (severity[change.worst], -change.loss))


def whole_product(answers: Sequence[Salability], consequence: Consequence) -> tuple[ProductChange]:
    """A product that is added or removed."""
    sku = answers[0].product.sku
    return (ProductChange(sku, None, None, (consequence,), (FieldChange("product", None, str(consequence)),)),)


def product_changes(
    olds: Sequence[Salability], news: Sequence[Salability], renamed: Mapping[str, str]
) -> Sequence[ProductChange]:
    """What changes for one product, stock by stock, and for source items whose change no stock's quantity shows."""
    before = {renamed.get(str(answer.stock), answer.stock): answer for answer in olds}
    after = {answer.stock: answer for answer in news}
    changes: list[ProductChange] = []
    for stock in {**before, **after}:
        was, now = before.get(stock), after.get(stock)
        if fields := _field_changes(was, now):
            consequences = _consequences(was, now, olds, news)
            changes.append(ProductChange(news[0].product.sku, stock, None, consequences, fields))
    old_product, new_product = olds[0].product, news[0].product
    if old_product.items != new_product.items:
        changes += _item_changes(old_product, new_product, _sources_shown(before, after))
    return changes


def _field_changes(was: Salability | None, now: Salability | None) -> tuple[FieldChange, ...]:
    before, after = _figures(was), _figures(now)
    if before == after:
        return ()
    return tuple(
        [
            FieldChange(field, one, other)
            for field, one, other in zip(FIELDS, before, after, strict=True)
            if one != other and (field != CUSTOMER_NOTICE or None not in (one, other))
        ]
    )


def _figures(answer: Salability | None) -> tuple[Figure, ...]:
    """The figures of a product in a stock, as in FIELDS; all None in a stock that does not reach it."""
    if answer is None:
        return (None,) * len(FIELDS)
    return (
        answer.status,
        answer.reason,
        answer.quantity,
        answer.reserved,
        answer.on_hand,
        NO_LIMIT if answer.backorderable is None and answer.managed else answer.backorderable,
        NO_LIMIT if answer.salable is None else answer.salable,
        answer.only_x_left,
        answer.low_stock,
        notifies_customer(answer) if _takes_backorders(answer) else None,
    )


def _takes_backorders(answer: Salability) -> bool:
    """Whether the product takes backorders at some source; without managed stock it has no pools."""
    return True in [pool.backorders for pool in answer.pools]


def _consequences(
    was: Salability | None, now: Salability | None, olds: Sequence[Salability], news: Sequence[Salability]
) -> tuple[Consequence, ...]:
    """All that it means that one answer of a product became the other, the worst first.

    `olds` and `news` are what the product offered and offers in all stocks. An answer without a stock is that of a
    product that no stock sells. The two directions of a change are mirror images of each other.
    """
    means = {
        Consequence.BECOMES_UNLIMITED: _is_unlimited(now) and not _is_unlimited(was),
        Consequence.GOES_OUT_OF_STOCK: _goes_out(was, now, olds),
        Consequence.LEAVES_STOCK: now is None and was is not None and was.stock is not None,
        Consequence.NO_LONGER_UNLIMITED: _is_unlimited(was) and not _is_unlimited(now),
        Consequence.BACK_IN_STOCK: _goes_out(now, was, news),
        Consequence.ENTERS_STOCK: was is None and now is not None and now.stock is not None,
    }
    if was is not None and now is not None:
        both = _takes_backorders(was) and _takes_backorders(now)
        means |= {
            Consequence.STOPS_BACKORDERS: was.can_backorder and not now.can_backorder,
            Consequence.STARTS_BACKORDERS: now.can_backorder and not was.can_backorder,
            Consequence.LESS_SALABLE: _is_less(now.salable, was.salable),
            Consequence.MORE_SALABLE: _is_less(was.salable, now.salable),
            Consequence.NOTIFIED: both and notifies_customer(now) and not notifies_customer(was),
            Consequence.NO_LONGER_NOTIFIED: both and notifies_customer(was) and not notifies_customer(now),
        }
    return tuple(consequence for consequence in Consequence if means.get(consequence)) or (Consequence.OTHER,)


def _goes_out(was: Salability | None, now: Salability | None, olds: Sequence[Salability]) -> bool:
    """Whether the product was sold in the stock and is out of stock there; or was sold, and no stock sells it now."""
    if now is None or _is_sold(now):
        return False
    return _is_sold(was) if was is not None else now.stock is None and any(map(_is_sold, olds))


def _is_unlimited(answer: Salability | None) -> bool:
    return answer is not None and answer.unlimited


def _is_less(one: Decimal | None, other: Decimal | None) -> bool:
    return one is not None and other is not None and one < other


def _is_sold(answer: Salability) -> bool:
    return answer.status is not Status.OUT_OF_STOCK


def _sources_shown(before: Mapping[str | None, Salability], after: Mapping[str | None, Salability]) -> set[str]:
    """The sources whose goods count in a stock whose quantity is another now."""
    shown: set[str] = set()
    for stock in {**before, **after}:
        pair = before.get(stock), after.get(stock)
        if pair[0] is None or pair[1] is None or pair[0].quantity != pair[1].quantity:
            shown.update(item.source for answer in pair if answer for item in answer.items if item.counts)
    return shown


def _item_changes(old: Product, new: Product, shown: set[str]) -> Iterator[ProductChange]:
    """The source items with another quantity or status, without those at the sources `shown`."""
    for source in {**old.items, **new.items}:
        was, now = old.items.get(source), new.items.get(source)
        before, after = ((item.quantity, item.status) if item else (None, None) for item in (was, now))
        if before != after and source not in shown:
            fields = zip(("quantity", "status"), before, after, strict=True)
            changes = tuple(FieldChange(*field) for field in fields if field[1] != field[2])
            yield ProductChange(new.sku, None, source, (Consequence.OTHER,), changes)
