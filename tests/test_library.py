"""The package as a library: what a caller cannot do wrong, and what its values are good for."""

import json
import pickle
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from conftest import EXAMPLES, Run
from mypy import api
from pages import ROOT, block

import backorderctl as b

WRONG = """
from datetime import date
from backorderctl import findings
from backorderctl.edit.operations import enable_source
from backorderctl.policy.evaluate import evaluate, evaluate_all
from backorderctl.policy.viewpoints import chains
from backorderctl.store.load import load
from backorderctl.store.model import Place

file = load("store.toml")
store = file.on(date(2026, 12, 1))
"""


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        ("evaluate({}, 'A')", "file"),
        ("evaluate_all({})", "file"),
        ("chains({}, Place('global'), 'backorders')", "file"),
        ("findings({})", "store"),
        ("enable_source({}, 'main', enabled=True)", "store"),
    ],
)
def test_a_file_where_a_day_is_needed_does_not_type_check(call: str, wrong: str) -> None:
    kinds = {"file": "StoreFile", "store": "Store"}
    [other] = kinds.keys() - {wrong}
    out, _, status = api.run(["--config-file=", "--follow-imports=silent", "-c", WRONG + call.format(wrong)])
    assert f'has incompatible type "{kinds[wrong]}"; expected "{kinds[other]}"' in out
    assert status == 1
    out, _, _ = api.run(["--config-file=", "--follow-imports=silent", "-c", WRONG + call.format(other)])
    assert f'expected "{kinds[wrong]}"' not in out


@pytest.mark.parametrize("name", ["store.toml", "luma.toml"])
def test_every_value_comes_back_from_a_pickle(name: str) -> None:
    file = b.load(str(EXAMPLES / name))
    store = file.on(date(2026, 12, 1))
    assert pickle.loads(pickle.dumps(file)) == file
    assert pickle.loads(pickle.dumps(store)) == store
    answers = list(b.answers(store))
    again = pickle.loads(pickle.dumps(answers))
    assert again == answers
    lines = [value.line for answer in answers for value in answer.settings.values()]
    assert [value.line for answer in again for value in answer.settings.values()] == lines
    assert any(lines)


def test_a_store_is_short_to_look_at() -> None:
    file = b.load(str(EXAMPLES / "store.toml"))
    counts = f"{len(file.products)} products, {len(file.sources)} sources, {len(file.stocks)} stocks"
    assert repr(file) == f"<StoreFile: {counts}>"
    assert repr(file.on(date(2026, 12, 1))) == f"<Store: {counts}>"


SHOP = ROOT / "tests" / "data" / "golden"
DAY = "2026-12-24"


def on_day() -> tuple[b.StoreFile, b.Store]:
    file = b.load(str(SHOP / "store.toml"))
    return file, file.on(date.fromisoformat(DAY))


def as_printed(run: Run, *words: str) -> Any:
    return json.loads(run(*words, "--at", DAY, "-f", str(SHOP / "store.toml"), "-o", "json").out)


def test_every_answer_is_the_json_of_its_command(run: Run) -> None:
    file, store = on_day()
    assert [b.to_dict(answer) for answer in b.answers(store)] == as_printed(run, "product", "list")["products"]
    for sku in store.products:
        assert b.to_dict(list(b.answers(store, sku))) == as_printed(run, "product", "show", sku)
        assert b.to_dict(b.explain(store, sku)) == as_printed(run, "product", "explain", sku)
    ordered = [(sku, answer.stock, n) for sku in store.products for answer in b.answers(store, sku) for n in (1, 7, 40)]
    for sku, stock, n in ordered:
        words = ("--stock", stock) if stock else ()
        assert b.to_dict(b.order(store, sku, n, stock=stock)) == as_printed(run, "order", "check", sku, str(n), *words)
    day = date.fromisoformat(DAY)
    printed = as_printed(run, "report")
    assert b.to_dict(b.report(file, day=day)) == printed
    assert printed["agenda"]
    old = b.load(str(SHOP / "old.toml"))
    assert b.to_dict(b.diff(old, file, day=day)) == as_printed(run, "diff", str(SHOP / "old.toml"))
    found = as_printed(run, "check")["findings"]
    name = str(SHOP / "store.toml")
    assert [b.to_dict(each) | {"hint": None} for each in b.findings(file, day=day, name=name)] == found


def test_a_file_with_a_schedule_is_answered_for_its_day() -> None:
    text = """version = 1
[global]
backorders = "notify"
out_of_stock_threshold = -50
[sources.main]
[products.A.sources.main]
quantity = 10
[[schedule]]
from = 2020-01-01
reason = "x"
backorders = "no"
"""
    file = b.loads(text)
    assert [answer.salable for answer in b.answers(file.on(b.today(file)), "A")] == [10]
    assert [answer.salable for answer in b.answers(file.on(date(2019, 12, 31)), "A")] == [60]


def test_rows_in_memory_are_those_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "live.csv"
    path.write_text("sku,source_code,quantity\n24-MB01,main,7.5\nNEW,main,2\n")
    rows = [
        {"sku": "24-MB01", "source_code": "main", "quantity": 7.5},
        {"sku": "NEW", "source_code": "main", "quantity": 2},
    ]
    file = b.load(str(EXAMPLES / "store.toml"))
    held = [{"sku": "NEW", "stock": "default", "reserved": 1}]
    live = b.with_quantities(file, rows, reserved=held)
    assert live == b.with_quantities(b.with_quantities(file, path), reserved=held)
    assert live == b.with_quantities(b.with_quantities(b.load(EXAMPLES / "store.toml"), str(path)), reserved=held)
    assert [str(answer.salable) for answer in b.answers(live.on(b.today(live)))] == ["57.5", "21"]
    with pytest.raises(b.BackorderctlError) as caught:
        b.with_quantities(file, [{"sku": "24-MB01", "source_code": "main", "quantity": float("nan")}])
    assert caught.value.message == "quantities:2: record 1: quantity: expected a number, got 'nan'"


def test_an_error_is_plain_text_and_comes_back_from_a_pickle(folder: Path) -> None:
    with pytest.raises(b.BackorderctlError) as missing:
        b.order(b.load(str(EXAMPLES / "store.toml")).on(date(2026, 12, 1)), "24-MB02", 1)
    assert (missing.value.hint, missing.value.problems) == ("did you mean '24-MB01'?", ())
    with pytest.raises(b.InvalidFile) as invalid:
        b.loads("version = 1\n[global]\nbackorders = 3\nbackorder = 1\n")
    assert [(problem.line, type(problem.message)) for problem in invalid.value.problems] == [(3, str), (4, str)]
    for error in (missing.value, invalid.value):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), again.message, again.hint, again.problems) == (
            type(error), error.message, error.hint, error.problems
        )  # fmt: skip


def test_the_notebook_of_the_page_makes_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    pandas = ModuleType("pandas")
    monkeypatch.setattr(pandas, "DataFrame", list, raising=False)
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {}
    exec(block("docs/python.md", "notebook"), names)
    assert [(row["sku"], row["salable"]) for row in names["table"]] == [("24-MB01", 57)]


def test_dir_is_the_api_and_its_import_loads_nothing() -> None:
    words = "import sys; before = set(sys.modules); import backorderctl; print(sorted(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True).stdout
    assert re.findall(r"'(backorderctl[\w.]*|typing|dataclasses|decimal)'", loaded) == ["backorderctl"]
    assert dir(b) == sorted(b.__all__)
    assert all(getattr(b, name) is not None for name in dir(b))
    assert b.__version__ == "0.2.0"
