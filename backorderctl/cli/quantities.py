"""Reading the files of quantities and reservations that a command takes beside its store file, and saying so."""

import shutil
import sys
import tempfile
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from backorderctl.cli.app import STANDARD_INPUT, progress, say
from backorderctl.cli.rejects import rejects_names, write_refused
from backorderctl.cli.target import check_rejects
from backorderctl.errors import BackorderctlError, did_you_mean
from backorderctl.files.access import limited
from backorderctl.output import quantities as view
from backorderctl.rows.columns import Layout
from backorderctl.rows.delimited import InputFile
from backorderctl.rows.replace_quantities import Replaced, read_quantities
from backorderctl.rows.rows_read import STOCK_IDS, Inputs
from backorderctl.store.model import StoreFile


@dataclass(frozen=True, slots=True)
class QuantityFiles:
    """What the options say of these files, and what has been read of them.

    `stock_ids` are as typed. With `from_environment`, where no option names one of the files, what was read is said
    even if `quiet`. A copy of standard input is gone when `stack` is closed.
    """

    quantities: str | None
    reserved: str | None
    from_environment: bool
    sources: tuple[str, ...]
    stock_ids: tuple[str, ...]
    allow_missing: bool
    skip_bad: str | None
    max_size: int
    layout: Layout
    store_file: str
    quiet: bool
    stack: ExitStack
    read: list[Replaced] = field(init=False, default_factory=list)
    copies: list[str] = field(init=False, default_factory=list)

    def live(self, store: StoreFile, *, only: str | None = None, beside: StoreFile | None = None) -> StoreFile:
        """A store with the quantities from outside, without the rows that only the store `beside` it can take."""
        if self.skip_bad == STANDARD_INPUT:
            raise BackorderctlError("--skip-bad -: expected a file, got standard output")
        inputs = Inputs(
            quantities=self._inputs(self.quantities),
            reserved=self._inputs(self.reserved),
            sources=self.sources,
            stock_ids=known_stock_ids(self.stock_ids, (*store.stocks, *(beside.stocks if beside else ()))),
            foreign_sources=frozenset(beside.sources if beside else ()) - store.sources.keys(),
            foreign_stocks=frozenset(beside.stocks if beside else ()) - store.stocks.keys(),
            allow_missing=self.allow_missing,
            skip_bad=self.skip_bad is not None,
        )
        inputs = self._copied(inputs)
        files = (*inputs.quantities, *inputs.reserved)
        if self.skip_bad:
            for target in {*self._rejects_targets([file.name for file in files]).values(), self.skip_bad}:
                check_rejects(target, [self.store_file, *(file.path for file in files)])
        total = sum(Path(file.path).stat().st_size for file in files if Path(file.path).is_file())
        with progress(total, quiet=self.quiet) as tell:
            read = read_quantities(store, inputs, only=only, watch=lambda done: tell("reading quantities", done))
        self._tell(read)
        self.read.append(read)
        return read.store

    def _inputs(self, path: str | None) -> tuple[InputFile, ...]:
        name = "<stdin>" if path == STANDARD_INPUT else path
        return (InputFile(path, name, self.max_size, self.layout),) if path and name else ()

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

    def _tell(self, read: Replaced) -> None:
        """Say what was read, also to who wants quiet if no option names one of the files."""
        told = {line for earlier in self.read for line in view.quantities_notes(earlier)}
        for line in view.quantities_notes(read):
            if line not in told:
                say(line, quiet=self.quiet and not self.from_environment)
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
        write_refused(rows, headers, targets, quiet=self.quiet, old=old)

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
    """The same for a store with these stocks; BackorderctlError when one that is typed is not among them."""
    ids = parse_stock_ids(typed)
    for number, stock in ids.items():
        if stock not in stocks and STOCK_IDS.get(number) != stock:
            close = did_you_mean(stock, stocks)
            raise BackorderctlError(f"--stock-id: expected a stock of the store file, got {stock!r}{close}")
    return ids
