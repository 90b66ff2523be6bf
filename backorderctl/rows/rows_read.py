"""What the files of quantities and reservations have in common: which replace what, the rows read, the rows refused."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

from backorderctl.errors import BackorderctlError, Mismatch, did_you_mean
from backorderctl.rows.delimited import InputFile, Record, Refused, Sheet
from backorderctl.rows.names import KnownNames
from backorderctl.store import scalars
from backorderctl.store.model import DEFAULT_STOCK, Values
from backorderctl.store.scalars import parse_quantity, toml_repr
from backorderctl.store.sku import SKU, case_folded

STOCK_ID = "stock_id"
STOCK_IDS = {"1": DEFAULT_STOCK}
"""Magento's number of its own first stock."""
MOST_REFUSED = 1000
"""After so many refused rows reading stops, unless they are left out."""
COMMA = "with a point before its decimals"
"""What is expected where a number has a comma."""
QUOTED_ROWS = 5
"""Refused rows that an error message quotes; the others it counts."""

CellValue = TypeVar("CellValue")
Watch = Callable[[int], None]
"""Is told how many bytes of a file have been read."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Which files replace what.

    `sources`, if any, are the only ones that are replaced; `stock_ids` number the stocks. Rows of `foreign_sources` and
    `foreign_stocks`, which only the other side of a comparison declares, are left out.
    """

    quantities: tuple[InputFile, ...] = ()
    reserved: tuple[InputFile, ...] = ()
    sources: tuple[str, ...] = ()
    stock_ids: Mapping[str, str] = field(default_factory=lambda: STOCK_IDS)
    foreign_sources: frozenset[str] = frozenset()
    foreign_stocks: frozenset[str] = frozenset()
    allow_missing: bool = False
    skip_bad: bool = False


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file that was read: its columns, the number of its rows, and the columns that nothing was taken from."""

    file: str
    header: tuple[str, ...]
    rows: int
    ignored: tuple[str, ...]


class RowsRead:
    """What was read for a store: the files, the rows that are refused, and those that are `foreign` or `repeated`.

    `skus` and `sources` are the names that the rows are about, by their spellings. `sums_above_zero` are the SKUs and
    stocks whose reservations, as Magento writes them, would add goods. With `only`, rows of that SKU alone are looked
    at.
    """

    def __init__(
        self, store: Values, inputs: Inputs, *, only: str | None = None, watch: Watch = lambda _: None
    ) -> None:
        self.store = store
        self.inputs = inputs
        self.only = only
        self.watch = watch
        self.files: list[FileRead] = []
        self.refused: list[Refused] = []
        self.foreign = 0
        self.repeated = 0
        self.skus = KnownNames(store.products)
        self.sources = KnownNames(store.sources.keys() | inputs.foreign_sources, only_known=True)
        self.sums_above_zero: tuple[tuple[str, str], ...] = ()

    def is_wanted(self, spelling: str) -> bool:
        """Whether a row is about the only SKU that is looked at, if there is one."""
        if self.only is None:
            return True
        if spelling == self.only or case_folded(spelling) != case_folded(self.only):
            return spelling == self.only
        try:
            return self.only not in self.store.products or self.skus[spelling] == self.only
        except Mismatch:
            return True  # to be refused

    def named(self, of_products: dict[str, CellValue]) -> dict[str, CellValue]:
        """What was collected by SKU, under the names that are shown."""
        shown = self.skus.shown
        return {shown.get(sku, sku): value for sku, value in of_products.items()} if shown else of_products

    def respelled(self) -> dict[str, str]:
        """The spellings of SKUs and source codes that stand for another one."""
        return self.skus.respelled | self.sources.respelled

    def sku(self, cell: str) -> str:
        """The product that a cell names; WrongCell when it is no SKU, or could be that of several products."""
        return read_cell(SKU, self.skus.__getitem__, read_cell(SKU, scalars.sku, cell))

    def refuse(self, sheet: Sheet, record: Record, reason: str) -> None:
        """Note a row that is not taken; BackorderctlError once they are too many to go on, unless they are left out."""
        self.refused.append(Refused(file=sheet.file, number=record[0], line=record[1], reason=reason, cells=record[2]))
        if len(self.refused) >= MOST_REFUSED and not self.inputs.skip_bad:
            raise refusal(self.refused, None, hint=self._mend())

    def _mend(self) -> str | None:
        rows = sum(file.rows for file in self.files)
        return mending(self.refused, rows, self.store, self.inputs.stock_ids, rejects="rejects.csv")

    def is_whole(self, sheet: Sheet, record: Record) -> bool:
        """Whether a record has the header's number of cells; it is refused where not."""
        if len(record[2]) == len(sheet.header):
            return True
        self.refuse(sheet, record, f"expected {len(sheet.header)} cells, got {len(record[2])}")
        return False

    def finish(self, sheet: Sheet, rows: int, taken: Iterable[int | None]) -> None:
        """Note the file."""
        ignored = tuple(name for place, name in enumerate(sheet.header) if place not in set(taken))
        self.files.append(FileRead(sheet.file, sheet.header, rows, ignored))

    def in_order(self) -> tuple[Refused, ...]:
        """The refused rows in the order of the files."""
        order = {file.file: number for number, file in enumerate(self.files)}
        return tuple(sorted(self.refused, key=lambda row: (order[row.file], row.number)))

    def check(self) -> None:
        """BackorderctlError with the first of the refused rows, and how many they are, unless they are left out.

        Also when a file has no row, or none that is left: the export of a warehouse that went wrong is no empty one.
        """
        if self.refused and not self.inputs.skip_bad:
            raise refusal(self.in_order(), self.files, hint=self._mend())
        refused = Counter(row.file for row in self.refused)
        for file in self.files if self.only is None else ():
            if not file.rows:
                raise BackorderctlError(f"{file.file}: expected rows, got none")
            if refused[file.file] == file.rows:
                raise self.all_refused(file)

    def all_refused(self, file: FileRead) -> BackorderctlError:
        """What to say of a file of which every row is refused."""
        told = refusal([row for row in self.in_order() if row.file == file.file], [file], hint=None)
        return BackorderctlError(f"{told.message}\n{no_good_rows(file.file).message}")

    def expected_name(self, kind: str, name: str, names: Iterable[str]) -> str:
        """What is wrong with the name of a source or stock that the store file does not have."""
        close = did_you_mean(name, names, after=len(self.refused))
        return f"expected a {kind} of the store file, got {toml_repr(name)}{close}"


