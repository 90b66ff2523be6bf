"""Reading, replacing and creating files: what is kept, what is refused, and in which words."""

import fcntl
import os
import stat
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from processes import NOBODY, answer, become_a_user, ended, folder_of_a_user, rewrite, start

from backorderctl.errors import BackorderctlError, InvalidFile, Problem
from backorderctl.files import access, atomic_file
from backorderctl.files.access import MAX_SIZE
from backorderctl.files.atomic_file import Rewritten
from backorderctl.files.lock import locked
from backorderctl.files.permissions import may_read, user_name
from backorderctl.output.format import format_hint


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("store.toml")
    path.write_text("old\n")
    return path


@pytest.fixture(params=[0o000, 0o022, 0o077], ids="umask {:03o}".format)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.fixture
def user_folder() -> Iterator[Path]:
    with folder_of_a_user() as folder:
        yield folder


def new(text: str) -> str:
    return text.replace("old", "new")


def identity(path: Path) -> tuple[bytes, int, int, int]:
    status = path.stat()
    return path.read_bytes(), status.st_ino, status.st_mtime_ns, status.st_ctime_ns


def names(folder: str | Path = "") -> list[str]:
    return sorted(entry.name for entry in Path(folder).iterdir())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# Locking


def test_the_file_that_is_locked_is_the_one_at_its_path(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer replaces the file after another has opened it and before that one has the lock."""
    flock = fcntl.flock
    replaced: list[int] = []

    def lock(descriptor: int, operation: int) -> None:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode) and not replaced:
            replaced.append(os.fstat(descriptor).st_ino)
            Path("new").write_text("new\n")
            Path("new").replace(store)
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", lock)
    with locked("store.toml") as file:
        assert os.fstat(file).st_ino == store.stat().st_ino != replaced[0]


# Reading


def test_line_ends_are_read_unchanged(store: Path) -> None:
    store.write_bytes(b"\xef\xbb\xbfa\r\nb\nc\rd\xc3\xa9")
    assert access.read_text("store.toml") == "\ufeffa\r\nb\nc\rd\u00e9"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\xff\xfev", Problem("expected UTF-8, got byte 0xff", 1, 1)),
        (b"a\r\nb\xc3\xa9c\x80", Problem("expected UTF-8, got byte 0x80", 2, 4)),
        (b"\xef\xbb\xbfab\xed\xa0\x80", Problem("expected UTF-8, got byte 0xed", 1, 3)),
        (b"a\n\xe2\x82", Problem("expected UTF-8, got byte 0xe2", 2, 1)),
    ],
    ids=["utf-16", "after CRLF", "surrogate after BOM", "cut short"],
)
def test_text_that_is_not_utf8_is_refused_with_line_and_column(store: Path, content: bytes, problem: Problem) -> None:
    store.write_bytes(content)
    for act in (lambda: access.read_text("store.toml"), lambda: rewrite("store.toml", new)):
        with pytest.raises(InvalidFile) as caught:
            act()
        assert (caught.value.file, caught.value.problems) == ("store.toml", (problem,))
    assert store.read_bytes() == content


def test_a_pipe_can_be_read_but_not_written(store: Path) -> None:
    os.mkfifo("pipe")
    descriptor = os.open("pipe", os.O_RDWR)
    os.write(descriptor, b"text")
    os.set_blocking(descriptor, False)
    receiver, sender = os.pipe()
    os.write(sender, b"version = 1\n")
    os.close(sender)
    assert access.read_text(f"/dev/fd/{receiver}") == "version = 1\n"
    with pytest.raises(BackorderctlError, match="pipe: cannot write: not a regular file"):
        rewrite("pipe", new)
    assert os.read(descriptor, 9) == b"text"
    os.close(descriptor)
    os.close(receiver)


@pytest.mark.parametrize("act", [access.read_text, lambda path: rewrite(path, new)], ids=["read", "rewrite"])
@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("./store.toml", "./store.toml: no such file"),
        ("eu store.toml", "eu store.toml: no such file"),
        ("dangling", "dangling: no such file"),
        ("loop", "loop: cannot read: too many levels of symbolic links"),
        ("file/store.toml", "file/store.toml: cannot read: not a directory"),
        ("", "path: expected the name of a file, got ''"),
        ("a\0b", r"path: expected the name of a file, got 'a\x00b'"),
        ("\ud800", r"path: expected the name of a file, got '\ud800'"),
        ("n" * 300, "n" * 300 + ": cannot read: file name too long"),
    ],
)
def test_a_file_that_cannot_be_opened_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: Callable[[str], object], path: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("dangling").symlink_to("gone.toml")
    Path("loop").symlink_to("loop")
    Path("file").touch()
    with pytest.raises(BackorderctlError) as caught:
        act(path)
    assert (caught.value.message, caught.value.hint) == (message, None)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackorderctlError, match=r": cannot read: is a directory$"):
        access.read_text(str(tmp_path))
    with pytest.raises(BackorderctlError, match=r": cannot write: is a directory$"):
        rewrite(str(tmp_path), new)


def test_an_unreadable_file(user_folder: Path) -> None:
    path = user_folder / "store.toml"
    path.write_text("old\n")
    path.chmod(0o200)

    def act() -> object:
        become_a_user()
        return access.read_text(str(path))

    assert answer(act) == f"{path}: cannot read: permission denied"


# Replacing


def test_a_rewrite_gives_both_texts_and_leaves_one_file(store: Path) -> None:
    assert rewrite("store.toml", new) == Rewritten(before="old\n", after="new\n", result=None, warnings=())
    assert (store.read_text(), names()) == ("new\n", ["store.toml"])


def test_writing_the_same_text_does_not_touch_the_file(store: Path) -> None:
    store.chmod(0o444)
    before = identity(store)
    assert rewrite("store.toml", str) == Rewritten(before="old\n", after="old\n", result=None, warnings=())
    assert atomic_file.replace_bytes("store.toml", b"old\n") == ()
    assert identity(store) == before


def test_bom_and_line_ends_are_kept(store: Path) -> None:
    store.write_bytes(b"\xef\xbb\xbfold\r\nb\nc")
    rewrite("store.toml", new)
    assert store.read_bytes() == b"\xef\xbb\xbfnew\r\nb\nc"


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), FileNotFoundError(), BlockingIOError(), BackorderctlError("no")]
)
def test_an_exception_of_the_transform_leaves_the_file_alone(store: Path, error: BaseException) -> None:
    def transform(text: str) -> str:
        raise error

    before = identity(store)
    with pytest.raises(type(error)) as caught:
        rewrite("store.toml", transform)
    assert caught.value is error
    assert (identity(store), names()) == (before, ["store.toml"])
    assert rewrite("store.toml", new, patience=0).after == "new\n"


def test_text_that_is_not_utf8_is_refused(store: Path) -> None:
    before = identity(store)
    with pytest.raises(BackorderctlError, match=r"^store\.toml: cannot write: expected UTF-8, got '\\udcff'$"):
        rewrite("store.toml", lambda text: text + "\udcff")
    with pytest.raises(BackorderctlError, match="expected UTF-8"):
        atomic_file.create("other.toml", "\udcff")
    assert (identity(store), names()) == (before, ["store.toml"])


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("bits", [0o600, 0o640, 0o664, 0o666, 0o200, 0o755], ids="{:03o}".format)
def test_the_mode_is_kept_whatever_the_umask(store: Path, bits: int) -> None:
    store.chmod(bits)
    if bits & 0o400 or os.getuid() == 0:
        rewrite("store.toml", new)
        assert mode(store) == bits
        atomic_file.create("store.toml", "forced", force=True)
        assert (mode(store), store.read_text()) == (bits, "forced")


def test_a_new_file_obeys_the_umask(store: Path, umask: int) -> None:
    atomic_file.create("new.toml", "text")
    atomic_file.replace_bytes("new.csv", b"bytes")
    assert [mode(Path(name)) for name in ("new.toml", "new.csv")] == [0o666 & ~umask] * 2


def test_extended_attributes_are_kept(store: Path) -> None:
    try:
        os.setxattr(store, "user.origin", b"erp")
    except OSError:
        return  # this file system has none to keep
    rewrite("store.toml", new)
    assert os.getxattr(store, "user.origin") == b"erp"


def test_owner_and_group_are_kept_or_a_warning_is_given(user_folder: Path) -> None:
    path = user_folder / "store.toml"
    path.write_text("old\n")
    path.chmod(0o666)
    owner = path.stat()
    assert rewrite(str(path), new).warnings == ()
    assert (path.stat().st_uid, path.stat().st_gid) == (owner.st_uid, owner.st_gid)
    if os.getuid() == 0:
        os.chown(path, 1234, 5678)
        assert rewrite(str(path), str.upper).warnings == ()
        assert (path.stat().st_uid, path.stat().st_gid) == (1234, 5678)

        def act() -> object:
            become_a_user()
            return rewrite(str(path), str.lower).warnings[0]

        assert answer(act) == f"{path} belonged to 1234:5678 and now belongs to {NOBODY}:{NOBODY}"


def test_links_are_followed_and_kept(store: Path) -> None:
    for folder in ("real", "links"):
        Path(folder).mkdir()
    store.rename("real/store.toml")
    Path("links/relative").symlink_to("../real/store.toml")
    Path("chain").symlink_to("links/relative")
    Path("absolute").symlink_to(Path("chain").absolute())
    for number, link in enumerate(["links/relative", "chain", "absolute"]):
        rewrite(link, lambda text, number=number: f"{text}{number}")  # type: ignore[misc]
    atomic_file.create("chain", access.read_text("chain") + "!", force=True)
    assert Path("real/store.toml").read_text() == "old\n012!"
    assert [str(Path(link).readlink()) for link in ("links/relative", "chain")] == [
        "../real/store.toml",
        "links/relative",
    ]
    assert [names(folder) for folder in ("real", "links")] == [["store.toml"], ["relative"]]


def test_a_hard_link_is_broken_with_a_warning(store: Path) -> None:
    Path("other").hardlink_to(store)
    warning = "store.toml had 2 hard links; the others keep the old text"
    assert rewrite("store.toml", new).warnings == (warning,)
    assert (store.read_text(), Path("other").read_text()) == ("new\n", "old\n")
    assert rewrite("store.toml", str.upper).warnings == ()
    Path("other").unlink()
    Path("other").hardlink_to(store)
    assert atomic_file.replace_bytes("store.toml", b"") == (warning,)


@pytest.mark.parametrize("bits", [0o444, 0o400, 0o555], ids="{:03o}".format)
def test_a_read_only_file_is_refused_even_to_root(store: Path, bits: int) -> None:
    store.chmod(bits)
    before = identity(store)
    for act in (
        lambda: rewrite("store.toml", new),
        lambda: atomic_file.create("store.toml", "", force=True),
    ):
        with pytest.raises(BackorderctlError) as caught:
            act()
        assert caught.value.message == "store.toml: cannot write: the file is read-only"
        assert caught.value.hint == "chmod u+w store.toml"
    assert (identity(store), names()) == (before, ["store.toml"])


@pytest.mark.parametrize(
    ("folder_bits", "file_bits", "reason"),
    [
        (0o555, 0o666, "cannot write to its folder: permission denied"),
        (0o777, 0o644, "cannot write: permission denied"),
    ],
    ids=["folder", "file of another"],
)
def test_a_user_without_permission_cannot_write(
    user_folder: Path, folder_bits: int, file_bits: int, reason: str
) -> None:
    path = user_folder / "store.toml"
    path.write_text("old\n")
    if os.getuid() != 0 and file_bits == 0o644:
        file_bits = 0o464  # to the owner, what another's file is to others
    path.chmod(file_bits)
    user_folder.chmod(folder_bits)
    before = identity(path)

    def act() -> object:
        become_a_user()
        return rewrite(str(path), new)

    assert answer(act) == f"{path}: {reason}"
    assert (identity(path), names(user_folder)) == (before, ["store.toml"])


# Creating


def test_create_writes_a_new_file_and_no_other(store: Path) -> None:
    atomic_file.create("new.toml", "\ufeffa\r\n")
    assert Path("new.toml").read_bytes() == b"\xef\xbb\xbfa\r\n"
    assert (names(), Path("new.toml").stat().st_nlink) == (["new.toml", "store.toml"], 1)


def test_create_follows_a_dangling_link(store: Path) -> None:
    Path("link").symlink_to("new.toml")
    atomic_file.create("link", "text")
    assert (Path("link").readlink(), Path("new.toml").read_text()) == (Path("new.toml"), "text")


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("store.toml", "store.toml: file exists", ""),
        ("link", "link: file exists", ""),
        ("loop", "loop: file exists", ""),
        ("no such/new", "no such/new: no such folder: {folder}/no such", "mkdir -p '{folder}/no such'"),
        ("", "path: expected the name of a file, got ''", ""),
    ],
)
def test_create_refuses(store: Path, tmp_path: Path, path: str, message: str, hint: str) -> None:
    Path("link").symlink_to("store.toml")
    Path("loop").symlink_to("loop")
    before = identity(store)
    with pytest.raises(BackorderctlError) as caught:
        atomic_file.create(path, "text")
    assert caught.value.message == message.format(folder=tmp_path)
    assert format_hint(caught.value.hint or "") == hint.format(folder=tmp_path)
    assert (identity(store), names()) == (before, ["link", "loop", "store.toml"])


def test_bytes_are_written_unchanged(store: Path) -> None:
    atomic_file.replace_bytes("export.csv", b"\xff\0\r\n")
    assert Path("export.csv").read_bytes() == b"\xff\0\r\n"
    atomic_file.replace_bytes("export.csv", b"\xfe")
    assert Path("export.csv").read_bytes() == b"\xfe"
    Path("loop").symlink_to("loop")
    with pytest.raises(BackorderctlError, match="loop: cannot read: too many"):
        atomic_file.replace_bytes("loop", b"")
    with pytest.raises(BackorderctlError, match="gone/x: no such folder: "):
        atomic_file.replace_bytes("gone/x", b"")


# What is special about a file


@pytest.mark.parametrize(
    "name", ["n" * 227 + ".toml", "\u00e9" * 125 + ".toml", "n" * 255], ids=["232", "255 bytes", "255"]
)
def test_a_long_name_leaves_room_for_the_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    atomic_file.create(name, "old\n")
    rewrite(name, new)
    assert (names(), Path(name).read_text()) == ([name], "new\n")


def test_a_pipe_takes_what_is_written_as_it_comes(store: Path) -> None:
    os.mkfifo("pipe")
    with pytest.raises(BackorderctlError, match=r"^pipe: cannot write: nothing reads from this pipe$"):
        atomic_file.replace_bytes("pipe", b"bytes")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert atomic_file.replace_bytes("pipe", b"bytes") == ()
    assert os.read(reader, 9) == b"bytes"
    os.close(reader)
    assert atomic_file.replace_bytes("/dev/null", b"bytes") == ()
    assert names() == ["pipe", "store.toml"]


def test_a_folder_that_takes_no_files_is_named(store: Path) -> None:
    with pytest.raises(BackorderctlError, match=r"^/proc/x: cannot create a file in /proc$"):
        atomic_file.replace_bytes("/proc/x", b"")


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full", "/dev/null"])
def test_a_device_is_not_read(device: str) -> None:
    for act in (access.read_text, lambda path: rewrite(path, new)):
        with pytest.raises(BackorderctlError) as caught:
            act(device)
        assert caught.value.message in (
            f"{device}: cannot read: expected a file, got a device",
            f"{device}: cannot write: not a regular file",
        )


def test_a_pipe_without_a_writer_is_not_waited_for_forever(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "PIPE_PATIENCE", 0.1)
    os.mkfifo("pipe")
    with pytest.raises(BackorderctlError, match=r"^pipe: cannot read: nothing writes to this pipe$"):
        access.read_text("pipe")


def test_a_slow_writer_of_a_pipe_is_waited_for(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "PIPE_PATIENCE", 0.05)
    receiver, sender = os.pipe()

    def write() -> None:
        os.close(receiver)
        os.write(ready, b"!")
        time.sleep(0.2)
        os.write(sender, b"old\n")

    begun, ready = os.pipe()
    child = start(write)
    os.read(begun, 1)
    os.close(sender)
    assert access.read_text(f"/dev/fd/{receiver}") == "old\n"
    assert ended(child) == 0


def test_a_file_beyond_the_limit_is_not_read(store: Path) -> None:
    os.truncate("store.toml", MAX_SIZE + 1)
    with pytest.raises(BackorderctlError, match=r"^store\.toml: cannot read: expected at most 1 GiB, got more$"):
        access.read_text("store.toml")
    descriptor = os.open("store.toml", os.O_RDONLY)
    os.truncate("store.toml", 4)
    assert access.content(descriptor, "store.toml", limit=4) == b"old\n"
    with pytest.raises(BackorderctlError, match=r"^store\.toml: cannot read: expected at most 3 bytes, got more$"):
        access.content(descriptor, "store.toml", limit=3)
    os.close(descriptor)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file to another user")
@pytest.mark.parametrize(
    ("bits", "group", "refused"),
    [(0o660, 65534, True), (0o664, 65534, False), (0o660, 1, False)],
    ids=["owner outside the group", "everybody", "owner in the group"],
)
def test_a_file_is_not_taken_from_an_owner_who_could_no_longer_read_it(
    user_folder: Path, bits: int, group: int, refused: bool
) -> None:
    """The owner is user 1, whose own group is 1; the writer is nobody, in groups 65534 and 1."""
    path = user_folder / "store.toml"
    path.write_text("old\n")
    os.chown(path, 1, group)
    path.chmod(bits)

    def act() -> object:
        os.setgroups([65534, 1])
        os.setgid(65534)
        os.setuid(65534)
        return rewrite(str(path), new).warnings

    if refused:
        assert answer(act) == f"{path}: cannot write: its owner, {user_name(1)}, could no longer read it"
        assert path.read_text() == "old\n"
    else:
        assert answer(act) == f"('{path} belonged to 1:{group} and now belongs to 65534:{group}',)"
        assert (path.read_text(), path.stat().st_gid, mode(path)) == ("new\n", group, bits)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file to another user")
def test_an_access_list_decides_who_may_read(store: Path) -> None:
    def entries(*each: tuple[int, int, int]) -> bytes:
        return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in each)

    nobody = 0xFFFFFFFF
    os.chown(store, 7, 7)
    descriptor = os.open(store, os.O_RDWR)
    for bits, mask, allowed in ((6, 6, True), (6, 2, False), (2, 6, False)):
        access = entries((1, 6, nobody), (2, bits, 1), (4, 4, nobody), (16, mask, nobody), (32, 6, nobody))
        try:
            os.setxattr(descriptor, "system.posix_acl_access", access)
        except OSError:
            pytest.skip("this file system has no access lists")
        assert may_read(descriptor, 1) is allowed
        assert may_read(descriptor, 0)
        assert may_read(descriptor, 7)
        assert may_read(descriptor, 4242)  # by what others may do
    os.close(descriptor)
