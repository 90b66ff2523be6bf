"""What many tests start from: a store in memory, and the command line in a folder of its own."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import hypothesis
import pytest

from backorderctl.cli import main

# How long an example takes says nothing on a machine that does other work as well.
hypothesis.settings.register_profile("without deadlines", deadline=None)
hypothesis.settings.load_profile("without deadlines")

EXAMPLES = Path(__file__).parent.parent / "examples"
FORKING = ("test_faults.py", "test_file.py", "test_hostile.py", "test_writers.py")
"""The modules whose tests fork this process."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests that fork first: a fork of a process in which DuckDB has run, with its threads, crashes."""
    items.sort(key=lambda item: item.path.name not in FORKING)


class Ran(NamedTuple):
    """What one command line gave."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


def git(folder: Path, *words: str) -> None:
    """Run git in a folder, with a name and address of its own for commits."""
    identity = ("-c", "user.name=shop", "-c", "user.email=shop@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with nothing of the machine's settings in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("BACKORDERCTL_FILE", "BACKORDERCTL_OUTPUT", "COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line, as words, in that folder."""

    def ran(*words: str) -> Ran:
        status = main(words)
        return Ran(status, *capsys.readouterr())

    return ran


@pytest.fixture
def store_file(folder: Path) -> Path:
    """The documented example as `store.toml`."""
    path = folder / "store.toml"
    path.write_bytes((EXAMPLES / "store.toml").read_bytes())
    return path
