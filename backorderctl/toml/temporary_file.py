"""The temporary file beside another that takes its place once it is written."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from backorderctl.errors import BackorderctlError
from backorderctl.toml.file_access import open_file, writing
from backorderctl.toml.file_lock import lock

_RANDOM = 6
"""Random bytes in a name."""
_LONGEST_NAME = 255
"""Bytes of the longest file name on common file systems."""


class Temporary:
    """A file that `create` makes, locked while its writer lives."""

    def __init__(self, path: str, target: Path) -> None:
        self.name = target.with_name(f"{_start(target)}{os.urandom(_RANDOM).hex()}.tmp")
        self._path = path
        self._descriptor: int | None = None

    def create(self, *, mode: int) -> int:
        """The descriptor of the new file."""
        with writing(self._path, "write to its folder", folder=self.name.parent):
            descriptor = self._descriptor = os.open(self.name, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
        lock(descriptor, wait=True)
        return descriptor

    def remove(self) -> None:
        """Remove the file, unless it has another name by now."""
        with suppress(OSError):
            self.name.unlink(missing_ok=True)
        if self._descriptor is not None:
            os.close(self._descriptor)


@contextmanager
def temporary(path: str, target: Path) -> Iterator[Temporary]:
    """A file beside `target` that is gone when the block ends, unless renamed.

    The block creates it: an interrupt between its creation and the beginning of the block would leave it there. Files
    that killed writers of `target` have left behind are removed.
    """
    _remove_strays(target)
    file = Temporary(path, target)
    try:
        yield file
    finally:
        file.remove()


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


def _remove_strays(target: Path) -> None:
    """Remove the temporary files of killed writers: that of a living one is locked."""
    start = _start(target)
    ours = re.compile(re.escape(start) + rf"[0-9a-f]{{{2 * _RANDOM}}}\.tmp")
    strays: list[str] = []
    with suppress(OSError), os.scandir(target.parent) as entries:
        strays += (entry.path for entry in entries if entry.name.startswith(start) and ours.fullmatch(entry.name))
    for stray in strays:
        # What cannot be removed disturbs nobody, and the next writer tries again.
        with suppress(OSError, BackorderctlError), open_file(stray, os.O_RDONLY | os.O_NOFOLLOW) as descriptor:
            if lock(descriptor, wait=False):
                Path(stray).unlink()
