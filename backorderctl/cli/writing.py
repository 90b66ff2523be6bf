"""What commands that write have in common: their options, making or showing their changes, and scheduling them."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from backorderctl.cli.app import DEFAULT_FILE, SHIELD, STANDARD_INPUT, PlainOptions, parse_day, progress, say
from backorderctl.cli.options import FileOption, OutputOption
from backorderctl.cli.reading import read_input
from backorderctl.errors import ANSWER_IS_NO, BackorderctlError
from backorderctl.files.access import is_side
from backorderctl.files.lock import PATIENCE
from backorderctl.library import local_day
from backorderctl.output.format import Output, counted, describe_days, describe_place_in_full
from backorderctl.store.model import Place, Store, StoreFile
from backorderctl.store.settings import Value
from backorderctl.toml.change import KeyPath

if TYPE_CHECKING:  # a noun's commands that only read do without what writes
    from backorderctl.edit.operations import Changes
    from backorderctl.edit.transaction import Check, Operation, WriteResult
    from backorderctl.files.atomic_file import Replacing, Result

WAIT_VARIABLE = "BACKORDERCTL_WAIT"
_LONGEST_WAIT = 86_400


def _seconds(typed: str | float) -> float:
    words = str(typed).removeprefix(SHIELD)
    try:
        seconds = float(words)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= _LONGEST_WAIT:
        raise BackorderctlError(f"--wait: expected a number of seconds from 0 to {_LONGEST_WAIT}, got {words!r}")
    return seconds


WaitOption = Annotated[
    float,
    typer.Option(
        "--wait",
        metavar="SECONDS",
        envvar=WAIT_VARIABLE,
        show_envvar=False,
        parser=_seconds,
        help="How long to wait for other writers while none of them changes the file.",
    ),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", "-n", help="Show what would change and write nothing.")]
ExitCodeOption = Annotated[
    bool, typer.Option("--exit-code", help="With --dry-run: exit with 1 when anything changes in effect.")
]
EverythingOption = Annotated[
    bool, typer.Option("--all", help="With --dry-run: list every change, however many there are.")
]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class WriteOptions(PlainOptions):
    """The options of every command that writes a store file."""

    file: FileOption = DEFAULT_FILE
    dry_run: DryRunOption = False
    wait: WaitOption = PATIENCE
    output: OutputOption = Output.TABLE
    everything: EverythingOption = False
    exit_code: ExitCodeOption = False

    @contextmanager
    def running(self) -> Iterator[None]:
        """While the command runs; BackorderctlError where its file is in a revision."""
        if is_side(self.file):
            raise BackorderctlError(f"{self.file}: cannot write: a revision of git can only be read")
        yield

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
        return read_input(STANDARD_INPUT) if self.file == STANDARD_INPUT else None

    def report(self, message: str) -> None:
        """What has been done, on stderr; nothing for a dry run, which has done nothing."""
        say(message, quiet=self.quiet or self.dry_run)

    def replacing(self) -> "Replacing":
        """How the file may be replaced."""
        from backorderctl.files.atomic_file import Replacing

        return Replacing(patience=self.wait, on_wait=self._say_waiting)

    def _say_waiting(self, process: int | None) -> None:
        writer = "another process" if process is None else f"process {process}"
        self.say(f"{self.file}: waiting for {writer} to finish writing")


def change(options: WriteOptions, changes: "Callable[[StoreFile], Changes]", *, done: str) -> None:
    """Write the changes and say `done`, or for a dry run print the difference that they would make."""
    transact(options, lambda store: (changes(store), None), done=done)


def transact(
    options: WriteOptions,
    operation: "Operation[Result]",
    *,
    check: "Check[Result] | None" = None,
    new: str | None = None,
    done: str | None = None,
    summary: "Callable[[WriteResult[Result]], None]" = lambda _: None,
) -> "WriteResult[Result]":
    """Write what the operation changes, or for a dry run print the difference; its result is in the answer.

    Where there is no file, one is made out of the text `new`, if that is given. `check` may refuse the new store.
    `summary` says more at the end, whatever the exit status is.
    """
    from backorderctl.edit.transaction import Stage, write_store

    text = options.standard_input()
    stages = list(Stage)
    with progress(len(stages), quiet=options.quiet) as tell:

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
    for message in overridden_today(options, written.new_store, [change.path for change in written.changes]):
        options.say(message)
    differs = False
    if options.dry_run:
        differs = preview(options, Versions(written.text, written.new_text), written.store, written.new_store)
    elif done:
        options.say(done if written.changed else f"{done} already: nothing to change")
    summary(written)
    exit_by_effect(options, differs=differs)
    return written


class Versions(NamedTuple):
    """The text of a store file before and after a change."""

    old: str
    new: str


def preview(options: WriteOptions, texts: Versions, old: StoreFile, new: StoreFile) -> bool:
    """Show the difference of the texts, in a table, and what changes in effect, as `diff` shows it.

    True where anything changes in effect.
    """
    from backorderctl.output import diff, text_difference
    from backorderctl.policy.compare import compare

    if options.output is Output.TABLE:
        name = "<stdin>" if options.file == STANDARD_INPUT else options.file
        text_difference.show_text_difference(*texts, name, sys.stdout)
        if texts.old != texts.new:
            sys.stdout.write("\n")
    today = options.today(new)
    found = compare(old, new, old_day=today, new_day=today)
    diff.show_difference(found, options.output, sys.stdout, everything=options.everything)
    return bool(found)


def exit_by_effect(options: WriteOptions, *, differs: bool) -> None:
    """Leave with status 1 where that was asked for and something changes in effect."""
    if options.exit_code and differs:
        raise typer.Exit(ANSWER_IS_NO)


FromOption = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="Schedule it: the first day, such as 2026-12-24.")
]
UntilOption = Annotated[str | None, typer.Option("--until", metavar="DATE", help="Schedule it: the last day.")]
ReasonOption = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why it is scheduled.")]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Days:
    """The days that were typed for a change, and why; none for a change that is not scheduled."""

    start: str | None
    until: str | None
    reason: str | None = None

    @property
    def given(self) -> bool:
        """Whether the change is scheduled; BackorderctlError when there is a reason for one that is not."""
        if self.start is None and self.until is None and self.reason is not None:
            raise BackorderctlError("--reason: expected beside --from or --until, got it alone")
        return self.start is not None or self.until is not None

    def check(self, options: PlainOptions) -> None:
        """BackorderctlError for days that are valid in no store, as the time zone of one changes today by a day."""
        if self.reason is not None and not self.reason.strip():
            raise BackorderctlError("--reason: expected why it is scheduled, got an empty string")
        if not self.given:
            return
        start, until = self._parsed(local_day(options.instant, None))
        dates = [typed for typed in (self.start, self.until) if typed and typed[0].isdigit()]
        if len(dates) != 1:
            from backorderctl.edit.entry_operations import check_days

            check_days(start, until)

    def entries(
        self, options: PlainOptions, store: StoreFile, places: Iterable[Place], values: Mapping[str, Value | None]
    ) -> "Changes":
        """An entry with the values for each place."""
        from backorderctl.edit.entry_operations import schedule_values

        start, until = self._parsed(options.today(store))
        return schedule_values(store, places, values, start=start, until=until, reason=self.reason)

    def _parsed(self, today: date) -> tuple[date | None, date | None]:
        start = None if self.start is None else parse_day(self.start, today, option="--from")
        return start, None if self.until is None else parse_day(self.until, today, option="--until")


def first_day(store: StoreFile) -> Store:
    """The store on the first day of the entry that has just been written, the last where it has always held."""
    entry = store.schedule[-1]
    return store.on(entry.start or entry.until or date.max)


def describe_new_entry(store: StoreFile) -> str:
    """The last entry of the schedule, as what has just been written: `2026-12-24 to 2027-01-02 (entry 3)`."""
    entry = store.schedule[-1]
    return f"{describe_days(entry)} (entry {entry.number + 1})"


def overridden_today(options: PlainOptions, store: StoreFile, paths: Iterable[KeyPath]) -> Iterator[str]:
    """The values that are written there without effect today, as an entry of the schedule gives another."""
    if not store.schedule:
        return
    replaced = store.on(options.today(store)).lines.replaced
    for path in dict.fromkeys(paths):
        if entry := replaced.get(path):
            line = store.lines.line((*entry.path, path[-1]))
            scope, days = describe_place_in_full(entry.place), describe_days(entry)
            yield f"{scope}: {path[-1]} is overridden today by entry {entry.number + 1} (line {line}), {days}"


def refuse_no_match(options: WriteOptions, scopes: Sequence[Place], match: str | None, source: str | None) -> None:
    """Say that no product matches, with exit status 1, where that is so."""
    if not scopes:
        options.say(f"no product matches {match!r}" + (f" at source {source}" if source else ""))
        raise typer.Exit(ANSWER_IS_NO)


def report_left_out(options: WriteOptions, scopes: Sequence[Place]) -> None:
    """How many products a limit on backorders leaves out because nothing there takes any."""
    if not scopes:
        return
    from backorderctl.output.effects import NAMED

    named = ", ".join(str(scope.product) for scope in scopes[:NAMED])
    more = f" and {len(scopes) - NAMED} more" if len(scopes) > NAMED else ""
    options.say(f"left out, as nothing there takes backorders: {counted(len(scopes), 'product')}: {named}{more}")


def report_unreached(options: WriteOptions, written: "WriteResult[Result]") -> None:
    """Which narrower scopes keep another value than the one that has been written; a dry run has shown them already."""
    if options.dry_run:
        return
    from backorderctl.policy.unreached import changed_values, unreached

    changed = changed_values(change.path for change in written.changes)
    if rows := unreached(written.new_store, changed):
        from backorderctl.output.settings import describe_unreached

        for sentence in describe_unreached(rows):
            options.report(sentence)
