"""Writing several files into one folder: all of them, or none."""

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from backorderctl.errors import BackorderctlError
from backorderctl.files.access import open_file, writing
from backorderctl.files.atomic_file import undisturbed
from backorderctl.files.beside import (
    add,
    copy_metadata,
    exchange,
    losses,
    real_path,
    remove_strays,
    strays,
    sync,
    sync_tree,
    temporary,
    to_its_end,
    write_all,
)
from backorderctl.files.lock import locked

_READY = "ready"
"""The folder of files that are whole and only have to be moved; an empty folder there is a file that shall go."""


def write_folder(folder: str, files: Mapping[str, bytes], *, without: Collection[str] = ()) -> tuple[str, ...]:
    """Write these files into the folder, which is made if it is missing, and take out those that it shall be `without`.

    Its other files stay, and so do group, mode and access list of those that are replaced; the answer is warnings about
    what could not be kept. BackorderctlError, with the folder as it was, when there is something else of that name, and
    when nothing can be written there.

    A new folder changes places with the old one, so that whoever looks, and whatever ends this, finds one whole export.
    Where that cannot be (a mount of its own, the working directory, folders inside), the files are moved one by one,
    and what a killed run has not moved the next one does.
    """
    target = real_path(folder)
    if target.exists() and not target.is_dir():
        raise BackorderctlError(f"{folder}: expected a folder, got a file")
    if not target.parent.is_dir():
        raise BackorderctlError(f"{folder}: expected a folder in one that exists, got none")
    for name in (*files, *without):
        if (target / name).is_dir():
            raise BackorderctlError(f"{Path(folder) / name}: expected a file, got a folder")
    write = _Write(folder, target, files, without)
    return undisturbed(folder, lambda: write.replace() if target.exists() else write.add())


@dataclass(frozen=True, slots=True)
class _Write:
    """The files for a folder, which messages call `folder`, and the names that it shall be without."""

    folder: str
    target: Path
    files: Mapping[str, bytes]
    without: Collection[str]

    def add(self) -> tuple[str, ...]:
        """Make the folder; Disturbed when there is one by now."""
        with temporary(self.folder, self.target) as staging, writing(self.folder):
            staging.create_folder()
            new = staging.name / "new"
            new.mkdir()
            self._fill(new)
            add(new, self.target)
        sync(self.target.parent)
        return ()

    def replace(self) -> tuple[str, ...]:
        """Write into the folder that is there; Disturbed when it goes meanwhile."""
        with locked(self.folder, folder=True):
            for stray in strays(self.target, self.target):
                self._move(stray / _READY)
            remove_strays(self.target, self.target)
            with suppress(OSError, BackorderctlError):
                return self._exchange()
            return self._move_in()

    def _exchange(self) -> tuple[str, ...]:
        """Put a new folder in the place of the old one; OSError, with nothing changed, where that cannot be."""
        if self.target.samefile("."):
            raise OSError
        with temporary(self.folder, self.target) as staging, open_file(str(self.target), os.O_RDONLY) as old:
            staging.create_folder()
            new = staging.name / "new"
            new.mkdir()
            with open_file(str(new), os.O_RDONLY) as descriptor:
                copy_metadata(descriptor, like=old)
                if os.fstat(descriptor).st_uid != os.fstat(old).st_uid:
                    raise OSError
            ours = {*self.files, *self.without}
            for other in self.target.iterdir():
                if other.name not in ours:
                    (new / other.name).hardlink_to(other)
            warnings = self._fill(new)
            exchange(new, self.target)
            sync(self.target.parent)
            to_its_end(lambda: self._keep_others(new, ours))
        return warnings

    def _keep_others(self, old: Path, ours: Collection[str]) -> None:
        """Move back what another program has put into the old folder before it changed places."""
        for other in old.iterdir():
            place = self.target / other.name
            if other.name not in ours and not (place.exists() and place.samefile(other)):
                other.replace(place)

    def _move_in(self) -> tuple[str, ...]:
        """Move the new files into the folder one by one, once all are whole."""
        with temporary(self.folder, self.target, self.target) as staging, writing(self.folder):
            staging.create_folder()
            new = staging.name / "new"
            new.mkdir()
            warnings = self._fill(new)
            for name in self.without:
                (new / name).mkdir()
            sync(staging.name)
            ready = new.rename(staging.name / _READY)
            try:
                to_its_end(lambda: self._move(ready))
            except OSError:
                staging.is_kept = True
                raise
        return warnings

    def _move(self, ready: Path) -> None:
        """Move what is ready to its place."""
        with suppress(FileNotFoundError):  # a run that was killed before anything was
            for new in ready.iterdir():
                if new.is_dir():
                    (self.target / new.name).unlink(missing_ok=True)
                else:
                    new.replace(self.target / new.name)
            sync(self.target)

    def _fill(self, new: Path) -> tuple[str, ...]:
        """Write the files into a new folder, with the metadata of the old ones; warnings about what is not kept."""
        warnings: list[str] = []
        for name, content in self.files.items():
            path = str(Path(self.folder) / name)
            with writing(path):
                warnings += _write(new / name, content, self.target / name, path)
        sync_tree(new)
        return tuple(warnings)


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
    finally:
        os.close(descriptor)
