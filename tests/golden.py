"""What every command prints in every format, whole, as files under `tests/golden`; not a test itself.

    python tests/golden.py --write      # writes the documents anew: read the difference before you keep it

Each command runs in this process, in a folder with a copy of `tests/data/golden`. Only the clock and the version of the
program are replaced. A document holds the command line, what it prints, its messages and status where it has any, and
the files that it writes.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime, tzinfo
from importlib import metadata
from io import BytesIO, TextIOWrapper
from pathlib import Path
from shlex import join
from typing import Any
from unittest.mock import patch

import typer.main
from conftest import git

from backorderctl.cli import app as commands
from backorderctl.cli import main
from backorderctl.cli.app import app

HERE = Path(__file__).parent
INPUTS, DOCUMENTS = HERE / "data" / "golden", HERE / "golden"
PLAIN = ("-f", "plain.toml")

COMMANDS: dict[str, tuple[str, ...]] = {
    "init": ("-f", "new.toml", "-n"),
    "config set": ("out_of_stock_threshold", "-60", "--product", "bag", "-n"),
    "config apply": ("changes.csv", "-n"),
    "config unset": ("backorders", "--source", "lyon", "-n"),
    "config get": ("out_of_stock_threshold", "--product", "bag"),
    "config list": ("--product", "shared"),
    "config explain": ("out_of_stock_threshold", "--product", "shared"),
    "config keys": (),
    "source list": (),
    "source show": ("lyon",),
    "source add": ("paris", "--name", "Paris", "-n"),
    "source set": ("lyon", "--name", "Lyon", "-n"),
    "source remove": ("closed", "--cascade", "-n"),
    "source enable": ("closed", "-n"),
    "source disable": ("berlin", "-n"),
    "stock list": (),
    "stock show": ("eu",),
    "stock add": ("uk", "--source", "stray", "-n"),
    "stock set": ("eu", "--channel", "eu_website", "-n"),
    "stock remove": ("empty", "-n"),
    "stock link": ("empty", "stray", "-n"),
    "stock unlink": ("us", "lyon", "-n"),
    "product list": (),
    "product show": ("shared",),
    "product explain": ("shared",),
    "product add": ("new", "--name", "New", "--source", "berlin", "--quantity", "3", "-n"),
    "product set": ("bag", "--name", "Bag", "-n"),
    "product remove": ("gone", "-n"),
    "product assign": ("bag", "lyon", "--quantity", "4", "-n"),
    "product unassign": ("shared", "closed", "-n"),
    "product reserve": ("bag", "41", "--stock", "eu", "-n"),
    "order check": ("bag", "20", "--stock", "eu"),
    "order simulate": ("shared", "--stock", "eu"),
    "schedule list": (),
    "schedule remove": ("2", "-n"),
    "schedule prune": ("-n",),
    "agenda": ("--days", "100"),
    "log": (),
    "blame": ("--product", "bag"),
    "check": ("--only", "policy,stock,style"),
    "accept add": ("BO201", "--product", "unplaced", "--reason", "to come", "-n"),
    "accept list": (),
    "accept remove": ("1", "-n"),
    "test": (),
    "diff": ("old.toml",),
    "report": (),
    "evaluate": ("rows.csv", "--reserved", "held.csv", "--allow-missing", "--summary"),
    "drift": ("salable.csv", "--stock", "eu"),
    "import magento": (*PLAIN, "--products", "good.csv", "--stock-sources", "stock_sources.csv", "--take-policy", "-n"),
    "export csv": (),
    "export sql": (*PLAIN, "--to", "out"),
    "export magento config": PLAIN,
    "export magento products": (*PLAIN, "--assume-defaults"),
    "export magento stock-sources": PLAIN,
    "export magento low-quantity": PLAIN,
    "export magento all": (*PLAIN, "--assume-defaults", "--to", "out"),
    "schema": (),
}
"""Every command with its arguments; each of its formats is added to them."""

FORMATS = ("output", "format", "dialect")
"""The options that name a format."""

MORE: dict[str, tuple[str, ...]] = {
    "product list by source": ("product", "list", "--by-source", "-o", "json"),
    "product list with quantities": (
        *("product", "list", "--quantities", "live.csv", "--reserved", "reserved.csv", "--allow-missing"),
        *("--skip-bad", "rejects.csv", "-o", "json"),
    ),
    "product list on a day": ("product", "list", "--at", "2026-12-24"),
    "product show on a day": ("product", "show", "bag", "--at", "2026-12-24", "-o", "json"),
    "config get of several": ("config", "get", "backorders", "--product", "bag", "--product", "mug"),
    "config list of a source": ("config", "list", "--source", "lyon", "--stock", "us", "-o", "json"),
    "config list of all": ("config", "list", "--all", "-o", "csv"),
    "check of rules": ("check", "--rules", "-o", "json"),
    "check of all places": ("check", "--all"),
    "order check that is refused": ("order", "check", "mug", "500", "--stock", "eu", "-o", "json"),
    "order check backordered": ("order", "check", "shared", "5", "--stock", "eu", "-o", "json"),
    "diff of two days": ("diff", "store.toml", "--at-new", "2027-02-01", "-o", "json"),
    "schedule entry": (
        "config",
        "set",
        "backorders",
        "no",
        "--from",
        "2027-03-01",
        "--reason",
        "why",
        "-n",
        "-o",
        "json",
    ),
    "evaluate to a file": ("evaluate", "rows.csv", "--reserved", "held.csv", "--allow-missing", "--to", "answers.csv"),
    "test as junit": ("test", "--junit", "results.xml"),
    "schema of tests": ("schema", "--tests"),
    "schema of answers": ("schema", "--answers"),
    "report of a stock": ("report", "--stock", "eu"),
    "report of a source": ("report", "--source", "lyon"),
    "import into a new file": (
        *("import", "magento", "-f", "new.toml", "--products", "products.csv", "--stock-sources", "stock_sources.csv"),
        *("--skip-bad", "bad.csv", "-o", "json"),
    ),
    "import that is refused": ("import", "magento", *PLAIN, "--products", "products.csv", "-n"),
    "export magento since": (
        *("export", "magento", "all", *PLAIN, "--assume-defaults"),
        *("--since", "before.toml", "--to", "out"),
    ),
    "help": ("--help",),
}
"""Other documents: options that change what is printed."""

SCREENS: dict[str, tuple[str, ...]] = {
    "product list": ("product", "list"),
    "product list by source": ("product", "list", "--by-source"),
    "product show": ("product", "show", "shared"),
    "product explain": ("product", "explain", "shared"),
    "config list": ("config", "list", "--product", "shared"),
    "config explain": ("config", "explain", "backorders", "--product", "shared"),
    "order simulate": ("order", "simulate", "shared", "--stock", "eu"),
    "schedule list": ("schedule", "list"),
    "agenda": ("agenda", "--days", "100"),
    "check": ("check", "--only", "policy,stock,style"),
    "diff": ("diff", "old.toml"),
    "dry run": ("config", "set", "backorders", "no", "-n"),
    "report": ("report",),
    "drift": ("drift", "salable.csv", "--stock", "eu"),
    "evaluate": ("evaluate", "rows.csv", "--allow-missing", "--summary"),
    "test": ("test",),
    "source list": ("source", "list"),
    "stock list": ("stock", "list"),
    "accept list": ("accept", "list"),
    "log": ("log",),
}
"""What is drawn on a terminal: at 80 columns without colour, and at 40 columns with it."""


class Clock(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Clock":
        """Noon of 1 December 2026."""
        return cls(2026, 12, 1, 12, tzinfo=UTC).astimezone(tz)


class Screen(TextIOWrapper):
    """A stream that says whether it is a terminal."""

    is_terminal = False

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self.is_terminal


def cases() -> Iterator[tuple[str, tuple[str, ...], int | None]]:
    """The name of each document, its command line, and how wide the terminal is, if it is for one."""
    for words, command in leaves("", typer.main.get_command(app)):
        line = (*words.split(), *COMMANDS[words])
        formats = [
            (each.opts[0], str(getattr(choice, "value", choice)))
            for each in command.params
            if each.name in FORMATS
            for choice in each.type.choices
        ]
        yield from ((f"{words}.{chosen}", (*line, option, chosen), None) for option, chosen in formats)
        if not formats:
            yield f"{words}.txt", line, None
        if "-n" in line:
            yield f"{words}.written", tuple(word for word in line if word != "-n"), None
    yield from ((f"{name}.more", line, None) for name, line in MORE.items())
    for name, line in SCREENS.items():
        yield from ((f"{name}.{width}", line, width) for width in (80, 40))


def leaves(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    """The commands below a group, each with its words."""
    verbs = getattr(command, "commands", {})
    for verb in verbs:
        yield from leaves(f"{words} {verb}".strip(), verbs[verb])
    if not verbs:
        yield words, command


@contextmanager
def shop() -> Iterator[Path]:
    """A folder with the inputs, and with a repository in which the store file has changed twice."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in INPUTS.iterdir():
            shutil.copy(path, folder)
        plain = (folder / "plain.toml").read_text()
        (folder / "before.toml").write_text(plain.replace("= -20", "= -30").replace("= -50", "= -40"))
        (folder / "held.csv").write_text("sku,stock,reserved\nbag,eu,2\n")
        last = (folder / "store.toml").read_text()
        when = {f"GIT_{who}_DATE": "2026-11-20T10:00:00+01:00" for who in ("AUTHOR", "COMMITTER")}
        with patch.dict(os.environ, when):
            git(folder, "init", "-q", "-b", "main")
            for number, text in enumerate((last.replace("-50", "-40"), "version = 2\n", last + "# remark\n")):
                commit(folder, text, f"commit {number}")
            git(folder, "checkout", "-q", "-b", "branch")
            commit(folder, last.replace("-50", "-45"), "on a branch")
            git(folder, "checkout", "-q", "main")
            git(folder, "merge", "-q", "--no-ff", "-m", "merge", "branch")
            commit(folder, last, "last")
        yield folder


