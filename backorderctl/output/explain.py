"""Why: the sum behind a salable quantity, and the levels behind each of its values."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TextIO

from backorderctl.output import listing
from backorderctl.output.chains import chain_document, note
from backorderctl.output.format import UNLIMITED, Cell, Output, describe_level, printable
from backorderctl.output.listing import Listing
from backorderctl.output.product_page import EXCLUDED_WORDS, setting_text, title, write_headline
from backorderctl.output.table import Column, Style, terminal
from backorderctl.policy.evaluate import Pool, Salability
from backorderctl.policy.explain import Term, terms
from backorderctl.policy.resolve import InForce
from backorderctl.policy.viewpoints import Chain
from backorderctl.store.scalars import ZERO, format_quantity
from backorderctl.store.settings import format_value

_TERMS = ("sku", "stock", "pool", "name", "sources", "expression", "result", "unlimited")


class Explained(NamedTuple):
    """What one product offers in one stock, with the chains behind each of its values."""

    answer: Salability
    chains: Sequence[tuple[str, Chain]]


def show_sums(explained: Iterable[Explained], output: Output, out: TextIO) -> None:
    """Write the salable quantity of one product as sums, in every stock."""
    explained = tuple(explained)
    match output:
        case Output.JSON:
            out.write(listing.dumps(sums_document(explained), indent=2) + "\n")
        case Output.CSV:
            listing.show(Listing("terms", tuple(map(Column, _TERMS)), _term_rows(explained)), output, out)
        case Output.TABLE:
            _sums_page(explained, out)


def sums_document(explained: Sequence[Explained]) -> dict[str, Any]:
    """The sums of one product as one JSON object."""
    product = explained[0].answer.product
    return {"sku": product.sku, "name": product.name, "stocks": [_sum(each) for each in explained]}


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
        "chains": [{"key": key, **chain_document(chain)} for key, chain in explained.chains],
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
    screen = terminal(out)
    screen.text(title(explained[0].answer.product), Style.BOLD)
    for each in explained:
        screen.line()
        write_headline(screen, each.answer)
        for line in _sum_lines(each):
            screen.text(printable(line))


def _sum_lines(explained: Explained) -> Iterator[str]:
    answer = explained.answer
    for item in answer.items:
        yield f"  {item.source}: {format_quantity(item.quantity)}, " + (
            EXCLUDED_WORDS[item.excluded] if item.excluded else "counts"
        )
    if not answer.managed:
        yield "  manage_stock is false: no quantity counts" if answer.items else "  no source of the stock has it"
    for sums in pool_sums(answer):
        yield from ("", *sums)
    yield from ("", "  Where each value comes from")
    for key, chain in explained.chains:
        yield f"    {_origin_line(key, chain)}"


def pool_sums(answer: Salability) -> Iterator[list[str]]:
    """The lines of each pool's sum and of the product's, each under a heading; nothing where nothing is summed."""
    together = tuple(terms(answer))
    width = max((len(term.name) for term in together), default=0)
    for number, pool in enumerate(answer.pools):
        heading = f"  Pool of {', '.join(pool.sources)}: {_pool_words(pool)}"
        yield [heading, *(_term_line(term, width) for term in together if term.pool == number)]
    if together:
        reserved = [f"    {'reserved':<{width}}  {_reserved_words(answer)}"] if answer.reserved else []
        yield ["  Together", *reserved, *(_term_line(term, width) for term in together if term.pool is None)]


def _pool_words(pool: Pool) -> str:
    side = "backorders are on" if pool.backorders else "backorders are off"
    return f"threshold {setting_text(pool.threshold)} from {_origin(pool.threshold)}; {side}"


def _reserved_words(answer: Salability) -> str:
    """How much is reserved, and from which goods it is taken: first from on hand, then from what is backorderable."""
    on_hand = sum((pool.on_hand for pool in answer.pools), ZERO)
    limits = [pool.backorderable for pool in answer.pools]
    rest = max(answer.reserved - on_hand, ZERO)
    backordered = rest if None in limits else min(rest, sum((limit for limit in limits if limit), ZERO))
    words = (
        f"{format_quantity(answer.reserved)}, of which {format_quantity(min(answer.reserved, on_hand))} from on hand"
    )
    if backordered:
        words += f", {format_quantity(backordered)} from backorderable"
    return words + (f", {format_quantity(rest - backordered)} more than can ship" if rest > backordered else "")


def _term_line(term: Term, width: int) -> str:
    result = "unlimited" if term.result is None else format_quantity(term.result)
    return f"    {term.name.replace('_', ' '):<{width}}  {term.expression} = {result}"


def _origin_line(key: str, chain: Chain) -> str:
    where = f" at {chain.seen.source}" if chain.seen.source else ""
    value = chain.seen.value
    words = f"{key}{where}: {format_value(value.value)} from {_origin(value)}"
    overridden = [
        f"{describe_level(step.place, step.entry)} {format_value(step.value)}"
        + (f" (line {step.line})" if step.line else "")
        for step in chain.steps
        if step.value is not None and not step.wins
    ]
    clamp = f" ({note(chain)})" if note(chain) else ""
    return words + clamp + (f"; overrides {', '.join(overridden)}" if overridden else "")


def _origin(found: InForce) -> str:
    """Where a value comes from: `source lyon, line 12`."""
    where = describe_level(found.origin, found.entry)
    return f"{where}, line {found.line}" if found.line else where
