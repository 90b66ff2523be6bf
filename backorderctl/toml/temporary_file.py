"""The temporary file that takes the place of another: how it is made, and the metadata that it takes over."""

import os
import re
import stat
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from backorderctl.errors import BackorderctlError
from backorderctl.toml.file_access import open_file, writing
from backorderctl.toml.file_lock import lock

_RANDOM = 6
"""Random bytes in a name."""
_LONGEST_NAME = 255
"""Bytes of the longest file name on common file systems."""
_ACCESS_LIST = "system.posix_acl_access"
# The tags of its entries, from Linux's include/uapi/linux/posix_acl.h.
_USER, _OWNING_GROUP, _GROUP, _MASK, _OTHER = 0x02, 0x04, 0x08, 0x10, 0x20
_WRITE = 2


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


def may_write(descriptor: int, uid: int) -> bool:
    """Whether a user may write to an open file, by its owner, its mode and its access list."""
    status = os.fstat(descriptor)
    if uid in (0, status.st_uid):
        return True
    entries = _access_list(descriptor) or [(_OWNING_GROUP, status.st_mode >> 3, 0), (_OTHER, status.st_mode, 0)]
    mask = next((bits for tag, bits, _ in entries if tag == _MASK), _WRITE)
    groups = _groups(uid)
    own = [bits for tag, bits, who in entries if tag == _USER and who == uid]
    of_groups = [
        bits
        for tag, bits, who in entries
        if (tag == _OWNING_GROUP and status.st_gid in groups) or (tag == _GROUP and who in groups)
    ]
    if own or of_groups:
        return any(bits & mask & _WRITE for bits in own or of_groups)
    return any(bits & _WRITE for tag, bits, _ in entries if tag == _OTHER)


def user_name(uid: int) -> str:
    """The name of a user, or the number of one without a name."""
    from pwd import getpwuid

    try:
        return getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _owners(status: os.stat_result) -> str:
    return f"{status.st_uid}:{status.st_gid}"


def _access_list(descriptor: int) -> list[tuple[int, int, int]]:
    """The entries of a POSIX access list: tag, permission bits, user or group; nothing where the file has none."""
    try:
        raw = os.getxattr(descriptor, _ACCESS_LIST)
    except (OSError, AttributeError):
        return []
    return list(struct.iter_unpack("<HHI", raw[4:]))


def _groups(uid: int) -> set[int]:
    from pwd import getpwuid

    try:
        user = getpwuid(uid)
    except KeyError:
        return set()
    return set(os.getgrouplist(user.pw_name, user.pw_gid))
