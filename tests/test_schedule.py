"""The schedule of a store file: what it means on each day, and what is refused."""

import json
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any

import pytest
from conftest import Run
from schedule_proof import COMMANDS, SLOW_COMMANDS, compare
from schedules import DAYS, FIRST, by_hand, random_entry, text_of, with_schedule
from schedules import overlaps as overlap_by_days
from stores import seeded_stores

from backorderctl.cli.app import parse_day
from backorderctl.errors import InvalidFile
from backorderctl.library import local_day
from backorderctl.store.load import build, load_bytes
from backorderctl.store.model import StoreFile
from backorderctl.store.schedule import days_of_change, overlap

HEAD = """version = 1
[stocks.eu]
sources = ["main", "lyon"]
[sources.main]
[sources.lyon]
[products.A.sources.main]
quantity = 5
[products.B]
[[schedule]]
"""
ENTRIES = {
    "neither day": ("backorders = 'no'\n", "9: schedule[0]: expected from, until or both, got neither"),
    "from after until": (
        "from = 2026-12-24\nuntil = 2026-12-23\nbackorders = 'no'\n",
        "11: schedule[0].until: expected a day on or after 2026-12-24 (from, line 10), got 2026-12-23",
    ),
    "a date with a time": (
        "from = 2026-12-24T10:00:00\nbackorders = 'no'\n",
        "10: schedule[0].from: expected a date such as 2026-12-24, got 2026-12-24 10:00:00",
    ),
    "a date as a string": (
        "until = '2026-12-24'\nbackorders = 'no'\n",
        "10: schedule[0].until: expected a date such as 2026-12-24, got '2026-12-24'",
    ),
    "nothing to set": (
        "from = 2026-12-24\nreason = 'closed'\n",
        "9: schedule[0]: expected a setting, got none",
    ),
    "an unknown key": (
        "from = 2026-12-24\nbackorder = 'no'\n",
        "11: schedule[0].backorder: expected a key of an entry of the schedule, got 'backorder'; "
        "did you mean 'backorders'?",
    ),
    "an unknown source": (
        "from = 2026-12-24\nsource = 'lyno'\nbackorders = 'no'\n",
        "11: schedule[0].source: expected a source of the file, got 'lyno'; did you mean 'lyon'?",
    ),
    "an unknown product": (
        "from = 2026-12-24\nproduct = 'C'\nbackorders = 'no'\n",
        "11: schedule[0].product: expected a product of the file, got 'C'",
    ),
    "an unknown stock": (
        "from = 2026-12-24\nstock = 'us'\nbackorders = 'no'\n",
        "11: schedule[0].stock: expected a stock of the file, got 'us'",
    ),
    "a product that is not at the source": (
        "from = 2026-12-24\nproduct = 'A'\nsource = 'lyon'\nbackorders = 'no'\n",
        "12: schedule[0].source: expected a source of product 'A' in the file, got 'lyon'",
    ),
    "a stock and a product": (
        "from = 2026-12-24\nproduct = 'A'\nstock = 'eu'\nbackorders = 'no'\n",
        "12: schedule[0].stock: expected alone, got it beside product",
    ),
    "a setting that the scope does not have": (
        "from = 2026-12-24\nsource = 'lyon'\nmanage_stock = false\n",
        "12: schedule[0].manage_stock: expected at global, stock or product, got it at source",
    ),
    "enabled without a source": (
        "from = 2026-12-24\nenabled = false\n",
        "11: schedule[0].enabled: expected at a source, got it at global",
    ),
    "enabled at a source item": (
        "from = 2026-12-24\nproduct = 'A'\nsource = 'main'\nenabled = false\n",
        "13: schedule[0].enabled: expected at a source, got it at source item",
    ),
    "enabled inherited": (
        "from = 2026-12-24\nsource = 'lyon'\nenabled = 'inherit'\n",
        "12: schedule[0].enabled: expected true or false, got 'inherit'",
    ),
    "a value of another kind": (
        "from = 2026-12-24\nbackorders = 'maybe'\n",
        "11: schedule[0].backorders: expected no, allow or notify, or inherit, got 'maybe'",
    ),
    "a number that does not fit": (
        "from = 2026-12-24\nonly_x_left_threshold = -1\n",
        "11: schedule[0].only_x_left_threshold: expected 0 or more, or inherit, got -1",
    ),
    "two entries on one day": (
        "until = 2026-12-24\nbackorders = 'no'\n[[schedule]]\nfrom = 2026-12-24\nbackorders = 'allow'\n",
        "14: schedule[1].backorders: expected one entry a day for this value, got a second for 2026-12-24; "
        "the first is on line 11",
    ),
    "two entries that have always held": (
        "until = 2026-12-24\nsource = 'lyon'\nenabled = true\n"
        "[[schedule]]\nuntil = 2026-12-20\nsource = 'lyon'\nenabled = false\n",
        "16: schedule[1].enabled: expected one entry a day for this value, got a second for 2026-12-20; "
        "the first is on line 12",
    ),
}


