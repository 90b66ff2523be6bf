"""`backorderctl test`: what a test can say, what is invalid, and what is printed."""

import csv
import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLES, Ran, Run

from backorderctl.output.product import PRODUCT_COLUMNS, SOURCE_ITEM_COLUMNS
from backorderctl.policy import policy_test_file
from backorderctl.policy.expectations import ITEM_FIELDS, ORDER_FIELDS, PRODUCT_FIELDS
from backorderctl.store.settings import SETTINGS

DATA = Path(__file__).parent / "data" / "policy_tests"
STORE = DATA / "store.toml"
CASE = re.compile(r"^## (.+)\n((?:.*\n)*?)-> (.+)$", re.MULTILINE)
TODAY = date.today()


@pytest.fixture
def tests(run: Run, folder: Path) -> Callable[..., Ran]:
    """Runs the tests that a text holds on the store of the data folder."""
    (folder / "store.toml").write_bytes(STORE.read_bytes())

    def ran(text: str, *words: str) -> Ran:
        (folder / "store.test.toml").write_text(text, encoding="utf-8")
        return run("test", *words)

    return ran


def one(keys: str, *, name: str = "a promise") -> str:
    return f'[[test]]\nname = "{name}"\n{keys}\n'


def cases(name: str) -> dict[str, tuple[str, str]]:
    """The cases of a data file, by name: the text, and what is expected of it."""
    text = (DATA / name).read_text(encoding="utf-8")
    found = {title: (given, expected) for title, given, expected in CASE.findall(text)}
    assert len(found) == text.count("\n## ")
    return found


BROKEN, INVALID = cases("broken.txt"), cases("invalid.txt")


def test_what_a_test_can_promise(run: Run) -> None:
    kept = str(DATA / "kept.test.toml")
    names = (DATA / "kept.test.toml").read_text(encoding="utf-8").count("[[test]]")
    assert run("test", kept, "-f", str(STORE)) == Ran(0, f"{names} tests: {names} passed\n", "")


@pytest.mark.parametrize(("keys", "line"), BROKEN.values(), ids=BROKEN)
def test_a_broken_promise_is_one_line_with_what_was_expected_and_found(
    tests: Callable[..., Ran], keys: str, line: str
) -> None:
    ran = tests(one(keys))
    assert (ran.status, ran.err) == (1, "")
    first, *sums, last = ran.out.splitlines()
    assert first == f"store.test.toml:1: a promise: {line}"
    assert sums
    assert last == "1 test: 1 failed"


def test_the_sum_of_a_failing_product_is_shown(tests: Callable[..., Ran]) -> None:
    assert tests(one('product = "bag"\nstock = "us"\nexpect = { salable = 5, quantity = 7, on_hand = 9 }')) == Ran(
        1,
        """store.test.toml:1: a promise: salable: expected 5, got 57 (1 of 1 product)
store.test.toml:1: a promise: on_hand: expected 9, got 7 (1 of 1 product)
  bag in stock us
    Pool of nyc: threshold -50 from global, line 5; backorders are on
      quantity       7 = 7
      threshold      min(-50, 0) = -50
      on hand        7 - 0 = 7
      salable        7 - (-50) = 57
      backorderable  57 - 7 = 50
    Together
      salable        7 + 50 = 57
1 test: 1 failed
""",
        "",
    )


def test_at_most_three_products_and_values_are_named(run: Run, folder: Path) -> None:
    items = "".join(f"[products.P{n}]\n[products.P{n}.sources.s]\nquantity = {n}\n" for n in range(1, 9))
    (folder / "store.toml").write_text(f"version = 1\n[sources.s]\n{items}")
    (folder / "store.test.toml").write_text(one('match = "*"\nexpect = { salable = 1 }'))
    lines = run("test").out.splitlines()
    assert lines[0] == (
        "store.test.toml:1: a promise: salable: expected 1, got 2, 3, 4 and 4 other values (7 of 8 products)"
    )
    assert [line for line in lines if line.startswith("  P")] == [f"  P{n} in stock default" for n in (2, 3, 4)]


def test_every_test_runs_whatever_else_is_wrong(tests: Callable[..., Ran]) -> None:
    text = one('product = "bagg"\nexpect = { unlimited = false }', name="typo")
    text += one('match = "*"\nexpect = { unlimited = true }', name="broken") + one(
        'product = "bag"\nexpect = { unlimited = false }', name="kept"
    )
    ran = tests(text)
    assert ran.status == 2
    assert ran.err == (
        "Error: store.test.toml:3: test[0].product: expected a product of the store, got 'bagg'; did you mean 'bag'?\n"
    )
    assert ran.out.splitlines()[-1] == "3 tests: 1 passed, 1 failed, 1 invalid"


