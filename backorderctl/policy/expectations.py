"""What a policy test can expect: the fields of an answer, the values each takes, and whether an expectation is met."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from backorderctl.errors import Mismatch, did_you_mean, read_each
from backorderctl.policy.evaluate import Excluded, ItemInForce, Reason, Salability, Status
from backorderctl.policy.orders import EXCEEDS_SALABLE, Order, Shipment
from backorderctl.policy.product_changes import NO_LIMIT
from backorderctl.store import scalars
from backorderctl.store.scalars import StockStatus, format_quantity, toml_repr
from backorderctl.store.settings import OF_ITEMS, SETTINGS, AnySetting

NULL = "none"
"""How a test file writes that there is no value."""

Found = Decimal | bool | str | None


class Tested(NamedTuple):
    """What a test looks at: a product in a stock, at one source where `item` is given, or an order for it."""

    answer: Salability
    item: ItemInForce | None = None
    order: Order | None = None


class FoundValue(NamedTuple):
    """A value that was found, and the source of the item that it is from, None where it is the product's."""

    source: str | None
    value: Found


@dataclass(frozen=True, slots=True)
class FieldValues:
    """The values of a field: in words, how one is read from TOML (Mismatch otherwise), and its JSON Schema.

    `measured` fields also take `{ min, max }`, and `nullable` ones the word `none`.
    """

    words: str
    read: Callable[[Any], Found]
    schema: Mapping[str, Any]
    measured: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class AnswerField:
    """One field of an answer: the values that it takes, and how they are read from what a test looks at."""

    values: FieldValues
    readings: Callable[[Tested], Iterator[FoundValue]]


