"""`backorderctl diff`: what changes in effect between two store files."""

import sys
from typing import Annotated

import typer

from backorderctl.cli.command import Command, noun
from backorderctl.cli.options import STANDARD_INPUT
from backorderctl.cli.quantities import AnswerOptions
from backorderctl.cli.reading import StoreOptions, with_options
from backorderctl.errors import ANSWER_IS_NO, BackorderctlError
from backorderctl.output import diff as view
from backorderctl.policy.diff import difference
from backorderctl.store import git_revision
from backorderctl.store.load import load_bytes
from backorderctl.store.model import Store

app = noun("")

SIDE = "A file, - for standard input, git:REV or git:REV:PATH"


@app.command(cls=Command)
@with_options
def diff(
    options: AnswerOptions,
    old: Annotated[str, typer.Argument(metavar="OLD", help=f"{SIDE}.")],
    new: Annotated[str | None, typer.Argument(metavar="[NEW]", help=f"{SIDE}; else the store file.")] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 when anything changes.")] = False,
    all_: Annotated[bool, typer.Option("--all", help="List every product, however many change.")] = False,
) -> None:
    """Show what changes in effect, not in text: settings, and what follows for products."""
    new = new or options.file
    if old == new == STANDARD_INPUT:
        raise BackorderctlError("standard input can be one side only, got it for both")
    paths = [side for side in (new, old) if not side.startswith(git_revision.PREFIX) and side != STANDARD_INPUT]
    default_path = paths[0] if paths else options.file
    sides = _side(options, old, default_path), _side(options, new, default_path)
    foreign = [_names(other) - _names(side) for side, other in (sides, sides[::-1])]
    before, after = (options.live(side, foreign=names) for side, names in zip(sides, foreign, strict=True))
    found = difference(before, after)
    view.show(found, options.output, sys.stdout, everything=all_)
    if exit_code and (found.settings or found.products):
        raise typer.Exit(ANSWER_IS_NO)


def _side(options: AnswerOptions, side: str, default_path: str) -> Store:
    """The store that a side of the comparison names."""
    if not side.startswith(git_revision.PREFIX):
        return StoreOptions.store(options, side)
    content = git_revision.content(side, default_path=default_path)
    return load_bytes(content, git_revision.name(side, default_path=default_path))


def _names(store: Store) -> frozenset[str]:
    """The sources and stocks that a side declares."""
    return frozenset((*store.sources, *store.stocks))
