"""What every command that writes does with its change: make it, or show it."""

import sys
from collections.abc import Callable

from backorderctl.cli.options import STANDARD_INPUT, say
from backorderctl.edit.operations import Changes
from backorderctl.edit.transaction import Stage, WriteResult, write_store
from backorderctl.errors import BackorderctlError
from backorderctl.output.format import Output
from backorderctl.output.progress import progress
from backorderctl.store.model import Store


def change(
    file: str,
    make: Callable[[Store], Changes],
    *,
    dry_run: bool,
    quiet: bool,
    check: Callable[[Store], None] | None = None,
    new: str | None = None,
    done: str | None = None,
) -> WriteResult:
    """Write the changes that `make` asks for and say `done`, or with `dry_run` print the difference they would make.

    Where there is no file, one is made out of the text `new`, if that is given.
    """
    if file == STANDARD_INPUT:
        raise BackorderctlError("standard input cannot be written", hint="-f store.toml")
    stages = list(Stage)
    with progress(len(stages), sys.stderr, quiet=quiet) as tell:

        def watch(stage: Stage) -> None:
            tell(f"{file}: {stage}", stages.index(stage))

        written = write_store(file, make, check=check, new=new, dry_run=dry_run, watch=watch)
    for warning in written.warnings:
        say(f"Warning: {warning}", quiet=quiet)
    if dry_run:
        _show(written, file)
    elif done:
        say(done if written.changed else f"{done} already: nothing to change", quiet=quiet)
    return written


def _show(written: WriteResult, file: str) -> None:
    """The difference of the text, and what changes in effect, as `diff` shows it."""
    from backorderctl.output import diff, text_difference
    from backorderctl.policy.diff import difference

    text_difference.show(written.text, written.new_text, file, sys.stdout)
    if written.changed:
        sys.stdout.write("\n")
    diff.show(difference(written.store, written.new_store), Output.TABLE, sys.stdout)
