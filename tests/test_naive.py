"""The second implementation and the random stores, on the examples of the written rules and on themselves."""

import tomllib
from collections import Counter
from decimal import Decimal
from typing import Any

import naive
import pytest
from hypothesis import given
from stores import seeded_stores, stores, toml_text

EXAMPLE = """
version = 1

[global]
backorders = "notify"
out_of_stock_threshold = -50
notify_for_quantity_below = 10
only_x_left_threshold = 5

[stocks.eu]
sources = ["berlin", "lyon"]
channels = ["eu_website"]
out_of_stock_threshold = -20

[sources.berlin]
name = "Berlin warehouse"
enabled = true

[sources.lyon]
name = "Lyon shop"
backorders = "no"

[products."24-MB01"]
name = "Joust Duffle Bag"
out_of_stock_threshold = -50

[products."24-MB01".sources.berlin]
quantity = 25
status = "in_stock"

[products."24-MB01".sources.lyon]
quantity = 4
notify_for_quantity_below = 2

[products."24-MB01".stocks.eu]
reserved = 3
"""

DOCUMENTED = """
version = 1
[global]
backorders = "allow"
out_of_stock_threshold = -50
notify_for_quantity_below = 10
only_x_left_threshold = 5
[sources.main]
[products.A.sources.main]
quantity = 25
"""


def parse(text: str) -> dict[str, Any]:
    return tomllib.loads(text, parse_float=Decimal)


def origin(scope: str, **names: str) -> dict[str, str | None]:
    return {"scope": scope, "stock": None, "source": None, "product": None, **names}


