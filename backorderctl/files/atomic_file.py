"""Replacing a file whole, with many writers at once, by a temporary file that takes over its metadata."""

import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from errno import ENXIO
from pathlib import Path
from typing import Generic, TypeVar

from backorderctl.errors import BackorderctlError
from backorderctl.files.access import (
    Disturbed,
    check_path,
    content,
    decoded,
    open_file,
    reading,
    shell_quoted,
    writing,
)
from backorderctl.files.lock import PATIENCE, OnWait, lock, locked, version, version_of

ATTEMPTS = 5
"""Times to start again because another program changed the file."""
_QUIET = 0.05
"""Seconds without a change after which another attempt makes sense."""

_RANDOM = 6
"""Random bytes in a temporary name."""
_LONGEST_NAME = 255
"""Bytes of the longest file name on common file systems."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Replacing:
    """How a file may be replaced: how long to wait, whom to call then, and whether its owner may change.

    Without `take_ownership` a file is left alone when its owner could not write to the new one.
    """

    patience: float = PATIENCE
    on_wait: OnWait = lambda _: None
    take_ownership: bool = False


USUAL = Replacing()
"""Wait as long as usual, and take no file away from its owner."""


@dataclass(frozen=True, slots=True)
class Rewritten(Generic[Result]):
    """A file's text before and after `rewrite`, the transform's result, and warnings about what could not be kept."""

    before: str
    after: str
    result: Result
    warnings: tuple[str, ...]


def rewrite(path: str, transform: Callable[[str], tuple[str, Result]], options: Replacing = USUAL) -> Rewritten[Result]:
    """Replace the file's text by what `transform` makes of it, locked against other writers from read to replace.

    `transform` gives the new text and a result for the caller. The file is not touched when the text stays the same or
    `transform` raises. When a program that takes no locks changes the file meanwhile, `transform` is called again with
    the new text. BackorderctlError when other writers keep the lock for too long, when another program keeps changing
    the file, and when the file is read-only or cannot be written.
    """

    def attempt() -> Rewritten[Result]:
        with locked(path, options.patience, options.on_wait) as file:
            old = content(file, path)
            before = decoded(old, path)
            after, result = transform(before)
            warnings = _replace(path, file, old, _encoded(after, path), options)
            return Rewritten(before=before, after=after, result=result, warnings=warnings)

    return _undisturbed(path, attempt)


def create(path: str, text: str, *, force: bool = False, options: Replacing = USUAL) -> tuple[str, ...]:
    """Write a new file, whole or not at all, and give warnings about what could not be kept.

    BackorderctlError when the file exists, unless `force` lets it be replaced.
    """
    new = _encoded(text, path)
    if force:
        return replace_bytes(path, new, options)

    def attempt() -> None:
        if os.path.lexists(_target(path)):
            raise BackorderctlError(f"{path}: file exists")
        _add(path, new)

    _undisturbed(path, attempt)
    return ()


def replace_bytes(path: str, new: bytes, options: Replacing = Replacing(take_ownership=True)) -> tuple[str, ...]:
    """Make `new` all that the file contains, whether it exists or not, and give warnings about what could not be kept.

    A pipe or a device takes the bytes as they come.
    """

    def attempt() -> tuple[str, ...]:
        if _is_stream(path):
            _write_stream(path, new)
            return ()
        if not os.path.lexists(_target(path)):
            _add(path, new)
            return ()
        with locked(path, options.patience, options.on_wait) as file:
            return _replace(path, file, content(file, path), new, options)

    return _undisturbed(path, attempt)


def _undisturbed(path: str, attempt: Callable[[], Result]) -> Result:
    """The result of the first attempt that is not disturbed; BackorderctlError when every one of them is."""
    for _ in range(ATTEMPTS):
        with suppress(Disturbed):
            return attempt()
        time.sleep(_QUIET)
    raise BackorderctlError(f"{path}: changed by another program {ATTEMPTS} times while it was being written")


def _add(path: str, new: bytes) -> None:
    """Put a new file at `path`; Disturbed when there is one by now."""
    target = _target(path)
    with writing(path):
        has_folder = target.parent.is_dir()
    if not has_folder:
        raise BackorderctlError(
            f"{path}: no such folder: {target.parent}", hint=f"mkdir -p {shell_quoted(str(target.parent))}"
        )
    with writing(path), temporary(path, target) as new_file:
        descriptor = new_file.create(mode=0o666)
        write_all(descriptor, new)
        os.fsync(descriptor)
        os.link(new_file.name, target)  # unlike a rename, it never replaces what somebody else made meanwhile
        new_file.name.unlink()
        _fsync_directory(target.parent)


def _replace(path: str, file: int, before: bytes, after: bytes, options: Replacing) -> tuple[str, ...]:
    """Put `after` in the place of the locked file, which held `before`; Disturbed when it no longer does."""
    if after == before:
        return ()
    target = _target(path)
    old = os.fstat(file)
    _refuse_read_only(path, target, old)
    with writing(path), temporary(path, target) as new_file:
        descriptor = new_file.create(mode=0o600)
        copy_metadata(descriptor, like=file)
        new = os.fstat(descriptor)
        if new.st_uid != old.st_uid and not options.take_ownership:
            _refuse_lost_owner(path, descriptor, old.st_uid)
        write_all(descriptor, after)
        os.fsync(descriptor)
        # The bytes catch a change within one tick of the file system's clock; the second look is quick, so that only
        # some microseconds are left in which the save of an editor, which takes no lock, can still be overwritten.
        if content(file, path) != before or version_of(Path(path).stat()) != version_of(old):
            _refuse_changing(path)
            raise Disturbed
        new_file.name.replace(target)
        _fsync_directory(target.parent)
    return tuple(losses(path, old, new))


def _refuse_changing(path: str) -> None:
    """BackorderctlError when a program that takes no lock keeps changing the locked file."""
    before = version(path)
    time.sleep(_QUIET)
    if version(path) != before:
        raise BackorderctlError(f"{path}: another program keeps changing it while it is being written")


def _refuse_read_only(path: str, target: Path, old: os.stat_result) -> None:
    # A rename asks for no right to the file itself, and root has every right; the owner who made it read-only meant it.
    if not old.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        raise BackorderctlError(f"{path}: cannot write: the file is read-only", hint=f"chmod u+w {shell_quoted(path)}")
    with writing(path):
        os.close(os.open(target, os.O_WRONLY | os.O_NONBLOCK))


def _refuse_lost_owner(path: str, descriptor: int, owner: int) -> None:
    """BackorderctlError when the owner of the old file may not write to the new one."""
    from backorderctl.files.permissions import may_write, user_name

    if not may_write(descriptor, owner):
        raise BackorderctlError(
            f"{path}: cannot write: its owner, {user_name(owner)}, could no longer write to it",
            hint="--take-ownership",
        )


def _is_stream(path: str) -> bool:
    check_path(path)
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def _write_stream(path: str, new: bytes) -> None:
    with writing(path):
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != ENXIO:
                raise
            raise BackorderctlError(f"{path}: cannot write: nothing reads from this pipe") from None
        try:
            os.set_blocking(descriptor, True)
            write_all(descriptor, new)
        finally:
            os.close(descriptor)


def _fsync_directory(folder: Path) -> None:
    """Make the new name outlast a power cut; no error, because the new file is there whatever the answer is."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _encoded(text: str, path: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise BackorderctlError(f"{path}: cannot write: expected UTF-8, got {text[error.start]!r}") from None


