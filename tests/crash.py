"""Every crash of every kind of write: `python tests/crash.py [NAME...]`, with strace.

Each command runs once, and strace records what it asks of the file system. The record is cut after each call. For each
cut there are the states in which a computer may come up again: data that was not synced is missing, a prefix or whole,
and of the names that were not synced (files made, renamed, linked, exchanged, removed) any set is undone. In each state
what the command writes must be as it was before or as it is afterwards, and once the command has ended with status 0 as
it is afterwards; and the next write must remove whatever was left. What cannot be seen here: the order of writes inside
a disk, what a network file system makes of them, and two files of one command, which are written one after the other.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from itertools import product
from math import prod
from pathlib import Path
from typing import NamedTuple

from backorderctl.cli import main as run_command

CALLS = (
    "openat,open,creat,write,pwrite64,ftruncate,fsync,fdatasync,mkdir,mkdirat,rmdir,"
    "rename,renameat,renameat2,link,linkat,unlink,unlinkat"
)
MOST_COMBINATIONS = 27
MOST_UNDONE = 5
"""Of more names that are not synced at once, the earlier ones are undone only together with all later ones."""
STORE = """version = 1

[global]
backorders = "no"
out_of_stock_threshold = 0
notify_for_quantity_below = 1
manage_stock = true
only_x_left_threshold = 0

[sources.main]

[products.A.sources.main]
quantity = 3
"""
FILES = {
    "store.toml": STORE,
    "changes.csv": "product,source,stock,key,value\nA,,,backorders,allow\n",
    "products.csv": "sku,name,qty\nB,Bag,4\n",
    "quantities.csv": "sku,source_code,quantity,status\nA,main,5,1\n",
}
EXPORT = ("export", "magento", "all", "--to", "out")


class Write(NamedTuple):
    """A command, what it writes, and what is there before: nothing, what another day has written, or others' files."""

    words: tuple[str, ...]
    target: str = "store.toml"
    before: tuple[tuple[str, ...], ...] = ()
    files: dict[str, str] = {}  # noqa: RUF012, as nobody changes it


CHANGED = ("config", "set", "backorders", "allow", "--product", "A")
WRITES = {
    "set": Write(("config", "set", "backorders", "allow")),
    "apply": Write(("config", "apply", "changes.csv")),
    "import": Write(("import", "magento", "--products", "products.csv")),
    "import into a new file": Write(("import", "magento", "--products", "products.csv", "-f", "new.toml"), "new.toml"),
    "accept": Write(("accept", "add", "BO104", "--product", "A", "--reason", "meant")),
    "schedule": Write(("config", "set", "backorders", "allow", "--from", "2030-01-01", "--reason", "later")),
    "init": Write(("init", "-f", "new.toml"), "new.toml"),
    "init by force": Write(("init", "--force")),
    "export csv": Write(("export", "csv", "--to", "out.csv"), "out.csv"),
    "export csv again": Write(
        ("export", "csv", "--to", "out.csv"), "out.csv", (("export", "csv", "--to", "out.csv"), CHANGED)
    ),
    "export magento products": Write(("export", "magento", "products", "--to", "p.csv.gz"), "p.csv.gz"),
    "export magento all": Write(EXPORT, "out"),
    "export magento all again": Write(EXPORT, "out", (EXPORT, CHANGED), {"out/mine.txt": "mine"}),
    "export sql": Write(("export", "sql", "--dialect", "duckdb", "--to", "out"), "out"),
    "test": Write(("test", "store.test.toml", "--junit", "junit.xml"), "junit.xml", (("init", "--tests"),)),
    "evaluate": Write(("evaluate", "quantities.csv", "--to", "answers.parquet"), "answers.parquet"),
    "evaluate again": Write(
        ("evaluate", "quantities.csv", "--to", "answers.csv"),
        "answers.csv",
        (("evaluate", "quantities.csv", "--to", "answers.csv"), CHANGED),
    ),
}


