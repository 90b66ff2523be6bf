"""Every command in every format prints what its document under `tests/golden` holds, byte for byte."""

import csv
import json
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from golden import DOCUMENTS, cases, document, file_of, shop
from pages import page

CASES = {name: (words, width) for name, words, width in cases()}
PLACEHOLDERS = {"n", "as", "rows", "column", "path"}
"""Words of documented shapes that stand for values."""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with shop() as made:
        yield made


@pytest.mark.parametrize("name", CASES)
def test_a_document_is_what_is_printed(folder: Path, name: str) -> None:
    words, width = CASES[name]
    assert document(words, folder, width) == file_of(name).read_bytes().decode()


def test_every_document_is_that_of_a_command() -> None:
    assert {path.name for path in DOCUMENTS.iterdir()} == {file_of(name).name for name in CASES}


def answer(name: str) -> str:
    """What a document says was printed, without its first line and its messages."""
    text = file_of(name).read_bytes().decode().partition("\n")[2]
    return re.split(r"^--- (?:messages|status|file)", text, maxsplit=1, flags=re.MULTILINE)[0]


def of_json(name: str) -> Any:
    return json.loads(answer(name))


def plain(cell: Any) -> str:
    """A value of JSON as CSV has it, where that is a plain value."""
    if cell is None:
        return ""
    if isinstance(cell, list):
        return ", ".join(map(str, cell))
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def is_nested(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and not all(isinstance(cell, str) for cell in value))


def test_json_csv_and_table_of_an_answer_say_the_same() -> None:
    """Cell by cell, wherever CSV has the columns that the rows of JSON have keys."""
    compared = 0
    for command in sorted({name.rpartition(".")[0] for name in CASES if name.endswith(".csv")}):
        rows = list(csv.reader(StringIO(answer(f"{command}.csv"))))
        found = [value for value in of_json(f"{command}.json").values() if isinstance(value, list)]
        documents = found[0] if found and found[0] and isinstance(found[0][0], dict) else []
        if not documents or list(documents[0]) != rows[0]:
            continue
        lines = answer(f"{command}.table").splitlines()
        drawn = lines[-len(documents) :] if len(lines) == len(documents) + 1 else None
        for number, (row, of_row) in enumerate(zip(rows[1:], documents, strict=True)):
            for column, cell in zip(rows[0], row, strict=True):
                if column == "causes":
                    continue  # words in CSV, objects in JSON
                unlimited = of_row.get("unlimited") and cell == "unlimited"
                assert unlimited or cell == plain(of_row[column]) or is_nested(of_row[column]), (
                    command,
                    number,
                    column,
                )
            if drawn is not None:
                named = {*lines[0].split()} - {"commit"}  # which a table shortens
                kept = [cell for column, cell in zip(rows[0], row, strict=True) if column in named]
                at = 0
                for cell in filter(None, kept):
                    at = drawn[number].find(cell.encode("unicode_escape").decode(), at)
                    assert at >= 0, (command, number, cell)
        compared += 1
    assert compared >= 8


def test_every_documented_key_has_a_value_in_some_document() -> None:
    seen: set[str] = set()

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            seen.update(key for key, inner in value.items() if inner not in (None, "", [], {}))
            for inner in value.values():
                collect(inner)
        elif isinstance(value, list):
            for inner in value:
                collect(inner)

    for name in CASES:
        if answer(name).startswith("{"):
            collect(of_json(name))
    table = page("docs/commands.md").partition("\n## JSON\n")[2]
    shapes = re.findall(r"^\| `[a-z -]+` \| `(\{.*?\})`", table, re.MULTILINE)
    documented = {word for shape in shapes for word in re.findall(r"[a-z_0-9]+", shape)}
    assert len(documented) > 100
    assert documented - seen - PLACEHOLDERS == set()


def test_five_documents_worked_out_by_hand() -> None:
    """Worked from tests/data/golden/store.toml with a pencil; nothing here asks the program."""
    # bag on 1 December: 25 at berlin, 40 reserved, threshold -200 from the schedule: 25 + 200 - 40 = 185 can be sold.
    bag = of_json("product list.json")["products"][0]
    assert (bag["on_hand"], bag["backorderable"], bag["salable"]) == (0, 185, 185)
    # shared in eu: berlin 3 under -50 of global, lyon 2 under its own -8.25: two pools, (3 + 2) + (50 + 8.25) = 63.25.
    shared = of_json("product show.json")["stocks"][0]
    assert (shared["on_hand"], shared["backorderable"], shared["salable"]) == (5, 58.25, 63.25)
    # An order of 5 of shared in eu finds 5 on hand: nothing is backordered.
    order = of_json("order check backordered.more")
    assert (order["ships_now"], order["backordered"], order["payment"]) == (5, 0, None)
    # The report: mug owes 30 of its stock and 30 reserved, bag 40 - 25, card 5: 60 + 15 + 5 = 80 in eu; of shelf in us
    # 9.5 - 4 are on hand for 6 reserved: 0.5. mug may owe 50 and has 60: 10 can never ship.
    report = of_json("report.json")
    assert [stock["owed"] for stock in report["stocks"]] == [80, 0.5, 0, 0]
    assert [(product["sku"], product["short"]) for product in report["oversold"]] == [("mug", 10)]
    # On 24 December nobody takes backorders: bag has 25 for 40 reserved, mug none: both go out of stock.
    christmas = of_json("agenda.json")["days"][1]
    assert christmas["date"] == "2026-12-24"
    out = {change["sku"] for change in christmas["products"] if change["new"] == "out_of_stock"}
    assert out == {"bag", "card"}
