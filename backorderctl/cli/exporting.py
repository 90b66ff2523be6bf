"""`backorderctl export`: a store as files that Magento, its REST interface or a spreadsheet reads."""

import io

from backorderctl.cli import export_magento
from backorderctl.cli.command import Command, noun
from backorderctl.cli.reading import StoreOptions, with_options
from backorderctl.cli.target import ToOption, write_export
from backorderctl.edit import bulk_csv
from backorderctl.output import table
from backorderctl.output.format import Output
from backorderctl.output.table import Column, Listing

app = noun("Exports: a store as files that Magento or a spreadsheet reads.")
app.add_typer(export_magento.app, name="magento")


@app.command("csv", cls=Command)
@with_options
def csv_(options: StoreOptions, to: ToOption = None) -> None:
    """Write everything that is set as a CSV that config apply reads.

    Its columns are product, source, stock, key and value.
    """
    out = io.StringIO()
    store = options.written()
    rows = list(bulk_csv.exported_rows(store))
    table.show(Listing("changes", tuple(map(Column, bulk_csv.COLUMNS)), rows), Output.CSV, out)
    write_export(out.getvalue(), to, rows=f"{len(rows)} rows", store=options.file, quiet=options.quiet)
    if entries := len(store.schedule):
        options.say(f"schedule: {entries} {'entry' if entries == 1 else 'entries'} left out; values are as written")
