"""`backorderctl blame`: which commit put each value in force."""

import sys
from typing import Annotated

import typer

from backorderctl.cli.app import Command, noun, with_options
from backorderctl.cli.log import open_history, refuse_standard_input, said_where_they_end
from backorderctl.cli.options import ProductOption, SourceOption, StockOption
from backorderctl.cli.reading import ReadOptions
from backorderctl.cli.scopes import seen_places, typed_setting
from backorderctl.output import history as view
from backorderctl.policy import history as policy

app = noun("")


@app.command(cls=Command)
@with_options
def blame(
    options: ReadOptions,
    key: Annotated[str | None, typer.Argument(metavar="[KEY]", help="One setting; else all.")] = None,
    stock: StockOption = None,
    source: SourceOption = None,
    product: ProductOption = None,
) -> None:
    """Show for each value in force which commit put it in force.

    That is the newest commit after which the value, or the place that sets it, differs from what it was before, as of
    today or --at.
    """
    keys = () if key is None else (typed_setting(key).key,)
    refuse_standard_input(options.file)
    current = options.written()
    day = options.day(current)
    [place], seen_from = seen_places(current, stock=stock, source=source, products=[product] if product else ())
    with open_history(options.file) as (history, stores):
        versions = said_where_they_end(history, options)
        rows = policy.blame(current, versions, stores, place, keys=keys, stock=seen_from, day=day)
        view.show_blame(rows, options.output, sys.stdout)
