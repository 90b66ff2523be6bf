"""Reading a file from disk, and replacing it whole, with many writers at once."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from backorderctl.errors import BackorderctlError, InvalidFile, Problem
from backorderctl.toml.file_lock import (
    check_path,
    init_command,
    lock,
    locked,
    open_file,
    reading,
    refusal,
    shell_quoted,
)

PATIENCE = 10.0  # seconds to wait for another writer
ATTEMPTS = 5  # times to start again because another program changed the file

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Rewritten(Generic[Result]):
    """A file's text before and after `rewrite`, what else the transform gave, and how the file could not be kept."""

    before: str
    after: str
    result: Result
    warnings: tuple[str, ...]


def read_text(path: str) -> str:
    """The text of the file as it stands there, line ends and byte-order mark included.

    BackorderctlError when it cannot be read, InvalidFile when it is not UTF-8.
    """
    with open_file(path, os.O_RDONLY) as descriptor:
        return decoded(_content(descriptor, path), path)


def decoded(content: bytes, name: str) -> str:
    """Strict UTF-8 as text; InvalidFile, under `name`, with the place of the first byte that is not."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode().removeprefix("\ufeff")
        found = f"expected UTF-8, got byte 0x{content[error.start]:02x}"
    raise InvalidFile(name, [Problem(found, before.count("\n") + 1, len(before) - before.rfind("\n"))])


def rewrite(
    path: str, transform: Callable[[str], tuple[str, Result]], *, patience: float = PATIENCE
) -> Rewritten[Result]:
    """Replace the file's text by what `transform` makes of it, locked against other writers from read to replace.

    `transform` gives the new text and a result for the caller.

    The file is not touched when the text stays the same or `transform` raises. When a program that takes no locks
    changes the file meanwhile, its text stands and `transform` is called again with it. BackorderctlError when
    another writer keeps the lock for `patience` seconds, and when the file is read-only or cannot be written.
    """

    def attempt() -> Rewritten[Result]:
        with locked(path, patience) as store:
            content = _content(store, path)
            before = decoded(content, path)
            after, result = transform(before)
            warnings = _replace(path, store, content, _encoded(after, path))
            return Rewritten(before=before, after=after, result=result, warnings=warnings)

    return _undisturbed(path, attempt)


def create(path: str, text: str, *, force: bool = False) -> None:
    """Write a new file, whole or not at all.

    BackorderctlError when one is there, unless `force` lets it be replaced.
    """
    content = _encoded(text, path)
    if force:
        replace_bytes(path, content)
        return

    def attempt() -> None:
        if os.path.lexists(_target(path)):
            raise BackorderctlError(f"{path}: file exists", hint=init_command(path, "--force"))
        _add(path, content)

    _undisturbed(path, attempt)


def replace_bytes(path: str, content: bytes) -> tuple[str, ...]:
    """Make `content` all that the file holds, whether it is there or not; gives what the user should know of it."""

    def attempt() -> tuple[str, ...]:
        if not os.path.lexists(_target(path)):
            _add(path, content)
            return ()
        with locked(path, PATIENCE) as file:
            return _replace(path, file, _content(file, path), content)

    return _undisturbed(path, attempt)


class _Disturbed(Exception):
    """Another program changed, removed or made the file while it was being written."""


def _undisturbed(path: str, attempt: Callable[[], Result]) -> Result:
    for _ in range(ATTEMPTS):
        with suppress(_Disturbed):
            return attempt()
    raise BackorderctlError(f"{path}: changed by another program {ATTEMPTS} times while it was being written")


def _add(path: str, content: bytes) -> None:
    """Put a new file at `path`; _Disturbed when there is one by now."""
    target = _target(path)
    with _writing(path):
        has_folder = target.parent.is_dir()
    if not has_folder:
        raise BackorderctlError(
            f"{path}: no such folder: {target.parent}", hint=f"mkdir -p {shell_quoted(str(target.parent))}"
        )
    with _writing(path), _temporary(path, target, mode=0o666) as temporary:
        _write_all(temporary.descriptor, content)
        os.link(temporary.name, target)  # unlike a rename, it never replaces what somebody else made meanwhile
        _fsync_directory(target.parent)


def _replace(path: str, file: int, before: bytes, after: bytes) -> tuple[str, ...]:
    """Put `after` in the place of the locked file, which held `before`; _Disturbed when it no longer does."""
    if after == before:
        return ()
    target = _target(path)
    old = os.fstat(file)
    _refuse_read_only(path, target, old)
    with _writing(path), _temporary(path, target, mode=0o600) as temporary:
        _copy_metadata(temporary.descriptor, like=file)
        _write_all(temporary.descriptor, after)
        warnings = tuple(_losses(path, old, os.fstat(temporary.descriptor)))
        # The bytes catch a change within one tick of the file system's clock; the second look is quick, so that only
        # some microseconds are left in which the save of an editor, which takes no lock, can still be overwritten.
        if _content(file, path) != before or _version(Path(path).stat()) != _version(old):
            raise _Disturbed
        temporary.name.replace(target)
        _fsync_directory(target.parent)
    return warnings


def _refuse_read_only(path: str, target: Path, old: os.stat_result) -> None:
    # A rename asks for no right to the file itself, and root has every right; the owner who made it read-only meant it.
    if not old.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        raise BackorderctlError(f"{path}: cannot write: the file is read-only", hint=f"chmod u+w {shell_quoted(path)}")
    with _writing(path):
        os.close(os.open(target, os.O_WRONLY | os.O_NONBLOCK))


def _version(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


def _losses(path: str, old: os.stat_result, new: os.stat_result) -> Iterator[str]:
    if old.st_nlink > 1:
        yield f"{path} had {old.st_nlink} hard links; the others keep the old text"
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        yield f"{path} belonged to {old.st_uid}:{old.st_gid} and now belongs to {new.st_uid}:{new.st_gid}"


class _Temporary(NamedTuple):
    descriptor: int
    name: Path


@contextmanager
def _temporary(path: str, target: Path, *, mode: int) -> Iterator[_Temporary]:
    """A new file beside `target`, locked while its writer lives and gone when the block ends, unless renamed."""
    _remove_strays(target)
    name = target.with_name(f".{target.name}.backorderctl-{os.urandom(6).hex()}.tmp")
    with _writing(path, "write to its folder"):
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
    try:
        lock(descriptor, wait=True)
        yield _Temporary(descriptor, name)
    finally:
        name.unlink(missing_ok=True)
        os.close(descriptor)


def _remove_strays(target: Path) -> None:
    """Remove what killed writers of `target` left behind: the temporary file of a living one is locked."""
    for stray in _temporaries(target):
        # What cannot be removed disturbs nobody, and the next writer tries again.
        with (
            suppress(OSError, BackorderctlError),
            open_file(stray, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK) as descriptor,
        ):
            if lock(descriptor, wait=False):
                Path(stray).unlink()


def _temporaries(target: Path) -> list[str]:
    start = f".{target.name}.backorderctl-"
    with suppress(OSError), os.scandir(target.parent) as entries:
        return [entry.path for entry in entries if entry.name.startswith(start) and entry.name.endswith(".tmp")]
    return []


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)


def _copy_metadata(descriptor: int, *, like: int) -> None:
    """Give it another file's owner, group, extended attributes (access lists are such) and mode, where permitted."""
    old = os.fstat(like)
    for owner in (-1, old.st_uid):
        with suppress(OSError):
            os.fchown(descriptor, owner, old.st_gid)
    with suppress(OSError, AttributeError):  # not every file system and system has them
        for name in os.listxattr(like):
            with suppress(OSError):
                os.setxattr(descriptor, name, os.getxattr(like, name))
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode))


def _fsync_directory(folder: Path) -> None:
    """Make the new name outlast a power cut; no error, for the new file stands already, whatever the answer."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _content(descriptor: int, path: str) -> bytes:
    with reading(path):
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.lseek(descriptor, 0, os.SEEK_SET)
        with open(descriptor, "rb", closefd=False) as file:
            return file.read()


def _encoded(text: str, path: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise BackorderctlError(f"{path}: cannot write: expected UTF-8, got {text[error.start]!r}") from None


def _target(path: str) -> Path:
    check_path(path)
    with reading(path):
        return Path(os.path.realpath(path))


@contextmanager
def _writing(path: str, what: str = "write") -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, FileExistsError):
        raise _Disturbed from None
    except OSError as error:
        raise refusal(path, what, error) from error
