"""`backorderctl diff`: what changes in effect between two store files."""

import os
import sys
from typing import Annotated

import typer

from backorderctl import library
from backorderctl.cli.app import STANDARD_INPUT, Command, noun, parse_day, with_options
from backorderctl.cli.options import complete_revision
from backorderctl.cli.reading import AnswerOptions, path_of, read_revision
from backorderctl.errors import ANSWER_IS_NO, BackorderctlError
from backorderctl.files import git_revision
from backorderctl.files.access import PREFIX, is_side, shell_quoted
from backorderctl.output import diff as view
from backorderctl.store.load import EMPTY_STORE, load_bytes
from backorderctl.store.model import StoreFile

app = noun("")

SIDE = "A file, - for standard input, git:REV or git:REV:PATH"


@app.command(cls=Command)
@with_options
def diff(
    options: AnswerOptions,
    old: Annotated[str, typer.Argument(metavar="OLD", help=f"{SIDE}.", autocompletion=complete_revision)],
    new: Annotated[
        str | None,
        typer.Argument(metavar="[NEW]", help=f"{SIDE}; else the store file.", autocompletion=complete_revision),
    ] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 when anything changes.")] = False,
    at_new: Annotated[
        str | None, typer.Option("--at-new", metavar="DATE", help="The day of NEW, where it is not that of --at.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="List every product, however many change.")] = False,
) -> None:
    """Show what changes in effect, not in text.

    Settings, what follows for products, and entries of the schedule. Products are compared as of today, or of --at, and
    as of two days with --at-new.
    """
    new = new or options.file
    if old == new == STANDARD_INPUT:
        raise BackorderctlError("standard input can be one side only, got it for both")
    paths = [side for side in (new, old) if not is_side(side) and side != STANDARD_INPUT]
    default_path = paths[0] if paths else path_of(options.file)
    sides = _side(options, old, default_path), _side(options, new, default_path)
    before, after = (options.live(side, beside=other) for side, other in (sides, sides[::-1]))
    old_day = options.day(after)
    new_day = old_day if at_new is None else parse_day(at_new, options.today(after), option="--at-new")
    found = library.diff(before, after, day=old_day, new_day=new_day)
    view.show_difference(found, options.output, sys.stdout, everything=all_)
    if exit_code and found:
        raise typer.Exit(ANSWER_IS_NO)


def _side(options: AnswerOptions, side: str, default_path: str) -> StoreFile:
    """The store that a side of the comparison names, as it is written."""
    if not is_side(side):
        if not os.path.lexists(side) and side != STANDARD_INPUT and git_revision.is_revision(side):
            raise BackorderctlError(f"{side}: no such file", hint=shell_quoted(f"{PREFIX}{side}"))
        return options.written(side)
    if git_revision.is_new_since(side, default_path=default_path):
        options.say(f"{side}: {default_path} is not in this revision; compared with an empty store")
        return load_bytes(EMPTY_STORE, side)
    return read_revision(side, default_path=default_path)
