"""The engine `duckdb`: the rows are read, checked and answered for in this process, in a bounded memory."""

import glob
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from backorderctl.bulk.duckdb_rows import (
    BLANK_ENDS,
    quantities_query,
    reservations_query,
    sql_literal,
    values,
)
from backorderctl.bulk.duckdb_session import duckdb_failures, duckdb_session
from backorderctl.bulk.job import (
    BAD_PAIRS,
    COLUMNS,
    OUT_OF_STOCK,
    RESERVED_FOUND,
    RESERVED_SKUS,
    SUMS_ABOVE_ZERO,
    Counts,
    Job,
    OnStep,
    Reserved,
    RowsRefused,
    RunResult,
    check_run,
    csv_columns,
    run_result,
)
from backorderctl.bulk.sql_text import statements
from backorderctl.bulk.summary import summary_query
from backorderctl.bulk.table_files import SqlTable, sql_tables, write_tables
from backorderctl.bulk.target import Format, format_of, written_aside
from backorderctl.rows.parquet import plain_path

ROWS_A_PASS = 25_000_000
"""Rows that one pass takes in with 1 GB of memory; more are cut by a hash of their SKU."""
BYTES_A_ROW = 24
"""A short row of a CSV file."""
_PLAIN_NUMBER = "rtrim(rtrim(CAST({column} AS VARCHAR), '0'), '.')"
"""A number without trailing zeros."""
LOOK = 0.2
"""Seconds between two looks at how far a query has come."""


def evaluate_in_duckdb(job: Job, to: str | None, *, summary: bool, memory: int, tell: OnStep) -> RunResult:
    """Answer for every product, and write the answers to the file or folder `to`, whole or not at all.

    RowsRefused when a row is; BackorderctlError when DuckDB is not installed, or cannot go on.
    """
    with (
        TemporaryDirectory(prefix="backorderctl-") as folder,
        duckdb_session(scratch := Path(folder), memory) as database,
        duckdb_failures(to, scratch, memory),
    ):
        job = _located(job, scratch)
        run = _Run(database, job, scratch, _passes(job, memory))
        return run.evaluate(to, summary=summary, tell=tell)


def _located(job: Job, scratch: Path) -> Job:
    """The job with the places where DuckDB finds its files."""
    quantities, reserved = (
        tuple(replace(file, place=plain_path(file.path, scratch)) for file in files)
        for files in (job.quantities, job.reserved)
    )
    return replace(job, quantities=quantities, reserved=reserved)


def _passes(job: Job, memory: int) -> int:
    """Into how many parts the SKUs are cut."""
    rows = 0
    for file in job.quantities:
        rows += file.rows or Path(file.path).stat().st_size * (8 if file.packed else 1) // BYTES_A_ROW
    return 1 + rows * 10**9 // (ROWS_A_PASS * memory)


