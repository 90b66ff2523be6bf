"""SKUs and source codes from outside in any letter case: the right product, whatever the order of rows."""

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stores import stores, toml_text

from backorderctl.errors import Mismatch
from backorderctl.rows.names import KnownNames
from backorderctl.store.sku import case_folded

STORE = """version = 1
[global]
backorders = "allow"
out_of_stock_threshold = -10
[sources.s0]
[products."24-MB01"]
out_of_stock_threshold = -50
"""


def test_each_character_is_lowered_by_itself() -> None:
    assert case_folded("\u0391\u03a3") == "\u03b1\u03c3" != "\u0391\u03a3".lower()  # a sigma at the end of a word
    assert case_folded("İx") == "İx"
    assert case_folded("24-MB01 ÄÖ") == "24-mb01 äö"
    assert case_folded("\u212a") == "k"


def test_a_spelling_of_the_store_file_wins_and_several_are_ambiguous() -> None:
    names = KnownNames(["A", "a", "Bag", "Café"])
    assert [names[each] for each in ("A", "a", "bAG", "CAFÉ")] == ["A", "a", "Bag", "Café"]
    assert names.respelled == {"CAFÉ": "Café", "bAG": "Bag"}
    with pytest.raises(Mismatch, match=r"^expected 'Café', which Magento takes for the same name, got 'cafe'$"):
        names["cafe"]
    ambiguous = KnownNames(["Ab", "aB"])
    with pytest.raises(Mismatch, match=r"^expected the spelling of 'Ab' or 'aB', got 'AB'$"):
        ambiguous["AB"]


@given(st.permutations(["new test", "NEW TEST", "New Test"]))
def test_an_outside_name_is_shown_in_its_smallest_spelling(order: list[str]) -> None:
    names = KnownNames([])
    collected = {names[each] for each in order}
    assert len(collected) == 1
    assert names.shown.get(order[0], order[0]) == "NEW TEST"
    assert names.respelled == {"New Test": "NEW TEST", "new test": "NEW TEST"}