def no_good_rows(files: str) -> BackorderctlError:
    """What to say where all rows are refused."""
    return BackorderctlError(f"{files}: expected rows that are not refused, got none")


def mending(
    refused: Sequence[Refused], rows: int, store: Values, stock_ids: Mapping[str, str], *, rejects: str
) -> str | None:
    """What mends all refused rows where they have one cause; or that they are left out, where they are the fewer rows.

    What leaves out most of a file would make an empty warehouse of it.
    """
    reasons = [row.reason for row in refused]
    if all(COMMA in reason for reason in reasons):
        return "--decimal ,"
    if all(reason.startswith(f"{STOCK_ID}: ") for reason in reasons):
        unknown = {reason.rpartition(" ")[2].strip("'") for reason in reasons}
        others = [code for code in store.stocks if code not in stock_ids.values()]
        return f"--stock-id {unknown.pop()}={others[0]}" if len(unknown) == len(others) == 1 else None
    return f"--skip-bad {rejects}" if 2 * len(reasons) < rows else None


def refusal(refused: Sequence[Refused], files: Iterable[FileRead] | None, *, hint: str | None) -> BackorderctlError:
    """What to say of refused rows: the first of them, and how many they are; `files` is None where reading stopped."""
    told = [f"{row.file}:{row.line}: record {row.number}: {row.reason}" for row in refused[:QUOTED_ROWS]]
    if files is None:
        told.append(f"{len(refused):,} rows are refused: reading stopped there")
    elif len(refused) > 1:
        told.append(f"{len(refused)} of {sum(file.rows for file in files)} rows are refused")
    return BackorderctlError("\n".join(told), hint=hint)


class WrongCell(Exception):
    """A cell that is not taken, with its column and what is wrong there."""


def read_cell(column: str, read: Callable[[str], CellValue], cell: str) -> CellValue:
    """The value of a cell; WrongCell, with the column, when it has none."""
    try:
        return read(cell)
    except Mismatch as mismatch:
        raise WrongCell(f"{column}: {mismatch}") from None


@lru_cache(1 << 16)
def cell_units(cell: str, decimal: str = ".") -> Decimal:
    """The units in a cell; Mismatch when it is no number, or has blanks beside one."""
    if cell != cell.strip():
        raise Mismatch("a number without blanks", toml_repr(cell))
    if decimal == "," and "." not in cell:
        cell = cell.replace(",", ".", 1)
    elif "," in cell:
        written = "with a comma before its decimals" if decimal == "," else COMMA
        raise Mismatch(f"a number {written}", toml_repr(cell))
    return parse_quantity(cell)
