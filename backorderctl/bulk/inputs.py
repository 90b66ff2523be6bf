"""Which files hold the rows: globs and folders looked up, headers read, columns found by their names."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backorderctl.errors import BackorderctlError
from backorderctl.store.delimited import GZIP, PARQUET, InputFile, Sheet, delimiter
from backorderctl.store.parquet import column_types, connect
from backorderctl.store.quantities_file import QUANTITY, RESERVED, SKU, SOURCE, STATUS, STOCK, STOCK_ID

ENDS = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")
"""The names of files that are taken from a folder."""


@dataclass(frozen=True, slots=True)
class RowsFile:
    """A file of rows: its columns in order, those that are read by our name for them; `delimiter` is None for Parquet.

    `types` are the columns' types in a Parquet file, as an engine calls them.
    """

    path: str
    columns: tuple[str, ...]
    read: Mapping[str, int]
    delimiter: str | None
    packed: bool = False
    types: tuple[str, ...] = ()


def quantities_files(typed: Sequence[str]) -> tuple[RowsFile, ...]:
    """The files of source items that the words name."""
    return tuple(_opened(path, needed=(SOURCE, SKU, QUANTITY), also=(STATUS,)) for path in _paths(typed))


def reserved_files(typed: Sequence[str]) -> tuple[RowsFile, ...]:
    """The files of reservations that the words name."""
    files = tuple(_opened(path, needed=(SKU,), also=(RESERVED, QUANTITY, STOCK, STOCK_ID)) for path in _paths(typed))
    for file in files:
        if (RESERVED in file.read) == (QUANTITY in file.read):
            found = "both" if RESERVED in file.read else "neither"
            raise BackorderctlError(f"{file.path}: expected a column {RESERVED!r} or {QUANTITY!r}, got {found}")
    return files


def _paths(typed: Sequence[str]) -> Iterator[str]:
    """The files that words name: themselves, by a glob, or in a folder; each once, in the order of their names."""
    seen: set[str] = set()
    for word in typed:
        found = sorted(_found(word))
        if not found:
            raise BackorderctlError(f"{word}: expected a file, a folder with files or a pattern of such, got nothing")
        for path in found:
            if path not in seen:
                seen.add(path)
                yield path


def _found(word: str) -> list[str]:
    if Path(word).is_dir():
        files = [path for path in Path(word).iterdir() if path.is_file() and not path.name.startswith(("_", "."))]
        others = [path.name for path in files if not path.name.lower().endswith(ENDS)]
        if others:
            raise BackorderctlError(f"{word}: expected files whose names end in {', '.join(ENDS)}, got {others[0]!r}")
        return [str(path) for path in files]
    if Path(word).exists():
        return [word]
    anchor = Path(word).anchor
    return [str(path) for path in Path(anchor).glob(word.removeprefix(anchor))]


def _opened(path: str, *, needed: Sequence[str], also: Sequence[str]) -> RowsFile:
    """A file with its columns; BackorderctlError when it cannot be read or one that is needed is not there."""
    try:
        with Path(path).open("rb") as raw:
            start = raw.peek(4)[:4]
            packed = start.startswith(GZIP)
            types = column_types(connect(), path, name=path) if start == PARQUET else {}
            columns, dialect = (list(types), None) if types else _header(raw, packed=packed)
    except (UnicodeDecodeError, EOFError, zlib.error, gzip.BadGzipFile):
        raise BackorderctlError(f"{path}: expected a CSV file in UTF-8 or a Parquet file, got another") from None
    except OSError as error:
        raise BackorderctlError(f"{path}: cannot read: {error.strerror}") from None
    sheet = Sheet(path, [column.strip().lower() for column in columns], iter(()))
    read = {name: sheet.needed(name) for name in needed}
    read |= {name: place for name in also if (place := sheet.column(name)) is not None}
    return RowsFile(path, tuple(columns), read, dialect, packed, tuple(types.values()))


def _header(raw: io.BufferedReader, *, packed: bool) -> tuple[list[str], str]:
    unpacked: Any = gzip.GzipFile(fileobj=raw) if packed else raw
    with io.TextIOWrapper(unpacked, encoding="utf-8-sig", newline="") as text:
        first = text.readline()
    dialect = delimiter(first)
    return next(csv.reader([first], delimiter=dialect), []), dialect


def input_files(files: Sequence[RowsFile]) -> tuple[InputFile, ...]:
    """The same files as the Python reader takes them."""
    return tuple(InputFile(file.path, file.path) for file in files)
