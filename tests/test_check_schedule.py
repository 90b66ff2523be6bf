"""`check` on a file with a schedule: today and every coming day on which something begins or ends."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLES, Run

from backorderctl.check import findings_of
from backorderctl.store.load import load_bytes

SHOP = """version = 1

[global]
backorders = "notify"
out_of_stock_threshold = -50

[sources.main]

[products.A.sources.main]
quantity = 25

[[schedule]]
from = 2027-01-01
until = 2027-01-05
reason = "why"
out_of_stock_threshold = 5
"""


@pytest.fixture
def shop(folder: Path) -> Path:
    path = folder / "store.toml"
    path.write_text(SHOP, encoding="utf-8")
    return path


def findings(run: Run, day: str, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("check", "-o", "json", "--at", day, *words).out)["findings"]
    return found


@pytest.mark.usefixtures("shop")
def test_what_will_be_wrong_is_found_today_with_its_first_day(run: Run) -> None:
    sentence = "the reserve of 5 is ignored: backorders are on and unlimited"
    coming = run("check", "--at", "2026-12-31")
    assert (coming.status, coming.err) == (1, "1 finding: 1 error\n")
    assert [row["since"] for row in findings(run, "2026-12-31")] == ["2027-01-01"]
    assert coming.out == f"error BO102 store.toml:16 global: {sentence}, from 2027-01-01 on; 1 product: A\n"
    for day in ("2027-01-01", "2027-01-05"):
        ran = run("check", "--at", day)
        assert [row["since"] for row in findings(run, day)] == [None]
        assert (ran.status, ran.out) == (1, f"error BO102 store.toml:16 global: {sentence}; 1 product: A\n")
    assert run("check", "--at", "2027-01-06").status == 0


@pytest.mark.usefixtures("shop")
def test_a_coming_day_is_that_of_the_written_values(run: Run) -> None:
    """On the first day after the entry, what is written holds again, not what the entry says today."""
    assert [row["code"] for row in findings(run, "2027-01-03")] == ["BO102"]
    (row,) = findings(run, "2027-01-03", "--only", "policy,stock,style", "--ignore", "BO102")[:1] or ({},)
    assert row == {}


@pytest.mark.usefixtures("shop")
def test_an_entry_is_past_only_for_the_day_that_is_asked_about(run: Run) -> None:
    assert findings(run, "2027-01-05", "--select", "BO401") == []
    (row,) = findings(run, "2027-01-06", "--select", "BO401")
    assert (row["line"], row["hint"], row["severity"]) == (12, None, "info")


def test_the_hint_for_a_past_entry_removes_it(run: Run, shop: Path) -> None:
    shop.write_text(SHOP.replace("2027-01-0", "2020-01-0"), encoding="utf-8")
    (row,) = findings(run, "today", "--select", "BO401")
    assert row["hint"] == "backorderctl schedule prune"
    assert run("schedule", "prune").status == 0
    assert findings(run, "today", "--select", "BO401") == []


@pytest.mark.parametrize("day", ["2026-11-26", "2026-12-01", "2026-12-24", "2027-01-02"])
def test_the_example_has_no_finding_on_any_day(run: Run, folder: Path, day: str) -> None:
    (folder / "store.toml").write_bytes((EXAMPLES / "christmas.toml").read_bytes())
    assert run("check", "--at", day) == (0, "", "no findings\n")


def idle_entries(text: str) -> list[str]:
    """What BO403 says of each entry without effect."""
    findings = findings_of(load_bytes(text.encode(), "store.toml"), today=date(2026, 12, 1))
    return [each.message.partition("days: ")[2] for each in findings if each.code == "BO403"]


def test_an_entry_that_nothing_obeys_is_found_with_what_overrides_it() -> None:
    text = (
        'version = 1\n[global]\nbackorders = "notify"\nout_of_stock_threshold = -5\n'
        '[sources.berlin]\nbackorders = "allow"\nout_of_stock_threshold = -9\n'
        "[products.A.sources.berlin]\nquantity = 3\n"
        '[[schedule]]\nfrom = 2026-12-24\nreason = "Christmas"\nbackorders = "no"\n'
        '[[schedule]]\nfrom = 2026-12-24\nsource = "berlin"\nreason = "again"\nout_of_stock_threshold = -9\n'
    )
    assert idle_entries(text) == ["overridden by source berlin", "it repeats what holds anyway"]
    # A product at lyon, which the file does not name, would obey.
    assert idle_entries(text.replace("[products.A", "[sources.lyon]\n[products.A", 1)) == [
        "it repeats what holds anyway"
    ]
