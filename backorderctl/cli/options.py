"""The options and arguments that several commands take, with their completion."""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from backorderctl.cli.app import DEFAULT_FILE, FILE_VARIABLE, typed_size, whole_number
from backorderctl.errors import BackorderctlError, Mismatch
from backorderctl.output.format import Output
from backorderctl.store import settings
from backorderctl.store.load import load
from backorderctl.store.model import StoreFile

if TYPE_CHECKING:  # most commands read no rows
    from backorderctl.rows.columns import Layout

OUTPUT_VARIABLE = "BACKORDERCTL_OUTPUT"
BACKORDER_LIMIT = "backorder_limit"
"""Another way to type the threshold: so many backorders at the most."""


def starting(names: Iterable[str], incomplete: str) -> list[str]:
    """The names that begin with what is typed."""
    return [name for name in names if name.startswith(incomplete)]


def complete_list(names: Iterable[str], incomplete: str) -> list[str]:
    """Lists such as `a,b`: what is typed of one, with each name that it does not have yet."""
    head, comma, begun = incomplete.rpartition(",")
    typed = head.split(",")
    return [f"{head}{comma}{name}" for name in starting(names, begun) if name not in typed]


def complete_revision(incomplete: str) -> list[str]:
    """`git:` and the names of branches and tags, behind a `git:` that is typed."""
    from backorderctl.files.access import PREFIX
    from backorderctl.files.git_revision import branches_and_tags

    return starting((f"{PREFIX}{name}" for name in branches_and_tags()), incomplete) if PREFIX in incomplete else []


FileOption = Annotated[
    str,
    typer.Option(
        "--file",
        "-f",
        metavar="FILE",
        envvar=FILE_VARIABLE,
        show_envvar=False,
        autocompletion=complete_revision,
        help="The store file; where nothing is written also - for standard input, git:REV or git:REV:PATH.",
    ),
]
OutputOption = Annotated[
    Output, typer.Option("--output", "-o", envvar=OUTPUT_VARIABLE, show_envvar=False, help="The format of the answer.")
]
AtOption = Annotated[str, typer.Option("--at", metavar="DATE", help="Answer for this day: today, 2026-12-01 or +30d.")]
MatchOption = Annotated[
    str | None, typer.Option("--match", metavar="GLOB", help="Every product whose SKU matches, such as 'WS12-*'.")
]
StockIdOption = Annotated[
    list[str] | None,
    typer.Option("--stock-id", metavar="ID=STOCK", help="The stock of a stock_id, such as 2=eu; 1 is default."),
]
COLUMNS_VARIABLE, DECIMAL_VARIABLE = "BACKORDERCTL_COLUMNS", "BACKORDERCTL_DECIMAL"
ColumnOption = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="FIELD=HEADER",
        help="The column of a field, such as sku=Artikelnummer; may be repeated. "
        f"Else ${COLUMNS_VARIABLE}, with commas between them.",
    ),
]
DecimalOption = Annotated[
    str | None,
    typer.Option(
        "--decimal", metavar="CHARACTER", help=f"What is before decimals: . or a comma. Else ${DECIMAL_VARIABLE}."
    ),
]
AllowMissingOption = Annotated[
    bool, typer.Option("--allow-missing", help="Take files without a row of a source that has items in the store file.")
]
CascadeOption = Annotated[bool, typer.Option("--cascade", help="Also remove everything that refers to it.")]


def _offered(context: typer.Context, names: Callable[[StoreFile], Iterable[str]]) -> list[str]:
    """Names of the file in question, or none where it cannot be read: completion is no place for errors."""
    try:
        typed = context.params.get("file") or context.find_root().params.get("file")
        return list(names(load(typed or os.environ.get(FILE_VARIABLE) or DEFAULT_FILE)))
    except (BackorderctlError, OSError):
        return []


def complete_key(incomplete: str) -> list[str]:
    """The settings' keys."""
    return starting(settings.SETTINGS, incomplete)


def complete_source(ctx: typer.Context, incomplete: str) -> list[str]:
    """The file's sources."""
    return starting(_offered(ctx, lambda store: store.sources), incomplete)


def complete_stock(ctx: typer.Context, incomplete: str) -> list[str]:
    """The file's stocks."""
    return starting(_offered(ctx, lambda store: store.stocks), incomplete)


def complete_sku(ctx: typer.Context, incomplete: str) -> list[str]:
    """The file's SKUs."""
    return starting(_offered(ctx, lambda store: store.products), incomplete)


def complete_setting(ctx: typer.Context, incomplete: str) -> list[str]:
    """A key, `KEY=`, or after a key its values."""
    key, equals, begun = incomplete.partition("=")
    if equals:
        return [f"{key}={value}" for value in _values(key) if value.startswith(begun)]
    typed = ctx.params.get("assignments") or []
    return starting(_values(typed[-1]) if typed else [*settings.SETTINGS, BACKORDER_LIMIT], incomplete)


def _values(key: str) -> tuple[str, ...]:
    row = settings.SETTINGS.get(key.replace("-", "_"))
    return row.kind.choices if row is not None else ()


MaxSizeOption = Annotated[
    int,
    typer.Option(
        "--max-size",
        metavar="SIZE",
        parser=typed_size,
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


def layout(column: Sequence[str] | None, decimal: str | None) -> "Layout":
    """How files of rows are written, by the options or else the environment; BackorderctlError for other words."""
    from backorderctl.rows.columns import NAMED_FIELDS, Layout, parse_columns

    variable = [word for word in os.environ.get(COLUMNS_VARIABLE, "").split(",") if word.strip()]
    character = decimal or os.environ.get(DECIMAL_VARIABLE) or "."
    if character not in (".", ","):
        raise BackorderctlError(f"--decimal: expected . or a comma, got {character!r}")
    try:
        return Layout(parse_columns(variable if column is None else column, NAMED_FIELDS), character)
    except Mismatch as mismatch:
        raise BackorderctlError(f"--column: {mismatch}") from None
