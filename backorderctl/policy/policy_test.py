"""A policy test: a promise about the products of a store and the values it expects; and the JSON Schema of a file."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from backorderctl.errors import Problem
from backorderctl.policy.expectations import (
    ITEM_FIELDS,
    NULL,
    ORDER_FIELDS,
    PRODUCT_FIELDS,
    AnswerField,
    Expected,
    FieldValues,
)
from backorderctl.store.scalars import StockStatus

_STRING: dict[str, Any] = {"type": "string"}
_STRINGS: dict[str, Any] = {"type": "array", "items": _STRING, "minItems": 1}
_NUMBER: dict[str, Any] = {"type": "number"}


class GivenItem(NamedTuple):
    """The quantity and stock status of a source item that a test assumes."""

    quantity: Decimal
    status: StockStatus


@dataclass(frozen=True, slots=True)
class Given:
    """What a test assumes instead of what the store has; None where it takes the store's."""

    reserved: Decimal | None = None
    sources: Mapping[str, GivenItem] | None = None


@dataclass(frozen=True, slots=True)
class PolicyTest:
    """One promise: what is expected of every product that it names or matches.

    `products` are the SKUs that are named; else those that `match` and match none of `exclude`. `at` is the day it is
    judged on, None for today and the days to come.
    """

    name: str
    line: int | None
    products: tuple[str, ...] | None
    match: str | None
    exclude: tuple[str, ...]
    stock: str | None
    source: str | None
    order: Decimal | None
    given: Given
    at: datetime.date | None
    expect: Mapping[str, Expected]
    allow_empty: bool

    @property
    def fields(self) -> Mapping[str, AnswerField]:
        """The fields that it can expect something of."""
        return fields_of(order=self.order is not None, source=self.source is not None)


@dataclass(frozen=True, slots=True)
class InvalidTest:
    """A test that cannot be run, with everything that is wrong with it."""

    name: str
    line: int | None
    problems: tuple[Problem, ...]


def fields_of(*, order: bool, source: bool) -> Mapping[str, AnswerField]:
    """The fields of what a test looks at: of an order, of source items, or of products."""
    return ORDER_FIELDS if order else ITEM_FIELDS if source else PRODUCT_FIELDS


def policy_test_schema() -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) that every valid test file meets once it is read as TOML 1.0."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "backorderctl test file",
        **_object({"test": {"type": "array", "minItems": 1, "items": _test()}}, "test"),
    }


def _test() -> dict[str, Any]:
    item = {"anyOf": [_NUMBER, _object({"quantity": _NUMBER, "status": {"enum": list(StockStatus)}}, "quantity")]}
    keys: dict[str, Any] = {
        "name": {**_STRING, "minLength": 1, "description": "the promise in words, different for every test"},
        "product": {**_STRING, "description": "the SKU that it is about"},
        "products": {**_STRINGS, "description": "the SKUs that it is about"},
        "match": {**_STRING, "description": "a glob: every product whose SKU it matches"},
        "except": {**_STRINGS, "description": "globs of SKUs to leave out of match"},
        "stock": {**_STRING, "description": "the promise is about this stock only"},
        "source": {**_STRING, "description": "the source items at this source"},
        "order": {**_NUMBER, "exclusiveMinimum": 0, "description": "an order for this many units"},
        "given": {
            **_object(
                {"reserved": {**_NUMBER, "minimum": 0}, "sources": {"type": "object", "additionalProperties": item}}
            ),
            "description": "what is assumed in place of the store's reservation and source items",
        },
        "at": {"description": "the day on which it must hold; without it today and every coming day of change"},
        "expect": {"type": "object"},
        "allow_empty": {"type": "boolean", "default": False, "description": "whether it may match no product"},
    }
    return {
        **_object(keys, "name", "expect"),
        "oneOf": [{"required": [key]} for key in ("product", "products", "match")],
        "dependentRequired": {"except": ["match"]},
        "if": {"required": ["order"]},
        "then": {"properties": {"expect": _expect(ORDER_FIELDS), "source": False}},
        "else": {
            "if": {"required": ["source"]},
            "then": {"properties": {"expect": _expect(ITEM_FIELDS)}},
            "else": {"properties": {"expect": _expect(PRODUCT_FIELDS)}},
        },
    }


def _expect(fields: Mapping[str, AnswerField]) -> dict[str, Any]:
    return {**_object({name: _expected(field.values) for name, field in fields.items()}), "minProperties": 1}


def _expected(values: FieldValues) -> dict[str, Any]:
    """A value, a list of values, or bounds."""
    value = {"anyOf": [values.schema, {"const": NULL}]} if values.nullable else dict(values.schema)
    bounds = {**_object({"min": _NUMBER, "max": _NUMBER}), "minProperties": 1}
    return {"anyOf": [value, {"type": "array", "items": value, "minItems": 1}, *([bounds] if values.measured else [])]}


def _object(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": dict(properties)}
    return schema | ({"required": list(required)} if required else {})