class _Run:
    """One run over the files of a job, in so many passes."""

    def __init__(self, database: Any, job: Job, scratch: Path, passes: int) -> None:
        self.database = database
        self.job = job
        self.scratch = scratch
        self.passes = passes
        self.text = statements(job.tables)
        self.refused = False
        self.twice: set[str] = set()

    def evaluate(self, to: str | None, *, summary: bool, tell: OnStep) -> RunResult:
        """Load the policy and what is reserved; then add up, check and answer part by part."""
        self._load_policy()
        reserved = self._load_reservations()
        counts = Counts()
        totals: list[Sequence[Any]] = []
        with written_aside(to) if to else nullcontext() as aside, _watched(self.database, self.passes, tell) as begin:
            for number in range(self.passes):
                begin(number)
                self._add_up(number)
                self._look_for_refused()
                if self.refused:
                    continue  # to all SKUs that may have two rows
                found = self._counts()._replace(answers=self._write(to, aside, number) if to and aside else 0)
                counts = Counts(*(one + other for one, other in zip(counts, found, strict=True)))
                if summary:
                    totals += self.database.execute(summary_query(self.text.answers)).fetchall()
            if self.refused:
                raise RowsRefused(frozenset(self.twice))
            check_run(self.job, rows=counts.rows, reserved=reserved.rows, sources=self._sources)
            if to and aside and self.passes > 1 and format_of(to):
                parts = ", ".join(sql_literal(glob.escape(str(path))) for path in self.scratch.glob("part-*.parquet"))
                self._copy(f"read_parquet([{parts}], hive_partitioning = false)", aside, format_of(to))
        skus = self._one(RESERVED_SKUS) if self.job.reserved else 0
        return run_result(self.job, counts, reserved, reserved_skus=skus, totals=totals if summary else None)

    def _load_policy(self) -> None:
        """The policy tables, from CSV files: by far the fastest way into DuckDB."""
        tables = sql_tables(self.job.tables)
        write_tables(tables, self.scratch)
        for table in tables:
            self._load(table)
        for name, rows in ((OUT_OF_STOCK, self.job.tables.out_of_stock), (BAD_PAIRS, self.job.bad_pairs)):
            self.database.execute(f"CREATE TEMP TABLE {name} (sku VARCHAR, source_code VARCHAR)")
            if rows:
                self.database.execute(f"INSERT INTO {name} VALUES {values(rows)}")

    def _load(self, table: SqlTable) -> None:
        columns = ", ".join(f"'{column}': '{kind}'" for column, kind in table.columns)
        path = sql_literal(glob.escape(str(self.scratch / f"{table.name}.csv")))
        self.database.execute(
            f"CREATE TEMP TABLE all_{table.name} AS SELECT * FROM read_csv({path}, auto_detect = false, header = true, "
            f"delim = ',', quote = '\"', escape = '\"', hive_partitioning = false, columns = {{{columns}}})"
        )
        self.database.execute(f"CREATE TEMP VIEW {table.name} AS SELECT * FROM all_{table.name}")

    def _load_reservations(self) -> Reserved:
        """What is reserved, and whether a row or a sum is refused."""
        rows = "SELECT '' AS sku, '' AS stock, 0 AS units, 0 AS single WHERE 1 = 0"
        if self.job.reserved:
            rows = reservations_query(self.job)
        good = f"NOT {_bad_sku()} AND stock IS NOT NULL AND units IS NOT NULL"
        several = "SUM(single) > 0 AND COUNT(*) > 1"  # what `reserved` says is all that is reserved
        kept = f"WHERE {good}" if self.job.bad_pairs is not None else ""
        self.database.execute(
            "CREATE TEMP TABLE reservations AS SELECT sku, stock, CAST(SUM(units) AS DECIMAL(18, 4)) AS reserved, "
            f"CASE WHEN {several} THEN 0 ELSE COUNT(CASE WHEN {good} THEN 1 END) END AS good_rows, "
            f"CASE WHEN COUNT(CASE WHEN {good} THEN 1 END) < COUNT(*) OR ({several}) OR SUM(units) < 0 "
            f"THEN 1 ELSE 0 END AS refused FROM ({rows}) {kept} GROUP BY sku, stock"
        )
        refused = self._one("SELECT COUNT(*) FROM reservations WHERE refused = 1")
        self.refused = self.job.bad_pairs is None and refused > 0
        good_rows = self._one("SELECT COALESCE(SUM(good_rows), 0) FROM reservations")
        above = self.database.execute(SUMS_ABOVE_ZERO.format(sums="reservations")).fetchone()
        self.database.execute("DELETE FROM reservations WHERE reserved <= 0 OR refused = 1")
        return Reserved(good_rows, (above[0], above[1:]) if above else (0, ("", "")))

    def _sources(self) -> set[str]:
        """The sources that have a row."""
        query = f"SELECT DISTINCT source_code FROM ({quantities_query(self.job)})"
        return {source for (source,) in self.database.execute(query).fetchall()}

    def _add_up(self, number: int) -> None:
        """The rows of one part of the SKUs, added up in the table `totals`."""
        part = f"WHERE hash(sku) % {self.passes} = {number}" if self.passes > 1 else ""
        rows = quantities_query(self.job)
        self.database.execute(f"CREATE OR REPLACE TEMP VIEW quantities AS SELECT * FROM ({rows}) {part}")
        self.database.execute(f"CREATE OR REPLACE TEMP VIEW products AS SELECT * FROM all_products {part}")
        self.database.execute(f"CREATE OR REPLACE TEMP TABLE totals AS {self.text.totals}")

    def _look_for_refused(self) -> None:
        """Note whether a row of this part is refused, and the SKUs that may have two rows for one source."""
        if self._one(f"SELECT COUNT(*) FROM totals WHERE refused = 1 OR {_bad_sku()}"):
            self.refused = True
            skus = self.database.execute("SELECT DISTINCT sku FROM totals WHERE refused = 1 AND items > 1").fetchall()
            self.twice.update(sku for (sku,) in skus if sku is not None)

    def _counts(self) -> Counts:
        """What is counted in this part."""
        named = self._one("SELECT COUNT(*) FROM totals t JOIN products p ON p.sku = t.sku WHERE t.policy IS NULL")
        return Counts(
            rows=self._one("SELECT COALESCE(SUM(items), 0) FROM totals"),
            known=self._one("SELECT COUNT(DISTINCT t.sku) FROM totals t JOIN products p ON p.sku = t.sku"),
            unknown=self._one("SELECT COUNT(*) FROM totals WHERE policy IS NULL") - named,
            reserved_found=self._one(RESERVED_FOUND) if self.job.reserved else 0,
        )

    def _write(self, to: str, aside: Path, number: int) -> int:
        """Write the answers of this part; gives how many they are."""
        kind, part = format_of(to), f"part-{number:05}.parquet"
        if kind is not None and self.passes == 1:
            return self._copy(f"({self.text.answers})", aside, kind)
        return self._copy(f"({self.text.answers})", (self.scratch if kind else aside) / part, Format.PARQUET)

    def _copy(self, rows: str, target: Path, kind: Format | None) -> int:
        options = {
            Format.CSV: "FORMAT csv, HEADER true",
            Format.PACKED_CSV: "FORMAT csv, HEADER true, COMPRESSION gzip",
        }.get(kind or Format.PARQUET, "FORMAT parquet")
        columns = ", ".join(COLUMNS) if options == "FORMAT parquet" else ", ".join(csv_columns(_PLAIN_NUMBER))
        return self._one(f"COPY (SELECT {columns} FROM {rows} answers) TO {sql_literal(str(target))} ({options})")

    def _one(self, query: str) -> int:
        return int(self.database.execute(query).fetchone()[0])


def _bad_sku() -> str:
    return f"(sku IS NULL OR sku = '' OR regexp_matches(sku, {sql_literal(BLANK_ENDS)}))"


@contextmanager
def _watched(database: Any, passes: int, tell: OnStep) -> Iterator[Callable[[int], None]]:
    """A function to call as each pass begins; meanwhile a thread looks how far its query has come."""
    ended = threading.Event()
    begun = [0]

    def begin(number: int) -> None:
        begun[0] = number

    def look() -> None:
        while not ended.wait(LOOK):
            share = min(max(database.query_progress(), 0), 100)
            tell("reading quantities", int((begun[0] * 100 + share) // passes))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield begin
    finally:
        ended.set()
        watcher.join()
