"""The proof that an engine of `evaluate` gives the evaluator's answers, cell by cell, and Magento's.

`python tests/prove_engines.py duckdb|spark|connect [STORES PRODUCTS]` compares at least 100,000 answers of random
stores in every column, and all of Magento's cases; `connect` starts a server of Spark Connect.
"""

import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from magento_cases import write_magento_cases
from quantity_files import DAY, answers, write_case

from backorderctl.cli import main

FULL = {"duckdb": (200, 550), "spark": (6, 18_000), "connect": (6, 18_000)}
"""So many random stores of so many products: more than 100,000 answers."""
PROGRAM = """
import json, sys
from backorderctl.cli import main
if sys.argv[1] == "spark":
    from pyspark.sql import SparkSession
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.ui.showConsoleProgress", "false").config("spark.default.parallelism", "2")
    builder.config("spark.sql.shuffle.partitions", "2").getOrCreate().sparkContext.setLogLevel("OFF")
print(json.dumps([main(words) for words in json.load(sys.stdin)]))
"""


def prove(engine: str, stores: int, products: int) -> tuple[int, int]:
    """So many answers, and so many of Magento's cases, have been compared; AssertionError where one is another."""
    with tempfile.TemporaryDirectory() as scratch, _words_for(engine) as words:
        folders = [Path(scratch) / str(seed) for seed in range(stores)]
        for seed, folder in enumerate(folders):
            folder.mkdir()
            write_case(folder, seed, products, packed=engine == "duckdb")
        magento = Path(scratch) / "magento"
        magento.mkdir()
        expected = write_magento_cases(magento)
        commands = [[*_evaluate(folder), *words] for folder in (*folders, magento)]
        assert _statuses(engine, commands) == [0] * len(commands)
        compared = sum(_compare(folder) for folder in folders)
        _compare(magento)
        rows = answers((magento / "answers.csv").read_text(encoding="utf-8"))
        for row in rows:
            expected.pop(row[0]).check(row)
        assert not expected
        return compared, len(rows)


def prove_death() -> None:
    """A Spark that is killed ends a run with status 2 and one line, and leaves no half file; AssertionError if not."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_case(folder, 1, 20_000, packed=False)
        words = [*_evaluate(folder), "--engine", "spark"]
        command = [sys.executable, "-m", "backorderctl", *words]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            while not list(folder.glob(".answers*")) and process.poll() is None:
                time.sleep(0.05)
            os.kill(_child(process.pid, "java"), signal.SIGKILL)
            _, err = process.communicate()
        assert process.returncode == 2, err
        assert len([line for line in err.splitlines() if line.startswith("Error: Spark: ")]) == 1, err
        assert "Traceback" not in err, err
        assert not [path for path in folder.iterdir() if "answers" in path.name]


def _child(parent: int, name: str) -> int:
    """The id of a process of that name that another has started."""
    found = subprocess.run(["pgrep", "-P", str(parent), name], capture_output=True, text=True, check=True)
    return int(found.stdout.split()[0])


def _evaluate(folder: Path) -> list[str]:
    """The command line that answers for a folder."""
    files = [str(folder / name) for name in ("quantities.csv", "reserved.csv", "store.toml", "answers.csv")]
    options = ["--reserved", files[1], "-f", files[2], "--to", files[3], "--summary", "-o", "json"]
    return ["evaluate", files[0], *options, "--at", DAY, "--allow-missing", "-q"]


def _compare(folder: Path) -> int:
    """How many answers of a folder are those of `product list` and `report`; AssertionError where one is another."""
    files = [str(folder / name) for name in ("quantities.csv", "reserved.csv", "store.toml")]
    options = ["--quantities", files[0], "--reserved", files[1], "-f", files[2], "--at", DAY, "--allow-missing", "-q"]
    listed = answers(output(["product", "list", *options, "-o", "csv"]))
    assert answers((folder / "answers.csv").read_text(encoding="utf-8")) == listed, folder
    return len(listed)


def output(words: list[str]) -> str:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
    with contextlib.redirect_stdout(out):
        assert main(words) == 0
    out.seek(0)
    return out.read()


def _statuses(engine: str, commands: list[list[str]]) -> list[int]:
    """The exit statuses of command lines, run in one process that is not this one."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, engine],
        input=json.dumps(commands),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    statuses: list[int] = json.loads(ran.stdout.splitlines()[-1])
    return statuses


@contextlib.contextmanager
def _words_for(engine: str) -> Iterator[list[str]]:
    """The options that choose an engine, while it is there."""
    if engine != "connect":
        yield ["--engine", engine]
        return
    with connect_server() as url:
        yield ["--engine", "spark", "--remote", url]


@contextlib.contextmanager
def connect_server() -> Iterator[str]:
    """A server of Spark Connect on a free port."""
    import pyspark

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        str(Path(pyspark.__file__).parent / "bin" / "spark-submit"),
        *("--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "--master", "local[2]"),
        *("--conf", f"spark.connect.grpc.binding.port={port}", "--conf", "spark.ui.enabled=false"),
        *("--conf", "spark.sql.shuffle.partitions=4", "spark-internal"),
    ]
    with tempfile.TemporaryFile() as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            _wait_for(port, server)
            yield f"sc://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait_for(port: int, server: Any) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        assert server.poll() is None, "the server of Spark Connect has ended"
        time.sleep(0.2)
    raise AssertionError("no server of Spark Connect after two minutes")


if __name__ == "__main__":
    engine, *size = sys.argv[1:]
    stores, products = map(int, size) if size else FULL[engine]
    begun = time.monotonic()
    compared, cases = prove(engine, stores, products)
    if engine == "spark":
        prove_death()
    print(f"{engine}: {compared:,} answers and {cases} of Magento's cases agree, {time.monotonic() - begun:.0f} s")
