"""Reading TOML text: the data, the words of each refusal, and that both parsers are of one mind."""

import gc
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from documents import document

from backorderctl.errors import InvalidFile
from backorderctl.store.load import load
from backorderctl.toml.notation import fast, parse, standard

# What parsers are known to differ on, and what only looks like it; q stands for a single quote.
VALUES: list[str] = r'''
9223372036854775807 9223372036854775808 -9223372036854775809 0x8000000000000000 0xffffffffffffffffff +0x1 0X1 0o777
0b1__1 1e400 -0.0 -0 +0 nan -nan +inf inf 1_0.0_1e+1_0 1e5 1E+05 +1.5 1. .1 1__0 1_ 00 01 1e 0e0 1e-999
1e1000000000000000000000 1e999999999999999999 tru true1 "\ud800" "\U0010ffff" "\U00110000" "\e" "\x41" "a\
1979-05-27T24:00:00 1979-05-27T23:59:60 1979-05-27T23:59:59.1234567 1979-05-27T23:59:59.9999999Z 1979-05-27t23:59:59z
1979-05-27T07:32 07:32 07:32:00 07:32:00.5 23:59:60 0000-01-01 2023-02-29 10000-01-01 1979-05-27T07:32:00+24:00
1979-05-27T07:32:00-00:00 2000-01-01T00:00:00. 1979-5-27 [1,,2] [,] [1,] [] {} {a=1,} {a=1,b.c=2,b.d=3} {a=1,a=2}
{a={b=1},a.c=2} """a""" """"a""""" """a"""""" """a\""" qaqqbq qqqaqqqqq qqqqqqq é
'''.replace("q", "'").split()
VALUES += [
    '"\t"',
    '"\x7f"',
    '"\x00"',
    "'\x01'",
    "\ufeff",
    "\u2028",
    "\x0b",
    "\x0c",
    '"""a\\ b"""',
    "1979-05-27 07:32:00Z",
]
TABLES = [
    "a.b = 1\na.c = 2",
    "a.b = 1\n[a]",
    "[a]\nb = 1\n[a.b]",
    "[a.b]\n[a]\nb.c = 1",
    "[a]\n[a]",
    "[[a]]\n[a]",
    "[a]\n[[a]]",
    "a = []\n[[a]]",
    "a = [{}]\n[[a]]",
    "a = {}\n[a.b]",
    "a = {b = 1}\na.c = 2",
    "[a]\nb.c = 1\n[a.b.d]",
    "[a]\nb.c = 1\n[a.b]",
    "[a.b.c]\n[a]\nb.d = 1",
    "[[a.b]]\n[a]\nc = 1",
    "[a.b]\n[[a]]",
    "[a]\nb = 1\n[[a.c]]\n[a.c.d]\n[[a.c]]\n[a.c.d]",
    "'' = 1\n\"\" = 2",
    "''.'' = 1",
    "[a]b = 1",
    "[a] # x",
    "[ a . 'b' ]",
    "[a\n.b]",
    "[]",
    "[a.]",
    "[[a] ]",
    "[[a]",
    "a",
    "a =",
    "= 1",
    "a = 1 b = 2",
    "a = 1\rb = 2",
    "a = 1\r",
    "a = 1\r\r\n",
    "a = 1\r\nb = 2",
    "# \r",
    "# \x01",
    "# \x7f",
    "a = 1\x0c",
    "a = {\nb = 1}",
    "a = {b = [\n1,\n]}",
    "a = 'x\r\ny'",
    'a = """x\r\ny\rz"""',
    'a = """\\\r\n  y"""',
    "é = 1",
    "a = 1\ufeff",
]


def texts() -> Iterator[str]:
    yield from TABLES
    yield from (f"\ufeff{text}" for text in TABLES)
    for value in VALUES:
        yield f"a = {value}"
        yield f"a = {value}\r\n[b]\nc = [{value}, {value}]\nd = {{ e = {value} }}\n"
    random = Random(1)
    for _ in range(4000):
        text = document(random).text.removeprefix("\ufeff")
        yield text
        yield mutated(random, text)
        yield mutated(random, mutated(random, text))


def mutated(random: Random, text: str) -> str:
    """The text with a piece of it lost, moved, doubled or taken over by another."""
    start = random.randrange(len(text) + 1)
    end = min(len(text), start + random.choice([0, 1, 1, 2, 10, 40]))
    other: str = random.choice([*VALUES, *TABLES, *'\n\r"=.[]{}#,_ \\', text[start:end] * 2, text[-20:], ""])
    return text[:start] + other + text[end:]


def outcome(data: dict[str, Any]) -> str:
    """The data with all types, in words: nan equals nan there, 1 is not True, and two zeros differ by their sign."""
    return repr(data)


def test_both_parsers_agree() -> None:
    pytest.importorskip("toml_rs")
    compared = accepted = refused = 0
    for text in texts():
        compared += 1
        try:
            wanted = standard(text, "text")
        except InvalidFile:
            refused += 1
            assert fast(text) is None, text
            continue
        found = fast(text)
        accepted += found is not None
        assert found is None or outcome(found) == outcome(wanted), text
    print(f"{compared} texts compared, {accepted} read by both, {refused} refused by both")
    assert compared > 12_000
    assert accepted > 5000
    assert refused > 5000


