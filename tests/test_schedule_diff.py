"""What `diff` and a dry run say about the schedule."""

import json
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from conftest import EXAMPLES, Run
from schedules import FIRST, with_schedule
from stores import seeded_stores

from backorderctl.policy.compare import compare
from backorderctl.policy.diff import difference
from backorderctl.store.load import build


@pytest.fixture
def christmas(folder: Path) -> Path:
    path = folder / "store.toml"
    path.write_bytes((EXAMPLES / "christmas.toml").read_bytes())
    (folder / "old.toml").write_bytes(path.read_bytes())
    return path


def test_two_days_of_one_file_are_compared(run: Run, christmas: Path) -> None:
    both = ("diff", "store.toml", "store.toml", "--at", "2026-12-23")
    assert run(*both) == (0, "no effective change\n", "")
    assert run(*both, "--at-new", "2026-12-25").out == (
        "1 setting; 1 product: 1 stops taking backorders, 1 sells less; -50 backorderable units\n\n"
        "setting at  key         old     new  products\n"
        "global      backorders  notify  no          1\n"
        "not reached: source lyon keeps allow (1 product)\n\n"
        "sku      stock    change\n"
        "24-MB01  default  salable 75 -> 25  backorderable 50 -> 0\n"
    )
    assert run(*both, "--at-new", "2026-12-25", "--exit-code").status == 1
    message = "Error: --at-new: expected today, a date such as 2026-12-01, or +30d, got 'now'\n"
    assert run(*both, "--at-new", "now") == (2, "", message)


def test_settings_are_those_that_are_written_on_one_day(run: Run, christmas: Path) -> None:
    text = christmas.read_text(encoding="utf-8")
    christmas.write_text(text.replace('backorders = "notify"', 'backorders = "allow"'), encoding="utf-8")
    shown = json.loads(run("diff", "old.toml", "-o", "json", "--at", "2026-12-25").out)
    assert [(row["old"], row["new"]) for row in shown["settings"]] == [("notify", "allow")]
    assert (shown["products"], shown["schedule"]) == ([], [])
    after = json.loads(run("diff", "old.toml", "-o", "json", "--at", "2027-01-03").out)
    assert [row["field"] for row in after["products"]] == ["customer_notice"]


def test_entries_are_listed_with_what_follows_on_their_first_coming_day(run: Run, christmas: Path) -> None:
    days = ("--from", "2027-02-01", "--until", "2027-02-03")
    run("source", "disable", "lyon", *days)
    run("schedule", "remove", "1")
    text = christmas.read_text(encoding="utf-8")
    christmas.write_text(text.replace("2027-01-02", "2027-01-04"), encoding="utf-8")
    at = ("--at", "2026-12-01")
    assert run("diff", "old.toml", *at).out == (
        "0 settings; 3 schedule entries; 1 product: 1 sells less; -150 backorderable units\n\n"
        "sku      stock    change\n"
        "24-MB01  default  salable 225 -> 75  backorderable 200 -> 50\n\n"
        "schedule  entry                                                                                           "
        "    effect\n"
        "removed   product 24-MB01: out_of_stock_threshold -200, 2026-11-27 to 2026-12-20                          "
        "    2026-12-01: 24-MB01 salable 225 -> 75\n"
        "changed   global: backorders no, 2026-12-24 to 2027-01-02 -> global: backorders no, 2026-12-24 to 2027-01-04"
        "  2027-01-03: 24-MB01 salable 75 -> 25; 1 stops taking backorders\n"
        "added     source lyon: enabled false, 2027-02-01 to 2027-02-03                                            "
        "    2027-02-01: 24-MB02 salable 54 -> 0; 1 goes out of stock; 1 stops taking backorders\n"
    )
    removed, changed, added = json.loads(run("diff", "old.toml", "-o", "json", *at).out)["schedule"]
    assert [each["change"] for each in (removed, changed, added)] == ["removed", "changed", "added"]
    assert (removed["new"], added["old"]) == (None, None)
    assert [each["day"] for each in (removed, changed, added)] == ["2026-12-01", "2027-01-03", "2027-02-01"]
    assert changed["new"] == changed["old"] | {"until": "2027-01-04"}
    assert [(row["key"], row["old"], row["new"]) for row in added["settings"]] == [("enabled", True, False)]
    rows = run("diff", "old.toml", "-o", "csv", *at).out.splitlines()
    assert rows[-1] == 'schedule,,source,,lyon,,added,,"source lyon: enabled false, 2027-02-01 to 2027-02-03"'
    assert run("diff", "old.toml", "--exit-code", *at, "-q").status == 1


def test_an_entry_in_another_place_or_with_another_reason(run: Run, christmas: Path) -> None:
    head, first, second = christmas.read_text(encoding="utf-8").split("[[schedule]]\n")
    christmas.write_text("[[schedule]]\n".join([head, f"{second}\n", first]), encoding="utf-8")
    assert run("diff", "old.toml").out == "no effective change\n"
    christmas.write_text("[[schedule]]\n".join([head, first, second.replace("warehouse", "shop")]), encoding="utf-8")
    assert run("diff", "old.toml", "--at", "2026-12-01").out.endswith("  changes nothing\n")
    assert run("diff", "old.toml", "--exit-code").status == 1


def test_a_dry_run_shows_the_entry_that_it_would_write(run: Run, christmas: Path) -> None:
    before = christmas.read_bytes()
    words = ("config", "set", "backorders", "no", "--product", "24-MB02", "--from", "2999-12-01")
    ran = run(*words, "-n")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.endswith(
        "0 settings; 1 schedule entry; 0 products\n\n"
        "schedule  entry                                            effect\n"
        "added     product 24-MB02: backorders no, from 2999-12-01  2999-12-01: 24-MB02 salable 54 -> 4; 1 "
        "stops taking backorders\n"
    )
    assert christmas.read_bytes() == before


def test_products_of_two_days_are_compared_as_those_of_two_files() -> None:
    random = Random(31)
    for data in seeded_stores(150, seed=31):
        store = build(deepcopy(with_schedule(data, random)), file="store.toml", text="")
        days = [FIRST + timedelta(days=random.randrange(100)) for _ in range(2)]
        found = compare(store, store, old_day=days[0], new_day=days[1])
        expected = difference(*(store.on(day) for day in days))
        assert (found.settings, found.products, found.schedule) == (expected.settings, expected.products, ())


def test_each_entry_is_compared_without_the_others() -> None:
    random = Random(32)
    effects = 0
    for data in seeded_stores(150, seed=32):
        with_entries = build(deepcopy(with_schedule(data, random)), file="store.toml", text="")
        plain = build(deepcopy(data), file="store.toml", text="")
        today = FIRST + timedelta(days=random.randrange(60))
        added = compare(plain, with_entries, old_day=today, new_day=today).schedule
        removed = compare(with_entries, plain, old_day=today, new_day=today).schedule
        assert [each.new for each in added] == [each.old for each in removed] == list(with_entries.schedule)
        for each, reverse in zip(added, removed, strict=True):
            assert each.day == reverse.day
            assert each.day is None or each.day >= today
            assert len(each.effect.products) == len(reverse.effect.products)
            effects += bool(each.effect)
    assert effects > 100
