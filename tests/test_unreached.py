"""What a write does not reach: scopes that keep another value, on stderr, in dry runs and in differences."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import naive
import pytest
from conftest import Run
from stores import built, seeded_stores

from backorderctl.policy.unreached import unreached
from backorderctl.store.model import Place
from backorderctl.store.settings import OF_ITEMS, Scope

SHOP = """version = 1

[global]
backorders = "no"

[stocks.eu]
sources = ["main", "lyon"]

[stocks.us]
sources = ["nyc"]
backorders = "no"

[sources.main]

[sources.lyon]
backorders = "allow"

[sources.nyc]

[products.A.sources.lyon]
quantity = 1

[products.B]
backorders = "allow"
sources.main.quantity = 1

[products.C.sources.nyc]
quantity = 1

[products.D.sources.nyc]
quantity = 1
backorders = "notify"
"""


TOLD = "not reached: stock us keeps no (1 product); source lyon keeps allow (1 product); 1 product keeps its own value"


@pytest.fixture
def shop(folder: Path) -> Path:
    path = folder / "store.toml"
    path.write_text(SHOP)
    return path


@pytest.mark.usefixtures("shop")
def test_a_write_names_the_scopes_that_keep_another_value(run: Run) -> None:
    assert run("config", "set", "backorders", "notify").err == f"global: backorders = notify (was no)\n{TOLD}\n"


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["set", "backorders", "allow", "--stock", "eu"], ""),
        (["set", "backorders", "notify", "--stock", "us"], ""),
        (["set", "backorders", "allow", "--stock", "us"], "not reached: 1 product keeps its own value\n"),
        (["set", "backorders", "no", "--source", "lyon"], ""),
        (["set", "backorders", "no", "--source", "main"], "not reached: 1 product keeps its own value\n"),
        (["set", "notify_for_quantity_below", "5"], ""),
        (["set", "backorders", "no", "--product", "D"], "not reached: 1 product keeps its own value\n"),
        (["set", "backorders", "no", "--product", "D", "--source", "nyc"], ""),
        (
            ["unset", "backorders"],
            "not reached: source lyon keeps allow (1 product); 2 products keep their own values\n",
        ),
    ],
    ids=str,
)
def test_only_scopes_that_would_inherit_are_named(run: Run, words: list[str], told: str) -> None:
    ran = run("config", *words)
    assert ran.status == 0
    assert ran.err.partition("\n")[2] == told


@pytest.mark.usefixtures("shop")
def test_several_settings_are_listed_apart_and_quiet_prints_nothing(run: Run) -> None:
    Path("changes.csv").write_text(
        "product,source,stock,key,value\n,,,backorders,notify\n,,,out_of_stock_threshold,-9\n"
    )
    run("config", "set", "out_of_stock_threshold", "-5", "--source", "main", "-q")
    assert run("config", "apply", "changes.csv", "-q").err == ""
    run("config", "set", "backorders=no", "out_of_stock_threshold=-1", "-q")
    assert run("config", "apply", "changes.csv").err == (
        "2 rows applied\n"
        "backorders not reached: stock us keeps no (1 product); source lyon keeps allow (1 product); "
        "1 product keeps its own value\n"
        "out_of_stock_threshold not reached: source main keeps -5 (1 product)\n"
    )


def test_a_dry_run_and_a_difference_have_the_same(run: Run, shop: Path) -> None:
    dry = run("config", "set", "backorders", "notify", "-n")
    assert TOLD in dry.out
    assert dry.err == ""
    Path("new.toml").write_text(SHOP.replace('[global]\nbackorders = "no"', '[global]\nbackorders = "notify"'))
    assert TOLD in run("diff", "store.toml", "new.toml").out
    rows = json.loads(run("diff", "store.toml", "new.toml", "-o", "json").out)["unreached"]
    assert [
        (row["scope"], row["stock"], row["source"], row["product"], row["value"], row["products"]) for row in rows
    ] == [
        ("stock", "us", None, None, "no", 1),
        ("source", None, "lyon", None, "allow", 1),
        ("product", None, None, None, None, 1),
    ]


@pytest.mark.usefixtures("shop")
def test_a_scope_that_changes_too_keeps_nothing(run: Run) -> None:
    new = SHOP.replace('[global]\nbackorders = "no"', '[global]\nbackorders = "notify"')
    new = new.replace('[sources.lyon]\nbackorders = "allow"', '[sources.lyon]\nbackorders = "no"')
    Path("new.toml").write_text(new)
    told = "not reached: stock us keeps no (1 product); 1 product keeps its own value\n"
    assert told in run("diff", "store.toml", "new.toml").out


def test_everything_that_keeps_another_value_is_named_with_its_products() -> None:
    rows = 0
    for data in seeded_stores(300, seed=8):
        for key, value in (
            ("backorders", "notify"),
            ("out_of_stock_threshold", Decimal(-7)),
            ("only_x_left_threshold", 4),
        ):
            data.setdefault("global", {})[key] = value
            found = unreached(built(data), {(Place(Scope.GLOBAL), key)})
            rows += len(found)
            users = in_use(data, key)
            kept = {place: skus for place, (kept_value, skus) in users.items() if kept_value != value}
            wide = {place: skus for place, skus in kept.items() if place[3] is None and place[0] != "global"}
            named = {tuple(row.place): row.products for row in found if row.place.scope is not Scope.PRODUCT}
            assert {place: len(skus) for place, skus in wide.items()}.items() <= named.items()
            assert all(not users.get(place, (None, ()))[1] for place in named.keys() - wide.keys())
            own = {sku for place, skus in kept.items() if place[3] is not None for sku in skus}
            counted = sum(row.products for row in found if row.place.scope is Scope.PRODUCT)
            assert counted >= len(own)
    assert rows > 300


def in_use(data: dict[str, Any], key: str) -> dict[tuple[Any, ...], tuple[Any, set[str]]]:
    """By the place that a setting comes from: the value, and the products that have it in force in some stock."""
    users: dict[tuple[Any, ...], tuple[Any, set[str]]] = {}
    for sku in data["products"]:
        for entry in naive.show(data, sku):
            for each in entry["sources"] if key in OF_ITEMS else [entry] if entry["sources"] else []:
                setting = each["settings"][key]
                origin = setting["origin"]
                place = tuple(origin[name] for name in ("scope", "stock", "source", "product"))
                users.setdefault(place, (setting["value"], set()))[1].add(sku)
    return users
