"""The lines of keys and tables: every shape by hand, and random documents, where each line is known."""

from pathlib import Path
from random import Random

import pytest
from documents import document

from backorderctl.toml import index
from backorderctl.toml.change import KeyPath
from backorderctl.toml.line_numbers import Lines

SHAPES = (Path(__file__).parent / "data" / "shapes.toml").read_text(encoding="utf-8")

PLACES = {
    (): 1,
    ("version",): 2,
    ("text",): 3,
    ("lists",): 7,
    ("dotted",): 12,
    ("dotted", "a"): 12,
    ("dotted", "a", "b"): 12,
    ("dotted", "a", "c"): 13,
    ("inline",): 14,
    ("inline", "b", "c"): 14,
    ("products",): 18,
    ("products", "24-MB01"): 18,
    ("products", "24-MB01", "x"): 19,
    ("products", "X"): 23,
    ("products", "X", "name"): 24,
    ("products", "X", "sources"): 20,
    ("products", "X", "sources", "berlin"): 20,
    ("products", "X", "sources", "berlin", "quantity"): 21,
    ("products", "X", "sources", "berlin", "sources"): 22,
    ("products", "X", 'a"b'): 25,
    ("products", "C:\\d"): 26,
    ("products", ""): 27,
    ("products", "", ""): 28,
    ("products", "]#["): 29,
    ("check",): 31,
    ("check", "accept"): 31,
    ("check", "accept", 0): 31,
    ("check", "accept", 0, "code"): 32,
    ("check", "accept", 0, "more", "x"): 34,
    ("check", "accept", 1): 35,
    ("check", "accept", 1, "deep", 0, "x"): 37,
    ("check", "accept", 1, "deep", 1, "x"): 39,
    ("last",): 40,
    ("products", "no"): None,
    ("check", "accept", 2): None,
    ("products", "X", "sources", "x"): None,
    ("last", "x"): None,
    ("no",): None,
}


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_a_key_of_every_shape_has_its_line(path: KeyPath, ending: str, mark: str) -> None:
    assert Lines(mark + SHAPES.replace("\n", ending)).line(path) == PLACES[path]


def test_many_lines_are_the_same_as_one() -> None:
    lines = Lines(SHAPES)
    assert {path: lines.line(path) for path in [*PLACES, *reversed(PLACES)]} == PLACES


def test_an_empty_text_has_no_lines() -> None:
    assert Lines("").line(("a",)) is None
    assert Lines("").line(("a", "b", 0)) is None


@pytest.mark.parametrize(
    "hidden", ['x = """\n[a]\ny = 1\n"""', "x = '''\n[a]\ny = 1\n'''", 'x = [\n["a"],\n[\n"a"]\n]']
)
def test_a_header_inside_a_value_is_ignored(hidden: str) -> None:
    text = f"{hidden}\n[a]\ny = 2\n"
    assert text.split("\n")[(Lines(text).line(("a",)) or 0) - 1 :] == ["[a]", "y = 2", ""]
    assert text.split("\n")[(Lines(text).line(("a", "y")) or 0) - 1 :] == ["y = 2", ""]


@pytest.mark.parametrize("seed", range(10))
def test_random_documents(seed: int) -> None:
    random = Random(seed)
    for _ in range(100):
        made = document(random)
        lines = Lines(made.text)
        number = 1
        for path, text in made.lines:
            if path:
                counted: KeyPath = (*path[:2], int(path[2]), *path[3:]) if path[0] == "check" else path
                assert lines.line(counted) == number
                assert Lines(made.text).line(counted) == number
            number += text.count("\n") + 1


def test_the_outline_of_a_large_file_is_linear() -> None:
    tables = 50_000
    text = "".join(f'[products."P-{number}"]\nsources = ["a", "b"]\n\n' for number in range(tables))
    outline = index.Outline(text)
    assert len(outline.paths) == tables + 1
    lines = Lines(text)
    for number in range(0, tables, 100):
        assert lines.line(("products", f"P-{number}", "sources")) == number * 3 + 2
