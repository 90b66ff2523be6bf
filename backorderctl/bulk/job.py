"""What `evaluate` asks of a run and gets from it, and why rows were refused."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from backorderctl.bulk.inputs import RowsFile, input_files
from backorderctl.bulk.policy_tables import PolicyTables
from backorderctl.errors import BackorderctlError
from backorderctl.policy.totals import StockTotals
from backorderctl.rows.delimited import Refused
from backorderctl.rows.quantities_file import Items, read_items
from backorderctl.rows.reserved_file import read_reservations
from backorderctl.rows.rows_read import STOCK_IDS, FileRead, Inputs, RowsRead, no_good_rows
from backorderctl.store.model import Store

COLUMNS = (
    *("sku", "stock", "status", "reason", "quantity", "reserved", "on_hand", "backorderable", "salable"),
    *("unlimited", "only_x_left", "low_stock"),
)
"""The columns of an answer: those of `product list` without the name."""

NAMED_FILES = 3
"""Files that a message names; it counts the others."""
OnStep = Callable[[str, int], None]
"""Called with what is being done, and how many hundredths of all are done."""


def csv_columns(number: str) -> list[str]:
    """The columns as `product list -o csv` writes them: the word for no limit, and numbers without trailing zeros.

    `number` is how an engine writes the number of a {column}.
    """
    written = {column: number.format(column=column) for column in ("quantity", "reserved", "on_hand", "only_x_left")}
    for column in ("backorderable", "salable"):
        written[column] = f"CASE WHEN unlimited THEN 'unlimited' ELSE {number.format(column=column)} END"
    return [f"{written.get(column, column)} AS {column}" for column in COLUMNS]


class Format(StrEnum):
    """The formats of answers."""

    PARQUET = "parquet"
    CSV = "csv"
    PACKED_CSV = "csv.gz"


def format_of(to: str) -> Format | None:
    """The format of a file of that name, None for a folder."""
    name = to.lower()
    return next((each for each in Format if name.endswith(f".{each}")), None)


@dataclass(frozen=True, slots=True)
class Job:
    """The rows and the policy of one run; with `skip_bad`, refused rows are left out.

    `marks` are what the answers say of themselves in a Parquet file: the day, and the revision of the store file.
    """

    store: Store
    tables: PolicyTables
    quantities: tuple[RowsFile, ...]
    reserved: tuple[RowsFile, ...] = ()
    stock_ids: Mapping[str, str] = field(default_factory=lambda: STOCK_IDS)
    allow_missing: bool = False
    skip_bad: bool = False
    marks: Mapping[str, str] = field(default_factory=dict)

    @property
    def files(self) -> tuple[RowsFile, ...]:
        """The files of quantities, and of reservations."""
        return (*self.quantities, *self.reserved)


class Counts(NamedTuple):
    """What a run, or a part of one, has counted.

    `rows` are rows of quantities, `answers` answers, `known` SKUs of the store that have a row, `unknown` SKUs of rows
    that the store lacks, and `reserved_found` SKUs with reservations that have an answer.
    """

    rows: int = 0
    answers: int = 0
    known: int = 0
    unknown: int = 0
    reserved_found: int = 0


class Respelled(NamedTuple):
    """How many names are spelled otherwise than as they are shown, and the first spelling with what is shown."""

    names: int = 0
    first: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run gave: rows read and answers, SKUs of either side that the other lacks, and the totals if asked for.

    `rows` and `reserved` count the `refused` rows, too, of which `files` have the headers. `unknown_reserved` counts
    SKUs with reservations alone, for which no answer is given, and `repeated` rows that say again what another says;
    `sums_above_zero` are SKUs and stocks whose reservations count as 0 for their sign: how many, and the first.
    """

    rows: int
    reserved: int
    answers: int
    without_row: int
    unknown: int
    unknown_reserved: int
    repeated: int
    respelled: Respelled
    sums_above_zero: tuple[int, tuple[str, str]]
    refused: tuple[Refused, ...]
    files: tuple[FileRead, ...]
    totals: tuple[StockTotals, ...]


