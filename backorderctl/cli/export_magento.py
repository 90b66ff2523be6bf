"""`backorderctl export magento`: a store's policy, goods and configuration as files that Magento imports."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from backorderctl.cli.command import Command, noun
from backorderctl.cli.options import StockOption
from backorderctl.cli.reading import StoreOptions, with_options
from backorderctl.cli.target import ToOption, refuse_overwriting_input, write_export
from backorderctl.errors import ANSWER_IS_NO, BackorderctlError
from backorderctl.magento import export_products, export_sources
from backorderctl.magento.columns import DEFAULT_SOURCE
from backorderctl.magento.csv_reader import file_input
from backorderctl.magento.export_config import ConfigFormat, write_config, zeroed
from backorderctl.magento.export_products import Effect, ExportRow, Inheritance
from backorderctl.magento.export_sources import SourceItemRow
from backorderctl.magento.import_config import Unset, read_config
from backorderctl.magento.policy_export import Approximate, Policy, compiled
from backorderctl.magento.report import Notice, Report
from backorderctl.output import importing
from backorderctl.output import magento as view
from backorderctl.output.format import count
from backorderctl.store import git_revision, model
from backorderctl.store.load import load_bytes
from backorderctl.store.model import Product, Store
from backorderctl.store.schedule import days_of_change, store_on
from backorderctl.store.settings import DEFAULTS
from backorderctl.store.sku import unsafe_skus
from backorderctl.toml.atomic_folder import write_folder

app = noun("Files that Magento imports.")

ApproximateOption = Annotated[
    Approximate | None,
    typer.Option(
        "--approximate",
        help="Where Magento cannot do as we do, sell the most that is never more (safe), "
        "or the least that is never less (generous).",
    ),
]
ConfigOption = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Magento's present configuration, as for import magento: values are written out wherever inheriting them "
        "would give another answer.",
    ),
]
ExplicitOption = Annotated[
    bool, typer.Option("--explicit", help="Write every value out, whatever Magento's configuration is.")
]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", metavar="OLD", help="Only rows that differ from those of a store file or git:REV."),
]


class Inexact(BackorderctlError):
    """Policy that Magento cannot run as it is."""

    status = ANSWER_IS_NO


@dataclass(frozen=True, slots=True)
class _Choices:
    """What an export of products goes by."""

    stock: str | None
    approximate: Approximate | None
    config: str | None
    explicit: bool
    quantities: bool = False


@app.command(cls=Command)
@with_options
def config(
    options: StoreOptions,
    config_format: Annotated[
        ConfigFormat, typer.Option("--format", help="Commands for Magento's shell, or a file for its tools.")
    ] = ConfigFormat.SH,
    to: ToOption = None,
) -> None:
    """Write what [global] says as Magento's configuration: each setting, also where it is Magento's default.

    Magento's own defaults hold until they are changed; what is written is what product rows inherit.
    """
    store = _read(options)
    out = io.StringIO()
    rows = write_config(store, config_format, out)
    _export(options, store, out.getvalue(), to, rows=count(rows, "value"))
    _say_config(options, store)


@app.command(cls=Command)
@with_options
def products(
    options: StoreOptions,
    stock: StockOption = None,
    approximate: ApproximateOption = None,
    config: ConfigOption = None,
    explicit: ExplicitOption = False,
    quantities: Annotated[
        bool,
        typer.Option(
            "--quantities", help="Also write qty and is_in_stock of source 'default': Magento overwrites its own."
        ),
    ] = False,
    since: SinceOption = None,
    to: ToOption = None,
) -> None:
    """Write a product import CSV: policy set at any scope as the one value that Magento keeps for a product.

    A row gives our salable quantity and our answers to orders for every quantity of 0 or more at the product's sources
    and everything reserved, in all its stocks or in --stock. Where none does, nothing is written and the status is 1.
    Without --config and --explicit, Magento's configuration is taken to be what [global] says, or the default where it
    says nothing.
    """
    choices = _Choices(stock=stock, approximate=approximate, config=config, explicit=explicit, quantities=quantities)
    store = _read(options, stock)
    if to is not None and config is not None:
        refuse_overwriting_input("--to", to, [config])
    policies = _policies(options, store, choices)
    chosen = _chosen(options, store, choices, since, _product_rows(options, store, policies, choices), ())
    out = io.StringIO()
    export_products.write_products(chosen.rows, out, quantities=quantities)
    _export(options, store, out.getvalue(), to, rows=count(len(chosen.rows), "product"))
    _say_effects(options, chosen.rows, tuple(Effect))
    _say_gone(options, since, chosen.gone, ())
    if quantities and (absent := [each.sku for each, _ in policies if DEFAULT_SOURCE not in each.items]):
        options.say(view.left_out(absent))
    _say_other_stocks(options, store, policies, stock)


@app.command("stock-sources", cls=Command)
@with_options
def stock_sources(options: StoreOptions, since: SinceOption = None, to: ToOption = None) -> None:
    """Write a stock_sources CSV: the quantity and stock status of every source item."""
    store = _read(options)
    chosen = _chosen(options, store, None, since, (), list(export_sources.source_item_rows(store)))
    out = io.StringIO()
    export_sources.write_source_items(chosen.items, out)
    rows = count(len(chosen.items), "source item")
    write_export(out.getvalue(), to, rows=rows, store=options.file, quiet=options.quiet)
    _say_gone(options, since, (), chosen.gone_items)


@app.command("low-quantity", cls=Command)
@with_options
def low_quantity(options: StoreOptions, stock: StockOption = None, to: ToOption = None) -> None:
    """Write what POST /V1/inventory/low-quantity-notification takes: the quantity at which each source item is low.

    Magento holds one for each source item. Where stocks that share a source say different ones, nothing is written and
    the status is 1; --stock chooses, and leaves out the sources that it does not sell from.
    """
    store = _read(options, stock)
    text, rows = _low_quantities(store, stock)
    _export(options, store, text, to, rows=count(rows, "source item"))


@app.command("all", cls=Command)
@with_options
def all_(
    options: StoreOptions,
    to: Annotated[str, typer.Option("--to", metavar="FOLDER", help="The folder to write; made if missing.")],
    stock: StockOption = None,
    approximate: ApproximateOption = None,
    config: ConfigOption = None,
    explicit: ExplicitOption = False,
    since: SinceOption = None,
) -> None:
    """Write everything that Magento needs into a folder, all or nothing, with IMPORT.txt about the order of import.

    config.sh is the configuration, products.csv the policy, stock_sources.csv the goods, low_quantity.json the
    quantities at which source items are low. With --config FILE, Magento's configuration stays as it is, and there is
    no config.sh.
    """
    choices = _Choices(stock=stock, approximate=approximate, config=config, explicit=explicit)
    store = _read(options, stock)
    rows = _product_rows(options, store, _policies(options, store, choices), choices)
    at_default = list(export_sources.rows_at_default(store, [row.sku for row in rows]))
    items = [*export_sources.source_item_rows(store), *at_default]
    chosen = _chosen(options, store, choices, since, rows, items)
    extra = len(set(at_default).intersection(chosen.items))
    files = {name: io.StringIO() for name in _FILES if name != CONFIG_FILE or config is None}
    if config is None:
        write_config(store, ConfigFormat.SH, files[CONFIG_FILE])
    export_products.write_products(chosen.rows, files["products.csv"])
    export_sources.write_source_items(chosen.items, files["stock_sources.csv"])
    files["low_quantity.json"].write(_low_quantities(store, stock)[0])
    files["IMPORT.txt"].write(view.instructions(config=config is None, at_default=extra))
    write_folder(to, {name: text.getvalue().encode() for name, text in files.items()})
    options.say(view.exported(to, products=len(chosen.rows), items=len(chosen.items), at_default=extra))
    _say_effects(options, chosen.rows, (Effect.THRESHOLD_ZEROED,))
    _say_gone(options, since, chosen.gone, chosen.gone_items)
    _say_config(options, store)
    _say_schedule(options, store)


CONFIG_FILE = "config.sh"
_FILES = (CONFIG_FILE, "products.csv", "stock_sources.csv", "low_quantity.json", "IMPORT.txt")


def _read(options: StoreOptions, stock: str | None = None) -> Store:
    """The store on the day, when Magento can hold its SKUs and it has the stock."""
    store = options.store()
    if stock is not None:
        model.stock_named(store, stock)
    if unsafe := list(unsafe_skus(store.products)):
        raise Inexact("\n".join(map(view.unsafe, unsafe)))
    return store


def _old(options: StoreOptions, since: str) -> Store:
    """The store of a file or revision, on the same day."""
    if not since.startswith(git_revision.PREFIX):
        return options.store(since)
    content = git_revision.content(since, default_path=options.file)
    written = load_bytes(content, git_revision.name(since, default_path=options.file))
    return store_on(written, options.day(written))


def _policies(options: StoreOptions, store: Store, choices: _Choices) -> list[tuple[Product, Policy]]:
    """What Magento is to keep for each product; Inexact, with every product for which nothing does what is asked."""
    policies, refused = [], []
    for each in compiled(store, stock=choices.stock):
        policy = each.policy(choices.approximate)
        if policy is None:
            refused.append(view.inexact(each))
            continue
        policies.append((each.product, policy))
        if not each.exact and not refused:
            options.say(view.approximated(each, policy))
    if refused:
        other = Approximate.GENEROUS if choices.approximate is Approximate.SAFE else Approximate.SAFE
        raise Inexact("\n".join(refused), hint=f"--approximate {other.value}")
    return policies


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The rows to write, and the SKUs and source items that an older store has and the store has not."""

    rows: Sequence[ExportRow]
    items: Sequence[SourceItemRow]
    gone: Sequence[str] = ()
    gone_items: Sequence[SourceItemRow] = ()


