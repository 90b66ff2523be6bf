"""Streams that the shell has closed or that take nothing more: no answer changes, and no traceback is shown."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BACKORDERCTL = str(Path(sys.executable).with_name("backorderctl"))
FULL = Path("/dev/full")


def shell(folder: Path, words: str, *, unbuffered: str = "") -> subprocess.CompletedProcess[str]:
    """A command line with its redirections, as a shell runs it."""
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    return subprocess.run(
        ["sh", "-c", f"{BACKORDERCTL} {words}"], cwd=folder, env=environment, capture_output=True, text=True
    )


@pytest.mark.parametrize(
    ("words", "status", "err"),
    [
        ("config set backorders no >&-", 0, "global: backorders = no (was notify)\n"),
        ("config get backorders >&-", 0, ""),
        ("config set backorders no 2>&-", 0, ""),
        ("order check 24-MB01 76 >&-", 1, ""),
        ("config list -f - <&-", 2, "Error: <stdin>: version: expected version = 1, got none\n"),
    ],
)
def test_a_closed_stream_is_no_error(store_file: Path, words: str, status: int, err: str) -> None:
    ran = shell(store_file.parent, words)
    assert (ran.returncode, ran.stdout, ran.stderr) == (status, "", err)


@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("words", "status", "err"),
    [
        ("config set backorders no 2>/dev/full", 0, ""),
        ("order check 24-MB01 76 2>/dev/full >/dev/null", 1, ""),
        ("nonsense 2>/dev/full", 2, ""),
        ("config get backorders >/dev/full", 2, "Error: no space left on device\n"),
        ("product list -o json >/dev/full", 2, "Error: no space left on device\n"),
    ],
)
def test_a_stream_that_cannot_be_written_is_an_error_only_for_answers(
    store_file: Path, words: str, status: int, err: str, unbuffered: str
) -> None:
    ran = shell(store_file.parent, words, unbuffered=unbuffered)
    assert (ran.returncode, ran.stderr) == (status, err)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_is_gone_is_no_error(store_file: Path, unbuffered: str) -> None:
    """Whether that is noticed at the end or where the answer is written."""
    receiver, sender = os.pipe()
    os.close(receiver)
    try:
        ran = subprocess.run(
            [BACKORDERCTL, "config", "get", "backorders"],
            cwd=store_file.parent,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            stdout=sender,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        os.close(sender)
    assert (ran.returncode, ran.stderr) == (0, "")


# Encodings

NAMES = 'version = 1\n[products."\u00e9"]\n[products."\\\\xe9"]\n[products."\u65e5"]\n'


@pytest.mark.parametrize("output", ["csv", "json", "table"])
@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"LC_ALL": "C.UTF-8"},
        {"PYTHONIOENCODING": "utf-8"},
    ],
    ids=str,
)
def test_a_file_or_pipe_gets_utf_8_whatever_the_locale(folder: Path, locale: dict[str, str], output: str) -> None:
    (folder / "store.toml").write_text(NAMES, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONIOENCODING", "LC_ALL")}
    words = [BACKORDERCTL, "product", "list", "-o", output, "--columns", "sku"]
    ran = subprocess.run(words, cwd=folder, env={**environment, **locale}, capture_output=True)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert "\u00e9" in ran.stdout.decode()
    assert "\u65e5" in ran.stdout.decode()
    assert "\\xe9" in ran.stdout.decode()


def test_the_encoding_that_python_is_told_is_used_and_nothing_is_replaced(folder: Path) -> None:
    (folder / "store.toml").write_text(NAMES, encoding="utf-8")
    words = [BACKORDERCTL, "product", "list", "-o", "csv", "--columns", "sku"]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    ran = subprocess.run(words, cwd=folder, env=environment, capture_output=True)
    assert (ran.returncode, ran.stderr) == (2, b"Error: standard output: cannot write '\\u65e5' as latin-1\n")
    assert b"\xe9" in ran.stdout or ran.stdout == b""


# Python without what a system may lack

WITHOUT = """
import sys
sys.modules["fcntl"] = None
from backorderctl.cli import run
run()
"""


@pytest.mark.parametrize(
    "words",
    [
        *("config get backorders", "product list", "check", "diff store.toml", "report", "config set backorders no -n"),
        *("test --if-present", "export csv", "schema"),
    ],
)
def test_without_file_locks_everything_can_be_read(store_file: Path, words: str) -> None:
    command = [sys.executable, "-c", WITHOUT, *words.split()]
    ran = subprocess.run(command, cwd=store_file.parent, capture_output=True, text=True)
    assert ran.returncode in (0, 1), ran.stderr
    assert "Error" not in ran.stderr


@pytest.mark.parametrize(
    "words",
    [
        *("config set backorders no", "init --force", "init -f new.toml", "export csv --to out.csv"),
        *("export magento all --to out", "export sql --dialect duckdb --to out"),
    ],
)
def test_without_file_locks_nothing_is_written(store_file: Path, words: str) -> None:
    before = store_file.read_bytes()
    command = [sys.executable, "-c", WITHOUT, *words.split()]
    ran = subprocess.run(command, cwd=store_file.parent, capture_output=True, text=True)
    message = "cannot write: this Python has no file locks (module fcntl), which Linux, macOS and WSL have"
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", f"Error: {message}\n")
    assert [path.name for path in store_file.parent.iterdir()] == ["store.toml"]
    assert store_file.read_bytes() == before
