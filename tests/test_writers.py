"""Many writers, and a file system that says no, through the command line: every fault is a real one."""

import fcntl
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import Run
from processes import become_a_user, ended, folder_of_a_user, running, start

from backorderctl.cli import main
from backorderctl.store.load import load
from backorderctl.store.model import StoreFile

WRITERS = 200
HEAD = "version = 1\n\n[sources.main]\n"
SET = ("config", "set", "backorders", "allow", "-q")


def shop(path: Path) -> None:
    path.write_text(HEAD + "".join(f"\n[products.P{number}]\n" for number in range(WRITERS)))


@pytest.mark.parametrize("parser", ["toml_rs", "tomllib"])
def test_all_of_two_hundred_writers_succeed_and_a_reader_never_sees_a_torn_store(
    folder: Path, parser: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if parser == "toml_rs":
        pytest.importorskip("toml_rs")
    else:
        monkeypatch.setitem(sys.modules, "toml_rs", None)
    shop(folder / "store.toml")

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
        print(f"\n{WRITERS} parallel `config set` with {parser}: {WRITERS} succeed; {reads} reads meanwhile, none torn")


def waiting(folder: Path) -> int:
    """How many processes wait for the folder's lock: each once, though a line may come twice while others change."""
    inode = f":{folder.stat().st_ino} "
    lines = Path("/proc/locks").read_text().splitlines()
    return len({line.split()[5] for line in lines if inode in line and "->" in line})


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="the system does not list its locks")
def test_writers_are_served_in_the_order_in_which_they_came(folder: Path) -> None:
    (folder / "store.toml").write_text(HEAD)
    skus = [f"P{number}" for number in range(30)]
    children = []
    with locked_folder(folder):
        for number, sku in enumerate(skus):
            # The queue does not move while they start, which may take long on a machine with other work.
            add = ["product", "add", sku, "-q", "--wait", "600"]
            children.append(start(lambda add=add: main(add)))  # type: ignore[misc]
            while waiting(folder) <= number:
                time.sleep(0.001)
    assert [ended(child) for child in children] == [0] * len(skus)
    assert list(load("store.toml").products) == skus


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Hold the folder's lock in a process of its own: one that is forked while we held it would hold it, too."""
    begun, ready = os.pipe()

    def hold() -> None:
        descriptor = os.open(folder, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.write(ready, b"locked")
        signal.pause()

    with running(hold):
        assert os.read(begun, 6) == b"locked"
        yield


def test_a_locked_file_is_waited_for_and_its_holder_named(run: Run, store_file: Path) -> None:
    before = store_file.read_bytes()
    with store_file.open() as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        ran = run(*SET, "--wait", "0.05")
        assert run(*SET, "--wait", "0").status == 2
    process = os.getpid()
    assert ran == (2, "", f"Error: store.toml: locked by process {process}\nHint: ps -p {process}\n")
    assert store_file.read_bytes() == before
    assert run(*SET).status == 0


def test_after_a_second_a_writer_says_what_it_waits_for(run: Run, store_file: Path) -> None:
    with store_file.open() as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        ran = run("config", "set", "backorders", "no", "--wait", "1.2")
        quiet = run(*SET, "--wait", "1.2")
    assert ran.err.splitlines()[0] == f"store.toml: waiting for process {os.getpid()} to finish writing"
    assert quiet.err.startswith("Error: store.toml: locked by process ")


def test_a_queue_that_does_not_move_leaves_the_decision_to_the_lock_of_the_file(run: Run, store_file: Path) -> None:
    with locked_folder(store_file.parent):
        assert run(*SET, "--wait", "0.1") == (0, "", "")


def test_a_queue_that_moves_turns_no_writer_away(run: Run, store_file: Path) -> None:
    def save_for_a_while() -> None:
        text = store_file.read_text()
        with store_file.open() as holder:
            fcntl.flock(holder, fcntl.LOCK_EX)
            os.write(ready, b"locked")
            for number in range(10):
                time.sleep(0.1)
                store_file.write_text(f"{text}# {number}\n")

    begun, ready = os.pipe()
    saver = start(save_for_a_while)
    assert os.read(begun, 6) == b"locked"
    assert run(*SET, "--wait", "0.5") == (0, "", "")
    assert ended(saver) == 0
    assert store_file.read_text().endswith("# 9\n")


@pytest.mark.parametrize("seconds", ["x", "-1", "nan", "inf", ""])
def test_wait_takes_a_number_of_seconds(run: Run, store_file: Path, seconds: str) -> None:
    message = f"Error: --wait: expected a number of seconds from 0 to 86400, got {seconds!r}\n"
    assert run("config", "set", "backorders", "no", "--wait", seconds) == (2, "", message)


def test_the_environment_says_how_long_to_wait(run: Run, store_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKORDERCTL_WAIT", "0")
    with store_file.open() as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        assert run(*SET).err.startswith("Error: store.toml: locked by process ")


def test_a_folder_that_may_not_be_listed_needs_no_queue() -> None:
    with folder_of_a_user() as folder:
        path = folder / "store.toml"
        path.write_text(HEAD)
        if os.getuid() == 0:
            os.chown(path, 65534, 65534)
        folder.chmod(0o300)

        def write() -> int:
            os.chdir(folder)
            become_a_user()
            return main(SET)

        assert status(write) == 0
        folder.chmod(0o700)
        assert "allow" in path.read_text()


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


@pytest.mark.parametrize("command", [("export", "magento", "all"), ("export", "sql", "--dialect", "duckdb")])
def test_a_folder_without_permission_to_write_is_named_as_it_was_typed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    with folder_of_a_user() as folder:
        (folder / "store.toml").write_text(HEAD)
        # What is imported on demand may be in folders that only this user can read.
        assert main([*command, "-q", "--to", str(tmp_path / "out"), "-f", str(folder / "store.toml")]) == 0

        def write() -> int:
            os.chdir(folder)
            become_a_user()
            return main([*command, "--to", "out"])

        folder.chmod(0o555)
        capfd.readouterr()
        assert status(write) == 2
        assert capfd.readouterr().err == "Error: out: cannot write to its folder: permission denied\n"
        assert [path.name for path in folder.iterdir()] == ["store.toml"]


@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "said"),
    [
        (0o555, 0o644, "cannot write to its folder: permission denied"),
        (0o755, 0o444, "cannot write: the file is read-only"),
        (0o755, 0o000, "cannot read: permission denied"),
    ],
)
def test_a_file_without_permission_to_write_is_left_alone(
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
    from backorderctl.store.model import Place
    from backorderctl.store.settings import BACKORDERS, Backorders, Scope

    saved: list[str] = []

    def operation(store: StoreFile) -> tuple[Changes, None]:
        if not saved:
            saved.append(store_file.read_text() + "# saved by an editor\n")
            store_file.write_text(saved[0])
        return set_values(store, [Place(Scope.GLOBAL)], {BACKORDERS.key: Backorders.NO}), None

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