def brief(entry: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(entry[key] for key in ("status", "reason", "on_hand", "backorderable", "salable", "unlimited"))


def milestones(data: dict[str, Any], sku: str, stock: str) -> list[tuple[int, str, str | None]]:
    return [(int(event["sold"]), event["event"], event["source"]) for event in naive.life(data, sku, stock)]


def test_the_example_of_the_store_file_shows_the_documented_numbers() -> None:
    product = origin("product", product="24-MB01")
    settings = origin("global")
    assert naive.show(parse(EXAMPLE), "24-MB01") == [
        {
            "stock": "eu",
            "status": "in_stock",
            "reason": None,
            "quantity": 29,
            "reserved": 3,
            "on_hand": 26,
            "backorderable": 50,
            "salable": 76,
            "unlimited": False,
            "only_x_left": None,
            "low_stock": False,
            "settings": {
                "manage_stock": {"value": True, "origin": origin("default")},
                "only_x_left_threshold": {"value": 5, "origin": settings},
            },
            "sources": [
                {
                    "source": "berlin",
                    "quantity": 25,
                    "status": "in_stock",
                    "counts": True,
                    "excluded": None,
                    "low_stock": False,
                    "settings": {
                        "backorders": {"value": "notify", "origin": settings},
                        "out_of_stock_threshold": {"value": -50, "effective": -50, "origin": product},
                        "notify_for_quantity_below": {"value": 10, "origin": settings},
                    },
                },
                {
                    "source": "lyon",
                    "quantity": 4,
                    "status": "in_stock",
                    "counts": True,
                    "excluded": None,
                    "low_stock": False,
                    "settings": {
                        "backorders": {"value": "no", "origin": origin("source", source="lyon")},
                        "out_of_stock_threshold": {"value": -50, "effective": 0, "origin": product},
                        "notify_for_quantity_below": {
                            "value": 2,
                            "origin": origin("source_item", source="lyon", product="24-MB01"),
                        },
                    },
                },
            ],
            "pools": [
                {
                    "sources": ["berlin"],
                    "backorders": True,
                    "threshold": -50,
                    "effective": -50,
                    "origin": product,
                    "quantity": 25,
                    "on_hand": 25,
                    "backorderable": 50,
                    "unlimited": False,
                },
                {
                    "sources": ["lyon"],
                    "backorders": False,
                    "threshold": -50,
                    "effective": 0,
                    "origin": product,
                    "quantity": 4,
                    "on_hand": 4,
                    "backorderable": 0,
                    "unlimited": False,
                },
            ],
        }
    ]


@pytest.mark.parametrize(
    ("reserved", "salable", "only_x_left", "status"),
    [
        (0, 75, None, "in_stock"),
        (24, 51, None, "in_stock"),
        (25, 50, None, "backorder"),
        (69, 6, None, "backorder"),
        (70, 5, 5, "backorder"),
        (75, 0, None, "out_of_stock"),
        (80, 0, None, "out_of_stock"),
    ],
)
def test_the_documented_product_as_it_sells(reserved: int, salable: int, only_x_left: int | None, status: str) -> None:
    data = parse(DOCUMENTED + f"[products.A.stocks.default]\nreserved = {reserved}\n")
    (entry,) = naive.show(data, "A")
    assert (entry["stock"], entry["salable"], entry["only_x_left"], entry["status"]) == (
        "default",
        salable,
        only_x_left,
        status,
    )
    assert entry["reason"] == ("backorder_limit_reached" if salable == 0 else None)


@pytest.mark.parametrize(("reserved", "expected"), [(0, (15, 25, 70, 75)), (3, (12, 22, 67, 72))])
def test_the_documented_product_as_naive_sales(reserved: int, expected: tuple[int, ...]) -> None:
    data = parse(DOCUMENTED + f"[products.A.stocks.default]\nreserved = {reserved}\n")
    events = [("low_stock", "main"), ("backorders_begin", None), ("only_x_left", None), ("out_of_stock", None)]
    assert milestones(data, "A", "default") == [(sold, *event) for sold, event in zip(expected, events, strict=True)]


def test_naive_sales_leave_the_sources_in_the_order_of_the_stock() -> None:
    # berlin goes from 25 to 10 with 3 reserved and 12 sold, is empty at 22, and lyon has 2 of its 4 left at 24.
    assert milestones(parse(EXAMPLE), "24-MB01", "eu") == [
        (12, "low_stock", "berlin"),
        (24, "low_stock", "lyon"),
        (26, "backorders_begin", None),
        (71, "only_x_left", None),
        (76, "out_of_stock", None),
    ]


def test_naive_sales_without_limit_end_where_backorders_begin() -> None:
    data = parse(DOCUMENTED.replace("-50", "0"))
    assert milestones(data, "A", "default") == [
        (15, "low_stock", "main"),
        (25, "backorders_begin", None),
        (25, "unlimited", None),
    ]


def test_naive_sales_without_managed_stock_have_no_events() -> None:
    assert milestones(parse(DOCUMENTED + "[products.A]\nmanage_stock = false\n"), "A", "default") == []


def test_the_naive_simulation_steps_by_the_common_measure_of_fractions() -> None:
    data = parse(DOCUMENTED.replace("quantity = 25", "quantity = 25.5\nnotify_for_quantity_below = 0.75"))
    assert naive.grain(data, "A", "default") == Decimal("0.25")
    assert [event["sold"] for event in naive.life(data, "A", "default")] == [
        Decimal("24.75"),
        Decimal("25.5"),
        Decimal("70.5"),
        Decimal("75.5"),
    ]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        # One allowance of the product for both sources; two allowances where each source says its own.
        ("[global]\nbackorders='allow'\nout_of_stock_threshold=-50", ("in_stock", None, 5, 50, 55, False)),
        ("[global]\nbackorders='allow'\nout_of_stock_threshold=-50\n[sources.b]\nout_of_stock_threshold=-50", None),
        # A reserve, a negative threshold without backorders, a positive one with.
        ("[global]\nout_of_stock_threshold=5", ("out_of_stock", "reserve_reached", 0, 0, 0, False)),
        ("[global]\nout_of_stock_threshold=-5", ("in_stock", None, 5, 0, 5, False)),
        ("[global]\nbackorders='notify'\nout_of_stock_threshold=5", ("in_stock", None, 5, None, None, True)),
        ("[stocks.none]", ("out_of_stock", "no_sources", 0, 0, 0, False)),
        ("[global]\nmanage_stock=false", ("in_stock", None, None, None, None, True)),
        ("[global]\nmanage_stock=false\n[stocks.none]", ("out_of_stock", "no_sources", 0, 0, 0, False)),
    ],
)
def test_two_sources(head: str, expected: tuple[Any, ...] | None) -> None:
    tail = "[products.A.sources.a]\nquantity=2\n[products.A.sources.b]\nquantity=3\n"
    sources = "".join(f"[sources.{code}]\n" for code in "ab" if f"[sources.{code}]" not in head)
    (entry,) = naive.show(parse(f"version=1\n{head}\n{sources}{tail}"), "A")
    assert brief(entry) == (expected or ("in_stock", None, 5, 100, 105, False))