@dataclass
class File:
    """What is written to one file: the calls, by number, and the numbers of those that sync it."""

    durable: bytes = b""
    writes: list[tuple[int, int | None, bytes]] = field(default_factory=list)
    synced: list[int] = field(default_factory=list)


@dataclass(frozen=True, order=True)
class Name:
    """A call that changes names, by number; each is durable once the folder at `place` is synced."""

    number: int
    kind: str
    paths: tuple[str, ...]
    place: str
    file: File | None = field(default=None, compare=False)


@dataclass
class Record:
    """What a command has asked of the files below a folder; `tree` has the file at each path, None for a folder."""

    tree: dict[str, File | None]
    names: list[Name] = field(default_factory=list)
    folders: list[tuple[int, str]] = field(default_factory=list)
    calls: int = 0


def replay(tree: dict[str, File | None], name: Name) -> None:
    """Change the tree as a call does; nothing where what it needs is not there."""
    first, last = name.paths[0], name.paths[-1]
    if name.kind in ("file", "folder"):
        if os.path.dirname(first) in tree:  # noqa: PTH120
            tree[first] = name.file
    elif name.kind == "link":
        if first in tree and os.path.dirname(last) in tree:  # noqa: PTH120
            tree[last] = tree[first]
    elif name.kind == "remove":
        if len(_below(tree, first)) == 1:
            del tree[first]
    elif first in tree and (name.kind == "rename" or last in tree):
        one, other = _below(tree, first), _below(tree, last)
        for path in (*one, *other):
            del tree[path]
        tree.update({last + path.removeprefix(first): file for path, file in one.items()})
        if name.kind == "exchange":
            tree.update({first + path.removeprefix(last): file for path, file in other.items()})


def _below(tree: dict[str, File | None], top: str) -> dict[str, File | None]:
    return {path: file for path, file in tree.items() if path == top or path.startswith(f"{top}/")}


def recorded(words: Sequence[str], folder: Path) -> Record:
    """Run a command in a folder; BaseException when its status is not 0."""
    tree: dict[str, File | None] = {str(folder): None}
    for path in folder.rglob("*"):
        tree[str(path)] = File(path.read_bytes()) if path.is_file() else None
    log = folder.parent / "strace"
    command = ["strace", "-f", "-y", "-xx", "-s", "100000000", "-e", f"trace={CALLS}", "-o", str(log)]
    environment = {**os.environ, "TMPDIR": str(folder.parent / "tmp")}
    program = [sys.executable, "-m", "backorderctl", *words]
    subprocess.run([*command, *program], cwd=folder, env=environment, capture_output=True, check=True)
    record = Record(dict(tree))
    for line in _whole_lines(log.read_text()):
        _take(record, tree, line, str(folder))
    return record


def _whole_lines(log: str) -> Iterator[str]:
    """The calls of all threads, each in the line in which it ends."""
    begun: dict[str, str] = {}
    for line in log.splitlines():
        thread, _, call = line.partition(" ")
        call = call.strip()
        if call.endswith(" <unfinished ...>"):
            begun[thread] = call.removesuffix(" <unfinished ...>")
        elif resumed := re.match(r"<\.\.\. \w+ resumed>", call):
            yield begun.pop(thread) + call[resumed.end() :]
        else:
            yield call


_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"|(?:AT_FDCWD|\d+)<((?:\\x[0-9a-f]{2})*)>')


