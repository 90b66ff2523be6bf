"""Why: the chain of levels behind a value, and what the evaluator makes of it."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, TextIO

from backorderctl.output import listing
from backorderctl.output.format import Cell, Output, dates, describe_days, describe_level, printable
from backorderctl.output.listing import Listing
from backorderctl.output.table import Column, Style, padded, terminal, width_of
from backorderctl.policy.evaluate import effective_threshold, takes_backorders
from backorderctl.policy.resolve import ValuesInForce, value_of
from backorderctl.policy.viewpoints import Chain, ChainLevel
from backorderctl.store import scalars
from backorderctl.store.settings import (
    BACKORDERS,
    INHERIT,
    MANAGE_STOCK,
    NOTIFY_BELOW,
    ONLY_X_LEFT,
    THRESHOLD,
    format_value,
)

_CHAIN = ("key", "stock", "source", "value", "effective", "note", "scope", "at_stock", "at_source", "at_product",
          "line", "level_value", "wins", "schedule", "product")  # fmt: skip


def note(chain: Chain) -> str:
    """What the evaluator makes of the value of a chain, in words: `+5 -> ignored, backorders are on: unlimited`."""
    values = chain.values
    if not value_of(values, MANAGE_STOCK) and chain.seen.value.key != MANAGE_STOCK.key:
        return "not read: stock is not managed"
    match chain.seen.value.key:
        case THRESHOLD.key:
            return _threshold_note(
                value_of(values, THRESHOLD), backorders=takes_backorders(value_of(values, BACKORDERS))
            )
        case BACKORDERS.key:
            return _backorders_note(values)
        case NOTIFY_BELOW.key:
            return f"low at {format_value(value_of(values, NOTIFY_BELOW))} or less"
        case ONLY_X_LEFT.key:
            return "" if value_of(values, ONLY_X_LEFT) else "never shown"
        case MANAGE_STOCK.key:
            return "" if value_of(values, MANAGE_STOCK) else "no quantity counts: unlimited"
    return ""


def show_chains(key: str, chains: Iterable[Chain], output: Output, out: TextIO, *, file: str) -> None:
    """Write how a setting gets its value in the store file, from every viewpoint."""
    chains = tuple(chains)
    match output:
        case Output.JSON:
            document = {"key": key, "file": file, "chains": [chain_document(chain) for chain in chains]}
            out.write(listing.dumps(document, indent=2) + "\n")
        case Output.CSV:
            listing.show(Listing("chains", tuple(map(Column, _CHAIN)), _chain_rows(key, chains)), output, out)
        case Output.TABLE:
            _chains_page(key, chains, file, out)


def _threshold_note(written: Decimal, *, backorders: bool) -> str:
    effective = effective_threshold(written, backorders=backorders)
    sign = "+" if written > 0 else ""
    if backorders and not effective:
        return f"{sign}{format_value(written)} -> ignored, backorders are on: unlimited" if written else "unlimited"
    if backorders:
        return f"at most {scalars.format_quantity(-effective)} backordered"
    if written < 0:
        return f"{format_value(written)} -> 0: backorders are off"
    return f"a reserve of {format_value(written)}" if written else ""


def _backorders_note(values: ValuesInForce) -> str:
    if not takes_backorders(value_of(values, BACKORDERS)):
        return ""
    return _threshold_note(value_of(values, THRESHOLD), backorders=True)


def chain_document(chain: Chain) -> dict[str, Any]:
    """One chain as JSON has it."""
    return {
        "stock": chain.seen.stock,
        "source": chain.seen.source,
        "product": chain.seen.product,
        "value": chain.seen.value.value,
        "effective": chain.effective,
        "note": note(chain) or None,
        "levels": [
            {
                **step.place._asdict(),
                "line": step.line,
                "value": step.value,
                "wins": step.wins,
                "schedule": dates(step.entry),
            }
            for step in chain.steps
        ],
    }


def _chain_rows(key: str, chains: Iterable[Chain]) -> Iterator[tuple[Cell, ...]]:
    for chain in chains:
        head = (key, chain.seen.stock, chain.seen.source, chain.seen.value.value, chain.effective, note(chain))
        for step in chain.steps:
            where = step.place
            yield (
                *head,
                where.scope,
                where.stock,
                where.source,
                where.product,
                step.line,
                step.value,
                step.wins,
                describe_days(step.entry) if step.entry else None,
                chain.seen.product,
            )


def _chains_page(key: str, chains: Sequence[Chain], file: str, out: TextIO) -> None:
    screen = terminal(out)
    several = len({chain.seen.product for chain in chains}) > 1
    for number, chain in enumerate(chains):
        if number:
            screen.line()
        product = f"product {chain.seen.product}: " if several else ""
        screen.text(printable(product + _chain_headline(key, chain)), Style.BOLD)
        rows = [[printable(cell) for cell in _step_cells(step, file)] for step in chain.steps]
        widths = [max(width_of(row[column]) for row in rows) for column in range(2)]
        for step, (level, written, line) in zip(chain.steps, rows, strict=True):
            mark = "->" if step.wins else "  "
            text = f"{mark}  {padded(level, widths[0])}  {padded(written, widths[1])}  {line}".rstrip(" ")
            screen.text(text, *([Style.BOLD] if step.wins else []))


def _chain_headline(key: str, chain: Chain) -> str:
    seen = chain.seen
    where = f" at {seen.source}" if seen.source else ""
    stock = f" in stock {seen.stock}" if seen.stock else ""
    words = f"{key}{where}{stock}: {format_value(seen.value.value)}"
    return f"{words} ({note(chain)})" if note(chain) else words


def _step_cells(step: ChainLevel, file: str) -> tuple[str, str, str]:
    """The level, what it sets and where that is written."""
    unset = INHERIT if step.entry else "not set"
    written = unset if step.value is None else format_value(step.value)
    return (describe_level(step.place, step.entry), written, f"{file}:{step.line}" if step.line else "")
