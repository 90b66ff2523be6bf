"""One run over an engine: it reads the rows, adds them up, reads those of few SKUs again, and answers.

One total of a SKU cannot tell which of its rows is refused, whether two rows for one source item are equal, nor what a
product of the store file has under another spelling. Such SKUs are few, and `odd`: their rows are read a second time.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, NamedTuple

from backorderctl.bulk.engine import OWN_STATUS, Engine, quantities_query, reservations_query
from backorderctl.bulk.job import (
    Counts,
    Job,
    RowsRefused,
    RunResult,
    SecondLook,
    Unreadable,
    files_named,
    refuse_empty,
    refuse_passed_over,
    second_look,
)
from backorderctl.bulk.policy_tables import SqlTable, reserved_table, sql_tables
from backorderctl.bulk.sql_text import WORD, Reading, sources_of, statements
from backorderctl.bulk.summary import stock_totals, summary_query
from backorderctl.errors import BackorderctlError
from backorderctl.rows.replace_quantities import refuse_missing
from backorderctl.store.scalars import StockStatus

# Tables that the SQL text reads by these names, and those from which they are made.
PRODUCTS, TOTALS, ROWS = "backorderctl_products", "backorderctl_totals", "backorderctl_rows"
RESERVED_NOW = "backorderctl_reservations"
ALL_PRODUCTS, OUT_OF_STOCK, SUMS = "backorderctl_all_products", "backorderctl_out_of_stock", "backorderctl_sums"
NAMES, ODD, ODD_ROWS, ODD_ITEMS = (
    "backorderctl_names",
    "backorderctl_odd",
    "backorderctl_odd_rows",
    "backorderctl_odd_items",
)
ENTRIES, NAMED_ENTRIES = "backorderctl_entries", "backorderctl_named_entries"
HELD, HELD_NAMES = "backorderctl_held", "backorderctl_held_names"
MOST_KEPT = 1_000_000
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


class _Held(NamedTuple):
    """Of the reserved files: their rows, those that are good, and the sums above 0, of which one is the first.

    `unknown` are the SKUs with reservations that the store file lacks.
    """

    rows: int = 0
    good: int = 0
    above: int = 0
    first_above: tuple[str, str] = ("", "")
    unknown: int = 0


class _Run:
    """The tables of one run, and what it has found so far."""

    def __init__(self, engine: Engine, job: Job) -> None:
        self.engine = engine
        self.job = job
        self.text = statements(job.tables, Reading(rows=ROWS, spellings=SUMS, lowered=engine.lowered))
        self.no_sku = engine.no_sku("sku")
        self.rows = ""
        self.bad = self.suspect = False
        self.taken = 0
        self.look: SecondLook | None = None
        self.counts = Counts()
        self.sources: set[str] = set()

    def answer(self, to: str | None, *, summary: bool, on_part: Callable[[int], None]) -> RunResult:
        """Load the policy and what is reserved; then add up, look again and answer part by part."""
        self._load()
        held = self._hold()
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
                self._resolve_reservations(held)
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

    def _hold(self) -> _Held:
        """Add up what is reserved for each product and stock: `stored` is 1 for products of the store file."""
        if not self.job.reserved:
            self.engine.load(reserved_table(self.job.tables)._replace(name=ENTRIES))
            self.engine.keep(HELD, f"SELECT e.*, e.sku AS lowered, 1 AS stored FROM {ENTRIES} e", view=True)
            return _Held()
        good = f"NOT {self.no_sku} AND stock IS NOT NULL AND units IS NOT NULL"
        self.engine.keep(
            ENTRIES,
            f"SELECT sku, stock, SUM(CASE WHEN {good} THEN units END) AS units, COUNT(*) AS items, "
            f"COUNT(CASE WHEN {good} THEN 1 END) AS good, SUM(CASE WHEN {good} THEN in_all ELSE 0 END) AS in_all "
            f"FROM ({reservations_query(self.engine, self.job)}) r GROUP BY sku, stock",
        )
        spellings = f"(SELECT DISTINCT sku FROM {ENTRIES} WHERE good > 0)"
        reading = Reading(spellings=spellings, lowered=self.engine.lowered)
        self.engine.keep(HELD_NAMES, statements(self.job.tables, reading).names)
        several = "SUM(e.in_all) > 0 AND SUM(e.good) > 1"  # what `reserved` says is all that is reserved
        lowered = self.engine.lowered.format(name="COALESCE(n.name, e.sku)")
        self.engine.keep(
            NAMED_ENTRIES,
            f"SELECT COALESCE(n.name, e.sku) AS sku, {lowered} AS lowered, e.stock AS stock, "
            f"SUM(e.units) AS reserved, SUM(e.items) AS items, "
            f"SUM(CASE WHEN n.sku IS NOT NULL AND n.name IS NULL THEN 0 ELSE e.good END) AS good, "
            f"CASE WHEN {several} THEN 1 ELSE 0 END AS several, "
            f"MAX(CASE WHEN p.sku IS NULL THEN 0 ELSE 1 END) AS stored "
            f"FROM {ENTRIES} e LEFT JOIN {HELD_NAMES} n ON n.sku = e.sku "
            f"LEFT JOIN {PRODUCTS} p ON p.sku = COALESCE(n.name, e.sku) "
            f"GROUP BY COALESCE(n.name, e.sku), {lowered}, e.stock",
        )
        taken = f"FROM {NAMED_ENTRIES} WHERE several = 0 AND good > 0"
        [[items, good, above]] = self.engine.fetch(
            "SELECT COALESCE(SUM(items), 0), COALESCE(SUM(CASE WHEN several = 0 THEN good ELSE 0 END), 0), "
            f"COUNT(CASE WHEN several = 0 AND good > 0 AND reserved < 0 THEN 1 END) FROM {NAMED_ENTRIES}"
        )
        first = self.engine.fetch(f"SELECT sku, stock {taken} AND reserved < 0 ORDER BY sku, stock LIMIT 1")
        self.bad = items > good
        self.suspect = self.bad or above > 0
        self.engine.keep(
            HELD,
            "SELECT sku, lowered, stock, CAST(reserved AS DECIMAL(18, 4)) AS reserved, stored "
            f"{taken} AND reserved > 0",
        )
        [[unknown]] = self.engine.fetch(f"SELECT COUNT(*) FROM {HELD} WHERE stored = 0")
        first_above = (first[0][0], first[0][1]) if first else ("", "")
        return _Held(int(items), int(good), int(above), first_above, int(unknown))

    def _add_up(self, number: int) -> None:
        """The rows of one part of the SKUs, added up under the spellings that they have; which of these are odd."""
        where = f"WHERE {self._in_part('sku', number)}" if self.engine.parts > 1 else ""
        self.engine.keep(ROWS, f"SELECT * FROM ({self._with_status(f'({self.rows})')}) r {where}", view=True)
        self.engine.keep(PRODUCTS, f"SELECT * FROM {ALL_PRODUCTS} {where}", view=True)
        self.engine.keep(SUMS, self.text.totals)
        names, odd = f"{NAMES}_{number}", f"{ODD}_{number}"
        self.engine.keep(names, self.text.names)
        self.engine.keep(
            odd,
            f"SELECT sku FROM {SUMS} WHERE refused = 1 AND sku IS NOT NULL UNION SELECT sku FROM {names} "
            f"UNION SELECT name FROM {names} WHERE name IS NOT NULL",
        )
        [[rows, refused, no_sku]] = self.engine.fetch(
            "SELECT COALESCE(SUM(items), 0), COUNT(CASE WHEN refused = 1 THEN 1 END), "
            f"COUNT(CASE WHEN {self.no_sku} THEN 1 END) FROM {SUMS}"
        )
        [[ambiguous]] = self.engine.fetch(f"SELECT COUNT(*) FROM {names} WHERE name IS NULL")
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
            f"SELECT q.source_code, q.sku, q.quantity, CASE WHEN q.status <> {OWN_STATUS} THEN q.status "
            f"WHEN o.sku IS NULL AND q.status IS NOT NULL THEN 1 WHEN q.status IS NOT NULL THEN 0 END AS status "
            f"FROM {rows} q LEFT JOIN {OUT_OF_STOCK} o ON o.sku = q.sku AND o.source_code = q.source_code"
        )

    def _total(self, number: int, *, last: bool) -> None:
        """The totals of a part but for its odd SKUs, which the last part takes in with those of all others."""
        numbers = range(number + 1) if last else [number]
        for name in (NAMES, ODD):
            query = " UNION ALL ".join(f"SELECT * FROM {name}_{part}" for part in numbers)
            self.engine.keep(name, query, view=True)
        [[odd]] = self.engine.fetch(f"SELECT COUNT(*) FROM {ODD}")
        even = f"SELECT s.* FROM {SUMS} s LEFT JOIN {ODD} o ON o.sku = s.sku WHERE o.sku IS NULL AND NOT "
        totals = even + self.engine.no_sku("s.sku") if odd or self.bad else f"SELECT * FROM {SUMS}"
        if last and (odd or self.suspect):
            self._look_again()
            totals += " UNION ALL " + statements(self.job.tables, Reading(rows=ODD_ROWS)).totals
        self.engine.keep(TOTALS, totals, view=True)
        if odd and self.engine.parts > 1:
            also = "OR o.sku IS NOT NULL" if last else "AND o.sku IS NULL"
            where = f"{self._in_part('p.sku', number)} {also}"
            products = f"SELECT p.* FROM {ALL_PRODUCTS} p LEFT JOIN {ODD} o ON o.sku = p.sku WHERE {where}"
            self.engine.keep(PRODUCTS, products, view=True)

    def _look_again(self) -> None:
        """The rows of the odd SKUs under their names, without refused ones: from the reader if it has to tell these."""
        remote = [file.path for file in self.job.files if "://" in file.path]
        skus = frozenset[str]()
        if self.suspect and not remote:
            skus = frozenset(sku for (sku,) in self.engine.fetch(f"SELECT sku FROM {ODD} LIMIT {MOST_KEPT + 1}"))
            few = len(skus) <= MOST_KEPT
            self.look = second_look(self.job, skus if few else frozenset())
            if self.look.refused and not self.job.skip_bad:
                raise RowsRefused(self.look.refused, self.look.files)
            if not self.look.refused and self.bad:
                raise _cannot_read(self.job, self.engine)
            if few:
                self.engine.load(_odd_rows(self.look))
                return
        good = "q.source_code IS NOT NULL AND q.quantity IS NOT NULL AND q.status IS NOT NULL"
        named = (
            f"(SELECT COALESCE(n.name, r.sku) AS sku, r.source_code, r.quantity, r.status FROM ({self.rows}) r "
            f"JOIN {ODD} o ON o.sku = r.sku LEFT JOIN {NAMES} n ON n.sku = r.sku "
            "WHERE n.sku IS NULL OR n.name IS NOT NULL)"
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
            f"SELECT source_code, sku, quantity, status FROM {ODD_ITEMS} WHERE good > 0 AND differ = 0",
            view=True,
        )
        if remote:
            refused = self.engine.fetch(
                f"SELECT sku FROM {ODD_ITEMS} WHERE differ = 1 OR bad > 0 GROUP BY sku ORDER BY sku LIMIT 3"
            )
            if self.bad or refused:
                which = f", such as those of {', '.join(repr(sku) for (sku,) in refused)}" if refused else ""
                said = f"{', '.join(remote)}: rows are refused{which}; a copy on this machine tells which"
                raise BackorderctlError(said)

    def _check(self, held: _Held) -> None:
        """BackorderctlError when the answers would be about less than the files should have."""
        refuse_empty(self.job, rows=self.taken, reserved=held.good)
        if not self.job.allow_missing and any(product.items for product in self.job.store.products.values()):
            refuse_missing(self.job.store, self.sources, files_named(self.job.quantities))
        if self.look is not None:
            refuse_passed_over(self.job, self.look, rows=self.taken, reserved=held.good)

    def _count(self) -> None:
        """What is counted in the totals of a part."""
        words = range(1 + (len(self.job.tables.sources) - 1) // WORD)
        seen = ", ".join(f"BIT_OR(sources_{word})" for word in words)
        [[taken, *bits]] = self.engine.fetch(f"SELECT COALESCE(SUM(items), 0), {seen} FROM {TOTALS}")
        self.taken += int(taken)
        self.sources |= sources_of(self.job.tables, bits)
        joined = f"{TOTALS} t JOIN {PRODUCTS} p ON p.sku = t.sku"
        [[known, plain]] = self.engine.fetch(
            f"SELECT COUNT(DISTINCT t.sku), COUNT(CASE WHEN t.policy IS NULL THEN 1 END) FROM {joined}"
        )
        [[unknown]] = self.engine.fetch(f"SELECT COUNT(*) FROM {TOTALS} WHERE policy IS NULL")
        self.counts = self.counts._replace(
            known=self.counts.known + known, unknown=self.counts.unknown + unknown - plain
        )

    def _resolve_reservations(self, held: _Held) -> None:
        """What is reserved, under the spellings that SKUs of this part have which the store file lacks."""
        query = f"SELECT * FROM {HELD}"
        if held.unknown:
            lowered = self.engine.lowered.format(name="t.sku")
            self.engine.keep(
                HELD_NAMES,
                f"SELECT t.sku AS name, h.sku AS sku FROM {TOTALS} t "
                f"JOIN (SELECT DISTINCT sku, lowered FROM {HELD} WHERE stored = 0) h ON h.lowered = {lowered} "
                "WHERE t.policy IS NULL AND t.sku <> h.sku",
            )
            query = (
                f"SELECT COALESCE(n.name, h.sku) AS sku, h.stock AS stock, h.reserved AS reserved FROM {HELD} h "
                f"LEFT JOIN {HELD_NAMES} n ON n.sku = h.sku"
            )
        self.engine.keep(RESERVED_NOW, query, view=True)
        if self.job.reserved:
            [[found]] = self.engine.fetch(RESERVED_FOUND)
            self.counts = self.counts._replace(reserved_found=self.counts.reserved_found + found)

    def _result(self, held: _Held, totals: Sequence[Sequence[Any]] | None) -> RunResult:
        look = self.look
        skus = self.engine.fetch(f"SELECT COUNT(DISTINCT sku) FROM {HELD}")[0][0] if self.job.reserved else 0
        return RunResult(
            rows=look.rows if look else self.counts.rows,
            reserved=look.reserved if look else held.rows,
            answers=self.counts.answers,
            without_row=len(self.job.tables.products) - self.counts.known,
            unknown=self.counts.unknown,
            unknown_reserved=skus - self.counts.reserved_found,
            sums_above_zero=(held.above, held.first_above),
            refused=look.refused if look else (),
            files=look.files if look else (),
            totals=() if totals is None else stock_totals(totals, list(self.job.store.stocks)),
        )


RESERVED_FOUND = f"""
SELECT COUNT(*) FROM (
    SELECT r.sku FROM {TOTALS} t JOIN {RESERVED_NOW} r ON r.sku = t.sku
    UNION SELECT r.sku FROM {PRODUCTS} p JOIN {RESERVED_NOW} r ON r.sku = p.sku
) found
"""
"""The number of SKUs with reservations that have a row or are in the store file."""


def _odd_rows(look: SecondLook) -> SqlTable:
    """The source items of a second look as rows."""
    columns = (
        *(("source_code", "VARCHAR(255)"), ("sku", "VARCHAR(255)")),
        *(("quantity", "DECIMAL(12, 4)"), ("status", "INTEGER")),
    )
    rows = [
        (source, sku, item.quantity, int(item.status is StockStatus.IN_STOCK))
        for sku, items in look.items.items()
        for source, item in items.items()
    ]
    return SqlTable(ODD_ROWS, columns, rows)
