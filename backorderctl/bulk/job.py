"""What `evaluate` asks of an engine and gets from it, and why rows were refused."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from backorderctl.bulk.inputs import RowsFile, input_files
from backorderctl.bulk.policy_tables import PolicyTables
from backorderctl.bulk.summary import stock_totals
from backorderctl.errors import BackorderctlError
from backorderctl.files.access import format_size
from backorderctl.policy.totals import StockTotals
from backorderctl.rows.delimited import CELL_LIMIT, Refused
from backorderctl.rows.quantities_file import read_items
from backorderctl.rows.replace_quantities import refuse_missing
from backorderctl.rows.reserved_file import read_reservations
from backorderctl.rows.rows_read import STOCK_IDS, FileRead, Inputs, RowsRead, no_good_rows
from backorderctl.store.model import Store

COLUMNS = (
    *("sku", "stock", "status", "reason", "quantity", "reserved", "on_hand", "backorderable", "salable"),
    *("unlimited", "only_x_left", "low_stock"),
)
"""The columns of an answer: those of `product list` without the name."""

OUT_OF_STOCK, BAD_PAIRS = "out_of_stock", "bad_pairs"
"""Tables of SKU and source: items that the store file says are not on sale; pairs that are left out."""
NAMED_FILES = 3
"""Files that a message names; it counts the others."""
OnStep = Callable[[str, int], None]
"""Is told what is being done, and how many hundredths of all are done."""


def csv_columns(number: str) -> list[str]:
    """The columns as `product list -o csv` writes them: the word for no limit, and numbers without trailing zeros.

    `number` is how an engine writes the number of a {column}.
    """
    written = {column: number.format(column=column) for column in ("quantity", "reserved", "on_hand", "only_x_left")}
    for column in ("backorderable", "salable"):
        written[column] = f"CASE WHEN unlimited THEN 'unlimited' ELSE {number.format(column=column)} END"
    return [f"{written.get(column, column)} AS {column}" for column in COLUMNS]


class Engine(StrEnum):
    """What runs the SQL text."""

    DUCKDB = "duckdb"
    SPARK = "spark"


@dataclass(frozen=True, slots=True)
class Job:
    """The rows and the policy of one run; `bad_pairs` is None unless refused rows are left out, and those pairs too.

    `good_rows` and `good_reserved` are how many rows there are then, None where nobody has counted them, and `refused`
    how many of quantities and of reservations there are besides.
    """

    store: Store
    tables: PolicyTables
    quantities: tuple[RowsFile, ...]
    reserved: tuple[RowsFile, ...] = ()
    stock_ids: Mapping[str, str] = field(default_factory=lambda: STOCK_IDS)
    allow_missing: bool = False
    bad_pairs: frozenset[tuple[str, str]] | None = None
    good_rows: int | None = None
    good_reserved: int | None = None
    refused: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run gave: rows read and answers, SKUs of either side that the other lacks, and the totals if asked for.

    `rows` and `reserved` count the `refused` rows, too.

    `unknown_reserved` counts SKUs with reservations alone, for which no answer is given; `sums_above_zero` are SKUs and
    stocks whose reservations count as 0 for their sign: how many, and the first.
    """

    rows: int
    reserved: int
    answers: int
    without_row: int
    unknown: int
    unknown_reserved: int
    sums_above_zero: tuple[int, tuple[str, str]]
    refused: int
    totals: tuple[StockTotals, ...]


class RowsRefused(Exception):
    """An engine met rows that are refused; `skus` are those that may have two rows for one source.

    `unreadable` if it met a record that it cannot read, and looked no further.
    """

    def __init__(self, skus: frozenset[str], *, unreadable: bool = False) -> None:
        super().__init__()
        self.skus = skus
        self.unreadable = unreadable


@dataclass(frozen=True, slots=True)
class Refusals:
    """The refused rows with their record numbers, the files, and the SKUs and sources that have several rows.

    `good_rows` and `good_reserved` count the rows of quantities and reservations that are not refused, `refused` those
    of both that are.
    """

    rows: tuple[Refused, ...]
    files: tuple[FileRead, ...]
    pairs: frozenset[tuple[str, str]]
    good_rows: int
    good_reserved: int
    refused: tuple[int, int]


def refusals(job: Job, skus: frozenset[str], *, skip_bad: bool) -> Refusals:
    """What is wrong with the rows, from a second reading: slow, and in little memory.

    With `skip_bad`, BackorderctlError when every row is refused of a file that is given by its own name.
    """
    remote = [file.path for file in (*job.quantities, *job.reserved) if "://" in file.path]
    if remote:
        which = f", such as those of {', '.join(map(repr, sorted(skus)[:3]))}" if skus else ""
        raise BackorderctlError(f"{', '.join(remote)}: rows are refused{which}; a copy on this machine tells which")
    inputs = Inputs(
        quantities=input_files(job.quantities),
        reserved=input_files(job.reserved),
        stock_ids=job.stock_ids,
        skip_bad=skip_bad,
    )
    rows = RowsRead(job.store, inputs)
    _, pairs = read_items(rows, collected=skus)
    if job.reserved:
        read_reservations(rows)
    refused = Counter(row.file for row in rows.refused)
    named = {file.path for file in (*job.quantities, *job.reserved) if file.named}
    for read in rows.files if skip_bad else ():
        if read.file in named and 0 < read.rows == refused[read.file]:
            raise rows.all_refused(read)
    good = [file.rows - refused[file.file] for file in rows.files]
    good_rows, good_reserved = sum(good[: len(job.quantities)]), sum(good[len(job.quantities) :])
    total = [file.rows for file in rows.files]
    bad = (sum(total[: len(job.quantities)]) - good_rows, sum(total[len(job.quantities) :]) - good_reserved)
    return Refusals(rows.in_order(), tuple(rows.files), frozenset(pairs), good_rows, good_reserved, bad)


