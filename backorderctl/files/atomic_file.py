"""Replacing a file whole, with many writers at once, by a temporary file that takes over its metadata."""

import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
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
    shell_quoted,
    writing,
)
from backorderctl.files.beside import add, copy_metadata, losses, real_path, sync, temporary, write_all
from backorderctl.files.lock import PATIENCE, OnWait, locked, version, version_of

ATTEMPTS = 5
"""Times to start again because another program changed the file."""
_QUIET = 0.05
"""Seconds without a change after which another attempt makes sense."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Replacing:
    """How long to wait for other writers of a file, and whom to call then."""

    patience: float = PATIENCE
    on_wait: OnWait = lambda _: None


USUAL = Replacing()


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
            warnings = _replace(path, file, old, _encoded(after, path))
            return Rewritten(before=before, after=after, result=result, warnings=warnings)

    return undisturbed(path, attempt)


def create(path: str, text: str, *, force: bool = False, options: Replacing = USUAL) -> tuple[str, ...]:
    """Write a new file, whole or not at all, and give warnings about what could not be kept.

    BackorderctlError when the file exists, unless `force` lets it be replaced.
    """
    new = _encoded(text, path)
    if force:
        return replace_bytes(path, new, options)

    def attempt() -> None:
        if os.path.lexists(real_path(path)):
            raise BackorderctlError(f"{path}: file exists")
        _add(path, new)

    undisturbed(path, attempt)
    return ()


def replace_bytes(path: str, new: bytes, options: Replacing = USUAL) -> tuple[str, ...]:
    """Make `new` all that the file contains, whether it exists or not, and give warnings about what could not be kept.

    A pipe or a device takes the bytes as they come.
    """

    def attempt() -> tuple[str, ...]:
        if _is_stream(path):
            _write_stream(path, new)
            return ()
        if not os.path.lexists(real_path(path)):
            _add(path, new)
            return ()
        with locked(path, options.patience, options.on_wait) as file:
            return _replace(path, file, content(file, path), new)

    return undisturbed(path, attempt)


def undisturbed(path: str, attempt: Callable[[], Result]) -> Result:
    """The result of the first attempt that is not disturbed; BackorderctlError when every one of them is."""
    for _ in range(ATTEMPTS):
        with suppress(Disturbed):
            return attempt()
        time.sleep(_QUIET)
    raise BackorderctlError(f"{path}: changed by another program {ATTEMPTS} times while it was being written")


def _add(path: str, new: bytes) -> None:
    """Put a new file at `path`; Disturbed when there is one by now."""
    target = real_path(path)
    with writing(path):
        has_folder = target.parent.is_dir()
    if not has_folder:
        raise BackorderctlError(
            f"{path}: no such folder: {target.parent}", hint=f"mkdir -p {shell_quoted(str(target.parent))}"
        )
    with writing(path), temporary(path, target) as new_file:
        write_all(new_file.create_file(mode=0o666), new)
        add(new_file.name, target)
        sync(target.parent)


def _replace(path: str, file: int, before: bytes, after: bytes) -> tuple[str, ...]:
    """Put `after` in the place of the locked file, which held `before`; Disturbed when it no longer does."""
    if after == before:
        return ()
    target = real_path(path)
    old = os.fstat(file)
    _refuse_read_only(path, target, old)
    with writing(path), temporary(path, target) as new_file:
        descriptor = new_file.create_file(mode=0o600)
        copy_metadata(descriptor, like=file)
        new = os.fstat(descriptor)
        if new.st_uid != old.st_uid:
            _refuse_lost_owner(path, descriptor, old.st_uid)
        write_all(descriptor, after)
        # The bytes catch a change within one tick of the file system's clock; the second look is quick, so that only
        # some microseconds are left in which the save of an editor, which takes no lock, can still be overwritten.
        if content(file, path) != before or version_of(Path(path).stat()) != version_of(old):
            _refuse_changing(path)
            raise Disturbed
        new_file.name.replace(target)
        sync(target.parent)
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
    """BackorderctlError when the owner of the old file may not read the new one."""
    from backorderctl.files.permissions import may_read, user_name

    if not may_read(descriptor, owner):
        raise BackorderctlError(f"{path}: cannot write: its owner, {user_name(owner)}, could no longer read it")


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
            rest = memoryview(new)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        finally:
            os.close(descriptor)


def _encoded(text: str, path: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise BackorderctlError(f"{path}: cannot write: expected UTF-8, got {text[error.start]!r}") from None
