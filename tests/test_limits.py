"""Inputs that would take all memory or time are refused by the installed command, under 1 GiB of address space."""

import gzip
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import Run

from backorderctl.files import git_revision

BACKORDERCTL = str(Path(sys.executable).with_name("backorderctl"))
GIB, MIB = 1 << 30, 1 << 20
PRODUCTS = "".join(f'[products."SKU-{number:05}"]\n' for number in range(5000))
STORE = f"version = 1\n[sources.main]\n{PRODUCTS}"


class Ended(NamedTuple):
    status: int
    err: str


def bounded(folder: Path, *words: str, stdin: Path | None = None, memory: int = GIB) -> Ended:
    """A command in so much address space and 20 seconds of processor time."""

    def limits() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))

    with (stdin or Path(os.devnull)).open("rb") as file:
        ran = subprocess.run(
            [BACKORDERCTL, *words], cwd=folder, stdin=file, capture_output=True, text=True, preexec_fn=limits
        )
    return Ended(ran.returncode, ran.stderr)


def aliases() -> bytes:
    """YAML of which each level repeats the one before nine times."""
    levels = [b"a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += (b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 12))
    return b"\n".join([*levels, b"cataloginventory: {item_options: {backorders: *a11}}"])


def alias_maps() -> bytes:
    levels = [b"a0: &a0 {backorders: 1}"]
    levels += (
        b"a%d: &a%d {%s}" % (n, n, b", ".join(b"k%d: *a%d" % (k, n - 1) for k in range(9))) for n in range(1, 12)
    )
    return b"\n".join([*levels, b"cataloginventory: *a11"])


def zeros() -> bytes:
    """A gzip file of 1.25 GiB of zeros: members of one file add up."""
    return gzip.compress(b"\0" * (64 * MIB), 1) * 20


def csv_bomb() -> bytes:
    """A gzip file of 1.25 GiB of rows."""
    rows = gzip.compress(b"A-1,1\n" * (64 * MIB // 6), 1)
    return gzip.compress(b"sku,qty\n") + rows * 20


BOMBS: dict[str, tuple[tuple[str, ...], Callable[[], bytes], str]] = {
    "YAML aliases": (("--config", "bomb.yaml"), aliases, "expected at most 1000000 values, got more by its aliases"),
    "YAML aliases of mappings": (("--config", "bomb.yaml"), alias_maps, "got more by its aliases"),
    "JSON in JSON": (("--config", "bomb.json"), lambda: b'{"cataloginventory":' * 200_000, "nested too deeply"),
    "zeros": (("--products", "bomb.csv.gz"), zeros, "expected at most 16 MiB in a line, got more"),
    "zeros as configuration": (
        ("--config", "bomb.csv.gz", "--max-size", "64MiB"),
        zeros,
        "expected at most 64 MiB, got more",
    ),
    "rows": (("--products", "bomb.csv.gz", "--max-size", "1MiB"), csv_bomb, "expected at most 1 MiB, got more"),
    "a header": (("--products", "bomb.csv"), lambda: b"sku," + b"x" * 17 * MIB, "expected at most 16 MiB in a line"),
    "a quoted header": (
        ("--products", "bomb.csv"),
        lambda: b'sku,"' + b"x\n" * 9 * MIB + b'"\n',
        "header: expected at most 16 MiB in a cell, got more: is a quote not closed?",
    ),
    "a cell": (
        ("--products", "bomb.csv"),
        lambda: b"sku,qty\nA," + b"x" * 17 * MIB,
        "expected at most 16 MiB in a line",
    ),
    "a quoted cell": (
        ("--products", "bomb.csv"),
        lambda: b'sku,qty\nA,"' + b"x\n" * 9 * MIB + b'"\n',
        "record 1: expected at most 16 MiB in a cell, got more: is a quote not closed?",
    ),
}


@pytest.mark.parametrize(("words", "content", "said"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused(tmp_path: Path, words: tuple[str, ...], content: Callable[[], bytes], said: str) -> None:
    if words[1].endswith(".yaml"):
        pytest.importorskip("yaml")
    (tmp_path / words[1]).write_bytes(content())
    ended = bounded(tmp_path, "import", "magento", *words)
    assert ended.status == 2
    assert said in ended.err
    assert ended.err.startswith(f"Error: {words[1]}")
    assert not (tmp_path / "store.toml").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("product", "list", "-f", "/dev/zero"),
        ("config", "set", "backorders", "no", "-f", "/dev/zero"),
        ("config", "apply", "/dev/zero"),
        ("import", "magento", "--products", "/dev/zero"),
        ("import", "magento", "--config", "/dev/zero"),
        ("product", "list", "--quantities", "/dev/zero"),
        ("diff", "store.toml", "/dev/zero"),
    ],
    ids=" ".join,
)
def test_a_device_is_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "store.toml").write_text(STORE)
    ended = bounded(tmp_path, *words)
    assert ended.status == 2
    assert ended.err.startswith("Error: /dev/zero: cannot ")
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    "words", [("product", "list", "-f", "-"), ("config", "apply", "-"), ("import", "magento", "--products", "-")]
)
def test_standard_input_without_an_end_is_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "store.toml").write_text(STORE)
    ended = bounded(tmp_path, *words, stdin=Path("/dev/zero"))
    assert ended.status == 2
    assert ended.err in (
        "Error: not enough memory\n",
        "Error: <stdin>: cannot read: expected at most 1 GiB, got more\n",
    )


