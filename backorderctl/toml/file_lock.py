"""Opening a file, to read it or as the one writer who may replace it, and the words for what can go wrong; POSIX."""

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backorderctl.errors import BackorderctlError, system_reason


@contextmanager
def locked(path: str, patience: float) -> Iterator[int]:
    """The descriptor of the regular file at `path`, open and locked, or BackorderctlError after `patience` seconds
    of waiting.

    The lock is flock on the file itself: it ends with its holder, however that ends, needs no second file, works on a
    file that may only be read, and is not dropped, as a lock of fcntl is, when the process closes another descriptor of
    the same file.

    A writer ends its turn by putting a new file in the place of the one that it has locked. Whoever waited gets the
    lock of the old file then, sees that another one stands at `path`, and lines up again. Of all who hold a lock, at
    most one holds that of the file at `path`, and no one else is let in.
    """
    check_path(path)
    deadline = time.monotonic() + patience
    while True:
        # NFS gives an exclusive lock only on what is open for writing. A FIFO must not keep us waiting.
        access = os.O_RDWR if os.access(path, os.W_OK) else os.O_RDONLY
        with open_file(path, access | os.O_NONBLOCK) as file:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise BackorderctlError(f"{path}: cannot write: not a regular file")
            with reading(path, "lock"):
                ours = lock(file, wait=False) and os.path.samestat(os.fstat(file), Path(path).stat())
            if ours:
                yield file
                return
        if time.monotonic() >= deadline:
            raise BackorderctlError(f"{path}: locked by another process", hint=f"fuser -v {shell_quoted(path)}")
        _pause()


def lock(descriptor: int, *, wait: bool) -> bool:
    """Lock an open file against other writers until it is closed; False when one of them has it and we do not wait."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pause() -> None:
    from random import uniform

    time.sleep(uniform(0.001, 0.02))  # uneven, or the same writer could come too late every time


@contextmanager
def open_file(path: str, flags: int) -> Iterator[int]:
    """The descriptor of the file at `path`, closed when the block ends; BackorderctlError when it cannot be opened."""
    check_path(path)
    with reading(path):
        descriptor = os.open(path, flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def check_path(path: str) -> None:
    """BackorderctlError when `path` cannot be the name of any file, which the system calls would answer with a
    ValueError."""
    try:
        valid = bool(path) and b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        valid = False
    if not valid:
        raise BackorderctlError(f"path: expected the name of a file, got {path!r}", hint="-f store.toml")


@contextmanager
def reading(path: str, what: str = "read") -> Iterator[None]:
    """Turn an OSError of the block into the BackorderctlError that says so."""
    try:
        yield
    except FileNotFoundError:
        raise BackorderctlError(f"{path}: no such file", hint=init_command(path)) from None
    except OSError as error:
        raise refusal(path, what, error) from error


def refusal(path: str, what: str, error: OSError) -> BackorderctlError:
    """The system's reason in our wording: `store.toml: cannot write: no space left on device`."""
    return BackorderctlError(f"{path}: cannot {what}: {system_reason(error)}")


def init_command(path: str, *options: str) -> tuple[str, ...]:
    """The command that makes a store file at `path`."""
    return ("init", *options) if path in ("store.toml", "./store.toml") else ("init", *options, "-f", path)


def shell_quoted(path: str) -> str:
    """`path` as a shell takes it."""
    from shlex import quote

    return quote(path)
