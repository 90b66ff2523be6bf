"""`backorderctl init`: a store file to start from."""

import os
import sys
from importlib import resources
from typing import Annotated

import typer

from backorderctl.cli.options import (
    DEFAULT_FILE,
    STANDARD_INPUT,
    Command,
    DryRunOption,
    FileOption,
    QuietOption,
    noun,
    say,
)
from backorderctl.diff import difference
from backorderctl.errors import Failure, InvalidFile
from backorderctl.reading import parse
from backorderctl.toml import file as files
from backorderctl.toml.lock import command
from backorderctl.view import diff, text_difference
from backorderctl.view.words import Output

app = noun("")


@app.command(cls=Command)
def init(
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    file: FileOption = DEFAULT_FILE,
    dry_run: DryRunOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write a commented store file to start from."""
    if file == STANDARD_INPUT:
        raise Failure("standard input cannot be written", hint="-f store.toml")
    text = (resources.files("backorderctl") / "starter.toml").read_text(encoding="utf-8")
    if dry_run:
        _show(file, text, force=force)
        return
    files.create(file, text, force=force)
    say(f"{file}: written", quiet=quiet)


def _show(file: str, text: str, *, force: bool) -> None:
    """What would be written in place of what, and what that changes in effect."""
    if not os.path.lexists(file):
        text_difference.show("", text, file, sys.stdout)
        return
    if not force:
        raise Failure(f"{file}: file exists", hint=command("init --force", file))
    old = files.read(file)
    text_difference.show(old, text, file, sys.stdout)
    try:
        before = parse(old.encode(), file)
    except InvalidFile:  # what is in force in it, nobody can say
        return
    sys.stdout.write("\n")
    diff.show(difference(before, parse(text.encode(), file)), Output.TABLE, sys.stdout)
