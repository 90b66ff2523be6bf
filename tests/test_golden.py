"""What each command prints in each format is what its golden document holds (`tests/golden.py`)."""

import csv
import io
import json

import golden
import pytest

COMMANDS = golden.commands()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_prints_its_golden_document(name: str) -> None:
    on_a_terminal = name.startswith(golden.SCREEN)
    assert golden.document(COMMANDS[name], on_a_terminal=on_a_terminal) == (golden.GOLDEN / f"{name}.txt").read_bytes()


def test_every_golden_document_belongs_to_a_command_and_format() -> None:
    assert {path.stem for path in golden.GOLDEN.glob("*.txt")} == set(COMMANDS)


@pytest.mark.parametrize("name", ["product-list", "product-list-by-source", "source-list", "accept-list"])
def test_json_and_csv_hold_the_same_cells(name: str) -> None:
    [rows] = json.loads(_answer(f"{name}.json")).values()
    cells = list(csv.DictReader(io.StringIO(_answer(f"{name}.csv"))))
    assert len(rows) == len(cells) > 0
    compared = 0
    for row, line in zip(rows, cells, strict=True):
        for key in row.keys() & line.keys():
            if isinstance(row[key], str | int | float):
                text = row[key] if isinstance(row[key], str) else json.dumps(row[key])
                assert line[key] == text, key
                compared += 1
    assert compared >= 3 * len(rows)


def _answer(name: str) -> str:
    """What a document holds of stdout."""
    text = (golden.GOLDEN / f"{name}.txt").read_bytes().decode()
    return text.partition("\n")[2].partition("--- stderr, status")[0]
