"""The engine `spark`: the same SQL text on an Apache Spark session, which reads rows and writes answers itself.

Only the policy tables and the rows of few SKUs go to Spark, and only counts and totals come back. A record of CSV has
to be on one line, so that Spark can cut large files into parts.
"""

import logging
import os
import re
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stderr, suppress
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

from backorderctl.bulk.engine import NUMBER, plain_number
from backorderctl.bulk.inputs import RowsFile, header, with_columns
from backorderctl.bulk.job import COLUMNS, Format, Job, RowsRefused, RunResult, csv_columns, format_of
from backorderctl.bulk.policy_tables import SqlTable
from backorderctl.bulk.run import evaluate_on
from backorderctl.errors import BackorderctlError, InvalidFile
from backorderctl.files.beside import written_beside
from backorderctl.rows.parquet import type_problems, whole_import

RETRIES = 5
"""How often a server of Spark Connect that does not answer is asked again: for about twenty seconds."""
CORRUPT = "_corrupt"
"""The column in which Spark puts a record that has not the header's number of cells."""
_BLANK = r"[\p{Z}\t-\r\x1c-\x1f\x85]"
_NO_SKU = rf"\A{_BLANK}|{_BLANK}\z|\A\z|\x{{fffd}}"
"""A blank at either end, as `str.strip` takes them away; nothing; a byte that was no UTF-8."""
_CSV_ENDS = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
_EXACT_CODES = ("string", "tinyint", "smallint", "int", "bigint")
_EXACT_NUMBERS = (*_EXACT_CODES, "decimal", "double")
"""Types of Spark whose values are exact; 8 digits and 4 decimals are few enough for a double."""
_CSV_IN = {"header": "true", "quote": '"', "escape": '"', "unescapedQuoteHandling": "SKIP_VALUE"}
"""A cell that begins with a quote and does not end with one is NULL, and so refused."""
_CSV_OUT = {
    "header": "true",
    "escape": '"',
    "emptyValue": "",
    "ignoreLeadingWhiteSpace": "false",
    "ignoreTrailingWhiteSpace": "false",
}


def evaluate_in_spark(job: Job, to: str | None, *, summary: bool, remote: str | None) -> RunResult:
    """Answer for every product on Spark, and write the answers to `to`, by Spark's own means where that is a URI.

    RowsRefused when rows are; BackorderctlError when Spark is not there, or cannot go on.
    """
    with _without_talk(), _session(remote) as session, _failures():
        engine = Spark(session)
        try:
            return evaluate_on(engine, job, to, summary=summary)
        finally:
            engine.forget()


