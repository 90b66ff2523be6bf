"""Rows of a Parquet file as text cells, read by DuckDB (the extra `duckdb`), exactly or not at all."""

import glob
import re
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from backorderctl.errors import BackorderctlError, InvalidFile, Problem
from backorderctl.store.sku import SKU

CODES = (SKU, "source_code", "stock", "stock_id")
"""Columns whose text counts: a number with places, such as 7.0, is no SKU."""
NUMBERS = ("quantity", "status", "reserved")
"""The other columns that are read; what is in neither list may be of any type."""
_EXACT_CODES = (
    *("VARCHAR", "ENUM", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
    *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
)
_EXACT_NUMBERS = (*_EXACT_CODES, "DECIMAL", "DOUBLE")
"""Types of DuckDB whose text says the value exactly; 8 digits and 4 decimals are few enough for a DOUBLE."""
_WHOLE_DECIMAL = re.compile(r"decimal\(\d+, ?0\)", re.IGNORECASE)
_PATTERN = re.compile(r"[*?\[\\]")
"""What makes a pattern of a path for DuckDB, which also takes a backslash for a slash."""
ROWS_AT_ONCE = 10_000


def connect() -> Any:
    """A DuckDB database in memory; BackorderctlError, with what to install, when there is no DuckDB."""
    try:
        duckdb = whole_import("duckdb")
    except ImportError:
        raise BackorderctlError("DuckDB is not installed", hint="pip install duckdb") from None
    return duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})


def whole_import(name: str) -> Any:
    """The module of that name; ImportError when there is none.

    A signal that arrives meanwhile acts afterwards: inside an extension module it would abort the process.
    """
    if not hasattr(signal, "pthread_sigmask"):
        return import_module(name)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    try:
        return import_module(name)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def parquet_rows(path: str, *, name: str, only: str | None) -> Iterator[tuple[list[str], Iterator[Sequence[str]]]]:
    """The names of the columns, and the rows; with `only`, those alone whose SKU is spelled so,
    in any letter case."""
    with TemporaryDirectory(prefix="backorderctl-") as scratch:
        place = plain_path(path, Path(scratch))
        database = connect()
        columns = column_types(database, place, name=name)
        names = [column.strip().lower() for column in columns]
        cells = ", ".join(f"coalesce(CAST({quoted(column)} AS VARCHAR), '')" for column in columns)
        query = f"SELECT {cells} FROM read_parquet($1, hive_partitioning = false)"
        if only is None or SKU not in names:
            yield list(columns), _fetched(database, query, [place], name=name)
            return
        at_sku = quoted(list(columns)[names.index(SKU)])
        alike = f"{query} WHERE CAST({at_sku} AS VARCHAR) = $2 OR lower(CAST({at_sku} AS VARCHAR)) = lower($2)"
        yield list(columns), _fetched(database, alike, [place, only], name=name)


def plain_path(path: str, scratch: Path) -> str:
    """A path by which DuckDB finds this very file: it takes `g[1].parquet` for a pattern, which `g1.parquet` matches.

    Where the path is such, or no text, it is that of a link in the folder `scratch`.
    """
    absolute = str(Path(path).absolute())  # which is never taken for a URI or for one in a home folder
    if absolute.isprintable() and not _PATTERN.search(absolute):
        return absolute
    link = scratch / f"link-{len(list(scratch.iterdir()))}"
    link.symlink_to(absolute)
    return glob.escape(str(link))


def column_types(database: Any, path: str, *, name: str) -> dict[str, str]:
    """The type of each column of a Parquet file; InvalidFile when one that is read has a type that is not exact."""
    import duckdb

    try:
        rows = database.execute("DESCRIBE SELECT * FROM read_parquet($1, hive_partitioning = false)", [path]).fetchall()
    except duckdb.Error:
        raise _damaged(name) from None
    columns = {column: kind for column, kind, *_ in rows}
    problems = type_problems(columns, codes=_EXACT_CODES, numbers=_EXACT_NUMBERS)
    if problems:
        raise InvalidFile(name, problems)
    return columns


def type_problems(types: dict[str, str], *, codes: tuple[str, ...], numbers: tuple[str, ...]) -> list[Problem]:
    """What is wrong with the types of columns, if an engine calls those that are exact `codes` and `numbers`."""
    problems = []
    for column, kind in types.items():
        read, name = column.strip().lower(), kind if kind.endswith("]") else kind.partition("(")[0]
        if read in CODES and not (name in codes or _WHOLE_DECIMAL.fullmatch(kind)):
            problems.append(Problem(f"column {column!r}: expected text or whole numbers, got {kind}"))
        elif read in NUMBERS and name not in numbers:
            problems.append(Problem(f"column {column!r}: expected text, decimals or whole numbers, got {kind}"))
    return problems


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def _fetched(database: Any, query: str, values: list[str], *, name: str) -> Iterator[Sequence[str]]:
    """The rows of a query; InvalidFile when the file is damaged further on than its head and its end."""
    import duckdb

    try:
        result = database.execute(query, values)
        while batch := result.fetchmany(ROWS_AT_ONCE):
            yield from batch
    except duckdb.OutOfMemoryException:
        raise MemoryError from None
    except (RuntimeError, duckdb.InterruptException):
        raise KeyboardInterrupt from None
    except duckdb.Error:
        raise _damaged(name) from None


def _damaged(name: str) -> BackorderctlError:
    return BackorderctlError(f"{name}: expected a Parquet file, got a damaged one")
