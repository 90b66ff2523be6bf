"""The proof that an engine of `evaluate` gives the evaluator's answers, cell by cell, and Magento's.

`python tests/prove_engines.py duckdb|spark|connect [STORES PRODUCTS]` compares at least 100,000 answers of random
stores in every column, and all of Magento's cases; `connect` starts a server of Spark Connect. A fifth of the names in
rows are in another letter case than in the store file, and every other store has its reservations in the store file.
"""

import contextlib
import io
import sys
import tempfile
import time
from pathlib import Path

from magento_cases import write_magento_cases
from quantity_files import DAY, answers, write_case
from spark_runs import AS_IT_IS, Command, run_all

from backorderctl.cli import main

FULL = {"duckdb": (200, 550), "spark": (6, 18_000), "connect": (6, 18_000)}
"""So many random stores of so many products: more than 100,000 answers."""
OPTIONS = ("--at", DAY, "--allow-missing", "-q")


def prove(engine: str, stores: int, products: int) -> tuple[int, int]:
    """So many answers, and so many of Magento's cases, have been compared; AssertionError where one is another."""
    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(scratch) / str(seed) for seed in range(stores)]
        for seed, folder in enumerate(folders):
            folder.mkdir()
            write_case(folder, seed, products, packed=engine == "duckdb", held_in_store=seed % 2 == 1)
        magento = Path(scratch) / "magento"
        magento.mkdir()
        expected = write_magento_cases(magento)
        commands = [Command(folder, _evaluate(folder)) for folder in (*folders, magento)]
        ran = run_all(engine, commands, settings=AS_IT_IS)
        assert [(each.status, each.err) for each in ran] == [(0, "")] * len(ran)
        compared = sum(map(_compare, folders))
        _compare(magento)
        rows = answers((magento / "answers.csv").read_text(encoding="utf-8"))
        for row in rows:
            expected.pop(row[0]).check(row)
        assert not expected
        return compared, len(rows)


def _evaluate(folder: Path) -> tuple[str, ...]:
    """The command for a folder, of which every other has its reservations in the store file."""
    held = ("--reserved", "reserved.csv") if (folder / "reserved.csv").exists() else ()
    return ("evaluate", "quantities.csv", *held, *OPTIONS, "--to", "answers.csv", "--summary", "-o", "json")


def _compare(folder: Path) -> int:
    """How many answers of a folder are those of `product list` and `report`; AssertionError where one is another."""
    options = ["--quantities", str(folder / "quantities.csv"), "-f", str(folder / "store.toml"), *OPTIONS]
    if (folder / "reserved.csv").exists():
        options += ["--reserved", str(folder / "reserved.csv")]
    listed = answers(output(["product", "list", *options, "-o", "csv"]))
    assert answers((folder / "answers.csv").read_text(encoding="utf-8")) == listed, folder
    return len(listed)


def output(words: list[str]) -> str:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
    with contextlib.redirect_stdout(out):
        assert main(words) == 0
    out.seek(0)
    return out.read()


if __name__ == "__main__":
    engine, *size = sys.argv[1:]
    stores, products = map(int, size) if size else FULL[engine]
    begun = time.monotonic()
    compared, cases = prove(engine, stores, products)
    print(f"{engine}: {compared:,} answers and {cases} of Magento's cases agree, {time.monotonic() - begun:.0f} s")