@dataclass(frozen=True, slots=True)
class OneOf:
    """The values of which the field must have one."""

    values: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most that the field may be; None for no bound."""

    least: Decimal | None
    most: Decimal | None


Expected = OneOf | Bounds


def met(expected: Expected, found: Found) -> bool:
    """Whether the found value is one that was expected: null is within no bounds, unlimited above every least."""
    if isinstance(expected, OneOf):
        return found in expected.values
    if found == NO_LIMIT:
        return expected.most is None
    if not isinstance(found, Decimal):
        return False
    return (expected.least is None or found >= expected.least) and (expected.most is None or found <= expected.most)


def parse_expected(values: FieldValues, raw: Any) -> Expected:
    """What the test file expects of a field: a value, a list of values, or bounds.

    Mismatch, or an ExceptionGroup of several, for anything else.
    """
    if isinstance(raw, dict):
        return _bounds(values, raw)
    if not isinstance(raw, list):
        return OneOf((_value(values, raw),))
    if not raw:
        raise Mismatch("at least one value", "an empty array")
    return OneOf(tuple(read_each(partial(_value, values), raw)))


def _value(values: FieldValues, raw: Any) -> Found:
    if raw == NULL and values.nullable:
        return None
    return values.read(raw)


def _bounds(values: FieldValues, raw: Mapping[str, Any]) -> Bounds:
    if not values.measured:
        raise Mismatch(values.words, "a table")
    if not raw:
        raise Mismatch("min, max or both", "an empty table")
    bounds = dict(read_each(_bound, raw.items()))
    least, most = bounds.get("min"), bounds.get("max")
    if least is not None and most is not None and least > most:
        raise Mismatch("min at most max", f"{format_quantity(least)} and {format_quantity(most)}")
    return Bounds(least, most)


def _bound(raw: tuple[str, Any]) -> tuple[str, Decimal]:
    key, bound = raw
    if key not in ("min", "max"):
        raise Mismatch("min, max or both", toml_repr(key) + did_you_mean(key, ("min", "max")))
    return key, _read_number(bound)


def _read_number(raw: Any) -> Decimal:
    if type(raw) is int or (type(raw) is Decimal and raw.is_finite()):
        return Decimal(raw)
    raise Mismatch("a number", toml_repr(raw))


def _read_limit(raw: Any) -> Decimal | str:
    if raw == NO_LIMIT:
        return NO_LIMIT
    try:
        return _read_number(raw)
    except Mismatch as mismatch:
        raise Mismatch("a number or unlimited", mismatch.found) from None


def _read_text(raw: Any) -> str:
    if isinstance(raw, str):
        return raw
    raise Mismatch("a string", toml_repr(raw))


def _choice(*words: str, nullable: bool = False) -> FieldValues:
    choices = tuple(map(str, words))
    offered = (*choices, NULL) if nullable else choices
    described = f"{', '.join(offered[:-1])} or {offered[-1]}"

    def read(raw: Any) -> str:
        if isinstance(raw, str) and raw in choices:
            return raw
        raise Mismatch(described, toml_repr(raw) + (did_you_mean(raw, offered) if isinstance(raw, str) else ""))

    return FieldValues(described, read, {"enum": list(choices)}, nullable=nullable)


def _of_setting(setting: AnySetting) -> FieldValues:
    number = isinstance(setting.default, Decimal)
    if number:
        return _NUMBER
    return FieldValues(setting.kind.type, setting.kind.from_toml, setting.kind.schema)


_NUMBER = FieldValues("a number", _read_number, {"type": "number"}, measured=True)
_AMOUNT = FieldValues("a number", _read_number, {"type": "number"}, measured=True, nullable=True)
_LIMIT_SCHEMA = {"anyOf": [{"type": "number"}, {"const": NO_LIMIT}]}
_LIMIT = FieldValues("a number or unlimited", _read_limit, _LIMIT_SCHEMA, measured=True, nullable=True)
_FLAG = FieldValues("true or false", scalars.boolean, {"type": "boolean"})
_TEXT = FieldValues("a string", _read_text, {"type": "string"}, nullable=True)


def _of_answer(values: FieldValues, read: Callable[[Salability], Found]) -> AnswerField:
    return AnswerField(values, lambda subject: iter((FoundValue(None, read(subject.answer)),)))


def _of_item(values: FieldValues, read: Callable[[ItemInForce], Found]) -> AnswerField:
    return AnswerField(
        values, lambda subject: (FoundValue(None, read(item)) for item in (subject.item,) if item is not None)
    )


def _of_order(values: FieldValues, read: Callable[[Order], Found]) -> AnswerField:
    return AnswerField(
        values, lambda subject: (FoundValue(None, read(order)) for order in (subject.order,) if order is not None)
    )


def _setting_field(setting: AnySetting) -> AnswerField:
    """A setting in force: at the one source, at every item that counts, or for the product as a whole."""

    def readings(subject: Tested) -> Iterator[FoundValue]:
        """The value of each item that the test looks at, or the one of the product."""
        if setting.key not in OF_ITEMS:
            yield FoundValue(None, subject.answer.settings[setting.key].value)
            return
        counting = (item for item in subject.answer.items if item.counts)
        for item in counting if subject.item is None else (subject.item,):
            yield FoundValue(item.source, item.settings[setting.key].value)

    return AnswerField(_of_setting(setting), readings)


def _backorderable(answer: Salability) -> Found:
    return NO_LIMIT if answer.managed and answer.backorderable is None else answer.backorderable


_SETTINGS = {key: _setting_field(setting) for key, setting in SETTINGS.items()}
_IDENTITY = {
    "sku": _of_answer(_TEXT, lambda answer: answer.product.sku),
    "stock": _of_answer(_TEXT, lambda answer: answer.stock),
}
_SALABLE = {
    "salable": _of_answer(_LIMIT, lambda answer: NO_LIMIT if answer.salable is None else answer.salable),
    "unlimited": _of_answer(_FLAG, lambda answer: answer.unlimited),
}
PRODUCT_FIELDS: Mapping[str, AnswerField] = {
    **_IDENTITY,
    "name": _of_answer(_TEXT, lambda answer: answer.product.name),
    "status": _of_answer(_choice(*Status), lambda answer: answer.status),
    "reason": _of_answer(_choice(*Reason, nullable=True), lambda answer: answer.reason),
    "quantity": _of_answer(_NUMBER, lambda answer: answer.quantity),
    "reserved": _of_answer(_NUMBER, lambda answer: answer.reserved),
    "on_hand": _of_answer(_AMOUNT, lambda answer: answer.on_hand),
    "backorderable": _of_answer(_LIMIT, _backorderable),
    **_SALABLE,
    "only_x_left": _of_answer(_AMOUNT, lambda answer: answer.only_x_left),
    "low_stock": _of_answer(_FLAG, lambda answer: answer.low_stock),
    **_SETTINGS,
}
"""The fields of a row of `product list`, and the settings."""
ITEM_FIELDS: Mapping[str, AnswerField] = {
    **_IDENTITY,
    "source": _of_item(_TEXT, lambda item: item.source),
    "quantity": _of_item(_NUMBER, lambda item: item.quantity),
    "status": _of_item(_choice(*StockStatus), lambda item: item.status),
    "counts": _of_item(_FLAG, lambda item: item.counts),
    "excluded": _of_item(_choice(*Excluded, nullable=True), lambda item: item.excluded),
    "low_stock": _of_item(_FLAG, lambda item: item.low_stock),
    **_SETTINGS,
}
"""The fields of a row of `product list --by-source`, and the settings."""
ORDER_FIELDS: Mapping[str, AnswerField] = {
    **_IDENTITY,
    **_SALABLE,
    "requested": _of_order(_NUMBER, lambda order: order.requested),
    "accepted": _of_order(_FLAG, lambda order: order.accepted),
    "reason": _of_order(_choice(*Reason, EXCEEDS_SALABLE, nullable=True), lambda order: order.reason),
    "ships_now": _of_order(_AMOUNT, lambda order: order.ships_now),
    "backordered": _of_order(_AMOUNT, lambda order: order.backordered),
    "payment": _of_order(_TEXT, lambda order: order.payment),
    "order_status": _of_order(_TEXT, lambda order: order.order_status),
    "shipment": _of_order(_choice(*Shipment, nullable=True), lambda order: order.shipment),
    "customer_notice": _of_order(_AMOUNT, lambda order: order.customer_notice),
    **_SETTINGS,
}
"""The fields of `order check`, and the settings."""
