"""The agenda: each coming day on which an entry begins or ends, against the two days compared as files are."""

import json
from copy import deepcopy
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from conftest import EXAMPLES, Run
from schedules import DAYS, FIRST, with_schedule
from stores import seeded_stores

from backorderctl.policy.agenda import agenda
from backorderctl.policy.diff import SettingChange, difference, reaches
from backorderctl.policy.product_changes import ProductChange
from backorderctl.policy.unreached import Unreached, unreached
from backorderctl.store.load import build, load_bytes
from backorderctl.store.model import Place, StoreFile
from backorderctl.store.schedule import days_of_change
from backorderctl.store.settings import BACKORDERS, Backorders, Scope

BEFORE, LAST = FIRST - timedelta(days=2), FIRST + timedelta(days=DAYS + 40)


def scheduled_stores(count: int, seed: int) -> list[StoreFile]:
    random = Random(seed)
    plain = seeded_stores(count, seed=seed)
    return [
        build(deepcopy(with_schedule(data, random, count=9)), file="store.toml", text="") for data in plain
    ]  # fmt: skip


def test_each_day_is_the_difference_to_the_day_before() -> None:
    compared = 0
    for store in scheduled_stores(300, seed=21):
        days = list(agenda(store, after=BEFORE, until=LAST))
        assert [each.day for each in days] == days_of_change(store.schedule, after=BEFORE)
        for each in days:
            yesterday, today = (store.on(day) for day in (each.day - timedelta(days=1), each.day))
            expected = difference(yesterday, today)
            assert ordered(each.difference.settings) == ordered(expected.settings)
            assert ordered(each.difference.products) == ordered(expected.products)
            compared += bool(expected)
    assert compared > 500


def test_the_days_replayed_lead_from_the_first_day_to_the_last() -> None:
    changed = 0
    for store in scheduled_stores(300, seed=22):
        settings: dict[Any, tuple[Any, Any]] = {}
        products: dict[Any, tuple[Any, Any]] = {}
        for day in agenda(store, after=BEFORE, until=LAST):
            for setting in day.difference.settings:
                replay(settings, (setting.place, setting.key), setting.old, setting.new)
            for product in day.difference.products:
                for field, old, new in product.fields:
                    replay(products, (product.sku, product.stock, field), old, new)
        whole = difference(store.on(BEFORE), store.on(LAST))
        assert moved(settings) == {(each.place, each.key): (each.old, each.new) for each in whole.settings}
        fields = [(each, *field) for each in whole.products for field in each.fields]
        expected = {(each.sku, each.stock, name): (old, new) for each, name, old, new in fields}
        # A customer's notice is only a change while backorders are taken before and after.
        assert without_notice(moved(products)) == without_notice(expected)
        changed += len(expected)
    assert changed > 100


def replay(state: dict[Any, tuple[Any, Any]], at: Any, old: Any, new: Any) -> None:
    first, last = state.get(at, (old, old))
    assert last == old, at
    state[at] = (first, new)


def moved(state: dict[Any, tuple[Any, Any]]) -> dict[Any, tuple[Any, Any]]:
    return {at: (first, last) for at, (first, last) in state.items() if first != last or type(first) is not type(last)}


def without_notice(changes: dict[Any, Any]) -> dict[Any, Any]:
    return {at: values for at, values in changes.items() if at[2] != "customer_notice"}


def test_one_product_has_the_days_that_reach_it() -> None:
    for store in scheduled_stores(150, seed=23):
        for product in store.products.values():
            entries = [entry for entry in store.schedule if reaches(store, entry.place, product)]
            own = list(agenda(store, after=BEFORE, until=LAST, product=product))
            assert [each.day for each in own] == days_of_change(entries, after=BEFORE)
            rows = [change for each in own for change in each.difference.products]
            every = [change for each in agenda(store, after=BEFORE, until=LAST) for change in each.difference.products]
            assert rows == [change for change in every if change.sku == product.sku]


def ordered(changes: tuple[SettingChange, ...] | tuple[ProductChange, ...]) -> list[str]:
    return sorted(map(repr, changes))


