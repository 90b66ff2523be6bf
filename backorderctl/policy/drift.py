"""What Magento says of products against what follows from the store, and which cause explains a difference exactly.

Magento's side is what its `export-stock-salable-qty` answers for one sales channel: the salable quantity, which is
quantity - reservations - threshold, and whether the product is salable, from its index.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from backorderctl.policy.evaluate import Salability, Status, evaluate_at
from backorderctl.policy.viewpoints import written_values
from backorderctl.rows.salable_file import SalableRow
from backorderctl.store import settings
from backorderctl.store.model import DriftAccept, Product, Store
from backorderctl.store.scalars import STEP, ZERO
from backorderctl.store.settings import BACKORDERS, DEFAULTS, THRESHOLD, Settings, Value
from backorderctl.store.sku import matches

MOST_VALUES = 50
"""Values of a setting that are tried as the one that Magento has."""


class CauseKind(StrEnum):
    """What can explain a difference."""

    RESERVATIONS = "reservations"
    THRESHOLD = settings.THRESHOLD.key
    BACKORDERS = settings.BACKORDERS.key
    SOURCE_NOT_LINKED = "source_not_linked"
    SOURCE_NOT_ENABLED = "source_not_enabled"
    STALE_INDEX = "stale_index"


class LeftOut(StrEnum):
    """Why a product is not compared."""

    UNMANAGED = "unmanaged"
    NO_SOURCE_ITEM = "no_source_item"
    ONLY_IN_STORE = "only_in_store"
    ONLY_IN_MAGENTO = "only_in_magento"
    NOT_GIVEN = "not_given"
    ACCEPTED = "accepted"


class Cause(NamedTuple):
    """What explains a difference: the value with which ours would be Magento's, or the source that it is about."""

    kind: CauseKind
    value: Value | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """A product of which Magento says something else; `ours` is comparable with Magento's number, see `comparable`."""

    sku: str
    stock: str
    ours: Decimal
    magento: Decimal
    ours_salable: bool
    magento_salable: bool
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class DriftReport:
    """The products that differ, how many were compared, and how many were not, by the reason."""

    drift: tuple[Drift, ...]
    compared: int
    left_out: Mapping[LeftOut, int]


def drift(
    store: Store,
    stock: str,
    offered: Mapping[str, SalableRow],
    *,
    before: Store | None = None,
    accepts: Iterable[DriftAccept] = (),
    tolerance: Decimal = ZERO,
    not_given: int = 0,
) -> DriftReport:
    """How Magento's side differs from the store, seen from one stock; so many products of it are not among `offered`.

    `before` is the store with earlier quantities, if any: those of an index that was not renewed since.
    """
    left_out: Counter[LeftOut] = Counter({LeftOut.NOT_GIVEN: not_given})
    in_date = [accept for accept in accepts if accepts_today(accept, store.day)]
    found = []
    compared = 0
    values = {key: _values(store, key) for key in (THRESHOLD.key, BACKORDERS.key)}
    reached = {sku: product for sku, product in store.products.items() if _is_in(store, stock, product)}
    left_out[LeftOut.ONLY_IN_STORE] = len(reached.keys() - offered.keys())
    for sku, theirs in offered.items():
        if reason := _left_out(store, stock, sku):
            left_out[reason] += 1
            continue
        compared += 1
        answer = evaluate_at(store, sku, store.stocks[stock])
        if _agree(answer, theirs, tolerance):
            continue
        if any(_accepted(accept, sku, stock) for accept in in_date):
            left_out[LeftOut.ACCEPTED] += 1
            continue
        causes = tuple(dict.fromkeys(_causes(store, answer, theirs, values, before)))
        ours = comparable(answer)
        found.append(Drift(sku, stock, ours, _rounded(theirs.quantity), _salable(answer), theirs.salable, causes))
    return DriftReport(tuple(found), compared, {reason: left_out[reason] for reason in LeftOut if left_out[reason]})


def comparable(answer: Salability) -> Decimal:
    """Our side of Magento's number: the salable quantity, or without limit what is there less what is reserved."""
    return answer.quantity - answer.reserved if answer.salable is None else answer.salable


def accepts_today(accept: DriftAccept, today: date) -> bool:
    """Whether an accept holds: it has a reason, and is not past its date."""
    return bool(accept.reason and accept.reason.strip()) and (accept.until is None or today <= accept.until)


def _is_in(store: Store, stock: str, product: Product) -> bool:
    return not product.items.keys().isdisjoint(store.stocks[stock].sources)


