"""What every command has: its options, the store and the day that it is about, and where its words go."""

import inspect
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TextIO, TypeVar, cast

from backorderctl.cli.command import (
    DEFAULT_FILE,
    FILE_VARIABLE,
    STANDARD_INPUT,
    AtOption,
    FileOption,
    OutputOption,
    QuietOption,
    SpreadsheetOption,
)
from backorderctl.errors import BackorderctlError, CommandLine
from backorderctl.output.format import Output, printable
from backorderctl.store.load import load, load_bytes
from backorderctl.store.model import Store
from backorderctl.store.schedule import store_on
from backorderctl.toml import file_access
from backorderctl.toml.file_access import MAX_SIZE, limited, open_input

TODAY = "today"
GITHUB_RUNNER = "GITHUB_ACTIONS"
"""The environment variable that GitHub's runner sets, which executes what looks like a command in a log."""


def now() -> datetime:
    """The present instant; a command reads it once, so that all of it is about one day."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class PlainOptions:
    """The options of every command: each field is one, declared here alone."""

    quiet: QuietOption = False
    instant: datetime = field(init=False, default_factory=now)

    def today(self, store: Store) -> date:
        """The day on which the command was given, in the time zone of the store."""
        return local_day(self.instant, store.timezone)

    @contextmanager
    def running(self) -> Iterator[None]:
        """What holds while the command runs."""
        yield

    def say(self, message: str) -> None:
        """Write a message to stderr, unless the user wants none."""
        say(message, quiet=self.quiet)


@dataclass(frozen=True, slots=True)
class StoreOptions(PlainOptions):
    """The options of every command that reads a store file."""

    file: FileOption = DEFAULT_FILE
    at: AtOption = TODAY

    def store(self, file: str | None = None) -> Store:
        """The store in `file`, or else in the one that the options name, as it is on the day."""
        written = self.written(file)
        day = self.day(written)
        return store_on(written, day) if written.schedule else written

    def written(self, file: str | None = None) -> Store:
        """The same store with its values as they are written, whatever the schedule says."""
        if file is None or file == self.file:
            return read_store(self.file)
        try:
            return read_store(file)
        except BackorderctlError as failure:
            failure.hint = None  # it is about the store file of the command
            raise

    def day(self, store: Store) -> date:
        """The day that the command is about, in the time zone of the store."""
        return parse_day(self.at, self.today(store), option="--at")


@dataclass(frozen=True, slots=True)
class ReadOptions(StoreOptions):
    """The options of every command that shows data as a table, JSON or CSV."""

    output: OutputOption = Output.TABLE


_SPREADSHEET = inspect.Parameter(
    "spreadsheet", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=SpreadsheetOption
)
"""The option of every command that prints CSV."""

Shared = TypeVar("Shared", bound=PlainOptions)
Own = ParamSpec("Own")


def with_options(command: Callable[Concatenate[Shared, Own], None]) -> Callable[..., None]:
    """The command with the options of its first parameter's dataclass beside its own.

    A hint that is a command line gets the file that the command was given.
    """
    first, *own = inspect.signature(command).parameters.values()
    shared = first.annotation
    options = [
        option.replace(kind=inspect.Parameter.KEYWORD_ONLY) for option in inspect.signature(shared).parameters.values()
    ]

    run_command: Callable[..., None] = command

    @wraps(command)
    def run(**given: Any) -> None:
        chosen = shared(**{option.name: given.pop(option.name) for option in options})
        try:
            output = getattr(chosen, "output", given.get("output"))
            with safe_output(output, spreadsheet=given.pop(_SPREADSHEET.name, False)), chosen.running():
                run_command(chosen, **given)
        except BackorderctlError as error:
            if isinstance(error.hint, CommandLine):
                error.hint = for_file(error.hint, getattr(chosen, "file", DEFAULT_FILE))
            raise

    parameters = [*(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own), *options]
    if any(each.name == "output" for each in parameters):
        parameters.append(_SPREADSHEET)
    setattr(run, "__signature__", inspect.Signature(parameters))  # noqa: B010, as functions declare no such attribute
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def for_file(command: CommandLine, file: str) -> CommandLine | None:
    """The command with the store file, unless it would choose that one anyway; None for standard input."""
    if file == STANDARD_INPUT:
        return None
    usual = os.environ.get(FILE_VARIABLE) or DEFAULT_FILE
    named = file == usual or any(option == "-f" for option, _ in command.options)
    return command if named else command._replace(options=(*command.options, ("-f", file)))


def read_input(path: str, *, limit: int = MAX_SIZE) -> str:
    """The text of a file that is no store, decompressed if need be, or of standard input for `-`."""
    from backorderctl.toml.file_access import decompressed

    name = "<stdin>" if path == STANDARD_INPUT else path
    raw = open_input(path) if name == path else limited(sys.stdin.buffer, name, limit=limit)
    with raw, decompressed(raw, name, limit=limit) as content:
        return file_access.decoded(content.read(), name)


def read_standard_input(*, limit: int = MAX_SIZE) -> bytes:
    """All that standard input has."""
    return limited(sys.stdin.buffer, "<stdin>", limit=limit).read()


def read_store(path: str) -> Store:
    """The store in the file, or on standard input for `-`."""
    if path == STANDARD_INPUT:
        return load_bytes(read_standard_input(), "<stdin>")
    return load(path)


def say(message: str, *, quiet: bool) -> None:
    """Write a message to stderr unless `quiet`; when stderr cannot be written, the answer is still given."""
    if not quiet:
        with suppress(OSError):
            print(printable(message), file=sys.stderr)


def say_error(message: str) -> None:
    """Write errors to stderr, a line each; where it shows colours, the word `Error:` is red."""
    from backorderctl.output.table import Style, terminal

    label = terminal(sys.stderr).styled("Error:", Style.RED)
    with suppress(OSError):
        for line in message.split("\n"):
            print(label, printable(line), file=sys.stderr)


def local_day(instant: datetime, timezone: str | None) -> date:
    """The day that it is then in the time zone, or by the machine's own setting."""
    if timezone is None:
        return instant.astimezone().date()
    from zoneinfo import ZoneInfo

    return instant.astimezone(ZoneInfo(timezone)).date()


def parse_day(typed: str, today: date, *, option: str) -> date:
    """The day typed for an option: `today`, `2026-12-01`, or `+30d` from today; BackorderctlError for anything else."""
    if typed == TODAY:
        return today
    try:
        if days := re.fullmatch(r"\+(\d{1,7})d", typed):
            return today + timedelta(days=int(days[1]))
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", typed):
            return date.fromisoformat(typed)
    except (ValueError, OverflowError):  # no day of the calendar
        pass
    raise BackorderctlError(f"{option}: expected {TODAY}, a date such as 2026-12-01, or +30d, got {typed!r}")


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
        from backorderctl.output.listing import Spreadsheet

        if output != Output.CSV:
            raise BackorderctlError("--spreadsheet: expected -o csv beside it")
        out = cast("TextIO", Spreadsheet(out))
    with redirect_stdout(out):
        yield
