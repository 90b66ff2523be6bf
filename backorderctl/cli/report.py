"""`backorderctl report`: what is owed, what is at risk and what has no limit, over the whole catalogue."""

import sys
from dataclasses import dataclass
from typing import Annotated

import typer

from backorderctl import library
from backorderctl.cli.app import STANDARD_INPUT, Command, noun, whole_number, with_options
from backorderctl.cli.options import OUTPUT_VARIABLE, SourceOption, StockOption
from backorderctl.cli.reading import QuantitiesOptions
from backorderctl.output.report import show as view
from backorderctl.output.report.show import ReportFormat

app = noun("")


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
    name = "standard input" if options.file == STANDARD_INPUT else options.file
    found = library.report(
        options.live(written), day=options.day(written), stock=stock, source=source, top=top, name=name
    )
    view.show_report(found, options.output, sys.stdout)
