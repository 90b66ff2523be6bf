"""Command lines run on a real Spark, all in one process: to start it takes longer than they do."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from conftest import Ran

PROGRAM = """
import contextlib, io, json, os, sys
from backorderctl.cli import main
if sys.argv[1] == "spark":
    from pyspark.sql import SparkSession
    builder = SparkSession.builder.master("local[2]")
    for name, value in json.loads(sys.argv[2]).items():
        builder = builder.config(name, value)
    builder.getOrCreate().sparkContext.setLogLevel("OFF")
ran = []
for folder, words in json.load(sys.stdin):
    os.chdir(folder)
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(words)
    texts = [(stream.flush(), stream.buffer.getvalue().decode())[1] for stream in (out, err)]
    ran.append((status, *texts))
print(json.dumps(ran))
"""

AS_IT_IS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.default.parallelism": "2",
    "spark.sql.shuffle.partitions": "2",
}
QUICK = {
    **AS_IT_IS,
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""For few rows and many plans: to compile each, and to plan it again as it runs, would take most of the time."""
JAVA = {"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
"""For a Java machine that soon ends."""


class Command(NamedTuple):
    """A command line, and the folder in which it runs."""

    folder: Path
    words: Sequence[str]


def run_all(engine: str, commands: Sequence[Command], *, settings: Mapping[str, str] = QUICK) -> list[Ran]:
    """What the command lines give on `duckdb`, `spark` or `connect`, for which a server of Spark Connect is started."""
    with _words_for(engine, settings) as words:
        given = [(str(command.folder), [*command.words, *words]) for command in commands]
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM, engine, json.dumps(settings)],
            env={**os.environ, **JAVA},
            input=json.dumps(given),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return [Ran(*each) for each in json.loads(ran.stdout.splitlines()[-1])]


def run_and_kill(command: Command) -> Ran:
    """What a command line gives whose Spark is killed while it writes its answers."""
    words = [sys.executable, "-m", "backorderctl", *command.words, "--engine", "spark"]
    with subprocess.Popen(
        words, cwd=command.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while not list(command.folder.glob(".answers*")) and process.poll() is None:
            time.sleep(0.05)
        found = subprocess.run(["pgrep", "-P", str(process.pid), "java"], capture_output=True, text=True, check=True)
        os.kill(int(found.stdout.split()[0]), signal.SIGKILL)
        out, err = process.communicate()
    return Ran(process.returncode, out, err)


@contextlib.contextmanager
def _words_for(engine: str, settings: Mapping[str, str]) -> Iterator[list[str]]:
    """The options that choose an engine, while it is there."""
    if engine != "connect":
        yield ["--engine", engine]
        return
    with _connect_server(settings) as url:
        yield ["--engine", "spark", "--remote", url]


@contextlib.contextmanager
def _connect_server(settings: Mapping[str, str]) -> Iterator[str]:
    """A server of Spark Connect on a free port."""
    import pyspark

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        str(Path(pyspark.__file__).parent / "bin" / "spark-submit"),
        *("--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "--master", "local[2]"),
        *("--conf", f"spark.connect.grpc.binding.port={port}"),
        *(word for name, value in settings.items() for word in ("--conf", f"{name}={value}")),
        "spark-internal",
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryFile() as log,
        subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env={**os.environ, **JAVA}) as server,
    ):
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