class Spark:
    """A session of Spark, in which tables are views."""

    name = "spark"
    needs = "every record on one line"
    # Java lowers a word as a whole: `Σ` at its end to `ς`, and `İ` to two characters.
    lowered = "LOWER(REPLACE(REPLACE({name}, '\\u03A3', '\\u03C3'), '\\u0130', '\\uE000'))"
    plain = "trim(TRAILING '.' FROM trim(TRAILING '0' FROM CAST({column} AS STRING)))"
    part = "1 = 1"
    parts = 1  # Spark cuts the rows itself

    def __init__(self, session: Any) -> None:
        self.session = session
        self._views: list[str] = []
        self._kept: list[Any] = []

    def text(self, word: str) -> str:
        """A text as SQL has it."""
        return "'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def cell(self, file: RowsFile, column: str) -> str:
        """A column as text; NULL in a record that has not the header's number of cells."""
        place = file.read[column]
        if file.delimiter is None:
            return f"CAST({_quoted(file.columns[place])} AS STRING)"
        return f"CASE WHEN {CORRUPT} IS NULL THEN c{place} END"

    def number(self, file: RowsFile, column: str) -> str:
        """A column as a number with 4 places; NULL where the cell is no number or has more places."""
        place = file.read[column]
        if file.delimiter is None and not file.types[place].startswith("string"):
            name = _quoted(file.columns[place])
            number = f"TRY_CAST({name} AS DECIMAL(12, 4))"
            return f"CASE WHEN {number} = {name} THEN {number} END"
        cell = plain_number(file, self.cell(file, column))
        return f"CASE WHEN regexp_like({cell}, r'\\A{NUMBER}\\z') THEN TRY_CAST({cell} AS DECIMAL(12, 4)) END"

    def no_sku(self, column: str) -> str:
        """The condition that a text, or NULL, is no SKU."""
        return f"({column} IS NULL OR regexp_like({column}, r'{_NO_SKU}'))"

    def located(self, file: RowsFile) -> RowsFile:
        """The file with its columns, which Spark tells where this machine does not see the file."""
        if file.columns:
            return file
        if file.path.lower().rstrip("/").endswith(_CSV_ENDS):
            lines = self.session.read.text(_to_read(file.path)).head(1)
            columns, dialect = header(lines[0][0] if lines else "")
            return with_columns(replace(file, delimiter=dialect), columns)
        fields = self.session.read.parquet(_to_read(file.path)).schema.fields
        types = {field.name: field.dataType.simpleString() for field in fields}
        problems = type_problems(types, codes=_EXACT_CODES, numbers=_EXACT_NUMBERS)
        if problems:
            raise InvalidFile(file.path, problems)
        return with_columns(replace(file, types=tuple(types.values())), list(types))

    def reader(self, files: Sequence[RowsFile]) -> str:
        """A view of files of the same kind; of CSV as text, c0 and so on, with a mark on damaged records."""
        first = files[0]
        paths = [_to_read(file.path) for file in files]
        name = f"backorderctl_files_{len(self._views)}"
        if first.delimiter is None:
            self._view(name, self.session.read.parquet(*paths))
            return name
        for file in files:
            if file.packed and not file.path.endswith(".gz"):
                raise BackorderctlError(f"{file.path}: Spark reads a compressed file only when its name ends in .gz")
        schema = ", ".join([*(f"c{place} STRING" for place in range(len(first.columns))), f"{CORRUPT} STRING"])
        reader = self.session.read.schema(schema).option("columnNameOfCorruptRecord", CORRUPT)
        for option, value in {**_CSV_IN, "sep": first.delimiter}.items():
            reader = reader.option(option, value)
        self._view(name, reader.csv(paths))
        return name

    def load(self, table: SqlTable) -> None:
        """Make a table of few rows."""
        columns = ", ".join(f"{column} {kind.replace('VARCHAR(255)', 'STRING')}" for column, kind in table.columns)
        self._view(table.name, self.session.createDataFrame([tuple(row) for row in table.rows], columns))

    def keep(self, name: str, query: str, *, view: bool = False) -> None:
        """Give a name to the result of a query, or to the query itself, in place of what had it before."""
        frame = self.session.sql(query)
        if not view:
            frame = frame.persist()
            self._kept.append(frame)
        self._view(name, frame)

    def _view(self, name: str, frame: Any) -> None:
        frame.createOrReplaceTempView(name)
        self._views.append(name)

    def forget(self) -> None:
        """Take the views out of the session again."""
        with suppress(Exception):
            for frame in self._kept:  # before the views, which their plans name
                frame.unpersist()
            for name in self._views:
                self.session.catalog.dropTempView(name)

    def fetch(self, query: str) -> Sequence[Sequence[Any]]:
        """The rows of a query."""
        rows: Sequence[Sequence[Any]] = self.session.sql(query).collect()
        return rows

    def passed_over(self) -> bool:
        """Whether a record is in no row: Spark gives a damaged one as NULL."""
        return False

    def target(self, to: str) -> AbstractContextManager[Path]:
        """A file or folder beside `to`, which takes its place when the block ends well; nothing beside a URI."""
        return nullcontext(Path(to)) if "://" in to else written_beside(to, folder=format_of(to) is None)

    def write(self, query: str, aside: Path, to: str, marks: Mapping[str, str]) -> int:
        """Write the answers; gives how many they are."""
        kind = Format.PARQUET if "://" in to else format_of(to)
        columns = COLUMNS if kind in (None, Format.PARQUET) else csv_columns(self.plain)
        # Spark writes no metadata of a file but that of its columns.
        answers = self.session.sql(query).selectExpr(*columns).withMetadata("sku", dict(marks))
        if "://" in to:
            answers.write.parquet(to)
            return int(self.session.read.parquet(to).count())
        if kind is None:
            answers.write.mode("overwrite").parquet(_located(str(aside)))
            return int(self.session.read.parquet(_to_read(str(aside))).count())
        return self._write_file(answers, kind, aside)

    def _write_file(self, answers: Any, kind: Format, aside: Path) -> int:
        """Write one file: Spark writes a folder, of which the only part is taken."""
        folder = aside.with_name(f"{aside.name}.parts")
        writer = answers.coalesce(1).write
        try:
            if kind is Format.PARQUET:
                writer.parquet(_located(str(folder)))
                number = self.session.read.parquet(_to_read(str(folder))).count()
            else:
                packing = "gzip" if kind is Format.PACKED_CSV else "none"
                for name, value in {**_CSV_OUT, "compression": packing}.items():
                    writer = writer.option(name, value)
                writer.csv(_located(str(folder)))
                number = answers.count()
            [part] = folder.glob("part-*")
            part.replace(aside)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return int(number)


def _located(path: str) -> str:
    """A path as Spark finds it: one of this machine whatever its own file system and folder are."""
    return path if "://" in path else f"file://{Path(path).absolute()}"


def _to_read(path: str) -> str:
    """The same for reading, where Spark takes each path for a pattern, which that of a URI may be."""
    return path if "://" in path else re.sub(r"([*?{}\[\]\\])", r"\\\1", _located(path))


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


@contextmanager
def _without_talk() -> Iterator[None]:
    """PySpark warns of the versions of its own libraries, and its threads print tracebacks when Spark dies."""
    with warnings.catch_warnings(), redirect_stderr(StringIO()):
        warnings.simplefilter("ignore", FutureWarning)
        yield


@contextmanager
def _session(remote: str | None) -> Iterator[Any]:
    """The session that spark-submit gives, that of a Spark Connect server, or one of this machine, which then ends."""
    try:
        sessions = whole_import("pyspark.sql").SparkSession
    except ImportError:
        raise BackorderctlError("Spark is not installed", hint="pip install 'pyspark[connect]>=4.0'") from None
    for name in ("py4j", "SQLQueryContextLogger"):  # what they log of a failure is told in one line
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with _failures():
        existing = None if remote else sessions.getActiveSession()
        if existing is not None:
            session = existing
        elif remote:
            session = _of_server(sessions.builder, remote)
        else:
            session = _of_this_machine(sessions.builder)
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
def _failures() -> Iterator[None]:
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
