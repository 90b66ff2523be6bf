"""Where answers go: a file or a folder of files that is there whole or not at all."""

import os
from contextlib import AbstractContextManager
from enum import StrEnum
from pathlib import Path

from backorderctl.errors import BackorderctlError
from backorderctl.files.beside import written_beside


class Format(StrEnum):
    """The formats of answers."""

    PARQUET = "parquet"
    CSV = "csv"
    PACKED_CSV = "csv.gz"


def format_of(to: str) -> Format | None:
    """The format of a file of that name, None for a folder."""
    name = to.lower()
    return next((each for each in Format if name.endswith(f".{each}")), None)


def check_target(to: str, *, on_spark: bool = False) -> None:
    """BackorderctlError when answers cannot be written there: a name of another kind, a folder with something in it."""
    if on_spark and "://" in to:
        return
    target = Path(to)
    if to == "-" or (target.exists() and not (target.is_file() or target.is_dir())):
        found = "standard output" if to == "-" else "a device or a pipe"
        raise BackorderctlError(f"--to {to}: expected a file or folder, there whole or not at all, got {found}")
    if not target.absolute().parent.is_dir():
        raise BackorderctlError(f"{to}: no such folder: {target.parent}")
    if format_of(to) is None:
        if target.suffix and not to.endswith(os.sep) and not target.is_dir():
            raise BackorderctlError(f"--to {to}: expected a name that ends in .parquet, .csv or .csv.gz, or a folder")
        if target.exists() and (target.is_file() or any(target.iterdir())):
            found = "a file" if target.is_file() else "one with files in it"
            raise BackorderctlError(f"--to {to}: expected a new or empty folder, got {found}")
    elif target.is_dir():
        raise BackorderctlError(f"--to {to}: expected a file, got a folder")


def written_aside(to: str) -> AbstractContextManager[Path]:
    """A path beside `to` to write answers to, which takes its place when the block ends well, and else is removed."""
    return written_beside(to, folder=format_of(to) is None)
