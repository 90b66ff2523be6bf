"""`backorderctl diff`: what changes in effect between two store files."""

import sys
from typing import Annotated

import typer

from backorderctl.cli.options import (
    DEFAULT_FILE,
    STANDARD_INPUT,
    Command,
    FileOption,
    OutputOption,
    QuietOption,
    noun,
    read_store,
)
from backorderctl.errors import ANSWER_IS_NO, BackorderctlError
from backorderctl.output import diff as view
from backorderctl.output.format import Output
from backorderctl.policy.diff import difference
from backorderctl.store import git_revision
from backorderctl.store.load import load_bytes
from backorderctl.store.model import Store

app = noun("")

SIDE = "A file, - for standard input, git:REV or git:REV:PATH"


@app.command(cls=Command)
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help=f"{SIDE}.")],
    new: Annotated[str | None, typer.Argument(metavar="[NEW]", help=f"{SIDE}; else the store file.")] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 when anything changes.")] = False,
    all_: Annotated[bool, typer.Option("--all", help="List every product, however many change.")] = False,
    file: FileOption = DEFAULT_FILE,
    output: OutputOption = Output.TABLE,
    quiet: QuietOption = False,
) -> None:
    """Show what changes in effect, not in text: settings, and what follows for products."""
    new = new or file
    if old == new == STANDARD_INPUT:
        raise BackorderctlError("standard input can be one side only, got it for both")
    paths = [side for side in (new, old) if not side.startswith(git_revision.PREFIX) and side != STANDARD_INPUT]
    default_path = paths[0] if paths else file
    found = difference(_side(old, default_path), _side(new, default_path))
    view.show(found, output, sys.stdout, everything=all_)
    if exit_code and (found.settings or found.products):
        raise typer.Exit(ANSWER_IS_NO)


def _side(side: str, default_path: str) -> Store:
    """The store that a side of the comparison names."""
    if not side.startswith(git_revision.PREFIX):
        return read_store(side)
    content = git_revision.content(side, default_path=default_path)
    return load_bytes(content, git_revision.name(side, default_path=default_path))
