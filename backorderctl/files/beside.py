"""What is written beside a file or folder to take its place: locked while its writer lives, synced, and never left."""

import os
import re
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from backorderctl.errors import BackorderctlError
from backorderctl.files.access import check_path, open_file, reading, writing
from backorderctl.files.lock import lock

_RANDOM = 6
"""Random bytes in a temporary name."""
_LONGEST_NAME = 255
"""Bytes of the longest file name on common file systems."""
_NO_REPLACE, _EXCHANGE = 1, 2
"""Flags of Linux's renameat2, from include/uapi/linux/fs.h."""
_HERE = -100
"""AT_FDCWD: paths are relative to the working directory."""


class Temporary:
    """A file or folder with a name of its own in the folder `place`; called `path` in messages.

    What `is_kept` is left for the next writer.
    """

    def __init__(self, path: str, target: Path, place: Path) -> None:
        self.is_kept = False
        self.name = place / f"{_start(target)}{os.urandom(_RANDOM).hex()}.tmp"
        self._path = path
        self._descriptor: int | None = None

    def create_file(self, *, mode: int) -> int:
        """The descriptor of a new file, locked."""
        return self._created(lambda: os.open(self.name, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode))

    def create_folder(self) -> None:
        """Make a folder that nobody else may enter, and lock it."""

        def make() -> int:
            while True:
                self.name.mkdir(0o700)
                with suppress(FileNotFoundError):  # another writer took it for a stray before it was opened
                    return os.open(self.name, os.O_RDONLY | os.O_DIRECTORY)

        self._created(make)

    def _created(self, make: Callable[[], int]) -> int:
        while True:
            with writing(self._path, "write to its folder", folder=self.name.parent):
                descriptor = self._descriptor = make()
            lock(descriptor, wait=True)
            if os.path.lexists(self.name):
                return descriptor
            os.close(descriptor)  # another writer took it for a stray before it was locked

    def remove(self) -> None:
        """Remove the file or folder, unless it has another name by now."""
        if not self.is_kept:
            to_its_end(lambda: remove(self.name))
        if self._descriptor is not None:
            os.close(self._descriptor)


@contextmanager
def temporary(path: str, target: Path, place: Path | None = None) -> Iterator[Temporary]:
    """A name in `place`, or else beside `target`, for what is gone when the block ends, unless renamed.

    The block creates it: an interrupt between its creation and the beginning of the block would leave it there. What
    killed writers of `target` have left behind is removed.
    """
    place = place or target.parent
    remove_strays(target, place)
    made = Temporary(path, target, place)
    try:
        yield made
    finally:
        made.remove()


@contextmanager
def written_beside(path: str, *, folder: bool) -> Iterator[Path]:
    """A path to write a file or folder to, which takes the place of `path` when the block ends well.

    It lies in a temporary folder, so that whoever writes there may leave other files beside it. A symbolic link is
    followed. BackorderctlError, which names `path`, when nothing can be written there.
    """
    target = real_path(path)
    with temporary(path, target) as staging:
        staging.create_folder()
        new = staging.name / "new"
        if folder:
            new.mkdir()
        yield new
        with writing(path, folder=target.parent):
            sync_tree(new)
            new.replace(target)
        sync(target.parent)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder among the system's temporary files, gone when the block ends; those of killed runs are removed."""
    from tempfile import gettempdir

    place = Path(gettempdir())
    with temporary(str(place), place / "scratch") as folder:
        folder.create_folder()
        yield folder.name


def real_path(path: str) -> Path:
    """Where symbolic links lead; BackorderctlError when the path cannot be followed."""
    check_path(path)
    with reading(path):
        return Path(os.path.realpath(path))


def remove_strays(target: Path, place: Path) -> None:
    """Remove what killed writers of `target` have left in the folder: that of a living one is locked."""
    for stray in strays(target, place):
        # What cannot be removed disturbs nobody, and the next writer tries again.
        with suppress(OSError, BackorderctlError), open_file(str(stray), os.O_RDONLY | os.O_NOFOLLOW) as descriptor:
            if lock(descriptor, wait=False):
                remove(stray)


def strays(target: Path, place: Path) -> list[Path]:
    """The temporary files and folders of `target` in the folder."""
    start = _start(target)
    ours = re.compile(re.escape(start) + rf"[0-9a-f]{{{2 * _RANDOM}}}\.tmp")
    found: list[Path] = []
    with suppress(OSError), os.scandir(place) as entries:
        found += (Path(entry.path) for entry in entries if entry.name.startswith(start) and ours.fullmatch(entry.name))
    return found


def _start(target: Path) -> str:
    """The name of a temporary file up to its random part; a long name is shortened so that the whole is allowed."""
    name = target.name
    while len(os.fsencode(f".{name}.backorderctl-")) + 2 * _RANDOM + len(".tmp") > _LONGEST_NAME:
        name = name[:-1]
    return f".{name}.backorderctl-"


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it, as far as that is possible."""
    with suppress(OSError):
        if stat.S_ISDIR(path.lstat().st_mode):
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()


def to_its_end(action: Callable[[], object]) -> None:
    """Do what may be done again, and again if a signal interrupts it: a second signal does not."""
    try:
        action()
    except KeyboardInterrupt:
        action()
        raise


def add(new: Path, target: Path) -> None:
    """Give a new file or folder its name; FileExistsError when there is another by now, which a rename replaces."""
    try:
        os.link(new, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links, or a folder
        if not _renamed(new, target, _NO_REPLACE):
            if os.path.lexists(target):
                raise FileExistsError from None
            new.rename(target)
    else:
        new.unlink()


def exchange(one: Path, other: Path) -> None:
    """Let two files or folders change places at once; OSError where the file system does not do that."""
    if not _renamed(one, other, _EXCHANGE):
        raise OSError


def _renamed(old: Path, new: Path, flag: int) -> bool:
    """Whether the system has renamed so; FileExistsError when `new` is there and may not be replaced."""
    if sys.platform != "linux":
        return False
    import ctypes
    from errno import EEXIST

    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):
        return False
    if library.renameat2(_HERE, os.fsencode(old), _HERE, os.fsencode(new), flag) == 0:
        return True
    if ctypes.get_errno() == EEXIST:
        raise FileExistsError
    return False


def sync_tree(path: Path) -> None:
    """Let a file, or all files of a folder, outlast a power cut; OSError when the disk does not take them."""
    for folder, _, files in os.walk(path):
        for name in files:
            sync(Path(folder, name), strict=True)
        sync(Path(folder))
    if not path.is_dir():
        sync(path, strict=True)


def sync(path: Path, *, strict: bool = False) -> None:
    """Let a file, or the names in a folder, outlast a power cut.

    Only `strict` raises OSError: where folders cannot be synced, the new name is there whatever the answer is.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        if strict:
            raise


def write_all(descriptor: int, content: bytes) -> None:
    """Write all bytes to an open file, and let them outlast a power cut."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)


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
