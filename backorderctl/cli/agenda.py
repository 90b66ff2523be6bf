"""`backorderctl agenda`: what begins and ends on coming days."""

import sys
from datetime import date, timedelta
from typing import Annotated

import typer

from backorderctl.cli.app import Command, noun, parse_day, whole_number, with_options
from backorderctl.cli.options import ProductOption
from backorderctl.cli.reading import AnswerOptions
from backorderctl.errors import BackorderctlError
from backorderctl.output import agenda as view
from backorderctl.policy.agenda import agenda as agenda_of
from backorderctl.store import model

app = noun("")

DAYS = 30
"""How many days the agenda looks ahead without --days and --until."""


@app.command(cls=Command)
@with_options
def agenda(
    options: AnswerOptions,
    days: Annotated[
        int | None,
        typer.Option(
            "--days",
            metavar="N",
            parser=whole_number("--days", minimum=0),
            help=f"How many days to look ahead; {DAYS} unless --until is given.",
        ),
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="The last day to look at.")] = None,
    product: ProductOption = None,
) -> None:
    """List the days on which entries of the schedule begin or end.

    Each with what changes for products. The list begins today, or at --at. An entry ends on the day after its last.
    """
    if days is not None and until is not None:
        raise BackorderctlError("--until: expected alone, got it beside --days")
    written = options.written()
    today = options.day(written)
    if until is None:
        last = _last_day(today, DAYS if days is None else days)
    else:
        last = parse_day(until, today, option="--until")
        if last < today:
            raise BackorderctlError(f"--until: expected {today} or later, got {last}")
    store = options.live(written)
    named = None if product is None else model.product_named(store, product)
    view.show_agenda(agenda_of(store, after=today, until=last, product=named), options.output, sys.stdout)


def _last_day(today: date, days: int) -> date:
    """The day so many days ahead, or the last of the calendar."""
    return today + timedelta(days=min(days, (date.max - today).days))
