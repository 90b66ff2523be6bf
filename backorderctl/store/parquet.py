"""Rows of a Parquet file as text cells, read by DuckDB (the extra `duckdb`), exactly or not at all."""

from collections.abc import Iterator, Sequence
from typing import Any

from backorderctl.errors import BackorderctlError, InvalidFile, Problem
from backorderctl.store.sku import SKU

READ_COLUMNS = (SKU, "source_code", "quantity", "status", "reserved", "stock", "stock_id")
"""The columns that are read; the others may be of any type."""
EXACT = (
    *("VARCHAR", "ENUM", "DECIMAL", "DOUBLE", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
    *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
)
"""Types of DuckDB whose text says the value exactly; 8 digits and 4 decimals are few enough for a DOUBLE."""
ROWS_AT_ONCE = 10_000


def connect() -> Any:
    """A DuckDB database in memory; BackorderctlError, with what to install, when there is no DuckDB."""
    try:
        import duckdb
    except ImportError:
        raise BackorderctlError("DuckDB is not installed", hint="pip install duckdb") from None
    return duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})


def parquet_rows(path: str, *, name: str, only: str | None) -> tuple[list[str], Iterator[Sequence[str]]]:
    """The names of the columns in lower case, and the rows; with `only`, those alone that have it as their SKU."""
    database = connect()
    columns = column_types(database, path, name=name)
    names = [column.strip().lower() for column in columns]
    cells = ", ".join(f"coalesce(CAST({quoted(column)} AS VARCHAR), '')" for column in columns)
    query = f"SELECT {cells} FROM read_parquet($1)"
    if only is None or SKU not in names:
        return names, _fetched(database.execute(query, [path]))
    at_sku = quoted(list(columns)[names.index(SKU)])
    return names, _fetched(database.execute(f"{query} WHERE CAST({at_sku} AS VARCHAR) = $2", [path, only]))


def column_types(database: Any, path: str, *, name: str) -> dict[str, str]:
    """The type of each column of a Parquet file; InvalidFile when one that is read has a type that is not exact."""
    import duckdb

    try:
        rows = database.execute("DESCRIBE SELECT * FROM read_parquet($1)", [path]).fetchall()
    except duckdb.Error:
        raise BackorderctlError(f"{name}: expected a Parquet file, got a damaged one") from None
    columns = {column: kind for column, kind, *_ in rows}
    problems = [
        Problem(f"column {column!r}: expected text, decimals or whole numbers, got {kind}")
        for column, kind in columns.items()
        if column.strip().lower() in READ_COLUMNS and not kind.startswith(EXACT)
    ]
    if problems:
        raise InvalidFile(name, problems)
    return columns


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def _fetched(result: Any) -> Iterator[Sequence[str]]:
    while batch := result.fetchmany(ROWS_AT_ONCE):
        yield from batch
