"""Which files hold the rows: globs and folders looked up, headers read, columns found by their names."""

import csv
import glob
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from backorderctl.errors import BackorderctlError, system_reason
from backorderctl.files.access import GZIP, decompressed, shell_quoted
from backorderctl.files.beside import scratch_folder
from backorderctl.rows.columns import Layout
from backorderctl.rows.delimited import CELL_LIMIT, PARQUET, PLAIN, InputFile, Sheet, delimiter
from backorderctl.rows.parquet import column_types, connect, plain_path
from backorderctl.rows.quantities_file import QUANTITY, SOURCE_CODE, STATUS
from backorderctl.rows.reserved_file import RESERVED, STOCK_COLUMN
from backorderctl.rows.rows_read import STOCK_ID
from backorderctl.store.sku import SKU

ENDS = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".parquet")
"""The names of files that are taken from a folder."""
MOST_LOOKED_AT = 10_000
"""Files and folders among which the endings for a hint are looked for."""


class FileKind(NamedTuple):
    """What a file has to have: the columns that it needs, and those that are read if they are there."""

    needed: tuple[str, ...]
    also: tuple[str, ...]


QUANTITIES = FileKind((SOURCE_CODE, SKU, QUANTITY), (STATUS,))
RESERVATIONS = FileKind((SKU,), (RESERVED, QUANTITY, STOCK_COLUMN, STOCK_ID))


@dataclass(frozen=True, slots=True)
class RowsFile:
    """A file of rows: its columns in order, those that are read by our name for them; `delimiter` is None for Parquet.

    `layout` is how it is written, and `source` what all its rows are about if it has no column for that. `types` are
    the columns' types in a Parquet file, as an engine calls them. `named` if the file is given by its own name, not by
    that of a folder or a pattern; `rows` is None unless they are counted already, and of CSV 0 or None; `place` is
    where an engine finds it, if not by its path.
    """

    path: str
    kind: FileKind
    columns: tuple[str, ...]
    read: Mapping[str, int]
    delimiter: str | None
    layout: Layout = PLAIN
    source: str | None = None
    packed: bool = False
    types: tuple[str, ...] = ()
    named: bool = False
    rows: int | None = None
    place: str = ""

    @property
    def ignored(self) -> tuple[str, ...]:
        """The columns that nothing is read from."""
        read = set(self.read.values())
        return tuple(name.strip() for place, name in enumerate(self.columns) if place not in read)


def rows_files(
    typed: Sequence[str],
    kind: FileKind,
    *,
    layout: Layout = PLAIN,
    source: str | None = None,
    on_spark: bool = False,
) -> tuple[RowsFile, ...]:
    """The files that the words name; those of one warehouse are about `source`.

    What only Spark can look into has no columns yet: URIs and its Parquet files.
    """
    new = RowsFile("", kind, (), {}, None, layout, source)
    paths = _paths(typed, on_spark=on_spark)
    return tuple(_opened(replace(new, path=path, named=path in typed), on_spark=on_spark) for path in paths)


def with_columns(file: RowsFile, columns: Sequence[str]) -> RowsFile:
    """The file with its columns; InvalidFile when one is there twice or one that is needed is not there."""
    kind = file.kind
    sheet = Sheet(file.path, columns, iter(()), file.layout)
    alone = file.source is not None and sheet.column(SOURCE_CODE) is None
    needed = [name for name in kind.needed if not (alone and name == SOURCE_CODE)]
    read = dict(zip(needed, sheet.needed(*needed), strict=True))
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
            same = path if "://" in path else str(Path(path).resolve())
            if same not in seen:
                seen.add(same)
                yield path


def _found(word: str) -> list[str]:
    if Path(word).is_dir():
        return _in_folder(word)
    if Path(word).exists():
        return [word]
    files: list[str] = []
    for path in _matches(word):
        if not any(_is_hidden(part) and not _is_typed(part, word) for part in path.parts):
            files += _in_folder(str(path)) if path.is_dir() else [str(path)]
    return files


def _matches(pattern: str) -> list[Path]:
    """The files and folders of a pattern; BackorderctlError for one that not every Python looks for."""
    if any("**" in part and part != "**" for part in Path(pattern).parts):
        raise BackorderctlError(f"{pattern}: expected '**' as the whole name of a folder, such as lake/**/*")
    anchor = Path(pattern).anchor
    return list(Path(anchor).glob(pattern.removeprefix(anchor)))


