"""The temporary file beside another that takes its place once it is written."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from backorderctl.errors import BackorderctlError
from backorderctl.toml.file_access import open_file, writing
from backorderctl.toml.file_lock import lock

_RANDOM = 6
"""Random bytes in a name."""
_LONGEST_NAME = 255
"""Bytes of the longest file name on common file systems."""


class Temporary(NamedTuple):
    """An open temporary file."""

    descriptor: int
    name: Path


@contextmanager
def temporary(path: str, target: Path, *, mode: int) -> Iterator[Temporary]:
    """A new file beside `target`, locked while its writer lives and gone when the block ends, unless renamed.

    Those that killed writers of `target` have left behind are removed.
    """
    start = _start(target)
    _remove_strays(target.parent, start)
    name = target.with_name(f"{start}{os.urandom(_RANDOM).hex()}.tmp")
    descriptor = None
    try:  # an interrupt may come as soon as the file exists
        with writing(path, "write to its folder", folder=target.parent):
            descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
        lock(descriptor, wait=True)
        yield Temporary(descriptor, name)
    finally:
        with suppress(OSError):
            name.unlink(missing_ok=True)
        if descriptor is not None:
            os.close(descriptor)


def write_all(descriptor: int, content: bytes) -> None:
    """Write all bytes to an open file."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _start(target: Path) -> str:
    """The name of a temporary file up to its random part; a long name is shortened so that the whole is allowed."""
    name = target.name
    while len(os.fsencode(f".{name}.backorderctl-")) + 2 * _RANDOM + len(".tmp") > _LONGEST_NAME:
        name = name[:-1]
    return f".{name}.backorderctl-"


def _remove_strays(folder: Path, start: str) -> None:
    """Remove the temporary files of killed writers: that of a living one is locked."""
    ours = re.compile(re.escape(start) + rf"[0-9a-f]{{{2 * _RANDOM}}}\.tmp")
    strays: list[str] = []
    with suppress(OSError), os.scandir(folder) as entries:
        strays += (entry.path for entry in entries if entry.name.startswith(start) and ours.fullmatch(entry.name))
    for stray in strays:
        # What cannot be removed disturbs nobody, and the next writer tries again.
        with suppress(OSError, BackorderctlError), open_file(stray, os.O_RDONLY | os.O_NOFOLLOW) as descriptor:
            if lock(descriptor, wait=False):
                Path(stray).unlink()
