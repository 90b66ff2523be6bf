"""What happens to a file when editors, other writers, full disks and kills come between; every fault is a real one."""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from processes import answer, become_a_user, ended, folder_of_a_user, rewrite, running, start

from backorderctl.errors import BackorderctlError
from backorderctl.files import access, atomic_file
from backorderctl.files.atomic_file import Rewritten

Print = Callable[[str], None]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("store.toml")
    path.write_text("old\n")
    return path


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Print:
    """Prints a count that is worth quoting, past pytest's capture."""

    def show(line: str) -> None:
        with capsys.disabled():
            print(f"\n{line}")

    return show


def names() -> list[str]:
    return sorted(entry.name for entry in Path().iterdir())


# Editors, which take no lock


def save_in_place(path: Path, text: str) -> None:
    status = path.stat()
    path.write_text(text)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def save_by_rename(path: Path, text: str) -> None:
    status = path.stat()
    Path("new").write_text(text)
    os.utime("new", ns=(status.st_atime_ns, status.st_mtime_ns))
    Path("new").replace(path)


@pytest.mark.parametrize("save", [save_in_place, save_by_rename])
@pytest.mark.parametrize("text", ["OLD\n", "longer\n"], ids=["same size", "other size"])
def test_the_save_of_an_editor_during_a_write_is_kept(
    store: Path, save: Callable[[Path, str], None], text: str
) -> None:
    seen: list[str] = []

    def transform(before: str) -> str:
        seen.append(before)
        if len(seen) == 1:
            save(store, text)
        return before + "mine\n"

    assert rewrite("store.toml", transform) == Rewritten(before=text, after=f"{text}mine\n", result=None, warnings=())
    assert (seen, store.read_text(), names()) == (["old\n", text], f"{text}mine\n", ["store.toml"])


def test_the_same_text_saved_by_rename_is_a_new_file_to_lock(store: Path) -> None:
    calls: list[str] = []

    def transform(before: str) -> str:
        calls.append(before)
        if len(calls) == 1:
            save_by_rename(store, before)
        return "mine\n"

    rewrite("store.toml", transform)
    assert calls == ["old\n"] * 2


def test_a_write_gives_up_when_an_editor_keeps_saving(store: Path) -> None:
    saved: list[str] = []

    def transform(before: str) -> str:
        saved.append(f"save {len(saved)}\n")
        save_by_rename(store, saved[-1])
        return before + "mine\n"

    with pytest.raises(BackorderctlError) as caught:
        rewrite("store.toml", transform)
    assert caught.value.message == "store.toml: changed by another program 5 times while it was being written"
    assert (store.read_text(), len(saved), names()) == (saved[-1], 5, ["store.toml"])


def test_an_editor_that_saves_all_the_time_wins_in_one_attempt(store: Path) -> None:
    attempts: list[str] = []

    def save_all_the_time() -> None:
        for number in range(1_000_000):
            Path("new").write_text(f"save {number}\n")
            Path("new").replace(store)
            time.sleep(0.005)

    def transform(before: str) -> str:
        attempts.append(before)
        while access.read_text("store.toml") == before:
            time.sleep(0.001)
        return "mine\n"

    with running(save_all_the_time), pytest.raises(BackorderctlError) as caught:
        rewrite("store.toml", transform)
    assert caught.value.message == "store.toml: another program keeps changing it while it is being written"
    assert len(attempts) < atomic_file.ATTEMPTS  # one, unless the editor got no turn on the processor
    assert store.read_text().startswith("save ")


