"""How a command parses its words, and the options and arguments that several commands take, with their completion."""

import os
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import typer
import typer.core

from backorderctl.errors import BackorderctlError, Mismatch
from backorderctl.output.format import Output
from backorderctl.store import settings
from backorderctl.store.load import load
from backorderctl.store.model import Store
from backorderctl.toml.file_access import parse_size

HELP = {"help_option_names": ["-h", "--help"]}

SHIELD = "\u2060"
"""Put before a negative number while Typer parses: an invisible character that no name begins with."""

DEFAULT_FILE = "store.toml"
STANDARD_INPUT = "-"
FILE_VARIABLE = "BACKORDERCTL_FILE"
OUTPUT_VARIABLE = "BACKORDERCTL_OUTPUT"
WAIT_VARIABLE = "BACKORDERCTL_WAIT"
BACKORDER_LIMIT = "backorder_limit"
"""Another way to type the threshold: so many backorders at the most."""
_LONGEST_WAIT = 86_400
_NEGATIVE = re.compile(r"-[\d.]")

FileOption = Annotated[
    str,
    typer.Option(
        "--file",
        "-f",
        metavar="FILE",
        envvar=FILE_VARIABLE,
        show_envvar=False,
        help="The store file, or - for standard input where nothing is written.",
    ),
]
OutputOption = Annotated[
    Output, typer.Option("--output", "-o", envvar=OUTPUT_VARIABLE, show_envvar=False, help="The format of the answer.")
]
AtOption = Annotated[str, typer.Option("--at", metavar="DATE", help="Answer for this day: today, 2026-12-01 or +30d.")]
SpreadsheetOption = Annotated[
    bool,
    typer.Option("--spreadsheet", help="With -o csv: write an apostrophe before text that would be a formula."),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print only the answer and errors.")]
TakeOwnershipOption = Annotated[
    bool,
    typer.Option("--take-ownership", help="Write even if the file's owner could then no longer write to it."),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", "-n", help="Show what would change and write nothing.")]
ExitCodeOption = Annotated[
    bool, typer.Option("--exit-code", help="With --dry-run: exit with 1 when anything changes in effect.")
]
EverythingOption = Annotated[
    bool, typer.Option("--all", help="With --dry-run: list every change, however many there are.")
]
MatchOption = Annotated[
    str | None, typer.Option("--match", metavar="GLOB", help="Every product whose SKU matches, such as 'WS12-*'.")
]
CascadeOption = Annotated[bool, typer.Option("--cascade", help="Also remove everything that refers to it.")]


FILE_METAVARS = (
    *("FILE", "[FILE]...", "FOLDER", "OLD", "[NEW]"),
    *("ANSWERS", "CHANGES.csv", "QUANTITIES...", "REJECTS.csv", "SALABLE..."),
)
"""What stands in the help for the name of a file or folder."""


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


def _offered(context: typer.Context, names: Callable[[Store], Iterable[str]]) -> list[str]:
    """Names of the file in question, or none where it cannot be read: completion is no place for errors."""
    try:
        typed = context.params.get("file") or context.find_root().params.get("file")
        return list(names(load(typed or os.environ.get(FILE_VARIABLE) or DEFAULT_FILE)))
    except (BackorderctlError, OSError):
        return []


def _starting(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def complete_key(incomplete: str) -> list[str]:
    """The settings' keys."""
    return _starting(settings.SETTINGS, incomplete)


def complete_source(ctx: typer.Context, incomplete: str) -> list[str]:
    """The file's sources."""
    return _starting(_offered(ctx, lambda store: store.sources), incomplete)


def complete_stock(ctx: typer.Context, incomplete: str) -> list[str]:
    """The file's stocks."""
    return _starting(_offered(ctx, lambda store: store.stocks), incomplete)


def complete_sku(ctx: typer.Context, incomplete: str) -> list[str]:
    """The file's SKUs."""
    return _starting(_offered(ctx, lambda store: store.products), incomplete)


def complete_setting(ctx: typer.Context, incomplete: str) -> list[str]:
    """A key, `KEY=`, or after a key its values."""
    key, equals, begun = incomplete.partition("=")
    if equals:
        return [f"{key}={value}" for value in _values(key) if value.startswith(begun)]
    typed = ctx.params.get("assignments") or []
    return _starting(_values(typed[-1]) if typed else [*settings.SETTINGS, BACKORDER_LIMIT], incomplete)


def _values(key: str) -> tuple[str, ...]:
    row = settings.SETTINGS.get(key.replace("-", "_"))
    return row.kind.choices if row is not None else ()


def _seconds(typed: str | float) -> float:
    words = str(typed).removeprefix(SHIELD)
    try:
        seconds = float(words)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= _LONGEST_WAIT:
        raise BackorderctlError(f"--wait: expected a number of seconds from 0 to {_LONGEST_WAIT}, got {words!r}")
    return seconds


def _size(typed: str | int) -> int:
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
MaxSizeOption = Annotated[
    int,
    typer.Option(
        "--max-size",
        metavar="SIZE",
        parser=_size,
        show_default=False,
        help="The most to read of a file, after decompression, such as 4GiB; 1 GiB by default.",
    ),
]
StockOption = Annotated[
    str | None, typer.Option("--stock", metavar="CODE", help="The stock.", autocompletion=complete_stock)
]
SourceOption = Annotated[
    str | None, typer.Option("--source", metavar="CODE", help="The source.", autocompletion=complete_source)
]
ProductOption = Annotated[
    str | None, typer.Option("--product", metavar="SKU", help="The product.", autocompletion=complete_sku)
]
ProductsOption = Annotated[
    list[str] | None,
    typer.Option("--product", metavar="SKU", help="The product; may be repeated.", autocompletion=complete_sku),
]
KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="A setting.", autocompletion=complete_key)]
SkuArgument = Annotated[str, typer.Argument(metavar="SKU", help="A product.", autocompletion=complete_sku)]
SourceArgument = Annotated[str, typer.Argument(metavar="SOURCE", help="A source.", autocompletion=complete_source)]
StockArgument = Annotated[str, typer.Argument(metavar="STOCK", help="A stock.", autocompletion=complete_stock)]
EntryNumbers = Annotated[
    list[int],
    typer.Argument(metavar="N...", parser=whole_number("N", minimum=1), help="The numbers, as `list` shows them."),
]
