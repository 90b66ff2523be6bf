"""Writing the schedule from the command line: entries are appended and removed, all else in the file stays."""

import json
from pathlib import Path

import pytest
from conftest import Run

SHOP = """version = 1  # a comment

[global]
backorders = "notify"

[stocks.eu]
sources = ["main", "lyon"]

[sources.main]
[sources.lyon]
backorders = "allow"

[products.A]
[products.A.sources.main]
quantity = 5

[products.B.sources.lyon]
quantity = 1

[[schedule]]
from = 2026-12-24
until = 2027-01-02
reason = "closed"
backorders = "no"

[[check.accept]]
code = "BO102"
reason = "on purpose"
"""
CHRISTMAS, ACCEPT = SHOP.index("[[schedule]]"), SHOP.index("[[check")


@pytest.fixture
def shop(folder: Path) -> Path:
    path = folder / "store.toml"
    path.write_text(SHOP, encoding="utf-8")
    return path


def test_set_with_days_appends_an_entry_and_leaves_the_rest(run: Run, shop: Path) -> None:
    words = ("backorders=inherit", "--product", "A", "--from", "2026-12-01", "--until", "2026-12-24")
    assert run("config", "set", *words).status == 2
    ran = run("config", "set", "backorders=no", "backorder_limit=unlimited", *words[1:], "--reason", "PO 4711")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("Error: backorder_limit: expected backorders to be on there")
    ran = run("config", "set", "backorders=allow", "backorder_limit=200", *words[1:], "--reason", "PO 4711")
    assert ran == (
        0,
        "",
        "product A: backorders = allow, 2026-12-01 to 2026-12-24 (entry 2)\n"
        "product A: out_of_stock_threshold = -200, 2026-12-01 to 2026-12-24 (entry 2)\n",
    )
    entry = (
        '[[schedule]]\nfrom = 2026-12-01\nuntil = 2026-12-24\nproduct = "A"\nreason = "PO 4711"\n'
        'backorders = "allow"\nout_of_stock_threshold = -200\n\n'
    )
    assert shop.read_text(encoding="utf-8") == SHOP[:ACCEPT] + entry + SHOP[ACCEPT:]
    assert run("config", "get", "out_of_stock_threshold", "--product", "A", "--at", "2026-12-24").out == "-200\n"
    assert run("config", "get", "out_of_stock_threshold", "--product", "A", "--at", "2026-12-25").out == "0\n"


