"""What commands that write have in common: their options, and making or showing their changes."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import typer

from backorderctl.cli.options import (
    DEFAULT_FILE,
    STANDARD_INPUT,
    DryRunOption,
    EverythingOption,
    ExitCodeOption,
    FileOption,
    OutputOption,
    TakeOwnershipOption,
    WaitOption,
)
from backorderctl.cli.reading import PlainOptions, read_text, say
from backorderctl.cli.scheduling import overridden_today
from backorderctl.edit.operations import Changes
from backorderctl.edit.transaction import Check, Operation, Result, Stage, WriteResult, write_store
from backorderctl.errors import ANSWER_IS_NO, BackorderctlError
from backorderctl.output.format import Output
from backorderctl.output.progress import progress
from backorderctl.store.model import Store
from backorderctl.toml.atomic_file import Replacing
from backorderctl.toml.file_lock import PATIENCE


@dataclass(frozen=True, slots=True)
class WriteOptions(PlainOptions):
    """The options of every command that writes a store file."""

    file: FileOption = DEFAULT_FILE
    dry_run: DryRunOption = False
    wait: WaitOption = PATIENCE
    take_ownership: TakeOwnershipOption = False
    output: OutputOption = Output.TABLE
    everything: EverythingOption = False
    exit_code: ExitCodeOption = False

    def standard_input(self) -> str | None:
        """The text of standard input, where that is what a dry run changes; None where it is a file.

        BackorderctlError for options that only a dry run takes, without one.
        """
        if not self.dry_run:
            for name, given in (("--exit-code", self.exit_code), ("--all", self.everything)):
                if given:
                    raise BackorderctlError(f"{name}: expected --dry-run beside it")
            if self.file == STANDARD_INPUT:
                raise BackorderctlError("standard input cannot be written", hint="-f store.toml")
        return read_text(STANDARD_INPUT) if self.file == STANDARD_INPUT else None

    def report(self, message: str) -> None:
        """What has been done, on stderr; nothing for a dry run, which has done nothing."""
        say(message, quiet=self.quiet or self.dry_run)

    def replacing(self) -> Replacing:
        """How the file may be replaced."""
        return Replacing(patience=self.wait, on_wait=self._say_waiting, take_ownership=self.take_ownership)

    def _say_waiting(self, process: int | None) -> None:
        writer = "another process" if process is None else f"process {process}"
        self.say(f"{self.file}: waiting for {writer} to finish writing")


def change(options: WriteOptions, changes: Callable[[Store], Changes], *, done: str) -> None:
    """Write the changes and say `done`, or for a dry run print the difference that they would make."""
    transact(options, lambda store: (changes(store), None), done=done)


def transact(
    options: WriteOptions,
    operation: Operation[Result],
    *,
    check: Check[Result] | None = None,
    new: str | None = None,
    done: str | None = None,
) -> WriteResult[Result]:
    """Write what the operation changes, or for a dry run print the difference; its result is in the answer.

    Where there is no file, one is made out of the text `new`, if that is given. `check` may refuse the new store.
    """
    text = options.standard_input()
    stages = list(Stage)
    with progress(len(stages), sys.stderr, quiet=options.quiet) as tell:

        def on_stage(stage: Stage) -> None:
            tell(f"{options.file}: {stage}", stages.index(stage))

        written = write_store(
            options.file if text is None else "<stdin>",
            operation,
            text=text,
            check=check,
            new=new,
            dry_run=options.dry_run,
            on_stage=on_stage,
            replacing=options.replacing(),
        )
    for warning in written.warnings:
        options.say(f"Warning: {warning}")
    for message in overridden_today(options, written.new_store, written.changes):
        options.say(message)
    if options.dry_run:
        preview(options, Versions(written.text, written.new_text), written.store, written.new_store)
    elif done:
        options.say(done if written.changed else f"{done} already: nothing to change")
    return written


class Versions(NamedTuple):
    """The text of a store file before and after a change."""

    old: str
    new: str


def preview(options: WriteOptions, texts: Versions, old: Store, new: Store) -> None:
    """Show the difference of the texts, in a table, and what changes in effect, as `diff` shows it."""
    from backorderctl.output import diff, text_difference
    from backorderctl.policy.compare import compare

    if options.output is Output.TABLE:
        name = "<stdin>" if options.file == STANDARD_INPUT else options.file
        text_difference.show(*texts, name, sys.stdout)
        if texts.old != texts.new:
            sys.stdout.write("\n")
    today = options.today(new)
    found = compare(old, new, old_day=today, new_day=today)
    diff.show(found, options.output, sys.stdout, everything=options.everything)
    if options.exit_code and found:
        raise typer.Exit(ANSWER_IS_NO)
