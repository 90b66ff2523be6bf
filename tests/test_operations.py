"""What operations change in a store, as plain values, and what they refuse."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from stores import built_file

from backorderctl.edit import operations
from backorderctl.edit.operations import Changes
from backorderctl.errors import BackorderctlError, CommandLine, Mismatch
from backorderctl.store import settings
from backorderctl.store.model import Place, StoreFile
from backorderctl.store.settings import BACKORDERS, MANAGE_STOCK, Backorders, Scope
from backorderctl.toml.change import REMOVED, Change

NAMED = {
    "accept": [
        {"code": "BO101", "source": "a", "reason": "so"},
        {"code": "BO102", "stock": "eu", "reason": "so"},
        {"code": "BO103", "source": "a", "reason": "so"},
        {"code": "BO104", "product": "X", "reason": "so"},
    ]
}
STORE = built_file(
    {
        "version": 1,
        "global": {"backorders": "no"},
        "stocks": {"eu": {"name": "Europe", "sources": ["a", "b"], "channels": ["web"]}},
        "sources": {"a": {}, "b": {"backorders": "allow", "enabled": False}},
        "products": {
            "X": {"sources": {"a": {"quantity": 1}}, "stocks": {"eu": {"reserved": 2}}},
            "Y": {"sources": {"a": {"quantity": 1}}},
        },
        "check": NAMED,
    }
)
IMPLICIT = built_file(
    {
        "version": 1,
        "sources": {"a": {}, "b": {}},
        "products": {"X": {"sources": {"a": {"quantity": 1}}, "stocks": {"default": {"reserved": 2}}}},
    }
)
DECLARED = built_file(
    {
        "version": 1,
        "stocks": {"default": {"sources": ["a"]}},
        "sources": {"a": {}},
        "products": {"X": {"stocks": {"default": {"reserved": 2}}}},
    }
)
SOURCE_A = Place(Scope.SOURCE, source="a")
Operation = Callable[[StoreFile], Changes]


@pytest.mark.parametrize(
    ("store", "operation", "expected"),
    [
        (STORE, lambda s: operations.enable_source(s, "a", enabled=True), []),
        (STORE, lambda s: operations.enable_source(s, "b", enabled=True), [Change(("sources", "b", "enabled"), True)]),
        (STORE, lambda s: operations.add_source(s, "c", name=None, enabled=True), [Change(("sources", "c"), {})]),
        (
            STORE,
            lambda s: operations.add_source(s, "c", name="C", enabled=False),
            [Change(("sources", "c"), {"name": "C", "enabled": False})],
        ),
        (
            STORE,
            lambda s: operations.remove_source(s, "a", cascade=True),
            [
                Change(("stocks", "eu", "sources"), ["b"]),
                Change(("products", "X", "sources", "a"), REMOVED),
                Change(("products", "Y", "sources", "a"), REMOVED),
                Change(("check", "accept", 2), REMOVED),
                Change(("check", "accept", 0), REMOVED),
                Change(("sources", "a"), REMOVED),
            ],
        ),
        (
            STORE,
            lambda s: operations.remove_stock(s, "eu", cascade=True),
            [
                Change(("products", "X", "stocks", "eu"), REMOVED),
                Change(("check", "accept", 1), REMOVED),
                Change(("stocks", "eu"), REMOVED),
            ],
        ),
        (
            STORE,
            lambda s: operations.add_stock(s, "us", name="US", sources=[], channels=[]),
            [Change(("stocks", "us"), {"name": "US", "sources": []})],
        ),
        (
            IMPLICIT,
            lambda s: operations.add_stock(s, "eu", name=None, sources=[], channels=["web"]),
            [
                Change(("stocks", "eu"), {"sources": ["a", "b"], "channels": ["web"]}),
                Change(("products", "X", "stocks", "default"), REMOVED),
                Change(("products", "X", "stocks", "eu", "reserved"), Decimal(2)),
            ],
        ),
        (
            IMPLICIT,
            lambda s: operations.add_stock(s, "default", name=None, sources=["b", "b"], channels=[]),
            [Change(("stocks", "default"), {"sources": ["b"]})],
        ),
        (
            DECLARED,
            lambda s: operations.add_stock(s, "us", name=None, sources=["a"], channels=[]),
            [Change(("stocks", "us"), {"sources": ["a"]})],
        ),
        (STORE, lambda s: operations.link(s, "eu", ["b", "a"]), []),
        (STORE, lambda s: operations.set_stock(s, "eu", name=None, channels=["web"]), []),
        (
            STORE,
            lambda s: operations.set_stock(s, "eu", name="", channels=[]),
            [Change(("stocks", "eu", "name"), REMOVED), Change(("stocks", "eu", "channels"), REMOVED)],
        ),
        (STORE, lambda s: operations.set_stock(s, "eu", name="Europe", channels=None), []),
        (
            STORE,
            lambda s: operations.unset(s, Place(Scope.GLOBAL), BACKORDERS.key),
            [Change(("global", BACKORDERS.key), REMOVED, prune=True)],
        ),
        (
            STORE,
            lambda s: operations.reserve(s, "X", Decimal(0), stock="eu"),
            [Change(("products", "X", "stocks", "eu", "reserved"), REMOVED, prune=True)],
        ),
        (STORE, lambda s: operations.reserve(s, "Y", Decimal(0), stock="eu"), []),
    ],
)
def test_an_operation_gives_the_changes_of_the_file(store: StoreFile, operation: Operation, expected: Changes) -> None:
    assert list(operation(store)) == expected


@pytest.mark.parametrize(
    ("store", "operation", "message"),
    [
        (
            STORE,
            lambda s: operations.set_values(s, [SOURCE_A], {MANAGE_STOCK.key: False}),
            "manage_stock: expected at global, stock or product, got it at source",
        ),
        (
            STORE,
            lambda s: operations.unset(s, SOURCE_A, MANAGE_STOCK.key),
            "manage_stock: expected at global, stock or product, got it at source",
        ),
        (STORE, lambda s: operations.add_source(s, "a", name=None, enabled=True), "source 'a' exists"),
        (STORE, lambda s: operations.add_stock(s, "eu", name=None, sources=[], channels=[]), "stock 'eu' exists"),
        (STORE, lambda s: operations.add_product(s, "X", name=None), "product 'X' exists"),
        (
            STORE,
            lambda s: operations.add_product(s, " X", name=None),
            "product: expected a SKU without blanks at either end, got ' X'",
        ),
        (
            STORE,
            lambda s: operations.remove_source(s, "a", cascade=False),
            "source 'a' is still used by 1 stock and 2 products and 2 accepts",
        ),
        (
            STORE,
            lambda s: operations.remove_stock(s, "eu", cascade=False),
            "stock 'eu' is still used by 1 product and 1 accept",
        ),
        (
            STORE,
            lambda s: operations.assign(s, "X", "b", quantity=None, status=None),
            "'X' is not at source 'b': expected a quantity",
        ),
    ],
)
def test_an_operation_refuses_what_contradicts_the_store(store: StoreFile, operation: Operation, message: str) -> None:
    with pytest.raises(BackorderctlError) as caught:
        operation(store)
    assert caught.value.message == message


def test_the_implicit_stock_takes_no_values() -> None:
    place = Place(Scope.STOCK, stock="default")
    with pytest.raises(BackorderctlError) as caught:
        operations.set_values(IMPLICIT, [place], {BACKORDERS.key: Backorders.ALLOW})
    assert caught.value.hint == CommandLine(("stock", "add"), ("default",))


@pytest.mark.parametrize(("typed", "threshold"), [("20", -20), ("0.5", "-0.5"), (" Unlimited", 0)])
def test_a_limit_of_backorders_is_a_negative_threshold(typed: str, threshold: Any) -> None:
    assert settings.limit_threshold(typed) == Decimal(threshold)


@pytest.mark.parametrize("typed", ["0", "-1", "none"])
def test_a_limit_of_backorders_is_above_zero(typed: str) -> None:
    with pytest.raises(Mismatch):
        settings.limit_threshold(typed)


def test_a_limit_needs_backorders() -> None:
    operations.check_limit(STORE, Place(Scope.SOURCE, source="b"))
    with pytest.raises(BackorderctlError) as caught:
        operations.check_limit(STORE, SOURCE_A)
    assert caught.value.message.startswith("backorder_limit: expected backorders to be on there, got 'no'")
