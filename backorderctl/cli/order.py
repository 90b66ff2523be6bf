"""`backorderctl order`: what an order would get, and how the stock would sell from here."""

import sys
from typing import Annotated

import typer

from backorderctl import library
from backorderctl.cli.app import Command, noun, with_options
from backorderctl.cli.options import SkuArgument, StockOption
from backorderctl.cli.reading import AnswerOptions
from backorderctl.cli.scopes import typed_quantity
from backorderctl.errors import ANSWER_IS_NO
from backorderctl.output import orders as view
from backorderctl.policy.orders import simulate_sales
from backorderctl.store.scalars import STEP

app = noun("Orders: would one be accepted, and how would the stock sell.")


@app.command(cls=Command)
@with_options
def check(
    options: AnswerOptions,
    sku: SkuArgument,
    quantity: Annotated[str, typer.Argument(metavar="QTY", help="The units ordered.")],
    stock: StockOption = None,
) -> None:
    """Say whether an order would be accepted, and what ships now.

    Also what is backordered. Exit status 1 when refused.
    """
    order = library.order(options.store(only=sku), sku, quantity, stock=stock)
    view.show_order(order, options.output, sys.stdout)
    if not order.accepted:
        raise typer.Exit(ANSWER_IS_NO)


@app.command(cls=Command)
@with_options
def simulate(
    options: AnswerOptions,
    sku: SkuArgument,
    stock: StockOption = None,
    step: Annotated[str | None, typer.Option("--step", metavar="N", help="Also a row for every N units sold.")] = None,
) -> None:
    """Show what happens as units sell, until the product is sold out.

    A row for each event: low stock, backorders begin, "Only N left", Out of Stock.

    Units ship at once, reserved ones first, and leave the sources in the order of the stock's `sources`.
    """
    every = None if step is None else typed_quantity("--step", step, minimum=STEP)
    answer = library.sold_from(options.store(only=sku), sku, stock)
    view.show_sales(answer, simulate_sales(answer, step=every), options.output, sys.stdout)
