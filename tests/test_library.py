"""The package as a library: what a caller cannot do wrong, and what its values are good for."""

import pickle
from datetime import date

import pytest
from conftest import EXAMPLES
from mypy import api

from backorderctl.policy.evaluate import evaluate_all
from backorderctl.store.load import load

WRONG = """
from datetime import date
from backorderctl.check import check
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
        ("check({}, today=date(2026, 12, 1))", "store"),
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
    file = load(str(EXAMPLES / name))
    store = file.on(date(2026, 12, 1))
    assert pickle.loads(pickle.dumps(file)) == file
    assert pickle.loads(pickle.dumps(store)) == store
    answers = list(evaluate_all(store))
    again = pickle.loads(pickle.dumps(answers))
    assert again == answers
    lines = [value.line for answer in answers for value in answer.settings.values()]
    assert [value.line for answer in again for value in answer.settings.values()] == lines
    assert any(lines)


def test_a_store_is_short_to_look_at() -> None:
    file = load(str(EXAMPLES / "store.toml"))
    counts = f"{len(file.products)} products, {len(file.sources)} sources, {len(file.stocks)} stocks"
    assert repr(file) == f"<StoreFile: {counts}>"
    assert repr(file.on(date(2026, 12, 1))) == f"<Store: {counts}>"