def _target(path: str) -> Path:
    check_path(path)
    with reading(path):
        return Path(os.path.realpath(path))


class Temporary:
    """A file that `create` makes, locked while its writer lives."""

    def __init__(self, path: str, target: Path) -> None:
        self.name = temporary_name(target, target.parent)
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
    remove_strays(target, target.parent, Path.unlink)
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


def temporary_name(target: Path, folder: Path) -> Path:
    """A new name, in the folder, for what is to take the place of `target`."""
    return folder / f"{_start(target)}{os.urandom(_RANDOM).hex()}.tmp"


def remove_strays(target: Path, folder: Path, remove: Callable[[Path], object]) -> None:
    """Remove what killed writers of `target` have left in the folder: that of a living one is locked."""
    start = _start(target)
    ours = re.compile(re.escape(start) + rf"[0-9a-f]{{{2 * _RANDOM}}}\.tmp")
    strays: list[str] = []
    with suppress(OSError), os.scandir(folder) as entries:
        strays += (entry.path for entry in entries if entry.name.startswith(start) and ours.fullmatch(entry.name))
    for stray in strays:
        # What cannot be removed disturbs nobody, and the next writer tries again.
        with suppress(OSError, BackorderctlError), open_file(stray, os.O_RDONLY | os.O_NOFOLLOW) as descriptor:
            if lock(descriptor, wait=False):
                remove(Path(stray))


def _start(target: Path) -> str:
    """The name of a temporary file up to its random part; a long name is shortened so that the whole is allowed."""
    name = target.name
    while len(os.fsencode(f".{name}.backorderctl-")) + 2 * _RANDOM + len(".tmp") > _LONGEST_NAME:
        name = name[:-1]
    return f".{name}.backorderctl-"


def copy_metadata(descriptor: int, *, like: int) -> None:
    """Give an open file another's owner, group, extended attributes (access lists are such) and mode, where allowed."""
    old = os.fstat(like)
    for owner in (-1, old.st_uid):
        with suppress(OSError):
            os.fchown(descriptor, owner, old.st_gid)
    with suppress(OSError, AttributeError):  # not every file system and system has them
        for name in os.listxattr(like):
            with suppress(OSError):
                os.setxattr(descriptor, name, os.getxattr(like, name))
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode))


def losses(path: str, old: os.stat_result, new: os.stat_result) -> Iterator[str]:
    """What the new file has not kept of the old one, for the user."""
    if old.st_nlink > 1:
        yield f"{path} had {old.st_nlink} hard links; the others keep the old text"
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        yield f"{path} belonged to {_owners(old)} and now belongs to {_owners(new)}"


def _owners(status: os.stat_result) -> str:
    return f"{status.st_uid}:{status.st_gid}"
