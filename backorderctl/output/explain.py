"""Why: the chain of levels behind a value, and the sum behind a salable quantity."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TextIO

from backorderctl.output import table
from backorderctl.output.format import UNLIMITED, Cell, Output, printable
from backorderctl.output.product_page import EXCLUDED_WORDS, headline, setting_text
from backorderctl.output.schedule import dates, describe_days, describe_level, describe_origin
from backorderctl.output.table import Column, Listing
from backorderctl.policy.evaluate import Pool, Salability, effective_threshold, takes_backorders
from backorderctl.policy.explain import Term, terms
from backorderctl.policy.resolve import Values, value_of
from backorderctl.policy.viewpoints import Chain, ChainLevel
from backorderctl.store import quantity
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
          "line", "level_value", "wins", "schedule")  # fmt: skip
_TERMS = ("sku", "stock", "pool", "name", "sources", "expression", "result", "unlimited")


class Explained(NamedTuple):
    """What one product offers in one stock, with the chains behind each of its values."""

    answer: Salability
    chains: Sequence[tuple[str, Chain]]


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


def show_chains(key: str, chains: Iterable[Chain], output: Output, out: TextIO) -> None:
    """Write how a setting gets its value, from every viewpoint."""
    chains = tuple(chains)
    match output:
        case Output.JSON:
            out.write(table.dumps({"key": key, "chains": [_chain(chain) for chain in chains]}, indent=2) + "\n")
        case Output.CSV:
            table.show(Listing("chains", tuple(map(Column, _CHAIN)), _chain_rows(key, chains)), output, out)
        case Output.TABLE:
            _chains_page(key, chains, out)


def show_sums(explained: Iterable[Explained], output: Output, out: TextIO) -> None:
    """Write the salable quantity of one product as sums, in every stock."""
    explained = tuple(explained)
    match output:
        case Output.JSON:
            product = explained[0].answer.product
            stocks = [_sum(each) for each in explained]
            out.write(table.dumps({"sku": product.sku, "name": product.name, "stocks": stocks}, indent=2) + "\n")
        case Output.CSV:
            table.show(Listing("terms", tuple(map(Column, _TERMS)), _term_rows(explained)), output, out)
        case Output.TABLE:
            _sums_page(explained, out)


def _threshold_note(written: Decimal, *, backorders: bool) -> str:
    effective = effective_threshold(written, backorders=backorders)
    sign = "+" if written > 0 else ""
    if backorders and not effective:
        return f"{sign}{format_value(written)} -> ignored, backorders are on: unlimited" if written else "unlimited"
    if backorders:
        return f"at most {quantity.format_quantity(-effective)} backordered"
    if written < 0:
        return f"{format_value(written)} -> 0: backorders are off"
    return f"a reserve of {format_value(written)}" if written else ""


def _backorders_note(values: Values) -> str:
    if not takes_backorders(value_of(values, BACKORDERS)):
        return ""
    return _threshold_note(value_of(values, THRESHOLD), backorders=True)


def _chain(chain: Chain) -> dict[str, Any]:
    return {
        "stock": chain.seen.stock,
        "source": chain.seen.source,
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
            )


def _chains_page(key: str, chains: Sequence[Chain], out: TextIO) -> None:
    from rich.table import Table
    from rich.text import Text

    with table.screen(out) as console:
        for number, chain in enumerate(chains):
            if number:
                console.print()
            console.print(Text(printable(_chain_headline(key, chain)), style="bold"))
            grid = Table.grid(padding=(0, 2, 0, 0))
            for _ in range(4):
                grid.add_column(overflow="fold")
            for step in chain.steps:
                style = "bold" if step.wins else ""
                grid.add_row(*(Text(printable(cell), style=style) for cell in _step_cells(step)))
            console.print(grid)


def _chain_headline(key: str, chain: Chain) -> str:
    seen = chain.seen
    where = f" at {seen.source}" if seen.source else ""
    stock = f" in stock {seen.stock}" if seen.stock else ""
    words = f"{key}{where}{stock}: {format_value(seen.value.value)}"
    return f"{words} ({note(chain)})" if note(chain) else words


def _step_cells(step: ChainLevel) -> tuple[str, str, str, str]:
    unset = INHERIT if step.entry else "not set"
    written = unset if step.value is None else format_value(step.value)
    line = f"line {step.line}" if step.line else ""
    return ("->" if step.wins else "  ", describe_level(step.place, step.entry), written, line)


def _sum(explained: Explained) -> dict[str, Any]:
    answer = explained.answer
    return {
        "stock": answer.stock,
        "status": answer.status,
        "reason": answer.reason,
        "reserved": answer.reserved,
        "on_hand": answer.on_hand,
        "backorderable": answer.backorderable,
        "salable": answer.salable,
        "unlimited": answer.unlimited,
        "sources": [
            {"source": item.source, "quantity": item.quantity, "counts": item.counts, "excluded": item.excluded}
            for item in answer.items
        ],
        "terms": [_term(term) for term in terms(answer)],
        "chains": [{"key": key, **_chain(chain)} for key, chain in explained.chains],
    }


def _term(term: Term) -> dict[str, Any]:
    return {**term._asdict(), "unlimited": term.result is None}


def _term_rows(explained: Iterable[Explained]) -> Iterator[tuple[Cell, ...]]:
    for each in explained:
        for term in terms(each.answer):
            result = UNLIMITED if term.result is None else term.result
            head = (each.answer.product.sku, each.answer.stock)
            yield (*head, term.pool, term.name, term.sources, term.expression, result, term.result is None)


def _sums_page(explained: Sequence[Explained], out: TextIO) -> None:
    from rich.text import Text

    with table.screen(out) as console:
        product = explained[0].answer.product
        console.print(Text(printable(" - ".join(filter(None, (product.sku, product.name)))), style="bold"))
        for each in explained:
            console.print()
            console.print(headline(each.answer))
            for line in _sum_lines(each):
                console.print(Text(printable(line)))


def _sum_lines(explained: Explained) -> Iterator[str]:
    answer = explained.answer
    for item in answer.items:
        yield f"  {item.source}: {quantity.format_quantity(item.quantity)}, " + (
            EXCLUDED_WORDS[item.excluded] if item.excluded else "counts"
        )
    if not answer.managed:
        yield "  manage_stock is false: no quantity counts" if answer.items else "  no source of the stock has it"
    for sums in pool_sums(answer):
        yield from ("", *sums)
    yield from ("", "  Where each value comes from")
    for key, chain in explained.chains:
        yield f"    {_lost_line(key, chain)}"


def pool_sums(answer: Salability) -> Iterator[list[str]]:
    """The lines of each pool's sum and of the product's, each under a heading; nothing where nothing is summed."""
    together = tuple(terms(answer))
    for number, pool in enumerate(answer.pools):
        heading = f"  Pool of {', '.join(pool.sources)}: {_pool_words(pool)}"
        yield [heading, *(_term_line(term) for term in together if term.pool == number)]
    if together:
        yield ["  Together", *(_term_line(term) for term in together if term.pool is None)]


def _pool_words(pool: Pool) -> str:
    side = "backorders are on" if pool.backorders else "backorders are off"
    where = describe_origin(pool.threshold)
    line = f", line {pool.threshold.line}" if pool.threshold.line else ""
    return f"threshold {setting_text(pool.threshold)} from {where}{line}; {side}"


def _term_line(term: Term) -> str:
    result = "unlimited" if term.result is None else quantity.format_quantity(term.result)
    name = term.name.replace("_", " ")
    return f"    {name:<14} {term.expression} = {result}"


def _lost_line(key: str, chain: Chain) -> str:
    where = f" at {chain.seen.source}" if chain.seen.source else ""
    words = f"{key}{where}: {format_value(chain.seen.value.value)} from {describe_origin(chain.seen.value)}"
    lost = [
        f"{describe_level(step.place, step.entry)} {format_value(step.value)}"
        for step in chain.steps
        if step.value is not None and not step.wins
    ]
    clamp = f" ({note(chain)})" if note(chain) else ""
    return words + clamp + (f"; lost: {', '.join(lost)}" if lost else "")
