"""The program's nouns, how a command parses its words, and what commands share: options, days and messages."""

import importlib
import inspect
import os
import re
import sys
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache, wraps
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec, TypeVar

import typer
import typer.core
import typer.main

from backorderctl.errors import BackorderctlError, CommandLine, Hint, Mismatch, NoSuchFile
from backorderctl.files.access import is_side, parse_size
from backorderctl.library import local_day
from backorderctl.output.format import printable
from backorderctl.store.model import StoreFile

if TYPE_CHECKING:
    from backorderctl.output.progress import Tell

HELP = {"help_option_names": ["-h", "--help"]}
SHIELD = "\u2060"
"""Put before a negative number while Typer parses: an invisible character that no name begins with."""
DEFAULT_FILE = "store.toml"
STANDARD_INPUT = "-"
FILE_VARIABLE = "BACKORDERCTL_FILE"
TODAY = "today"
GITHUB_RUNNER = "GITHUB_ACTIONS"
"""The environment variable that GitHub's runner sets, which executes what looks like a command in a log."""
FILE_METAVARS = (
    *("FILE", "[FILE]...", "FOLDER", "OLD", "[NEW]"),
    *("ANSWERS", "CHANGES.csv", "QUANTITIES...", "REJECTS.csv", "SALABLE..."),
)
"""What stands in the help for the name of a file or folder."""
_NEGATIVE = re.compile(r"-[\d.]")
NOUNS = (
    "init",
    "config",
    "source",
    "stock",
    "product",
    "order",
    "schedule",
    "agenda",
    "log",
    "blame",
    "check",
    "accept",
    "test",
    "diff",
    "report",
    "evaluate",
    "drift",
    "import",
    "export",
    "schema",
)
"""The words after `backorderctl`, in the order of the help, each the module that has its commands."""
_MODULES = {"import": "importing", "export": "exporting"}
"""The modules that do not have their noun's name: `import` is a word of Python's own."""


