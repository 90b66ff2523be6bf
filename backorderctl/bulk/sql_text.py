"""The SQL text of `answers.sql` for one store: its repeated blocks written out, its names filled in."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from backorderctl.bulk.policy_tables import PolicyTables, PoolPolicy, StockPolicy
from backorderctl.store.scalars import ZERO, format_quantity

TEMPLATE = Path(__file__).with_name("answers.sql")
WORD = 60
"""Sources whose bits fit into one integer of 64 bits."""
RESPELLED_BIT = 1 << WORD
"""The bit of such an integer that says that a source code is in another spelling."""

_BEGIN = re.compile(r" *-- for each (\w+)( of the stock)?")
_END = re.compile(r" *-- end")
_NAME = re.compile(r"\{(\w+)\}")

Names = Mapping[str, str]
Repeated = Mapping[str, Sequence[tuple[Names, Sequence[Names]]]]
"""The names of each repetition by what is repeated, and those of the pools in it."""


class Reading(NamedTuple):
    """What the text reads: tables or queries in brackets, the rows with each SKU in the spelling that it counts under.

    `spellings` are all SKUs of the rows, and `lowered` is how a dialect lowers each character of a {name} by itself.
    With `marks_respelled`, the rows have a column `respelled`, 1 where a source code is in another spelling, which
    totals keep as RESPELLED_BIT.
    """

    rows: str = "backorderctl_rows"
    reservations: str = "backorderctl_reservations"
    spellings: str = "backorderctl_spellings"
    lowered: str = "LOWER({name})"
    marks_respelled: bool = True


@dataclass(frozen=True, slots=True)
class Statements:
    """The queries: `names` tells which spellings are one product, `totals` adds up the rows, `answers` reads it."""

    names: str
    totals: str
    answers: str


def statements(tables: PolicyTables, reading: Reading, *, comments: bool = False) -> Statements:
    """The queries for a store; with `comments`, as a person reads them."""
    stocks = [_stock_names(number, stock, tables.sources) for number, stock in enumerate(tables.stocks)]
    pools: list[list[Names]] = []
    for stock in tables.stocks:
        begin = sum(map(len, pools))
        pools.append([_pool_names(begin + number, pool, tables.sources) for number, pool in enumerate(stock.pools)])
    words = [
        _word_names(number, bits, marked=reading.marks_respelled) for number, bits in enumerate(_words(tables.sources))
    ]
    repeated: Repeated = {
        "stock": list(zip(stocks, pools, strict=True)),
        "pool": [(names, []) for of_stock in pools for names in of_stock],
        "word": [(names, []) for names in words],
    }
    once = {
        "rows": reading.rows,
        "reservations": reading.reservations,
        "spellings": reading.spellings,
        "lowered_spelling": reading.lowered.format(name="s.sku"),
        "lowered_product": reading.lowered.format(name="p.sku"),
    }
    _, *parts = TEMPLATE.read_text(encoding="utf-8").split("-- statement ")
    texts = {}
    for part in parts:
        name, _, text = part.partition("\n")
        lines = list(_written_out(text.splitlines(), once, repeated))
        texts[name] = "\n".join(line for line in lines if comments or not line.lstrip().startswith("--")).strip()
    return Statements(**texts)


def known_source(cell: str, sources: Sequence[str]) -> str:
    """The source of the store file that a cell names, in whatever letter case; NULL where there is none or several.

    Codes need no escape: they are made of letters, digits, `_`, `-` and `.` alone.
    """
    lowered = [source.lower() for source in sources]
    alone = {source.lower(): f"'{source}'" for source in sources if lowered.count(source.lower()) == 1}
    known = ", ".join(f"'{source}'" for source in sources)
    other = _case(f"LOWER({cell})", alone) if alone else "NULL"
    return f"CASE WHEN {cell} IN ({known}) THEN {cell} ELSE {other} END"


def sources_of(tables: PolicyTables, words: Sequence[int | None]) -> set[str]:
    """The sources whose bits are set in the words of a total."""
    return {source for at, source in enumerate(tables.sources) if (words[at // WORD] or 0) >> at % WORD & 1}


def _written_out(lines: Sequence[str], names: Names, repeated: Repeated) -> Iterator[str]:
    number = 0
    while number < len(lines):
        begin = _BEGIN.fullmatch(lines[number])
        if begin is None:
            yield _NAME.sub(lambda found: names[found[1]], lines[number])
            number += 1
            continue
        end = _end(lines, number)
        for own, pools in repeated[begin[1]]:
            inner = {"pool": [(pool, ()) for pool in pools]}
            yield from _written_out(lines[number + 1 : end], {**names, **own}, inner)
        number = end + 1


def _end(lines: Sequence[str], begin: int) -> int:
    """The line that ends the block which begins there."""
    depth = 0
    for number in range(begin, len(lines)):
        depth += bool(_BEGIN.fullmatch(lines[number])) - bool(_END.fullmatch(lines[number]))
        if not depth:
            return number
    raise ValueError(f"a block without an end: {lines[begin]}")


def _stock_names(number: int, stock: StockPolicy, every: Sequence[str]) -> Names:
    low = [f"q.quantity <= {decimal(below)} AND {_at(sources, every)}" for below, sources in stock.notify]
    return {
        "stock": str(number),
        "code": stock.stock,
        "linked": _at(stock.sources, every),
        "low": " OR ".join(low) or "1 = 0",
        "managed": str(int(stock.managed)),
        "only_x_left": decimal(stock.only_x_left),
    }


def _pool_names(number: int, pool: PoolPolicy, every: Sequence[str]) -> Names:
    return {
        "pool": str(number),
        "sources": _at(pool.sources, every),
        "takes_backorders": str(int(pool.backorders)),
        "effective": decimal(pool.effective),
        "kept_back": decimal(max(pool.effective, ZERO)),
    }


def _word_names(number: int, bits: str, *, marked: bool) -> Names:
    seen = spelled = f"BIT_OR({bits})"
    if marked:
        seen = f"BIT_OR({bits} + CASE WHEN q.respelled = 1 THEN {RESPELLED_BIT} ELSE 0 END)"
        spelled = f"CASE WHEN {seen} >= {RESPELLED_BIT} THEN {seen} - {RESPELLED_BIT} ELSE {seen} END"
    return {"word": str(number), "bits": bits, "seen": seen, "seen_spelled": spelled}


def _words(sources: Sequence[str]) -> Iterator[str]:
    """A bit for each source, in as many integers as it takes."""
    for begin in range(0, len(sources), WORD):
        word = sources[begin : begin + WORD]
        yield _case("q.source_code", {source: str(1 << bit) for bit, source in enumerate(word)})


def _case(column: str, values: Mapping[str, str]) -> str:
    return f"CASE {column} " + " ".join(f"WHEN '{name}' THEN {value}" for name, value in values.items()) + " END"


def _at(sources: Sequence[str], every: Sequence[str]) -> str:
    """The condition that a row is at one of the sources; none where they are all that there are."""
    if set(sources) == set(every):
        return "1 = 1"
    return "q.source_code IN (" + ", ".join(f"'{source}'" for source in sources) + ")"


def decimal(number: Decimal) -> str:
    """A number as SQL has it, in brackets when it is below 0: `--` would begin a comment."""
    text = format_quantity(number)
    return f"({text})" if number < 0 else text
