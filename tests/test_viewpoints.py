"""Through which stocks and sources a place is seen, and what is asked for where they disagree."""

from typing import Any

import pytest
from stores import built

from backorderctl.errors import BackorderctlError
from backorderctl.policy.viewpoints import chains, single_value, values_seen
from backorderctl.store.model import Place
from backorderctl.store.settings import BACKORDERS, MANAGE_STOCK, ONLY_X_LEFT, Scope

ITEM = {"quantity": 1}
DATA: dict[str, Any] = {
    "version": 1,
    "stocks": {"eu": {"sources": ["a", "b"]}, "us": {"sources": ["a"]}},
    "sources": {"a": {}, "b": {"backorders": "allow"}, "c": {}},
    "products": {"X": {"sources": {"a": ITEM, "b": ITEM}}, "AT-C": {"sources": {"c": ITEM}}, "NOWHERE": {}},
}
STORE = built(DATA)


def product(sku: str) -> Place:
    return Place(Scope.PRODUCT, product=sku)


@pytest.mark.parametrize(
    ("sku", "key", "stock", "expected"),
    [
        ("X", BACKORDERS.key, None, [("eu", "a"), ("eu", "b"), ("us", "a")]),
        ("X", BACKORDERS.key, "us", [("us", "a")]),
        ("X", ONLY_X_LEFT.key, None, [("eu", None), ("us", None)]),
        ("AT-C", BACKORDERS.key, None, [(None, "c")]),
        ("AT-C", BACKORDERS.key, "eu", [("eu", None)]),
        ("NOWHERE", BACKORDERS.key, None, [(None, None)]),
    ],
)
def test_a_product_is_seen_through_each_stock_and_source_that_links_it(
    sku: str, key: str, stock: str | None, expected: list[tuple[str | None, str | None]]
) -> None:
    seen = values_seen(STORE, product(sku), key, stock=stock)
    assert [(each.stock, each.source) for each in seen] == expected


def test_a_setting_of_whole_products_has_no_value_at_a_source() -> None:
    with pytest.raises(BackorderctlError) as caught:
        values_seen(STORE, Place(Scope.SOURCE, source="a"), MANAGE_STOCK.key)
    assert caught.value.message == "manage_stock: expected at global, stock or product, got it at source"


def test_a_source_is_not_seen_from_a_stock_that_does_not_link_it() -> None:
    with pytest.raises(BackorderctlError) as caught:
        values_seen(STORE, Place(Scope.SOURCE, source="b"), BACKORDERS.key, stock="us")
    assert caught.value.message == "stock 'us' does not link source 'b'"


@pytest.mark.parametrize(
    ("stock_values", "message", "hint"),
    [
        ({}, "X: backorders differs by stock: eu (a) no, eu (b) allow, us (a) no", "--stock eu --source a"),
        (
            {"us": "notify", "eu": "allow"},
            "X: backorders differs by stock: eu (a) allow, eu (b) allow, us (a) notify",
            "--stock eu",
        ),
    ],
    ids=["the first stock has two values", "each stock has one value"],
)
def test_the_hint_names_what_leaves_one_value(stock_values: dict[str, str], message: str, hint: str) -> None:
    stocks = {
        code: {**table, **({"backorders": stock_values[code]} if code in stock_values else {})}
        for code, table in DATA["stocks"].items()
    }
    with pytest.raises(BackorderctlError) as caught:
        single_value(built({**DATA, "stocks": stocks}), product("X"), BACKORDERS.key)
    assert (caught.value.message, caught.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("source", "key", "effective"),
    [("a", "out_of_stock_threshold", 0), ("b", "out_of_stock_threshold", -5), ("a", "backorders", "no")],
)
def test_a_chain_has_the_effective_value(source: str, key: str, effective: object) -> None:
    store = built({**DATA, "global": {"out_of_stock_threshold": -5}})
    [chain] = chains(store, Place(Scope.SOURCE, source=source), key, stock="eu")
    assert chain.effective == effective
    assert chain.seen.value.value == (-5 if key == "out_of_stock_threshold" else effective)
