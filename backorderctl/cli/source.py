"""`backorderctl source`: the places that hold goods."""

import sys
from functools import partial
from typing import Annotated

import typer

from backorderctl.cli.app import Command, noun, with_options
from backorderctl.cli.options import CascadeOption, SourceArgument
from backorderctl.cli.reading import AnswerOptions
from backorderctl.cli.writing import (
    Days,
    FromOption,
    ReasonOption,
    UntilOption,
    WriteOptions,
    change,
    describe_new_entry,
    overridden_today,
    transact,
)
from backorderctl.edit import operations
from backorderctl.output import scopes as view
from backorderctl.store import model
from backorderctl.store.model import ENABLED, Place, StoreFile
from backorderctl.store.settings import Scope

app = noun("Sources: warehouses, shops and drop-shippers that hold goods.")

NewSource = Annotated[str, typer.Argument(metavar="SOURCE", help="A code of letters, digits, '_', '-' and '.'.")]


@app.command("list", cls=Command)
@with_options
def list_(options: AnswerOptions) -> None:
    """List the sources, their stocks and how many products each has."""
    view.show_sources(options.store(), options.output, sys.stdout)


@app.command(cls=Command)
@with_options
def show(options: AnswerOptions, source: SourceArgument) -> None:
    """Show one source."""
    store = options.store()
    view.show_source(store, model.source_named(store, source), options.output, sys.stdout)


@app.command(cls=Command)
@with_options
def add(
    options: WriteOptions,
    source: NewSource,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="A name to show to people.")] = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="Its goods do not count yet.")] = False,
) -> None:
    """Add a source."""
    operations.check_code("source", source)
    change(
        options,
        lambda store: operations.add_source(store, source, name=name, enabled=not disabled),
        done=f"source {source}: added",
    )


@app.command("set", cls=Command)
@with_options
def set_(
    options: WriteOptions,
    source: SourceArgument,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="The new name; '' removes the name.")],
) -> None:
    """Give a source another name."""
    change(
        options,
        lambda store: operations.rename(("sources", source), name, model.source_named(store, source).name),
        done=f"source {source}: named {name!r}" if name else f"source {source}: without a name",
    )


@app.command(cls=Command)
@with_options
def remove(options: WriteOptions, source: SourceArgument, cascade: CascadeOption = False) -> None:
    """Remove a source.

    A source that is still in use needs --cascade, which also removes its source items and everything that refers to it.
    """
    change(
        options,
        lambda store: operations.remove_source(store, source, cascade=cascade),
        done=f"source {source}: removed",
    )


@app.command(cls=Command)
@with_options
def enable(
    options: WriteOptions,
    source: SourceArgument,
    from_: FromOption = None,
    until: UntilOption = None,
    reason: ReasonOption = None,
) -> None:
    """Let a source's goods count, or count on some days."""
    _enable(options, source, Days(from_, until, reason), enabled=True)


@app.command(cls=Command)
@with_options
def disable(
    options: WriteOptions,
    source: SourceArgument,
    from_: FromOption = None,
    until: UntilOption = None,
    reason: ReasonOption = None,
) -> None:
    """Let a source's goods no longer count, or not on some days."""
    _enable(options, source, Days(from_, until, reason), enabled=False)


def _enable(options: WriteOptions, source: str, days: Days, *, enabled: bool) -> None:
    days.check(options)
    done = f"source {source}: {'enabled' if enabled else 'disabled'}"
    if not days.given:
        changes = partial(operations.enable_source, code=source, enabled=enabled)
        written = transact(options, lambda store: (changes(store), None), done=done)
        if not written.changes:  # what is written already may not be what holds
            for message in overridden_today(options, written.new_store, [("sources", source, ENABLED)]):
                options.say(message)
        return

    def operation(store: StoreFile) -> tuple[operations.Changes, None]:
        place = Place(Scope.SOURCE, source=model.source_named(store, source).code)
        return days.entries(options, store, [place], {ENABLED: enabled}), None

    written = transact(options, operation)
    options.report(f"{done}, {describe_new_entry(written.new_store)}")
