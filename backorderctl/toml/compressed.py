"""Files that may be compressed: gzip by its first bytes when reading, by the file's name when writing."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from backorderctl.errors import BackorderctlError
from backorderctl.toml.limits import MAX_SIZE, limited

GZIP = b"\x1f\x8b"


@contextmanager
def decompressed(
    raw: io.BufferedReader, name: str, *, limit: int = MAX_SIZE, longest_line: int | None = None
) -> Iterator[io.BufferedReader]:
    """The content of an open file, decompressed when it begins as gzip does.

    BackorderctlError, from wherever it is read, when the compressed file is damaged or its content exceeds the limits.
    """
    try:
        content = cast("BinaryIO", gzip.GzipFile(fileobj=raw) if raw.peek(2).startswith(GZIP) else raw)
        yield limited(content, name, limit=limit, longest_line=longest_line)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise BackorderctlError(f"{name}: expected a whole gzip file, got a damaged one") from None


def compressed_for(name: str, content: bytes) -> bytes:
    """What a file of that name holds: gzip, the same for the same content, when the name ends in .gz."""
    return gzip.compress(content, mtime=0) if name.endswith(".gz") else content
