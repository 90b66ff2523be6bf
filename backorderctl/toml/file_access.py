"""Opening and reading files, never more than a limit, and the wording of what can fail."""

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backorderctl.errors import BackorderctlError, system_reason
from backorderctl.toml.limits import MAX_SIZE, too_large

PIPE_PATIENCE = 10.0
"""Seconds that a named pipe may have no writer."""
_CHUNK = 1 << 20


@contextmanager
def open_file(path: str, flags: int) -> Iterator[int]:
    """The descriptor of the file at `path`, closed when the block ends; BackorderctlError when it cannot be opened.

    Opening does not wait for the writer of a named pipe.
    """
    check_path(path)
    with reading(path):
        descriptor = os.open(path, flags | os.O_NONBLOCK)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def content(descriptor: int, path: str, *, limit: int = MAX_SIZE) -> bytes:
    """All bytes of a file that `open_file` opened, from its beginning; BackorderctlError when there are too many."""
    found = bytearray()
    with reading(path):
        size = os.fstat(descriptor).st_size
        _prepare(descriptor, path)
        while chunk := os.read(descriptor, _CHUNK):
            found += chunk
            if max(size, len(found)) > limit:
                raise too_large(path, limit)
    return bytes(found)


def open_input(path: str) -> io.BufferedReader:
    """A file that is no store, open to be read; BackorderctlError when it cannot be."""
    try:
        with open_file(path, os.O_RDONLY) as descriptor, reading(path):
            _prepare(descriptor, path)
            return os.fdopen(os.dup(descriptor), "rb")
    except BackorderctlError as failure:
        raise BackorderctlError(failure.message) from None  # its hint is about store files


def _prepare(descriptor: int, path: str) -> None:
    """Go to the beginning of an open file, or wait until a named pipe has something to read.

    BackorderctlError for a pipe to which nothing is written for some seconds, and for a device that may give bytes
    forever.
    """
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        os.lseek(descriptor, 0, os.SEEK_SET)
    elif stat.S_ISFIFO(mode) and Path(path).resolve().exists():  # a pipe without a name has a writer already
        from select import POLLIN, poll

        writer = poll()
        writer.register(descriptor, POLLIN)
        if not writer.poll(PIPE_PATIENCE * 1000):
            raise BackorderctlError(f"{path}: cannot read: nothing writes to this pipe")
    elif stat.S_ISBLK(mode) or (stat.S_ISCHR(mode) and not os.isatty(descriptor)):
        raise BackorderctlError(f"{path}: cannot read: expected a file, got a device")
    os.set_blocking(descriptor, True)


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
    """Turn an OSError of the block into a BackorderctlError."""
    try:
        yield
    except FileNotFoundError:
        raise BackorderctlError(f"{path}: no such file", hint=init_command(path)) from None
    except OSError as error:
        raise refusal(path, what, error) from error


class Disturbed(Exception):
    """Another program created, changed or removed the file while it was being written."""


@contextmanager
def writing(path: str, what: str = "write", *, folder: Path | None = None) -> Iterator[None]:
    """Turn an OSError of the block into a BackorderctlError, or into Disturbed when a file came or went meanwhile.

    In a `folder` that exists, a file that is not found is one that the folder does not allow, as in /proc.
    """
    try:
        yield
    except (FileNotFoundError, FileExistsError) as error:
        if folder is None or not folder.is_dir():
            raise Disturbed from None
        raise BackorderctlError(f"{path}: cannot create a file in {folder}") from error
    except OSError as error:
        raise refusal(path, what, error) from error


def refusal(path: str, what: str, error: OSError) -> BackorderctlError:
    """The system's reason in our wording: `store.toml: cannot write: no space left on device`."""
    return BackorderctlError(f"{path}: cannot {what}: {system_reason(error)}")


def init_command(path: str) -> tuple[str, ...]:
    """The command that makes a store file at `path`."""
    return ("init",) if path in ("store.toml", "./store.toml") else ("init", "-f", path)


def shell_quoted(path: str) -> str:
    """`path` as a shell takes it."""
    from shlex import quote

    return quote(path)
