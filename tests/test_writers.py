"""Many writers, and a file system that says no, through the command line: every fault is a real one."""

import fcntl
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Run
from processes import become_a_user, ended, folder_of_a_user, start

from backorderctl.cli import main
from backorderctl.store.load import load
from backorderctl.toml import atomic_file

WRITERS = 200
HEAD = "version = 1\n\n[sources.main]\n"
SET = ("config", "set", "backorders", "allow", "-q")


def shop(path: Path) -> None:
    path.write_text(HEAD + "".join(f"\n[products.P{number}]\n" for number in range(WRITERS)))


@pytest.mark.parametrize("parser", ["toml_rs", "tomllib"])
def test_two_hundred_writers_all_stand_and_a_reader_never_sees_a_torn_store(
    folder: Path, parser: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if parser == "toml_rs":
        pytest.importorskip("toml_rs")
    else:
        monkeypatch.setitem(sys.modules, "toml_rs", None)
    shop(folder / "store.toml")
    monkeypatch.setattr(atomic_file, "PATIENCE", 120)

    def write(number: int) -> Callable[[], None]:
        def once() -> None:
            assert main([*SET, "--product", f"P{number}"]) == 0

        return once

    children = [start(write(number)) for number in range(WRITERS)]
    reads = 0
    while os.waitid(os.P_PID, children[-1], os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        assert len(load("store.toml").products) == WRITERS
        reads += 1
    assert [ended(child) for child in children] == [0] * WRITERS
    assert all(product.settings for product in load("store.toml").products.values())
    assert list(folder.iterdir()) == [folder / "store.toml"]
    with capsys.disabled():
        print(f"\n{WRITERS} parallel `config set` with {parser}: {WRITERS} stand; {reads} reads meanwhile, none torn")


def test_a_locked_file_is_waited_for_and_then_named(
    run: Run, store_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic_file, "PATIENCE", 0.05)
    before = store_file.read_bytes()
    with store_file.open() as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        ran = run(*SET)
    assert ran == (2, "", "Error: store.toml: locked by another process\nHint: fuser -v store.toml\n")
    assert store_file.read_bytes() == before
    assert run(*SET).status == 0


def status(action: Callable[[], int]) -> int:
    """The exit status of a command line in a process of its own, so that limits and rights end with it."""
    child = os.fork()
    if not child:
        os._exit(action())
    return ended(child)


def test_a_full_disk_leaves_the_file_as_it_was(store_file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before, changed = store_file.read_bytes(), store_file.stat().st_mtime_ns

    def write() -> int:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        return main(SET)

    assert status(write) == 2
    assert capfd.readouterr().err == "Error: store.toml: cannot write: file too large\n"
    assert (store_file.read_bytes(), store_file.stat().st_mtime_ns) == (before, changed)
    assert list(store_file.parent.iterdir()) == [store_file]


@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "said"),
    [
        (0o555, 0o644, "cannot write to its folder: permission denied"),
        (0o755, 0o444, "cannot write: the file is read-only"),
        (0o755, 0o000, "cannot read: permission denied"),
    ],
)
def test_what_may_not_be_written_is_left_alone(
    capfd: pytest.CaptureFixture[str], folder_mode: int, file_mode: int, said: str
) -> None:
    with folder_of_a_user() as folder:
        path = folder / "store.toml"
        path.write_text(HEAD)

        def write() -> int:
            os.chdir(folder)
            become_a_user()
            return main(SET)

        if os.getuid() == 0:
            os.chown(path, 65534, 65534)
        path.chmod(file_mode)
        folder.chmod(folder_mode)
        assert status(write) == 2
        assert f"Error: store.toml: {said}" in capfd.readouterr().err
        path.chmod(0o644)
        assert path.read_text() == HEAD


def test_a_file_that_an_editor_saves_or_removes_meanwhile_loses_nothing(
    store_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backorderctl.edit import transaction
    from backorderctl.edit.operations import Changes, set_values
    from backorderctl.store.model import Place, Store
    from backorderctl.store.settings import BACKORDERS, Backorders, Scope

    saved: list[str] = []

    def operation(store: Store) -> tuple[Changes, None]:
        if not saved:
            saved.append(store_file.read_text() + "# saved by an editor\n")
            store_file.write_text(saved[0])
        return set_values(store, Place(Scope.GLOBAL), {BACKORDERS.key: Backorders.NO}), None

    transaction.write_store("store.toml", operation)
    assert store_file.read_text() == saved[0].replace('"notify"', '"no"')


def test_a_symbolic_link_stays_and_a_hard_link_is_broken_with_a_warning(run: Run, store_file: Path) -> None:
    Path("shared.toml").hardlink_to(store_file)
    Path("link.toml").symlink_to("store.toml")
    ran = run("config", "set", "backorders", "no", "-f", "link.toml")
    assert ran.status == 0
    assert "Warning: link.toml had 2 hard links; the others keep the old text\n" in ran.err
    assert Path("link.toml").is_symlink()
    assert '"no"' in store_file.read_text()
    assert '"notify"' in Path("shared.toml").read_text()
