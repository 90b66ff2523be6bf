"""The options with which a command that answers takes quantities and reservations from outside the store file."""

import os
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import typer

from backorderctl.cli.command import STANDARD_INPUT, MaxSizeOption, OutputOption, complete_source
from backorderctl.cli.reading import StoreOptions, say
from backorderctl.cli.rejects import rejects_names, write_refused
from backorderctl.cli.target import check_rejects
from backorderctl.errors import BackorderctlError, did_you_mean
from backorderctl.output import quantities as view
from backorderctl.output.format import Output
from backorderctl.output.progress import progress
from backorderctl.store.delimited import InputFile
from backorderctl.store.model import Store
from backorderctl.store.replace_quantities import Replaced, with_quantities
from backorderctl.store.rows_read import STOCK_IDS, Inputs
from backorderctl.toml.file_access import MAX_SIZE, limited

QUANTITIES_VARIABLE = "BACKORDERCTL_QUANTITIES"
RESERVED_VARIABLE = "BACKORDERCTL_RESERVED"

QuantitiesOption = Annotated[
    str | None,
    typer.Option(
        "--quantities",
        metavar="FILE",
        help="A CSV or Parquet file of source_code, sku, quantity and status: these source items instead of the store "
        f"file's. Else ${QUANTITIES_VARIABLE}.",
    ),
]
QuantitiesForOption = Annotated[
    list[str] | None,
    typer.Option(
        "--quantities-for",
        metavar="SOURCE",
        help="Replace the items of this source alone; may be repeated.",
        autocompletion=complete_source,
    ),
]
ReservedOption = Annotated[
    str | None,
    typer.Option(
        "--reserved",
        metavar="FILE",
        help="A file of sku, reserved (or quantity, as Magento's inventory_reservation) and stock or stock_id. "
        f"Else ${RESERVED_VARIABLE}.",
    ),
]
StockIdOption = Annotated[
    list[str] | None,
    typer.Option("--stock-id", metavar="ID=STOCK", help="The stock of a stock_id, such as 2=eu; 1 is default."),
]
AllowMissingOption = Annotated[
    bool, typer.Option("--allow-missing", help="Take files without a row of a source that has items in the store file.")
]
SkipBadOption = Annotated[
    str | None,
    typer.Option("--skip-bad", metavar="REJECTS.csv", help="Go on without the refused rows and write them here."),
]