def test_the_first_entry_makes_the_schedule(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_text("version = 1\n", encoding="utf-8")
    assert run("config", "set", "backorders", "allow", "--until", "2026-12-24").status == 0
    text = 'version = 1\n\n[[schedule]]\nuntil = 2026-12-24\nbackorders = "allow"\n'
    assert (folder / "store.toml").read_text(encoding="utf-8") == text


@pytest.mark.usefixtures("shop")
def test_match_schedules_each_product(run: Run) -> None:
    assert run("config", "set", "backorders", "no", "--match", "*", "--from", "2026-12-01").status == 0
    listed = json.loads(run("schedule", "list", "-o", "json").out)["schedule"]
    assert [(entry["number"], entry["product"]) for entry in listed] == [(1, None), (2, "A"), (3, "B")]
    assert run("config", "set", "backorder_limit=5", "--match", "Z*", "--from", "2026-12-01").status == 1


@pytest.mark.usefixtures("shop")
def test_unset_with_days_removes_the_written_value_for_them(run: Run) -> None:
    ran = run("config", "unset", "backorders", "--source", "lyon", "--until", "2027-01-02")
    assert ran == (0, "", "source lyon: backorders is inherited, until 2027-01-02 (entry 2)\n")
    at = ("--product", "B", "--at", "2027-01-02")
    assert run("config", "get", "backorders", *at).out == "no\n"
    assert run("config", "get", "backorders", *at[:3], "2027-01-03").out == "allow\n"


@pytest.mark.usefixtures("shop")
def test_a_source_is_disabled_on_some_days(run: Run) -> None:
    ran = run("source", "disable", "lyon", "--from", "2026-12-24", "--until", "2026-12-24", "--reason", "stocktaking")
    assert ran == (0, "", "source lyon: disabled, 2026-12-24 (entry 2)\n")
    for day, enabled in (("2026-12-23", True), ("2026-12-24", False), ("2026-12-25", True)):
        assert json.loads(run("source", "show", "lyon", "-o", "json", "--at", day).out)["enabled"] is enabled


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("config", "set", "backorders", "no", "--from", "2027-01-02"),
            "global.backorders: expected days without an entry, got 2027-01-02, a day of entry 1 (line 24)\n"
            "Hint: backorderctl schedule list",
        ),
        (
            ("config", "unset", "backorders", "--until", "2026-12-24"),
            "global.backorders: expected days without an entry, got 2026-12-24, a day of entry 1 (line 24)\n"
            "Hint: backorderctl schedule list",
        ),
        (
            ("config", "set", "backorders", "no", "--from", "2026-12-02", "--until", "2026-12-01"),
            "until: expected a day on or after 2026-12-02, got 2026-12-01",
        ),
        (
            ("config", "set", "backorders", "no", "--reason", "why"),
            "--reason: expected beside --from or --until, got it alone",
        ),
        (
            ("config", "set", "backorders", "no", "--from", "tomorrow"),
            "--from: expected today, a date such as 2026-12-01, or +30d, got 'tomorrow'",
        ),
        (
            ("source", "enable", "lyon", "--until", "2026-02-30"),
            "--until: expected today, a date such as 2026-12-01, or +30d, got '2026-02-30'",
        ),
        (
            ("config", "set", "manage_stock", "false", "--source", "lyon", "--from", "today"),
            "manage_stock: expected at global, stock or product, got it at source",
        ),
        (
            ("schedule", "remove", "2"),
            "schedule: expected 1, the only number of the list, got 2\nHint: backorderctl schedule list",
        ),
        (("schedule", "remove", "0"), "N: expected a whole number, 1 or more, got '0'"),
        (("source", "remove", "lyon"), "source 'lyon' is still used by 1 stock and 1 product\nHint: --cascade"),
    ],
)
def test_what_cannot_be_scheduled_is_refused(run: Run, shop: Path, words: tuple[str, ...], message: str) -> None:
    assert run(*words) == (2, "", f"Error: {message}\n")
    assert shop.read_text(encoding="utf-8") == SHOP


def test_a_write_to_a_value_that_is_overridden_today_says_so(run: Run, shop: Path) -> None:
    shop.write_text(
        SHOP[:CHRISTMAS] + "[[schedule]]\nfrom = 2000-01-01\nbackorders = 'no'\n[[schedule]]\nfrom = 2000-01-01\n"
        "until = 9999-12-31\nsource = 'lyon'\nenabled = false\n",
        encoding="utf-8",
    )
    overridden = "global: backorders is overridden today by entry 1 (line 22), from 2000-01-01\n"
    ran = run("config", "set", "backorders", "allow")
    assert ran == (0, "", overridden + "global: backorders = allow (was notify)\n")
    assert run("config", "set", "backorders", "allow").err == overridden + "global: backorders = allow (was allow)\n"
    assert run("config", "set", "backorders", "allow", "--product", "A").err.count("overridden") == 0
    assert run("config", "unset", "backorders").err == (
        overridden.replace("22", "20") + "global: backorders is no longer set\n"
        "not reached: source lyon keeps allow (1 product); 1 product keeps its own value\n"
    )
    assert run("source", "disable", "lyon", "-q").err == ""
    said = "source lyon: enabled is overridden today by entry 2 (line 26), 2000-01-01 to 9999-12-31\n"
    assert run("source", "enable", "lyon").err == said + "source lyon: enabled\n"
    assert run("source", "enable", "lyon").err == "source lyon: enabled already: nothing to change\n" + said
    assert run("source", "enable", "lyon", "-n").err == said


