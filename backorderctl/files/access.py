"""Opening and reading files, compressed or not, never more than a limit; and the wording of what can fail."""

import io
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EBUSY
from pathlib import Path
from typing import Any, BinaryIO, cast

from backorderctl.errors import BackorderctlError, InvalidFile, Mismatch, NoSuchFile, Problem, system_reason

PREFIX = "git:"
"""What the name of a file in a revision begins with."""
MAX_SIZE = 1 << 30
"""Bytes of the largest file that is read, counted after decompression."""
PIPE_PATIENCE = 10.0
"""Seconds that a named pipe may have no writer."""
GZIP = b"\x1f\x8b"
"""The first bytes of a compressed file."""
_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""How every file is opened; Windows has no pipes to wait for, and would change line ends."""
_CHUNK = 1 << 20
_BUFFER = 1 << 18


def is_side(text: str) -> bool:
    """Whether the text names a revision and not a file."""
    return text.startswith(PREFIX)


@contextmanager
def open_file(path: str, flags: int) -> Iterator[int]:
    """The descriptor of the file at `path`, closed when the block ends; BackorderctlError when it cannot be opened.

    Opening does not wait for the writer of a named pipe.
    """
    check_path(path)
    with reading(path):
        descriptor = os.open(path, flags | _AT_ONCE)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def read_text(path: str) -> str:
    """The text of the file, line ends and byte-order mark included.

    BackorderctlError when it cannot be read, InvalidFile when it is not UTF-8.
    """
    with open_file(path, os.O_RDONLY) as descriptor:
        return decoded(content(descriptor, path), path)


def decoded(content: bytes, name: str) -> str:
    """Strict UTF-8 as text; InvalidFile, under `name`, with the position of the first byte that is not UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode().removeprefix("\ufeff")
        found = f"expected UTF-8, got byte 0x{content[error.start]:02x}"
    raise InvalidFile(name, [Problem(found, before.count("\n") + 1, len(before) - before.rfind("\n"))])


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
    with open_file(path, os.O_RDONLY) as descriptor, reading(path):
        _prepare(descriptor, path)
        return os.fdopen(os.dup(descriptor), "rb")


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
    if _AT_ONCE & getattr(os, "O_NONBLOCK", 0):
        os.set_blocking(descriptor, True)


def check_path(path: str) -> None:
    """BackorderctlError when `path` cannot be the name of any file, which the system calls would answer with a
    ValueError."""
    try:
        valid = bool(path) and b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        valid = False
    if not valid:
        raise BackorderctlError(f"path: expected the name of a file, got {path!r}")


@contextmanager
def reading(path: str, what: str = "read") -> Iterator[None]:
    """Turn an OSError of the block into a BackorderctlError."""
    try:
        yield
    except FileNotFoundError:
        raise NoSuchFile(path) from None
    except OSError as error:
        raise access_error(path, what, error) from error


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
        raise access_error(path, what, error) from error


def access_error(path: str, what: str, error: OSError) -> BackorderctlError:
    """The system's reason in our wording: `store.toml: cannot write: no space left on device`."""
    advice = "; if it is a mount of its own, mount its folder instead" if error.errno == EBUSY else ""
    return BackorderctlError(f"{path}: cannot {what}: {system_reason(error)}{advice}")


def shell_quoted(word: str) -> str:
    """`word` as a shell takes it; one that no terminal shows whole as bash, zsh and POSIX 2024 have it: `$'a\\x0a'`."""
    from shlex import quote

    return quote(word) if word.isprintable() else f"$'{''.join(map(_shell_escape, word))}'"


def _shell_escape(char: str) -> str:
    if char.isprintable():
        return f"\\{char}" if char in "'\\" else char
    if char.isascii() or "\udc80" <= char <= "\udcff":  # a byte that is not UTF-8
        return f"\\x{ord(char) & 0xFF:02x}"
    return f"\\U{ord(char):08x}"


def limited(file: BinaryIO, name: str, *, limit: int = MAX_SIZE, longest_line: int | None = None) -> io.BufferedReader:
    """The bytes of an open file; reading more of them than the limits, in all or in a line, is a BackorderctlError."""
    return io.BufferedReader(_Limited(file, name, limit, longest_line), _BUFFER)


class _Limited(io.RawIOBase):
    def __init__(self, file: BinaryIO, name: str, limit: int, longest_line: int | None) -> None:
        self._file: Any = file
        self._name = name
        self._limit = limit
        self._longest_line = longest_line
        self._size = 0
        self._line = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Read as the file does, and count."""
        count: int = self._file.readinto(buffer)
        self._size += count
        if self._size > self._limit:
            raise too_large(self._name, self._limit)
        if self._longest_line is not None:
            last = bytes(buffer[:count]).rfind(b"\n")
            self._line = self._line + count if last == -1 else count - last - 1
            if self._line > self._longest_line:
                most = format_size(self._longest_line)
                raise BackorderctlError(f"{self._name}: cannot read: expected at most {most} in a line, got more")
        return count


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


def parse_size(typed: str) -> int:
    """A number of bytes as typed: `1500`, `64MiB`, `4 GiB`; Mismatch otherwise."""
    found = re.fullmatch(r"(\d{1,15}) ?(?:([kmg])i?b)?", typed.strip().lower())
    if found is None or not int(found[1]):
        raise Mismatch("a size such as 4GiB", repr(typed))
    return int(found[1]) << {"k": 10, "m": 20, "g": 30}.get(found[2], 0)


@contextmanager
def decompressed(
    raw: io.BufferedReader, name: str, *, limit: int = MAX_SIZE, longest_line: int | None = None
) -> Iterator[io.BufferedReader]:
    """The content of an open file, decompressed when it begins as gzip does.

    BackorderctlError, from wherever it is read, when the compressed file is damaged or its content exceeds the limits.
    """
    import gzip
    import zlib

    try:
        content = cast("BinaryIO", gzip.GzipFile(fileobj=raw) if raw.peek(2).startswith(GZIP) else raw)
        yield limited(content, name, limit=limit, longest_line=longest_line)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise BackorderctlError(f"{name}: expected a whole gzip file, got a damaged one") from None


def compressed_for(name: str, content: bytes) -> bytes:
    """What a file of that name holds: gzip, the same for the same content, when the name ends in .gz."""
    if not name.endswith(".gz"):
        return content
    import gzip

    return gzip.compress(content, mtime=0)