def _is_hidden(name: str) -> bool:
    """Whether a file or folder is about others beside it, such as _SUCCESS."""
    return name.startswith(("_", "."))


def _is_typed(name: str, pattern: str) -> bool:
    """Whether a part of the pattern names such a hidden file or folder, as `.old` or `.*` do."""
    return any(_is_hidden(part) and fnmatchcase(name, part) for part in Path(pattern).parts)


def _in_folder(word: str) -> list[str]:
    """The files in a folder but for hidden ones; BackorderctlError when one is of another kind, or a folder itself."""
    paths = sorted(path for path in Path(word).iterdir() if not _is_hidden(path.name))
    if (Path(word) / "_delta_log").exists():
        raise BackorderctlError(f"{word}: expected a folder of files that all count, got a Delta table")
    for path in paths:
        if path.is_dir():
            raise BackorderctlError(
                f"{word}: expected a folder of files, got one with the folder {path.name!r} in it",
                hint=_patterns_below(word),
            )
        if not path.name.lower().endswith(ENDS):
            raise BackorderctlError(f"{word}: expected files whose names end in {', '.join(ENDS)}, got {path.name!r}")
    return [str(path) for path in paths]


def _patterns_below(folder: str) -> str | None:
    """The patterns that name the files in a folder and in its folders, one for each ending; None when it has none."""
    ends: set[str] = set()
    for path in islice(Path(folder).rglob("*"), MOST_LOOKED_AT):
        below = path.relative_to(folder).parts
        if path.name.lower().endswith(ENDS) and not any(map(_is_hidden, below)):
            longest = max((end for end in ENDS if path.name.lower().endswith(end)), key=len)
            ends.add(path.name[-len(longest) :])
    start = f"{glob.escape(folder.rstrip('/'))}/**/*"
    return " ".join(shell_quoted(f"{start}{glob.escape(end)}") for end in sorted(ends)) or None


def _opened(file: RowsFile, *, on_spark: bool) -> RowsFile:
    """The file with its columns; BackorderctlError when it cannot be read or one that is needed is not there."""
    path = file.path
    if on_spark and "://" in path:
        return file
    if Path(path).exists() and not Path(path).is_file():
        raise BackorderctlError(f"{path}: expected a file, which may be read again, got a pipe or a device")
    try:
        with Path(path).open("rb") as raw:
            start = raw.peek(4)[:4]
            if start != PARQUET:
                file, columns = _of_csv(file, raw, packed=start.startswith(GZIP))
    except UnicodeDecodeError:
        raise BackorderctlError(f"{path}: expected a CSV file in UTF-8 or a Parquet file, got another") from None
    except OSError as error:
        raise BackorderctlError(f"{path}: cannot read: {system_reason(error)}") from None
    if file.delimiter is None:
        if on_spark:
            return file
        file, columns = _of_parquet(file)
    return with_columns(file, columns)


def _of_parquet(file: RowsFile) -> tuple[RowsFile, list[str]]:
    """A Parquet file, and the names of its columns."""
    with scratch_folder() as scratch:
        database, place = connect(), plain_path(file.path, scratch)
        types = column_types(database, place, name=file.path)
        # `parquet_file_metadata` would also read texts of the file that nobody needs and that may be damaged.
        [rows] = database.execute("SELECT COUNT(*) FROM read_parquet($1)", [place]).fetchone()
    return replace(file, types=tuple(types.values()), rows=rows), list(types)


def _of_csv(file: RowsFile, raw: io.BufferedReader, *, packed: bool) -> tuple[RowsFile, list[str]]:
    """A CSV file, and the names in its header."""
    with (
        decompressed(raw, file.path, limit=sys.maxsize, longest_line=CELL_LIMIT) as content,
        io.TextIOWrapper(content, encoding="utf-8-sig", newline="") as text,
    ):
        columns, dialect = header(text.readline())
        rows = None if any(line.strip("\r\n") for line in text) else 0
    return replace(file, delimiter=dialect, packed=packed, rows=rows), columns


def header(line: str) -> tuple[list[str], str]:
    """The names in the first line of a CSV file, and what parts them."""
    dialect = delimiter(line)
    return next(csv.reader([line], delimiter=dialect), []), dialect


def input_files(files: Sequence[RowsFile]) -> tuple[InputFile, ...]:
    """The same files as the Python reader takes them."""
    return tuple(InputFile(file.path, file.path, limit=sys.maxsize, layout=file.layout) for file in files)
