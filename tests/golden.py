"""Golden documents: what each command prints in each format, held in `tests/golden/` and compared byte for byte.

python tests/golden.py --write        # writes what the commands print now; read the difference
"""

import contextlib
import io
import os
import shutil
import sys
import tempfile
from datetime import datetime, tzinfo
from pathlib import Path
from unittest.mock import patch

import typer.main

from backorderctl.cli import app as application
from backorderctl.cli import main

GOLDEN = Path(__file__).parent / "golden"
INPUT = GOLDEN / "input"
CASES = {
    "init": "--file fresh.toml",
    "config set": "backorders allow --product BAG",
    "config apply": "changes.csv",
    "config unset": "out_of_stock_threshold --product BAG",
    "config get": "backorders --product BAG --product OVER --source lyon",
    "config list": "--product BAG",
    "config explain": "out_of_stock_threshold --product BAG",
    "config keys": "",
    "source list": "",
    "source show": "lyon",
    "source add": "rome --name Rome",
    "source set": "lyon --name Lyon",
    "source remove": "closed --cascade",
    "source enable": "closed",
    "source disable": "lyon",
    "stock list": "",
    "stock show": "eu",
    "stock add": "uk --source lyon",
    "stock set": "us --name America",
    "stock remove": "us --cascade",
    "stock link": "us lyon",
    "stock unlink": "eu shared",
    "product list": "",
    "product show": "BAG",
    "product explain": "BAG --stock eu",
    "product add": "HAT --name Hat --source lyon --quantity 3",
    "product set": "BAG --name Bag",
    "product remove": "OVER --cascade",
    "product assign": "BAG shared --quantity 3",
    "product unassign": "BAG lyon --cascade",
    "product reserve": "BAG 10 --stock eu",
    "order check": "BAG 5 --stock eu",
    "order simulate": "BAG --stock eu",
    "schedule list": "",
    "schedule remove": "1",
    "schedule prune": "",
    "agenda": "--days 60",
    "check": "--fail-level never",
    "accept add": "BO111 --product OVER --reason known",
    "accept list": "",
    "accept remove": "1",
    "test": "store.test.toml",
    "diff": "store.toml new.toml",
    "report": "",
    "evaluate": "live.csv --reserved reserved.csv --allow-missing --summary",
    "drift": "salable.csv --stock eu",
    "import magento": "--stock-sources stock_sources.csv --products products.csv",
    "export csv": "",
    "export sql": "--to out",
    "export magento config": "",
    "export magento products": "--approximate safe",
    "export magento stock-sources": "",
    "export magento low-quantity": "",
    "export magento all": "--to out --approximate safe",
    "schema": "",
}
"""The words after each command; the formats are those that its options offer."""
VARIANTS = {
    "check-rules.json": "check --rules --output json",
    "check-rules.table": "check --rules",
    "config-list-all.csv": "config list --all --output csv",
    "config-list-all.json": "config list --all --output json",
    "config-list-all.table": "config list --all",
    "product-list-by-source.csv": "product list --by-source --output csv",
    "product-list-by-source.json": "product list --by-source --output json",
    "product-list-by-source.table": "product list --by-source",
    "schema-answers": "schema --answers",
    "schema-tests": "schema --tests",
    "test-junit": "test store.test.toml --junit junit.xml",
}
"""Command lines whose documents have keys or a format that no other case has, by the name of the document."""
ON_A_TERMINAL = (
    "accept list",
    "agenda",
    "check",
    "config explain backorders --product BAG",
    "config keys",
    "config list --all",
    "config set backorders allow --product BAG",
    "diff store.toml new.toml",
    "drift salable.csv --stock eu",
    "order simulate BAG --stock eu",
    "product explain BAG --stock eu",
    "product list",
    "product show BAG",
    "report",
    "source list",
    "test store.test.toml",
)
"""Command lines that are run once more on a terminal of 40 columns with colour, for each module of `output/`."""
NEEDS_A_REPOSITORY = {"log", "blame"}
"""Their answers name commits; tests of their own hold them."""
SCREEN = "terminal-"
"""How the names of the documents of a terminal begin."""
FORMATS = ("output", "format", "dialect")


class FixedClock(datetime):
    """The clock of the documents: noon of 1 December 2026."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "FixedClock":
        return cls(2026, 12, 1, 12, tzinfo=tz)


def commands() -> dict[str, list[str]]:
    """The command lines of every combination of command and format, by the name of the document."""
    cases = {name: words.split() for name, words in VARIANTS.items()}
    cases |= {f"{SCREEN}{'-'.join(words.split()[:2])}": words.split() for words in ON_A_TERMINAL}

    def visit(command: object, path: tuple[str, ...]) -> None:
        for name, below in getattr(command, "commands", {}).items():
            visit(below, (*path, name))
        name = " ".join(path)
        if hasattr(command, "commands") or name in NEEDS_A_REPOSITORY:
            return
        words = [*path, *CASES[name].split()]
        formats = [each for each in getattr(command, "params", []) if each.name in FORMATS]
        for option in formats:
            for choice in option.type.choices:
                text = getattr(choice, "value", choice)
                cases[f"{'-'.join(path)}.{text}"] = [*words, option.opts[0], text]
        if not formats:
            cases["-".join(path)] = words

    visit(typer.main.get_command(application.app), ())
    return cases


class Screen(io.TextIOWrapper):
    """Output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def document(words: list[str], *, on_a_terminal: bool = False) -> bytes:
    """What a command line prints and writes, run in a folder of its own that holds the input."""
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        shutil.copytree(INPUT, ".", dirs_exist_ok=True)
        before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
        stream = Screen if on_a_terminal else io.TextIOWrapper
        printed, said = io.BytesIO(), io.BytesIO()
        out, err = (stream(buffer, "utf-8", newline="", write_through=True) for buffer in (printed, said))
        environment = {"PATH": os.environ["PATH"], "COLUMNS": "80", "NO_COLOR": "1"}
        if on_a_terminal:
            environment |= {"COLUMNS": "40", "TERM": "xterm-256color"}
            del environment["NO_COLOR"]
        with (
            patch.dict(os.environ, environment, clear=True),
            patch.object(application, "datetime", FixedClock),
            patch("importlib.metadata.version", lambda _: "0"),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            status = main(words)
        parts = [f"$ backorderctl {' '.join(words)}\n".encode(), printed.getvalue()]
        parts += [f"--- stderr, status {status}\n".encode(), said.getvalue()]
        for path in sorted(path for path in Path().rglob("*") if path.is_file()):
            if path.suffix != ".parquet" and path.read_bytes() != before.get(path):
                parts += [f"--- {path}\n".encode(), path.read_bytes()]
        return b"".join(parts)


def rewrite() -> None:
    """Write every document as it is now, and remove those of no case."""
    for path in GOLDEN.glob("*.txt"):
        path.unlink()
    for name, words in commands().items():
        (GOLDEN / f"{name}.txt").write_bytes(document(words, on_a_terminal=name.startswith(SCREEN)))


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    rewrite()
