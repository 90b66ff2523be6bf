"""The options of commands that read, and reading: a store file, quantities from elsewhere, standard input."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from backorderctl.cli.app import (
    DEFAULT_FILE,
    FILE_VARIABLE,
    STANDARD_INPUT,
    TODAY,
    PlainOptions,
    parse_day,
    refuse_second_input,
)
from backorderctl.cli.options import (
    AllowMissingOption,
    AtOption,
    ColumnOption,
    DecimalOption,
    FileOption,
    MaxSizeOption,
    OutputOption,
    StockIdOption,
    complete_source,
    layout,
)
from backorderctl.errors import BackorderctlError
from backorderctl.files import access
from backorderctl.files.access import MAX_SIZE, is_side, limited, open_input
from backorderctl.output.format import Output
from backorderctl.store.load import load, load_bytes
from backorderctl.store.model import Store, StoreFile

if TYPE_CHECKING:  # most commands are about the store file alone
    from backorderctl.cli.quantities import QuantityFiles
    from backorderctl.rows.columns import Layout

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
SkipBadOption = Annotated[
    str | None,
    typer.Option("--skip-bad", metavar="REJECTS.csv", help="Go on without the refused rows and write them here."),
]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class StoreOptions(PlainOptions):
    """The options of every command that reads a store file."""

    file: FileOption = DEFAULT_FILE
    at: AtOption = TODAY

    def store(self, file: str | None = None) -> Store:
        """The store in `file`, or else in the one that the options name, as it is on the day."""
        written = self.written(file)
        return written.on(self.day(written))

    def written(self, file: str | None = None) -> StoreFile:
        """The same store with its values as they are written, whatever the schedule says."""
        return read_store(file or self.file)

    def day(self, store: StoreFile) -> date:
        """The day that the command is about, in the time zone of the store."""
        return parse_day(self.at, self.today(store), option="--at")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ReadOptions(StoreOptions):
    """The options of every command that shows data as a table, JSON or CSV."""

    output: OutputOption = Output.TABLE


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class QuantitiesOptions(StoreOptions):
    """The options of every command whose answer depends on quantities."""

    quantities: QuantitiesOption = None
    quantities_for: QuantitiesForOption = None
    reserved: ReservedOption = None
    stock_id: StockIdOption = None
    allow_missing: AllowMissingOption = False
    skip_bad: SkipBadOption = None
    column: ColumnOption = None
    decimal: DecimalOption = None
    max_size: MaxSizeOption = MAX_SIZE
    opened: "list[QuantityFiles]" = field(init=False, default_factory=list)
    """One at the most, as the fields do not change."""
    stack: ExitStack = field(init=False, default_factory=ExitStack)

    @contextmanager
    def running(self) -> Iterator[None]:
        """While the command runs, a JSON document on standard output says where its quantities come from."""
        with self.stack:
            if self.in_json() and any(self._paths()):
                from backorderctl.output.quantities import adding_quantities

                out = adding_quantities(sys.stdout, lambda: self.opened[0].read if self.opened else [])
                self.stack.enter_context(redirect_stdout(out))
            yield

    def in_json(self) -> bool:
        """Whether the answer is a JSON document of ours."""
        return False

    def store(self, file: str | None = None, *, only: str | None = None) -> Store:
        """The store in `file`, or else in the one that the options name, with the quantities from outside.

        With `only`, those of one product.
        """
        written = self.live(self.written(file), only=only)
        return written.on(self.day(written))

    def written(self, file: str | None = None) -> StoreFile:
        """The store with its values as they are written; BackorderctlError when it is standard input with others."""
        self.read_once(file or self.file)
        return StoreOptions.written(self, file)

    def read_once(self, *files: str) -> None:
        """BackorderctlError when standard input is more than one of these files and those of the options."""
        refuse_second_input(*files, *self._paths())

    def live(self, store: StoreFile, *, only: str | None = None, beside: StoreFile | None = None) -> StoreFile:
        """A store with the quantities from outside, without the rows that only the store `beside` it can take."""
        quantities, reserved = self._paths()
        if not (quantities or reserved):
            self._refuse_idle()
            return store
        if not self.opened:
            from backorderctl.cli.quantities import QuantityFiles

            files = QuantityFiles(
                quantities=quantities,
                reserved=reserved,
                from_environment=(quantities, reserved) != (self.quantities, self.reserved),
                sources=tuple(self.quantities_for or ()),
                stock_ids=tuple(self.stock_id or ()),
                allow_missing=self.allow_missing,
                skip_bad=self.skip_bad,
                max_size=self.max_size,
                layout=self.layout(),
                store_file=self.file,
                quiet=self.quiet,
                stack=self.stack,
            )
            self.opened.append(files)
        return self.opened[0].live(store, only=only, beside=beside)

    def layout(self) -> "Layout":
        """How the files of rows are written."""
        return layout(self.column, self.decimal)

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


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AnswerOptions(QuantitiesOptions):
    """The options of every command that shows answers about quantities as a table, JSON or CSV."""

    output: OutputOption = Output.TABLE

    def in_json(self) -> bool:
        """Whether the answer is a JSON document of ours."""
        return self.output is Output.JSON


def read_input(path: str, *, limit: int = MAX_SIZE) -> str:
    """The text of a file that is no store, decompressed if need be, of standard input for `-`, or in a revision."""
    from backorderctl.files.access import decompressed

    if is_side(path):
        from backorderctl.files.git_revision import revision_content

        return access.decoded(revision_content(path, default_path=""), path)
    name = "<stdin>" if path == STANDARD_INPUT else path
    raw = open_input(path) if name == path else limited(sys.stdin.buffer, name, limit=limit)
    with raw, decompressed(raw, name, limit=limit) as content:
        return access.decoded(content.read(), name)


def read_standard_input(*, limit: int = MAX_SIZE) -> bytes:
    """All that standard input has."""
    return limited(sys.stdin.buffer, "<stdin>", limit=limit).read()


def read_store(path: str) -> StoreFile:
    """The store in the file, on standard input for `-`, or in a revision of git."""
    if path == STANDARD_INPUT:
        return load_bytes(read_standard_input(), "<stdin>")
    return read_revision(path, default_path=path_of("")) if is_side(path) else load(path)


def read_revision(side: str, *, default_path: str) -> StoreFile:
    """The store in `git:REV` or `git:REV:PATH`."""
    from backorderctl.files.git_revision import name, revision_content

    return load_bytes(revision_content(side, default_path=default_path), name(side, default_path=default_path))


def path_of(file: str) -> str:
    """The path of a store file that may be in a revision; for `git:REV` and for "" that of the usual store file."""
    path = file
    if is_side(file):
        from backorderctl.files.git_revision import split_side

        path = split_side(file)[1]
    usual = os.environ.get(FILE_VARIABLE, "")
    return path or (usual if usual and not is_side(usual) else DEFAULT_FILE)