@pytest.mark.parametrize(("text", "problem"), INVALID.values(), ids=INVALID)
def test_an_invalid_test_is_an_error_with_its_line(tests: Callable[..., Ran], text: str, problem: str) -> None:
    ran = tests(text)
    assert (ran.status, ran.err) == (2, f"Error: store.test.toml:{problem}\n")
    assert "1 invalid" in ran.out


def test_all_problems_of_a_test_are_reported_in_one_run(tests: Callable[..., Ran]) -> None:
    ran = tests('[[test]]\nproduct = "bagg"\norder = "many"\nexpect = { acepted = true }\n')
    assert [line.split(": ")[1:3] for line in ran.err.splitlines()] == [
        ["store.test.toml:1", "test[0].name"],
        ["store.test.toml:2", "test[0].product"],
        ["store.test.toml:3", "test[0].order"],
        ["store.test.toml:4", "test[0].expect.acepted"],
    ]


def test_all_problems_within_one_value_are_told_in_one_run(tests: Callable[..., Ran]) -> None:
    ran = tests(
        '[[test]]\nname = "x"\nproducts = ["bag", 5, "bagg", true, "mugg"]\n[test.given.sources]\nlyon = "few"\n'
        'nowhere = 1\nnyc = { status = "gone", quantity = "few", many = 1 }\nberlin = { state = 1 }\n'
        '[test.expect]\nsalable = ["few", 3, "more"]\nquantity = { min = "a", most = 4, max = "b" }\n'
    )
    path = "test[0].given.sources"
    number = "test[0].expect.quantity: expected a number, got"
    assert (ran.status, ran.out) == (2, "1 test: 1 invalid\n")
    assert ran.err.splitlines() == [
        f"Error: store.test.toml:{each}"
        for each in (
            "3: test[0].products: expected a string, got 5",
            "3: test[0].products: expected a string, got true",
            "3: test[0].products: expected a product of the store, got 'bagg'; did you mean 'bag'?",
            "3: test[0].products: expected a product of the store, got 'mugg'; did you mean 'mug'?",
            f"5: {path}.lyon: expected a number, got 'few'",
            f"6: {path}.nowhere: expected a source of the store, got 'nowhere'",
            f"7: {path}.nyc.status: expected in_stock or out_of_stock, got 'gone'",
            f"7: {path}.nyc.quantity: expected a number, got 'few'",
            f"7: {path}.nyc.many: expected a key of a source item, got 'many'",
            f"8: {path}.berlin.state: expected a key of a source item, got 'state'; did you mean 'status'?",
            f"8: {path}.berlin.quantity: expected a value, got none",
            "10: test[0].expect.salable: expected a number or unlimited, got 'few'",
            "10: test[0].expect.salable: expected a number or unlimited, got 'more'",
            f"11: {number} 'a'",
            "11: test[0].expect.quantity: expected min, max or both, got 'most'",
            f"11: {number} 'b'",
        )
    ]


def test_an_unknown_key_of_a_file_hides_no_test(tests: Callable[..., Ran]) -> None:
    kept = one('product = "bag"\nexpect = { unlimited = false }', name="kept")
    broken = one('product = "bag"\nexpect = { unlimited = true }', name="broken")
    ran = tests(f"author = 'me'\n{kept}{broken}{one('product = 5', name='invalid')}")
    assert (ran.status, ran.err.splitlines()) == (
        2,
        [
            "Error: store.test.toml:1: author: expected a key of a test file, got 'author'",
            "Error: store.test.toml:10: test[2].expect: expected a value, got none",
            "Error: store.test.toml:12: test[2].product: expected a string, got 5",
        ],
    )
    assert "broken: unlimited: expected true, got false" in ran.out
    assert ran.out.splitlines()[-1] == "4 tests: 1 passed, 1 failed, 2 invalid"


WHOLE_FILES = {
    "an empty file": ("", "store.test.toml: test: expected at least one [[test]], got none"),
    "no list of tests": ("[test]\n",
                         "store.test.toml:1: test: expected [[test]], an array of tables, got another value"),
    "another table": ('[[tests]]\nname = "x"\n',
                      "store.test.toml:1: tests: expected a key of a test file, got 'tests'; did you mean 'test'?"),
    "no TOML": ("[[test]]\nname = \n", "store.test.toml:2:8: invalid value"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), WHOLE_FILES.values(), ids=WHOLE_FILES)
def test_a_file_that_is_no_list_of_tests_is_an_error(tests: Callable[..., Ran], text: str, problem: str) -> None:
    ran = tests(text)
    assert (ran.status, ran.out) == (2, "1 test: 1 invalid\n")
    assert f"Error: {problem}\n" in ran.err


