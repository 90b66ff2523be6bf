"""Opening and reading files, never more than a limit, and the wording of what can fail."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backorderctl.errors import BackorderctlError, system_reason

MAX_SIZE = 1 << 30
"""Bytes of the largest file that is read, counted after decompression."""
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
    """All bytes of a file that `open_file` opened, from its beginning; BackorderctlError when there are too many.

    A device is refused, because it may give bytes forever.
    """
    found = bytearray()
    with reading(path):
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            os.lseek(descriptor, 0, os.SEEK_SET)
        elif stat.S_ISFIFO(status.st_mode):
            found += _first_byte(descriptor, path)
        elif stat.S_ISBLK(status.st_mode) or (stat.S_ISCHR(status.st_mode) and not os.isatty(descriptor)):
            raise BackorderctlError(f"{path}: cannot read: expected a file, got a device")
        os.set_blocking(descriptor, True)
        while chunk := os.read(descriptor, _CHUNK):
            found += chunk
            if max(status.st_size, len(found)) > limit:
                raise too_large(path, limit)
    return bytes(found)


def too_large(path: str, limit: int) -> BackorderctlError:
    """The error for a file of more than `limit` bytes."""
    return BackorderctlError(f"{path}: cannot read: expected at most {format_size(limit)}, got more")


def format_size(size: int) -> str:
    """A number of bytes in the largest unit that gives a whole number: `1 GiB`, `1500 bytes`."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size % 1024 or unit == "GiB":
            break
        size //= 1024
    return f"{size} {unit}"


def _first_byte(pipe: int, path: str) -> bytes:
    """The first byte of a pipe, or nothing where its writer has not written yet.

    BackorderctlError when nobody has opened it for writing for some seconds.
    """
    from select import POLLIN, poll

    waiting = poll()
    waiting.register(pipe, POLLIN)
    waiting.poll(PIPE_PATIENCE * 1000)
    try:
        first = os.read(pipe, 1)
    except BlockingIOError:
        return b""
    if not first and not waiting.poll(0):  # a writer who has come and gone leaves an event
        raise BackorderctlError(f"{path}: cannot read: nothing writes to this pipe")
    return first


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


def init_command(path: str, *options: str) -> tuple[str, ...]:
    """The command that makes a store file at `path`."""
    return ("init", *options) if path in ("store.toml", "./store.toml") else ("init", *options, "-f", path)


def shell_quoted(path: str) -> str:
    """`path` as a shell takes it."""
    from shlex import quote

    return quote(path)
