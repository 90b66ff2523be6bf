"""The engine `duckdb`: rows are read, checked and answered for in this process, in a bounded memory.

Columns are declared in the order of the file, all as text: DuckDB would bind a typed schema by position, round 1.23456
without a word and take the SKU 00123 for 123.
"""

import errno
import glob
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from backorderctl.bulk.engine import NUMBER, plain_number
from backorderctl.bulk.inputs import RowsFile
from backorderctl.bulk.job import (
    COLUMNS,
    Format,
    Job,
    MoreMemoryNeeded,
    OnStep,
    RunResult,
    Unreadable,
    csv_columns,
    format_of,
)
from backorderctl.bulk.policy_tables import SqlTable
from backorderctl.bulk.run import evaluate_on
from backorderctl.errors import BackorderctlError
from backorderctl.files.access import format_size
from backorderctl.files.beside import scratch_folder, written_beside
from backorderctl.rows.delimited import CELL_LIMIT
from backorderctl.rows.parquet import connect, plain_path, quoted
from backorderctl.store.scalars import format_quantity

ROWS_A_PASS = 25_000_000
"""Rows that one pass takes in with 1 GB of memory; more are cut by a hash of their SKU."""
BYTES_A_ROW = 24
"""A short row of a CSV file."""
OF_LIMIT = 0.65
"""The share of the memory that DuckDB's buffers may take; the rest is its code, threads and reading."""
LOOK = 0.2
"""Seconds between two looks at how far a query has come."""
_BLANKS = r"[\t-\r\x1c-\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]"
_BLANK_ENDS = f"^{_BLANKS}|{_BLANKS}$"
"""A blank at either end, as Python's `str.strip` takes them away."""
_CANNOT_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM)
"""Why a file cannot be written, in the system's words, which are in those of DuckDB."""


def evaluate_in_duckdb(job: Job, to: str | None, *, summary: bool, memory: int, on_step: OnStep) -> RunResult:
    """Answer for every product, and write the answers to the file or folder `to`, whole or not at all.

    RowsRefused when rows are; BackorderctlError when DuckDB is not installed, or cannot go on.
    """
    with scratch_folder() as scratch, _session(scratch, memory) as database:
        engine = DuckDB(database, scratch, parts=_parts(job, memory))
        with _watched(database, engine.parts, on_step) as on_part:
            return evaluate_on(engine, job, to, summary=summary, on_part=on_part)


def _parts(job: Job, memory: int) -> int:
    """Into how many parts the SKUs are cut."""
    rows = 0
    for file in job.quantities:
        rows += file.rows or Path(file.path).stat().st_size * (8 if file.packed else 1) // BYTES_A_ROW
    return 1 + rows * 10**9 // (ROWS_A_PASS * memory)