@pytest.mark.parametrize(("entry", "problem"), ENTRIES.values(), ids=ENTRIES)
def test_an_entry_that_says_nothing_certain_is_refused(run: Run, folder: Path, entry: str, problem: str) -> None:
    (folder / "store.toml").write_text(HEAD + entry, encoding="utf-8")
    assert run("product", "list") == (2, "", f"Error: store.toml:{problem}\n")


def test_every_entry_within_a_longer_one_is_refused(run: Run, folder: Path) -> None:
    """Also the one that begins when the one before it has ended."""
    days = [("2026-12-01", "2026-12-31"), ("2026-12-05", "2026-12-06"), ("2026-12-20", "2026-12-21")]
    entries = [f"from = {start}\nuntil = {end}\nbackorders = 'no'\n" for start, end in days]
    (folder / "store.toml").write_text(HEAD + "[[schedule]]\n".join(entries), encoding="utf-8")
    found = "expected one entry a day for this value, got a second for"
    assert run("product", "list").err.splitlines() == [
        f"Error: store.toml:16: schedule[1].backorders: {found} 2026-12-05; the first is on line 12",
        f"Error: store.toml:20: schedule[2].backorders: {found} 2026-12-20; the first is on line 12",
    ]


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "", "../localtime", "Europe", "a\\u0000b", "x" * 5000, "localtime", "right/UTC"]
)
def test_an_unknown_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(InvalidFile, match=r"^store.toml:2: timezone: expected a time zone that this system knows"):
        load_bytes(f'version = 1\ntimezone = "{zone}"\n'.encode(), "store.toml")


def test_a_misspelt_time_zone_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidFile, match=r"got 'europe/Berln'; did you mean 'Europe/Berlin'\?$"):
        load_bytes(b'version = 1\ntimezone = "europe/Berln"\n', "store.toml")
    with pytest.raises(InvalidFile, match=r"got 'localtim'$"):
        load_bytes(b'version = 1\ntimezone = "localtim"\n', "store.toml")


def test_an_entry_without_days_overlaps_no_other(run: Run, folder: Path) -> None:
    entries = "backorders = 'no'\n[[schedule]]\nfrom = 2026-12-24\nbackorders = 'no'\n"
    (folder / "store.toml").write_text(HEAD + entries, encoding="utf-8")
    problem = "schedule[0]: expected from, until or both, got neither"
    assert run("product", "list") == (2, "", f"Error: store.toml:9: {problem}\n")


def test_a_schedule_that_is_no_array_is_refused() -> None:
    with pytest.raises(InvalidFile, match=r"^store.toml:2: schedule: expected an array of tables, got 1$"):
        load_bytes(b"version = 1\nschedule = 1\n", "store.toml")


def test_the_implicit_stock_has_no_entries() -> None:
    text = b"version = 1\n[[schedule]]\nfrom = 2026-12-24\nstock = 'default'\nbackorders = 'no'\n"
    with pytest.raises(InvalidFile, match=r"^store.toml:4: schedule\[0\].stock: expected a stock of the file"):
        load_bytes(text, "store.toml")


def test_every_day_is_that_of_the_file_edited_by_hand() -> None:
    random = Random(14)
    changed = 0
    for plain in seeded_stores(600, seed=14):
        data = with_schedule(plain, random)
        store = built(data)
        for number in range(-2, DAYS + 31, 7):
            day = FIRST + timedelta(days=number)
            on_day = store.on(day)
            assert on_day == built(by_hand(data, day)).on(day)
            changed += bool(on_day.lines.replaced)
    assert changed > 5_000


def test_a_value_has_the_line_of_the_entry_that_gives_it() -> None:
    store = loaded("from = 2026-12-24\nuntil = 2026-12-26\nproduct = 'A'\nbackorders = 'no'\n")
    path = ("products", "A", "backorders")
    assert store.on(date(2026, 12, 26)).lines.line(path) == 13
    assert store.on(date(2026, 12, 27)).lines.line(path) is None


def test_a_day_without_an_entry_has_the_values_as_they_are_written() -> None:
    file = loaded("from = 2026-12-24\nuntil = 2026-12-26\nbackorders = 'no'\n")
    for day in (date(2026, 12, 23), date(2026, 12, 27)):
        store = file.on(day)
        assert (store.settings, store.stocks) == (file.settings, file.stocks)
        assert store.products is file.products


