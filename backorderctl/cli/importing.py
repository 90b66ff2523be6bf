"""`backorderctl import`: the files that merchants have, taken into the store file."""

import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from backorderctl.cli.app import STANDARD_INPUT, Command, noun, progress, refuse_second_input, with_options
from backorderctl.cli.options import MaxSizeOption, StockIdOption
from backorderctl.cli.reading import read_standard_input, read_store
from backorderctl.cli.target import check_rejects, encoded_export, remove_old_rejects
from backorderctl.cli.writing import WriteOptions, transact
from backorderctl.edit.operations import Changes, check_code
from backorderctl.edit.transaction import WriteResult
from backorderctl.errors import ANSWER_IS_NO, BackorderctlError
from backorderctl.files import atomic_file
from backorderctl.files.access import MAX_SIZE
from backorderctl.magento import import_config, import_inventory, import_products
from backorderctl.magento.csv_reader import UTF_8, Input, OnProgress, bytes_input, file_input
from backorderctl.magento.merge import Imported, merged
from backorderctl.magento.report import Count, ImportReport
from backorderctl.output import importing as view
from backorderctl.output.format import Output
from backorderctl.rows.delimited import Refused, write_rejects
from backorderctl.rows.rows_read import STOCK_IDS
from backorderctl.store.model import DEFAULT_STOCK, StoreFile
from backorderctl.toml.notation import collector_off

app = noun("Imports: files that merchants have, into the store file.")

NEW = "version = 1\n"
"""A store file before anything is in it."""


@app.callback()
def _imports() -> None:
    """Take in the files that merchants have."""