def _take(record: Record, tree: dict[str, File | None], line: str, folder: str) -> None:
    """Add a call to the record and to the present tree, unless it failed or is about files elsewhere."""
    match = re.match(r"(\w+)\((.*)\)\s+= (\d+)", line)
    if match is None:
        return
    call, arguments = match[1], match[2]
    found = _STRING.findall(arguments)
    texts = [bytes.fromhex((text or place).replace("\\x", "")) for text, place in found]
    is_text = [line_part.startswith('"') for line_part in (m[0] for m in _STRING.finditer(arguments))]
    paths: list[str] = []
    base = folder
    for text, quoted in zip(texts, is_text, strict=True):
        if not quoted:
            base = os.fsdecode(text)
        else:
            paths.append(os.path.normpath(os.path.join(base, os.fsdecode(text))))  # noqa: PTH118
    number = record.calls + 1
    if call in ("write", "pwrite64", "fsync", "fdatasync", "ftruncate"):
        path = os.fsdecode(texts[0]).removesuffix(" (deleted)") if texts and not is_text[0] else ""
        file = tree.get(path, ...) if path else ...
        if file is ...:
            return
        record.calls = number
        if call in ("fsync", "fdatasync"):
            if isinstance(file, File):
                file.synced.append(number)
            else:
                record.folders.append((number, path))
        elif isinstance(file, File):
            at = int(arguments.rsplit(",", 1)[1]) if call == "pwrite64" else None
            file.writes.append((number, at, texts[1] if call != "ftruncate" else b""))
        return
    inside = [path for path in paths if path.startswith(f"{folder}/")]
    if not inside or len(inside) != len(paths):
        return
    if call in ("openat", "open", "creat"):
        if paths[0] in tree or ("O_CREAT" not in arguments and call != "creat"):
            return
        name = Name(number, "file", (paths[0],), os.path.dirname(paths[0]), File())  # noqa: PTH120
    else:
        kind = {"mkdir": "folder", "mkdirat": "folder", "link": "link", "linkat": "link"}.get(call, "remove")
        if call.startswith("rename"):
            kind = "exchange" if "RENAME_EXCHANGE" in arguments else "rename"
        name = Name(number, kind, tuple(paths), os.path.dirname(paths[-1]))  # noqa: PTH120
    record.calls = number
    record.names.append(name)
    replay(tree, name)


