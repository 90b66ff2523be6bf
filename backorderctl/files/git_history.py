"""The commits that changed a file, along the first-parent line of its git repository, and its content in each."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from select import select
from typing import NamedTuple
from zoneinfo import ZoneInfo

from backorderctl.errors import BackorderctlError
from backorderctl.files.access import MAX_SIZE, PREFIX, is_side, too_large
from backorderctl.files.git_revision import (
    GIT_PATIENCE,
    command,
    environment,
    git,
    lacking,
    no_git,
    resolved,
    split_side,
)

_CHUNK = 1 << 16
_FIELDS = "%H%x00%P%x00%cI%x00%an%x00%s%x00"
_REGULAR_FILES = ("100644", "100755")


class Commit(NamedTuple):
    """A commit; `when` is its committer date, with the offset that it was made with."""

    name: str
    parents: tuple[str, ...]
    when: datetime
    author: str
    subject: str

    @property
    def short(self) -> str:
        """As many characters of the name as git shows."""
        return self.name[:7]

    def day(self, timezone: str | None) -> date:
        """Its day in a time zone by its IANA name, or by its own offset."""
        return (self.when.astimezone(ZoneInfo(timezone)) if timezone else self.when).date()


class Version(NamedTuple):
    """The file as one commit left it.

    `blob` names its content, None where it is no regular file. `origin` says where the history before it ends: None
    where it goes on.
    """

    commit: Commit
    path: str
    blob: str | None
    origin: "Origin | None" = None


class Origin(NamedTuple):
    """The oldest version: the commit that adds the file, or where a shallow clone ends.

    `removed` are other TOML files that the adding commit removes, as `REV:PATH`.
    """

    shallow: bool
    removed: tuple[str, ...] = ()


class History(NamedTuple):
    """A file in a repository: the folder that git is run in, the newest commit, and the path from the root."""

    folder: str
    tip: str
    path: str

    def commit_at(self, when: date | str, timezone: str | None) -> str | None:
        """The newest commit of the first-parent line before the first instant of a day, or that of `git:REV`.

        None where all commits are later. The day is one of the time zone, or else of each commit's own offset.
        """
        if isinstance(when, str):
            return resolved(self.folder, when)
        commits = _commits(self.folder, "--first-parent", self.tip, "--")
        return next((commit.name for commit, _ in commits if commit.day(timezone) < when), None)

    def names_since(self, base: str | None) -> set[str]:
        """The commits of the first-parent line that are not in the history of `base`, or all."""
        words = ("rev-list", "--first-parent", self.tip, *(("--not", base) if base else ()), "--")
        return set(_text(self.folder, *words).split())

    def branch(self, version: Version) -> list[str]:
        """The commits that touched the file on the branches that a merge brought in, the newest first."""
        commit = version.commit
        if len(commit.parents) < 2:
            return []
        words = ("rev-list", "--no-merges", commit.name, "--not", commit.parents[0], "--", _literal(version.path))
        return _text(self.folder, *words).split()

    def versions(self) -> Iterator[Version]:
        """The versions of the file, the newest first; a file that was renamed is followed under its older name."""
        tip, path, follow = self.tip, self.path, True
        while follow:
            follow = False
            for commit, changes in _commits(self.folder, "--first-parent", *_RAW, tip, "--", _literal(path)):
                change = next((change for change in changes if change.path == path), None)
                if change is None:
                    continue
                blob = change.blob if change.mode in _REGULAR_FILES else None
                if change.status != "A":
                    yield Version(commit, path, blob)
                    continue
                if commit.name in self._shallow_commits():
                    yield Version(commit, path, blob, Origin(shallow=True))
                    return
                older, removed = self._before(commit, path)
                origin = Origin(shallow=False, removed=removed) if older is None else None
                yield Version(commit, path, blob, origin)
                if older is None:
                    return
                tip, path, follow = commit.parents[0], older, True
                break

    def _before(self, commit: Commit, path: str) -> tuple[str | None, tuple[str, ...]]:
        """The name from which a commit renamed the file, or else the TOML files that it removed."""
        if not commit.parents:
            return None, ()
        words = ("diff-tree", "-r", "-M", "--raw", "-z", "--no-abbrev", "--no-commit-id", commit.parents[0])
        changes = list(_changes(iter(_text(self.folder, *words, commit.name).split("\0"))))
        for change in changes:
            if change.status == "R" and change.path == path:
                return change.old_path, ()
        removed = [change.path for change in changes if change.status == "D" and change.path.endswith(".toml")]
        return None, tuple(f"{commit.short}~1:{name}" for name in removed)

    def _shallow_commits(self) -> set[str]:
        """The commits at which a shallow clone ends."""
        listed = _text(self.folder, "rev-parse", "--git-path", "shallow").rstrip("\n")
        file = Path(self.folder, listed)
        return set(file.read_text(encoding="ascii").split()) if file.exists() else set()


def history_of(file: str, *, default_path: str) -> History:
    """The history of a file that is here, or of `git:REV` or `git:REV:PATH`; BackorderctlError when git has none."""
    revision, path = split_side(file) if is_side(file) else ("HEAD", file)
    folder, name = os.path.split(os.path.realpath(path or default_path))
    root = git(folder, "rev-parse", "--show-prefix")
    if root.returncode:
        raise BackorderctlError(f"{file}: expected a file in a git repository, got one in none")
    tip = resolved(folder, f"{PREFIX}{revision}")
    full = root.stdout.decode(errors="surrogateescape").removesuffix("\n") + name
    if not _text(folder, "ls-tree", "--full-tree", "-z", tip, "--", full):
        raise BackorderctlError(f"{file}: is not in {revision}")
    return History(folder, tip, full)


class Blobs:
    """The contents of blobs by their names, from one process of git that is closed with the block."""

    def __init__(self, process: subprocess.Popen[bytes], folder: str) -> None:
        self._process = process
        self._folder = folder
        self._stream = _Stream(process)

    def content(self, blob: str, name: str) -> bytes:
        """The bytes of the blob, called `name` in messages; BackorderctlError when git cannot give them whole."""
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write(f"{blob}\n".encode())
            stdin.flush()
            header = self._stream.until(b"\n").decode().split()
        except (BrokenPipeError, EOFError):  # a partial clone ends git, as no object is fetched
            header = []
        if header[1:2] != ["blob"]:
            raise lacking(self._folder, name, blob)
        if int(header[2]) > MAX_SIZE:
            raise too_large(name, MAX_SIZE)
        try:
            return self._stream.exactly(int(header[2]) + 1)[:-1]
        except EOFError:
            raise BackorderctlError(f"{name}: git ended before it gave the whole file") from None


@contextmanager
def blobs(folder: str) -> Iterator[Blobs]:
    """Contents of blobs of the repository of a folder."""
    with _running(folder, "cat-file", "--batch") as process:
        yield Blobs(process, folder)


class _Change(NamedTuple):
    """One file that a commit changes, as `git log --raw` has it."""

    status: str
    mode: str
    blob: str
    path: str
    old_path: str


_RAW = ("--diff-merges=first-parent", "--raw", "--root", "--no-renames", "--no-abbrev")


def _literal(path: str) -> str:
    return f":(top,literal){path}"


def _commits(folder: str, *words: str) -> Iterator[tuple[Commit, list[_Change]]]:
    """The commits that `git log` lists, with the files that each changes where `words` ask for them."""
    with _running(folder, "-c", "log.follow=false", "log", "-z", f"--format=tformat:{_FIELDS}", *words) as process:
        stream = _Stream(process)
        field = stream.text()
        while field is not None:
            name = field.lstrip("\0\n")
            parents, when, author, subject = (str(stream.text()) for _ in range(4))
            changes = []
            field = stream.text()
            while field is not None and (field == "" or field.lstrip("\n").startswith(":")):
                if field:
                    changes.append(_change(field.lstrip("\n"), iter(lambda: str(stream.text()), None)))
                field = stream.text()
            yield Commit(name, tuple(parents.split()), datetime.fromisoformat(when), author, subject), changes
        if process.wait(GIT_PATIENCE):
            assert process.stderr is not None
            raise BackorderctlError(f"git: {process.stderr.read().decode(errors='replace').strip()}")


def _changes(fields: Iterator[str]) -> Iterator[_Change]:
    for field in fields:
        if field.startswith(":"):
            yield _change(field, fields)


def _change(field: str, rest: Iterator[str]) -> _Change:
    """A change whose paths are the fields after it."""
    _, mode, _, blob, status = field[1:].split(" ")
    old_path = next(rest)
    return _Change(status[0], mode, blob, next(rest) if status[0] in "RC" else old_path, old_path)


def _text(folder: str, *words: str) -> str:
    answer = git(folder, *words)
    if answer.returncode:
        raise BackorderctlError(f"git: {answer.stderr.decode(errors='replace').strip().removeprefix('fatal: ')}")
    return answer.stdout.decode(errors="surrogateescape")


@contextmanager
def _running(folder: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of git that is ended with the block."""
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(command(folder, *words), env=environment(), stdin=pipe, stdout=pipe, stderr=pipe)
    except FileNotFoundError:
        raise no_git() from None
    with process:
        try:
            yield process
        finally:
            process.kill()


class _Stream:
    """What a process of git writes; BackorderctlError where it writes nothing for too long."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self._descriptor = process.stdout.fileno()
        self._bytes = bytearray()

    def text(self) -> str | None:
        """What comes before the next NUL; None at the end."""
        try:
            return self.until(b"\0").decode(errors="surrogateescape")
        except EOFError:
            return None

    def until(self, end: bytes) -> bytes:
        """The bytes before `end`, which is passed; EOFError when there is none."""
        while (at := self._bytes.find(end)) < 0:
            self._need_more()
        found = bytes(self._bytes[:at])
        del self._bytes[: at + len(end)]
        return found

    def exactly(self, size: int) -> bytes:
        """So many bytes; EOFError when there are fewer."""
        while len(self._bytes) < size:
            self._need_more()
        found = bytes(self._bytes[:size])
        del self._bytes[:size]
        return found

    def _need_more(self) -> None:
        if not self._more():
            raise EOFError

    def _more(self) -> bool:
        if not select([self._descriptor], [], [], GIT_PATIENCE)[0]:
            raise BackorderctlError(f"git: no answer within {GIT_PATIENCE} seconds")
        chunk = os.read(self._descriptor, _CHUNK)
        self._bytes += chunk
        return bool(chunk)
