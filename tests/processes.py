"""Real processes for tests: forked, so that they start fast and can do anything a test can."""

import os
import shutil
import signal
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from backorderctl.errors import BackorderctlError
from backorderctl.files import atomic_file
from backorderctl.files.atomic_file import Replacing, Rewritten
from backorderctl.files.lock import PATIENCE

NOBODY = 65534


def rewrite(path: str, transform: Callable[[str], str], *, patience: float = PATIENCE) -> Rewritten[None]:
    """Replace a file's text as a write does, with nothing to give beside the new text."""
    return atomic_file.rewrite(path, lambda text: (transform(text), None), Replacing(patience=patience))


def start(action: Callable[[], object]) -> int:
    """Start a process that does `action` and ends with 0, or 1 and a traceback; gives its id."""
    child = os.fork()
    if not child:
        _do(action)
    return child


def _do(action: Callable[[], object]) -> NoReturn:
    status = 1
    try:
        action()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def ended(child: int) -> int:
    """The exit status of a process once it has ended, below 0 the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@contextmanager
def running(action: Callable[[], object]) -> Iterator[int]:
    """A process that lives as long as the block, unless it ends before."""
    child = start(action)
    try:
        yield child
    finally:
        os.kill(child, signal.SIGKILL)
        ended(child)


def answer(action: Callable[[], object]) -> str:
    """What a process of its own got from `action`: its result, or the message of the BackorderctlError, as text."""
    receiver, sender = os.pipe()

    def tell() -> None:
        try:
            result = str(action())
        except BackorderctlError as failure:
            result = failure.message
        os.write(sender, result.encode())

    child = start(tell)
    os.close(sender)
    with os.fdopen(receiver, encoding="utf-8") as pipe:
        told = pipe.read()
    assert ended(child) == 0
    return told


@contextmanager
def folder_of_a_user() -> Iterator[Path]:
    """A folder that an unprivileged user owns and reaches, which pytest's own folders are not to others than root."""
    folder = Path(tempfile.mkdtemp())
    if os.getuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    try:
        yield folder
    finally:
        folder.chmod(0o700)
        shutil.rmtree(folder)


def become_a_user() -> None:
    """Give up root's rights, if the process has them: permission bits do not bind root."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