def test_too_little_memory_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "store.toml").write_text("version = 1\n[sources.a]\nname = '" + "n" * 64 * MIB + "'\n")
    assert bounded(tmp_path, "source", "list", memory=200 * MIB) == (2, "Error: not enough memory\n")


def test_a_thousand_misspelt_names_are_refused_in_time(tmp_path: Path) -> None:
    wrong = "".join(f"\n[products.X{number}.sources.mian{number}]\nquantity = 1\n" for number in range(2000))
    sources = "".join(f"[sources.main-{number}]\n" for number in range(2000))
    (tmp_path / "store.toml").write_text("version = 1\n" + sources + wrong)
    ended = bounded(tmp_path, "product", "list")
    assert ended.status == 2
    assert ended.err.count("did you mean") <= 10
    assert ended.err.count("expected a source of the file, got ") == 2000


def test_changes_of_unknown_products_are_refused_in_time(tmp_path: Path) -> None:
    (tmp_path / "store.toml").write_text(STORE)
    rows = "".join(f"SKV-{number:05},,,backorders,no\n" for number in range(5000))
    (tmp_path / "changes.csv").write_text("product,source,stock,key,value\n" + rows)
    ended = bounded(tmp_path, "config", "apply", "changes.csv")
    assert ended.status == 2
    assert ended.err.count("unknown product") == 5000


@pytest.mark.parametrize("size", ["0", "x", "1TiB", "-1", ""])
def test_a_limit_is_a_size(run: Run, store_file: Path, size: str) -> None:
    message = f"Error: --max-size: expected a size such as 4GiB, got {size!r}\n"
    assert run("config", "apply", "changes.csv", "--max-size", size) == (2, "", message)


@pytest.mark.parametrize(("size", "status"), [("58", 0), ("57", 2), ("1KiB", 0), ("1 kb", 0), ("4GiB", 0)])
def test_a_file_may_be_as_large_as_the_limit(run: Run, store_file: Path, size: str, status: int) -> None:
    content = b"product,source,stock,key,value\n24-MB01,,,backorders,allow\n"
    assert len(content) == 58
    Path("changes.csv.gz").write_bytes(gzip.compress(content))
    assert run("config", "apply", "changes.csv.gz", "--max-size", size).status == status


def test_git_that_does_not_answer_is_not_waited_for(
    run: Run, store_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = Path("bin/git")
    git.parent.mkdir()
    git.write_text("#!/bin/sh\nexec sleep 60\n")
    git.chmod(0o755)
    monkeypatch.setenv("PATH", str(git.parent.absolute()), prepend=os.pathsep)
    monkeypatch.setattr(git_revision, "GIT_PATIENCE", 0.2)
    assert run("diff", "git:HEAD") == (2, "", "Error: git: no answer within 0.2 seconds\n")
