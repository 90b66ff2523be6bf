"""A store file in a revision of its git repository."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from backorderctl.errors import BackorderctlError
from backorderctl.files.access import MAX_SIZE, PREFIX, is_side, too_large

if TYPE_CHECKING:  # every command looks at whether its file is a revision, and few ask git
    import subprocess

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


def split_side(side: str) -> tuple[str, str]:
    """The revision and the path of `git:REV` or `git:REV:PATH`, "" for no path; a colon in braces is no end."""
    found = re.fullmatch(r"git:((?:[@^]\{[^}]*\}|[^:])+)(?::(.+))?", side, re.DOTALL)
    if found is None:
        raise BackorderctlError(f"{side}: expected git:REV or git:REV:PATH")
    return found[1], found[2] or ""


def name(side: str, *, default_path: str) -> str:
    """The side in full, with its path."""
    revision, path = split_side(side)
    return f"{PREFIX}{revision}:{path or default_path}"


def revision_content(side: str, *, default_path: str) -> bytes:
    """The bytes of `git:REV` or `git:REV:PATH`, PATH relative to here; BackorderctlError when git cannot give them."""
    folder, blob = _blob(side, default_path)
    if blob is None:
        raise BackorderctlError(f"{side}: {split_side(side)[1] or default_path} is not in this revision")
    size = git(folder, "cat-file", "-s", blob)
    if size.returncode:
        raise lacking(folder, side, blob)
    if int(size.stdout) > MAX_SIZE:
        raise too_large(side, MAX_SIZE)
    content = git(folder, "cat-file", "blob", blob)
    if content.returncode:
        raise lacking(folder, side, blob)
    return content.stdout


def is_new_since(side: str, *, default_path: str) -> bool:
    """Whether `git:REV`, without a path, is a revision that does not have the file that is here."""
    return not split_side(side)[1] and os.path.lexists(default_path) and _blob(side, default_path)[1] is None


def _blob(side: str, default_path: str) -> tuple[str, str | None]:
    """The folder that git is run in, "" for here, and the object that a file is: None where the revision has none.

    Absence is what the tree says: BackorderctlError where git cannot read it, or where a link leads to no file.
    """
    revision, path = split_side(side)
    folder, file = os.path.split(path or default_path)
    if not folder.startswith("/"):
        folder, file = "", os.path.normpath(path or default_path)
    commit = resolved(folder, f"{PREFIX}{revision}")
    listed = git(folder, "ls-tree", "-z", commit, "--", f"./{file}")
    if listed.returncode:
        raise _unreadable(folder, side, listed.stderr)
    match listed.stdout.split(b"\t")[0].split():
        case [b"100644" | b"100755", b"blob", blob]:
            return folder, blob.decode()
        case [_, b"tree", _]:
            raise BackorderctlError(f"{side}: expected a file, got a folder")
    return folder, _linked(folder, f"{commit}:./{file}", side)


def _linked(folder: str, path: str, side: str) -> str | None:
    """The file to which symbolic links in `REV:PATH` lead; None where nothing there has this name."""
    if "\n" in path:
        return None  # git takes a path a line
    answer = git(folder, "cat-file", "--follow-symlinks", "--batch-check", lines=f"{path}\n")
    first, _, rest = answer.stdout.decode(errors="surrogateescape").partition("\n")
    match first.split():
        case [blob, "blob", _]:
            return blob
        case ["symlink", _]:
            raise BackorderctlError(f"{side}: a symbolic link out of the repository, to {rest.rstrip()!r}")
        case ["dangling" | "loop" | "notdir", _]:
            raise BackorderctlError(f"{side}: a symbolic link that leads to no file in this revision")
        case [_, "tree", _]:
            raise BackorderctlError(f"{side}: expected a file, got a folder")
        case [*_, "missing"]:
            return None
    raise _unreadable(folder, side, answer.stderr)


def resolved(folder: str, revision: str) -> str:
    """The full name of the commit that `git:REV` names; BackorderctlError when git knows none."""
    words = ("rev-parse", "--verify", "--end-of-options", f"{revision.removeprefix(PREFIX)}^{{commit}}")
    answer = git(folder, *words)
    if b"only goes back to" in answer.stderr:
        raise BackorderctlError(f"{revision}: the reflog does not go back so far", hint="--since DATE")
    if not answer.returncode:
        return answer.stdout.decode().strip()
    if git(folder, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true":
        typed = revision.removeprefix(PREFIX)
        raise BackorderctlError(f"{revision}: this clone is shallow and has no {typed!r}", hint="git fetch --unshallow")
    if b"Needed a single revision" not in answer.stderr:
        raise _unreadable(folder, revision, answer.stderr)
    raise BackorderctlError(f"{revision}: git knows no such commit")


def lacking(folder: str, name: str, blob: str) -> BackorderctlError:
    """The error for a file whose content is not in the repository."""
    if _is_partial(folder):
        message = f"{name}: this clone is partial and lacks the content of the file (blob {blob[:7]})"
        return BackorderctlError(message, hint="git fetch --refetch --no-filter")
    message = f"{name}: this repository lacks the content of the file (blob {blob[:7]})"
    return BackorderctlError(message, hint="git fsck")


def _unreadable(folder: str, side: str, said: bytes) -> BackorderctlError:
    """Git's own message, or that the clone is partial."""
    if _is_partial(folder):
        return BackorderctlError(f"{side}: this clone is partial and lacks it", hint="git fetch --refetch --no-filter")
    lines = [line.removeprefix("fatal: ") for line in said.decode(errors="replace").splitlines() if line.strip()]
    return BackorderctlError(f"{side}: git: {lines[0].rstrip('.') if lines else 'no answer'}")


def _is_partial(folder: str) -> bool:
    words = ("config", "--get-regexp", r"^(extensions\.partialclone|remote\..*\.promisor)$")
    return git(folder, *words).returncode == 0


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
        return bool(text) and not text.startswith("-") and bool(resolved("", text))
    except BackorderctlError:
        return False


def committed_in(file: str) -> str | None:
    """The commit of HEAD, or of `git:REV`, that has a file as it is read; None when there is none, or it differs."""
    path = Path(file).absolute()
    folder, revision = ("", split_side(file)[0]) if is_side(file) else (str(path.parent), "HEAD")
    try:
        same = not folder or revision_content(f"{PREFIX}HEAD:{path}", default_path=file) == path.read_bytes()
        commit = git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except (BackorderctlError, OSError):
        return None
    return commit.stdout.decode().strip() or None if same else None


def git(folder: str, *words: str, lines: str = "") -> "subprocess.CompletedProcess[bytes]":
    """Run git in a folder, or here for ""; its status says whether it did what it was asked.

    BackorderctlError when there is no git, or when it does not answer in time.
    """
    import subprocess

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