def commit(folder: Path, text: str, subject: str) -> None:
    """Commit another text of the store file."""
    (folder / "store.toml").write_text(text)
    git(folder, "add", "store.toml")
    git(folder, "commit", "-q", "-m", subject)


def document(words: tuple[str, ...], folder: Path, width: int | None) -> str:
    """Everything that a command line does, in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        own = Path(name) / "shop"
        shutil.copytree(folder, own)
        before = {path: path.read_bytes() for path in files(own)}
        out, err = (Screen(BytesIO(), encoding="utf-8", newline="", write_through=True) for _ in range(2))
        out.is_terminal = width is not None
        environment = {"PATH": os.environ["PATH"], "HOME": name, "LC_ALL": "C.UTF-8"}
        if width is not None:
            environment |= {"COLUMNS": str(width), "TERM": "xterm", **({"NO_COLOR": "1"} if width == 80 else {})}
        here = Path.cwd()
        os.chdir(own)
        try:
            with (
                patch.dict(os.environ, environment, clear=True),
                patch.object(commands, "datetime", Clock),
                patch.object(metadata, "version", lambda _: "VERSION"),
                redirect_stdout(out),
                redirect_stderr(err),
            ):
                status = main(words)
        finally:
            os.chdir(here)
        parts = [f"$ backorderctl {join(words)}\n", shown(out)]
        parts += [f"--- messages\n{shown(err)}"] if shown(err) else []
        parts += [f"--- status {status}\n"] if status else []
        for path in files(own):
            if before.get(path) != path.read_bytes():
                text = path.read_text(encoding="utf-8")
                if path.name == "answers.csv":  # whose rows an engine writes in any order
                    text = "".join(sorted(text.splitlines(keepends=True)))
                parts.append(f"--- file {path.relative_to(own)}\n{text}")
        return "".join(parts)


def shown(stream: Screen) -> str:
    """What was written to a stream."""
    buffer = stream.buffer
    assert isinstance(buffer, BytesIO)
    return buffer.getvalue().decode()


def files(folder: Path) -> list[Path]:
    """The files below a folder, without those of git."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)


def file_of(name: str) -> Path:
    """Where a document is kept."""
    return DOCUMENTS / name.replace(" ", "-")


def write() -> None:
    """Write every document anew."""
    shutil.rmtree(DOCUMENTS, ignore_errors=True)
    DOCUMENTS.mkdir()
    with shop() as folder:
        for name, words, width in cases():
            file_of(name).write_bytes(document(words, folder, width).encode())


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(__doc__)
    write()
