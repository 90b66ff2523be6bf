"""`backorderctl product`: what is in force for products, and the products themselves."""

import sys
from functools import partial
from typing import Annotated

import typer

from backorderctl import library
from backorderctl.cli.app import Command, noun, whole_number, with_options
from backorderctl.cli.options import (
    CascadeOption,
    MatchOption,
    SkuArgument,
    SourceArgument,
    SourceOption,
    StockOption,
    complete_list,
    complete_source,
    starting,
)
from backorderctl.cli.reading import AnswerOptions
from backorderctl.cli.scopes import typed_quantity
from backorderctl.cli.writing import WriteOptions, change
from backorderctl.errors import ANSWER_IS_NO, BackorderctlError
from backorderctl.output import listing, product_page
from backorderctl.output import product as view
from backorderctl.output.listing import arranged
from backorderctl.policy.catalogue import Filter, listed
from backorderctl.policy.evaluate import Status
from backorderctl.store import model
from backorderctl.store.model import Product, Store
from backorderctl.store.scalars import ZERO, StockStatus
from backorderctl.store.sku import matches

app = noun("Products: how many can be sold, and the products themselves.")

Name = Annotated[str | None, typer.Option("--name", metavar="NAME", help="A name to show to people.")]
NewSku = Annotated[str, typer.Argument(metavar="SKU", help="The new product's SKU.")]


def _columns(context: typer.Context) -> list[str]:
    """The columns of the table that is asked for."""
    columns = view.SOURCE_ITEM_COLUMNS if context.params.get("by_source") else view.PRODUCT_COLUMNS
    return [column.name for column in columns]


def complete_columns(ctx: typer.Context, incomplete: str) -> list[str]:
    """Columns, with commas between them."""
    return complete_list(_columns(ctx), incomplete)


def complete_sort(ctx: typer.Context, incomplete: str) -> list[str]:
    """A column, or one behind the `-` of a descending order."""
    sign = "-" if incomplete.startswith("-") else ""
    return starting((sign + name for name in _columns(ctx)), incomplete)


@app.command("list", cls=Command)
@with_options
def list_(
    options: AnswerOptions,
    stock: StockOption = None,
    source: SourceOption = None,
    status: Annotated[
        list[Status] | None, typer.Option("--status", help="Only products with this status; may be repeated.")
    ] = None,
    low_stock: Annotated[bool, typer.Option("--low-stock", help="Only what is low in stock.")] = False,
    unlimited: Annotated[bool, typer.Option("--unlimited", help="Only what can be ordered without limit.")] = False,
    backorderable: Annotated[bool, typer.Option("--backorderable", help="Only what can be backordered now.")] = False,
    oversold: Annotated[
        bool, typer.Option("--oversold", help="Only what has more units reserved than can ever ship.")
    ] = False,
    match: MatchOption = None,
    by_source: Annotated[bool, typer.Option("--by-source", help="One row for each source item.")] = False,
    sort: Annotated[
        str | None,
        typer.Option(
            "--sort",
            metavar="COLUMN",
            help="Sort by this column; -COLUMN for descending order.",
            autocompletion=complete_sort,
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="A,B",
            help="Only these columns, in this order.",
            autocompletion=complete_columns,
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", metavar="N", parser=whole_number("--limit", minimum=0), help="At most so many rows."),
    ] = None,
) -> None:
    """List how many can be sold, by product and stock or by source.

    Without --sort, rows come in the order of the file. Unlimited sorts above every number.
    """
    store = options.store()
    if stock is not None:
        model.stock_named(store, stock)
    if source is not None:
        model.source_named(store, source)
    wanted = Filter(
        stock=stock,
        source=source,
        statuses=status or (),
        low_stock=low_stock,
        unlimited=unlimited,
        backorderable=backorderable,
        oversold=oversold,
    )
    products = _matching(store, match)
    answers = partial(listed, store, wanted, products)
    found = view.source_items(store, wanted, answers) if by_source else view.products(answers)
    chosen = columns.split(",") if columns is not None else ()
    listing.show(arranged(found, columns=chosen, sort=sort, limit=limit), options.output, sys.stdout)
    if products == []:
        options.say(f"no product matches {match!r}")
        raise typer.Exit(ANSWER_IS_NO)


@app.command(cls=Command)
@with_options
def show(options: AnswerOptions, sku: SkuArgument, stock: StockOption = None) -> None:
    """Show everything in force for one product.

    Its settings and where they come from, and how many can be sold.
    """
    store = options.store(only=sku)
    product_page.show_product(list(library.answers(store, sku, stock=stock)), options.output, sys.stdout)


@app.command(cls=Command)
@with_options
def explain(options: AnswerOptions, sku: SkuArgument, stock: StockOption = None) -> None:
    """Show how many can be sold, as a sum to check with a pencil.

    Below it, where each value comes from and which values it overrides.
    """
    from backorderctl.output.explain import show_sums

    store = options.store(only=sku)
    show_sums(library.explain(store, sku, stock=stock), options.output, sys.stdout)


@app.command(cls=Command)
@with_options
def add(
    options: WriteOptions,
    sku: NewSku,
    name: Name = None,
    source: Annotated[
        str | None,
        typer.Option("--source", metavar="CODE", help="A source to put it at.", autocompletion=complete_source),
    ] = None,
    quantity: Annotated[str | None, typer.Option("--quantity", metavar="N", help="The units there.")] = None,
) -> None:
    """Add a product; with --source and --quantity, put it at a source."""
    from backorderctl.edit import operations

    if (source is None) != (quantity is None):
        given, missing = ("--source", "--quantity") if quantity is None else ("--quantity", "--source")
        raise BackorderctlError(f"{given}: expected {missing} beside it, got none")
    operations.check_sku(sku)
    units = None if quantity is None else typed_quantity("quantity", quantity)
    item = None if source is None or units is None else (source, units)
    change(
        options,
        lambda store: operations.add_product(store, sku, name=name, item=item),
        done=f"product {sku}: added" + (f", {quantity} at {source}" if item else ""),
    )


@app.command("set", cls=Command)
@with_options
def set_(
    options: WriteOptions,
    sku: SkuArgument,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="The new name; '' removes the name.")],
) -> None:
    """Give a product another name."""
    from backorderctl.edit import operations

    change(
        options,
        lambda store: operations.rename(("products", sku), name, model.product_named(store, sku).name),
        done=f"product {sku}: named {name!r}" if name else f"product {sku}: without a name",
    )


