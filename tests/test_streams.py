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
