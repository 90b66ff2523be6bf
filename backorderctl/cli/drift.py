"""`backorderctl drift`: what Magento says against what follows from the store file."""

import sys
from typing import Annotated

import typer

from backorderctl.cli.app import Command, noun, with_options
from backorderctl.cli.options import StockOption
from backorderctl.cli.reading import AnswerOptions
from backorderctl.cli.scopes import typed_quantity
from backorderctl.errors import ANSWER_IS_NO, BackorderctlError
from backorderctl.output import drift as view
from backorderctl.policy.drift import accepts_today
from backorderctl.policy.drift import drift as drift_of
from backorderctl.rows.delimited import InputFile
from backorderctl.rows.names import KnownNames
from backorderctl.rows.salable_file import read_salable
from backorderctl.store import model
from backorderctl.store.scalars import ZERO

app = noun("")


@app.command(cls=Command)
@with_options
def drift(
    options: AnswerOptions,
    salable: Annotated[
        list[str],
        typer.Argument(
            metavar="SALABLE...",
            help="Pages of the answer of Magento's export-stock-salable-qty, or a CSV of sku, qty and is_salable.",
        ),
    ],
    stock: StockOption = None,
    tolerance: Annotated[
        str, typer.Option("--tolerance", metavar="N", help="Leave out differences of at most N units.")
    ] = "0",
) -> None:
    """Say where Magento sells more or less than it should, and why.

    Magento's salable quantities are compared with those that follow from the store file.

    Exit status 1 for a difference that is not accepted in [[drift.accept]].
    """
    most = typed_quantity("--tolerance", tolerance, minimum=ZERO)
    written = options.written()
    today = options.day(written)
    live = options.live(written)
    before = written.on(today)
    store = before if live is written else live.on(today)
    if stock is None and len(store.stocks) > 1:
        names = ", ".join(store.stocks)
        raise BackorderctlError(
            f"--stock: expected one of {names}, got none", hint=f"--stock {next(iter(store.stocks))}"
        )
    code = model.stock_named(store, stock).code if stock is not None else next(iter(store.stocks))
    skus = KnownNames(store.products)
    offered = read_salable((InputFile(path, path, options.max_size, options.layout()) for path in salable), skus)
    report = drift_of(
        store,
        code,
        offered.rows,
        before=before,
        accepts=written.drift_accepts,
        tolerance=most,
        not_given=offered.not_given,
    )
    view.show_drift(report, options.output, sys.stdout, respelled=skus.respelled)
    for number, accept in enumerate(written.drift_accepts):
        if not accepts_today(accept, today):
            options.say(f"drift.accept[{number}]: accepts nothing, as it has no reason or is past its date")
    for line in view.drift_notes(report, respelled=skus.respelled):
        options.say(line)
    if report.drift:
        raise typer.Exit(ANSWER_IS_NO)
