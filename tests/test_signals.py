"""Signals that end a program, at any moment of its life: status 130, no traceback, no temporary file, a whole store."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

CHILD = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN if number.name in sys.argv[1] else signal.SIG_DFL)
del sys.argv[1]

class Told:
    def find_spec(self, name, path, target=None):
        if name == "backorderctl.cli.app":
            os.write(2, b"!")

sys.meta_path.insert(0, Told())
from backorderctl.cli import run
run()
"""
"""The program, which says when it begins to load its commands: before that, signals meet Python itself.

The first argument names signals that are ignored."""
TEXT = "version = 1\n\n[sources.main]\n" + "".join(f"\n[products.P{number}]\n" for number in range(2000))
SET = ("config", "set", "backorders", "no", "-q")


def interrupted(
    folder: Path, number: signal.Signals, delay: float, *, ignored: str = "", command: Sequence[str] = SET
) -> tuple[int, str, str]:
    """Status, stdout and stderr of a command that gets a signal after some seconds."""
    words = [sys.executable, "-c", CHILD, ignored, *command]
    child = subprocess.Popen(words, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stderr
    assert child.stderr.read(1) == "!"
    time.sleep(delay)
    child.send_signal(number)
    out, err = child.communicate()
    return child.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda each: each.name)
def test_a_signal_at_any_moment_leaves_no_traceback_and_no_temporary_file(
    tmp_path: Path, number: signal.Signals
) -> None:
    statuses: Counter[int] = Counter()
    path = tmp_path / "store.toml"
    path.write_text(TEXT)
    begun = time.monotonic()
    assert interrupted(tmp_path, number, 0, ignored=number.name) == (0, "", "")
    life = time.monotonic() - begun
    changed = path.read_text()
    for step in range(1, 21):
        path.write_text(TEXT)
        delay = life * step / 20
        status, out, err = interrupted(tmp_path, number, delay)
        statuses[status] += 1
        assert (out, err) == ("", "")
        assert os.listdir(tmp_path) == ["store.toml"]  # noqa: PTH208
        assert path.read_text() in (TEXT, changed)
        if status == 0:  # it had ended before: on a busy machine, a life is as long as the others let it be
            life = delay
    assert statuses.keys() <= {0, 130}
    assert statuses[130] >= 5


LATE = """
import os, signal, sys
from backorderctl import cli

set_signals = cli._on_signals

def interrupted(action):
    if action is signal.SIG_IGN:
        os.kill(os.getpid(), signal.SIGTERM)
    set_signals(action)

cli._on_signals = interrupted
cli.run()
"""
"""The program, which gets a signal once its command is over and before it ignores signals."""


def test_a_signal_after_the_command_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "store.toml").write_text(TEXT)
    words = ("config", "get", "backorders")
    ran = subprocess.run(
        [sys.executable, "-c", LATE, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "no\n", "")


EXPORT = ("export", "magento", "all", "--to", "out", "--assume-defaults", "-q")
SLOW_REMOVAL = CHILD.replace(
    "from backorderctl.cli import run\n",
    """
import shutil, time
remove = shutil.rmtree
slow = [True]
def removed(*words, **options):
    if slow:
        slow.clear()
        os.write(1, b".")
        time.sleep(5)
    remove(*words, **options)
shutil.rmtree = removed
from backorderctl.cli import run
""",
)
"""The child, where the first folder that is removed takes five seconds if no signal comes."""


def test_a_signal_while_what_was_replaced_is_removed_leaves_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "store.toml").write_text(TEXT)
    assert interrupted(tmp_path, signal.SIGHUP, 0, ignored="SIGHUP", command=EXPORT)[0] == 0
    names = sorted(os.listdir(tmp_path / "out"))  # noqa: PTH208
    words = [sys.executable, "-c", SLOW_REMOVAL, "", *EXPORT]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout
        assert child.stdout.read(1) == b"."
        child.send_signal(signal.SIGTERM)
    assert child.returncode == 130
    assert sorted(os.listdir(tmp_path / "out")) == names  # noqa: PTH208
    assert sorted(os.listdir(tmp_path)) == ["out", "store.toml"]  # noqa: PTH208


def test_signals_are_handled_before_anything_else_is_imported() -> None:
    """What is imported before takes a share of the start-up in which a signal ends Python in its own way."""
    program = "import sys; before = set(sys.modules); import backorderctl.cli; print(*(set(sys.modules) - before))"
    ran = subprocess.run([sys.executable, "-I", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {program}"],
                         capture_output=True, text=True, check=True)  # fmt: skip
    own = {"backorderctl", "backorderctl.cli"}
    assert set(ran.stdout.split()) <= own | {
        "__future__",
        "gc",
        "_signal",
        "importlib",
        "importlib._bootstrap",
        "importlib._bootstrap_external",
        "warnings",
    }