def _left_out(store: Store, stock: str, sku: str) -> LeftOut | None:
    product = store.products.get(sku)
    if product is None:
        return LeftOut.ONLY_IN_MAGENTO
    if not product.items:
        return LeftOut.NO_SOURCE_ITEM
    answer = evaluate_at(store, sku, store.stocks[stock])
    return None if answer.managed else LeftOut.UNMANAGED


def _accepted(accept: DriftAccept, sku: str, stock: str) -> bool:
    return (
        accept.product in (None, sku)
        and (accept.match is None or matches(sku, accept.match))
        and accept.stock in (None, stock)
    )


def _agree(answer: Salability, theirs: SalableRow, tolerance: Decimal = ZERO) -> bool:
    """Whether both say the same: the number counts only of what is salable."""
    if _salable(answer) != theirs.salable:
        return False
    return not theirs.salable or abs(comparable(answer) - _rounded(theirs.quantity)) <= tolerance


def _salable(answer: Salability) -> bool:
    return answer.status is not Status.OUT_OF_STOCK


def _rounded(quantity: Decimal) -> Decimal:
    """Magento computes with floats."""
    return quantity.quantize(STEP)


def _causes(
    store: Store, answer: Salability, theirs: SalableRow, values: Mapping[str, Sequence[Value]], before: Store | None
) -> Iterator[Cause]:
    """Every cause with which our answer would be Magento's."""
    product, stock = answer.product, str(answer.stock)

    def explains(variant: Product) -> bool:
        """Whether our answer would be Magento's if the product were this one."""
        changed = replace(store, products={product.sku: variant})
        return _agree(evaluate_at(changed, product.sku, changed.stocks[stock]), theirs)

    if answer.reserved and explains(product._replace(reserved={})):
        yield Cause(CauseKind.RESERVATIONS)
    for kind, key in ((CauseKind.THRESHOLD, THRESHOLD.key), (CauseKind.BACKORDERS, BACKORDERS.key)):
        for value in values[key]:
            if explains(_with_value(product, key, value)):
                yield Cause(kind, value=value)
        for inherited in (_without_value(product, key, items=True), _without_value(product, key, items=False)):
            if inherited != product and explains(inherited):
                yield Cause(kind)
    for source in product.items:
        yield from _source_causes(store, stock, product, source, theirs)
    if _is_stale(answer, theirs) or (
        before and product.sku in before.products and explains(before.products[product.sku])
    ):
        yield Cause(CauseKind.STALE_INDEX)


def _source_causes(store: Store, stock: str, product: Product, source: str, theirs: SalableRow) -> Iterator[Cause]:
    """A source that one side sells from, or holds for enabled, and the other does not."""
    linked = store.stocks[stock].sources
    others = tuple(code for code in linked if code != source) if source in linked else (*linked, source)
    stocks = {**store.stocks, stock: store.stocks[stock]._replace(sources=others)}
    enabled = store.sources[source]._replace(enabled=not store.sources[source].enabled)
    variants = {
        CauseKind.SOURCE_NOT_LINKED: replace(store, stocks=stocks, products={product.sku: product}),
        CauseKind.SOURCE_NOT_ENABLED: replace(
            store, sources={**store.sources, source: enabled}, products={product.sku: product}
        ),
    }
    for kind, variant in variants.items():
        if _agree(evaluate_at(variant, product.sku, variant.stocks[stock]), theirs):
            yield Cause(kind, source=source)


def _is_stale(answer: Salability, theirs: SalableRow) -> bool:
    """Whether Magento's number is right, or means that nothing is left, and its index says otherwise."""
    number = _rounded(theirs.quantity)
    return _salable(answer) != theirs.salable and (number == comparable(answer) or (number > 0) == _salable(answer))


def _values(store: Store, key: str) -> tuple[Value, ...]:
    """The default of a setting and the values of it that are written in the store file, the most frequent ones."""
    written = Counter(value.value for value in written_values(store) if value.key == key)
    return tuple(dict.fromkeys((DEFAULTS[key], *(value for value, _ in written.most_common(MOST_VALUES)))))


def _with_value(product: Product, key: str, value: Value) -> Product:
    """The product with this value at all its source items, whatever they set themselves."""
    plain = _without_value(product, key, items=True)
    return plain._replace(settings={**plain.settings, key: value})


def _without_value(product: Product, key: str, *, items: bool) -> Product:
    """The product without a value of its own, so that it inherits; with `items`, also without those of its items."""
    left = {source: item._replace(settings=_without(item.settings, key)) for source, item in product.items.items()}
    return product._replace(settings=_without(product.settings, key), items=left if items else product.items)


def _without(chosen: Settings, key: str) -> Settings:
    return {name: value for name, value in chosen.items() if name != key}
