"""`backorderctl init`: a store file to start from."""

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
from backorderctl.errors import Failure
from backorderctl.toml import file as files
from backorderctl.view import text_difference

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
        text_difference.show("", text, file, sys.stdout)
        return
    files.create(file, text, force=force)
    say(f"{file}: written", quiet=quiet)