def _input(name: str, help_text: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(name, metavar="FILE", help=help_text)
    return option


@dataclass(frozen=True, slots=True)
class _Inputs:
    """The files to import, each None where none is given; one of them may be standard input."""

    products: Input | None
    stock_sources: Input | None
    reservations: Input | None
    config: Input | None

    def given(self) -> dict[str, Input]:
        """The files by their option, as the names of files of rejects have it."""
        named = {
            "products": self.products,
            "stock-sources": self.stock_sources,
            "reservations": self.reservations,
            "config": self.config,
        }
        return {name: source for name, source in named.items() if source is not None}


@app.command(cls=Command)
@with_options
def magento(
    options: WriteOptions,
    products: Annotated[str | None, _input("--products", "A product CSV, exported or made for import.")] = None,
    stock_sources: Annotated[str | None, _input("--stock-sources", "A stock_sources CSV.")] = None,
    config: Annotated[
        str | None,
        _input(
            "--config",
            "What bin/magento config:show prints, rows of core_config_data, app/etc/config.php, ConfigImportExport's "
            "YAML or JSON, or what export magento config writes.",
        ),
    ] = None,
    reservations: Annotated[
        str | None,
        _input("--reservations", "What is reserved: sku and reserved, or the rows of Magento's inventory_reservation."),
    ] = None,
    stock_id: StockIdOption = None,
    link: Annotated[
        list[str] | None,
        typer.Option(
            "--link", metavar="STOCK=SOURCE,...", help="A stock sells from these sources; made if missing; repeatable."
        ),
    ] = None,
    names_only: Annotated[
        bool, typer.Option("--names-only", help="Take nothing but SKUs and names from the product CSV.")
    ] = False,
    keep_policy: Annotated[
        bool,
        typer.Option("--keep-policy", help="Take goods, names and reservations alone: the store file's policy stays."),
    ] = False,
    take_policy: Annotated[
        bool,
        typer.Option("--take-policy", help="Take Magento's values, also where the store file sets others."),
    ] = False,
    encoding: Annotated[
        str, typer.Option("--encoding", metavar="NAME", help="How the files are encoded, such as cp1252.")
    ] = UTF_8,
    max_size: MaxSizeOption = MAX_SIZE,
    skip_bad: Annotated[
        str | None,
        typer.Option(
            "--skip-bad",
            metavar="REJECTS.csv",
            help="Take the good rows and write the refused ones here, each after its reason and line, to be mended and "
            "imported. Rows of several inputs go to REJECTS.products.csv, REJECTS.stock-sources.csv and so on.",
        ),
    ] = None,
) -> None:
    """Take Magento's files into the store file, all or nothing.

    A missing store file is made.

    What a file does not say stays as it is: absent columns, blank cells, products that are not in it. A value counts
    only where it is in force in Magento, use_config flags included. The stock sources are all there is of a product
    that they name, whatever qty the product CSV has for it. Files may be compressed; one of them may be - for standard
    input. With -o json, the summary is printed as JSON.

    What an export of the store file would give Magento changes nothing. Where Magento has other values than the store
    file sets, --keep-policy or --take-policy is needed, or the status is 1.
    """
    if keep_policy and take_policy:
        raise BackorderctlError("--keep-policy: expected alone, got it beside --take-policy")
    paths = (products, stock_sources, reservations, config)
    refuse_second_input(*paths)
    inputs = _Inputs(*(None if path is None else opened(path, encoding=encoding, limit=max_size) for path in paths))
    if not (inputs.given() or link):
        raise BackorderctlError(
            "expected --products, --stock-sources, --reservations, --config or --link, got nothing to import"
        )
    for name in _rejects_names(skip_bad, inputs.given()).values():
        check_rejects(name, [options.file, *(each.name for each in inputs.given().values())])
    read = ImportReport()
    with collector_off():
        imported = _read(inputs, _links(link or ()), _stock_ids(stock_id), read, options, names_only=names_only)
    if read.refused and skip_bad is None:
        raise BackorderctlError(view.describe_refused(read.refused), hint="--skip-bad rejects.csv")
    rejects = _rejects(read, skip_bad, inputs.given())
    if imported.empty:
        options.say(f"{options.file}: nothing imported")
        _summarize(options, [read], rejects, changed=False)
        raise typer.Exit(ANSWER_IS_NO)
    policy = _Policy(keep=keep_policy, take=take_policy)
    _write(options, imported, read, rejects, policy)


class PolicyDiffers(BackorderctlError):
    """Magento has other values than the store file, and nobody says which count."""

    status = ANSWER_IS_NO


class _Policy(NamedTuple):
    """Which values count where Magento has others than the store file: its own, or Magento's; or nobody says."""

    keep: bool
    take: bool


def _write(
    options: WriteOptions,
    imported: Imported,
    read: ImportReport,
    rejects: Mapping[str, Sequence[Refused]],
    policy: _Policy,
) -> None:
    """Merge what was read into the store file, and say what came of it."""

    def operation(store: StoreFile) -> tuple[Changes, ImportReport]:
        merging = ImportReport()
        changes = merged(store, imported, merging, today=options.today(store), keep_policy=policy.keep)
        if merging.differing and not policy.take:
            raise PolicyDiffers(view.other_values(merging.differing), hint="--keep-policy")
        return changes, merging

    def summary(written: WriteResult[ImportReport]) -> None:
        changed = written.changed and not options.dry_run
        _summarize(options, [read, written.result], rejects, changed=changed)

    with collector_off():
        transact(options, operation, new=NEW, done=f"{options.file}: imported", summary=summary)


def _summarize(
    options: WriteOptions, reports: Sequence[ImportReport], rejects: Mapping[str, Sequence[Refused]], *, changed: bool
) -> None:
    """Write the files of rejects, and say what was taken, ignored and refused."""
    refused = {name: rows for name, rows in rejects.items() if rows}
    if not options.dry_run:
        _write_rejects(reports[0], rejects, options)
    for name, rows in refused.items():
        options.say(view.rejects(name, rows))
    if options.output is not Output.JSON or options.dry_run:
        for line in view.import_summary(reports):
            options.say(line)
    else:
        view.write_json(options.file, reports, sys.stdout, changed=changed, rejects=list(refused))


def _read(
    inputs: _Inputs,
    links: Mapping[str, Sequence[str]],
    stock_ids: Mapping[str, str],
    report: ImportReport,
    options: WriteOptions,
    *,
    names_only: bool,
) -> Imported:
    products, items, values, reserved = {}, {}, None, None
    if inputs.config:
        values = import_config.read_config(inputs.config, report)
    if inputs.products:
        with _watched(inputs.products, options) as watch:
            products = import_products.read_products(inputs.products, report, watch, names_only=names_only)
    if inputs.stock_sources:
        with _watched(inputs.stock_sources, options) as watch:
            items = import_inventory.read_stock_sources(inputs.stock_sources, report, watch)
    if inputs.reservations:
        with _watched(inputs.reservations, options) as watch:
            try:
                reserved = import_inventory.read_reserved_units(inputs.reservations, report, watch, stock_ids)
            except import_inventory.UnknownStocks as failure:
                failure.hint = _stock_id_hint(options.file, failure.numbers, links, stock_ids)
                raise
    return Imported(products, items, values, links, reserved)


def _stock_id_hint(
    file: str, numbers: Sequence[str], links: Mapping[str, Sequence[str]], stock_ids: Mapping[str, str]
) -> str | None:
    """The option that names the stock of a number, where it can be but one."""
    declared = [*links]
    if Path(file).exists():
        declared += [code for code, stock in read_store(file).stocks.items() if stock.declared]
    stocks = [code for code in dict.fromkeys(declared) if code not in stock_ids.values()] or [DEFAULT_STOCK]
    return f"--stock-id {numbers[0]}={stocks[0]}" if len(numbers) == len(stocks) == 1 else None


def opened(path: str, *, encoding: str = UTF_8, limit: int = MAX_SIZE) -> Input:
    """The file at `path`, or all that standard input has, for `-`, as an input."""
    if path != STANDARD_INPUT:
        return file_input(path, encoding=encoding, limit=limit)
    return bytes_input(read_standard_input(limit=limit), "<stdin>", encoding=encoding, limit=limit)


def _stock_ids(typed: Sequence[str] | None) -> Mapping[str, str]:
    """The stocks by Magento's number, those of the options included."""
    if not typed:
        return STOCK_IDS
    from backorderctl.cli.quantities import parse_stock_ids

    return parse_stock_ids(typed)


@contextmanager
def _watched(source: Input, options: WriteOptions) -> Iterator[OnProgress]:
    path = Path(source.name)
    size = path.stat().st_size if path.exists() else 0
    with progress(size, quiet=options.quiet) as tell:
        yield lambda done: tell(f"{source.name}: reading", done)


def _links(typed: Sequence[str]) -> dict[str, list[str]]:
    """The sources to link by stock; BackorderctlError when one is typed otherwise."""
    links: dict[str, list[str]] = {}
    for each in typed:
        stock, equals, sources = each.partition("=")
        codes = [code.strip() for code in sources.split(",")]
        if not equals or not all(codes):
            raise BackorderctlError(f"--link: expected STOCK=SOURCE,..., got {each!r}")
        for code in (stock.strip(), *codes):
            check_code("--link", code)
        links.setdefault(stock.strip(), []).extend(codes)
    return links


def _rejects(report: ImportReport, to: str | None, inputs: Mapping[str, Input]) -> dict[str, list[Refused]]:
    """The refused rows by the file that they go to, to be mended there; no rows where none of an input is refused."""
    if to is None:
        return {}
    if report.refused:
        report.count(Count.ROWS_REFUSED, len(report.refused))
    names = _rejects_names(to, inputs)
    return {name: [row for row in report.refused if row.file == file] for file, name in names.items()}


def _rejects_names(to: str | None, inputs: Mapping[str, Input]) -> dict[str | None, str]:
    """The file of refused rows of each input, and under None that of a run with one input alone."""
    if to is None:
        return {}
    stem, dot, ends = to.partition(".csv")
    named: dict[str | None, str] = {
        each.name: to if len(inputs) == 1 else f"{stem}.{kind}{dot or '.csv'}{ends}" for kind, each in inputs.items()
    }
    return named if to in named.values() else {**named, None: to}


def _write_rejects(report: ImportReport, rejects: Mapping[str, Sequence[Refused]], options: WriteOptions) -> None:
    """Write each file of rejects; one of an earlier run, of which no row is refused any more, goes."""
    for name, rows in rejects.items():
        if rows:
            out = io.StringIO()
            write_rejects(report.headers[rows[0].file], rows, out)
            atomic_file.replace_bytes(name, encoded_export(out.getvalue(), name))
        else:
            remove_old_rejects(name, quiet=options.quiet)
