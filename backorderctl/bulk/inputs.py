"""Which files hold the rows: globs and folders looked up, headers read, columns found by their names."""

import csv
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from backorderctl.errors import BackorderctlError
from backorderctl.store.delimited import CELL_LIMIT, PARQUET, InputFile, Sheet, delimiter
from backorderctl.store.parquet import column_types, connect
from backorderctl.store.quantities_file import QUANTITY, SOURCE_CODE, STATUS
from backorderctl.store.reserved_file import RESERVED, STOCK_COLUMN, STOCK_ID
from backorderctl.store.sku import SKU
from backorderctl.toml.file_access import GZIP, decompressed

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


class FileKind(NamedTuple):
    """What a file has to have: the columns that it needs, and those that are read if they are there."""

    needed: tuple[str, ...]
    also: tuple[str, ...]


QUANTITIES = FileKind((SOURCE_CODE, SKU, QUANTITY), (STATUS,))
RESERVATIONS = FileKind((SKU,), (RESERVED, QUANTITY, STOCK_COLUMN, STOCK_ID))


def rows_files(typed: Sequence[str], kind: FileKind, *, on_spark: bool = False) -> tuple[RowsFile, ...]:
    """The files that the words name. What only Spark can look into has no columns yet: URIs and its Parquet files."""
    return tuple(_opened(path, kind, on_spark=on_spark) for path in _paths(typed, on_spark=on_spark))


def with_columns(file: RowsFile, columns: Sequence[str], kind: FileKind) -> RowsFile:
    """The file with its columns; InvalidFile when one is there twice or one that is needed is not there."""
    sheet = Sheet(file.path, [column.strip().lower() for column in columns], iter(()))
    read = {name: sheet.needed(name) for name in kind.needed}
    read |= {name: place for name in kind.also if (place := sheet.column(name)) is not None}
    if kind is RESERVATIONS and (RESERVED in read) == (QUANTITY in read):
        found = "both" if RESERVED in read else "neither"
        raise BackorderctlError(f"{file.path}: expected a column {RESERVED!r} or {QUANTITY!r}, got {found}")
    return replace(file, columns=tuple(columns), read=read)


def _paths(typed: Sequence[str], *, on_spark: bool) -> Iterator[str]:
    """The files that words name: themselves, by a glob, or in a folder; each once, in the order of their names."""
    seen: set[str] = set()
    for word in typed:
        found = [word] if on_spark and "://" in word else sorted(_found(word))
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


def _opened(path: str, kind: FileKind, *, on_spark: bool) -> RowsFile:
    """A file with its columns; BackorderctlError when it cannot be read or one that is needed is not there."""
    if on_spark and "://" in path:
        return RowsFile(path, (), {}, None)
    try:
        with Path(path).open("rb") as raw:
            start = raw.peek(4)[:4]
            if start == PARQUET:
                types = {} if on_spark else column_types(connect(), path, name=path)
                file, columns = RowsFile(path, (), {}, None, types=tuple(types.values())), list(types)
            else:
                packed = start.startswith(GZIP)
                columns, dialect = _header(raw, path)
                file = RowsFile(path, (), {}, dialect, packed=packed)
    except UnicodeDecodeError:
        raise BackorderctlError(f"{path}: expected a CSV file in UTF-8 or a Parquet file, got another") from None
    except OSError as error:
        raise BackorderctlError(f"{path}: cannot read: {error.strerror}") from None
    return file if on_spark and file.delimiter is None else with_columns(file, columns, kind)


def _header(raw: io.BufferedReader, path: str) -> tuple[list[str], str]:
    with (
        decompressed(raw, path, limit=sys.maxsize, longest_line=CELL_LIMIT) as content,
        io.TextIOWrapper(content, encoding="utf-8-sig", newline="") as text,
    ):
        return header(text.readline())


def header(line: str) -> tuple[list[str], str]:
    """The names in the first line of a CSV file, and what parts them."""
    dialect = delimiter(line)
    return next(csv.reader([line], delimiter=dialect), []), dialect


def input_files(files: Sequence[RowsFile]) -> tuple[InputFile, ...]:
    """The same files as the Python reader takes them."""
    return tuple(InputFile(file.path, file.path, limit=sys.maxsize) for file in files)