def test_writers_of_a_file_that_was_just_created_are_no_other_program(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready, sender = os.pipe()

    def write_on() -> None:
        for number in range(1_000_000):
            rewrite("export.csv", lambda _, number=number: f"{number}\n")  # type: ignore[misc]
            if number == 0:
                os.write(sender, b".")

    with ExitStack() as others:

        def link(_: Path, target: Path) -> None:
            target.write_text("created by another process\n")
            others.enter_context(running(write_on))
            os.read(ready, 1)
            raise FileExistsError

        with monkeypatch.context() as patch:
            patch.setattr(os, "link", link)
            assert atomic_file.replace_bytes("export.csv", b"mine\n") == ()


def test_a_removed_file_is_not_created_again(store: Path) -> None:
    def transform(before: str) -> str:
        store.unlink()
        return "mine\n"

    with pytest.raises(BackorderctlError, match=r"^store\.toml: no such file$"):
        rewrite("store.toml", transform)
    assert names() == []


def test_a_removed_folder_is_not_created_again(store: Path) -> None:
    Path("shop").mkdir()
    store = store.rename("shop/store.toml")

    def transform(before: str) -> str:
        store.unlink()
        Path("shop").rmdir()
        return "mine\n"

    with pytest.raises(BackorderctlError, match=r"^shop/store\.toml: no such file$"):
        rewrite("shop/store.toml", transform)
    assert names() == []


def test_a_link_that_is_changed_during_a_write_leads_to_its_new_target(store: Path) -> None:
    Path("other").write_text("other\n")
    Path("link").symlink_to("store.toml")

    def transform(before: str) -> str:
        Path("link").unlink()
        Path("link").symlink_to("other")
        return before + "mine\n"

    rewrite("link", transform)
    assert (store.read_text(), Path("other").read_text()) == ("old\n", "other\nmine\n")


def test_a_pipe_in_the_place_of_the_file_does_not_hang(store: Path) -> None:
    def transform(before: str) -> str:
        store.unlink()
        os.mkfifo(store)
        return "mine\n"

    def act() -> object:
        signal.alarm(5)
        return rewrite("store.toml", transform)

    assert answer(act) == "store.toml: cannot write: no such device or address"
    assert answer(act) == "store.toml: cannot write: not a regular file"


def test_a_read_only_pipe_does_not_hang() -> None:
    def act() -> object:
        become_a_user()
        signal.alarm(5)
        return rewrite(str(pipe), str.upper)

    with folder_of_a_user() as folder:
        pipe = folder / "pipe"
        os.mkfifo(pipe, 0o444)
        assert answer(act) == f"{pipe}: cannot write: not a regular file"


# What lies between two system calls: an audit hook, of a process of its own, acts right before the one that is named


def before_the_first(event: str, action: Callable[[], object]) -> None:
    left = [event]

    def hook(name: str, _: object) -> None:
        if name in left:
            left.clear()
            action()

    sys.addaudithook(hook)


def test_a_file_replaced_between_opening_and_locking_is_not_read(store: Path) -> None:
    calls: list[str] = []

    def transform(before: str) -> str:
        calls.append(before)
        return before + "mine\n"

    def act() -> object:
        before_the_first("fcntl.flock", lambda: save_by_rename(store, "OLD\n"))
        rewrite("store.toml", transform)
        return calls

    assert answer(act) == "['OLD\\n']"
    assert store.read_text() == "OLD\nmine\n"


def test_a_file_created_by_another_program_meanwhile_is_kept(store: Path) -> None:
    def theirs() -> None:
        ours = names()
        atomic_file.create("new.toml", "theirs")
        assert names() == sorted([*ours, "new.toml"])  # our temporary file is no stray while we live

    def act(write: Callable[[], object]) -> object:
        before_the_first("os.link", theirs)
        return write()

    assert answer(lambda: act(lambda: atomic_file.create("new.toml", "ours"))) == "new.toml: file exists"
    assert access.read_text("new.toml") == "theirs"
    Path("new.toml").unlink()
    assert answer(lambda: act(lambda: atomic_file.replace_bytes("new.toml", b"ours"))) == "()"
    assert (access.read_text("new.toml"), names()) == ("ours", ["new.toml", "store.toml"])


def test_an_interrupt_right_before_the_rename_leaves_the_old_file(store: Path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    def act() -> object:
        before_the_first("os.rename", interrupt)
        with pytest.raises(KeyboardInterrupt):
            rewrite("store.toml", str.upper)
        return access.read_text("store.toml"), names()

    assert answer(act) == "('old\\n', ['store.toml'])"


# Full disks

FILL_A_DISK = """
import sys
from pathlib import Path
from backorderctl.errors import BackorderctlError
from backorderctl.files import atomic_file
Path("store.toml").write_text("old")
for act in (
    lambda: atomic_file.rewrite("store.toml", lambda text: ("new" * 100_000, None)),
    lambda: atomic_file.create("store.toml", "new" * 100_000, force=True),
    lambda: atomic_file.create("new.toml", "new" * 100_000),
):
    try:
        act()
    except BackorderctlError as failure:
        print(failure.message)
print(Path("store.toml").read_text(), [path.name for path in Path().iterdir()])
"""


def test_a_full_disk_leaves_the_old_file(store: Path) -> None:
    """On a file system of 64 KiB where one can be mounted, and elsewhere under the same limit to the size of a file."""
    mounted = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o size=64k none . && cd "$PWD" && exec "$@"', "-"]
    limited = ["sh", "-c", 'ulimit -f 64 && exec "$@"', "-"]
    seen = 0
    for prefix, reason in ((mounted, "no space left on device"), (limited, "file too large")):
        if shutil.which(prefix[0]) is None or subprocess.run([*prefix, "true"], capture_output=True).returncode:
            continue  # not every machine lets a user mount
        ran = subprocess.run([*prefix, sys.executable, "-c", FILL_A_DISK], capture_output=True, text=True, check=True)
        refused = [f"{name}: cannot write: {reason}\n" for name in ("store.toml", "store.toml", "new.toml")]
        assert ran.stdout == "".join(refused) + "old ['store.toml']\n"
        seen += 1
    assert seen


def test_a_file_too_large_for_the_process_leaves_the_old_one(store: Path) -> None:
    def act() -> object:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        return rewrite("store.toml", lambda _: "x" * 1001)

    assert answer(act) == "store.toml: cannot write: file too large"
    assert (store.read_text(), names()) == ("old\n", ["store.toml"])


# Other writers


def hold_the_lock(sender: int) -> None:
    def transform(text: str) -> str:
        os.write(sender, b"locked")
        signal.sigwait([signal.SIGTERM])  # for ever: nobody sends it
        return text

    rewrite("store.toml", transform)


def test_a_living_holder_is_waited_for_and_named(store: Path) -> None:
    receiver, sender = os.pipe()
    with running(lambda: hold_the_lock(sender)) as holder:
        assert os.read(receiver, 6) == b"locked"
        began = time.monotonic()
        with pytest.raises(BackorderctlError) as caught:
            rewrite("store.toml", str.upper, patience=0.2)
        assert caught.value.message == f"store.toml: locked by process {holder}"
        assert caught.value.hint == f"ps -p {holder}"
        assert 0.2 <= time.monotonic() - began < 5
        assert (access.read_text("store.toml"), names()) == ("old\n", ["store.toml"])


def test_the_lock_of_a_killed_holder_is_free(store: Path) -> None:
    receiver, sender = os.pipe()
    with running(lambda: hold_the_lock(sender)):
        assert os.read(receiver, 6) == b"locked"
    assert rewrite("store.toml", str.upper, patience=0).after == "OLD\n"


def test_a_second_writer_in_the_same_process_is_kept_out(store: Path) -> None:
    def transform(text: str) -> str:
        with pytest.raises(BackorderctlError, match="locked by process"):
            rewrite("store.toml", str.upper, patience=0)
        access.read_text("store.toml")
        with pytest.raises(BackorderctlError, match="locked by process"):
            rewrite("store.toml", str.upper, patience=0)
        return "mine\n"

    assert rewrite("store.toml", transform).before == "old\n"


def test_parallel_writers_lose_nothing_and_a_reader_sees_whole_texts(store: Path, report: Print) -> None:
    writers, lines = 100, 2
    store.write_text("begin\nend\n")
    gate, opener = os.pipe()
    receiver, sender = os.pipe()

    def write(number: int) -> None:
        os.close(opener)
        os.read(gate, 1)  # ends when the parent closes its side: all start at once

        def transform(text: str) -> str:
            os.close(os.open("in transform", os.O_CREAT | os.O_EXCL))
            Path("in transform").unlink()
            return text.replace("end\n", f"{number}\nend\n")

        for _ in range(lines):
            rewrite("store.toml", transform, patience=60)

    def watch() -> None:
        os.close(opener)
        while True:
            text = access.read_text("store.toml")
            whole = text.startswith("begin\n") and text.endswith("\nend\n") and text.count("end") == 1
            os.write(sender, b"." if whole else b"!")

    children = [start(lambda number=number: write(number)) for number in range(writers)]  # type: ignore[misc]
    with running(watch):
        os.read(receiver, 1)
        began = time.monotonic()
        os.close(opener)
        os.set_blocking(receiver, False)
        seen = b""
        statuses = []
        for child in children:
            statuses.append(ended(child))
            with suppress(BlockingIOError):
                seen += os.read(receiver, 1 << 20)
        took = time.monotonic() - began
    assert statuses == [0] * writers
    expected = Counter(str(number) for number in range(writers) for _ in range(lines))
    assert Counter(store.read_text().splitlines()[1:-1]) == expected
    assert names() == ["store.toml"]
    assert len(seen) > writers
    assert b"!" not in seen
    report(f"{writers} parallel writers: {writers * lines} of {writers * lines} lines stand, {took:.1f} s")
    report(f"independent reader meanwhile: {len(seen)} reads, 0 torn")


def test_one_of_several_parallel_creators_wins(store: Path, report: Print) -> None:
    gate, opener = os.pipe()
    receiver, sender = os.pipe()

    def make(number: int) -> None:
        os.close(opener)
        os.read(gate, 1)
        with suppress(BackorderctlError):
            atomic_file.create("new.toml", f"{number}\n" * 1000)
            os.write(sender, f"{number}\n".encode())
        atomic_file.replace_bytes("export.csv", f"{number}\n".encode() * 1000)

    children = [start(lambda number=number: make(number)) for number in range(30)]  # type: ignore[misc]
    os.close(opener)
    assert [ended(child) for child in children] == [0] * 30
    assert Path("new.toml").read_bytes() == os.read(receiver, 1000) * 1000
    assert len(set(Path("export.csv").read_text().splitlines())) == 1
    assert names() == ["export.csv", "new.toml", "store.toml"]
    report("30 parallel creators: 1 wins")


# Kills


def test_a_kill_leaves_a_whole_text_and_a_free_lock(store: Path, report: Print) -> None:
    def text(number: int) -> str:
        return f"{number}\n" * 50_000

    def next_text(before: str) -> str:
        return text(int(before.partition("\n")[0]) + 1)

    def write_on() -> None:
        while True:
            rewrite("store.toml", next_text)

    kills = 250
    written = strays = 0
    one_write = 0.005
    store.write_text(text(0))
    for _ in range(kills):
        with running(write_on):
            time.sleep(random.uniform(0, 4 * one_write))  # the block's end kills it
        number = int(store.read_text().partition("\n")[0])
        assert number >= written
        assert store.read_text() == text(number)
        strays += len(names()) - 1
        written = number + 1
        began = time.monotonic()
        assert rewrite("store.toml", next_text, patience=0).after == text(written)
        one_write = time.monotonic() - began
        assert names() == ["store.toml"]
    assert written > kills
    assert strays
    report(
        f"{kills} kills over {written} writes: 0 texts torn or lost; {strays} stray files, all gone by the next write"
    )


STRAY = "fedcba987654.tmp"


def test_a_stray_file_goes_with_the_next_write_and_nothing_else_does(store: Path) -> None:
    kept = [f".other.toml.backorderctl-{STRAY}", ".store.toml.swp", f"store.toml.backorderctl-{STRAY}"]
    kept += [".store.toml.backorderctl-notes.tmp", f".store.toml.backorderctl-0{STRAY}"]
    for name in [*kept, f".store.toml.backorderctl-{STRAY}", ".store.toml.backorderctl-0123456789ab.tmp"]:
        Path(name).touch()
    rewrite("store.toml", str)
    assert len(names()) == len(kept) + 3
    rewrite("store.toml", str.upper)
    assert names() == sorted([*kept, "store.toml"])


def test_the_temporary_file_of_a_living_writer_stays(store: Path) -> None:
    import fcntl

    name = f".store.toml.backorderctl-{STRAY}"
    with Path(name).open("w") as living:
        fcntl.flock(living, fcntl.LOCK_EX)
        rewrite("store.toml", str.upper)
        assert names() == [name, "store.toml"]
    rewrite("store.toml", str.lower)
    assert names() == ["store.toml"]
