"""Where an export goes: standard output, or a file that is replaced whole or not at all."""

import gzip
import sys
from typing import Annotated

import typer

from backorderctl.cli.options import say
from backorderctl.toml import file as files
from backorderctl.view.words import printable

ToOption = Annotated[
    str | None,
    typer.Option(
        "--to", metavar="FILE", help="Write to this file, compressed if its name ends in .gz; else to stdout."
    ),
]


def deliver(text: str, to: str | None, *, rows: str, quiet: bool) -> None:
    """Write an export to standard output, or to the file `to` and say how many rows went there."""
    if to is None:
        shown = sys.stdout.isatty()
        sys.stdout.write("".join(f"{printable(line)}\n" for line in text.splitlines()) if shown else text)
        return
    content = text.encode("utf-8")
    # No time stamp: the same store gives the same bytes.
    for warning in files.replace_bytes(to, gzip.compress(content, mtime=0) if to.endswith(".gz") else content):
        say(f"Warning: {warning}", quiet=quiet)
    say(f"{to}: {rows}", quiet=quiet)
