"""Signals that end a program, at any moment of its life: status 130, no traceback, no temporary file, a whole store."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
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


def interrupted(folder: Path, number: signal.Signals, delay: float, *, ignored: str = "") -> tuple[int, str, str]:
    """Status, stdout and stderr of a write that gets a signal after some seconds."""
    words = [sys.executable, "-c", CHILD, ignored, *SET]
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
