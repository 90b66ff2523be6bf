"""`backorderctl export`: a store as files that Magento, its REST interface or a spreadsheet reads."""

import io
from typing import Annotated

import typer

from backorderctl.bulk.job import format_of
from backorderctl.bulk.policy_tables import policy_tables
from backorderctl.bulk.sql_export import Dialect, sql_files
from backorderctl.cli import export_magento
from backorderctl.cli.app import Command, noun, with_options
from backorderctl.cli.reading import StoreOptions
from backorderctl.cli.target import ToOption, check_target, write_export
from backorderctl.edit import bulk_csv
from backorderctl.errors import BackorderctlError
from backorderctl.files.beside import written_beside
from backorderctl.output import listing
from backorderctl.output.format import Output, counted
from backorderctl.output.listing import Listing
from backorderctl.output.table import Column

app = noun("Exports: a store as files that Magento or a spreadsheet reads.")
app.add_typer(export_magento.app, name="magento")


@app.command("csv", cls=Command)
@with_options
def csv_(options: StoreOptions, to: ToOption = None) -> None:
    """Write everything that is set as a CSV file for `config apply`.

    Its columns are product, source, stock, key and value.
    """
    out = io.StringIO()
    store = options.written()
    rows = list(bulk_csv.exported_rows(store))
    listing.show(Listing("changes", tuple(map(Column, bulk_csv.CHANGE_COLUMNS)), rows), Output.CSV, out)
    write_export(out.getvalue(), to, rows=f"{len(rows)} rows", read=[options.file], quiet=options.quiet)
    if entries := len(store.schedule):
        options.say(f"schedule: {entries} {'entry' if entries == 1 else 'entries'} left out; values are as written")


@app.command(cls=Command)
@with_options
def sql(
    options: StoreOptions,
    dialect: Annotated[Dialect, typer.Option("--dialect", help="The database that will run it.")],
    to: Annotated[str, typer.Option("--to", metavar="FOLDER", help="A new or empty folder.")],
) -> None:
    """Write the SQL that `evaluate` runs, for a database of your own.

    The files are the SQL and the policy of one day as tables. You supply the quantities: tables.sql names the columns.
    """
    check_target(to)
    if format_of(to) is not None:
        raise BackorderctlError(f"--to {to}: expected a folder, got the name of a file")
    tables = policy_tables(options.store())
    with written_beside(to, folder=True) as folder:
        for name, text in sql_files(tables, dialect).items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
    options.say(f"{to}: tables.sql, answers.sql and the policy of {counted(len(tables.products), 'product')}")