@dataclass(frozen=True, slots=True)
class QuantitiesOptions(StoreOptions):
    """The options of every command whose answer depends on quantities."""

    quantities: QuantitiesOption = None
    quantities_for: QuantitiesForOption = None
    reserved: ReservedOption = None
    stock_id: StockIdOption = None
    allow_missing: AllowMissingOption = False
    skip_bad: SkipBadOption = None
    max_size: MaxSizeOption = MAX_SIZE
    read: list[Replaced] = field(init=False, default_factory=list)
    copies: list[str] = field(init=False, default_factory=list)
    stack: ExitStack = field(init=False, default_factory=ExitStack)

    @contextmanager
    def running(self) -> Iterator[None]:
        """While the command runs, a JSON document on standard output says where its quantities come from."""
        with self.stack:
            if self.in_json():
                self.stack.enter_context(redirect_stdout(view.adding_quantities(sys.stdout, lambda: self.read)))
            yield

    def in_json(self) -> bool:
        """Whether the answer is a JSON document of ours."""
        return False

    def store(self, file: str | None = None, *, only: str | None = None) -> Store:
        """The store in `file`, or else in the one that the options name, with the quantities from outside.

        With `only`, those of one product.
        """
        return self.live(StoreOptions.store(self, file), only=only)

    def written(self, file: str | None = None) -> Store:
        """The store with its values as they are written; BackorderctlError when it is standard input with others."""
        self.read_once(file or self.file)
        return StoreOptions.written(self, file)

    def read_once(self, *files: str) -> None:
        """BackorderctlError when standard input is more than one of these files and those of the options."""
        if (*files, *self._paths()).count(STANDARD_INPUT) > 1:
            raise BackorderctlError("standard input can be one file only, got it for several")

    def live(self, store: Store, *, only: str | None = None, beside: Store | None = None) -> Store:
        """A store with the quantities from outside, without the rows that only the store `beside` it can take."""
        quantities, reserved = self._paths()
        if not (quantities or reserved):
            self._refuse_idle()
            return store
        if self.skip_bad == STANDARD_INPUT:
            raise BackorderctlError("--skip-bad -: expected a file, got standard output")
        inputs = Inputs(
            quantities=self._inputs(quantities),
            reserved=self._inputs(reserved),
            sources=tuple(self.quantities_for or ()),
            stock_ids=known_stock_ids(self.stock_id or (), (*store.stocks, *(beside.stocks if beside else ()))),
            foreign_sources=frozenset(beside.sources if beside else ()) - store.sources.keys(),
            foreign_stocks=frozenset(beside.stocks if beside else ()) - store.stocks.keys(),
            allow_missing=self.allow_missing,
            skip_bad=self.skip_bad is not None,
        )
        inputs = self._copied(inputs)
        files = (*inputs.quantities, *inputs.reserved)
        if self.skip_bad:
            for target in {*self._rejects_targets([file.name for file in files]).values(), self.skip_bad}:
                check_rejects(target, [self.file, *(file.path for file in files)])
        total = sum(Path(file.path).stat().st_size for file in files if Path(file.path).is_file())
        with progress(total, sys.stderr, quiet=self.quiet) as tell:
            read = with_quantities(store, inputs, only=only, watch=lambda done: tell("reading quantities", done))
        self._tell(read, from_environment=(quantities, reserved) != (self.quantities, self.reserved))
        self.read.append(read)
        return read.store

    def _paths(self) -> tuple[str | None, str | None]:
        """The files of quantities and reservations that the options or the environment name."""
        quantities = self.quantities or os.environ.get(QUANTITIES_VARIABLE)
        return quantities or None, self.reserved or os.environ.get(RESERVED_VARIABLE) or None

    def _refuse_idle(self) -> None:
        """BackorderctlError when an option says how to read files, and no file is given."""
        given = {
            "--quantities-for": self.quantities_for,
            "--stock-id": self.stock_id,
            "--allow-missing": self.allow_missing,
            "--skip-bad": self.skip_bad,
        }
        for option, value in given.items():
            if value:
                raise BackorderctlError(f"{option}: expected --quantities or --reserved beside it, got neither")

    def _inputs(self, path: str | None) -> tuple[InputFile, ...]:
        name = "<stdin>" if path == STANDARD_INPUT else path
        return (InputFile(path, name, self.max_size),) if path and name else ()

    def _copied(self, inputs: Inputs) -> Inputs:
        """The same with standard input copied to a file: rows may have to be read again to say what is wrong."""
        return replace(
            inputs,
            quantities=tuple(map(self._copy, inputs.quantities)),
            reserved=tuple(map(self._copy, inputs.reserved)),
        )

    def _copy(self, file: InputFile) -> InputFile:
        if file.path != STANDARD_INPUT:
            return file
        if not self.copies:
            copy = Path(self.stack.enter_context(tempfile.TemporaryDirectory())) / "stdin"
            with copy.open("wb") as out:
                shutil.copyfileobj(limited(sys.stdin.buffer, file.name, limit=self.max_size), out)
            self.copies.append(str(copy))
        return file._replace(path=self.copies[0])

    def _tell(self, read: Replaced, *, from_environment: bool) -> None:
        """Say what was read, also to who wants quiet if no option names one of the files."""
        told = {line for earlier in self.read for line in view.quantities_notes(earlier)}
        for line in view.quantities_notes(read):
            if line not in told:
                say(line, quiet=self.quiet and not from_environment)
        if self.skip_bad:
            self._write_refused(read, self.skip_bad)

    def _write_refused(self, read: Replaced, to: str) -> None:
        """Write the refused rows, of several files to one each; in a comparison those of both sides, once."""
        earlier = {(row.file, row.number): row for each in self.read for row in each.refused}
        new = [row for row in read.refused if (row.file, row.number) not in earlier]
        if earlier and not new:
            return
        targets = self._rejects_targets([file.file for file in read.files])
        if read.only is not None:  # other rows may be refused all the same, and be in a file of an earlier run
            targets = {file: target for file, target in targets.items() if not Path(target).is_file()}
        old = (*targets.values(), to) if read.only is None else ()
        headers = {file.file: file.header for file in read.files}
        rows = [row for row in (*earlier.values(), *new) if row.file in targets]
        write_refused(rows, headers, targets, self, old=old)

    def _rejects_targets(self, files: Sequence[str]) -> dict[str, str]:
        """Where the refused rows of each file go: to the one file that is named, or with several to one each."""
        to = self.skip_bad or ""
        ending = next((ending for ending in (".csv.gz", ".csv") if to.endswith(ending)), "")
        names = rejects_names(files)
        if len(names) == 1:
            return dict.fromkeys(names, to)
        return {file: f"{to.removesuffix(ending)}.{name}{ending or '.csv'}" for file, name in names.items()}


def parse_stock_ids(typed: Sequence[str]) -> dict[str, str]:
    """The stocks by Magento's number; BackorderctlError when one is typed otherwise."""
    ids = dict(STOCK_IDS)
    for each in typed:
        number, equals, stock = each.partition("=")
        if not (equals and number.isdigit() and stock):
            raise BackorderctlError(f"--stock-id: expected ID=STOCK, such as 2=eu, got {each!r}")
        ids[number] = stock
    return ids


def known_stock_ids(typed: Sequence[str], stocks: Collection[str]) -> dict[str, str]:
    """The same for a store with these stocks; BackorderctlError when one that is typed is none of them."""
    ids = parse_stock_ids(typed)
    for number, stock in ids.items():
        if stock not in stocks and STOCK_IDS.get(number) != stock:
            close = did_you_mean(stock, stocks)
            raise BackorderctlError(f"--stock-id: expected a stock of the store file, got {stock!r}{close}")
    return ids


@dataclass(frozen=True, slots=True)
class AnswerOptions(QuantitiesOptions):
    """The options of every command that shows answers about quantities as a table, JSON or CSV."""

    output: OutputOption = Output.TABLE

    def in_json(self) -> bool:
        """Whether the answer is a JSON document of ours."""
        return self.output is Output.JSON