@pytest.fixture
def christmas(folder: Path) -> Path:
    path = folder / "store.toml"
    path.write_bytes((EXAMPLES / "christmas.toml").read_bytes())
    return path


@pytest.mark.usefixtures("christmas")
def test_christmas_before_during_and_after(run: Run) -> None:
    salable = {
        day: [row["salable"] for row in json.loads(run("product", "list", "-o", "json", "--at", day).out)["products"]]
        for day in ("2026-11-26", "2026-11-27", "2026-12-20", "2026-12-21", "2026-12-24", "2027-01-02", "2027-01-03")
    }
    assert salable == {
        "2026-11-26": [75, 54],
        "2026-11-27": [225, 54],
        "2026-12-20": [225, 54],
        "2026-12-21": [75, 54],
        "2026-12-24": [25, 54],
        "2027-01-02": [25, 54],
        "2027-01-03": [75, 54],
    }


@pytest.mark.usefixtures("christmas")
def test_the_agenda_says_which_source_keeps_taking_backorders(run: Run) -> None:
    ran = run("agenda", "--at", "2026-12-21")
    kept = "not reached: source lyon keeps allow (1 product)"
    assert ran == (
        0,
        "date        event   change                           effect\n"
        "2026-12-24  begins  global backorders: notify -> no  24-MB01 salable 75 -> 25; 1 stops taking "
        f"backorders; {kept}\n"
        "2027-01-03  ends    global backorders: no -> notify  24-MB01 salable 25 -> 75; 1 starts taking "
        f"backorders; {kept}\n",
        "",
    )
    first, last = json.loads(run("agenda", "--at", "2026-12-21", "-o", "json").out)["days"]
    assert (first["date"], last["date"]) == ("2026-12-24", "2027-01-03")
    assert [entry["state"] for entry in (*first["begins"], *last["ends"])] == ["active", "past"]
    assert first["ends"] == last["begins"] == []
    nowhere = {"stock": None, "source": None, "product": None}
    setting = {"scope": "global", **nowhere, "key": "backorders", "old": "notify", "new": "no"}
    assert first["settings"] == [setting]
    row = {"sku": "24-MB01", "stock": "default", "source": None}
    assert first["products"] == [
        row | {"field": "backorderable", "old": 50, "new": 0},
        row | {"field": "salable", "old": 75, "new": 25},
    ]
    lyon = {"scope": "source", **nowhere, "source": "lyon", "key": "backorders", "value": "allow", "products": 1}
    assert first["unreached"] == last["unreached"] == [lyon]
    assert run("agenda", "--at", "2027-01-02", "-o", "csv").out == (
        "date,kind,sku,scope,stock,source,product,field,old,new\n"
        "2027-01-03,setting,,global,,,,backorders,no,notify\n"
        "2027-01-03,product,24-MB01,,default,,,backorderable,0,50\n"
        "2027-01-03,product,24-MB01,,default,,,salable,25,75\n"
    )


@pytest.mark.usefixtures("christmas")
@pytest.mark.parametrize(
    ("words", "days"),
    [
        (("--days", "2"), []),
        (("--days", "3"), ["2026-12-24"]),
        (("--until", "2026-12-23"), []),
        (("--until", "+3d"), ["2026-12-24"]),
        (("--days", "99999999"), ["2026-12-24", "2027-01-03"]),
        (("--product", "24-MB02"), ["2026-12-24", "2027-01-03"]),
    ],
)
def test_the_agenda_ends_on_its_last_day(run: Run, words: tuple[str, ...], days: list[str]) -> None:
    ran = run("agenda", "--at", "2026-12-21", "-o", "json", *words)
    assert (ran.status, ran.err) == (0, "")
    assert [day["date"] for day in json.loads(ran.out)["days"]] == days


@pytest.mark.usefixtures("christmas")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--days", "3", "--until", "today"), "--until: expected alone, got it beside --days"),
        (("--until", "soon"), "--until: expected today, a date such as 2026-12-01, or +30d, got 'soon'"),
        (("--at", "2026-12-02", "--until", "2026-12-01"), "--until: expected 2026-12-02 or later, got 2026-12-01"),
        (("--product", "24-MB03"), "unknown product '24-MB03'\nHint: did you mean '24-MB02'?"),
    ],
)
def test_bad_days_are_refused(run: Run, words: tuple[str, ...], message: str) -> None:
    assert run("agenda", *words) == (2, "", f"Error: {message}\n")


