"""What a command prints where its output is a terminal."""

import os
import pty
import subprocess
import sys
from contextlib import suppress


def on_a_terminal(*words: str, status: int = 0) -> list[str]:
    """The lines that a command with this exit status prints on a terminal; `$COLUMNS` says how wide it is."""
    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "backorderctl", *words]
    with subprocess.Popen(command, stdout=terminal, stderr=subprocess.DEVNULL) as process:
        os.close(terminal)
        shown = b""
        with suppress(OSError):  # how Linux reports that the terminal is closed
            while chunk := os.read(screen, 1 << 16):
                shown += chunk
    os.close(screen)
    assert process.returncode == status
    return [line.rstrip() for line in shown.decode().splitlines()]
