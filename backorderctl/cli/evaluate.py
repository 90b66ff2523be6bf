"""`backorderctl evaluate`: answers for files of quantities at any size."""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from backorderctl.bulk import duckdb, spark
from backorderctl.bulk.inputs import QUANTITIES, RESERVATIONS, rows_files
from backorderctl.bulk.job import Job, MoreMemoryNeeded, RowsRefused, RunResult
from backorderctl.bulk.policy_tables import policy_tables
from backorderctl.cli.app import STANDARD_INPUT, Command, noun, progress, say, with_options
from backorderctl.cli.options import (
    AllowMissingOption,
    ColumnOption,
    DecimalOption,
    OutputOption,
    StockIdOption,
    complete_source,
    layout,
)
from backorderctl.cli.quantities import known_stock_ids
from backorderctl.cli.reading import RESERVED_VARIABLE, StoreOptions
from backorderctl.cli.rejects import rejects_names, write_refused
from backorderctl.cli.target import check_rejects, check_target, refuse_overwriting_input
from backorderctl.errors import BackorderctlError
from backorderctl.files.git_revision import committed_in
from backorderctl.output import evaluate as view
from backorderctl.output.format import Output
from backorderctl.rows.rows_read import mending, refusal
from backorderctl.store.model import source_named
from backorderctl.store.scalars import toml_repr

app = noun("")

GIGABYTE = "1GB"
_MEMORY = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,20})?) ?([KMGT]?i?B?)", re.IGNORECASE)
_LEAST_MEMORY = 200_000_000


class EngineName(StrEnum):
    """What runs the SQL text."""

    DUCKDB = "duckdb"
    SPARK = "spark"


@dataclass(frozen=True, slots=True)
class EvaluateOptions(StoreOptions):
    """The options of `evaluate`, whose answers go to a file; `output` is the shape of the summary."""

    output: OutputOption = Output.TABLE
    engine: Annotated[EngineName, typer.Option("--engine", help="What computes the answers.")] = EngineName.DUCKDB
    memory: Annotated[str, typer.Option("--memory", metavar="SIZE", help="The most that DuckDB takes.")] = GIGABYTE
    remote: Annotated[
        str | None, typer.Option("--remote", metavar="sc://HOST:PORT", help="The Spark Connect server of engine spark.")
    ] = None
    quantities_for: Annotated[
        str | None,
        typer.Option(
            "--quantities-for",
            metavar="SOURCE",
            help="The source of files without a column for it.",
            autocompletion=complete_source,
        ),
    ] = None
    column: ColumnOption = None
    decimal: DecimalOption = None
    stock_id: StockIdOption = None
    allow_missing: AllowMissingOption = False
    skip_bad: Annotated[
        str | None,
        typer.Option("--skip-bad", metavar="FOLDER", help="Go on without the refused rows and write them here."),
    ] = None

    @property
    def on_spark(self) -> bool:
        """Whether Spark computes the answers."""
        return self.engine is EngineName.SPARK

    def job(self, quantities: Sequence[str], reserved: Sequence[str]) -> Job:
        """What there is to do; BackorderctlError when a file cannot be read, or the store cannot be answered for."""
        if self.remote is not None and not self.on_spark:
            raise BackorderctlError(f"--remote: expected --engine spark, got {self.engine}")
        store = self.store()
        if not store.sources:
            raise BackorderctlError(f"{self.file}: expected a source, got none")
        if self.quantities_for is not None:
            source_named(store, self.quantities_for)
        written = layout(self.column, self.decimal)
        return Job(
            store,
            policy_tables(store),
            rows_files(quantities, QUANTITIES, layout=written, source=self.quantities_for, on_spark=self.on_spark),
            rows_files(reserved, RESERVATIONS, layout=written, on_spark=self.on_spark),
            known_stock_ids(self.stock_id or (), store.stocks),
            allow_missing=self.allow_missing,
            skip_bad=self.skip_bad is not None,
            marks=_marks(store.day, self.file),
        )

    def run(self, job: Job, to: str | None, *, summary: bool) -> RunResult:
        """The run of a job, with a bar where somebody watches; BackorderctlError with the rows that are refused."""
        memory = parse_memory(self.memory)
        try:
            if self.on_spark:
                return spark.evaluate_in_spark(job, to, summary=summary, remote=self.remote)
            with progress(100, quiet=self.quiet) as on_step:
                return duckdb.evaluate_in_duckdb(job, to, summary=summary, memory=memory, on_step=on_step)
        except RowsRefused as refused:
            rows = sum(file.rows for file in refused.files)
            hint = mending(refused.rows, rows, job.store, job.stock_ids, rejects="rejects")
            raise refusal(refused.rows, refused.files, hint=hint) from None
        except MoreMemoryNeeded:
            raise BackorderctlError(f"--memory: expected more for these rows, got {self.memory}") from None


