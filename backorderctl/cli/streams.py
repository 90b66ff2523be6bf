"""Standard output and standard error, as a command's options and the program that reads them need them."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TextIO, cast

from backorderctl.errors import BackorderctlError
from backorderctl.output.format import Output

GITHUB_RUNNER = "GITHUB_ACTIONS"
"""The environment variable that GitHub's runner sets, which executes what looks like a command in a log."""


@contextmanager
def safe_messages() -> Iterator[None]:
    """While the block runs, GitHub's runner finds no command on standard error."""
    if not os.environ.get(GITHUB_RUNNER):
        yield
        return
    from backorderctl.output.workflow_commands import Shown, breaking_commands

    with redirect_stderr(breaking_commands(sys.stderr, Shown.TEXT)):
        yield


@contextmanager
def safe_output(output: str | None, *, spreadsheet: bool) -> Iterator[None]:
    """While the block runs, neither GitHub's runner nor a spreadsheet executes what is on standard output.

    `output` is what is given for --output, None where a command has no such option.
    """
    out = sys.stdout
    if os.environ.get(GITHUB_RUNNER):
        from backorderctl.output.workflow_commands import breaking_commands, shown_as

        out = breaking_commands(out, shown_as(output))
    if spreadsheet:
        from backorderctl.output.table import Spreadsheet

        if output != Output.CSV:
            raise BackorderctlError("--spreadsheet: expected -o csv beside it")
        out = cast("TextIO", Spreadsheet(out))
    with redirect_stdout(out):
        yield