def test_the_most_specific_scope_wins() -> None:
    scopes = ["default", "global", "stock", "source", "product", "source_item"]
    tables = ["global", "stocks.s", "sources.a", "products.A", "products.A.sources.a"]
    for written in range(2 ** len(tables)):
        text = "version=1\n"
        winner = 0
        for at, table in enumerate(tables):
            text += f"[{table}]\n"
            text += {"stocks.s": "sources=['a']\n", "products.A.sources.a": "quantity=1\n"}.get(table, "")
            if written & 1 << at:
                winner = at + 1
                text += f"notify_for_quantity_below={at}\n"
        (entry,) = naive.show(parse(text), "A")
        notify = entry["sources"][0]["settings"]["notify_for_quantity_below"]
        assert (notify["origin"]["scope"], notify["value"]) == (scopes[winner], winner - 1 if winner else 1)


def test_the_page_says_what_does_not_count_and_why_a_product_is_sold_out() -> None:
    data = parse(
        "version=1\n[sources.a]\nenabled=false\n[sources.b]\n"
        "[products.A.sources.a]\nquantity=2\n[products.B.sources.b]\nquantity=2\nstatus='out_of_stock'\n"
        "[products.C.sources.b]\nquantity=0\n"
    )
    seen = {sku: naive.show(data, sku)[0] for sku in "ABC"}
    assert {sku: (entry["reason"], entry["sources"][0]["excluded"]) for sku, entry in seen.items()} == {
        "A": ("no_source_in_stock", "source_disabled"),
        "B": ("no_source_in_stock", "out_of_stock"),
        "C": ("sold_out", None),
    }
    assert [entry["low_stock"] for entry in seen.values()] == [False, False, True]


def test_an_oversold_source_with_a_pool_of_its_own_takes_nothing() -> None:
    data = parse(
        "version=1\n[global]\nbackorders='allow'\nout_of_stock_threshold=-10\n[sources.a]\nout_of_stock_threshold=-10\n"
        "[sources.b]\n[products.A.sources.a]\nquantity=-60\n[products.A.sources.b]\nquantity=7\n"
    )
    (entry,) = naive.show(data, "A")
    assert brief(entry) == ("in_stock", None, 7, 10, 17, False)


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (26, (True, None, 26, 0, None, None, "immediate", None)),
        (30, (True, None, 26, 4, "authorized_and_captured", "unchanged", "partly_on_hold", 4)),
        (77, (False, "exceeds_salable", None, None, None, None, None, None)),
    ],
)
def test_orders_of_the_example(n: int, expected: tuple[Any, ...]) -> None:
    answer = naive.order(parse(EXAMPLE), "24-MB01", "eu", Decimal(n))
    assert (answer.pop("requested"), answer.pop("salable"), answer.pop("unlimited")) == (n, 76, False)
    assert tuple(answer.values()) == expected


def test_naive_orders_at_the_limits() -> None:
    zero = naive.order(parse(EXAMPLE.replace("reserved = 3", "reserved = 79")), "24-MB01", "eu", Decimal(0))
    assert (zero["accepted"], zero["reason"]) == (False, "backorder_limit_reached")
    gone = parse(EXAMPLE.replace("reserved = 3", "reserved = 79"))
    assert naive.order(gone, "24-MB01", "eu", Decimal(1))["reason"] == "backorder_limit_reached"
    held = naive.order(parse(EXAMPLE.replace("reserved = 3", "reserved = 29")), "24-MB01", "eu", Decimal(50))
    assert (held["ships_now"], held["shipment"], held["customer_notice"]) == (0, "on_hold", 50)
    unmanaged = naive.order(parse(DOCUMENTED + "[products.A]\nmanage_stock = false\n"), "A", "default", Decimal(900))
    assert (unmanaged["ships_now"], unmanaged["backordered"], unmanaged["shipment"]) == (900, 0, "immediate")
    # The shop alone would tell the customer, and it does not count.
    closed = (
        EXAMPLE.replace('"notify"', '"allow"')
        .replace('"no"', '"notify"')
        .replace("quantity = 4", "quantity = 4\nstatus = 'out_of_stock'")
    )
    untold = naive.order(parse(closed), "24-MB01", "eu", Decimal(30))
    assert (untold["backordered"], untold["customer_notice"]) == (8, None)
    quiet = naive.order(parse(DOCUMENTED), "A", "default", Decimal(30))
    assert (quiet["backordered"], quiet["customer_notice"]) == (5, None)


