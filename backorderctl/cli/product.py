"""`backorderctl product`: what is in force for products, and the products themselves."""

import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Annotated

import typer

from backorderctl.cli.command import Command, noun
from backorderctl.cli.options import CascadeOption, MatchOption, SkuArgument, SourceArgument, SourceOption, StockOption
from backorderctl.cli.quantities import AnswerOptions
from backorderctl.cli.reading import with_options
from backorderctl.cli.scopes import one_stock, typed_quantity
from backorderctl.cli.writing import WriteOptions, change
from backorderctl.edit import operations
from backorderctl.output import product as view
from backorderctl.output import product_page, table
from backorderctl.policy import viewpoints
from backorderctl.policy.evaluate import Salability, Status, evaluate, evaluate_all, evaluate_at
from backorderctl.store import model
from backorderctl.store.fields import StockStatus
from backorderctl.store.model import Product, Store
from backorderctl.store.quantity import ZERO

app = noun("Products: what is in force, how many can be sold, and the products themselves.")

Name = Annotated[str | None, typer.Option("--name", help="What people call it.")]
NewSku = Annotated[str, typer.Argument(metavar="SKU", help="The new product's SKU.")]


@app.command("list", cls=Command)
@with_options
def list_(
    options: AnswerOptions,
    stock: StockOption = None,
    source: SourceOption = None,
    status: Annotated[Status | None, typer.Option("--status", help="Only products with this status.")] = None,
    low_stock: Annotated[bool, typer.Option("--low-stock", help="Only what is low in stock.")] = False,
    match: MatchOption = None,
    by_source: Annotated[bool, typer.Option("--by-source", help="One row a source item.")] = False,
) -> None:
    """List what every product offers: a row a product and stock, or with --by-source a row a source item."""
    store = options.store()
    if stock is not None:
        model.stock_named(store, stock)
    if source is not None:
        model.source_named(store, source)

    def wanted(answer: Salability) -> bool:
        items = [item for item in answer.items if source in (None, item.source)]
        return (
            stock in (None, answer.stock)
            and (source is None or bool(items))
            and status in (None, answer.status)
            and (not low_stock or any(item.low_stock for item in items))
        )

    answers = filter(wanted, evaluate_all(store, _matching(store, match)))
    rows = view.source_items(answers, source, low_stock=low_stock) if by_source else view.products(answers)
    table.show(rows, options.output, sys.stdout)


@app.command(cls=Command)
@with_options
def show(options: AnswerOptions, sku: SkuArgument, stock: StockOption = None) -> None:
    """Show everything in force for one product: settings and where they come from, and how many can be sold."""
    store = options.store(only=sku)
    product_page.show(_answers(store, sku, stock), options.output, sys.stdout)


@app.command(cls=Command)
@with_options
def explain(options: AnswerOptions, sku: SkuArgument, stock: StockOption = None) -> None:
    """Show how many can be sold as a sum to check with a pencil, and every level that won or lost."""
    from backorderctl.output.explain import Explained, show_sums

    store = options.store(only=sku)
    explained = [Explained(answer, viewpoints.all_chains(store, answer)) for answer in _answers(store, sku, stock)]
    show_sums(explained, options.output, sys.stdout)


@app.command(cls=Command)
@with_options
def add(options: WriteOptions, sku: NewSku, name: Name = None) -> None:
    """Add a product; `product assign` then puts it at a source."""
    change(options, lambda store: operations.add_product(store, sku, name=name), done=f"product {sku}: added")


@app.command("set", cls=Command)
@with_options
def set_(
    options: WriteOptions,
    sku: SkuArgument,
    name: Annotated[str, typer.Option("--name", help="What people call it; '' takes the name away.")],
) -> None:
    """Give a product another name."""
    change(
        options,
        lambda store: operations.rename(("products", sku), name, model.product_named(store, sku).name),
        done=f"product {sku}: now called {name!r}" if name else f"product {sku}: has no name now",
    )


@app.command(cls=Command)
@with_options
def remove(options: WriteOptions, sku: SkuArgument, cascade: CascadeOption = False) -> None:
    """Remove a product with its source items and reservations."""
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
    """Put a product at a source, or change its quantity or status there; what is not given stays."""
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
    units = typed_quantity("reserved", quantity, minimum=ZERO)
    change(
        options,
        lambda store: operations.reserve(store, sku, units, stock=one_stock(store, sku, stock)),
        done=f"product {sku}: {quantity} reserved",
    )


def _answers(store: Store, sku: str, stock: str | None) -> Sequence[Salability]:
    """What the product offers in the stock that is named, or in each that reaches it."""
    return [evaluate_at(store, sku, model.stock_named(store, stock))] if stock else evaluate(store, sku)


def _matching(store: Store, glob: str | None) -> list[Product] | None:
    """The products whose SKU the glob matches; None for all."""
    if glob is None:
        return None
    return [product for sku, product in store.products.items() if fnmatchcase(sku, glob)]
