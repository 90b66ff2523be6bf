"""What is written beside a file or folder: whole or not there at every point where a kill or an interrupt can come."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from processes import answer, ended, start

from backorderctl.errors import BackorderctlError
from backorderctl.files import atomic_file, beside
from backorderctl.files.access import open_file
from backorderctl.files.atomic_folder import write_folder
from backorderctl.files.beside import scratch_folder, written_beside
from backorderctl.files.lock import lock

CALLS = ("fchmod", "fchown", "fsync", "link", "mkdir", "open", "rename", "replace", "rmdir", "unlink", "write")
"""What changes a folder, in the module os; the exchange lies between two of them."""
OLD = {"a.csv": b"old a", "b.csv": b"old b", "gone.sh": b"old"}
NEW = {"a.csv": b"new a", "b.csv": b"new b", "c.csv": b"new c"}


@contextmanager
def before_call(number: int, action: Callable[[], object]) -> Iterator[list[str]]:
    """Do `action` right before the call of that number; gives the names of the calls."""
    called: list[str] = []

    def watched(name: str) -> Callable[..., object]:
        call = getattr(os, name)

        def watch(*words: object, **options: object) -> object:
            called.append(name)
            if len(called) == number:
                action()
            return call(*words, **options)

        return watch

    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, watched(name))
        yield called


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def export() -> None:
    write_folder("out", NEW, without=["gone.sh"])


@pytest.fixture(params=["none", "files", "folder"])
def out(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to write: none yet, one with another's file, and one whose own folder keeps it from being exchanged."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "keep").mkdir()
    (tmp_path / "keep" / "mine.txt").write_bytes(b"mine")
    for name, old in OLD.items():
        (tmp_path / "keep" / name).write_bytes(old)
    if request.param == "folder":
        (tmp_path / "keep" / "more").mkdir()
    if request.param == "none":
        shutil.rmtree(tmp_path / "keep")
    return tmp_path / "out"


def prepared(out: Path) -> dict[str, bytes] | None:
    """Put the old folder in place; gives its files."""
    shutil.rmtree(out, ignore_errors=True)
    if (out.parent / "keep").exists():
        shutil.copytree(out.parent / "keep", out)
        return content(out)
    return None


def calls_of(out: Path, action: Callable[[], object]) -> int:
    prepared(out)
    with before_call(0, lambda: None) as called:
        action()
    return len(called)


def test_a_kill_at_any_call_leaves_a_folder_whole_or_not_there(out: Path) -> None:
    moved_one_by_one = (out.parent / "keep" / "more").exists()
    number = calls_of(out, export)
    assert number > 10
    for call in range(1, number + 1):
        old = prepared(out)
        new = NEW | ({"mine.txt": b"mine"} if old else {})

        def killed(call: int = call) -> None:
            with before_call(call, lambda: os._exit(0)):
                export()

        assert ended(start(killed)) == 0
        found = content(out) if out.exists() else None
        assert found in (old, new) or (moved_one_by_one and found is not None and found["mine.txt"] == b"mine")
        export()
        assert content(out) == new
        assert list(out.parent.rglob("*.tmp")) == []


def test_an_interrupt_at_any_call_leaves_a_folder_whole_and_nothing_else(out: Path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    for call in range(1, calls_of(out, export) + 1):
        old = prepared(out)
        new = NEW | ({"mine.txt": b"mine"} if old else {})
        with pytest.raises(KeyboardInterrupt), before_call(call, interrupt):
            export()
        assert (content(out) if out.exists() else None) in (old, new)
        assert list(out.parent.rglob("*.tmp")) == []


def test_a_full_disk_leaves_the_old_folder_and_names_the_file(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    old = prepared(out)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BackorderctlError) as caught:
        export()
    assert caught.value.message == "out/a.csv: cannot write: no space left on device"
    assert (content(out) if out.exists() else None) == old
    assert list(out.parent.rglob("*.tmp")) == []


def test_two_exports_into_one_folder_are_never_mixed(out: Path) -> None:
    prepared(out)
    for _ in range(10):
        children = [start(partial(write_folder, "out", dict.fromkeys(NEW, text))) for text in (b"1", b"2", b"3")]
        assert [ended(child) for child in children] == [0, 0, 0]
        found = content(out)
        assert len({found[name] for name in NEW}) == 1


def test_the_working_directory_stays_the_one_that_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_folder(".", NEW)
    assert content(Path.cwd()) == NEW
    assert Path.cwd().samefile(tmp_path)


def test_what_another_program_puts_into_the_folder_meanwhile_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_folder("out", OLD)
    exchange = beside.exchange

    def exchanged(one: Path, other: Path) -> None:
        (other / "late.txt").write_text("late")
        exchange(one, other)

    monkeypatch.setattr("backorderctl.files.atomic_folder.exchange", exchanged)
    export()
    assert content(tmp_path / "out") == NEW | {"late.txt": b"late"}


@pytest.mark.parametrize("place", [Path("out"), Path()], ids=["inside", "beside"])
def test_the_folder_is_locked_against_other_exports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    write_folder("out", OLD)
    if place.name:
        Path("out/more").mkdir()
    [living] = [f".out.backorderctl-{'0' * 12}.tmp"]
    (place / living).mkdir()
    with open_file(str(place / living), os.O_RDONLY) as descriptor:
        lock(descriptor, wait=True)
        export()
        assert (place / living).exists()
    export()
    assert not (place / living).exists()


# Answers that a program writes beside their place


@pytest.mark.parametrize("length", [4, 224, 255])
def test_a_name_of_any_length_is_written_through_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "n" * length
    Path("other").mkdir()
    Path("link").symlink_to(f"other/{name}")
    for text in ("old", "new"):
        with written_beside("link", folder=False) as path:
            path.write_text(text)
        assert (Path("link").is_symlink(), Path("other", name).read_text()) == (True, text)
    assert [path.name for path in Path("other").iterdir()] == [name]


def test_what_is_written_beside_is_synced_before_and_after_it_takes_its_place(tmp_path: Path) -> None:
    with before_call(0, lambda: None) as called, written_beside(str(tmp_path / "out"), folder=False) as path:
        path.write_text("text")
    assert [name for name in called if name in ("fsync", "rename", "replace")] == ["fsync", "replace", "fsync"]


def test_what_a_killed_run_left_beside_goes_with_the_next(tmp_path: Path) -> None:
    target = tmp_path / "answers.csv"

    def killed() -> None:
        with written_beside(str(target), folder=False) as path:
            path.write_text("half")
            os._exit(0)

    assert ended(start(killed)) == 0
    assert len(list(tmp_path.iterdir())) == 1
    with written_beside(str(target), folder=False) as path:
        path.write_text("whole")
    assert [(found.name, found.read_text()) for found in tmp_path.iterdir()] == [("answers.csv", "whole")]


def test_a_scratch_folder_of_a_killed_run_goes_with_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def killed() -> None:
        with scratch_folder() as folder:
            (folder / "spill").mkdir()
            os._exit(0)

    assert ended(start(killed)) == 0
    assert len(list(tmp_path.iterdir())) == 1
    with scratch_folder() as folder, scratch_folder() as other:
        assert sorted(tmp_path.iterdir()) == sorted([folder, other])
    assert list(tmp_path.iterdir()) == []


# File systems


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK])
@pytest.mark.parametrize("renames", [True, False], ids=["with renameat2", "without"])
def test_a_file_system_without_hard_links_takes_new_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, renames: bool
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "link", refuse)
    if not renames:
        monkeypatch.setattr("sys.platform", "other")
    atomic_file.create("new.toml", "text")
    assert answer(lambda: atomic_file.create("new.toml", "other")) == "new.toml: file exists"
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("new.toml", "text")]
    with pytest.raises(FileExistsError):
        beside.add(tmp_path / "new.toml", tmp_path / "new.toml")


def test_a_file_that_is_a_mount_says_what_to_mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("store.toml").write_text("old")

    def busy(*_: object) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(os, "replace", busy)
    with pytest.raises(BackorderctlError) as caught:
        atomic_file.replace_bytes("store.toml", b"new")
    reason = "device or resource busy; if it is a mount of its own, mount its folder instead"
    assert caught.value.message == f"store.toml: cannot write: {reason}"
    assert Path("store.toml").read_text() == "old"


def test_writers_that_begin_at_once_do_not_take_each_other_for_strays(folder: Path) -> None:
    def write(number: int) -> int:
        for _ in range(100):
            with beside.temporary("new", folder / "new") as made:
                made.create_folder()
                (made.name / "x").write_text("")
        return number

    with ThreadPoolExecutor(4) as writers:
        assert list(writers.map(write, range(4))) == [0, 1, 2, 3]
    assert not list(folder.iterdir())
