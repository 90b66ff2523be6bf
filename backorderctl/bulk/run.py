"""One run over an engine: it reads the rows, adds them up, reads those of few SKUs again, and answers.

One total of a SKU cannot tell which of its rows is refused, whether two rows for one source item are equal, nor what a
product of the store file has under another spelling. Such SKUs are few, and `odd`: their rows are read a second time.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from backorderctl.bulk.engine import OWN_STATUS, Engine, quantities_query, sources_query
from backorderctl.bulk.held import HELD, RESPELLED, SPELLINGS, Held, hold
from backorderctl.bulk.job import (
    Counts,
    Job,
    Respelled,
    RowsRefused,
    RunResult,
    SecondLook,
    Unreadable,
    files_named,
    refuse_empty,
    refuse_passed_over,
    second_look,
)
from backorderctl.bulk.names import PRODUCTS, SkuNames
from backorderctl.bulk.policy_tables import SqlTable, sql_tables
from backorderctl.bulk.sql_text import RESPELLED_BIT, WORD, Reading, sources_of, statements
from backorderctl.bulk.summary import stock_totals, summary_query
from backorderctl.errors import BackorderctlError
from backorderctl.rows.replace_quantities import refuse_missing
from backorderctl.store.scalars import StockStatus

# Tables that the SQL text reads by these names, and those from which they are made.
TOTALS, ROWS, RESERVATIONS_NOW = "backorderctl_totals", "backorderctl_rows", "backorderctl_reservations"
ALL_PRODUCTS, OUT_OF_STOCK, SUMS = "backorderctl_all_products", "backorderctl_out_of_stock", "backorderctl_sums"
NAMES, ODD, ODD_ITEMS = "backorderctl_names", "backorderctl_odd", "backorderctl_odd_items"
ODD_ROWS, PART_NAMES, PART_ODD = "backorderctl_odd_rows", "backorderctl_part_names", "backorderctl_part_odd"
MOST_KEPT = 100_000
"""SKUs whose rows are kept in memory at once."""


def evaluate_on(
    engine: Engine,
    job: Job,
    to: str | None,
    *,
    summary: bool,
    on_part: Callable[[int], None] = lambda _: None,
) -> RunResult:
    """Answer for every product, and write the answers to the file or folder `to`, whole or not at all.

    RowsRefused when rows are and the job does not leave them out; BackorderctlError when the engine cannot go on.
    """
    try:
        return _Run(engine, job).answer(to, summary=summary, on_part=on_part)
    except Unreadable:
        look = second_look(job, frozenset())  # which may tell why
        if look.refused and not job.skip_bad:
            raise RowsRefused(look.refused, look.files) from None
        raise _cannot_read(job, engine) from None


def _cannot_read(job: Job, engine: Engine) -> BackorderctlError:
    """What to say where an engine cannot read files in which no row is refused."""
    return BackorderctlError(
        f"{files_named(job.files)}: expected what the engine {engine.name} can read, too: {engine.needs}"
    )


class _Run:
    """The tables of one run, and what it has found so far."""

    def __init__(self, engine: Engine, job: Job) -> None:
        self.engine = engine
        self.job = job
        self.text = statements(job.tables, Reading(rows=ROWS))
        self.no_sku = engine.no_sku("sku")
        words = range(1 + (len(job.tables.sources) - 1) // WORD)
        self.seen = ", ".join(f"BIT_OR(sources_{word})" for word in words)
        self.names: SkuNames
        self.rows = ""
        self.bad = self.suspect = False
        self.taken = self.repeated = 0
        self.other_sources = False
        self.look: SecondLook | None = None
        self.counts = Counts()
        self.sources: set[str] = set()

    def answer(self, to: str | None, *, summary: bool, on_part: Callable[[int], None]) -> RunResult:
        """Load the policy and what is reserved; then add up, look again and answer part by part."""
        self._load()
        held = hold(self.engine, self.job, self.names)
        self.bad = held.rows > held.good
        self.suspect = self.bad or held.above > 0
        totals: list[Sequence[Any]] = []
        last = self.engine.parts - 1
        marks = {f"backorderctl.{name}": value for name, value in self.job.marks.items()}
        with self.engine.target(to) if to else nullcontext() as aside:
            for number in range(self.engine.parts):
                on_part(number)
                self._add_up(number)
                self._total(number, last=number == last)
                self._count()
                if number == last:
                    self._check(held)
                self._resolve_reservations()
                if to and aside:
                    answers = self.engine.write(self.text.answers, aside, to, marks)
                    self.counts = self.counts._replace(answers=self.counts.answers + answers)
                if summary:
                    totals += self.engine.fetch(summary_query(self.text.answers))
        return self._result(held, totals if summary else None)

    def _load(self) -> None:
        """Make the tables of the policy, and tell the engine of the files."""
        for table in sql_tables(self.job.tables):
            name = ALL_PRODUCTS if table.name == "products" else f"backorderctl_{table.name}"
            self.engine.load(table._replace(name=name))
        self.engine.keep(PRODUCTS, f"SELECT * FROM {ALL_PRODUCTS}", view=True)
        pairs = (("sku", "VARCHAR(255)"), ("source_code", "VARCHAR(255)"))
        self.engine.load(SqlTable(OUT_OF_STOCK, pairs, self.job.tables.out_of_stock))
        self.job = replace(
            self.job,
            quantities=tuple(self.engine.located(file) for file in self.job.quantities),
            reserved=tuple(self.engine.located(file) for file in self.job.reserved),
        )
        self.rows = quantities_query(self.engine, self.job)
        self.names = SkuNames(self.engine, self.job)

    def _add_up(self, number: int) -> None:
        """The rows of one part of the SKUs, added up under the spellings that they have; which of these are odd."""
        where = f"WHERE {self._in_part('sku', number)}" if self.engine.parts > 1 else ""
        self.engine.keep(ROWS, f"SELECT * FROM ({self._with_status(f'({self.rows})')}) r {where}", view=True)
        self.engine.keep(PRODUCTS, f"SELECT * FROM {ALL_PRODUCTS} {where}", view=True)
        self.engine.keep(SUMS, self.text.totals)
        spellings = SUMS
        if self.job.reserved and self.engine.fetch(f"SELECT 1 FROM {SPELLINGS} LIMIT 1"):
            spellings = f"(SELECT sku FROM {SUMS} WHERE policy IS NULL UNION SELECT sku FROM {SPELLINGS} {where})"
        self.names.keep(PART_NAMES, spellings)
        self.engine.keep(
            PART_ODD,
            f"SELECT sku FROM {SUMS} WHERE refused = 1 AND sku IS NOT NULL UNION SELECT sku FROM {PART_NAMES} "
            f"UNION SELECT name FROM {PART_NAMES} WHERE name IS NOT NULL",
        )
        for name, part in ((NAMES, PART_NAMES), (ODD, PART_ODD)):
            before = f"SELECT * FROM {name} UNION ALL " if number else ""
            self.engine.keep(name, f"{before}SELECT * FROM {part}")
        [[rows, refused, no_sku, *words]] = self.engine.fetch(
            "SELECT COALESCE(SUM(items), 0), COUNT(CASE WHEN refused = 1 THEN 1 END), "
            f"COUNT(CASE WHEN {self.no_sku} THEN 1 END), {self.seen} FROM {SUMS}"
        )
        self.other_sources = self.other_sources or any((word or 0) >= RESPELLED_BIT for word in words)
        [[ambiguous]] = self.engine.fetch(f"SELECT COUNT(*) FROM {PART_NAMES} WHERE name IS NULL")
        self.bad = self.bad or bool(no_sku or ambiguous) or self.engine.passed_over()
        self.suspect = self.suspect or self.bad or bool(refused)
        self.counts = self.counts._replace(rows=self.counts.rows + int(rows))

    def _in_part(self, sku: str, number: int) -> str:
        return self.engine.part.format(name=self.engine.lowered.format(name=sku), number=number)

    def _with_status(self, rows: str) -> str:
        """The rows with the store file's own status where a file has none."""
        if not self.job.tables.out_of_stock:
            return f"SELECT * FROM {rows} q"
        return (
            f"SELECT q.source_code, q.sku, q.quantity, q.respelled, CASE WHEN q.status <> {OWN_STATUS} THEN q.status "
            f"WHEN o.sku IS NULL AND q.status IS NOT NULL THEN 1 WHEN q.status IS NOT NULL THEN 0 END AS status "
            f"FROM {rows} q LEFT JOIN {OUT_OF_STOCK} o ON o.sku = q.sku AND o.source_code = q.source_code"
        )

    def _total(self, number: int, *, last: bool) -> None:
        """The totals of a part but for its odd SKUs, which the last part takes in with those of all others."""
        table = ODD if last else PART_ODD
        [[odd]] = self.engine.fetch(f"SELECT COUNT(*) FROM {table}")
        even = f"SELECT s.* FROM {SUMS} s LEFT JOIN {table} o ON o.sku = s.sku WHERE o.sku IS NULL AND NOT "
        totals = even + self.engine.no_sku("s.sku") if odd or self.bad else f"SELECT * FROM {SUMS}"
        if last and (odd or self.suspect):
            self._look_again()
            totals += " UNION ALL " + statements(self.job.tables, Reading(rows=ODD_ROWS)).totals
        if odd and self.engine.parts > 1:
            also = "OR o.sku IS NOT NULL" if last else "AND o.sku IS NULL"
            where = f"{self._in_part('p.sku', number)} {also}"
            products = f"SELECT p.* FROM {ALL_PRODUCTS} p LEFT JOIN {table} o ON o.sku = p.sku WHERE {where}"
            self.engine.keep(PRODUCTS, products, view=True)
        # The answers read it once a stock: what is more than a name for the sums is computed once.
        self.engine.keep(TOTALS, totals, view=not (odd or self.suspect))

    def _look_again(self) -> None:
        """The rows of the odd SKUs under their names, without refused ones: from the reader if it has to tell these."""
        remote = [file.path for file in self.job.files if "://" in file.path]
        look = self.suspect and not remote
        skus = self.engine.fetch(f"SELECT sku FROM {ODD} LIMIT {MOST_KEPT + 1}") if look else []
        if look and len(skus) <= MOST_KEPT:
            self.look = self._second_look(skus)
            self.engine.load(_odd_rows(self.look))
            return
        self._read_odd()
        refused = f"SELECT sku FROM {ODD_ITEMS} WHERE differ = 1 OR bad > 0 GROUP BY sku ORDER BY sku"
        if look:
            self.look = self._second_look(self.engine.fetch(refused))
        if remote and (self.bad or self.engine.fetch(f"{refused} LIMIT 1")):
            which = ", ".join(repr(sku) for (sku,) in self.engine.fetch(f"{refused} LIMIT 3"))
            which = f", such as those of {which}" if which else ""
            raise BackorderctlError(f"{', '.join(remote)}: rows are refused{which}; a copy on this machine tells which")
        query = f"SELECT COALESCE(SUM(good - 1), 0) FROM {ODD_ITEMS} WHERE differ = 0 AND good > 0"
        self.repeated = int(self.engine.fetch(query)[0][0])

    def _second_look(self, skus: Sequence[Sequence[str]]) -> SecondLook:
        """What the reader says of the rows; RowsRefused if some are refused and shall not be left out."""
        look = second_look(self.job, frozenset(sku for (sku,) in skus))
        if look.refused and not self.job.skip_bad:
            raise RowsRefused(look.refused, look.files)
        if not look.refused and self.bad:
            raise _cannot_read(self.job, self.engine)
        self.repeated = look.repeated
        return look

    def _read_odd(self) -> None:
        """The source items of the odd SKUs as the engine reads them: equal rows for one are one, others are none."""
        good = "q.source_code IS NOT NULL AND q.quantity IS NOT NULL AND q.status IS NOT NULL"
        named = (
            "(SELECT COALESCE(n.name, r.sku) AS sku, r.source_code, r.quantity, r.status, r.respelled "
            f"FROM ({self.rows}) r JOIN {ODD} o ON o.sku = r.sku LEFT JOIN {NAMES} n ON n.sku = r.sku "
            f"WHERE (n.sku IS NULL OR n.name IS NOT NULL) AND NOT {self.engine.no_sku('r.sku')})"
        )
        quantity, status = (f"CASE WHEN {good} THEN q.{column} END" for column in ("quantity", "status"))
        self.engine.keep(
            ODD_ITEMS,
            f"SELECT q.sku AS sku, q.source_code AS source_code, MIN({quantity}) AS quantity, MIN({status}) AS status, "
            f"COUNT({quantity}) AS good, COUNT(*) - COUNT({quantity}) AS bad, "
            f"CASE WHEN MIN({quantity}) < MAX({quantity}) OR MIN({status}) < MAX({status}) THEN 1 ELSE 0 END AS differ "
            f"FROM ({self._with_status(named)}) q GROUP BY q.sku, q.source_code",
        )
        self.engine.keep(
            ODD_ROWS,
            f"SELECT source_code, sku, quantity, status, 0 AS respelled FROM {ODD_ITEMS} WHERE good > 0 AND differ = 0",
            view=True,
        )

    def _check(self, held: Held) -> None:
        """BackorderctlError when the answers would be about less than the files should have."""
        refuse_empty(self.job, rows=self.taken, reserved=held.good)
        if not self.job.allow_missing and any(product.items for product in self.job.store.products.values()):
            refuse_missing(self.job.store, self.sources, files_named(self.job.quantities))
        if self.look is not None:
            refuse_passed_over(self.job, self.look, rows=self.taken + self.repeated, reserved=held.good)

    def _count(self) -> None:
        """What is counted in the totals of a part."""
        [[taken, *words]] = self.engine.fetch(f"SELECT COALESCE(SUM(items), 0), {self.seen} FROM {TOTALS}")
        self.taken += int(taken)
        self.sources |= sources_of(self.job.tables, words)
        joined = f"{TOTALS} t JOIN {PRODUCTS} p ON p.sku = t.sku"
        [[known, plain]] = self.engine.fetch(
            f"SELECT COUNT(DISTINCT t.sku), COUNT(CASE WHEN t.policy IS NULL THEN 1 END) FROM {joined}"
        )
        [[unknown]] = self.engine.fetch(f"SELECT COUNT(*) FROM {TOTALS} WHERE policy IS NULL")
        self.counts = self.counts._replace(
            known=self.counts.known + known, unknown=self.counts.unknown + unknown - plain
        )

    def _resolve_reservations(self) -> None:
        """What is reserved, under the names that SKUs have which the store file lacks."""
        self.engine.keep(
            RESERVATIONS_NOW,
            f"SELECT COALESCE(n.name, h.sku) AS sku, h.stock AS stock, h.reserved AS reserved FROM {HELD} h "
            f"LEFT JOIN {NAMES} n ON n.sku = h.sku",
            view=True,
        )
        if self.job.reserved:
            [[found]] = self.engine.fetch(RESERVED_FOUND)
            self.counts = self.counts._replace(reserved_found=self.counts.reserved_found + found)

    def _result(self, held: Held, totals: Sequence[Sequence[Any]] | None) -> RunResult:
        look = self.look
        skus = self.engine.fetch(f"SELECT COUNT(DISTINCT sku) FROM {HELD}")[0][0] if self.job.reserved else 0
        return RunResult(
            rows=look.rows if look else self.counts.rows,
            reserved=look.reserved if look else held.rows,
            answers=self.counts.answers,
            without_row=len(self.job.tables.products) - self.counts.known,
            unknown=self.counts.unknown,
            unknown_reserved=skus - self.counts.reserved_found,
            repeated=self.repeated,
            respelled=look.respelled if look else self._respelled(),
            sums_above_zero=(held.above, held.first_above),
            refused=look.refused if look else (),
            files=look.files if look else (),
            totals=() if totals is None else stock_totals(totals, list(self.job.store.stocks)),
        )

    def _respelled(self) -> Respelled:
        """The spellings of SKUs, else of sources, that stand for another one."""
        skus = f"SELECT sku, name FROM {NAMES} WHERE name IS NOT NULL AND NOT {self.no_sku}"
        if self.job.reserved:
            skus += f" UNION SELECT sku, name FROM {RESPELLED}"
        queries = [skus]
        if self.other_sources:
            sources = sources_query(self.engine, self.job)
            queries.append(f"SELECT DISTINCT spelling, name FROM ({sources}) s WHERE spelling <> name")
        count, first = 0, [("", "")]
        for query in queries:
            number = self.engine.fetch(f"SELECT COUNT(*) FROM ({query}) r")[0][0]
            if number and not count:
                first = [(name, shown) for name, shown in self.engine.fetch(f"{query} ORDER BY 1 LIMIT 1")]
            count += number
        return Respelled(count, first[0])


RESERVED_FOUND = f"""
SELECT COUNT(*) FROM (
    SELECT r.sku FROM {TOTALS} t JOIN {RESERVATIONS_NOW} r ON r.sku = t.sku
    UNION SELECT r.sku FROM {PRODUCTS} p JOIN {RESERVATIONS_NOW} r ON r.sku = p.sku
) found
"""
"""The number of SKUs with reservations that have a row or are in the store file."""


def _odd_rows(look: SecondLook) -> SqlTable:
    """The source items of a second look as rows."""
    columns = (
        *(("source_code", "VARCHAR(255)"), ("sku", "VARCHAR(255)")),
        *(("quantity", "DECIMAL(12, 4)"), ("status", "INTEGER"), ("respelled", "INTEGER")),
    )
    rows = [
        (source, sku, item.quantity, int(item.status is StockStatus.IN_STOCK), 0)
        for sku, items in look.items.items()
        for source, item in items.items()
    ]
    return SqlTable(ODD_ROWS, columns, rows)