def test_a_reservation_in_another_letter_case_counts(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_text(STORE)
    (folder / "q.csv").write_text("source_code,sku,quantity,status\ns0,NEW TEST,10,1\n")
    (folder / "r.csv").write_text("sku,reserved\nnew test,4\n")
    files = ("--quantities", "q.csv", "--reserved", "r.csv")
    refused = run("order", "check", "NEW TEST", "18", *files)
    assert (refused.status, "16 salable" in refused.out) == (1, True)
    document = json.loads(run("product", "list", *files, "-o", "json").out)
    assert document["quantities"]["respelled"] == {"count": 1, "first": {"name": "new test", "as": "NEW TEST"}}
    said = run("product", "list", *files).err
    assert "1 name in another spelling: 'new test' as 'NEW TEST'\n" in said


def test_a_quantity_in_another_letter_case_keeps_its_products_limit(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_text(STORE)
    (folder / "q.csv").write_text("source_code,sku,quantity\nS0,24-mb01,7\n")
    for words in (("product", "list"), ("product", "show", "24-MB01")):
        document = json.loads(run(*words, "--quantities", "q.csv", "-o", "json").out)
        [row] = document.get("products") or document["stocks"]
        assert (row["salable"], row["quantity"]) == (57, 7)
    assert document["quantities"]["unknown_skus"] == 0


def test_equal_rows_count_once_and_different_ones_are_refused_with_both_numbers(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_text(STORE)
    (folder / "q.csv").write_text("source_code,sku,quantity\ns0,24-MB01,7\nS0,24-mb01,7.0\n")
    ran = run("product", "list", "--quantities", "q.csv", "-o", "json")
    assert [row["quantity"] for row in json.loads(ran.out)["products"]] == [7]
    assert "1 row repeated, with the same quantity and status" in ran.err
    (folder / "q.csv").write_text("source_code,sku,quantity\ns0,24-MB01,7\nS0,24-mb01,8\n")
    ran = run("product", "list", "--quantities", "q.csv")
    assert (ran.status, ran.err.splitlines()[0]) == (
        2,
        "Error: q.csv:2: record 1: '24-MB01' at s0: expected one row, got 7, and 8 in record 2",
    )


def test_a_name_that_differs_in_accents_is_refused_with_both(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_text(STORE + '[products."Café"]\n')
    (folder / "q.csv").write_text("source_code,sku,quantity\ns0,CAFE,7\n")
    ran = run("product", "list", "--quantities", "q.csv")
    message = "sku: expected 'Café', which Magento takes for the same name, got 'CAFE'"
    assert (ran.status, ran.err.splitlines()[0]) == (2, f"Error: q.csv:2: record 1: {message}")


def test_a_new_name_is_never_a_second_spelling(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_text(STORE)
    message = "Error: product '24-mb01': '24-MB01' exists, which Magento takes for the same product\n"
    assert run("product", "add", "24-mb01") == (2, "", message)
    message = "Error: source 'S0': 's0' exists, which Magento takes for the same source\n"
    assert run("source", "add", "S0") == (2, "", message)
    assert run("stock", "add", "S0").status == 0


def test_changes_of_a_table_take_the_product_that_exists(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_text(STORE)
    (folder / "c.csv").write_text("product,source,key,value\n24-mb01,S0,quantity,7\nNew,,name,New\nNEW,s0,quantity,1\n")
    ran = run("config", "apply", "c.csv", "--create")
    assert (ran.status, ran.err.splitlines()[0]) == (0, "3 names in another spelling: '24-mb01' as '24-MB01', ...")
    skus = [row["sku"] for row in json.loads(run("product", "list", "-o", "json").out)["products"]]
    assert skus == ["24-MB01", "New"]
    (folder / "store.toml").write_text(STORE + '[products."24-mB01"]\n')
    ran = run("config", "apply", "c.csv", "--create")
    message = "Error: c.csv:2: row 1: expected the spelling of '24-MB01' or '24-mB01', got '24-mb01'\n"
    assert ran == (2, "", message)


def test_globs_ignore_letter_case(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_text(STORE)
    assert run("config", "set", "backorders", "no", "--match", "24-mb*").status == 0
    assert "24-MB01" in run("product", "list", "--match", "*-Mb0[0-9]", "-o", "csv").out


def test_drift_compares_products_in_any_letter_case(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_text(STORE + "[products.'24-MB01'.sources.s0]\nquantity = 7\n")
    (folder / "m.csv").write_text("sku,qty,is_salable\n24-mb01,56,1\n")
    document = json.loads(run("drift", "m.csv", "-o", "json").out)
    assert [(row["sku"], row["ours"], row["magento"]) for row in document["drift"]] == [("24-MB01", 57, 56)]
    assert document["respelled"] == {"count": 1, "first": {"name": "24-mb01", "as": "24-MB01"}}


def respelled(text: str, choice: int) -> str:
    """The text in one of four spellings, where its characters have one character for each case."""
    turned = [char.swapcase() if choice == 1 or (number + choice) % 2 else char for number, char in enumerate(text)]
    spelled = "".join(turned)
    return spelled if choice and case_folded(spelled) == case_folded(text) else text


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=stores(), choices=st.lists(st.integers(0, 3), min_size=8, max_size=8))
def test_answers_do_not_depend_on_spellings(run: Run, folder: Path, data: dict[str, Any], choices: list[int]) -> None:
    """Names of a random store that are the same are left out, as are rows that could be about several of them."""
    seen: dict[str, str] = {}
    for sku in list(data["products"]):
        key = unicodedata.normalize("NFKD", sku).casefold()
        if seen.setdefault(key, sku) != sku:
            del data["products"][sku]
    data.pop("check", None)
    codes = [code for code in data["sources"] if code.lower() == code]
    (folder / "store.toml").write_text(toml_text(data), encoding="utf-8")
    rows = [
        (code, sku, number)
        for number, sku in enumerate(data["products"])
        for code, item in data["products"][sku].get("sources", {}).items()
        if "quantity" in item and code in codes
    ]
    answers = []
    for spelled in (False, True):
        lines = ["source_code\tsku\tquantity"]
        for number, (code, sku, units) in enumerate(rows):
            choice = choices[number % 8] if spelled else 0
            quoted = respelled(sku, choice).replace('"', '""')
            lines.append(f'{respelled(code, choice)}\t"{quoted}"\t{units}')
        (folder / "q.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        ran = run("product", "list", "--quantities", "q.csv", "--allow-missing", "-o", "csv", "-q")
        answers.append(ran)
    assert answers[0] == answers[1]
