"""The options that many commands share, and what they stand for."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Annotated, Any

import typer
import typer.core

from backorderctl.errors import BackorderctlError, InvalidFile, Mismatch
from backorderctl.output.format import Output, printable
from backorderctl.store import model, quantity, settings
from backorderctl.store.load import load, load_bytes
from backorderctl.store.model import Place, Store
from backorderctl.store.settings import Scope
from backorderctl.toml import atomic_file

HELP = {"help_option_names": ["-h", "--help"]}
DEFAULT_FILE = "store.toml"
STANDARD_INPUT = "-"

SHIELD = "\u2060"
"""Stands before a negative number while Typer parses: an invisible character that no name begins with."""

_NEGATIVE = re.compile(r"-[\d.]")


class Command(typer.core.TyperCommand):
    """A command to which a negative number is an argument like any other, and which takes an option's value once."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as Typer does, with negative numbers shielded from being taken for options."""
        shielded = [SHIELD + arg if _NEGATIVE.match(arg) else arg for arg in args]
        if not ctx.resilient_parsing:
            _once(self.make_parser(ctx).parse_args([*shielded])[2])
        rest = super().parse_args(ctx, shielded)
        ctx.params = {name: _bared(value) for name, value in ctx.params.items()}
        return rest


def _once(given: Sequence[Any]) -> None:
    """BackorderctlError when an option that holds one value is given several: Typer would take the last without a
    word."""
    for option in given:
        one_value = option.param_type_name == "option" and not (option.multiple or option.is_flag)
        if one_value and given.count(option) > 1:
            raise BackorderctlError(f"{option.opts[0]}: expected once, got it {given.count(option)} times")


def noun(help_text: str) -> typer.Typer:
    """The Typer of one noun."""
    return typer.Typer(help=help_text, rich_markup_mode=None, context_settings=HELP, add_completion=False)


def _offered(context: typer.Context, names: Callable[[Store], Iterable[str]]) -> list[str]:
    """Names of the file in question, or none where it cannot be read: completion is no place for errors."""
    try:
        return list(names(load(context.params.get("file") or os.environ.get(FILE_VARIABLE) or DEFAULT_FILE)))
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
    return tuple(row.type.split(", ")) if row is not None and not isinstance(row.default, Decimal) else ()


FILE_VARIABLE = "BACKORDERCTL_FILE"
OUTPUT_VARIABLE = "BACKORDERCTL_OUTPUT"
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
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but the answer and errors.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", "-n", help="Show what would change and write nothing.")]
StockOption = Annotated[
    str | None, typer.Option("--stock", metavar="CODE", help="The stock.", autocompletion=complete_stock)
]
SourceOption = Annotated[
    str | None, typer.Option("--source", metavar="CODE", help="The source.", autocompletion=complete_source)
]
ProductOption = Annotated[
    str | None, typer.Option("--product", metavar="SKU", help="The product.", autocompletion=complete_sku)
]
MatchOption = Annotated[
    str | None, typer.Option("--match", metavar="GLOB", help="Every product whose SKU matches, such as 'WS12-*'.")
]
KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="A setting.", autocompletion=complete_key)]
SkuArgument = Annotated[str, typer.Argument(metavar="SKU", help="A product.", autocompletion=complete_sku)]
SourceArgument = Annotated[str, typer.Argument(metavar="SOURCE", help="A source.", autocompletion=complete_source)]
StockArgument = Annotated[str, typer.Argument(metavar="STOCK", help="A stock.", autocompletion=complete_stock)]


def read_text(path: str) -> str:
    """The text of a file that is no store, or of standard input for `-`."""
    if path == STANDARD_INPUT:
        return atomic_file.decoded(sys.stdin.buffer.read(), "<stdin>")
    if path.endswith(".gz"):
        return atomic_file.decoded(_unpacked(path), path)
    try:
        return atomic_file.read_text(path)
    except InvalidFile:
        raise
    except BackorderctlError as failure:
        raise BackorderctlError(failure.message) from None  # its hint is about store files


