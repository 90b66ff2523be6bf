"""`backorderctl export`: a store as files that Magento, its REST interface or a spreadsheet reads."""

import io
from typing import Annotated

import typer

from backorderctl.cli.command import Command, noun
from backorderctl.cli.options import StockOption
from backorderctl.cli.reading import StoreOptions, with_options
from backorderctl.cli.target import ToOption, write_export
from backorderctl.edit import bulk_csv
from backorderctl.errors import ANSWER_IS_NO, BackorderctlError
from backorderctl.magento import export_products, export_sources
from backorderctl.magento.policy_export import Approximate, compiled
from backorderctl.output import magento as view
from backorderctl.output import table
from backorderctl.output.format import Output
from backorderctl.output.table import Column, Listing
from backorderctl.store import model
from backorderctl.store.model import Store
from backorderctl.store.schedule import days_of_change
from backorderctl.store.sku import unsafe_skus

app = noun("Exports: a store as files that Magento or a spreadsheet reads.")
magento = noun("Files that Magento imports.")
app.add_typer(magento, name="magento")


class Inexact(BackorderctlError):
    """Policy that Magento cannot run as it is."""

    status = ANSWER_IS_NO


def _read(options: StoreOptions, stock: str | None = None) -> Store:
    """The store on the day, when Magento can hold its SKUs and it has the stock."""
    store = options.store()
    if stock is not None:
        model.stock_named(store, stock)
    if unsafe := list(unsafe_skus(store.products)):
        raise Inexact("\n".join(map(view.unsafe, unsafe)))
    return store


def _export(options: StoreOptions, store: Store, text: str, to: str | None, *, rows: str) -> None:
    """Write a file for Magento, which keeps no schedule: say when it will not be what the store means any longer."""
    write_export(text, to, rows=rows, store=options.file, quiet=options.quiet)
    day = options.day(store)
    if days := days_of_change(store.schedule, after=day):
        options.say(f"as of {day}; the next scheduled change is due on {days[0]}: export again then")


@magento.command(cls=Command)
@with_options
def products(
    options: StoreOptions,
    stock: StockOption = None,
    approximate: Annotated[
        Approximate | None,
        typer.Option(
            "--approximate",
            help="Where Magento cannot do as we do, sell the most that is never more (safe), "
            "or the least that is never less (generous).",
        ),
    ] = None,
    quantities: Annotated[
        bool,
        typer.Option(
            "--quantities", help="Also write qty and is_in_stock of source 'default': Magento overwrites its own."
        ),
    ] = False,
    to: ToOption = None,
) -> None:
    """Write a product import CSV: policy set at any scope as the one value that Magento keeps for a product.

    A row gives our salable quantity and our answers to orders for every quantity of 0 or more at the product's sources
    and everything reserved, in all its stocks or in --stock. Where none does, nothing is written and the status is 1.
    Magento's configuration is taken to be what [global] says, or the default where it says nothing.
    """
    store = _read(options, stock)
    policies = []
    refused, approximations = [], []
    for each in compiled(store, stock=stock):
        policy = each.policy(approximate)
        if policy is None:
            refused.append(view.inexact(each))
        else:
            policies.append((each.product, policy))
            if not each.exact:
                approximations.append(view.approximated(each, policy))
    if refused:
        other = Approximate.GENEROUS if approximate is Approximate.SAFE else Approximate.SAFE
        raise Inexact("\n".join(refused), hint=f"--approximate {other.value}")
    for line in approximations:
        options.say(line)
    out = io.StringIO()
    rows = export_products.write_products(store, policies, out, quantities=quantities)
    _export(options, store, out.getvalue(), to, rows=f"{rows} products")
    if left_out := len(store.products) - rows:
        options.say(f"{left_out} products that are not in stock {stock} but in another: left out")
    others = {source for code, other in store.stocks.items() if code != stock for source in other.sources}
    if shared := sum(not product.items.keys().isdisjoint(others) for product, _ in policies if stock is not None):
        options.say(f"{shared} products that are in another stock too, where Magento follows the same policy")


@magento.command("stock-sources", cls=Command)
@with_options
def stock_sources(options: StoreOptions, to: ToOption = None) -> None:
    """Write a stock_sources CSV: the quantity and stock status of every source item."""
    out = io.StringIO()
    store = _read(options)
    rows = export_sources.write_stock_sources(store, out)
    write_export(out.getvalue(), to, rows=f"{rows} source items", store=options.file, quiet=options.quiet)


@magento.command("low-quantity", cls=Command)
@with_options
def low_quantity(options: StoreOptions, stock: StockOption = None, to: ToOption = None) -> None:
    """Write what POST /V1/inventory/low-quantity-notification takes: the quantity at which each source item is low.

    Magento holds one for each source item. Where stocks that share a source say different ones, nothing is written and
    the status is 1; --stock chooses, and leaves out the sources that it does not sell from.
    """
    store = _read(options, stock)
    items = list(export_sources.low_quantities(store, stock=stock))
    if differing := [view.differing(item) for item in items if not item.agreed]:
        raise Inexact("\n".join(differing), hint="--stock CODE")
    out = io.StringIO()
    view.show_low_quantities(items, out)
    _export(options, store, out.getvalue(), to, rows=f"{len(items)} source items")


@app.command("csv", cls=Command)
@with_options
def csv_(options: StoreOptions, to: ToOption = None) -> None:
    """Write everything that is set as rows of product, source, stock, key and value: what `config apply` reads."""
    out = io.StringIO()
    store = options.written()
    rows = list(bulk_csv.exported_rows(store))
    table.show(Listing("changes", tuple(map(Column, bulk_csv.COLUMNS)), rows), Output.CSV, out)
    write_export(out.getvalue(), to, rows=f"{len(rows)} rows", store=options.file, quiet=options.quiet)
    if entries := len(store.schedule):
        options.say(f"schedule: {entries} {'entry' if entries == 1 else 'entries'} left out; values are as written")