def _chosen(
    options: StoreOptions,
    store: Store,
    choices: _Choices | None,
    since: str | None,
    rows: Sequence[ExportRow],
    items: Sequence[SourceItemRow],
) -> _Chosen:
    """All rows, or those alone that differ from what an older store gives."""
    if since is None:
        return _Chosen(rows, items)
    old = _old(options, since)
    old_items = list(export_sources.source_item_rows(old))
    kept = {(row.source, row.sku) for row in items}
    gone_items = [row for row in old_items if (row.source, row.sku) not in kept]
    old_rows: Sequence[ExportRow] = ()
    if choices is not None:
        old_rows = _rows_of_old(options, old, choices)
        old_items += export_sources.rows_at_default(old, [row.sku for row in old_rows])
    return _Chosen(
        rows=list(export_products.changed_rows(rows, old_rows)),
        items=list(export_sources.changed_items(items, old_items)),
        gone=[sku for sku in old.products if sku not in store.products],
        gone_items=gone_items,
    )


def _rows_of_old(options: StoreOptions, old: Store, choices: _Choices) -> list[ExportRow]:
    """The rows of an older store: none for a product that Magento could not do."""
    policies = [
        (each.product, policy)
        for each in compiled(old, stock=choices.stock if choices.stock in old.stocks else None)
        if (policy := each.policy(choices.approximate)) is not None
    ]
    inheritance = _inheritance(options, old, choices)
    return list(export_products.product_rows(old, policies, inheritance, quantities=choices.quantities))