class _WhenAsked(MutableMapping[str, Any]):
    """Commands by name, each built when it is asked for: building them all is most of what start-up costs."""

    def __init__(self, names: Sequence[str], build: Callable[[str], Any]) -> None:
        self._names = names
        self._build = build
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            if name not in self._names:
                raise KeyError(name)
            self._built[name] = self._build(name)
        return self._built[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._built[name] = command

    def __delitem__(self, name: str) -> None:
        del self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _noun_command(name: str) -> Any:
    """What a noun stands for: its only command, or a group of them."""
    noun: typer.Typer = importlib.import_module(f"backorderctl.cli.{_MODULES.get(name, name)}").app
    if len(noun.registered_commands) == 1 or noun.registered_groups:
        command = typer.main.get_command(noun)
    else:
        command = _group(noun)
    command.name = name
    return command


def _group(noun: typer.Typer) -> typer.core.TyperGroup:
    """The group of a noun without its commands, and these when they are asked for."""
    verbs = {info.name or typer.main.get_command_name(info.callback.__name__): info
             for info in noun.registered_commands if info.callback is not None}  # fmt: skip

    def build(verb: str) -> Any:
        return typer.main.get_command_from_info(
            verbs[verb], pretty_exceptions_short=noun.pretty_exceptions_short, rich_markup_mode=noun.rich_markup_mode
        )

    commands, noun.registered_commands = noun.registered_commands, []
    try:
        group = typer.main.get_group(noun)
    finally:
        noun.registered_commands = commands
    group.commands = _WhenAsked(list(verbs), build)
    return group


class _Nouns(typer.core.TyperGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _WhenAsked(NOUNS, _noun_command)


COMPLETION_OPTIONS = ("--install-completion", "--show-completion")
app = typer.Typer(
    cls=_Nouns,
    add_completion=False,
    invoke_without_command=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=HELP,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print("backorderctl", version("backorderctl"))
        raise typer.Exit


def in_usual_order(arguments: Sequence[str]) -> list[str]:
    """`help NOUN VERB` as `NOUN VERB --help`, and a store file that is named before the noun after it."""
    words, file = list(arguments), []
    if len(words) == 1 and words[0] in COMPLETION_OPTIONS:
        return [*words, ""]  # the shell in which the command is typed
    while words and words[0].startswith(("-f", "--file")):
        length = 2 if words[0] in ("-f", "--file") else 1
        file += words[:length]
        words = words[length:]
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    if not words or words[0].startswith("-"):
        return [*file, *words]
    end = words.index("--") if "--" in words else len(words)
    return [*words[:end], *file, *words[end:]]


def _install(shell: str | None) -> None:
    if shell is not None:
        from backorderctl.cli.completion_scripts import install

        print(f"{install(shell)}: written; it takes effect in a new shell")
        raise typer.Exit


def _show(shell: str | None) -> None:
    if shell is not None:
        from backorderctl.cli.completion_scripts import SCRIPTS, chosen

        print(SCRIPTS[chosen(shell)], end="")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", is_eager=True, callback=_version)
    ] = False,
    file: Annotated[
        str | None, typer.Option("--file", "-f", metavar="FILE", help="The store file; also after the noun and verb.")
    ] = None,
    install_completion: Annotated[
        str | None,
        typer.Option(
            COMPLETION_OPTIONS[0],
            metavar="[SHELL]",
            help="Install completion for bash, zsh or fish, or else this shell.",
            is_eager=True,
            callback=_install,
        ),
    ] = None,
    show_completion: Annotated[
        str | None,
        typer.Option(
            COMPLETION_OPTIONS[1],
            metavar="[SHELL]",
            help="Print what would be installed.",
            is_eager=True,
            callback=_show,
        ),
    ] = None,
) -> None:
    """Backorder policy as code: one TOML file says what may be sold when the shelf is empty, where and how many.

    The store file is that of -f FILE, else $BACKORDERCTL_FILE, else ./store.toml. `backorderctl help NOUN VERB` shows
    what a command does, with examples.
    """
    if context.invoked_subcommand is None:
        print(context.get_help())


@cache
def root_command() -> Any:
    """The program as Typer's command, built once: a process that runs several command lines keeps those it has used."""
    return typer.main.get_command(app)


class Command(typer.core.TyperCommand):
    """A command to which a negative number is an argument like any other, and which takes an option's value once."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as Typer does, with negative numbers shielded from being taken for options."""
        shielded = [SHIELD + arg if _NEGATIVE.match(arg) else arg for arg in args]
        if not ctx.resilient_parsing:
            _once(self.make_parser(ctx).parse_args([*shielded])[2])
        rest = super().parse_args(ctx, shielded)
        ctx.params = {name: _unshielded(value) for name, value in ctx.params.items()}
        if not ctx.resilient_parsing:
            for parameter in self.get_params(ctx):
                _check_files(parameter, ctx.params.get(parameter.name))
        return rest

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples of the command, each on a line of its own."""
        from backorderctl.cli.examples import EXAMPLES

        super().format_epilog(ctx, formatter)
        program, _, command = ctx.command_path.partition(" ")
        if examples := EXAMPLES.get(command):
            with formatter.section("Examples"):
                for example in examples:
                    formatter.write(f"  {program} {example}\n")


def _once(given: Sequence[Any]) -> None:
    """BackorderctlError when an option that holds one value is given several: Typer would take the last without a
    word."""
    for option in given:
        one_value = option.param_type_name == "option" and not (option.multiple or option.is_flag)
        if one_value and given.count(option) > 1:
            raise BackorderctlError(f"{option.opts[0]}: expected once, got it {given.count(option)} times")


def _check_files(parameter: Any, value: Any) -> None:
    """BackorderctlError when what names a file is empty, as a shell's variable is that nobody has set.

    Typer would take an empty option as given, and the command as not given.
    """
    if parameter.metavar in FILE_METAVARS and "" in (value if isinstance(value, list | tuple) else [value]):
        name = parameter.opts[0] if parameter.param_type_name == "option" else parameter.metavar.strip("[].")
        raise BackorderctlError(f"{name}: expected the name of a file or folder, got ''")


def noun(help_text: str) -> typer.Typer:
    """The Typer of one noun."""
    return typer.Typer(help=help_text, rich_markup_mode=None, context_settings=HELP, add_completion=False)


def without_shield(message: str) -> str:
    """A message about words that were shielded as if they had not been, quoted or not."""
    return message.replace(SHIELD, "").replace(repr(SHIELD)[1:-1], "")


def _unshielded(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(map(_unshielded, value))
    return value.removeprefix(SHIELD) if type(value) is str else value


def typed_size(typed: str | int) -> int:
    """The value of --max-size in bytes; BackorderctlError when it is typed otherwise."""
    try:
        return typed if isinstance(typed, int) else parse_size(typed.removeprefix(SHIELD))
    except Mismatch as mismatch:
        raise BackorderctlError(f"--max-size: {mismatch}") from None


def whole_number(name: str, *, minimum: int) -> Callable[[str | int], int]:
    """A parser of an option or argument that takes whole numbers of at most nine digits."""

    def parse(typed: str | int) -> int:
        words = str(typed).removeprefix(SHIELD)
        if not re.fullmatch(r"[0-9]{1,9}", words) or int(words) < minimum:
            raise BackorderctlError(f"{name}: expected a whole number, {minimum} or more, got {words!r}")
        return int(words)

    return parse


QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print only the answer and errors.")]


def now() -> datetime:
    """The present instant; a command reads it once, so that all of it is about one day."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PlainOptions:
    """The options of every command: each field is one, declared here alone."""

    quiet: QuietOption = False
    instant: datetime = field(init=False, default_factory=now)

    def today(self, store: StoreFile) -> date:
        """The day on which the command was given, in the time zone of the store."""
        return local_day(self.instant, store.timezone)

    @contextmanager
    def running(self) -> Iterator[None]:
        """What holds while the command runs."""
        yield

    def say(self, message: str) -> None:
        """Write a message to stderr, unless the user wants none."""
        say(message, quiet=self.quiet)


Shared = TypeVar("Shared", bound=PlainOptions)
Own = ParamSpec("Own")


@cache
def _options_of(shared: type[PlainOptions]) -> list[inspect.Parameter]:
    """The options that are the fields of a dataclass."""
    return [
        option.replace(kind=inspect.Parameter.KEYWORD_ONLY) for option in inspect.signature(shared).parameters.values()
    ]


def with_options(command: Callable[Concatenate[Shared, Own], None]) -> Callable[..., None]:
    """The command with the options of its first parameter's dataclass beside its own.

    A hint that is a command line gets the file that the command was given.
    """
    first, *own = inspect.signature(command).parameters.values()
    shared = first.annotation
    options = _options_of(shared)

    run_command: Callable[..., None] = command

    @wraps(command)
    def run(**given: Any) -> None:
        chosen = shared(**{option.name: given.pop(option.name) for option in options})
        try:
            output = getattr(chosen, "output", given.get("output"))
            with safe_output(output), chosen.running():
                run_command(chosen, **given)
        except BackorderctlError as error:
            error.hint = hint_for(error, getattr(chosen, "file", DEFAULT_FILE))
            raise

    parameters = [*(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own), *options]
    setattr(run, "__signature__", inspect.Signature(parameters))  # noqa: B010, as functions declare no such attribute
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def hint_for(error: BackorderctlError, file: str) -> Hint | None:
    """What to type after an error of a command on a store file: where that is missing, the command that makes one."""
    hint = error.hint
    if hint is None and isinstance(error, NoSuchFile) and error.path == file:
        hint = CommandLine(("init",))
    return for_file(hint, file) if isinstance(hint, CommandLine) else hint


def for_file(command: CommandLine, file: str) -> CommandLine | None:
    """The command with the store file, unless it would choose that one anyway; None where it could not write it."""
    if file == STANDARD_INPUT or (is_side(file) and command.verb[-1] != "list"):
        return None
    usual = os.environ.get(FILE_VARIABLE) or DEFAULT_FILE
    named = file == usual or any(option == "-f" for option, _ in command.options)
    return command if named else command._replace(options=(*command.options, ("-f", file)))


def progress(total: int, *, quiet: bool) -> "AbstractContextManager[Tell]":
    """A function to report progress; where stderr is a terminal it draws a bar once the work takes long."""
    if quiet or not sys.stderr.isatty():
        return nullcontext(lambda _words, _done: None)
    from backorderctl.output.progress import progress_bar

    return progress_bar(total, sys.stderr)


def refuse_second_input(*paths: str | None) -> None:
    """BackorderctlError when more than one of these files is standard input."""
    if paths.count(STANDARD_INPUT) > 1:
        raise BackorderctlError("standard input can be one file only, got it for several")


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
def safe_output(output: str | None) -> Iterator[None]:
    """While the block runs, GitHub's runner finds no command on standard output.

    `output` is what is given for --output, None where a command has no such option.
    """
    if not os.environ.get(GITHUB_RUNNER):
        yield
        return
    from backorderctl.output.workflow_commands import breaking_commands, shown_as

    with redirect_stdout(breaking_commands(sys.stdout, shown_as(output))):
        yield
