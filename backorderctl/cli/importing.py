"""`backorderctl import`: the files that merchants have, taken into the store file."""

import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from backorderctl.cli.command import Command, noun
from backorderctl.cli.reading import with_options
from backorderctl.cli.target import encoded_export, refuse_overwriting_input
from backorderctl.cli.writing import WriteOptions, transact
from backorderctl.edit.operations import Changes
from backorderctl.errors import BackorderctlError
from backorderctl.magento import import_config, import_products, import_sources
from backorderctl.magento.csv_reader import OnProgress
from backorderctl.magento.merge import Imported, merged
from backorderctl.magento.report import Refused, Report
from backorderctl.output import importing as view
from backorderctl.output.progress import progress
from backorderctl.store.model import Store
from backorderctl.store.rejects import write_rejects
from backorderctl.toml import atomic_file
from backorderctl.toml.parse import collector_off

app = noun("Imports: the files that merchants have, taken into the store file.")

NEW = "version = 1\n"
"""A store file before anything is in it."""


@app.callback()
def _imports() -> None:
    """Take in the files that merchants have."""


def _input(name: str, help_text: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(name, metavar="FILE", help=help_text)
    return option


@app.command(cls=Command)
@with_options
def magento(
    options: WriteOptions,
    products: Annotated[str | None, _input("--products", "A product CSV, exported or made for import.")] = None,
    stock_sources: Annotated[str | None, _input("--stock-sources", "A stock_sources CSV.")] = None,
    config: Annotated[
        str | None,
        _input("--config", "What config:show prints, a CSV of path and value, or ConfigImportExport's YAML or JSON."),
    ] = None,
    link: Annotated[
        list[str] | None,
        typer.Option(
            "--link", metavar="STOCK=SOURCE,...", help="A stock sells from these sources; made if missing; repeatable."
        ),
    ] = None,
    skip_bad: Annotated[
        str | None,
        typer.Option(
            "--skip-bad",
            metavar="REJECTS.csv",
            help="Take the good rows and write the refused ones here, each after its reason and line, to be mended and "
            "imported. Rows of two inputs go to REJECTS.products.csv and REJECTS.stock-sources.csv.",
        ),
    ] = None,
) -> None:
    """Take Magento's files into the store file, all or nothing; it is made where there is none.

    What a file does not say stays as it is: absent columns, blank cells, products that are not in it. A value counts
    only where it is in force in Magento, use_config flags included. Files may be compressed.
    """
    if not (products or stock_sources or config or link):
        raise BackorderctlError("nothing to import", hint="--products FILE, --stock-sources FILE, --config FILE")
    read = Report()
    with collector_off():
        imported = _read(products, stock_sources, config, link or (), read, quiet=options.quiet)
    if read.refused and skip_bad is None:
        raise BackorderctlError(view.refusals(read.refused), hint="--skip-bad rejects.csv takes the other rows")
    rejects = _rejects(read, skip_bad, {"products": products, "stock-sources": stock_sources})
    for name in rejects:
        refuse_overwriting_input("--skip-bad", name, [options.file, *filter(None, (products, stock_sources, config))])

    def operation(store: Store) -> tuple[Changes, Report]:
        merging = Report()
        return merged(store, imported, merging), merging

    with collector_off():
        written = transact(options, operation, new=NEW, done=f"{options.file}: imported")
    for name, rows in rejects.items():
        if not options.dry_run:
            out = io.StringIO()
            write_rejects(read.headers[rows[0].file], rows, out)
            atomic_file.replace_bytes(name, encoded_export(out.getvalue(), name))
        options.say(f"{name}: {len(rows)} rows refused, the first at line {rows[0].line}: {rows[0].reason}")
    for line in view.summary((read, written.result)):
        options.say(line)


def _read(
    products: str | None,
    stock_sources: str | None,
    config: str | None,
    links: Sequence[str],
    report: Report,
    *,
    quiet: bool,
) -> Imported:
    rows, items, values = {}, {}, {}
    if config:
        values = import_config.read_config(config, report)
    if products:
        with _watched(products, quiet=quiet) as watch:
            rows = import_products.read_products(products, report, watch)
    if stock_sources:
        with _watched(stock_sources, quiet=quiet) as watch:
            items = import_sources.read_stock_sources(stock_sources, report, watch)
    return Imported(rows, items, values, _links(links))


@contextmanager
def _watched(path: str, *, quiet: bool) -> Iterator[OnProgress]:
    with progress(Path(path).stat().st_size, sys.stderr, quiet=quiet) as tell:
        yield lambda done: tell(f"{path}: reading", done)


def _links(typed: Sequence[str]) -> dict[str, list[str]]:
    """The sources to link by stock; BackorderctlError when one is typed otherwise."""
    links: dict[str, list[str]] = {}
    for each in typed:
        stock, equals, sources = each.partition("=")
        codes = [code.strip() for code in sources.split(",")]
        if not equals or not all(codes):
            raise BackorderctlError(f"--link: expected STOCK=SOURCE,..., got {each!r}")
        links.setdefault(stock.strip(), []).extend(codes)
    return links


def _rejects(report: Report, to: str | None, inputs: Mapping[str, str | None]) -> dict[str, list[Refused]]:
    """The refused rows by the file that they go to, to be mended there."""
    if to is None or not report.refused:
        return {}
    report.count("rows refused", len(report.refused))
    given = {kind: path for kind, path in inputs.items() if path}
    stem, dot, ends = to.partition(".csv")
    names = {path: to if len(given) == 1 else f"{stem}.{kind}{dot or '.csv'}{ends}" for kind, path in given.items()}
    rows = {name: [row for row in report.refused if row.file == path] for path, name in names.items()}
    return {name: found for name, found in rows.items() if found}