@given(stores())
def test_the_text_of_a_store_parses_to_the_store(data: dict[str, Any]) -> None:
    # The representation tells 5 from 5.0 and sees the order of tables, which equality does not.
    assert repr(parse(toml_text(data))) == repr(data)


@given(stores(whole=True))
def test_naive_sales_end_at_the_salable_quantity(data: dict[str, Any]) -> None:
    for sku in data["products"]:
        for entry in naive.show(data, sku):
            last = [event for event in naive.life(data, sku, entry["stock"]) if event["event"] == "out_of_stock"]
            assert [event["sold"] for event in last] == ([] if entry["unlimited"] else [entry["salable"]])


def test_the_text_escapes_what_toml_does_not_allow() -> None:
    data = {"a.b": {'"\\\t\n\x7fé🎒': 'quote " backslash \\ bell \x07', "": Decimal("1E+2"), "small": Decimal("1E-4")}}
    text = toml_text(data)
    assert parse(text) == data
    assert "E" not in text.replace("\\u", "")


def test_selling_by_shipping_and_by_reserving_leaves_the_same_quantities() -> None:
    for data in seeded_stores(300, 1):
        for sku, product in data["products"].items():
            for entry in naive.show(data, sku):
                if entry["stock"] is not None and entry["settings"]["manage_stock"]["value"]:
                    for sold in (Decimal(0), Decimal("0.5"), Decimal(7), Decimal(40)):
                        reserved = {entry["stock"]: {"reserved": entry["reserved"] + sold}}
                        ordered = {**data, "products": {sku: {**product, "stocks": reserved}}}
                        shipped = naive.ship(data, sku, entry["stock"], sold)
                        numbers = [brief(naive.look(store, sku, entry["stock"])) for store in (ordered, shipped)]
                        assert numbers[0][2:] == numbers[1][2:]


def test_seeded_stores_repeat_and_reach_every_answer() -> None:
    assert list(seeded_stores(50, 7)) == list(seeded_stores(50, 7))
    assert list(seeded_stores(50, 7)) != list(seeded_stores(50, 8))
    seen: Counter[str] = Counter()
    for data in seeded_stores(2000, 7):
        for sku in data["products"]:
            entries = naive.show(data, sku)
            seen["several stocks"] += len(entries) > 1
            for entry in entries:
                seen[entry["status"]] += 1
                seen[str(entry["reason"])] += 1
                seen["unlimited"] += entry["unlimited"]
                seen["unmanaged"] += not entry["settings"]["manage_stock"]["value"]
                seen["only_x_left"] += entry["only_x_left"] is not None
                seen["several pools"] += len(entry["pools"]) > 1
                seen["shared pool"] += any(len(pool["sources"]) > 1 for pool in entry["pools"])
                for source in entry["sources"]:
                    seen[str(source["excluded"])] += 1
                    for setting in source["settings"].values():
                        seen[setting["origin"]["scope"]] += 1
    expected = {"several stocks", "several pools", "shared pool", "unlimited", "unmanaged", "only_x_left"}
    expected |= {"in_stock", "backorder", "out_of_stock", "source_disabled"}
    expected |= {"no_sources", "no_source_in_stock", "backorder_limit_reached", "reserve_reached", "sold_out"}
    expected |= {"default", "global", "stock", "source", "product", "source_item"}
    assert {what for what in expected if seen[what] < 50} == set()