def test_the_results_as_json(tests: Callable[..., Ran]) -> None:
    text = one('product = "bag"\nstock = "eu"\nexpect = { backorders = ["allow", "notify"], salable = { max = 5 } }')
    text += one('product = "mug"\nexpect = { unlimited = false }', name="kept")
    text += one('match = "X"\nexpect = { unlimited = false }', name="empty")
    ran = tests(text, "-o", "json")
    place = {"sku": "bag", "stock": "eu", "at": str(TODAY)}
    assert ran.status == 2
    assert json.loads(ran.out) == {
        "tests": [
            {"name": "a promise", "file": "store.test.toml", "line": 1, "passed": False, "products": 1, "error": None,
             "failures": [
                 {**place, "source": "lyon", "field": "backorders", "expected": ["allow", "notify"], "found": "no"},
                 {**place, "source": None, "field": "salable", "expected": {"max": 5}, "found": 76}]},
            {"name": "kept", "file": "store.test.toml", "line": 6, "passed": True, "products": 1, "failures": [],
             "error": None},
            {"name": "empty", "file": "store.test.toml", "line": 10, "passed": False, "products": 0, "failures": [],
             "error": "expected at least one product, found none for match 'X'; allow_empty = true allows that"},
        ]
    }  # fmt: skip


def test_the_results_as_csv(tests: Callable[..., Ran]) -> None:
    text = one('product = "GIFT-2"\nexpect = { salable = { max = 5 }, reason = "sold_out" }') + one(
        'product = "mug"\nexpect = { unlimited = false }', name="kept"
    )
    rows = list(csv.DictReader(StringIO(tests(text, "-o", "csv").out)))
    assert [(row["name"], row["field"], row["expected"], row["found"]) for row in rows] == [
        ("a promise", "salable", "at most 5", "unlimited"),
        ("a promise", "reason", "sold_out", "none"),
        ("kept", "", "", ""),
    ]


def test_a_filter_runs_the_tests_whose_name_matches(tests: Callable[..., Ran]) -> None:
    text = one('product = "bag"\nexpect = { unlimited = true }', name="broken") + one(
        'product = "bag"\nexpect = { unlimited = false }', name="kept"
    )
    assert tests(text, "--filter", "k*") == Ran(0, "1 test: 1 passed\n", "")
    assert tests(text, "--filter", "x*") == Ran(1, "", "no test matches 'x*'\n")


def test_a_test_is_judged_today_and_on_every_coming_day_of_change(tests: Callable[..., Ran], folder: Path) -> None:
    begins, ends = TODAY + timedelta(days=2), TODAY + timedelta(days=5)
    with (folder / "store.toml").open("a") as file:
        file.write(f'\n[[schedule]]\nfrom = {begins}\nuntil = {ends}\nproduct = "bag"\nout_of_stock_threshold = 0\n')
    limited = 'product = "bag"\nstock = "us"\nexpect = { unlimited = false }'
    ran = tests(one(limited))
    assert ran.out.splitlines()[0] == (
        f"store.test.toml:1: a promise: unlimited: expected false, got true on {begins} (1 of 1 product)"
    )
    assert ran.status == 1
    assert tests(one(f"{limited}\nat = {TODAY}")).status == 0
    assert tests(one(f"{limited}\nat = {ends}")).status == 1
    assert tests(one(f"{limited}\nat = {ends + timedelta(days=1)}")).status == 0
    assert tests(one(limited), "--at", "+6d").status == 0
    assert json.loads(tests(one(limited), "-o", "json").out)["tests"][0]["failures"][0]["at"] == str(begins)


def test_the_store_of_a_test_file_is_beside_it_or_named(run: Run, folder: Path) -> None:
    (folder / "shops").mkdir()
    (folder / "shops" / "one.toml").write_bytes(STORE.read_bytes())
    (folder / "shops" / "one.test.toml").write_text(one('product = "bag"\nexpect = { unlimited = false }'))
    (folder / "promises.toml").write_bytes((folder / "shops" / "one.test.toml").read_bytes())
    assert run("test", "shops/one.test.toml").out == "1 test: 1 passed\n"
    assert run("test", "-f", "shops/one.toml").out == "1 test: 1 passed\n"
    assert run("test", "promises.toml", "shops/one.test.toml", "-f", "shops/one.toml").out == "2 tests: 2 passed\n"
    assert run("test", "promises.toml") == Ran(
        2, "", "Error: promises.toml: expected a name such as store.test.toml, or the store file with -f\n"
    )
    assert run("test", "-f", "-") == Ran(2, "", "Error: -f -: expected the name of a test file beside it, got none\n")


