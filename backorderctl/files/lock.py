"""The lock of a file, for the one writer who may replace it, and the queue of those who wait for it; POSIX."""

import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from backorderctl.errors import BackorderctlError
from backorderctl.files.access import check_path, open_file, reading, shell_quoted

PATIENCE = 30.0
"""Seconds to wait for other writers while none of them changes the file."""
SILENCE = 1.0
"""Seconds of waiting before a message says what for."""
_STEP = 0.25
"""Seconds between two looks at whether the file has changed."""
_READINGS = 3
"""Readings of /proc/locks before a lock's holder counts as unknown."""

OnWait = Callable[[int | None], None]
"""Called once a writer has waited for a second, with the id of the process that it waits for, where that is known."""


@contextmanager
def locked(
    path: str, patience: float = PATIENCE, on_wait: OnWait = lambda _: None, *, folder: bool = False
) -> Iterator[int]:
    """The descriptor of the regular file, or the `folder`, at `path`, open and locked.

    BackorderctlError when others hold the lock and the file has not changed for `patience` seconds.

    The lock is flock on the file itself: it ends with its holder, however that ends, needs no second file, works on a
    file that may only be read, and is not dropped, as a lock of fcntl is, when the process closes another descriptor of
    the same file. A writer ends its turn by putting a new file in the place of the one that it has locked. Whoever
    locks the old file then sees that another one is at `path`, and tries again. So at most one process holds the lock
    of the file at `path`.

    This lock alone decides, but it serves writers in no order, because each of them replaces what the others wait for.
    So they queue for a lock of the folder first.
    """
    check_path(path)
    if not folder:
        _check_regular(path)
    waiting = _Waiting(path, patience, on_wait)
    with _turn(path, waiting):
        while True:
            # NFS gives an exclusive lock only on what is open for writing.
            access = os.O_RDWR if not folder and os.access(path, os.W_OK) else os.O_RDONLY
            with open_file(path, access) as file:
                with reading(path, "lock"):
                    is_free = lock(file, wait=False)
                    is_ours = is_free and os.path.samestat(os.fstat(file), Path(path).stat())
                if is_ours:
                    yield file
                    return
                if not is_free:
                    waiting.for_holder_of(file)
            _pause()


class _Waiting:
    """How long a writer has waited since the file last changed."""

    def __init__(self, path: str, patience: float, on_wait: OnWait) -> None:
        self._path = path
        self._patience = patience
        self._on_wait: OnWait | None = on_wait
        self._begin = self._changed = time.monotonic()
        self._version = version(path)
        self.step = min(_STEP, patience)

    def is_over(self, descriptor: int) -> bool:
        """Whether the wait is over; once it is time, also calls `on_wait` with the process that holds the lock."""
        now = time.monotonic()
        if (found := version(self._path)) != self._version:
            self._version, self._changed = found, now
        if self._on_wait and now - self._begin >= SILENCE:
            self._on_wait(lock_holder(descriptor))
            self._on_wait = None
        return now - self._changed >= self._patience

    def for_holder_of(self, file: int) -> None:
        """BackorderctlError when the holder of the file's lock has kept it for too long."""
        if self.is_over(file):
            process = lock_holder(file)
            name = "another process" if process is None else f"process {process}"
            hint = f"fuser -v {shell_quoted(self._path)}" if process is None else f"ps -p {process}"
            raise BackorderctlError(f"{self._path}: locked by {name}", hint=hint)


@contextmanager
def _turn(path: str, waiting: _Waiting) -> Iterator[None]:
    """Hold the lock of the file's folder, for which writers queue, while the block runs.

    Without it where the folder cannot be locked, and where the queue does not move.
    """
    try:
        folder = os.open(os.path.dirname(os.path.realpath(path)), os.O_RDONLY | os.O_DIRECTORY)  # noqa: PTH120
    except OSError:  # who may write to a folder may still not list it
        yield
        return
    try:
        _queue(folder, waiting)
        yield
    finally:
        os.close(folder)


def _queue(folder: int, waiting: _Waiting) -> None:
    """Wait until the folder's lock is ours, or patience is exhausted.

    The system serves those who wait for a lock in order, and puts whoever is interrupted at the end. So a thread waits
    that no signal interrupts; it gets nothing any longer once the descriptor is closed.
    """
    with suppress(OSError):  # some file systems lock no folders
        if lock(folder, wait=False) or waiting.is_over(folder):
            return
        import signal
        from threading import Event, Thread

        arrived = Event()

        def wait() -> None:
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            with suppress(OSError):
                lock(folder, wait=True)
            arrived.set()

        with suppress(RuntimeError):  # no thread can be started
            Thread(target=wait, daemon=True).start()
            while not arrived.wait(waiting.step) and not waiting.is_over(folder):
                pass


def lock(descriptor: int, *, wait: bool) -> bool:
    """Lock an open file against other writers until it is closed; False when one of them has it and we do not wait.

    BackorderctlError where Python has no such locks.
    """
    try:
        import fcntl
    except ImportError:
        message = "cannot write: this Python has no file locks (module fcntl), which Linux, macOS and WSL have"
        raise BackorderctlError(message) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock_holder(descriptor: int) -> int | None:
    """The id of the process that holds the file's lock, from Linux's /proc/locks; None where it is unknown.

    A reading may miss a lock while others come and go, so there are several.
    """
    status = os.fstat(descriptor)
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    for _ in range(_READINGS):
        with suppress(OSError), open("/proc/locks", encoding="ascii") as locks:  # noqa: PTH123
            for line in locks:
                match line.split():
                    case [_, "FLOCK", _, _, process, file, *_] if file == device and int(process) > 0:
                        return int(process)
    return None


def version(path: str) -> tuple[int, ...] | None:
    """A mark that differs once the file has been changed or replaced; None when there is no file."""
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return version_of(status)


def version_of(status: os.stat_result) -> tuple[int, ...]:
    """The version of the file that has this status."""
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


def _check_regular(path: str) -> None:
    with reading(path):
        mode = Path(path).stat().st_mode
    if stat.S_ISDIR(mode):
        raise BackorderctlError(f"{path}: cannot write: is a directory")
    if not stat.S_ISREG(mode):
        raise BackorderctlError(f"{path}: cannot write: not a regular file")


def _pause() -> None:
    from random import uniform

    time.sleep(uniform(0.001, 0.02))  # uneven, or the same writer could come too late every time