@app.command(cls=Command)
@with_options
def evaluate(
    options: EvaluateOptions,
    quantities: Annotated[
        list[str],
        typer.Argument(
            metavar="QUANTITIES...",
            help="CSV or Parquet files of source_code, sku, quantity and status, "
            "patterns of such, or folders with such.",
        ),
    ],
    reserved: Annotated[
        list[str] | None,
        typer.Option(
            "--reserved", metavar="FILE", help=f"What is reserved; may be repeated. Else ${RESERVED_VARIABLE}."
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="ANSWERS", help="Where the answers go: a .parquet, .csv or .csv.gz file, or a folder."
        ),
    ] = None,
    summary: Annotated[bool, typer.Option("--summary", help="Show the totals of each stock.")] = False,
) -> None:
    """Answer for files of any size, as `product list` does."""
    if to is None and not summary:
        raise BackorderctlError("expected --to ANSWERS, --summary or both, got neither")
    from_environment = [] if reserved else [path for path in [os.environ.get(RESERVED_VARIABLE)] if path]
    job = options.job(quantities, reserved or from_environment)
    targets = _checked_targets(job, to, options)
    result = options.run(job, to, summary=summary)
    if options.skip_bad is not None:
        Path(options.skip_bad).mkdir(exist_ok=True)
        headers = {file.file: file.header for file in result.files}
        write_refused(result.refused, headers, targets, quiet=options.quiet, old=targets.values())
    for line in view.run_notes(result, job):
        say(line, quiet=options.quiet and not from_environment)
    if to is not None:
        options.say(view.answers_note(result, to))
    if summary:
        view.show_summary(result, job, options.output, sys.stdout)


def _marks(day: date, file: str) -> dict[str, str]:
    """What the answers say of themselves: the day, and the commit of the store file if it is as committed."""
    revision = committed_in(file)
    return {"at": day.isoformat(), **({"revision": revision} if revision else {})}


def _checked_targets(job: Job, to: str | None, options: EvaluateOptions) -> dict[str, str]:
    """Where the refused rows of each file go; BackorderctlError where these or the answers cannot be written."""
    read = [options.file, *(file.path for file in job.files)]
    if to is not None:
        check_target(to, on_spark=options.on_spark)
        refuse_overwriting_input("--to", to, read)
    if options.skip_bad is None:
        return {}
    targets = _rejects_targets(options.skip_bad, job)
    _check_rejects(Path(options.skip_bad), read, to, targets)
    return targets


def _rejects_targets(folder: str, job: Job) -> dict[str, str]:
    """Where the refused rows of each file go."""
    names = rejects_names(file.path for file in job.files)
    return {file: str(Path(folder) / f"{name}.csv") for file, name in names.items()}


def _check_rejects(folder: Path, read: Sequence[str], to: str | None, targets: Mapping[str, str]) -> None:
    """BackorderctlError where refused rows cannot be written, which would be found only after all are read."""
    if str(folder) == STANDARD_INPUT or (folder.exists() and not folder.is_dir()):
        found = "standard output" if str(folder) == STANDARD_INPUT else "a file"
        raise BackorderctlError(f"--skip-bad {folder}: expected a folder, got {found}")
    if not folder.absolute().parent.is_dir():
        raise BackorderctlError(f"--skip-bad {folder}: no such folder: {folder.parent}")
    for target in targets.values():
        check_rejects(target, read)
    places = [folder, *map(Path, targets.values())]
    if to is not None and Path(to).resolve() in [place.resolve() for place in places]:
        raise BackorderctlError(f"--to {to}: expected another place than that of the refused rows")


def parse_memory(typed: str) -> int:
    """A size such as 1GB or 800MiB in bytes; BackorderctlError for another text and for too little or too much."""
    found = _MEMORY.fullmatch(typed.strip())
    if found is None:
        raise BackorderctlError(f"--memory: expected a size such as 1GB, got {toml_repr(typed)}")
    unit = found[2].upper()
    base = 1024 if "I" in unit else 1000
    size = int(float(found[1]) * base ** " KMGT".index(unit[:1] if unit[:1] in tuple("KMGT") else " "))
    most = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if not _LEAST_MEMORY <= size <= most:
        raise BackorderctlError(
            f"--memory: expected 200MB to {most // 1_000_000}MB, which this machine has, got {typed}"
        )
    return size
