"""A store file in a revision of its git repository."""

import os
import subprocess
from pathlib import Path
from typing import NamedTuple

from backorderctl.errors import BackorderctlError
from backorderctl.files.access import MAX_SIZE, too_large

PREFIX = "git:"
GIT_PATIENCE = 30
"""Seconds to wait for an answer of git: a lock or a network file system may keep it."""
_NO_PROGRAMS = (
    "-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false",
)  # fmt: skip
"""A repository that is a folder of another one may not configure anything, and no program is started to read."""
_NO_NETWORK = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}


def revision_content(side: str, *, default_path: str) -> bytes:
    """The bytes of `git:REV` or `git:REV:PATH`, PATH relative to here; BackorderctlError when git cannot give them."""
    revision, _, path = side.removeprefix(PREFIX).partition(":")
    if not revision:
        raise BackorderctlError(f"{side}: expected git:REV or git:REV:PATH")
    folder, name = os.path.split(path or default_path)
    if not folder.startswith("/"):
        folder, name = "", path or default_path
    blob = f"{revision}:./{os.path.normpath(name)}"
    found = _found(folder, blob, side)
    if found is None:
        shown = git(folder, "show", "--end-of-options", blob)
        raise _failure(side, revision, folder, shown.stderr.decode(errors="replace"))
    if found.size > MAX_SIZE:
        raise too_large(side, MAX_SIZE)
    return git(folder, "cat-file", "blob", found.name).stdout


class _Blob(NamedTuple):
    """A file's content as git keeps it: the name of the object, and its size in bytes."""

    name: str
    size: int


def _found(folder: str, path: str, side: str) -> _Blob | None:
    """The file at `REV:PATH`, symbolic links followed as long as they stay in the repository; None when git has none.

    BackorderctlError when a link leads elsewhere, or to no file.
    """
    if "\n" in path:
        return None  # git takes a path a line
    answer = git(folder, "cat-file", "--follow-symlinks", "--batch-check", lines=f"{path}\n").stdout
    first, _, rest = answer.decode(errors="surrogateescape").partition("\n")
    match first.split():
        case [blob, "blob", size]:
            return _Blob(blob, int(size))
        case ["symlink", _]:
            raise BackorderctlError(f"{side}: a symbolic link out of the repository, to {rest.rstrip()!r}")
        case ["dangling" | "loop" | "notdir", _]:
            raise BackorderctlError(f"{side}: a symbolic link that leads to no file in this revision")
        case [_, "tree", _]:
            raise BackorderctlError(f"{side}: expected a file, got a folder")
    return None


def name(side: str, *, default_path: str) -> str:
    """The side in full, with its path."""
    revision, _, path = side.removeprefix(PREFIX).partition(":")
    return f"{PREFIX}{revision}:{path or default_path}"


def branches_and_tags() -> list[str]:
    """`HEAD` and the branches and tags of the repository here, none where there is no repository or no git."""
    try:
        listed = git("", "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags")
    except BackorderctlError:
        return []
    names = listed.stdout.decode(errors="replace").splitlines()
    return [] if listed.returncode else list(dict.fromkeys(["HEAD", *names]))


def is_revision(text: str) -> bool:
    """Whether git knows a commit by this name here; False also where there is no git."""
    try:
        return not text.startswith("-") and _is_commit("", text)
    except BackorderctlError:
        return False


def committed_in(file: str) -> str | None:
    """The commit of HEAD, or of `git:REV`, that has a file as it is read; None when there is none, or it differs."""
    path = Path(file).absolute()
    folder, revision = ("", file.split(":")[1]) if file.startswith(PREFIX) else (str(path.parent), "HEAD")
    try:
        same = not folder or revision_content(f"{PREFIX}HEAD:{path}", default_path=file) == path.read_bytes()
        commit = git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except (BackorderctlError, OSError):
        return None
    return commit.stdout.decode().strip() or None if same else None


def is_new_since(side: str, *, default_path: str) -> bool:
    """Whether `git:REV`, without a path, is a revision that does not have the file that is here."""
    revision, _, path = side.removeprefix(PREFIX).partition(":")
    folder, name = os.path.split(default_path)
    if path or not revision or revision.startswith("-") or not os.path.lexists(default_path):
        return False
    if not _is_commit(folder, revision):
        return False
    return bool(git(folder, "cat-file", "-e", f"{revision}:./{name}").returncode)


def _is_commit(folder: str, revision: str) -> bool:
    words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    return git(folder, *words).returncode == 0


def _failure(side: str, revision: str, folder: str, said: str) -> BackorderctlError:
    """Git's own message, or a hint where a shallow clone does not have the revision."""
    lines = [line.removeprefix("fatal: ") for line in said.splitlines() if line.strip()] or ["git gave no answer"]
    shallow = git(folder, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
    if shallow and not _is_commit(folder, revision):
        return BackorderctlError(f"{side}: this clone is shallow and has no {revision!r}", hint="git fetch --unshallow")
    return BackorderctlError(f"{side}: git: {lines[0].rstrip('.')}")


def git(folder: str, *words: str, lines: str = "") -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder, or here for ""; its status says whether it did what it was asked.

    BackorderctlError when there is no git, or when it does not answer in time.
    """
    typed = lines.encode(errors="surrogateescape")
    try:
        return subprocess.run(
            command(folder, *words),
            capture_output=True,
            input=typed,
            check=False,
            timeout=GIT_PATIENCE,
            env=environment(),
        )
    except FileNotFoundError:
        raise no_git() from None
    except subprocess.TimeoutExpired:
        raise BackorderctlError(f"git: no answer within {GIT_PATIENCE} seconds") from None


def command(folder: str, *words: str) -> list[str]:
    """The words that run git without any program that a repository's configuration names."""
    return ["git", *(("-C", folder) if folder else ()), "--no-pager", *_NO_PROGRAMS, *words]


def environment() -> dict[str, str]:
    """The environment in which git asks no server for objects that a partial clone lacks, and speaks English."""
    return {**os.environ, **_NO_NETWORK}


def no_git() -> BackorderctlError:
    """The error where git is not installed."""
    return BackorderctlError("git: not found; git:REV is read with it")