class DuckDB:
    """A database of DuckDB, with a folder for its files and for links to those of the user."""

    name = "duckdb"
    needs = f"lines that all end alike, none longer than {format_size(CELL_LIMIT)}"
    # DuckDB's `lower` alone would also turn `İ` into `i`.
    lowered = "LOWER(REPLACE({name}, 'İ', CHR(57344)))"
    plain = "rtrim(rtrim(CAST({column} AS VARCHAR), '0'), '.')"

    def __init__(self, database: Any, scratch: Path, *, parts: int) -> None:
        self.database = database
        self.scratch = scratch
        self.parts = parts
        self.part = f"hash({{name}}) % {parts} = {{number}}"
        self._written = 0
        self.to: str | None = None
        self._kinds: dict[str, str] = {}

    def text(self, word: str) -> str:
        """A text as SQL has it."""
        return "'" + word.replace("'", "''") + "'"

    def cell(self, file: RowsFile, column: str) -> str:
        """A column as text."""
        if file.delimiter is not None:
            return f"c{file.read[column]}"
        return f"CAST({quoted(file.columns[file.read[column]])} AS VARCHAR)"

    def number(self, file: RowsFile, column: str) -> str:
        """A column as a number with 4 places; NULL where the cell is no number or has more places."""
        place = file.read[column]
        if file.delimiter is None and not file.types[place].startswith(("VARCHAR", "ENUM")):
            name = quoted(file.columns[place])
            number = f"TRY_CAST({name} AS DECIMAL(12, 4))"
            return f"CASE WHEN {number} = {name} THEN {number} END"
        cell = plain_number(file, self.cell(file, column))
        number = f"TRY_CAST({cell} AS DECIMAL(12, 4))"
        # Most numbers are written as the database would, which takes a third of the time of a pattern to find out.
        return (
            f"CASE WHEN CAST({number} AS VARCHAR) = {cell} THEN {number} "
            f"WHEN regexp_full_match({cell}, '{NUMBER}') THEN {number} END"
        )

    def no_sku(self, column: str) -> str:
        """The condition that a text, or NULL, is no SKU."""
        return f"({column} IS NULL OR {column} = '' OR regexp_matches({column}, {self.text(_BLANK_ENDS)}))"

    def located(self, file: RowsFile) -> RowsFile:
        """The file with a path that DuckDB takes for no other."""
        return replace(file, place=plain_path(file.path, self.scratch))

    def reader(self, files: Sequence[RowsFile]) -> str:
        """A call that reads files of the same kind; of records that are none, it keeps one to tell that there are."""
        first = files[0]
        paths = "[" + ", ".join(self.text(file.place) for file in files) + "]"
        if first.delimiter is None:
            return f"read_parquet({paths}, hive_partitioning = false)"
        columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(first.columns)))
        return (
            f"read_csv({paths}, auto_detect = false, header = true, delim = {self.text(first.delimiter)}, "
            f"quote = '\"', escape = '\"', compression = '{'gzip' if first.packed else 'none'}', "
            f"max_line_size = {CELL_LIMIT}, buffer_size = {CELL_LIMIT}, hive_partitioning = false, "
            f"store_rejects = true, rejects_limit = 1, columns = {{{columns}}})"
        )

    def load(self, table: SqlTable) -> None:
        """Make a table of few rows."""
        values = [list(map(_value, column)) for column in zip(*table.rows, strict=True)] or [[] for _ in table.columns]
        columns = ", ".join(
            f"CAST(unnest(CAST(${number} AS VARCHAR[])) AS {kind}) AS {column}"
            for number, (column, kind) in enumerate(table.columns, 1)
        )
        self.fetch(f"CREATE OR REPLACE TEMP TABLE {table.name} AS SELECT {columns}", values)

    def keep(self, name: str, query: str, *, view: bool = False) -> None:
        """Give a name to the result of a query, or to the query itself, in place of what had it before."""
        kind = "VIEW" if view else "TABLE"
        if self._kinds.setdefault(name, kind) != kind:
            self.fetch(f"DROP {self._kinds[name]} {name}")
            self._kinds[name] = kind
        self.fetch(f"CREATE OR REPLACE TEMP {kind} {name} AS {query}")

    def fetch(self, query: str, values: Sequence[Any] | None = None) -> Sequence[Sequence[Any]]:
        """The rows of a query; Unreadable when DuckDB cannot read a file."""
        import duckdb

        try:
            rows: Sequence[Sequence[Any]] = self.database.execute(query, values).fetchall()
        except duckdb.OutOfMemoryException:
            raise MoreMemoryNeeded from None
        except RuntimeError as error:
            if "interrupted" in str(error).lower():
                raise KeyboardInterrupt from None
            raise
        except duckdb.InterruptException:
            raise KeyboardInterrupt from None
        except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException):  # a fault of ours
            raise
        except duckdb.Error as error:
            raise self._failure(str(error)) from None
        return rows

    def _failure(self, said: str) -> Exception:
        reason = next((os.strerror(code) for code in _CANNOT_WRITE if os.strerror(code) in said), None)
        if reason is None:
            return Unreadable()
        place = self.to if self.to is not None and str(self.scratch) not in said else self.scratch.parent
        return BackorderctlError(f"{place}: cannot write: {reason[:1].lower()}{reason[1:]}")

    def passed_over(self) -> bool:
        """Whether a record was no record."""
        made = self.fetch("SELECT 1 FROM duckdb_tables() WHERE table_name = 'reject_errors'")
        return bool(made and self.fetch("SELECT 1 FROM reject_errors LIMIT 1"))

    def target(self, to: str) -> AbstractContextManager[Path]:
        """A file or folder beside `to`, which takes its place when the block ends well."""
        self.to = to
        return written_beside(to, folder=format_of(to) is None)

    def write(self, query: str, aside: Path, to: str, marks: Mapping[str, str]) -> int:
        """Write the answers of the next part, the last of which completes the file; gives how many they are."""
        kind, part = format_of(to), f"part-{self._written:05}.parquet"
        self._written += 1
        if kind is None or self.parts == 1:
            return self._copy(f"({query})", aside / part if kind is None else aside, kind, marks)
        written = self._copy(f"({query})", self.scratch / part, Format.PARQUET, {})
        if self._written == self.parts:
            parts = ", ".join(self.text(glob.escape(str(path))) for path in sorted(self.scratch.glob("part-*")))
            self._copy(f"read_parquet([{parts}], hive_partitioning = false)", aside, kind, marks)
        return written

    def _copy(self, rows: str, target: Path, kind: Format | None, marks: Mapping[str, str]) -> int:
        metadata = ", ".join(f"'{name}': {self.text(value)}" for name, value in marks.items())
        options = {
            Format.CSV: "FORMAT csv, HEADER true",
            Format.PACKED_CSV: "FORMAT csv, HEADER true, COMPRESSION gzip",
        }.get(kind or Format.PARQUET, f"FORMAT parquet, KV_METADATA {{{metadata}}}")
        columns = ", ".join(csv_columns(self.plain) if options.startswith("FORMAT csv") else COLUMNS)
        query = f"COPY (SELECT {columns} FROM {rows} answers) TO {self.text(str(target))} ({options})"
        return int(self.fetch(query)[0][0])


def _value(value: Any) -> str | None:
    if value is None:
        return None
    return format_quantity(value) if isinstance(value, Decimal) else str(value)


@contextmanager
def _session(scratch: Path, memory: int) -> Iterator[Any]:
    """A database that takes so many bytes of memory, and the folder `scratch` where that is too little."""
    database = connect()
    try:
        database.execute(f"SET memory_limit = '{int(memory * OF_LIMIT)}B'")
        database.execute("SET temp_directory = $1", [str(scratch / "spill")])
        database.execute("SET preserve_insertion_order = false")
        # The policy is small and the rows are many: left to guess, DuckDB builds hash tables of the rows.
        database.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        yield database
    finally:
        database.close()


@contextmanager
def _watched(database: Any, parts: int, on_step: OnStep) -> Iterator[Callable[[int], None]]:
    """A function to call as each part begins; meanwhile a thread looks how far its query has come."""
    ended = threading.Event()
    begun = [0]

    def begin(number: int) -> None:
        begun[0] = number

    def look() -> None:
        while not ended.wait(LOOK):
            share = min(max(database.query_progress(), 0), 100)
            on_step("reading quantities", int((begun[0] * 100 + share) // parts))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield begin
    finally:
        ended.set()
        watcher.join()