def test_a_store_without_a_test_file_gets_the_command_that_writes_one(run: Run, folder: Path) -> None:
    (folder / "shop.toml").write_bytes(STORE.read_bytes())
    hint = "backorderctl init --tests -f shop.toml"
    assert run("test", "-f", "shop.toml") == Ran(2, "", f"Error: shop.test.toml: no such file\nHint: {hint}\n")
    assert run(*hint.split()[1:]).status == 0
    assert run("test", "-f", "shop.toml").status < 2
    missing = "Error: none.toml: no such file\nHint: backorderctl init -f none.toml\n"
    assert run("test", "-f", "none.toml").err == missing


def test_quantities_from_outside_are_tested(tests: Callable[..., Ran], folder: Path) -> None:
    (folder / "live.csv").write_text("source_code,sku,quantity\nnyc,bag,2\nnyc,NEW,1\n")
    live = ("--quantities", "live.csv", "--allow-missing", "-q")
    text = one('product = "NEW"\nexpect = { salable = 51 }') + one(
        'product = "bag"\nstock = "us"\nexpect = { salable = 52 }', name="live"
    )
    assert tests(text, *live) == Ran(0, "2 tests: 2 passed\n", "")


def test_the_documented_example_passes(run: Run) -> None:
    ran = run("test", str(EXAMPLES / "store.test.toml"))
    assert (ran.status, ran.err) == (0, "")


def test_init_writes_tests_that_pass_and_never_over_a_store(run: Run, folder: Path) -> None:
    assert run("init", "--tests") == Ran(0, "", "store.toml: written\nstore.test.toml: written\n")
    assert run("test") == Ran(0, "1 test: 1 passed\n", "")
    (folder / "store.toml").write_bytes(STORE.read_bytes())
    assert run("init", "--tests") == Ran(2, "", "Error: store.test.toml: file exists\n")
    assert run("init", "--tests", "--force") == Ran(0, "", "store.test.toml: written\n")
    (folder / "store.test.toml").unlink()
    ran = run("init", "--tests", "-n")
    assert (ran.status, ran.err) == (0, "")
    assert "+++ store.test.toml" in ran.out
    assert not (folder / "store.test.toml").exists()
    assert run("init", "--tests") == Ran(0, "", "store.test.toml: written\n")
    assert (folder / "store.toml").read_bytes() == STORE.read_bytes()


def test_names_of_tests_are_completed(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "store.test.toml").write_text(one("", name="kept") + one("", name="kept too") + one("", name="other"))
    monkeypatch.setenv("_BACKORDERCTL_COMPLETE", "zsh")
    assert run("test", "--filter", "k").out.split("\0")[1:-1] == ["kept", "kept too"]


def test_the_fields_are_the_names_of_the_json(run: Run, store_file: Path) -> None:
    ordered: dict[str, Any] = json.loads(run("order", "check", "24-MB01", "1", "-o", "json").out)
    assert set(PRODUCT_FIELDS) == {column.name for column in PRODUCT_COLUMNS} | set(SETTINGS)
    assert set(ITEM_FIELDS) == {column.name for column in SOURCE_ITEM_COLUMNS} | set(SETTINGS)
    assert set(ORDER_FIELDS) == set(ordered) | set(SETTINGS)


def test_the_schema_knows_every_key_and_field(run: Run) -> None:
    schema = json.loads(run("schema", "--tests").out)
    test = schema["properties"]["test"]["items"]
    assert set(test["properties"]) == set(policy_test_file.KEYS)
    assert set(test["properties"]["given"]["properties"]) == set(policy_test_file.GIVEN_KEYS)
    assert test["required"] == ["name", "expect"]
    expected = [
        each["properties"]["expect"]["properties"]
        for each in (test["then"], test["else"]["then"], test["else"]["else"])
    ]
    assert [set(each) for each in expected] == [set(ORDER_FIELDS), set(ITEM_FIELDS), set(PRODUCT_FIELDS)]
    bounds = {"type": "object", "additionalProperties": False, "minProperties": 1}
    for name, allowed in expected[2].items():
        measured = PRODUCT_FIELDS[name].values.measured
        assert any(option.items() >= bounds.items() for option in allowed["anyOf"]) == measured, name


def test_a_product_in_no_stock_is_not_said_to_be_in_several(tests: Callable[..., Ran], folder: Path) -> None:
    (folder / "store.toml").write_text(STORE.read_text() + "\n[products.alone]\n")
    ran = tests(one('product = "alone"\norder = 1\nexpect = { accepted = true }'))
    assert (ran.status, "expected a stock, as 'alone' is in none: eu, us\n" in ran.err) == (2, True)
