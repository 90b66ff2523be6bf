"""Names that another program would execute: as a command of GitHub's runner, or as a formula of a spreadsheet."""

import csv
import json
import re
from io import StringIO
from pathlib import Path

import pytest
from conftest import Run
from hypothesis import given
from hypothesis import strategies as st

from backorderctl.output.format import printable
from backorderctl.output.workflow_commands import Shown, breaking_commands, without_commands
from backorderctl.rows.spreadsheet import protected, unprotected
from backorderctl.store.load import load

COMMAND, OLD_COMMAND, FORMULA = "::warning file=x::text", "##[error]text", "=1+1"
STORE = f"""version = 1

[sources.main]

[products."{COMMAND}"]
name = "{FORMULA}"

[products."{COMMAND}".sources.main]
quantity = -5

[products."{OLD_COMMAND}".sources.main]
quantity = 1
"""
SPLIT, OLD_SPLIT = ":\u200b:warning file=x::text", "##\u200b[error]text"


@pytest.fixture(autouse=True)
def untrusted_store(folder: Path) -> Path:
    path = folder / "store.toml"
    path.write_text(STORE)
    return path


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of GitHub's runner."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")


def is_command(line: str) -> bool:
    return line.lstrip().startswith("::") or "##[" in line


@pytest.mark.usefixtures("runner")
@pytest.mark.parametrize(
    "words",
    [
        ("product", "list"),
        ("product", "show", COMMAND),
        ("product", "explain", OLD_COMMAND),
        ("config", "list", "--product", COMMAND),
        ("config", "set", "backorders", "no", "--product", COMMAND, "-n"),
        ("product", "show", "::error::none"),
        ("check", "--product", "##[error]none"),
        ("check",),
    ],
    ids=" ".join,
)
def test_a_table_and_a_message_contain_no_command(run: Run, words: tuple[str, ...]) -> None:
    ran = run(*words)
    assert ran.out + ran.err
    assert not any(map(is_command, (ran.out + ran.err).splitlines()))


@pytest.mark.usefixtures("runner")
def test_a_table_shows_the_name(run: Run) -> None:
    out = run("product", "list").out
    assert SPLIT in out
    assert OLD_SPLIT in out


def test_elsewhere_names_are_printed_as_they_are(run: Run) -> None:
    assert COMMAND in run("product", "list").out


@pytest.mark.usefixtures("runner")
def test_json_and_csv_keep_the_values(run: Run) -> None:
    out = run("product", "list", "-o", "json").out
    assert "##[" not in out
    assert {row["sku"] for row in json.loads(out)["products"]} == {COMMAND, OLD_COMMAND}
    assert {row["sku"] for row in csv.DictReader(StringIO(run("product", "list", "-o", "csv").out))} == {
        COMMAND,
        OLD_COMMAND,
    }


@pytest.mark.usefixtures("runner")
def test_annotations_are_still_commands(run: Run, untrusted_store: Path) -> None:
    untrusted_store.write_text('version = 1\n[global]\nbackorders = "no"\n[[check.accept]]\ncode = "BO999"\n')
    assert run("check", "-o", "github").out.startswith("::")


@given(st.lists(st.text(":#[ \n\u3000x"), max_size=6), st.sampled_from([Shown.TEXT, Shown.JSON]))
def test_a_text_written_in_parts_is_broken_as_a_whole(parts: list[str], shown: Shown) -> None:
    out = StringIO()
    breaking_commands(out, shown).writelines(parts)
    assert out.getvalue() == without_commands("".join(parts), shown)
    if shown is Shown.TEXT:
        assert not any(map(is_command, out.getvalue().split("\n")))
        assert out.getvalue().replace("\u200b", "") == "".join(parts)


@given(st.text("'=+-@\t\r\na1 "))
def test_the_protection_of_a_cell_is_lossless(text: str) -> None:
    assert unprotected(protected(text)) == text
    assert protected(text)[:1] not in {*"=+-@\t\r\n"}