class RowsRefused(Exception):
    """Rows are refused, and shall not be left out."""

    def __init__(self, rows: Sequence[Refused], files: Sequence[FileRead]) -> None:
        super().__init__()
        self.rows = rows
        self.files = files


class MoreMemoryNeeded(Exception):
    """An engine needs more memory for these rows."""


class Unreadable(Exception):
    """An engine cannot read one of the files, and nobody knows yet what is wrong with it."""


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What the reader of rows says of the files: the refused rows, and the source items of the SKUs asked for.

    `rows` and `reserved` count the rows of quantities and reservations, `good` and `good_reserved` those not refused.
    """

    refused: tuple[Refused, ...]
    files: tuple[FileRead, ...]
    items: Items
    rows: int
    reserved: int
    good: int
    good_reserved: int
    repeated: int
    respelled: Respelled


def second_look(job: Job, skus: frozenset[str]) -> SecondLook:
    """What is wrong with the rows, by number and reason: slow, and in the memory that the items of `skus` take.

    With `skip_bad`, BackorderctlError when every row is refused of a file that is given by its own name.
    """
    inputs = Inputs(
        quantities=input_files(job.quantities),
        reserved=input_files(job.reserved),
        sources=tuple({file.source for file in job.quantities if file.source is not None}),
        stock_ids=job.stock_ids,
        skip_bad=job.skip_bad,
    )
    rows = RowsRead(job.store, inputs)
    items, _ = read_items(rows, collected=skus)
    if job.reserved:
        read_reservations(rows)
    respelled = rows.respelled()
    refused = Counter(row.file for row in rows.refused)
    named = {file.path for file in job.files if file.named}
    for read in rows.files if job.skip_bad else ():
        if read.file in named and 0 < read.rows == refused[read.file]:
            raise rows.all_refused(read)
    quantities, reserved = rows.files[: len(job.quantities)], rows.files[len(job.quantities) :]
    return SecondLook(
        rows.in_order(),
        tuple(rows.files),
        rows.named(items),  # as reservations may have smaller spellings
        rows=sum(read.rows for read in quantities),
        reserved=sum(read.rows for read in reserved),
        good=sum(read.rows - refused[read.file] for read in quantities),
        good_reserved=sum(read.rows - refused[read.file] for read in reserved),
        repeated=rows.repeated,
        respelled=Respelled(len(respelled), next(iter(respelled.items()), ("", ""))),
    )


def refuse_empty(job: Job, *, rows: int, reserved: int) -> None:
    """BackorderctlError when no row was taken, or a file has none that is not one of many in a folder."""
    for files, taken in ((job.quantities, rows), (job.reserved, reserved)):
        has_rows = any(file.rows != 0 for file in files)
        empty = [file for file in files if file.rows == 0 and (file.named or not has_rows)]
        if empty:
            raise BackorderctlError(f"{files_named(empty)}: expected rows, got none")
        if files and not taken and job.skip_bad:
            raise no_good_rows(files_named(files))
        if files and not taken:
            raise BackorderctlError(f"{files_named(files)}: expected rows, got none")


def refuse_passed_over(job: Job, look: SecondLook, *, rows: int, reserved: int) -> None:
    """BackorderctlError when an engine has taken fewer rows than a second look finds good."""
    for files, good, taken in ((job.quantities, look.good, rows), (job.reserved, look.good_reserved, reserved)):
        if files and good != taken:
            raise BackorderctlError(
                f"{files_named(files)}: expected {good} rows besides those that are refused, the engine read {taken}"
            )


def files_named(files: Sequence[RowsFile]) -> str:
    """The names of files; of many, the first ones and how many more there are."""
    told = ", ".join(file.path for file in files[:NAMED_FILES])
    more = len(files) - NAMED_FILES
    return told if more <= 0 else f"{told} and {more} more {'file' if more == 1 else 'files'}"