def test_nothing_to_come_is_an_empty_list(run: Run, store_file: Path) -> None:
    assert run("agenda", "-o", "json") == (0, '{"days": []}\n', "")


UNREACHED = b"""version = 1
[global]
backorders = "no"
[stocks.eu]
sources = ["main", "lyon"]
backorders = "notify"
[stocks.us]
sources = ["nyc"]
backorders = "no"
[sources.main]
[sources.lyon]
backorders = "allow"
[sources.nyc]
[products.A.sources.main]
quantity = 1
[products.B.sources.lyon]
quantity = 1
[products.C]
backorders = "allow"
[products.C.sources.lyon]
quantity = 1
[products.D.sources.main]
quantity = 1
backorders = "notify"
[products.E]
backorders = "no"
[products.E.sources.lyon]
quantity = 1
"""


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (
            Place(Scope.GLOBAL),
            [
                (Place(Scope.STOCK, stock="eu"), Backorders.NOTIFY, 1),
                (Place(Scope.SOURCE, source="lyon"), Backorders.ALLOW, 1),
                (Place(Scope.PRODUCT), None, 2),
            ],
        ),
        (
            Place(Scope.STOCK, stock="eu"),
            [(Place(Scope.SOURCE, source="lyon"), Backorders.ALLOW, 1), (Place(Scope.PRODUCT), None, 2)],
        ),
        (Place(Scope.SOURCE, source="lyon"), [(Place(Scope.PRODUCT), None, 1)]),
        (Place(Scope.PRODUCT, product="D"), [(Place(Scope.PRODUCT), None, 1)]),
        (Place(Scope.PRODUCT, product="C"), []),
        (Place(Scope.SOURCE_ITEM, source="lyon", product="C"), []),
        (Place(Scope.STOCK, stock="us"), []),
    ],
)
def test_unreached_are_the_narrower_scopes_that_keep_another_value(place: Place, expected: list[Any]) -> None:
    store = load_bytes(UNREACHED, "store.toml")
    rows = tuple(Unreached(BACKORDERS.key, *each) for each in expected)
    assert unreached(store, {(place, BACKORDERS.key)}) == rows


def test_days_that_change_nothing_are_listed_too() -> None:
    text = b"version = 1\n[[schedule]]\nfrom = 2026-12-24\nuntil = 2026-12-24\nbackorders = 'no'\n"
    days = list(agenda(load_bytes(text, "store.toml"), after=date(2026, 12, 1), until=date(2026, 12, 31)))
    assert [(each.day, len(each.begins), len(each.ends)) for each in days] == [
        (date(2026, 12, 24), 1, 0),
        (date(2026, 12, 25), 0, 1),
    ]


def test_the_end_of_an_entry_is_the_mirror_image_of_its_begin(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_text(
        'version = 1\n[global]\nbackorders = "notify"\nout_of_stock_threshold = 0\n[sources.berlin]\n[sources.madrid]\n'
        '[stocks.eu]\nsources = ["berlin"]\n[stocks.south]\nsources = ["madrid"]\n'
        "[products.X.sources.berlin]\nquantity = 0\n[products.X.sources.madrid]\nquantity = 5\n"
        '[[schedule]]\nfrom = 2026-12-24\nuntil = 2026-12-26\nbackorders = "no"\nreason = "closed"\n'
    )
    begin, end = (line.rpartition("  ")[2] for line in run("agenda", "--at", "2026-12-01").out.splitlines()[1:])
    figures = "X in eu salable unlimited -> 0; X in south salable unlimited -> 5; "
    assert begin == figures + "1 goes out of stock; 1 is no longer unlimited; 1 stops taking backorders"
    figures = "X in eu salable 0 -> unlimited; X in south salable 5 -> unlimited; "
    assert end == figures + "1 becomes unlimited; 1 starts taking backorders; 1 comes back in stock"
