"""Where an export goes: standard output, or a file that is replaced whole or not at all."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from backorderctl.cli.app import say
from backorderctl.errors import BackorderctlError
from backorderctl.files import atomic_file
from backorderctl.files.access import compressed_for, decompressed, open_input
from backorderctl.output.format import printable
from backorderctl.rows.delimited import LINE, REASON

ToOption = Annotated[
    str | None,
    typer.Option(
        "--to", metavar="FILE", help="Write to this file, compressed if its name ends in .gz; else to stdout."
    ),
]


def check_target(to: str, *, on_spark: bool = False) -> None:
    """BackorderctlError when answers cannot be written there: a name of another kind, a folder with something in it."""
    from backorderctl.bulk.job import format_of

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


def refuse_overwriting_input(option: str, to: str, read: Iterable[str]) -> None:
    """BackorderctlError when what shall be written to the file `to` would take the place of a file that is read."""
    for path in read:
        if Path(to).exists() and Path(path).exists() and Path(to).samefile(path):
            raise BackorderctlError(f"{option} {to}: expected another file, got one that this command reads")


def check_rejects(name: str, read: Iterable[str]) -> None:
    """BackorderctlError when refused rows would take the place of a file that is read, or of any but refused rows."""
    refuse_overwriting_input("--skip-bad", name, read)
    if Path(name).is_file() and Path(name).stat().st_size and not _is_rejects(name):
        raise BackorderctlError(f"--skip-bad {name}: expected a new file or one of refused rows, got another")


def remove_old_rejects(name: str, *, quiet: bool) -> None:
    """Remove a file of an earlier run's refused rows, and no other file, now that no row is refused; and say so."""
    if Path(name).is_file() and _is_rejects(name):
        Path(name).unlink()
        say(f"{name}: removed, as no row is refused any more", quiet=quiet)


def _is_rejects(name: str) -> bool:
    """Whether an existing file was written for refused rows."""
    with open_input(name) as raw, decompressed(raw, name) as content:
        return content.readline().startswith(f"{REASON},{LINE},".encode())


def encoded_export(text: str, name: str) -> bytes:
    """The bytes of a file of that name: compressed when it ends in .gz, the same for the same text."""
    return compressed_for(name, text.encode())


def write_export(text: str, to: str | None, *, rows: str, read: Iterable[str], quiet: bool) -> None:
    """Write an export to standard output, or to the file `to` and say how many rows went there.

    BackorderctlError when `to` is one of the files that were `read` for it.
    """
    if to in (None, "-", "/dev/stdout"):
        if sys.stdout.isatty():
            sys.stdout.write("".join(f"{printable(line)}\n" for line in text.splitlines()))
        else:  # whatever the terminal's encoding, Magento and spreadsheets read UTF-8
            sys.stdout.flush()
            sys.stdout.buffer.write(text.encode())
        return
    refuse_overwriting_input("--to", to, read)
    for warning in atomic_file.replace_bytes(to, encoded_export(text, to)):
        say(f"Warning: {warning}", quiet=quiet)
    say(f"{to}: {rows}", quiet=quiet)
