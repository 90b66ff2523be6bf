"""Writing several files into one folder: all of them, or none."""

import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from backorderctl.errors import BackorderctlError
from backorderctl.files.access import open_file, writing
from backorderctl.files.atomic_file import copy_metadata, losses, remove_strays, temporary_name, write_all
from backorderctl.files.lock import lock


def write_folder(folder: str, files: Mapping[str, bytes], *, without: Collection[str] = ()) -> tuple[str, ...]:
    """Write these files into the folder, which is made if it is missing, and take out those that it shall be `without`.

    Its other files stay, and so do group, mode and access list of those that are replaced; the answer is warnings about
    what could not be kept. BackorderctlError when there is something else of that name, and when nothing can be written
    there; OSError, with the folder as it was, when a file in it cannot be written.
    """
    target = Path(os.path.realpath(folder))
    if target.exists() and not target.is_dir():
        raise BackorderctlError(f"{folder}: expected a folder, got a file")
    if not target.parent.is_dir():
        raise BackorderctlError(f"{folder}: expected a folder in one that exists, got none")
    for name in (*files, *without):
        if (target / name).is_dir():
            raise BackorderctlError(f"{Path(folder) / name}: expected a file, got a folder")
    warnings: list[str] = []
    # What is written inside the folder can be moved to its place even where the folder is a file system of its own.
    beside = target.parent
    with _staging(folder, target, target if target.exists() else beside) as staging:
        for name, content in files.items():
            warnings += _write(staging / name, content, target / name, str(Path(folder) / name))
        if target.exists():
            _replace(target, staging, list(files), without)
        else:
            staging.rename(target)
    for place in (target, beside):  # only now: a killed run may have moved there what the new files replace
        remove_strays(target, place, shutil.rmtree)
    return tuple(warnings)


@contextmanager
def _staging(folder: str, target: Path, place: Path) -> Iterator[Path]:
    """A folder in `place` that is locked, and gone afterwards unless it has become the target.

    Messages call the target `folder`.
    """
    staging = temporary_name(target, place)
    try:
        with writing(folder, "write to its folder", folder=place):
            staging.mkdir()
        with open_file(str(staging), os.O_RDONLY) as descriptor:
            lock(descriptor, wait=True)
            yield staging
    finally:
        _to_its_end(partial(shutil.rmtree, staging, ignore_errors=True))


def _write(path: Path, content: bytes, old: Path, name: str) -> Iterator[str]:
    """Write a new file with the metadata of the old one, and say, under its `name`, what of them it does not keep."""
    replaces = old.is_file()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if replaces else 0o666)
    try:
        if replaces:
            with open_file(str(old), os.O_RDONLY) as like:
                copy_metadata(descriptor, like=like)
                yield from losses(name, os.fstat(like), os.fstat(descriptor))
        write_all(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replace(target: Path, staging: Path, names: Collection[str], without: Collection[str]) -> None:
    """Move the old files out of the target and the new ones in; whatever ends this early, all are moved back."""
    old = staging / "old"
    old.mkdir()
    there = [name for name in (*names, *without) if os.path.lexists(target / name)]
    try:
        for name in there:
            (target / name).rename(old / name)
        for name in names:
            (staging / name).rename(target / name)
    except BaseException:  # a signal too
        _to_its_end(partial(_move_back, target, staging, names, there))
        raise


def _move_back(target: Path, staging: Path, names: Collection[str], there: Collection[str]) -> None:
    """Take new files out of the target where none was, and move the old ones back, each whatever becomes of others."""
    for name in names:
        if name not in there and not (staging / name).exists():
            with suppress(OSError):
                (target / name).unlink(missing_ok=True)
    for name in there:
        with suppress(OSError):  # such as: it was not moved yet
            (staging / "old" / name).replace(target / name)


def _to_its_end(action: Callable[[], object]) -> None:
    """Do what may be done again, and again if a signal interrupts it: a second signal does not."""
    try:
        action()
    except KeyboardInterrupt:
        action()
        raise
