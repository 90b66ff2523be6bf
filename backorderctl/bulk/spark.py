"""The engine `spark`: the same SQL text on an Apache Spark session, which reads the rows and writes the answers itself.

Only the policy tables go to Spark, and only counts and totals come back. A record of CSV has to be on one line, so that
Spark can cut large files into parts.
"""

import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from backorderctl.bulk.inputs import QUANTITIES, RESERVATIONS, FileKind, RowsFile, header, with_columns
from backorderctl.bulk.job import (
    BAD_PAIRS,
    COLUMNS,
    OUT_OF_STOCK,
    RESERVED_FOUND,
    RESERVED_SKUS,
    SUMS_ABOVE_ZERO,
    Counts,
    Job,
    Reserved,
    RowsRefused,
    RunResult,
    check_run,
    csv_columns,
    run_result,
)
from backorderctl.bulk.spark_rows import BAD_SKU, CORRUPT, cell, exact, located, raw, text, to_read, whens
from backorderctl.bulk.spark_session import spark_failures, spark_session, without_talk
from backorderctl.bulk.sql_text import statements
from backorderctl.bulk.summary import summary_query
from backorderctl.bulk.table_files import sql_tables
from backorderctl.bulk.target import Format, format_of, written_aside
from backorderctl.errors import BackorderctlError, InvalidFile
from backorderctl.rows.parquet import type_problems
from backorderctl.rows.quantities_file import QUANTITY, SOURCE_CODE, STATUS, STATUSES
from backorderctl.rows.reserved_file import RESERVED, STOCK_COLUMN, STOCK_ID, only_stock
from backorderctl.store.scalars import StockStatus
from backorderctl.store.sku import SKU


def evaluate_in_spark(job: Job, to: str | None, *, summary: bool, remote: str | None) -> RunResult:
    """Answer for every product on Spark, and write the answers to `to`, by Spark's own means where that is a URI.

    RowsRefused when a row is; BackorderctlError when Spark is not there, or cannot go on.
    """
    with without_talk(), spark_session(remote) as session, spark_failures():
        run = _Run(session, job)
        try:
            return run.evaluate(to, summary=summary)
        finally:
            run.forget()


