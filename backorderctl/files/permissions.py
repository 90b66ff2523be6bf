"""Who may read a file: by its owner, its mode and its POSIX access list."""

import os
import struct

_ACCESS_LIST = "system.posix_acl_access"
# The tags of its entries, from Linux's include/uapi/linux/posix_acl.h.
_USER, _OWNING_GROUP, _GROUP, _MASK, _OTHER = 0x02, 0x04, 0x08, 0x10, 0x20
_READ = 4


def may_read(descriptor: int, uid: int) -> bool:
    """Whether a user may read an open file, by its owner, its mode and its access list."""
    status = os.fstat(descriptor)
    if uid in (0, status.st_uid):
        return True
    entries = _access_list(descriptor) or [(_OWNING_GROUP, status.st_mode >> 3, 0), (_OTHER, status.st_mode, 0)]
    mask = next((bits for tag, bits, _ in entries if tag == _MASK), _READ)
    groups = _groups(uid)
    own = [bits for tag, bits, who in entries if tag == _USER and who == uid]
    of_groups = [
        bits
        for tag, bits, who in entries
        if (tag == _OWNING_GROUP and status.st_gid in groups) or (tag == _GROUP and who in groups)
    ]
    if own or of_groups:
        return any(bits & mask & _READ for bits in own or of_groups)
    return any(bits & _READ for tag, bits, _ in entries if tag == _OTHER)


def user_name(uid: int) -> str:
    """The name of a user, or the number of one without a name."""
    from pwd import getpwuid

    try:
        return getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


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
