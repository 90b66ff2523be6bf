"""Orders, and the life of a stock: milestones are computed exactly, whatever the quantities."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import naive
import pytest
from conftest import Run
from hypothesis import given
from stores import built, seeded_stores, stores

from backorderctl.policy.evaluate import evaluate, evaluate_all
from backorderctl.policy.orders import Event, order_from, simulate_sales
from backorderctl.store.scalars import STEP

FINE = Decimal("0.01")
"""Stores whose quantities are finer are too many steps for the naive life."""


def test_the_milestones_are_those_that_stepping_finds() -> None:
    compared = 0
    for data in (*seeded_stores(500, seed=3, whole=True), *seeded_stores(300, seed=4)):
        for answer in evaluate_all(built(data)):
            sku, stock = answer.product.sku, answer.stock
            if stock is None or naive.grain(data, sku, stock) < FINE:
                continue
            found = [
                (milestone.sold, event.value, source)
                for milestone in simulate_sales(answer)
                for event in milestone.events
                for source in (milestone.low_stock_sources if event is Event.LOW_STOCK else (None,))
            ]
            stepped = [(event["sold"], event["event"], event["source"]) for event in naive.life(data, sku, stock)]
            assert sorted(found, key=str) == sorted(stepped, key=str)
            compared += 1
    assert compared > 1000


def test_simultaneous_events_are_in_a_fixed_order() -> None:
    data = {
        "version": 1,
        "sources": {"main": {}},
        "products": {
            "X": {
                "backorders": "allow",
                "out_of_stock_threshold": -5,
                "only_x_left_threshold": 5,
                "notify_for_quantity_below": 0,
                "sources": {"main": {"quantity": 10}},
            }
        },
    }
    [answer] = evaluate(built(data), "X")
    assert [(int(milestone.sold), milestone.events) for milestone in simulate_sales(answer)] == [
        (0, ()),
        (10, (Event.LOW_STOCK, Event.BACKORDERS_BEGIN, Event.ONLY_X_LEFT)),
        (15, (Event.OUT_OF_STOCK,)),
    ]


@pytest.mark.parametrize(
    ("items", "shipment", "notice"),
    [
        ({"a": ("notify", 1)}, "partly_on_hold", 4),
        ({"a": ("notify", 0)}, "on_hold", 5),
        ({"a": ("allow", 1)}, "partly_on_hold", None),
        ({"a": ("allow", 1), "b": ("notify", 0)}, "partly_on_hold", 4),
        ({"a": ("allow", 1), "closed": ("notify", 9)}, "partly_on_hold", None),
    ],
    ids=["notify", "nothing on hand", "allow", "notify at one of two", "notify at a disabled source"],
)
def test_customers_are_notified_if_a_counting_item_says_so(
    items: dict[str, tuple[str, int]], shipment: str, notice: int | None
) -> None:
    data = {
        "version": 1,
        "sources": {"a": {}, "b": {}, "closed": {"enabled": False}},
        "products": {
            "X": {"sources": {code: {"backorders": word, "quantity": units} for code, (word, units) in items.items()}}
        },
    }
    [answer] = evaluate(built(data), "X")
    got = order_from(answer, Decimal(5))
    assert (got.shipment, got.customer_notice) == (shipment, notice)


@given(stores())
def test_an_order_can_take_exactly_what_is_left_at_a_milestone(data: dict[str, Any]) -> None:
    for answer in evaluate_all(built(data)):
        for milestone in simulate_sales(answer):
            if milestone.salable:
                assert order_from(answer, milestone.sold + milestone.salable).accepted
                assert not order_from(answer, milestone.sold + milestone.salable + STEP).accepted


def test_ten_million_units_cost_no_more_than_ten(run: Run, store_file: Path) -> None:
    store_file.write_text(store_file.read_text().replace("quantity = 25", "quantity = 10000000"))
    ran = run("order", "simulate", "24-MB01", "-o", "json")
    assert [step["sold"] for step in json.loads(ran.out)["steps"]] == [0, 9999990, 10000000, 10000045, 10000050]


def test_a_table_of_too_many_rows_is_refused(run: Run, store_file: Path) -> None:
    store_file.write_text(store_file.read_text().replace("quantity = 25", "quantity = 30000"))
    many = ("order", "simulate", "24-MB01", "--step", "1")
    assert run(*many) == (2, "", "Error: --step: expected at most 10,000 rows of a table, got more\nHint: -o csv\n")
    assert len(run(*many, "-o", "csv").out.splitlines()) == 30_052
    assert len(json.loads(run(*many, "-o", "json").out)["steps"]) == 30_051


@pytest.mark.usefixtures("store_file")
def test_the_documented_simulation_of_sales(run: Run) -> None:
    ran = run("order", "simulate", "24-MB01", "-o", "csv")
    assert ran == (
        0,
        "sold,on_hand,backorderable,salable,unlimited,events,low_stock_sources\n"
        "0,25,50,75,false,,\n"
        "15,10,50,60,false,low_stock,main\n"
        "25,0,50,50,false,backorders_begin,\n"
        "70,0,5,5,false,only_x_left,\n"
        "75,0,0,0,false,out_of_stock,\n",
        "",
    )


def test_reserved_units_ship_first(run: Run, store_file: Path) -> None:
    text = store_file.read_text() + '\n[products."24-MB01".stocks.default]\nreserved = 3\n'
    store_file.write_text(text)
    ran = run("order", "simulate", "24-MB01", "-o", "json")
    assert [step["sold"] for step in json.loads(ran.out)["steps"]] == [0, 12, 22, 67, 72]


@pytest.mark.usefixtures("store_file")
def test_steps_are_merged_with_the_milestones(run: Run) -> None:
    ran = run("order", "simulate", "24-MB01", "--step", "12.5", "-o", "json")
    sold = [step["sold"] for step in json.loads(ran.out)["steps"]]
    assert sold == [0, 12.5, 15, 25, 37.5, 50, 62.5, 70, 75]


@pytest.mark.usefixtures("store_file")
def test_an_order_that_is_partly_backordered(run: Run) -> None:
    ran = run("order", "check", "24-MB01", "30", "-o", "json")
    assert ran.status == 0
    assert json.loads(ran.out) == {
        "sku": "24-MB01",
        "stock": "default",
        "requested": 30,
        "accepted": True,
        "reason": None,
        "salable": 75,
        "unlimited": False,
        "ships_now": 25,
        "backordered": 5,
        "payment": "authorized_and_captured",
        "order_status": "unchanged",
        "shipment": "partly_on_hold",
        "customer_notice": 5,
    }


@pytest.mark.usefixtures("store_file")
def test_a_refused_order_has_status_1(run: Run) -> None:
    ran = run("order", "check", "24-MB01", "76")
    assert ran == (
        1,
        "refused: 76 of 24-MB01 in stock default (75 salable)\nreason      more than can be sold\n",
        "",
    )


@pytest.mark.usefixtures("store_file")
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("0", "quantity: expected 0.0001 or more, got 0"),
        ("-3", "quantity: expected 0.0001 or more, got -3"),
        ("0.00001", "quantity: expected a number of at most 4 decimal places, got 0.00001"),
        ("ten", "quantity: expected a number, got 'ten'"),
        ("1,5", "quantity: expected a number, got '1,5'"),
        ("nan", "quantity: expected a number, got 'nan'"),
    ],
)
def test_an_invalid_quantity_is_refused(run: Run, typed: str, said: str) -> None:
    assert run("order", "check", "24-MB01", typed) == (2, "", f"Error: {said}\n")


def test_an_order_has_one_stock(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_text(
        "version = 1\n[sources.a]\n[stocks.one]\nsources = ['a']\n[stocks.two]\nsources = ['a']\n"
        "[products.X.sources.a]\nquantity = 1\n"
    )
    ran = run("order", "check", "X", "1")
    assert ran == (2, "", "Error: 'X' is in several stocks: one, two\nHint: --stock one\n")
    assert run("order", "check", "X", "1", "--stock", "two").status == 0


def test_the_only_stock_that_reaches_a_product_need_not_be_named(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_text(
        "version = 1\n[sources.a]\n[sources.b]\n[stocks.one]\nsources = ['a']\n[stocks.two]\nsources = ['b']\n"
        "[products.X.sources.b]\nquantity = 1\n"
    )
    assert run("order", "check", "X", "1").out.startswith("accepted: 1 of X in stock two (1 salable)\n")


@pytest.mark.usefixtures("store_file")
def test_an_order_that_ships_in_full_has_no_line_about_payment(run: Run) -> None:
    assert run("order", "check", "24-MB01", "5") == (
        0,
        "accepted: 5 of 24-MB01 in stock default (75 salable)\n"
        "ships now   5\n"
        "backordered 0\n"
        "shipment    ships now, whole\n",
        "",
    )


def test_simulated_sales_name_the_sources_in_their_order_without_those_that_do_not_count(
    run: Run, folder: Path
) -> None:
    (folder / "store.toml").write_text(
        "version = 1\n[sources.a]\n[sources.b]\n[sources.c]\nenabled = false\n[stocks.eu]\nsources = ['c', 'b', 'a']\n"
        + "".join(f"[products.X.sources.{code}]\nquantity = 2\n" for code in "abc")
    )
    ran = run("order", "simulate", "X")
    assert ran.out.splitlines()[-1] == "Units leave the sources in the stock's order: b, a."
    assert "event" in ran.out.splitlines()[1]
