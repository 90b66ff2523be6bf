"""Edits of TOML text: cases from files, and thousands of random edits judged by what must hold for each."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from copy import deepcopy
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
from documents import Document, document

from backorderctl.errors import BackorderctlError
from backorderctl.toml.change import REMOVED, Change, TomlValue
from backorderctl.toml.notation import parse
from backorderctl.toml.patch import edit, edit_parsed

FAMILIES = ("global", "stocks", "sources", "products", "check")
CASE = re.compile(r"(.*?)((?:^-- [^\n]*\n)+)=>\n(.*)", re.DOTALL | re.MULTILINE)
NEW_VALUES: tuple[TomlValue, ...] = (
    "no",
    "it's",
    5,
    -50,
    True,
    Decimal("2.5"),
    Decimal("7"),
    date(2028, 1, 1),
    ["berlin"],
    [],
    {"quantity": 3},
)


class Case(NamedTuple):
    """A text, the changes to it, and the text that they make of it."""

    before: str
    changes: list[Change]
    after: str


def cases() -> Iterator[Any]:
    """The cases of tests/data/edits: `== name`, the text, `-- change`..., `=>`, the new text.

    There stands ␍ for a carriage return, ⟨BOM⟩ for a byte-order mark, ¬ for the missing end of the last line.
    """
    for file in sorted((Path(__file__).parent / "data" / "edits").glob("*.txt")):
        for block in file.read_text(encoding="utf-8").removeprefix("== ").split("\n== "):
            name, _, rest = block.partition("\n")
            if match := CASE.fullmatch(rest):
                changes = [change(line) for line in match[2].removeprefix("-- ").rstrip("\n").split("\n-- ")]
                yield pytest.param(Case(plain(match[1]), changes, plain(match[3])), id=name)


def plain(text: str) -> str:
    return text.replace("␍", "\r").replace("⟨BOM⟩", "\ufeff").removesuffix("¬\n")


def change(line: str) -> Change:
    verb, _, rest = line.partition(" ")
    path, _, value = rest.partition(" = ")
    new = tomllib.loads(f"value = {value}", parse_float=Decimal)["value"] if verb == "set" else REMOVED
    return Change(tuple(json.loads(path)), new, prune=verb == "prune")


@pytest.mark.parametrize("case", [*cases()])
def test_an_edit_gives_the_expected_text(case: Case) -> None:
    assert edit(case.before, case.changes, families=FAMILIES) == case.after


def test_the_cases_are_all_read() -> None:
    names = [case.id for case in cases()]
    assert len(names) == len(set(names)) > 100


def test_no_change_gives_the_same_object() -> None:
    text = "a = 1\n"
    assert edit(text, [Change(("a",), Decimal("1.00")), Change(("b",), REMOVED)]) is text


@pytest.mark.parametrize(("new", "written"), [(1, "1"), (Decimal("1.5"), "1.5"), (True, "true"), ("1", '"1"')])
@pytest.mark.parametrize("old", ["1", "1.0", "true", '"1"'])
def test_equal_values_of_other_types_are_changed(old: str, new: Any, written: str) -> None:
    if old != written:
        assert edit(f"a = {old}\n", [Change(("a",), new)]) == f"a = {written}\n"


def test_the_given_data_is_left_as_it_was() -> None:
    text = "[a]\nx = 1\n[[b]]\ny = 1\n"
    data = parse(text, "text")
    changes = [Change(("a", "x"), 2), Change(("a", "z"), {"y": 1}), Change(("b", 0, "y"), 2), Change(("b", 0), REMOVED)]
    edited = edit_parsed(text, data, changes)
    assert data == {"a": {"x": 1}, "b": [{"y": 1}]}
    assert edited.data == {"a": {"x": 2, "z": {"y": 1}}} == parse(edited.text, "text")


@pytest.mark.parametrize(
    ("text", "path", "value", "message"),
    [
        ("a = 1\n", ("a", "b"), 1, "a: expected a table, got 1"),
        ("a = 1\n", ("b",), 1.5, "b: cannot make this edit without changing other content; edit the table by hand"),
        ("a = 1\n", ("b",), "\ud800", "expected text, got '\\ud800'"),
    ],
)
def test_a_change_that_toml_cannot_hold_is_refused(text: str, path: tuple[str, ...], value: Any, message: str) -> None:
    with pytest.raises(BackorderctlError) as failure:
        edit(text, [Change(path, value)])
    assert failure.value.message == message


def test_an_edit_with_the_wrong_result_is_refused() -> None:
    with pytest.raises(BackorderctlError):
        edit_parsed("a = 1\nb = 2\n", {"a": 1, "b": 3}, [Change(("a",), 2)])


def test_nan_elsewhere_in_the_text_is_kept() -> None:
    assert edit("a = nan\nb = [inf, -nan]\nc = 1\n", [Change(("c",), 2)]) == "a = nan\nb = [inf, -nan]\nc = 2\n"


def test_a_thousand_changes_are_made_at_once() -> None:
    products = range(3000)
    text = "".join(f'[products."P-{number}"]\nname = "x" # {number}\n\n' for number in products)
    changed = [Change(("products", f"P-{number}", "threshold"), -number) for number in products if number % 3 == 0]
    new = edit(text, changed)
    assert new.replace("\nthreshold", "").count("\n") == text.count("\n")
    assert [line for line in new.splitlines() if line.startswith("threshold")] == [
        f"threshold = {-number}" for number in products if number % 3 == 0
    ]


def test_a_change_of_a_plain_value_needs_no_tomlkit() -> None:
    code = (
        "import sys\nfrom backorderctl.toml.change import REMOVED, Change\nfrom backorderctl.toml.patch import edit\n"
        "text = edit('[a]\\nb = 1\\n', [Change(('a', 'b'), 2), Change(('a', 'c'), 3), Change(('d',), {'e': 'f'})])\n"
        "edit(text, [Change(('d',), REMOVED)])\nprint(sorted({'tomlkit', 'difflib'} & {*sys.modules}))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


@pytest.mark.parametrize("seed", range(30))
def test_random_edits_change_only_what_was_asked_for(seed: int) -> None:
    random = Random(seed)
    for _ in range(120):
        before = document(random)
        changes = random_changes(random, before)
        after = edit(before.text, changes, families=FAMILIES)
        judge(before, changes, after)


def random_changes(random: Random, before: Document) -> list[Change]:
    """One change of the document, or several in different places."""
    data = parse(before.text, "text")
    paths = list(walked(data, ()))
    chosen = random.sample(paths, min(len(paths), random.choice([1, 1, 1, 3])))
    changes = [random_change(random, path, data) for path in chosen or [()]]
    apart = [one for one in changes if not any(one is not other and related(one.path, other.path) for other in changes)]
    return apart or changes[:1]


def random_change(random: Random, path: tuple[Any, ...], data: Any) -> Change:
    kind = random.choice(["set", "set", "add", "add", "remove", "remove", "prune"]) if path else "add"
    if kind == "add":
        while not isinstance(value_at(data, path), dict):
            path = path[:-1]
        return Change((*path, random.choice(["new", "new-key", "a new.key"])), random.choice(NEW_VALUES))
    if kind == "set" and not isinstance(value_at(data, path), dict | list) and isinstance(path[-1], str):
        return Change(path, random.choice([value for value in NEW_VALUES if not isinstance(value, dict)]))
    return Change(path, REMOVED, prune=kind == "prune" and path[0] != "check")


def walked(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """The paths of all keys, and of all tables in arrays of tables."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield (*path, key)
            yield from walked(below, (*path, key))
    elif path == ("check", "accept"):
        for number, below in enumerate(value):
            yield (*path, number)
            yield from walked(below, (*path, number))


