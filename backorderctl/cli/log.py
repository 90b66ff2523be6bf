"""`backorderctl log`: what changed in effect, when and by whom; and the history of a store file."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import typer

from backorderctl.cli.app import DEFAULT_FILE, STANDARD_INPUT, Command, PlainOptions, noun, whole_number, with_options
from backorderctl.cli.options import FileOption, OutputOption, ProductOption
from backorderctl.errors import BackorderctlError, InvalidFile
from backorderctl.files.access import is_side
from backorderctl.files.git_history import History, Version, blobs, history_of
from backorderctl.output import history as view
from backorderctl.output.format import Output, counted
from backorderctl.policy import history as policy
from backorderctl.policy.history import StoreVersions

app = noun("")

WHEN = "a date (its first instant) or git:REV"


@dataclass(frozen=True, slots=True)
class LogOptions(PlainOptions):
    """The options of a command about the history of a store file."""

    file: FileOption = DEFAULT_FILE
    output: OutputOption = Output.TABLE


@app.command(cls=Command)
@with_options
def log(
    options: LogOptions,
    product: ProductOption = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="WHEN", help=f"Leave out what was in effect at WHEN: {WHEN}.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="WHEN", help=f"Leave out what came after WHEN: {WHEN}.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", metavar="N", parser=whole_number("--limit", minimum=1), help="At most N commits."),
    ] = None,
) -> None:
    """List the commits that changed something in effect.

    The newest first. A merged branch is one step. Commits that changed the text alone are counted.
    """
    with open_history(options.file) as (history, stores):
        timezone = _timezone(history, stores)
        if until is not None:
            tip = history.commit_at(_when(until, "--until"), timezone)
            if tip is None:
                raise BackorderctlError(f"--until: expected a later day, got {until!r}: the first commit is younger")
            history = history._replace(tip=tip)
        base = None if since is None else history.commit_at(_when(since, "--since"), timezone)
        inside = history.names_since(base)
        steps = policy.steps(said_where_they_end(history, options), stores, inside=inside, product=product)
        text_only = view.show_log(steps, options.output, sys.stdout, limit=limit, branch=history.branch)
        if text_only:
            options.say(f"{counted(text_only, 'more commit')} changed nothing in effect")


@contextmanager
def open_history(file: str) -> Iterator[tuple[History, StoreVersions]]:
    """The history of a store file and its stores."""
    refuse_standard_input(file)
    history = history_of(file, default_path=DEFAULT_FILE)
    with blobs(history.folder) as contents:
        yield history, StoreVersions(contents)


def refuse_standard_input(file: str) -> None:
    """BackorderctlError where the store file is standard input, which has no history."""
    if file == STANDARD_INPUT:
        raise BackorderctlError("-f: expected a file in a git repository, got standard input")


def _when(typed: str, option: str) -> date | str:
    """A day, or `git:REV` as it is."""
    if is_side(typed):
        return typed
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise BackorderctlError(f"{option}: expected a date such as 2026-12-01, or git:REV, got {typed!r}") from None


def _timezone(history: History, stores: StoreVersions) -> str | None:
    """The time zone of the newest store file; None where it has none or is not valid."""
    try:
        newest = next(history.versions(), None)
        return None if newest is None else stores.store(newest).timezone
    except InvalidFile:
        return None


def said_where_they_end(history: History, options: PlainOptions) -> Iterator[Version]:
    """The versions of the file; where they end too early, it is said."""
    for version in history.versions():
        yield version
        if version.origin is None:
            continue
        if version.origin.shallow:
            options.say(f"the history ends at {version.commit.short}: this clone is shallow")
        for older in version.origin.removed:
            options.say(f"the history ends at {version.commit.short}, which also removed git:{older}")
