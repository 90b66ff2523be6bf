"""`backorderctl stock`: groups of sources that sales channels sell from."""

import sys
from typing import Annotated

import typer

from backorderctl.cli.app import Command, noun, with_options
from backorderctl.cli.options import CascadeOption, StockArgument, complete_source
from backorderctl.cli.reading import AnswerOptions
from backorderctl.cli.writing import WriteOptions, change
from backorderctl.edit import operations
from backorderctl.errors import BackorderctlError
from backorderctl.output import scopes as view
from backorderctl.store import model

app = noun("Stocks: groups of sources that sales channels sell from.")

NewStock = Annotated[str, typer.Argument(metavar="STOCK", help="A code of letters, digits, '_', '-' and '.'.")]
Sources = Annotated[
    list[str], typer.Argument(metavar="SOURCE...", help="One or more sources.", autocompletion=complete_source)
]
Channels = Annotated[
    list[str] | None,
    typer.Option("--channel", metavar="NAME", help="A sales channel that sells from it; may be repeated."),
]


@app.command("list", cls=Command)
@with_options
def list_(options: AnswerOptions) -> None:
    """List the stocks, their sources and their sales channels."""
    view.show_stocks(options.store(), options.output, sys.stdout)


@app.command(cls=Command)
@with_options
def show(options: AnswerOptions, stock: StockArgument) -> None:
    """Show one stock."""
    store = options.store()
    view.show_stock(model.stock_named(store, stock), options.output, sys.stdout)


@app.command(cls=Command)
@with_options
def add(
    options: WriteOptions,
    stock: NewStock,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="A name to show to people.")] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source", metavar="CODE", help="A source to sell from; may be repeated.", autocompletion=complete_source
        ),
    ] = None,
    channel: Channels = None,
) -> None:
    """Add a stock. The first one links every source unless --source is given, and takes over what is reserved."""
    operations.check_code("stock", stock)
    change(
        options,
        lambda store: operations.add_stock(store, stock, name=name, sources=source or [], channels=channel or []),
        done=f"stock {stock}: added",
    )


@app.command("set", cls=Command)
@with_options
def set_(
    options: WriteOptions,
    stock: StockArgument,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="The new name; '' removes the name.")
    ] = None,
    channel: Channels = None,
    no_channels: Annotated[bool, typer.Option("--no-channels", help="Remove all sales channels from it.")] = False,
) -> None:
    """Give a stock another name or other sales channels."""
    if channel and no_channels:
        raise BackorderctlError("--no-channels: expected alone, got it beside --channel")
    if name is None and not channel and not no_channels:
        raise BackorderctlError("expected --name, --channel or --no-channels, got none of them")
    change(
        options,
        lambda store: operations.set_stock(store, stock, name=name, channels=[] if no_channels else channel),
        done=f"stock {stock}: changed",
    )


@app.command(cls=Command)
@with_options
def remove(
    options: WriteOptions,
    stock: StockArgument,
    cascade: CascadeOption = False,
) -> None:
    """Remove a stock.

    A stock that is still in use needs --cascade, which also removes what is reserved in it and everything that refers
    to it.
    """
    change(
        options, lambda store: operations.remove_stock(store, stock, cascade=cascade), done=f"stock {stock}: removed"
    )


@app.command(cls=Command)
@with_options
def link(options: WriteOptions, stock: StockArgument, sources: Sources) -> None:
    """Let a stock sell from more sources."""
    change(
        options,
        lambda store: operations.link(store, stock, sources),
        done=f"stock {stock}: linked to {', '.join(sources)}",
    )


@app.command(cls=Command)
@with_options
def unlink(options: WriteOptions, stock: StockArgument, sources: Sources) -> None:
    """Let a stock no longer sell from sources."""
    change(
        options,
        lambda store: operations.unlink(store, stock, sources),
        done=f"stock {stock}: unlinked from {', '.join(sources)}",
    )
