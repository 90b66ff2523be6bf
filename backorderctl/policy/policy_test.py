"""A policy test: a promise about the products of a store, and the values it expects."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from backorderctl.errors import Problem
from backorderctl.policy.expectations import OF_ORDERS, OF_PRODUCTS, OF_SOURCE_ITEMS, Expected, Field
from backorderctl.store.fields import StockStatus


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
    def fields(self) -> Mapping[str, Field]:
        """The fields that it can expect something of."""
        return fields_of(order=self.order is not None, source=self.source is not None)


@dataclass(frozen=True, slots=True)
class InvalidTest:
    """A test that cannot be run, with everything that is wrong with it."""

    name: str
    line: int | None
    problems: tuple[Problem, ...]


def fields_of(*, order: bool, source: bool) -> Mapping[str, Field]:
    """The fields of what a test looks at: of an order, of source items, or of products."""
    return OF_ORDERS if order else OF_SOURCE_ITEMS if source else OF_PRODUCTS
