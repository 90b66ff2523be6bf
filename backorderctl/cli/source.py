"""`backorderctl source`: the places that hold goods."""

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
    SourceArgument,
    noun,
    read_store,
)
from backorderctl.cli.writing import change
from backorderctl.edit import operations
from backorderctl.output import scopes as view
from backorderctl.output.format import Output
from backorderctl.store import model

app = noun("Sources: the warehouses, shops and drop-shippers that hold goods.")

NewCode = Annotated[str, typer.Argument(metavar="SOURCE", help="A code of letters, digits, '_', '-' and '.'.")]
Cascade = Annotated[bool, typer.Option("--cascade", help="Take along whatever still names it.")]


@app.command("list", cls=Command)
def list_(file: FileOption = DEFAULT_FILE, output: OutputOption = Output.TABLE, quiet: QuietOption = False) -> None:
    """List the sources, their stocks and how many products each has."""
    view.show_sources(read_store(file), output, sys.stdout)


@app.command(cls=Command)
def show(
    source: SourceArgument,
    file: FileOption = DEFAULT_FILE,
    output: OutputOption = Output.TABLE,
    quiet: QuietOption = False,
) -> None:
    """Show one source."""
    store = read_store(file)
    view.show_source(store, model.source_named(store, source), output, sys.stdout)


@app.command(cls=Command)
def add(
    source: NewCode,
    name: Annotated[str | None, typer.Option("--name", help="What people call it.")] = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="Its goods do not count yet.")] = False,
    file: FileOption = DEFAULT_FILE,
    dry_run: DryRunOption = False,
    quiet: QuietOption = False,
) -> None:
    """Add a source."""
    change(
        file,
        lambda store: operations.add_source(store, source, name=name, enabled=not disabled),
        done=f"source {source}: added",
        dry_run=dry_run,
        quiet=quiet,
    )


@app.command("set", cls=Command)
def set_(
    source: SourceArgument,
    name: Annotated[str, typer.Option("--name", help="What people call it; '' takes the name away.")],
    file: FileOption = DEFAULT_FILE,
    dry_run: DryRunOption = False,
    quiet: QuietOption = False,
) -> None:
    """Give a source another name."""
    change(
        file,
        lambda store: operations.rename(("sources", source), name, model.source_named(store, source).name),
        done=f"source {source}: now called {name!r}" if name else f"source {source}: has no name now",
        dry_run=dry_run,
        quiet=quiet,
    )


@app.command(cls=Command)
def remove(
    source: SourceArgument,
    cascade: Cascade = False,
    file: FileOption = DEFAULT_FILE,
    dry_run: DryRunOption = False,
    quiet: QuietOption = False,
) -> None:
    """Remove a source that nothing names, or with --cascade also its source items and its links to stocks."""
    change(
        file,
        lambda store: operations.remove_source(store, source, cascade=cascade),
        done=f"source {source}: removed",
        dry_run=dry_run,
        quiet=quiet,
    )


@app.command(cls=Command)
def enable(
    source: SourceArgument,
    file: FileOption = DEFAULT_FILE,
    dry_run: DryRunOption = False,
    quiet: QuietOption = False,
) -> None:
    """Let a source's goods count."""
    _enable(source, file, enabled=True, dry_run=dry_run, quiet=quiet)


@app.command(cls=Command)
def disable(
    source: SourceArgument,
    file: FileOption = DEFAULT_FILE,
    dry_run: DryRunOption = False,
    quiet: QuietOption = False,
) -> None:
    """Let a source's goods no longer count."""
    _enable(source, file, enabled=False, dry_run=dry_run, quiet=quiet)


def _enable(source: str, file: str, *, enabled: bool, dry_run: bool, quiet: bool) -> None:
    change(
        file,
        lambda store: operations.enable_source(store, source, enabled=enabled),
        done=f"source {source}: {'enabled' if enabled else 'disabled'}",
        dry_run=dry_run,
        quiet=quiet,
    )
