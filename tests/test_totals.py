"""The totals of a catalogue: against sums over a second implementation, and figures worked by hand."""

import tomllib
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import naive
import pytest
from hypothesis import given
from stores import built, seeded_stores, stores

from backorderctl.output.product import row
from backorderctl.policy.evaluate import Reason, evaluate_all
from backorderctl.policy.totals import LowStock, StockTotals, Totals, totals

ZERO = Decimal(0)
EVERY = 1_000
WORKED = (Path(__file__).parent / "data" / "report" / "store.toml").read_text()


def totals_of(data: dict[str, Any], *, top: int = EVERY, source: str | None = None) -> Totals:
    store = built(data)
    return totals(evaluate_all(store), stocks=store.stocks, source=source, top=top)


def worked(**options: Any) -> Totals:
    return totals_of(tomllib.loads(WORKED, parse_float=Decimal), **options)


def skus(products: Any) -> list[str]:
    return [each.answer.product.sku for each in products]


def test_the_sums_of_a_stock_worked_by_hand() -> None:
    eu, us, none = worked().stocks
    # bag: 40 - 25 = 15; mug: its 30 below zero and 30 reserved; card: 5 below zero; shelf: 6 - (9 - 4) = 1
    assert eu == StockTotals(
        stock="eu",
        products=5,
        in_stock=1,
        backorder=2,
        out_of_stock={Reason.BACKORDER_LIMIT_REACHED: 1, Reason.RESERVE_REACHED: 1},
        quantity=Decimal(25 - 30 - 5 + 7 + 9),
        reserved=Decimal(40 + 30 + 2 + 6),
        on_hand=ZERO,
        reserve=Decimal(4),
        owed=Decimal(15 + 60 + 5 + 1),
        owed_within_limit=Decimal(15 + 60 + 1),
        backorderable=Decimal(35),
        owing=4,
        unlimited=2,
        oversold=1,
        low_stock=3,
    )
    assert eu.used == Decimal("0.6847")  # 76 of 76 + 35
    assert (us.stock, us.products, us.owed, us.used) == ("us", 0, ZERO, None)
    assert (none.stock, none.products, none.out_of_stock) == (None, 1, {Reason.NO_SOURCES: 1})


def test_products_are_named_the_worst_first() -> None:
    found = worked()
    assert skus(found.owing) == ["mug", "bag", "card", "shelf"]
    assert skus(found.nearest) == ["mug", "bag"]
    assert [each.used for each in found.nearest] == [Decimal(1), Decimal("0.3")]
    assert skus(found.unlimited) == ["card", "download"]
    assert [(each.answer.product.sku, each.short) for each in found.oversold] == [("mug", Decimal(10))]
    assert found.low_stock == (LowStock("eu", "berlin", 2), LowStock("eu", "lyon", 1))


def test_lists_are_cut_and_sums_are_not() -> None:
    found = worked(top=1)
    assert [len(names) for names in (found.owing, found.nearest, found.unlimited, found.oversold)] == [1, 1, 1, 1]
    assert found.stocks == worked().stocks


def test_an_allowance_that_sources_share_is_one_pool() -> None:
    data = tomllib.loads(WORKED, parse_float=Decimal)
    del data["sources"]["lyon"]["backorders"]
    data["products"]["bag"]["sources"]["lyon"] = {"quantity": 5}
    both = next(pool for pool in totals_of(data).pools if pool.sources == ("berlin", "lyon"))
    assert [both.products, both.quantity, both.on_hand, both.backorderable] == [1, 30, 30, 50]
    assert both in totals_of(data, source="lyon").pools
    assert [each.source for each in totals_of(data, source="lyon").low_stock] == ["lyon"]
    assert {pool.sources for pool in totals_of(data, source="lyon").pools} == {("berlin", "lyon"), ("lyon",)}


@pytest.mark.parametrize("text", ["", "[products.A]", "[sources.s]\n[products.A.sources.s]\nquantity = 0"])
def test_no_share_is_used_where_there_is_no_allowance(text: str) -> None:
    assert all(stock.used is None for stock in totals_of(tomllib.loads("version = 1\n" + text)).stocks)


@given(stores())
def test_the_sums_are_those_of_the_product_list(data: dict[str, Any]) -> None:
    store = built(data)
    rows = [row(answer) for answer in evaluate_all(store)]
    for stock in totals_of(data).stocks:
        mine = [each for each in rows if each["stock"] == stock.stock]
        for name in ("quantity", "reserved", "on_hand", "backorderable"):
            assert getattr(stock, name) == sum((n for r in mine if isinstance(n := r[name], Decimal)), ZERO)
        assert Counter(each["status"] for each in mine) == Counter(
            in_stock=stock.in_stock, backorder=stock.backorder, out_of_stock=sum(stock.out_of_stock.values())
        )
        assert stock.unlimited == sum(each["unlimited"] is True for each in mine)
        assert stock.low_stock == sum(each["low_stock"] is True for each in mine)


def test_a_second_implementation_owes_the_same() -> None:
    owing = 0
    for data in seeded_stores(300, seed=15):
        found = totals_of(data)
        expected = naive_sums(data)
        for stock in found.stocks:
            sums = expected.pop(stock.stock, None) or (ZERO, ZERO, ZERO, 0)
            assert (stock.reserve, stock.owed, stock.owed_within_limit, stock.oversold) == sums
            owing += stock.owed > 0
        assert not expected
    assert owing > 50


def naive_sums(data: dict[str, Any]) -> dict[str | None, tuple[Decimal, Decimal, Decimal, int]]:
    """Reserve, owed, owed by products with a limit, and the number of oversold products, by stock."""
    sums: dict[str | None, tuple[Decimal, Decimal, Decimal, int]] = {}
    for sku in data["products"]:
        for entry in naive.show(data, sku):
            reserve = owed = on_hand = ZERO
            for pool in entry["pools"]:
                on_hand += pool["on_hand"]
                if pool["backorders"]:
                    owed += -pool["quantity"] if pool["quantity"] < 0 else 0
                else:
                    reserve += min(max(pool["quantity"], 0), pool["effective"])
            managed = entry["on_hand"] is not None
            if managed and entry["reserved"] > on_hand:
                owed += entry["reserved"] - on_hand
            limited = not entry["unlimited"]
            was = sums.get(entry["stock"], (ZERO, ZERO, ZERO, 0))
            sums[entry["stock"]] = (
                was[0] + reserve,
                was[1] + owed,
                was[2] + (owed if limited else 0),
                was[3] + (naive.short(entry) > 0),
            )
    return sums