class _Run:
    """One run over the files of a job; it gives views their names in the session."""

    def __init__(self, session: Any, job: Job) -> None:
        self.session = session
        self.job = job
        self.text = statements(job.tables)
        self.views: list[str] = []
        self.kept: list[Any] = []
        self.refused = False

    def evaluate(self, to: str | None, *, summary: bool) -> RunResult:
        """Load the policy and what is reserved, add up the rows, check them, answer."""
        self._load_policy()
        reserved = self._load_reservations()
        self._view("quantities", self._quantities())
        self._view("totals", self.session.sql(self.text.totals), keep=True)
        counts = self._checked()
        check_run(self.job, rows=counts.rows, reserved=reserved.rows, sources=self._sources)
        counts = counts._replace(answers=self._write(to) if to else 0)
        totals = self.session.sql(summary_query(self.text.answers)).collect() if summary else None
        skus = self._one(RESERVED_SKUS) if self.job.reserved else 0
        return run_result(self.job, counts, reserved, reserved_skus=skus, totals=totals)

    def forget(self) -> None:
        """Take the views out of the session again."""
        with suppress(Exception):
            for frame in self.kept:  # before the views, which their plans name
                frame.unpersist()
            for name in self.views:
                self.session.catalog.dropTempView(name)

    def _view(self, name: str, frame: Any, *, keep: bool = False) -> None:
        if keep:
            frame = frame.persist()
            self.kept.append(frame)
        frame.createOrReplaceTempView(name)
        self.views.append(name)

    def _load_policy(self) -> None:
        for table in sql_tables(self.job.tables):
            columns = ", ".join(f"{column} {kind.replace('VARCHAR(255)', 'STRING')}" for column, kind in table.columns)
            self._view(table.name, self.session.createDataFrame([tuple(row) for row in table.rows], columns))
        for name, rows in ((OUT_OF_STOCK, self.job.tables.out_of_stock), (BAD_PAIRS, self.job.bad_pairs or ())):
            self._view(name, self.session.createDataFrame(list(rows), "sku STRING, source_code STRING"))

    def _quantities(self) -> Any:
        """The rows of all quantities files; without the refused ones if they may be left out."""
        parts = [self._of_file(self._looked_into(file, QUANTITIES)) for file in self.job.quantities]
        rows = parts[0]
        for part in parts[1:]:
            rows = rows.unionAll(part)
        if self.job.bad_pairs is None:
            return rows
        self._view("all_quantities", rows)
        sources = ", ".join(text(source) for source in self.job.tables.sources)
        return self.session.sql(
            f"SELECT q.* FROM all_quantities q LEFT ANTI JOIN {BAD_PAIRS} b ON b.sku = q.sku "
            "AND b.source_code = q.source_code WHERE q.quantity IS NOT NULL AND q.status IS NOT NULL "
            f"AND q.source_code IN ({sources}) AND q.sku IS NOT NULL AND NOT regexp_like(q.sku, {raw(BAD_SKU)})"
        )

    def _of_file(self, file: RowsFile) -> Any:
        columns = [f"{cell(file, SOURCE_CODE)} AS source_code", f"{cell(file, SKU)} AS sku"]
        rows = self._read(file)
        if STATUS in file.read or not self.job.tables.out_of_stock:
            status = whens(cell(file, STATUS), _STATUS_NUMBERS) if STATUS in file.read else "1"
            return rows.selectExpr(*columns, f"{exact(file, QUANTITY)} AS quantity", f"{status} AS status")
        name = f"file_{len(self.views)}"
        self._view(name, rows.selectExpr(*columns, f"{exact(file, QUANTITY)} AS quantity"))
        return self.session.sql(
            f"SELECT f.*, CASE WHEN o.sku IS NULL THEN 1 ELSE 0 END AS status FROM {name} f "
            f"LEFT JOIN {OUT_OF_STOCK} o ON o.sku = f.sku AND o.source_code = f.source_code"
        )

    def _looked_into(self, file: RowsFile, kind: FileKind) -> RowsFile:
        """The file with its columns, which Spark tells where this machine does not see the file."""
        if file.columns:
            return file
        if file.path.lower().rstrip("/").endswith(_CSV_ENDS):
            lines = self.session.read.text(to_read(file.path)).head(1)
            columns, dialect = header(lines[0][0] if lines else "")
            return with_columns(replace(file, delimiter=dialect), columns, kind)
        fields = self.session.read.parquet(to_read(file.path)).schema.fields
        types = {field.name: field.dataType.simpleString() for field in fields}
        problems = type_problems(types, codes=_EXACT_CODES, numbers=_EXACT_NUMBERS)
        if problems:
            raise InvalidFile(file.path, problems)
        return with_columns(replace(file, types=tuple(types.values())), list(types), kind)

    def _read(self, file: RowsFile) -> Any:
        """The columns of a file as it is; of a CSV file as text, c0 and so on, with a mark on damaged records."""
        if file.delimiter is None:
            return self.session.read.parquet(to_read(file.path))
        if file.packed and not file.path.endswith(".gz"):
            raise BackorderctlError(f"{file.path}: Spark reads a compressed file only when its name ends in .gz")
        schema = ", ".join([*(f"c{place} STRING" for place in range(len(file.columns))), f"{CORRUPT} STRING"])
        reader = self.session.read.schema(schema).option("columnNameOfCorruptRecord", CORRUPT)
        for name, value in {**_CSV_IN, "sep": file.delimiter}.items():
            reader = reader.option(name, value)
        return reader.csv(to_read(file.path))

    def _load_reservations(self) -> Reserved:
        """What is reserved, and whether a row or a sum is refused."""
        none = self.session.createDataFrame([], "sku STRING, stock STRING, units DECIMAL(12, 4), single INT")
        rows = none
        for file in self.job.reserved:
            rows = rows.unionAll(self._reserved(self._looked_into(file, RESERVATIONS)))
        self._view("reserved_rows", rows)
        bad_sku = f"(sku IS NULL OR regexp_like(sku, {raw(BAD_SKU)}))"
        good = f"NOT {bad_sku} AND stock IS NOT NULL AND units IS NOT NULL"
        several = "SUM(single) > 0 AND COUNT(*) > 1"  # what `reserved` says is all that is reserved
        kept = f"WHERE {good}" if self.job.bad_pairs is not None else ""
        self._view(
            "reserved_sums",
            self.session.sql(
                "SELECT sku, stock, CAST(SUM(units) AS DECIMAL(18, 4)) AS reserved, "
                f"CASE WHEN {several} THEN 0 ELSE COUNT(CASE WHEN {good} THEN 1 END) END AS good_rows, "
                f"CASE WHEN COUNT(CASE WHEN {good} THEN 1 END) < COUNT(*) OR ({several}) OR SUM(units) < 0 "
                f"THEN 1 ELSE 0 END AS refused "
                f"FROM reserved_rows {kept} GROUP BY sku, stock"
            ),
            keep=True,
        )
        refused = self._one("SELECT COUNT(*) FROM reserved_sums WHERE refused = 1")
        self.refused = self.job.bad_pairs is None and refused > 0
        query = "SELECT sku, stock, reserved FROM reserved_sums WHERE reserved > 0 AND refused = 0"
        self._view("reservations", self.session.sql(query))
        good_rows = self._one("SELECT COALESCE(SUM(good_rows), 0) FROM reserved_sums")
        above = [tuple(row) for row in self.session.sql(SUMS_ABOVE_ZERO.format(sums="reserved_sums")).collect()]
        return Reserved(good_rows, (above[0][0], above[0][1:]) if above else (0, ("", "")))

    def _reserved(self, file: RowsFile) -> Any:
        if STOCK_COLUMN in file.read:
            stock = whens(cell(file, STOCK_COLUMN), {code: text(code) for code in self.job.store.stocks})
        elif STOCK_ID in file.read:
            known = {number: text(code) for number, code in self.job.stock_ids.items() if code in self.job.store.stocks}
            stock = whens(cell(file, STOCK_ID), known)
        else:
            stock = text(only_stock(self.job.store, file.path))
        if RESERVED in file.read:
            number = exact(file, RESERVED)
            units, single = f"CASE WHEN {number} >= 0 THEN {number} END", 1
        else:
            units, single = f"0 - {exact(file, QUANTITY)}", 0
        units = f"CAST({units} AS DECIMAL(12, 4)) AS units"
        return self._read(file).selectExpr(
            f"{cell(file, SKU)} AS sku", f"{stock} AS stock", units, f"{single} AS single"
        )

    def _checked(self) -> Counts:
        """What is counted but the answers; RowsRefused when a row is."""
        bad = f"refused = 1 OR sku IS NULL OR regexp_like(sku, {raw(BAD_SKU)})"
        rows, refused = self.session.sql(
            f"SELECT COALESCE(SUM(items), 0), COUNT(CASE WHEN {bad} THEN 1 END) FROM totals"
        ).collect()[0]
        if refused or self.refused:
            query = "SELECT DISTINCT sku FROM totals WHERE refused = 1 AND items > 1 AND sku IS NOT NULL"
            raise RowsRefused(frozenset(sku for (sku,) in self.session.sql(query).collect()))
        named = self._one("SELECT COUNT(*) FROM totals t JOIN products p ON p.sku = t.sku WHERE t.policy IS NULL")
        return Counts(
            rows=rows,
            known=self._one("SELECT COUNT(DISTINCT t.sku) FROM totals t JOIN products p ON p.sku = t.sku"),
            unknown=self._one("SELECT COUNT(*) FROM totals WHERE policy IS NULL") - named,
            reserved_found=self._one(RESERVED_FOUND) if self.job.reserved else 0,
        )

    def _sources(self) -> set[str]:
        """The sources that have a row."""
        return {source for (source,) in self.session.sql("SELECT DISTINCT source_code FROM quantities").collect()}

    def _write(self, to: str) -> int:
        """Write the answers; gives how many they are."""
        answers = self.session.sql(self.text.answers)
        kind = Format.PARQUET if "://" in to else format_of(to)
        answers = answers.selectExpr(*(COLUMNS if kind in (None, Format.PARQUET) else csv_columns(_PLAIN_NUMBER)))
        if "://" in to:
            answers.write.parquet(to)
            return int(self.session.read.parquet(to).count())
        with written_aside(to) as aside:
            if kind is None:
                answers.write.mode("overwrite").parquet(located(str(aside)))
                return int(self.session.read.parquet(to_read(str(aside))).count())
            return self._write_file(answers, kind, aside)

    def _write_file(self, answers: Any, kind: Format, aside: Path) -> int:
        """Write one file: Spark writes a folder, of which the only part is taken."""
        folder = aside.with_name(f"{aside.name}.parts")
        writer = answers.coalesce(1).write
        try:
            if kind is Format.PARQUET:
                writer.parquet(located(str(folder)))
                number = self.session.read.parquet(to_read(str(folder))).count()
            else:
                packing = "gzip" if kind is Format.PACKED_CSV else "none"
                for name, value in {**_CSV_OUT, "compression": packing}.items():
                    writer = writer.option(name, value)
                writer.csv(located(str(folder)))
                number = answers.count()
            [part] = folder.glob("part-*")
            part.replace(aside)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return int(number)

    def _one(self, query: str) -> int:
        return int(self.session.sql(query).collect()[0][0])


_STATUS_NUMBERS = {written: "1" if status is StockStatus.IN_STOCK else "0" for written, status in STATUSES.items()}
_CSV_ENDS = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
_EXACT_CODES = ("string", "tinyint", "smallint", "int", "bigint")
_EXACT_NUMBERS = (*_EXACT_CODES, "decimal", "double")
"""Types of Spark whose values are exact; 8 digits and 4 decimals are few enough for a double."""
_PLAIN_NUMBER = "trim(TRAILING '.' FROM trim(TRAILING '0' FROM CAST({column} AS STRING)))"
"""A number without trailing zeros."""
_CSV_IN = {"header": "true", "quote": '"', "escape": '"', "unescapedQuoteHandling": "SKIP_VALUE"}
"""A cell that begins with a quote and does not end with one is NULL, and so refused."""
_CSV_OUT = {
    "header": "true",
    "escape": '"',
    "emptyValue": "",
    "ignoreLeadingWhiteSpace": "false",
    "ignoreTrailingWhiteSpace": "false",
}
