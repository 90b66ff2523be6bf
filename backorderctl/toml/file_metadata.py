"""What a file has besides its bytes: owner, group, mode, access list, and who may write to it."""

import os
import stat
import struct
from collections.abc import Iterator
from contextlib import suppress

_ACCESS_LIST = "system.posix_acl_access"
# The tags of its entries, from Linux's include/uapi/linux/posix_acl.h.
_USER, _OWNING_GROUP, _GROUP, _MASK, _OTHER = 0x02, 0x04, 0x08, 0x10, 0x20
_WRITE = 2


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
    """The name of a user, or the number where there is none."""
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