def test_a_spreadsheet_gets_no_formula_and_gives_back_the_same(run: Run, untrusted_store: Path) -> None:
    before = load("store.toml")
    assert run("product", "add", "'-1", "--name", "+x").status == 0
    assert run("config", "set", "out_of_stock_threshold", "-3", "--product", "'-1").status == 0
    named = load("store.toml")
    assert run("export", "csv", "--to", "all.csv").status == 0
    rows = list(csv.DictReader(Path("all.csv").read_text().splitlines()))
    assert {"product": "''-1", "source": "", "stock": "", "key": "name", "value": "'+x"} in rows
    assert {"product": "''-1", "source": "", "stock": "", "key": "out_of_stock_threshold", "value": "-3"} in rows
    untrusted_store.write_text("version = 1\n\n[sources.main]\n")
    assert run("config", "apply", "all.csv", "--create").status == 0
    assert load("store.toml").products == named.products
    assert named.products.items() > before.products.items()


def test_an_export_to_magento_counts_the_formulas(run: Run, untrusted_store: Path) -> None:
    untrusted_store.write_text(STORE.replace(COMMAND, FORMULA))
    ran = run("export", "magento", "stock-sources")
    assert ran.err == "Warning: 1 SKU that a spreadsheet takes for formulas: do not open the file in one\n"
    assert f",{FORMULA}," in ran.out


def annotation(line: str) -> tuple[str, dict[str, str], str]:
    """A line of a log as GitHub's runner reads it (ActionCommand.TryParseV2): command, properties and message."""
    trimmed = line.strip()
    assert trimmed.startswith("::")
    head, _, message = trimmed[2:].partition("::")
    command, _, listed = head.partition(" ")
    properties = dict(each.split("=", 1) for each in listed.split(","))
    return command, {name: unescaped(value) for name, value in properties.items()}, unescaped(message)


def unescaped(text: str) -> str:
    for escape, char in {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}.items():
        text = text.replace(escape, char)
    return text


HOSTILE = ("::error::x", "##[error]x", "a\n::error::x", "a\r::stop-commands::x", "100%0A::error::x", "a\u2028::x",
           "%25", "a,line=9", "a\x85::x", "a\x0b::x", "::", "\u202e::x", "x" * 70 + "::")  # fmt: skip


@pytest.mark.parametrize("sku", HOSTILE, ids=repr)
def test_an_annotation_is_one_command_whatever_the_names(run: Run, folder: Path, sku: str) -> None:
    name = "a,b=c%0A::error::x.toml"
    item = f"[products.{json.dumps(sku)}.sources.main]\nquantity = -1\n"
    (folder / name).write_text("version = 1\n[sources.main]\n" + item)
    words = ("check", name, "--select", "BO108,BO201,BO203", "-o")
    expected = json.loads(run(*words, "json").out)["findings"]
    written = run(*words, "github").out
    lines = re.split("[\n\r\v\x85\u2028]", written.removesuffix("\n"))
    assert written.count("\n") == len(lines) == len(expected) > 0
    for line, finding in zip(lines, expected, strict=True):
        command, properties, message = annotation(line)
        assert (command, properties["file"]) == (finding["severity"], name)
        assert set(properties) <= {"file", "line", "title"}
        assert printable(message) == printable(finding["message"])


@pytest.mark.parametrize("invisible", ["\u00ad", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff"])
def test_names_that_look_the_same_are_found(run: Run, folder: Path, invisible: str) -> None:
    (folder / "store.toml").write_text(
        f'version = 1\n[sources.main]\n[products.A]\n[products."A{invisible}"]\n', encoding="utf-8"
    )
    ran = run("check", "--only", "policy")
    assert ran.status == 1
    assert "BO203" in ran.out
    if invisible not in "\u200c\u200d":  # which words and emoji are made with
        assert invisible not in ran.out + run("product", "list").out
