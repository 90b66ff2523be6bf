"""Expressions with which Spark reads cells of files as text and takes what is exact: anything else becomes NULL."""

import re
from collections.abc import Mapping
from pathlib import Path

from backorderctl.bulk.inputs import RowsFile

NUMBER = r"\A[+-]?(0*[0-9]{1,8}([.][0-9]{0,4}0*)?|[.][0-9]{1,4}0*)\z"
"""A number that DECIMAL(12,4) holds exactly, as `parse_quantity` reads it."""
_BLANK = r"[\p{Z}\t-\r\x1c-\x1f\x85]"
BAD_SKU = rf"\A{_BLANK}|{_BLANK}\z|\A\z|\x{{fffd}}"
"""A blank at either end, as `str.strip` takes them away; nothing; a byte that was no UTF-8."""
CORRUPT = "_corrupt"
"""The column in which Spark puts a record that has not the header's number of cells."""


def located(path: str) -> str:
    """A path as Spark finds it: one of this machine whatever its own file system and folder are."""
    return path if "://" in path else f"file://{Path(path).absolute()}"


def to_read(path: str) -> str:
    """The same for reading, where Spark takes each path for a pattern, which that of a URI may be."""
    return path if "://" in path else re.sub(r"([*?{}\[\]\\])", r"\\\1", located(path))


def cell(file: RowsFile, name: str) -> str:
    """A column as text; NULL in a record that has not the header's number of cells."""
    place = file.read[name]
    if file.delimiter is None:
        return "CAST(`" + file.columns[place].replace("`", "``") + "` AS STRING)"
    return f"CASE WHEN {CORRUPT} IS NULL THEN c{place} END"


def exact(file: RowsFile, name: str) -> str:
    """A column as a number with 4 places; NULL where the cell is no number or has more places."""
    place = file.read[name]
    if file.delimiter is None and not file.types[place].startswith("string"):
        column = "`" + file.columns[place].replace("`", "``") + "`"
        number = f"TRY_CAST({column} AS DECIMAL(12, 4))"
        return f"CASE WHEN {number} = {column} THEN {number} END"
    column = cell(file, name)
    return f"CASE WHEN regexp_like({column}, {raw(NUMBER)}) THEN TRY_CAST({column} AS DECIMAL(12, 4)) END"


def whens(column: str, values: Mapping[str, str]) -> str:
    """The value of a cell among those that are known, else NULL."""
    branches = " ".join(f"WHEN {text(written)} THEN {value}" for written, value in values.items())
    return f"CASE {column} {branches} END" if values else "NULL"


def text(word: str) -> str:
    """A text as Spark has it."""
    return "'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'"


def raw(pattern: str) -> str:
    """A pattern as Spark has it, with its backslashes."""
    return f"r'{pattern}'"
