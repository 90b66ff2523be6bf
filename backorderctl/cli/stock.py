"""`backorderctl stock`: groups of sources that sales channels sell from."""

import sys
from typing import Annotated

import typer

from backorderctl.cli.options import (
    DEFAULT_FILE,
    Command,
    DryRunOption,
    FileOption,
    OutputOption,
    QuietOption,
    StockArgument,
    complete_source,
    noun,
    read_store,
)
from backorderctl.cli.writing import change
from backorderctl.edit import operations
from backorderctl.errors import BackorderctlError
from backorderctl.output import scopes as view
from backorderctl.output.format import Output
from backorderctl.store import model

app = noun("Stocks: groups of sources, each of which one or more sales channels sell from.")

NewCode = Annotated[str, typer.Argument(metavar="STOCK", help="A code of letters, digits, '_', '-' and '.'.")]
Sources = Annotated[
    list[str], typer.Argument(metavar="SOURCE...", help="One or more sources.", autocompletion=complete_source)
]
Channels = Annotated[
    list[str] | None, typer.Option("--channel", metavar="NAME", help="A sales channel that sells from it; repeatable.")
]


@app.command("list", cls=Command)
def list_(file: FileOption = DEFAULT_FILE, output: OutputOption = Output.TABLE, quiet: QuietOption = False) -> None:
    """List the stocks, their sources and their sales channels."""
    view.show_stocks(read_store(file), output, sys.stdout)


@app.command(cls=Command)
def show(
    stock: StockArgument,
    file: FileOption = DEFAULT_FILE,
    output: OutputOption = Output.TABLE,
    quiet: QuietOption = False,
) -> None:
    """Show one stock."""
    store = read_store(file)
    view.show_stock(model.stock_named(store, stock), output, sys.stdout)


@app.command(cls=Command)
def add(
    stock: NewCode,
    name: Annotated[str | None, typer.Option("--name", help="What people call it.")] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source", metavar="CODE", help="A source to sell from; repeatable.", autocompletion=complete_source
        ),
    ] = None,
    channel: Channels = None,
    file: FileOption = DEFAULT_FILE,
    dry_run: DryRunOption = False,
    quiet: QuietOption = False,
) -> None:
    """Add a stock. The first one links every source unless --source is given, and takes over what is reserved."""
    change(
        file,
        lambda store: operations.add_stock(store, stock, name=name, sources=source or [], channels=channel or []),
        done=f"stock {stock}: added",
        dry_run=dry_run,
        quiet=quiet,
    )


@app.command("set", cls=Command)
def set_(
    stock: StockArgument,
    name: Annotated[str | None, typer.Option("--name", help="What people call it; '' takes the name away.")] = None,
    channel: Channels = None,
    no_channels: Annotated[bool, typer.Option("--no-channels", help="No channel sells from it.")] = False,
    file: FileOption = DEFAULT_FILE,
    dry_run: DryRunOption = False,
    quiet: QuietOption = False,
) -> None:
    """Give a stock another name or other sales channels."""
    if channel and no_channels:
        raise BackorderctlError("--no-channels: expected alone, got it beside --channel")
    if name is None and not channel and not no_channels:
        raise BackorderctlError("expected --name, --channel or --no-channels, got none of them")
    change(
        file,
        lambda store: operations.set_stock(store, stock, name=name, channels=[] if no_channels else channel),
        done=f"stock {stock}: changed",
        dry_run=dry_run,
        quiet=quiet,
    )


@app.command(cls=Command)
def remove(
    stock: StockArgument,
    cascade: Annotated[bool, typer.Option("--cascade", help="Take along the reservations that name it.")] = False,
    file: FileOption = DEFAULT_FILE,
    dry_run: DryRunOption = False,
    quiet: QuietOption = False,
) -> None:
    """Remove a stock that nothing names, or with --cascade also what is reserved in it."""
    change(
        file,
        lambda store: operations.remove_stock(store, stock, cascade=cascade),
        done=f"stock {stock}: removed",
        dry_run=dry_run,
        quiet=quiet,
    )


@app.command(cls=Command)
def link(
    stock: StockArgument,
    sources: Sources,
    file: FileOption = DEFAULT_FILE,
    dry_run: DryRunOption = False,
    quiet: QuietOption = False,
) -> None:
    """Let a stock sell from more sources."""
    change(
        file,
        lambda store: operations.link(store, stock, sources),
        done=f"stock {stock}: now sells from {', '.join(sources)} too",
        dry_run=dry_run,
        quiet=quiet,
    )


@app.command(cls=Command)
def unlink(
    stock: StockArgument,
    sources: Sources,
    file: FileOption = DEFAULT_FILE,
    dry_run: DryRunOption = False,
    quiet: QuietOption = False,
) -> None:
    """Let a stock no longer sell from sources."""
    change(
        file,
        lambda store: operations.unlink(store, stock, sources),
        done=f"stock {stock}: no longer sells from {', '.join(sources)}",
        dry_run=dry_run,
        quiet=quiet,
    )