def contents(file: File, cut: int) -> list[bytes]:
    """What a file may have after a crash: what was synced, and of the rest nothing, half or all."""
    last_sync = max((number for number in file.synced if number <= cut), default=0)
    synced = _written(file.durable, [write for write in file.writes if write[0] <= last_sync])
    everything = _written(file.durable, [write for write in file.writes if write[0] <= cut])
    half = everything[: (len(synced) + len(everything)) // 2] if len(everything) > len(synced) else everything
    return list(dict.fromkeys((synced, half, everything)))


def _written(content: bytes, writes: Sequence[tuple[int, int | None, bytes]]) -> bytes:
    for _, at, data in writes:
        start = len(content) if at is None else at
        content = content[:start].ljust(start, b"\0") + data + content[start + len(data) :]
    return content


def states(record: Record, cut: int) -> Iterator[dict[str, bytes | None]]:
    """The trees in which a crash after so many calls may leave the files, each file with what it has."""
    names = [name for name in record.names if name.number <= cut]
    durable: set[Name] = set()
    for name in reversed(names):  # what has a new name that lasts was made
        is_synced = any(name.number < number <= cut and place == name.place for number, place in record.folders)
        is_needed = any(name.paths[-1] in other.paths and other.number > name.number for other in durable)
        if is_synced or (is_needed and name.kind != "remove"):
            durable.add(name)
    pending = [name for name in names if name not in durable]
    early = pending[:-MOST_UNDONE]
    choices = [pending[:length] for length in range(len(early))]
    free = pending[len(early) :]
    choices += [
        early + [name for name, kept in zip(free, keeps, strict=True) if kept]
        for keeps in product((False, True), repeat=len(free))
    ]
    for choice in choices:
        tree = dict(record.tree)
        for name in sorted([*durable, *choice]):
            replay(tree, name)
        files = {path: contents(file, cut) for path, file in tree.items() if file is not None}
        for chosen in _choices(list(files.values())):
            yield {**dict.fromkeys(tree), **dict(zip(files, chosen, strict=True))}


def _choices(options: Sequence[Sequence[bytes]]) -> Iterator[tuple[bytes, ...]]:
    """One of the options of each file: all combinations of few files, and of many all alike but one."""
    if prod(map(len, options)) <= MOST_COMBINATIONS:
        yield from product(*options)
        return
    for base in ([option[0] for option in options], [option[-1] for option in options]):
        for at, option in enumerate(options):
            for one in option:
                yield (*base[:at], one, *base[at + 1 :])


def content(path: Path) -> object:
    """A file's bytes, the files of a folder with theirs, or None where nothing is."""
    if path.is_dir():
        return {each.name: each.read_bytes() for each in path.iterdir() if each.is_file()}
    return path.read_bytes() if path.exists() else None


def crashes(name: str, write: Write, scratch: Path) -> str:
    """Try every crash of a write; gives what was counted. AssertionError for a state that is neither old nor new."""
    folder = scratch / "shop"
    folder.mkdir()
    (scratch / "tmp").mkdir()
    for file, text in FILES.items():
        (folder / file).write_text(text)
    for words in write.before:
        assert quietly(folder, words) == 0, words
    for file, text in write.files.items():
        (folder / file).write_text(text)
    old = content(folder / write.target)
    record = recorded(write.words, folder)
    new = content(folder / write.target)
    assert old != new
    seen: set[tuple[tuple[str, bytes | None], ...]] = set()
    total = 0
    for cut in range(record.calls + 1):
        for state in states(record, cut):
            total += 1
            expected = [new] if cut == record.calls else [old, new]
            found = _in(state, str(folder / write.target))
            assert found in expected, f"{name}: after call {cut} of {record.calls}: {found!r}"
            key = tuple(sorted(state.items()))
            if key not in seen:
                seen.add(key)
                _next_write(state, folder, write, expected=[old, new])
    return f"{name}: {record.calls} calls, {total:,} states, {len(seen):,} of them different"


def _in(state: dict[str, bytes | None], target: str) -> object:
    if target not in state or state[target] is not None:
        return state.get(target)
    return {
        path.removeprefix(f"{target}/"): data
        for path, data in state.items()
        if data is not None and path.startswith(f"{target}/") and "/" not in path.removeprefix(f"{target}/")
    }


def _next_write(state: dict[str, bytes | None], folder: Path, write: Write, *, expected: list[object]) -> None:
    """Put a state on the disk: the next command reads it, and the next write removes what was left."""
    shutil.rmtree(folder)
    for path, data in sorted(state.items()):
        if data is None:
            Path(path).mkdir()
        else:
            Path(path).write_bytes(data)
    assert content(folder / write.target) in expected
    file = write.target if write.target.endswith(".toml") else "store.toml"
    if (folder / file).exists():
        assert quietly(folder, ("config", "get", "backorders", "-f", file)) in (0, 1)
        assert quietly(folder, ("config", "set", "backorders", "notify", "-f", file)) == 0
    if not write.target.endswith(".toml"):
        if "sql" in write.words and (folder / write.target).exists():
            shutil.rmtree(folder / write.target)  # it goes into a new folder only
        assert quietly(folder, write.words) in (0, 1)  # a policy test may fail by now
    elif not (folder / file).exists():
        assert quietly(folder, write.words) == 0
    assert list(folder.rglob("*.tmp")) == []


def quietly(folder: Path, words: Sequence[str]) -> int:
    """The status of a command in a folder."""
    os.chdir(folder)
    with redirect_stdout(io.TextIOWrapper(io.BytesIO())), redirect_stderr(io.TextIOWrapper(io.BytesIO())):
        return run_command(words)


def run(names: Sequence[str], tell: Callable[[str], object] = print) -> None:
    """Try the writes of these names, or all."""
    for name in names or WRITES:
        with tempfile.TemporaryDirectory() as scratch:
            tell(crashes(name, WRITES[name], Path(os.path.realpath(scratch))))
            os.chdir("/")


if __name__ == "__main__":
    run(sys.argv[1:])