def test_list_shows_each_entry_with_its_state(run: Run, shop: Path) -> None:
    entry = {"number": 1, "state": "coming", "from": "2026-12-24", "until": "2027-01-02", "stock": None}
    entry |= {"source": None, "product": None, "reason": "closed", "values": {"backorders": "no"}, "line": 20}
    for day, state in (("2026-12-23", "coming"), ("2026-12-24", "active"), ("2027-01-03", "past")):
        listed = run("schedule", "list", "-o", "json", "--at", day)
        assert json.loads(listed.out) == {"schedule": [entry | {"state": state}]}
    assert run("schedule", "list", "--at", "2027-01-02").out == (
        "number  state   from        until       scope   values         reason  line\n"
        "     1  active  2026-12-24  2027-01-02  global  backorders no  closed    20\n"
    )
    assert run("schedule", "list", "--at", "2027-01-02", "-o", "csv").out == (
        "number,state,from,until,stock,source,product,reason,key,value,line\n"
        "1,active,2026-12-24,2027-01-02,,,,closed,backorders,no,24\n"
    )
    shop.write_text("version = 1\n", encoding="utf-8")
    assert run("schedule", "list", "-o", "json") == (0, '{"schedule": []}\n', "")


def test_entries_are_removed_by_number(run: Run, shop: Path) -> None:
    for day in ("2027-02-01", "2027-02-02", "2027-02-03"):
        run("config", "set", "backorders", "no", "--from", day, "--until", day)
    ran = run("schedule", "remove", "3", "1", "3")
    removed = "entry 1 removed: global: backorders no, 2026-12-24 to 2027-01-02\n"
    assert ran == (0, "", removed + "entry 3 removed: global: backorders no, 2027-02-02\n")
    left = json.loads(run("schedule", "list", "-o", "json").out)["schedule"]
    assert [entry["from"] for entry in left] == ["2027-02-01", "2027-02-03"]
    run("schedule", "remove", "1", "2")
    assert shop.read_text(encoding="utf-8") == SHOP[:CHRISTMAS] + SHOP[ACCEPT:]


def test_prune_removes_what_is_past(run: Run, shop: Path) -> None:
    text = shop.read_text(encoding="utf-8")
    assert run("schedule", "prune") == (0, "", "no entry of the schedule is past: nothing to change\n")
    assert shop.read_text(encoding="utf-8") == text
    past = "[[schedule]]\nuntil = 2001-01-01\nproduct = 'A'\nbackorders = 'no'\n\n"
    shop.write_text(text[:CHRISTMAS] + past + text[CHRISTMAS:], encoding="utf-8")
    assert run("schedule", "prune", "-n").status == 0
    assert run("schedule", "prune") == (0, "", "entry 1 removed: product A: backorders no, until 2001-01-01\n")
    assert shop.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("scope", "removal", "name"),
    [
        ("source = 'lyon'", ("source", "remove", "lyon"), "source 'lyon'"),
        ("stock = 'eu'", ("stock", "remove", "eu"), "stock 'eu'"),
        ("product = 'A'", ("product", "remove", "A"), "product 'A'"),
        ("product = 'A'\nsource = 'main'", ("product", "unassign", "A", "main"), "'A' at source 'main'"),
    ],
)
def test_what_an_entry_or_accept_names_is_removed_with_cascade(
    run: Run, shop: Path, scope: str, removal: tuple[str, ...], name: str
) -> None:
    named = f"[[schedule]]\nfrom = 2030-01-01\n{scope}\nbackorders = 'no'\n\n"
    accept = f"\n[[check.accept]]\ncode = 'BO101'\n{scope}\nreason = 'why'\n"
    shop.write_text(SHOP[:CHRISTMAS] + named + SHOP[CHRISTMAS:] + accept, encoding="utf-8")
    refused = run(*removal)
    assert (refused.status, refused.out) == (2, "")
    assert refused.err.startswith(f"Error: {name} is still used by ")
    assert refused.err.endswith("1 accept and 1 schedule entry\nHint: --cascade\n")
    assert run(*removal, "--cascade").status == 0
    text = shop.read_text(encoding="utf-8")
    assert "2030-01-01" not in text
    assert "BO101" not in text
    assert SHOP[CHRISTMAS:] in text