def _product_rows(
    options: StoreOptions, store: Store, policies: Sequence[tuple[Product, Policy]], choices: _Choices
) -> list[ExportRow]:
    inheritance = _inheritance(options, store, choices)
    return list(export_products.product_rows(store, policies, inheritance, quantities=choices.quantities))


def _inheritance(options: StoreOptions, store: Store, choices: _Choices) -> Inheritance:
    """Which configurations products may inherit from."""
    if choices.explicit:
        if choices.config is not None:
            raise BackorderctlError("--explicit: expected alone, got it beside --config")
        return export_products.EXPLICIT
    if choices.config is None:
        return export_products.assumed(store)
    report = Report()
    found = read_config(file_input(choices.config), report)
    for (notice, _), note in report.notes.items():
        if notice is Notice.CONFIGURATION_OF_SCOPE:
            options.say(f"{choices.config}: {importing.noted(note)}")
    values = {key: value for key, value in found.items() if not isinstance(value, Unset)}
    return export_products.given({**DEFAULTS, **values})


def _low_quantities(store: Store, stock: str | None) -> tuple[str, int]:
    items = list(export_sources.low_quantities(store, stock=stock))
    if differing := [view.differing(item) for item in items if not item.agreed]:
        raise Inexact("\n".join(differing), hint="--stock CODE")
    out = io.StringIO()
    view.show_low_quantities(items, out)
    return out.getvalue(), len(items)


def _export(options: StoreOptions, store: Store, text: str, to: str | None, *, rows: str) -> None:
    """Write a file for Magento."""
    write_export(text, to, rows=rows, store=options.file, quiet=options.quiet)
    _say_schedule(options, store)


def _say_schedule(options: StoreOptions, store: Store) -> None:
    """Say when the files will not be what the store means any longer: Magento keeps no schedule."""
    day = options.day(store)
    if days := days_of_change(store.schedule, after=day):
        options.say(f"as of {day}; the next scheduled change is due on {days[0]}: export again then")


def _say_gone(options: StoreOptions, since: str | None, skus: Sequence[str], items: Sequence[SourceItemRow]) -> None:
    for line in view.removed(since or "", skus, items):
        options.say(line)


def _say_effects(options: StoreOptions, rows: Sequence[ExportRow], effects: Sequence[Effect]) -> None:
    for effect in effects:
        if skus := [row.sku for row in rows if effect in row.effects]:
            options.say(view.effect(effect, skus))


def _say_config(options: StoreOptions, store: Store) -> None:
    if zeroed(store):
        options.say(view.config_zeroed(store))
    if places := view.config_alone(store):
        options.say(places)


def _say_other_stocks(
    options: StoreOptions, store: Store, policies: Sequence[tuple[Product, Policy]], stock: str | None
) -> None:
    if stock is None:
        return
    if outside := len(store.products) - len(policies):
        verb = "is" if outside == 1 else "are"
        options.say(f"{count(outside, 'product')} that {verb} not in stock {stock} but in another: left out")
    others = {source for code, other in store.stocks.items() if code != stock for source in other.sources}
    if shared := sum(not product.items.keys().isdisjoint(others) for product, _ in policies):
        verb = "is" if shared == 1 else "are"
        options.say(
            f"{count(shared, 'product')} that {verb} in another stock too, where Magento follows the same policy"
        )
