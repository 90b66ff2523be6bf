"""Hostile content: random bytes, mutated stores and monsters give an answer or an error, no traceback and no hang."""

import os
import random
import resource
import sys
from pathlib import Path

import pytest
from conftest import Run
from mutants import COMMANDS, check_answer, mutated_stores
from processes import ended

from backorderctl.cli import main

ROUNDS = 400


def checked(run: Run, words: tuple[str, ...]) -> int:
    """The exit status of a command, of which nothing can steer the terminal."""
    ran = run(*words)
    check_answer(words, *ran)
    return ran.status


def test_damaged_stores_are_answered_or_refused(run: Run, folder: Path) -> None:
    statuses = set()
    for number, content in enumerate(mutated_stores(ROUNDS, seed=7)):
        (folder / "store.toml").write_bytes(content)
        statuses.add(checked(run, COMMANDS[number % len(COMMANDS)]))
    assert statuses == {0, 1, 2}


def test_random_bytes_are_answered_or_refused(run: Run, folder: Path) -> None:
    chance = random.Random(8)
    refused = 0
    for number in range(ROUNDS):
        (folder / "store.toml").write_bytes(b"version = 1\n" * (number % 2) + chance.randbytes(chance.randint(0, 200)))
        refused += checked(run, COMMANDS[number % len(COMMANDS)]) == 2
    assert refused > ROUNDS / 2


MONSTERS = {
    "arrays in arrays": b"version = 1\nx = " + b"[" * 200_000,
    "closed arrays in arrays": b"version = 1\nx = " + b"[" * 50_000 + b"]" * 50_000,
    "tables in tables": b"version = 1\nx = " + b"{a = " * 100_000,
    "a key of many parts": b"version = 1\n[" + b"a." * 100_000 + b"a]\n",
    "a huge number": b"version = 1\n[global]\nout_of_stock_threshold = " + b"9" * 1_000_000,
    "a huge exponent": b"version = 1\n[global]\nout_of_stock_threshold = 1e999999999",
    "a tiny exponent": b"version = 1\n[global]\nout_of_stock_threshold = 1e-999999999",
    "a very long key": b"version = 1\n" + b"k" * 1_000_000 + b" = 1\n",
    "a very long SKU": b'version = 1\n[products."' + b"s" * 1_000_000 + b'"]\n',
    "a very long string": b'version = 1\n[sources.a]\nname = "' + b"n" * 1_000_000 + b'"\n',
    "a million lines": b"version = 1\n[sources.a]\nname = '''" + b"n\n" * 1_000_000 + b"'''\n",
    "many wrong keys": b"version = 1\n[global]\n" + b"".join(b"k%d = 1\n" % number for number in range(3000)),
    "nothing but line ends": b"\n" * 1_000_000,
}


@pytest.mark.parametrize("content", MONSTERS.values(), ids=MONSTERS)
def test_a_huge_file_is_answered_in_bounded_time_and_memory(folder: Path, content: bytes) -> None:
    (folder / "store.toml").write_bytes(content)
    for words in COMMANDS[:3]:
        child = os.fork()
        if not child:
            resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
            resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
            sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 - the child ends at once
            os._exit(main(words))
        assert ended(child) in (0, 1, 2)
