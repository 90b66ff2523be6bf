"""A database of DuckDB in this process, in a bounded memory; and how it fails."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backorderctl.bulk.duckdb_rows import sql_literal
from backorderctl.bulk.job import RowsRefused
from backorderctl.errors import BackorderctlError
from backorderctl.rows.parquet import connect

OF_LIMIT = 0.8
"""The share of the memory that DuckDB's buffers may take; the rest is its code, threads and reading."""
_CANNOT_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM)
"""Why a file cannot be written, in the system's words, which are in those of DuckDB."""


@contextmanager
def duckdb_session(scratch: Path, memory: int) -> Iterator[Any]:
    """A database that takes so many bytes of memory, and the folder `scratch` where that is too little."""
    database = connect()
    try:
        database.execute(f"SET memory_limit = '{int(memory * OF_LIMIT)}B'")
        database.execute(f"SET temp_directory = {sql_literal(str(scratch / 'spill'))}")
        database.execute("SET preserve_insertion_order = false")
        # The policy is small and the rows are many: left to guess, DuckDB builds hash tables of the rows.
        database.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        yield database
    finally:
        database.close()


@contextmanager
def duckdb_failures(to: str | None, scratch: Path, memory: int) -> Iterator[None]:
    """What DuckDB raises, in our words: RowsRefused where it cannot read a file, which a second reading can tell."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException:
        raise BackorderctlError(f"--memory: expected more for these rows, got {memory // 1_000_000}MB") from None
    except RuntimeError as error:
        if "interrupted" in str(error).lower():
            raise KeyboardInterrupt from None
        raise
    except duckdb.InterruptException:
        raise KeyboardInterrupt from None
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException):  # a fault of ours
        raise
    except duckdb.Error as error:
        reason = next((os.strerror(code) for code in _CANNOT_WRITE if os.strerror(code) in str(error)), None)
        if reason is None:
            raise RowsRefused(frozenset(), unreadable=True) from None
        place = to if to is not None and str(scratch) not in str(error) else str(scratch.parent)
        raise BackorderctlError(f"{place}: cannot write: {reason[:1].lower()}{reason[1:]}") from None
