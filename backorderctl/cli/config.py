"""`backorderctl config`: the settings, where they are set and what is in force."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from itertools import product as pairs
from typing import Annotated

import typer

from backorderctl.cli.app import STANDARD_INPUT, Command, PlainOptions, noun, with_options
from backorderctl.cli.options import (
    BACKORDER_LIMIT,
    KeyArgument,
    MatchOption,
    MaxSizeOption,
    OutputOption,
    ProductsOption,
    SourceOption,
    StockOption,
    complete_setting,
)
from backorderctl.cli.reading import ReadOptions, StoreOptions, read_input, read_store
from backorderctl.cli.scopes import named_place, places, seen_places, typed_assignments, typed_setting, typed_values
from backorderctl.cli.writing import (
    Days,
    FromOption,
    ReasonOption,
    UntilOption,
    WriteOptions,
    describe_new_entry,
    first_day,
    refuse_no_match,
    report_left_out,
    report_unreached,
    transact,
)
from backorderctl.errors import ANSWER_IS_NO, BackorderctlError
from backorderctl.files.access import MAX_SIZE
from backorderctl.output import settings as view
from backorderctl.output.format import Output, describe_place_in_full
from backorderctl.policy import viewpoints
from backorderctl.store import model, settings
from backorderctl.store.model import Place, StoreFile, Values, settings_at

app = noun("Settings: set and unset them, and see what is in force and why.")


@app.command("set", cls=Command)
@with_options
def set_(
    options: WriteOptions,
    assignments: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY VALUE",
            help="A setting and its value; or several settings, each as KEY=VALUE, in one write.",
            autocompletion=complete_setting,
        ),
    ],
    stock: StockOption = None,
    source: SourceOption = None,
    product: ProductsOption = None,
    match: MatchOption = None,
    from_: FromOption = None,
    until: UntilOption = None,
    reason: ReasonOption = None,
) -> None:
    """Set a value, globally or at a scope.

    The scope is --stock, --source, --product, or --product with --source for the source item.

    --match sets it for every product whose SKU matches, or with --source for their source items there, in one write;
    exit status 1 when none matches. A backorder_limit leaves out products that take no backorders anywhere.

    backorder_limit N, or backorder_limit unlimited, sets how many may be backordered; it is stored as the threshold,
    -N or 0.

    With --from or --until the value holds on these days only: this adds an entry to the schedule and keeps what is set.
    """
    from backorderctl.edit import operations

    typed = typed_assignments(assignments)
    values = typed_values(typed)
    days = Days(from_, until, reason)
    days.check(options)
    named = named_place(stock=stock, source=source, products=product or (), match=match)
    for key in values:
        model.check_scope(named, key)

    left_out: list[Place] = []

    def operation(store: StoreFile) -> tuple[operations.Changes, Sequence[Place]]:
        scopes = places(store, stock=stock, source=source, products=product or (), match=match)
        if match is not None and BACKORDER_LIMIT in typed:
            scopes, left_out[:] = operations.limitable(store, scopes, values)
        if days.given:
            return days.entries(options, store, scopes, values), scopes
        return operations.set_values(store, scopes, values), scopes

    def check(store: StoreFile, scopes: Sequence[Place]) -> None:
        if BACKORDER_LIMIT in typed and scopes:
            on_day: Values = first_day(store) if days.given else store
            for where in scopes:
                operations.check_limit(on_day, where)

    written = transact(options, operation, check=check)
    scopes = written.result
    report_left_out(options, left_out)
    refuse_no_match(options, [*scopes, *left_out], match, source)
    if not scopes:
        raise typer.Exit(ANSWER_IS_NO)
    for (key, value), (said, where) in pairs(values.items(), _described(scopes, match)):
        when = f", {describe_new_entry(written.new_store)}" if days.given else _was(written.store, where, key)
        options.report(f"{said}: {key} = {settings.format_value(value)}{when}")
    report_unreached(options, written)


@app.command("apply", cls=Command)
@with_options
def apply_(
    options: WriteOptions,
    table: Annotated[str, typer.Argument(metavar="CHANGES.csv", help="The changes; - reads standard input.")],
    create: Annotated[bool, typer.Option("--create", help="Add products that are not in the file.")] = False,
    max_size: MaxSizeOption = MAX_SIZE,
) -> None:
    """Make the changes of a CSV file in one write.

    Its columns are product, source, stock, key and value.

    A key is a setting, or quantity, status, reserved or name. An empty value changes nothing, and the word inherit
    removes what is set. All rows are applied, or none.
    """
    from backorderctl.edit import bulk_csv, operations
    from backorderctl.output.quantities import respelled_note

    if table == options.file == STANDARD_INPUT:
        raise BackorderctlError("standard input can be one file only, got it for both")
    name = "<stdin>" if table == STANDARD_INPUT else table
    rows = bulk_csv.rows(read_input(table, limit=max_size), name)
    if not (options.dry_run or bulk_csv.can_apply(rows)):
        # Nothing will be written, so nobody has to be waited for.
        store = read_store(options.file)
        bulk_csv.apply(store, bulk_csv.respelled(store, rows, name)[0], name, create=create)

    def operation(store: StoreFile) -> tuple[operations.Changes, Mapping[str, str]]:
        named, respelled = bulk_csv.respelled(store, rows, name)
        return bulk_csv.apply(store, named, name, create=create), respelled

    written = transact(options, operation)
    if written.result:
        options.report(respelled_note(written.result))
    told = "1 row" if len(rows) == 1 else f"{len(rows)} rows"
    done = f"{told} applied" if written.changed else f"{told}: nothing to change"
    options.report(done)
    report_unreached(options, written)


@app.command(cls=Command)
@with_options
def unset(
    options: WriteOptions,
    key: KeyArgument,
    stock: StockOption = None,
    source: SourceOption = None,
    product: ProductsOption = None,
    match: MatchOption = None,
    from_: FromOption = None,
    until: UntilOption = None,
    reason: ReasonOption = None,
) -> None:
    """Remove a value, so that it is inherited again. Exit status 1 when it was not set.

    --match removes it from every product whose SKU matches, or with --source from their source items there.

    With --from or --until it is inherited on these days only: this adds an entry to the schedule and keeps what is set.
    """
    from backorderctl.edit import operations

    row = typed_setting(key)
    days = Days(from_, until, reason)
    days.check(options)
    model.check_scope(named_place(stock=stock, source=source, products=product or (), match=match), row.key)

    def operation(store: StoreFile) -> tuple[operations.Changes, Sequence[Place]]:
        scopes = places(store, stock=stock, source=source, products=product or (), match=match)
        if days.given:
            return days.entries(options, store, scopes, {row.key: None}), scopes
        return [each for where in scopes for each in operations.unset(store, where, row.key)], scopes

    written = transact(options, operation)
    scopes = written.result
    refuse_no_match(options, scopes, match, source)
    if not written.changed:
        for said, _ in _described(scopes, match):
            options.say(f"{said}: {row.key} is not set there")
        raise typer.Exit(ANSWER_IS_NO)
    if days.given:
        for said, _ in _described(scopes, match):
            options.report(f"{said}: {row.key} is inherited, {describe_new_entry(written.new_store)}")
        return
    were_set = [where for where in scopes if row.key in settings_at(written.store, where)]
    for said, _ in _described(were_set, match):
        options.report(f"{said}: {row.key} is no longer set")
    report_unreached(options, written)


@app.command(cls=Command)
@with_options
def get(
    options: StoreOptions,
    key: KeyArgument,
    stock: StockOption = None,
    source: SourceOption = None,
    product: ProductsOption = None,
    own: Annotated[
        bool, typer.Option("--own", help="Only what this very scope sets; exit status 1 if nothing.")
    ] = False,
    output: Annotated[
        Output | None, typer.Option("--output", "-o", help="The format of the answer; else the bare value.")
    ] = None,
) -> None:
    """Print the bare value in force.

    For several products a line each: the SKU, a tab, the value.

    With --product or --source, --stock names the stock for which the value is given.
    """
    row = typed_setting(key)
    written = options.written()
    scopes, seen_from = seen_places(written, stock=stock, source=source, products=product or ())
    if own:
        values = [viewpoints.own_value(written, where, row.key) for where in scopes]
    else:
        store = written.on(options.day(written))
        values = [viewpoints.single_value(store, where, row.key, stock=seen_from) for where in scopes]
    found = [(where.product, value) for where, value in zip(scopes, values, strict=True) if value is not None]
    if not found:
        raise typer.Exit(ANSWER_IS_NO)
    if len(scopes) == 1:
        view.write_value(found[0][1], output, sys.stdout)
    else:
        view.write_values(found, output, sys.stdout)


@app.command("list", cls=Command)
@with_options
def list_(
    options: ReadOptions,
    stock: StockOption = None,
    source: SourceOption = None,
    product: ProductsOption = None,
    own: Annotated[bool, typer.Option("--own", help="Only what this very scope sets.")] = False,
    all_: Annotated[bool, typer.Option("--all", help="Every value written in the file, with its scope.")] = False,
) -> None:
    """List the settings in force at a scope and where each comes from."""
    written = options.written()
    if all_ and (own or stock or source or product):
        raise BackorderctlError("--all: expected alone, got a scope or --own beside it")
    scopes, seen_from = seen_places(written, stock=stock, source=source, products=product or ())
    if all_:
        view.show_settings(viewpoints.written_values(written), options.output, sys.stdout)
    elif own:
        values = chain.from_iterable(viewpoints.written_values(written, where) for where in scopes)
        view.show_settings(values, options.output, sys.stdout)
    else:
        store = written.on(options.day(written))
        seen = chain.from_iterable(viewpoints.all_in_force(store, where, stock=seen_from) for where in scopes)
        view.show_seen(seen, options.output, sys.stdout, several=len(scopes) > 1)


@app.command(cls=Command)
@with_options
def explain(
    options: ReadOptions,
    key: KeyArgument,
    stock: StockOption = None,
    source: SourceOption = None,
    product: ProductsOption = None,
) -> None:
    """Show every level that a value can come from, and which wins.

    With what the value means there."""
    from backorderctl.output.chains import show_chains

    row = typed_setting(key)
    store = options.store()
    scopes, seen_from = seen_places(store, stock=stock, source=source, products=product or ())
    chains = chain.from_iterable(viewpoints.chains(store, where, row.key, stock=seen_from) for where in scopes)
    file = "<stdin>" if options.file == STANDARD_INPUT else options.file
    show_chains(row.key, chains, options.output, sys.stdout, file=file)


@app.command(cls=Command)
@with_options
def keys(options: PlainOptions, output: OutputOption = Output.TABLE) -> None:
    """List the settings and Magento's names for them.

    Each has its key, Admin label, values, default, scopes, and Magento's path and columns.
    """
    view.show_keys(output, sys.stdout)


def _described(scopes: Sequence[Place], match: str | None) -> Iterator[tuple[str, Place | None]]:
    """Each scope in words; what a glob matches is counted."""
    if match is not None:
        yield f"{match} ({len(scopes)})", scopes[0] if len(scopes) == 1 else None
    else:
        yield from ((describe_place_in_full(where), where) for where in scopes)


def _was(store: StoreFile, where: Place | None, key: str) -> str:
    """What the one place had set before; nothing for several."""
    if where is None:
        return ""
    old = settings_at(store, where).get(key)
    return " (was not set)" if old is None else f" (was {settings.format_value(old)})"