def test_days_of_change_are_those_that_something_begins_or_has_ended_on() -> None:
    store = loaded(
        "from = 2026-12-24\nuntil = 2026-12-31\nbackorders = 'no'\n"
        "[[schedule]]\nfrom = 2027-01-01\nbackorders = 'allow'\n"
        "[[schedule]]\nuntil = 9999-12-31\nproduct = 'A'\nbackorders = 'allow'\n"
    )
    assert days_of_change(store.schedule, after=date(2026, 12, 23)) == [date(2026, 12, 24), date(2027, 1, 1)]
    assert days_of_change(store.schedule, after=date(2026, 12, 24)) == [date(2027, 1, 1)]
    assert days_of_change(store.schedule, after=date(2027, 1, 1)) == []


def test_overlaps_are_found_in_any_order() -> None:
    random = Random(5)
    found = 0
    for plain in seeded_stores(400, seed=5):
        entries = [random_entry(plain, random) for _ in range(3)]
        pairs = [(0, 1), (0, 2), (1, 2)]
        expected = any(overlap_by_days(entries[one], entries[other]) for one, other in pairs)
        found += expected
        for order in permutations(entries):
            assert is_refused({**plain, "schedule": list(order)}) == expected, entries
    assert found > 20


def test_the_answers_of_commands_on_a_day_are_those_of_the_file_edited_by_hand(tmp_path: Path) -> None:
    assert compare(40, seed=15, folder=tmp_path) == 40 * len(COMMANDS) + 4 * len(SLOW_COMMANDS)


@pytest.mark.parametrize(
    ("words", "today", "expected"),
    [
        ("today", date(2026, 12, 31), date(2026, 12, 31)),
        ("+1d", date(2026, 12, 31), date(2027, 1, 1)),
        ("+0d", date(2026, 12, 31), date(2026, 12, 31)),
        ("2028-02-29", date(2026, 12, 31), date(2028, 2, 29)),
    ],
)
def test_a_day_is_typed_as_a_date_or_from_today(words: str, today: date, expected: date) -> None:
    assert parse_day(words, today, option="--at") == expected


@pytest.mark.usefixtures("store_file")
@pytest.mark.parametrize(
    "words", ["yesterday", "now", "2026-02-30", "20261224", "2026-12-24T10:00", "+30", "-1d", "+9999999d", "", "+d"]
)
def test_any_other_day_is_refused(run: Run, words: str) -> None:
    message = f"Error: --at: expected today, a date such as 2026-12-01, or +30d, got {words!r}\n"
    assert run("product", "list", f"--at={words}") == (2, "", message)
    assert run("config", "get", "backorders", f"--at={words}") == (2, "", message)


@pytest.mark.parametrize(
    ("zone", "instant", "day"),
    [
        ("Europe/Berlin", datetime(2026, 12, 31, 22, 59, tzinfo=UTC), date(2026, 12, 31)),
        ("Europe/Berlin", datetime(2026, 12, 31, 23, 0, tzinfo=UTC), date(2027, 1, 1)),
        ("Europe/Berlin", datetime(2027, 3, 27, 22, 59, tzinfo=UTC), date(2027, 3, 27)),  # the night of 23 hours
        ("Europe/Berlin", datetime(2027, 3, 28, 21, 59, tzinfo=UTC), date(2027, 3, 28)),
        ("Europe/Berlin", datetime(2027, 3, 28, 22, 0, tzinfo=UTC), date(2027, 3, 29)),
        ("Europe/Berlin", datetime(2026, 10, 25, 22, 59, tzinfo=UTC), date(2026, 10, 25)),  # the day of 25 hours
        ("Pacific/Kiritimati", datetime(2026, 12, 31, 10, 0, tzinfo=UTC), date(2027, 1, 1)),
        ("Pacific/Pago_Pago", datetime(2027, 1, 1, 10, 59, tzinfo=UTC), date(2026, 12, 31)),
    ],
)
def test_today_is_the_day_in_the_time_zone_of_the_store(zone: str, instant: datetime, day: date) -> None:
    assert local_day(instant, zone) == day


def test_a_command_without_a_day_is_about_today(run: Run, folder: Path) -> None:
    always = "from = 2000-01-01\nuntil = 9999-12-31\nbackorders = 'allow'\n"
    (folder / "store.toml").write_text(HEAD + always, encoding="utf-8")
    assert run("config", "get", "backorders").out == "allow\n"
    assert run("config", "get", "backorders", "--at", "1999-12-31").out == "no\n"


SHOP = HEAD + "from = 2026-12-24\nuntil = 2027-01-02\nreason = 'closed'\nbackorders = 'notify'\n"