def _unpacked(path: str) -> bytes:
    import gzip
    import zlib

    try:
        with gzip.open(path) as packed:
            return packed.read()
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise BackorderctlError(f"{path}: expected a whole gzip file, got another") from None


def read_store(path: str) -> Store:
    """The store in the file, or on standard input for `-`."""
    if path == STANDARD_INPUT:
        return load_bytes(sys.stdin.buffer.read(), "<stdin>")
    return load(path)


def place(store: Store, *, stock: str | None, source: str | None, product: str | None) -> Place:
    """The scope that the options name, checked to exist: none is global. `--stock` stands alone, as for every write."""
    if stock is not None and (source is not None or product is not None):
        raise BackorderctlError(
            "--stock: expected alone, got it beside "
            + " and ".join(name for name, given in (("--source", source), ("--product", product)) if given is not None)
        )
    if stock is not None:
        return Place(Scope.STOCK, stock=model.stock_named(store, stock).code)
    if product is not None and source is not None:
        return model.item_place(store, product, source)
    if product is not None:
        return Place(Scope.PRODUCT, product=model.product_named(store, product).sku)
    if source is not None:
        return Place(Scope.SOURCE, source=model.source_named(store, source).code)
    return Place(Scope.GLOBAL)


def places(
    store: Store, *, stock: str | None, source: str | None, product: str | None, match: str | None
) -> Sequence[Place]:
    """The scope that the options name; with `match`, the products it matches or their existing items at `source`."""
    if match is None:
        return [place(store, stock=stock, source=source, product=product)]
    for name, given in (("--product", product), ("--stock", stock)):
        if given is not None:
            raise BackorderctlError(f"--match: expected alone or with --source, got it beside {name}")
    skus = [sku for sku in store.products if fnmatchcase(sku, match)]
    if source is None:
        return [Place(Scope.PRODUCT, product=sku) for sku in skus]
    model.source_named(store, source)
    at_source = (sku for sku in skus if source in store.products[sku].items)
    return [Place(Scope.SOURCE_ITEM, source=source, product=sku) for sku in at_source]


def seen_place(store: Store, *, stock: str | None, source: str | None, product: str | None) -> tuple[Place, str | None]:
    """For commands that read: the scope, and the stock from which a product or source is seen when one is named."""
    if stock is not None and (source is not None or product is not None):
        seen_from = model.stock_named(store, stock).code
        return place(store, stock=None, source=source, product=product), seen_from
    return place(store, stock=stock, source=source, product=product), None


def one_stock(store: Store, sku: str, named: str | None) -> str:
    """The stock that is named, or the only one that can be meant for the product.

    BackorderctlError when there are several.
    """
    if named is not None:
        return model.stock_named(store, named).code
    items = model.product_named(store, sku).items
    reaching = [code for code, stock in store.stocks.items() if not items.keys().isdisjoint(stock.sources)]
    meant = reaching or list(store.stocks)
    if len(meant) > 1:
        raise BackorderctlError(f"{sku!r} is in several stocks: {', '.join(meant)}", hint=f"--stock {meant[0]}")
    return meant[0]


def typed_quantity(name: str, typed: str, *, minimum: Decimal | None = None) -> Decimal:
    """A quantity as typed for `name`; BackorderctlError when it is none."""
    try:
        return quantity.parse_quantity(typed, minimum=minimum)
    except Mismatch as mismatch:
        raise BackorderctlError(f"{name}: {mismatch}") from None


def say(message: str, *, quiet: bool) -> None:
    """Talk, on stderr, unless it is not wanted; a stderr that takes nothing more changes no answer."""
    if not quiet:
        with suppress(OSError):
            print(printable(message), file=sys.stderr)


def _bared(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(map(_bared, value))
    return value.removeprefix(SHIELD) if type(value) is str else value
