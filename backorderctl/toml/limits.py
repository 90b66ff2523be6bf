"""How much is read of a file at most."""

import io
import re
from typing import Any, BinaryIO

from backorderctl.errors import BackorderctlError, Mismatch

MAX_SIZE = 1 << 30
"""Bytes of the largest file that is read, counted after decompression."""
_BUFFER = 1 << 18


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
