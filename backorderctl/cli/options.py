"""The options and arguments that several commands take, with their completion."""

import os
from collections.abc import Callable, Iterable
from typing import Annotated

import typer

from backorderctl.cli.command import SHIELD
from backorderctl.errors import BackorderctlError, Mismatch
from backorderctl.output.format import Output
from backorderctl.store import settings
from backorderctl.store.load import load
from backorderctl.store.model import Store
from backorderctl.toml.file_access import parse_size

DEFAULT_FILE = "store.toml"
STANDARD_INPUT = "-"
_LONGEST_WAIT = 86_400


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


FILE_VARIABLE = "BACKORDERCTL_FILE"
OUTPUT_VARIABLE = "BACKORDERCTL_OUTPUT"
WAIT_VARIABLE = "BACKORDERCTL_WAIT"
BACKORDER_LIMIT = "backorder_limit"
"""Another way to type the threshold: so many backorders at the most."""

FileOption = Annotated[
    str,
    typer.Option(
        "--file",
        "-f",
        metavar="FILE",
        envvar=FILE_VARIABLE,
        show_envvar=False,
        help="The store file; - reads standard input where nothing is written.",
    ),
]
OutputOption = Annotated[
    Output, typer.Option("--output", "-o", envvar=OUTPUT_VARIABLE, show_envvar=False, help="The shape of the answer.")
]
AtOption = Annotated[
    str, typer.Option("--at", metavar="DATE", help="The day that is meant: today, 2026-12-01 or +30d.")
]
SpreadsheetOption = Annotated[
    bool,
    typer.Option("--spreadsheet", help="With -o csv: write an apostrophe before text that is a formula."),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but the answer and errors.")]
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
MatchOption = Annotated[
    str | None, typer.Option("--match", metavar="GLOB", help="Every product whose SKU matches, such as 'WS12-*'.")
]
CascadeOption = Annotated[bool, typer.Option("--cascade", help="Also remove whatever still names it.")]
KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="A setting.", autocompletion=complete_key)]
SkuArgument = Annotated[str, typer.Argument(metavar="SKU", help="A product.", autocompletion=complete_sku)]
SourceArgument = Annotated[str, typer.Argument(metavar="SOURCE", help="A source.", autocompletion=complete_source)]
StockArgument = Annotated[str, typer.Argument(metavar="STOCK", help="A stock.", autocompletion=complete_stock)]
