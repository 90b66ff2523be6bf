"""The JSON Schema and the tool agree on what a store file may say, but for what no schema can know: declared names."""

import json
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import jsonschema
import pytest
from conftest import Run
from stores import seeded_stores, toml_text

from backorderctl.errors import BackorderctlError
from backorderctl.store.json_schema import json_schema
from backorderctl.store.load import load_bytes

VALUES = (100_000_000, -100_000_000, 99_999_999, "x", True, [1], {"a": 1}, -1, Decimal("0.5"), "notify", "2026-12-24")
ENDS = ("\n", " ", "x", "é", "\ny")
NAMES = "expected a source of the file", "expected a stock of the file"


def changed(data: dict[str, Any], random: Random) -> dict[str, Any]:
    """The store with one value, key or table that may not be there."""
    data = deepcopy(data)
    table, key = random.choice(list(places(data)))
    match random.randrange(5):
        case 0:
            del table[key]
        case 1:
            table[key + random.choice(ENDS)] = table.pop(key)
        case 2:
            table["bogus"] = 1
        case _:
            table[key] = random.choice(VALUES)
    return data


def places(table: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Every table and key, down to the last."""
    for key, value in table.items():
        yield table, key
        if isinstance(value, dict):
            yield from places(value)


def problems(text: str) -> str:
    """What the tool refuses; nothing for a store that is valid."""
    try:
        load_bytes(text.encode(), "store.toml")
    except BackorderctlError as error:
        return error.message
    return ""


def as_json(text: str) -> Any:
    """The data as JSON has it: dates are text."""
    data = tomllib.loads(text, parse_float=Decimal)
    return json.loads(
        json.dumps(data, default=lambda value: float(value) if isinstance(value, Decimal) else str(value))
    )


def test_the_schema_accepts_what_the_tool_accepts() -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    random = Random(7)
    accepted = 0
    for number, data in enumerate(seeded_stores(1500, 11)):
        text = toml_text(changed(data, random) if number % 3 else data)
        refused = problems(text)
        if any(name in refused for name in NAMES):
            continue
        assert validator.is_valid(as_json(text)) == (not refused), (text, refused)
        accepted += not refused
    assert 500 < accepted < 1300


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ('[products."A\nB"]'.replace("\n", "\\n"), True),
        ('[products."A\\n"]', False),
        ('[products." A"]', False),
        ('[[check.accept]]\ncode = "BO102"\nuntil = 2027-03-31', True),
        ('[[check.accept]]\ncode = "BO102"\nuntil = 2027-03-31T10:00:00', False),
        ('[[check.accept]]\ncode = "BO102"\nuntil = 10', False),
        ('[[drift.accept]]\nproduct = "24-MB01"\nuntil = 2027-03-31', True),
        ('[[drift.accept]]\nproduct = "24-MB01"\nuntil = 10', False),
        ("[global]\nout_of_stock_threshold = 99999999.9999", True),
        ("[global]\nout_of_stock_threshold = 100000000", False),
        ("[global]\nout_of_stock_threshold = -100000000", False),
        ("[global]\nonly_x_left_threshold = -1", False),
    ],
)
def test_the_schema_knows_names_dates_and_bounds(text: str, valid: bool) -> None:
    text = f"version = 1\n{text}\n"
    assert (not problems(text)) is valid
    assert jsonschema.Draft202012Validator(json_schema()).is_valid(as_json(text)) is valid


def test_the_schema_of_answers_accepts_every_answer(run: Run, folder: Path) -> None:
    schema = json.loads(run("schema", "--answers").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    answers = jsonschema.Draft202012Validator(schema)
    seen: set[tuple[str, str | None]] = set()
    for data in seeded_stores(60, seed=5):
        (folder / "store.toml").write_text(toml_text(data), encoding="utf-8")
        document = json.loads(run("product", "list", "-o", "json").out)
        assert not list(answers.iter_errors(document))
        seen |= {(row["status"], row["reason"]) for row in document["products"]}
    item = schema["properties"]["products"]["items"]["properties"]
    assert {reason for _, reason in seen} == set(item["reason"]["enum"])
    assert {status for status, _ in seen} == set(item["status"]["enum"])
    for key, value in (("status", "sold"), ("on_hand", -1), ("sku", None), ("more", 1)):
        assert list(answers.iter_errors({"products": [{**document["products"][0], key: value}]}))


def test_one_schema_at_a_time(run: Run) -> None:
    assert run("schema", "--answers", "--tests") == (2, "", "Error: expected --tests or --answers, got both\n")
