"""A session of Spark: the one that spark-submit gives, that of a server, or one of this machine; and how it fails."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from io import StringIO
from typing import Any

from backorderctl.bulk.job import RowsRefused
from backorderctl.errors import BackorderctlError

RETRIES = 5
"""How often a server of Spark Connect that does not answer is asked again: for about twenty seconds."""


@contextmanager
def without_talk() -> Iterator[None]:
    """PySpark warns of the versions of its own libraries, and its threads print tracebacks when Spark dies."""
    with warnings.catch_warnings(), redirect_stderr(StringIO()):
        warnings.simplefilter("ignore", FutureWarning)
        yield


@contextmanager
def spark_session(remote: str | None) -> Iterator[Any]:
    """The session that spark-submit gives, that of a Spark Connect server, or one of this machine, which then ends."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise BackorderctlError("Spark is not installed", hint="pip install 'pyspark[connect]>=4.0'") from None
    for name in ("py4j", "SQLQueryContextLogger"):  # what they log of a failure is told in one line
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with spark_failures():
        existing = None if remote else SparkSession.getActiveSession()
        if existing is not None:
            session = existing
        elif remote:
            session = _of_server(SparkSession.builder, remote)
        else:
            session = _of_this_machine(SparkSession.builder)
    try:
        yield session
    finally:
        if existing is None:
            _stop(session)


def _of_server(builder: Any, remote: str) -> Any:
    from pyspark.sql.connect.client.retries import DefaultPolicy

    session = builder.remote(remote).getOrCreate()
    # PySpark itself would wait for ten minutes for a server that has ended.
    session.client.set_retry_policies([DefaultPolicy(max_retries=RETRIES)])
    return session


def _of_this_machine(builder: Any) -> Any:
    builder = builder.appName("backorderctl")
    if "MASTER" not in os.environ and "PYSPARK_GATEWAY_PORT" not in os.environ:  # else spark-submit has chosen
        settings = {
            "spark.master": "local[*]",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.sql.shuffle.partitions": str(2 * (os.cpu_count() or 1)),
        }
        for name, value in settings.items():
            builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    return session


def _stop(session: Any) -> None:
    # A session that has died cannot be stopped, and why it died is told already.
    with suppress(Exception):
        session.stop()


@contextmanager
def spark_failures() -> Iterator[None]:
    """What Spark raises, which may be of any class, in one line."""
    try:
        yield
    except (BackorderctlError, RowsRefused):
        raise
    except Exception as error:
        raise BackorderctlError(f"Spark: {_first_reason(error)}") from None


def _first_reason(error: Exception) -> str:
    """The first line that says something: one about the call that failed stands before what Java says."""
    lines = [line.strip().removeprefix(": ") for line in str(error).splitlines()]
    told = (line for line in lines if line and not line.startswith("An error occurred while calling"))
    return next(told, type(error).__name__)
