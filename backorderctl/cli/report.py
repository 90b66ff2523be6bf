"""`backorderctl report`: what is owed, what is at risk and what has no limit, over the whole catalogue."""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import typer

from backorderctl.check import check as findings_of
from backorderctl.check.rules import RULES
from backorderctl.cli.app import STANDARD_INPUT, Command, noun, whole_number, with_options
from backorderctl.cli.options import OUTPUT_VARIABLE, SourceOption, StockOption
from backorderctl.cli.reading import QuantitiesOptions
from backorderctl.output.report import show as view
from backorderctl.output.report.content import CatalogueReport, RuleCount
from backorderctl.output.report.show import ReportFormat
from backorderctl.policy.agenda import AgendaDay, agenda, of_stock
from backorderctl.policy.evaluate import Salability, evaluate_all
from backorderctl.policy.totals import totals
from backorderctl.store import model
from backorderctl.store.model import StoreFile

app = noun("")

_MOST_CHANGES = 10
"""Days of the schedule are named until so many entries begin or end."""


@dataclass(frozen=True, slots=True)
class ReportOptions(QuantitiesOptions):
    """The options of `report`, which has a format of its own."""

    output: Annotated[
        ReportFormat,
        typer.Option("--output", "-o", envvar=OUTPUT_VARIABLE, show_envvar=False, help="The format of the answer."),
    ] = ReportFormat.TABLE

    def in_json(self) -> bool:
        """Whether the answer is a JSON document of ours."""
        return self.output is ReportFormat.JSON


@app.command(cls=Command)
@with_options
def report(
    options: ReportOptions,
    stock: StockOption = None,
    source: SourceOption = None,
    top: Annotated[
        int,
        typer.Option(
            "--top",
            metavar="N",
            parser=whole_number("--top", minimum=0),
            help="How many products each list names at most.",
        ),
    ] = 10,
) -> None:
    """Show what is owed, what is at risk and what has no limit.

    With -o html it is one page to forward: `backorderctl report -o html > report.html`.
    """
    written = options.written()
    day = options.day(written)
    live = options.live(written)
    store = live.on(day)
    stocks = [model.stock_named(store, stock).code] if stock is not None else list(store.stocks)
    if source is not None:
        model.source_named(store, source)

    def wanted(answer: Salability) -> bool:
        at_source = source is None or any(item.source == source for item in answer.items)
        return stock in (None, answer.stock) and at_source

    answers = filter(wanted, evaluate_all(store))
    shown = CatalogueReport(
        file="standard input" if options.file == STANDARD_INPUT else options.file,
        at=day,
        stock=stock,
        source=source,
        totals=totals(answers, stocks=stocks, source=source, top=top),
        findings=_findings(live, day),
        agenda=tuple(_next_days(live, day, stock)),
    )
    view.show_report(shown, options.output, sys.stdout)


def _findings(store: StoreFile, today: date) -> list[RuleCount]:
    """How many findings each rule has, and the severity of its worst one; the worst rule first."""
    found = findings_of(store, today=today)
    worst = {finding.code: finding.severity for finding in reversed(found)}
    return [
        RuleCount(code=code, name=RULES[code].name, severity=worst[code], findings=number)
        for code, number in Counter(finding.code for finding in found).items()
    ]


def _next_days(store: StoreFile, today: date, stock: str | None) -> Iterator[AgendaDay]:
    """The next days on which something begins or ends, until enough does; of one stock, what reaches it."""
    left = _MOST_CHANGES
    for day in agenda(store, after=today, until=date.max):
        shown = day if stock is None else of_stock(day, stock)
        if shown is not None:
            yield shown
            left -= len(shown.begins) + len(shown.ends)
        if left <= 0:
            return