@app.command(cls=Command)
@with_options
def remove(options: WriteOptions, sku: SkuArgument, cascade: CascadeOption = False) -> None:
    """Remove a product with its source items and reservations."""
    from backorderctl.edit import operations

    change(
        options, lambda store: operations.remove_product(store, sku, cascade=cascade), done=f"product {sku}: removed"
    )


@app.command(cls=Command)
@with_options
def assign(
    options: WriteOptions,
    sku: SkuArgument,
    source: SourceArgument,
    quantity: Annotated[str | None, typer.Option("--quantity", metavar="N", help="The units there.")] = None,
    status: Annotated[StockStatus | None, typer.Option("--status", help="Whether they are on sale there.")] = None,
) -> None:
    """Put a product at a source, or change what is there.

    A quantity or status that is not given stays.
    """
    from backorderctl.edit import operations

    units = None if quantity is None else typed_quantity("quantity", quantity)
    change(
        options,
        lambda store: operations.assign(store, sku, source, quantity=units, status=status),
        done=f"{sku} at {source}: assigned",
    )


@app.command(cls=Command)
@with_options
def unassign(options: WriteOptions, sku: SkuArgument, source: SourceArgument, cascade: CascadeOption = False) -> None:
    """Take a product away from a source."""
    from backorderctl.edit import operations

    change(
        options,
        lambda store: operations.unassign(store, sku, source, cascade=cascade),
        done=f"{sku} at {source}: no longer assigned",
    )


@app.command(cls=Command)
@with_options
def reserve(
    options: WriteOptions,
    sku: SkuArgument,
    quantity: Annotated[str, typer.Argument(metavar="QTY", help="All units reserved; 0 for none.")],
    stock: StockOption = None,
) -> None:
    """Say how many units are ordered and not yet shipped, in all."""
    from backorderctl.edit import operations

    units = typed_quantity("reserved", quantity, minimum=ZERO)
    change(
        options,
        lambda store: operations.reserve(store, sku, units, stock=library.one_stock(store, sku, stock)),
        done=f"product {sku}: {quantity} reserved",
    )


def _matching(store: Store, glob: str | None) -> list[Product] | None:
    """The products whose SKU the glob matches; None for all."""
    if glob is None:
        return None
    return [product for sku, product in store.products.items() if matches(sku, glob)]