def check_run(job: Job, *, rows: int, reserved: int, sources: Callable[[], set[str]]) -> None:
    """BackorderctlError when the answers would be about less than the files should have.

    `rows` and `reserved` are the rows that the engine has taken, `sources` gives those that have one.
    """
    counts = ((job.quantities, job.good_rows, rows), (job.reserved, job.good_reserved, reserved))
    for files, _, taken in counts:
        refuse_empty(files, taken, skip_bad=job.bad_pairs is not None)
    if not job.allow_missing and any(product.items for product in job.store.products.values()):
        refuse_missing(job.store, sources(), files_named(job.quantities))
    for files, good, taken in counts:
        if good not in (None, taken):  # an engine passes over records that it cannot read without a word
            raise BackorderctlError(
                f"{files_named(files)}: expected {good} rows besides those that are refused, the engine read {taken}"
            )


def refuse_empty(files: Sequence[RowsFile], taken: int, *, skip_bad: bool) -> None:
    """BackorderctlError when no row was taken, or a file has none that is not one of many in a folder."""
    has_rows = any(file.rows != 0 for file in files)
    empty = [file for file in files if file.rows == 0 and (file.named or not has_rows)]
    if empty:
        raise BackorderctlError(f"{files_named(empty)}: expected rows, got none")
    if files and not taken:
        raise (
            no_good_rows(files_named(files))
            if skip_bad
            else BackorderctlError(f"{files_named(files)}: expected rows, got none")
        )


def cannot_read(job: Job, engine: Engine) -> BackorderctlError:
    """What to say where an engine cannot read files in which no row is refused."""
    files = files_named((*job.quantities, *job.reserved))
    alike = f"lines that all end alike, none longer than {format_size(CELL_LIMIT)}"
    needed = alike if engine is Engine.DUCKDB else "every record on one line"
    return BackorderctlError(f"{files}: expected what the engine {engine} can read, too: {needed}")


def files_named(files: Sequence[RowsFile]) -> str:
    """The names of files; of many, the first ones and how many more there are."""
    told = ", ".join(file.path for file in files[:NAMED_FILES])
    more = len(files) - NAMED_FILES
    return told if more <= 0 else f"{told} and {more} more {'file' if more == 1 else 'files'}"


class Reserved(NamedTuple):
    """How many rows of reservations are good, and of how many sums above 0 which is the first."""

    rows: int
    above_zero: tuple[int, tuple[str, str]]


class Counts(NamedTuple):
    """What a run, or a part of one, has counted: rows, SKUs of the store with a row, and those unknown to it.

    `reserved_found` are the SKUs with reservations that have an answer.
    """

    rows: int = 0
    known: int = 0
    unknown: int = 0
    reserved_found: int = 0
    answers: int = 0


RESERVED_FOUND = """
SELECT COUNT(*) FROM (
    SELECT r.sku FROM totals t JOIN reservations r ON r.sku = t.sku
    UNION SELECT r.sku FROM products p JOIN reservations r ON r.sku = p.sku
) found
"""
"""The number of SKUs with reservations that have a row or are in the store file."""
RESERVED_SKUS = "SELECT COUNT(DISTINCT sku) FROM reservations"


SUMS_ABOVE_ZERO = """
SELECT COUNT(*) OVER (), sku, stock FROM {sums} WHERE reserved < 0 AND good_rows > 0 ORDER BY sku, stock LIMIT 1
"""
"""How many reservations, as Magento writes them, would add goods, and the first of them; no row when there is none."""


def run_result(
    job: Job,
    counts: Counts,
    reservations: Reserved,
    *,
    reserved_skus: int,
    totals: Sequence[Sequence[Any]] | None,
) -> RunResult:
    """What a run has found: reservations of so many SKUs.

    `totals` are the rows of the summary query, None where no summary is asked for.
    """
    return RunResult(
        rows=counts.rows + job.refused[0],
        reserved=reservations.rows + job.refused[1],
        answers=counts.answers,
        without_row=len(job.tables.products) - counts.known,
        unknown=counts.unknown,
        unknown_reserved=reserved_skus - counts.reserved_found,
        sums_above_zero=reservations.above_zero,
        refused=sum(job.refused),
        totals=() if totals is None else stock_totals(totals, list(job.store.stocks)),
    )
