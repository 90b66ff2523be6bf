"""The help: whole summaries, and examples that run."""

import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from conftest import EXAMPLES as FILES
from conftest import Run

from backorderctl.cli.app import app
from backorderctl.cli.examples import EXAMPLES

SHOP = """
[sources.lyon]
backorders = "no"

[stocks.eu]
sources = ["main", "lyon"]

[products.WS12-S.sources.main]
quantity = 2
backorders = "allow"
[products.WS12-M]
backorders = "allow"

[[schedule]]
from = 2031-12-24
source = "lyon"
reason = "closed"
enabled = false

[[check.accept]]
code = "BO107"
reason = "shown once backorders are limited"
"""
"""What the examples name, beside examples/store.toml."""


def groups(words: str, group: Any) -> Iterator[tuple[str, Any]]:
    """The group and every one below it, by the words that name it."""
    yield words, group
    for verb, inner in group.commands.items():
        if hasattr(inner, "commands"):
            yield from groups(f"{words} {verb}".strip(), inner)


ROOT = typer.main.get_command(app)
GROUPS = dict(groups("", ROOT))
COMMANDS = [
    f"{words} {verb}".strip()
    for words, group in GROUPS.items()
    for verb, inner in group.commands.items()
    if not hasattr(inner, "commands")
]


@pytest.fixture
def shop(folder: Path) -> Path:
    """A folder with everything that the examples name, in a repository."""
    (folder / "store.toml").write_text((FILES / "store.toml").read_text() + SHOP)
    (folder / "old.toml").write_text((FILES / "store.toml").read_text())
    (folder / "store.test.toml").write_text((FILES / "store.test.toml").read_text())
    (folder / "changes.csv").write_text("product,source,stock,key,value\n24-MB01,,,backorders,allow\n")
    (folder / "products.csv").write_text("sku,qty,allow_backorders\n24-MB01,5,1\n")
    (folder / "live.csv").write_text("source_code,sku,quantity,status\nmain,24-MB01,5,1\nlyon,24-MB02,1,1\n")
    (folder / "salable.csv").write_text("sku,qty,is_salable\n24-MB01,75,1\n")
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "one"]):
        identity = ["-c", "user.name=shop", "-c", "user.email=shop@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("words", GROUPS, ids=lambda words: words or "backorderctl")
def test_the_summaries_of_nouns_and_verbs_are_whole_in_80_columns(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = run(*words.split(), "--help").out
    commands = shown.partition("Commands:\n")[2].splitlines()
    assert commands
    assert not [line for line in commands if line.endswith("...") or len(line) > 80]


def test_every_command_has_one_to_three_examples() -> None:
    assert set(EXAMPLES) == set(COMMANDS)
    for command, examples in EXAMPLES.items():
        assert 1 <= len(examples) <= 3
        assert all(example.startswith(command) and len(example) < 66 for example in examples)


@pytest.mark.parametrize("example", [each for examples in EXAMPLES.values() for each in examples])
def test_every_example_of_the_help_runs(run: Run, shop: Path, example: str) -> None:
    if example.startswith("init"):
        (shop / "store.toml").unlink()
    ran = run(*shlex.split(example))
    assert ran.status in (0, 1), ran.err
    assert not ran.err.startswith("Error")


def test_the_help_ends_with_the_examples(run: Run) -> None:
    for words in (["product", "show", "--help"], ["help", "product", "show"]):
        ran = run(*words)
        assert ran.status == 0
        assert ran.out.endswith(
            "\nExamples:\n  backorderctl product show 24-MB01\n  backorderctl product show 24-MB01 -o json\n"
        )


def test_help_alone_is_that_of_the_program(run: Run) -> None:
    assert run("help").out == run("--help").out
    assert run("help", "product").out == run("product", "--help").out
    assert run("help", "produkt").status == 2


@pytest.mark.parametrize("option", ["-f other.toml", "-fother.toml", "--file other.toml", "--file=other.toml"])
def test_the_file_may_be_named_before_the_noun(run: Run, store_file: Path, option: str) -> None:
    store_file.rename("other.toml")
    assert run(*option.split(), "config", "get", "backorders") == (0, "notify\n", "")
    assert run(*option.split(), "product", "add", "--", "-x") == (0, "", "product -x: added\n")
    assert run(*option.split(), "help", "config", "get").out.startswith("Usage: backorderctl config get ")
    twice = run(*option.split(), "config", "get", "backorders", "-f", "x.toml")
    assert twice.err == "Error: --file: expected once, got it 2 times\n"