@pytest.mark.parametrize(
    "nesting", ["[{depth}]", "{{a={depth}}}", "[{{a={depth}}}]", "[[1],{depth}]", '["]",{depth}]', "[ # ]\n{depth}]"]
)
@pytest.mark.parametrize("levels", [1, 50, 99, 105, 400, 5_000])
def test_both_parsers_agree_on_nesting(nesting: str, levels: int) -> None:
    pytest.importorskip("toml_rs")
    before, after = nesting.format(depth="\0").split("\0")
    text = f"a = {before * levels}1{after * levels}\n"
    found = fast(text)
    if levels <= 50:
        assert found == standard(text, "text")
    else:
        assert found is None or levels < 110


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 200_000,
        "a = " + "{a=" * 100_000,
        "a = " + "[{a=" * 100_000,
        "a = " + "[\n" * 100_000,
        "= " + "[" * 200_000,
        'a = """\n""" # = """\nb = ' + "[" * 200_000,
        "a = " + '["]",' * 100_000,
        "a = " + "[#]\n" * 100_000,
        "a" + ".a" * 200_000 + " = 1",
        "[a" + " . 'a'" * 200_000 + "]",
        "a = { b" + ".b" * 200_000 + " = 1 }",
        "a = " + "9" * 1_000_000,
        "a = " + "[" * 300 + "1" + "]" * 300,
    ],
    ids=lambda text: text[:12].replace("\n", " "),
)
def test_hostile_texts_are_refused_quickly(text: str) -> None:
    code = (
        "import sys\nfrom backorderctl.errors import InvalidFile\nfrom backorderctl.toml.notation import parse\n"
        "try:\n    print(len(parse(sys.stdin.read(), 'text')))\nexcept InvalidFile as failure:\n    print(failure)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], input=text, capture_output=True, text=True, timeout=20, check=True
    )
    assert ran.stdout.startswith("text:") or "[1]" in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = 1\nb", "f:2:2: expected '=' after a key in a key/value pair"),
        ("\ufeffa", "f:1:2: expected '=' after a key in a key/value pair"),
        ("\ufeff\ufeff", "f:1:1: invalid statement"),
        ("a = 1\r\nb = tru \r\n", 'f:2:5: invalid value; a word is quoted: b = "tru"'),
        ("a = 1\nb = out_of_stock # why\n", 'f:2:5: invalid value; a word is quoted: b = "out_of_stock"'),
        ("a = 1\r\nb = 1tru\r\n", "f:2:6: expected newline or end of document after a statement"),
        ("a = [1,\n", "f:2:1: invalid value"),
        ("a = 1\na = 2\n", "f:2:6: key a is already set, at line 1"),
        ("a = 1\n\nb = " + "1" * 5000 + "\n", "f:3:5: number too large to read"),
        ("b = 1\na = 1e9999999999999999999\n", "f:2:5: number too large to read"),
        ("x = 1\na = " + "[" * 100_000, "f: nested too deep"),
        ("x = 1\n a" + ".a" * 100 + " = 1", "f:2:1: key of more than 100 parts"),
    ],
)
def test_a_syntax_error_is_reported_with_line_and_column(text: str, words: str) -> None:
    with pytest.raises(InvalidFile) as failure:
        parse(text, "f")
    assert failure.value.message == words
    assert failure.value.file == "f"


def test_a_key_of_a_hundred_parts_is_read() -> None:
    data: Any = parse("a" + ".a" * 99 + " = 1\nb = '" + "a." * 500 + "'\n", "f")
    for _ in range(100):
        data = data["a"]
    assert data == 1


def test_values_are_exact_and_typed() -> None:
    lines = ["\ufeffa = 0.1", "b = -0.0", "c = 5", "d = true", "e = 2027-03-31", "f = 12345678901234567890.12345678901"]
    data = parse("\r\n".join(lines), "f")
    assert data == {
        "a": Decimal("0.1"),
        "b": Decimal("-0.0"),
        "c": 5,
        "d": True,
        "e": date(2027, 3, 31),
        "f": Decimal("12345678901234567890.12345678901"),
    }
    assert [type(value) for value in data.values()] == [Decimal, Decimal, int, bool, date, Decimal]


@pytest.mark.parametrize("text", ["a = 1", "a"])
def test_the_garbage_collector_is_left_as_it_was(text: str) -> None:
    for enabled in (True, False):
        (gc.enable if enabled else gc.disable)()
        with suppress(InvalidFile):
            parse(text, "f")
        assert gc.isenabled() is enabled
    gc.enable()


def test_the_fast_parser_is_used_if_it_is_installed() -> None:
    pytest.importorskip("toml_rs")
    assert fast("a = 1.5\nb = [[1]]\n") == {"a": Decimal("1.5"), "b": [[1]]}
    assert fast("a = " + "9" * 5000) is None
    assert fast("a = \n") is None


def test_reading_does_not_import_what_only_editing_needs() -> None:
    code = (
        "import sys\nimport backorderctl.toml.notation, backorderctl.toml.line_numbers, backorderctl.toml.patch\n"
        "print(sorted({'tomlkit', 'difflib', 'toml_rs'} & {*sys.modules}))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_two_loads_of_one_file_are_equal(tmp_path: Path) -> None:
    path = tmp_path / "store.toml"
    path.write_text("version = 1\n[sources.a]\n")
    store = load(str(path))
    path.write_text("# lines are not part of a value\nversion = 1\n\n[sources.a]\n")
    assert load(str(path)) == store
    path.write_text("version = 1\n[sources.b]\n")
    assert load(str(path)) != store