def test_the_origin_of_a_value_names_the_entry(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_text(SHOP, encoding="utf-8")
    nowhere = {"stock": None, "source": None, "product": None}
    entry = {"from": "2026-12-24", "until": "2027-01-02", "reason": "closed"}
    got = run("config", "get", "backorders", "-o", "json", "--at", "2027-01-02")
    row = {"key": "backorders", "value": "notify", "scope": "global", **nowhere, "line": 13, "schedule": entry}
    assert json.loads(got.out) == row
    shown = json.loads(run("product", "show", "A", "-o", "json", "--at", "2026-12-24").out)
    origin = shown["stocks"][0]["sources"][0]["settings"]["backorders"]["origin"]
    assert origin == {"scope": "global", **nowhere, "line": 13, "schedule": entry}
    listed = run("config", "list", "--at", "2026-12-24").out.splitlines()
    assert listed[1] == "backorders                 notify  global, until 2027-01-02    13"
    rows = run("config", "list", "--at", "2026-12-24", "-o", "csv").out.splitlines()
    assert rows[1] == "backorders,notify,global,,,,13,2026-12-24 to 2027-01-02,,,"


def test_commands_about_what_is_written_do_not_follow_the_schedule(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_text(SHOP, encoding="utf-8")
    assert run("config", "get", "backorders", "--own", "--at", "2026-12-24") == (1, "", "")
    assert run("config", "list", "--own", "--at", "2026-12-24", "-o", "json").out == '{"settings": []}\n'
    assert run("config", "list", "--all", "--at", "2026-12-24", "-o", "json").out == '{"settings": []}\n'
    said = "schedule: 1 entry left out; values are as written\n"
    rows = "product,source,stock,key,value\nA,main,,quantity,5\nB,,,backorders,inherit\n"
    assert run("export", "csv", "--at", "2026-12-24") == (0, rows, said)


def test_explain_shows_a_level_that_an_entry_removes(run: Run, folder: Path) -> None:
    removed = "until = 2026-12-24\nsource = 'main'\nbackorders = 'inherit'\n"
    (folder / "store.toml").write_text(HEAD + removed, encoding="utf-8")
    assert run("config", "explain", "backorders", "--source", "main", "--at", "2026-12-24").out == (
        "backorders at main in stock eu: no\n"
        "    source main, until 2026-12-24  inherit  store.toml:12\n"
        "    stock eu                       not set\n"
        "    global                         not set\n"
        "->  default                        no\n"
    )
    explained = run("config", "explain", "backorders", "--source", "main", "--at", "2026-12-24", "-o", "json")
    level = json.loads(explained.out)["chains"][0]["levels"][0]
    entry = {"from": None, "until": "2026-12-24", "reason": None}
    assert (level["line"], level["value"], level["schedule"]) == (12, None, entry)


def test_an_export_says_when_the_next_change_is_due(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_text(SHOP, encoding="utf-8")
    for day, following in (("2026-12-23", "2026-12-24"), ("2026-12-24", "2027-01-03")):
        exported = run("export", "magento", "low-quantity", "--at", day)
        said = f"as of {day}; the next scheduled change is due on {following}: export again then\n"
        assert (exported.status, exported.err) == (0, said)
    assert run("export", "magento", "low-quantity", "--at", "2027-01-03").err == ""


def test_the_entry_that_the_starter_file_shows_is_valid(run: Run, folder: Path) -> None:
    assert run("init").status == 0
    text = (folder / "store.toml").read_text(encoding="utf-8")
    head, entry = text.split("# [[schedule]]\n")
    shown = "[[schedule]]\n" + "".join(line.removeprefix("# ") + "\n" for line in entry.splitlines())
    (folder / "store.toml").write_text(head + shown, encoding="utf-8")
    row = run("schedule", "list", "--at", "2026-12-24").out.splitlines()[1].split()
    assert row[:7] == ["1", "active", "2026-12-24", "2027-01-02", "global", "backorders", "notify,"]
    assert run("check", "--at", "2026-12-01") == (0, "", "no findings\n")


def test_overlap_is_the_first_common_day() -> None:
    store = loaded(
        "until = 2026-12-24\nbackorders = 'no'\n[[schedule]]\nuntil = 2026-12-20\nproduct = 'A'\nbackorders = 'no'\n"
        "[[schedule]]\nfrom = 2026-12-24\nproduct = 'B'\nbackorders = 'no'\n"
    )
    first, second, third = store.schedule
    assert overlap(first, second) == overlap(second, first) == date(2026, 12, 20)
    assert overlap(first, third) == date(2026, 12, 24)
    assert overlap(second, third) is None


def is_refused(data: dict[str, Any]) -> bool:
    try:
        load_bytes(text_of(data).encode(), "store.toml")
    except InvalidFile as refused:
        return "expected one entry a day" in refused.message
    return False


def loaded(entry: str) -> StoreFile:
    return load_bytes((HEAD + entry).encode(), "store.toml")


def built(data: dict[str, Any]) -> StoreFile:
    return build(deepcopy(data), file="store.toml", text="")