def value_at(data: Any, path: Sequence[Any]) -> Any:
    for part in path:
        data = data[part]
    return data


def related(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return all(a == b for a, b in zip(one, other, strict=False)) or one[:2] == other[:2] == ("check", "accept")


def judge(before: Document, changes: list[Change], after: str) -> None:
    judge_data(before, changes, after)
    assert after.startswith("\ufeff") == before.text.startswith("\ufeff")
    if after.strip("\ufeff") and before.text.strip("\ufeff"):
        assert after.endswith("\n") == before.text.endswith("\n")
    judge_line_ends(before, after)
    judge_lines(before, changes, after)


def judge_data(before: Document, changes: list[Change], after: str) -> None:
    """The new data is the old with the changes, but for tables that held only what is gone."""
    wanted: Any = tomllib.loads(before.text.removeprefix("\ufeff"), parse_float=Decimal)
    for path, value, _ in changes:
        parent = value_at(wanted, path[:-1])
        if value is REMOVED:
            del parent[path[-1]]
        else:
            parent[path[-1]] = 7 if value == Decimal(7) else value
    found = tomllib.loads(after.removeprefix("\ufeff"), parse_float=Decimal)
    gone = [path for path, value, _ in changes if value is REMOVED]
    fill_in(found, wanted, gone)
    assert repr(sorted_deeply(found)) == repr(sorted_deeply(wanted))


def fill_in(found: Any, wanted: Any, gone: list[tuple[Any, ...]]) -> None:
    """Put back the empty tables that may go along with what was removed from them, which must be the last in them."""
    for path in gone:
        for length in range(len(path) - 1):
            above, key = value_at(found, path[:length]), path[length]
            if isinstance(above, dict) and key not in above and not leaves(value_at(wanted, path[: length + 1])):
                above[key] = deepcopy(value_at(wanted, path[: length + 1]))


def leaves(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(leaves, value.values()))
    return len(value) if isinstance(value, list) else 1


def sorted_deeply(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: sorted_deeply(value[key]) for key in sorted(value)}
    return [sorted_deeply(element) for element in value] if isinstance(value, list) else value


def judge_line_ends(before: Document, after: str) -> None:
    returns, ends = after.count("\r"), after.count("\n")
    assert after.count("\r\n") == returns
    if "\n" in before.text and before.endings != "mixed":
        assert returns == (ends if before.endings == "\r\n" else 0)


def judge_lines(before: Document, changes: list[Change], after: str) -> None:
    """All lines that nothing was asked to change stand there still, in their order, each with its line end."""
    left = iter(after.removeprefix("\ufeff").splitlines(keepends=True))
    for line in kept_lines(before, changes):
        assert any(same_line(line, other) for other in left), line


def kept_lines(before: Document, changes: list[Change]) -> list[str]:
    tables_go = any(change.value is REMOVED for change in changes)
    ends = before.text.removeprefix("\ufeff").splitlines(keepends=True)
    kept: list[str] = []
    for path, text in before.lines:
        lines, ends = ends[: text.count("\n") + 1], ends[text.count("\n") + 1 :]
        comment = text.lstrip().startswith("#")
        if text and not (tables_go if comment else any(concerns(change, path, text) for change in changes)):
            kept += lines
    return kept


def concerns(change: Change, path: tuple[str, ...], text: str) -> bool:
    """Whether the line is of what the change is about: at or below its path, or a key whose value holds that."""
    target = tuple(map(str, change.path))
    is_header = text.lstrip().startswith("[")
    if change.prune and path == target[:-1]:
        return True
    return path[: len(target)] == target or (not is_header and target[: len(path)] == path)


def same_line(line: str, other: str) -> bool:
    if line.endswith("\n") and other.endswith("\n"):
        return line == other
    return line.rstrip("\r\n") == other.rstrip("\r\n")


def test_whole_decimals_are_written_as_integers_at_any_depth() -> None:
    value: dict[str, TomlValue] = {"quantity": Decimal("5.00"), "levels": [Decimal(1), Decimal("0.5")]}
    assert edit("", [Change(("a",), value)]) == "[a]\nquantity = 5\nlevels = [1, 0.5]\n"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ('3" disk', '"3\\" disk"'),
        ("C:\\goods", '"C:\\\\goods"'),
        ("two\nlines\x7f", '"two\\nlines\\u007f"'),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("1E+2"), "100"),
        ({}, None),
    ],
)
def test_a_value_is_written_in_its_plainest_form(value: Any, written: str | None) -> None:
    assert edit("[t]\n", [Change(("t", "a"), value)]) == (f"[t]\na = {written}\n" if written else "[t]\n\n[t.a]\n")


@pytest.mark.parametrize(
    ("old", "added", "removed"),
    [
        ('{ enabled = true, name = "A"}', '{ enabled = true, name = "A", backorders = "no"}', '{ name = "A"}'),
        ('{enabled = true, name = "A" }', '{enabled = true, name = "A", backorders = "no" }', '{name = "A" }'),
        ('{ enabled = true , name = "}" }', '{ enabled = true , name = "}" , backorders = "no" }', '{ name = "}" }'),
        ("{enabled = true}", '{enabled = true, backorders = "no"}', "{}"),
        ("{ enabled = true }", '{ enabled = true, backorders = "no" }', "{ }"),
    ],
)
def test_blanks_in_an_inline_table_stay(old: str, added: str, removed: str) -> None:
    text = f"[sources]\na = {old}  # c\n"
    path = ("sources", "a")
    assert edit(text, [Change((*path, "backorders"), "no")]) == f"[sources]\na = {added}  # c\n"
    assert edit(text, [Change((*path, "enabled"), REMOVED)]) == f"[sources]\na = {removed}  # c\n"
