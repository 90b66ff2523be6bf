"""`backorderctl accept`: findings of `check` that are intentional."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from backorderctl.check.rules import RULES
from backorderctl.cli.app import Command, noun, parse_day, with_options
from backorderctl.cli.options import EntryNumbers, ProductOption, SourceOption, StockOption
from backorderctl.cli.reading import ReadOptions
from backorderctl.cli.writing import WriteOptions, transact
from backorderctl.edit import entry_operations
from backorderctl.edit.operations import Changes
from backorderctl.errors import BackorderctlError, suggestion
from backorderctl.library import local_day
from backorderctl.output import entries as view
from backorderctl.store.model import Accept, StoreFile

app = noun("Accepted findings of check: which, for what, and why.")


@app.command(cls=Command)
@with_options
def add(
    options: WriteOptions,
    code: Annotated[
        str, typer.Argument(metavar="CODE", help="The rule, such as BO102.", autocompletion=lambda: [*RULES])
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why the finding is intended.")],
    stock: StockOption = None,
    source: SourceOption = None,
    product: ProductOption = None,
    match: Annotated[
        str | None, typer.Option("--match", metavar="GLOB", help="Every product whose SKU matches, now or later.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="The last day; else there is none.")
    ] = None,
) -> None:
    """Accept findings of a rule, all of them or those of a scope."""
    rule = _code(code)
    if not reason.strip():
        raise BackorderctlError("--reason: expected why the finding is intended, got an empty string")
    if match == "":
        raise BackorderctlError("--match: expected a glob such as 'WS-*', got an empty string")
    if product is not None and match is not None:
        raise BackorderctlError("--match: expected without --product, got both")
    if until is not None:
        parse_day(until, local_day(options.instant, None), option="--until")

    def operation(store: StoreFile) -> tuple[Changes, Accept]:
        today = options.today(store)
        last = None if until is None else parse_day(until, today, option="--until")
        if last is not None and last < today:
            raise BackorderctlError(f"--until: expected {today} or later, got {last}")
        accept = Accept(rule, stock, source, product, match, reason, last)
        return entry_operations.add_accept(store, accept), accept

    written = transact(options, operation)
    options.report(f"accepted {view.describe_accept(written.result)} (accept {len(written.new_store.accepts)})")


@app.command("list", cls=Command)
@with_options
def list_(options: ReadOptions) -> None:
    """List the accepted findings, each with its reason and last day."""
    view.show_accepts(options.written(), options.output, sys.stdout)


@app.command(cls=Command)
@with_options
def remove(
    options: WriteOptions,
    numbers: EntryNumbers,
) -> None:
    """Remove accepts; check then reports their findings again."""

    def operation(store: StoreFile) -> tuple[Changes, Sequence[tuple[int, Accept]]]:
        changes = entry_operations.remove_accepts(store, numbers)
        return changes, [(number, store.accepts[number - 1]) for number in sorted(set(numbers))]

    for number, accept in transact(options, operation).result:
        options.report(f"accept {number} removed: {view.describe_accept(accept)}")


def _code(typed: str) -> str:
    """The code of a rule whose findings can be accepted; BackorderctlError with the nearest code for an unknown one."""
    code = typed.strip().upper()
    if code not in RULES:
        raise BackorderctlError(f"unknown rule {typed!r}", hint=suggestion(code, RULES))
    if RULES[code].find is None:
        raise BackorderctlError(f"{code}: its findings cannot be accepted; they have to be mended")
    return code
