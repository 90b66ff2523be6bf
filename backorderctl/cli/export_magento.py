"""`backorderctl export magento`: a store's policy, goods and configuration as files that Magento imports."""

import io
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from backorderctl.cli.app import Command, noun, refuse_second_input, with_options
from backorderctl.cli.options import StockOption, complete_revision
from backorderctl.cli.reading import StoreOptions, path_of, read_revision
from backorderctl.cli.target import ToOption, refuse_overwriting_input, write_export
from backorderctl.errors import ANSWER_IS_NO, BackorderctlError
from backorderctl.files.access import is_side, shell_quoted
from backorderctl.files.atomic_folder import write_folder
from backorderctl.magento import export_products, export_sources
from backorderctl.magento.export_config import (
    ConfigFormat,
    config_script,
    configured_keys,
    write_config,
)
from backorderctl.magento.export_products import ExportEffect, Inheritance
from backorderctl.magento.import_config import read_config
from backorderctl.magento.policy_export import Approximate
from backorderctl.magento.report import ImportReport, Notice
from backorderctl.magento.selection import Export, export, gone_items, select_rows
from backorderctl.output import importing
from backorderctl.output import magento as view
from backorderctl.output.format import counted
from backorderctl.policy.default_source import default_source_faults
from backorderctl.rows.spreadsheet import is_formula
from backorderctl.store import model
from backorderctl.store.model import DEFAULT_SOURCE, Store, StoreFile
from backorderctl.store.schedule import days_of_change
from backorderctl.store.settings import DEFAULTS, SETTINGS
from backorderctl.store.sku import unsafe_skus

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
AssumeDefaultsOption = Annotated[
    bool,
    typer.Option("--assume-defaults", help="Take it that Magento has its default of what [global] does not set."),
]
SinceOption = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="OLD",
        help="Only rows that differ from those of a store file or git:REV.",
        autocompletion=complete_revision,
    ),
]


class Inexact(BackorderctlError):
    """Policy that Magento cannot run as it is."""

    status = ANSWER_IS_NO


@app.command(cls=Command)
@with_options
def config(
    options: StoreOptions,
    config_format: Annotated[
        ConfigFormat, typer.Option("--format", help="Commands for Magento's shell, or a file for its tools.")
    ] = ConfigFormat.SH,
    to: ToOption = None,
) -> None:
    """Write what [global] sets as Magento's configuration.

    What [global] does not set stays in Magento as it is. The commands end by checking that Magento has these values,
    because config:set does not fail where app/etc locks one.
    """
    written, store = _read(options)
    out = io.StringIO()
    rows = write_config(store, config_format, out)
    _export(options, written, out.getvalue(), to, rows=counted(rows, "value"), read=(options.file,))
    _say(options, view.config_notes(store, written=True))


@app.command(cls=Command)
@with_options
def products(
    options: StoreOptions,
    stock: StockOption = None,
    approximate: ApproximateOption = None,
    config: ConfigOption = None,
    explicit: ExplicitOption = False,
    assume_defaults: AssumeDefaultsOption = False,
    quantities: Annotated[
        bool,
        typer.Option(
            "--quantities", help="Also write qty and is_in_stock of source 'default': Magento overwrites its own."
        ),
    ] = False,
    since: SinceOption = None,
    to: ToOption = None,
) -> None:
    """Write a product import CSV.

    Policy set at any scope as the one value that Magento keeps for a product.

    A row gives our salable quantity and our answers to orders for every quantity of 0 or more at the product's sources
    and everything reserved, in all its stocks or in --stock. Where none does, nothing is written and the status is 1.
    Without --config and --explicit, Magento's configuration is taken to be what [global] says. Where products inherit
    what it does not set, one of these or --assume-defaults is needed, or the status is 1.
    """
    read = _inputs(options.file, config, since)
    written, store = _read(options, stock)
    _possible(store, stock)
    inheritance = _configuration(options, config, explicit=explicit, assume_defaults=assume_defaults)

    def exported(each: Store) -> Export:
        known = each.settings.keys()
        return export(each, inheritance(each, known), stock=stock, approximate=approximate, quantities=quantities)

    new = _answered(_exact(options, exported(store), approximate))
    chosen = select_rows(new, None if since is None else exported(_old(options, since)))
    out = io.StringIO()
    export_products.write_products(chosen.rows, out, quantities=quantities)
    _export(options, written, out.getvalue(), to, rows=counted(len(chosen.rows), "product"), read=read)
    _say(options, view.effects(chosen.rows, ExportEffect))
    _say(options, view.removed(since or "", chosen.gone, ()))
    if config is None:
        _say(options, view.inheriting(since or "", chosen.inheriting))
        _say(options, view.configuration_changes(since or "", chosen.configuration))
    else:
        _say(options, view.kept_values(store, inheritance(store, ()).configurations[0]))
    if quantities and (absent := [each.sku for each, _ in new.policies if DEFAULT_SOURCE not in each.items]):
        options.say(view.left_out(absent))
    if stock is not None:
        _say(options, view.other_stocks(new, stock))


@app.command("stock-sources", cls=Command)
@with_options
def stock_sources(options: StoreOptions, since: SinceOption = None, to: ToOption = None) -> None:
    """Write a stock_sources CSV.

    The quantity and stock status of every source item.
    """
    read = _inputs(options.file, since)
    _, store = _read(options)
    every = list(export_sources.source_item_rows(store))
    old = [] if since is None else list(export_sources.source_item_rows(_old(options, since)))
    rows = every if since is None else list(export_sources.changed_items(every, old))
    out = io.StringIO()
    export_sources.write_source_items(rows, out)
    said = counted(len(rows), "source item")
    write_export(out.getvalue(), to, rows=said, read=read, quiet=options.quiet)
    _say(options, view.removed(since or "", (), gone_items(every, old)))


@app.command("low-quantity", cls=Command)
@with_options
def low_quantity(options: StoreOptions, stock: StockOption = None, to: ToOption = None) -> None:
    """Write the quantity at which each source item is low.

    It is what POST /V1/inventory/low-quantity-notification takes.

    Magento holds one for each source item. Where stocks that share a source say different ones, nothing is written and
    the status is 1; --stock chooses, and leaves out the sources that it does not sell from.
    """
    written, store = _read(options, stock)
    text, rows = _low_quantities(store, stock)
    _export(options, written, text, to, rows=counted(rows, "source item"), read=(options.file,))
    if stock is not None:
        _say(options, view.other_sources(store, rows, stock))


@app.command("all", cls=Command)
@with_options
def all_(
    options: StoreOptions,
    to: Annotated[str, typer.Option("--to", metavar="FOLDER", help="The folder to write; made if missing.")],
    stock: StockOption = None,
    approximate: ApproximateOption = None,
    config: ConfigOption = None,
    explicit: ExplicitOption = False,
    assume_defaults: AssumeDefaultsOption = False,
    since: SinceOption = None,
) -> None:
    """Write everything that Magento needs into a folder.

    All or nothing, with IMPORT.txt about the order of import.

    config.sh is the configuration that [global] sets, products.csv the policy, stock_sources.csv the goods,
    low_quantity.json the quantities at which source items are low. With --config FILE, Magento's configuration stays as
    it is, and there is no config.sh. Where products inherit what [global] does not set, --config, --explicit or
    --assume-defaults is needed, or the status is 1.
    """
    read = _inputs(options.file, config, since)
    for name in view.EXPORT_FILES:
        refuse_overwriting_input("--to", str(Path(to) / name), read)
    written, store = _read(options, stock)
    _possible(store, stock)
    old = None if since is None else _old(options, since)
    inheritance = _configuration(options, config, explicit=explicit, assume_defaults=assume_defaults)

    def exported(each: Store) -> Export:
        return export(each, inheritance(each, configured_keys(store, old)), stock=stock, approximate=approximate)

    new = _answered(_exact(options, exported(store), approximate))
    chosen = select_rows(new, None if old is None else exported(old))
    script = config_script(store, since=old, inherited=new.inherited) if config is None else ""
    low = list(export_sources.low_quantities(store, stock=stock))
    _write_folder(options, to, view.export_files(new, chosen, script=script, low=low, explicit=explicit))
    extra = len(set(new.at_default).intersection(chosen.items))
    options.say(view.exported(to, products=len(chosen.rows), items=len(chosen.items), at_default=extra))
    _say(options, view.effects(chosen.rows, [ExportEffect.THRESHOLD_ZEROED, ExportEffect.SELLS_UNMANAGED]))
    _say(options, view.removed(since or "", chosen.gone, chosen.gone_items))
    if missing := [item for item in low if not item.agreed]:
        options.say(f"Warning: low_quantity.json lacks {view.left_out_of_low(missing)}")
    if stock is not None:
        _say(options, view.other_stocks(new, stock, file="products.csv"))
        _say(options, view.other_sources(store, len(low), stock, file="low_quantity.json"))
    _say(options, view.config_notes(store, written=config is None))
    if config is not None:
        _say(options, view.kept_values(store, inheritance(store, ()).configurations[0]))
    _say_schedule(options, written)


def _inputs(*paths: str | None) -> list[str]:
    """The files that a command reads; BackorderctlError when more than one of them is standard input."""
    refuse_second_input(*paths)
    return [path for path in paths if path is not None]


def _read(options: StoreOptions, stock: str | None = None) -> tuple[StoreFile, Store]:
    """The store as written and on the day, when Magento can hold its SKUs and it has the stock."""
    written = options.written()
    store = written.on(options.day(written))
    if stock is not None:
        model.stock_named(store, stock)
    if unsafe := list(unsafe_skus(store.products)):
        raise Inexact("\n".join(map(view.unsafe, unsafe)))
    if formulas := sum(map(is_formula, store.products)):
        found = f"{counted(formulas, 'SKU')} that a spreadsheet takes for formulas"
        options.say(f"Warning: {found}: do not open the file in one")
    return written, store


def _old(options: StoreOptions, since: str) -> Store:
    """The store of a file or revision, on the same day."""
    if not is_side(since):
        return options.store(since)
    written = read_revision(since, default_path=path_of(options.file))
    return written.on(options.day(written))


def _exact(options: StoreOptions, found: Export, approximate: Approximate | None) -> Export:
    """The export, its approximations named; Inexact, with every product for which nothing does what is asked."""
    if found.refused:
        other = Approximate.GENEROUS if approximate is Approximate.SAFE else Approximate.SAFE
        raise Inexact("\n".join(map(view.inexact, found.refused)), hint=f"--approximate {other.value}")
    for each, policy in found.approximated:
        options.say(view.approximated(each, policy))
    return found


def _possible(store: Store, stock: str | None) -> Store:
    """The store; Inexact where Magento refuses what it does with the source `default`, in `stock` or in any."""
    faults = [fault for fault in default_source_faults(store) if stock is None or fault.stock in (None, stock)]
    if faults:
        raise Inexact("\n".join(map(view.refused_of_default, faults)))
    return store


def _answered(export: Export) -> Export:
    """The export; Inexact where nobody says what Magento's configuration has of what its products inherit."""
    products, keys = export.unanswered
    if products:
        raise Inexact(view.unanswered(products, keys), hint="--explicit")
    return export


def _configuration(
    options: StoreOptions, config: str | None, *, explicit: bool, assume_defaults: bool
) -> Callable[[Store, Collection[str]], Inheritance]:
    """Which configurations the products of a store may inherit from, given the keys that Magento has from [global]."""
    answers = {"--explicit": explicit, "--assume-defaults": assume_defaults, "--config": config is not None}
    if len(several := [option for option, given in answers.items() if given]) > 1:
        raise BackorderctlError(f"{several[0]}: expected alone, got it beside {several[1]}")
    if explicit:
        return lambda _, __: export_products.EXPLICIT
    if assume_defaults:
        return lambda store, _: export_products.as_global(store, SETTINGS)
    if config is None:
        return export_products.as_global
    from backorderctl.cli.importing import opened

    report = ImportReport()
    source = opened(config)
    configuration = read_config(source, report)
    for (notice, _), note in report.notes.items():
        if notice is Notice.CONFIGURATION_OF_SCOPE:
            options.say(f"{source.name}: {importing.noted(note)}")
    given = export_products.given({**DEFAULTS, **configuration.settings})
    return lambda _, __: given


def _low_quantities(store: Store, stock: str | None) -> tuple[str, int]:
    items = list(export_sources.low_quantities(store, stock=stock))
    if differing := [item for item in items if not item.agreed]:
        chosen = next(iter(differing[0].by_stock))
        raise Inexact("\n".join(map(view.differing, differing)), hint=f"--stock {shell_quoted(str(chosen))}")
    out = io.StringIO()
    view.show_low_quantities(items, out)
    return out.getvalue(), len(items)


def _export(
    options: StoreOptions, written: StoreFile, text: str, to: str | None, *, rows: str, read: Iterable[str]
) -> None:
    """Write a file for Magento, in the place of none that was `read` for it."""
    write_export(text, to, rows=rows, read=read, quiet=options.quiet)
    _say_schedule(options, written)


def _write_folder(options: StoreOptions, to: str, files: Mapping[str, str]) -> None:
    """Write the files of an export into a folder; those of an earlier one that this one does not have go."""
    old = [Path(to) / name for name in view.EXPORT_FILES if name not in files and (Path(to) / name).is_file()]
    ours = [path for path in old if view.is_of_export(path.name, path.read_text(encoding="utf-8", errors="replace"))]
    content = {name: text.encode() for name, text in files.items()}
    for warning in write_folder(to, content, without=[path.name for path in ours]):
        options.say(f"Warning: {warning}")
    for path in old:
        what = "removed, as this export has none" if path in ours else "left as it is, as no export has written it"
        options.say(f"{path}: {what}")


def _say_schedule(options: StoreOptions, written: StoreFile) -> None:
    """Say when the files will not be what the store means any longer: Magento keeps no schedule."""
    day = options.day(written)
    if days := days_of_change(written.schedule, after=day):
        options.say(f"as of {day}; the next scheduled change is due on {days[0]}: export again then")


def _say(options: StoreOptions, lines: Iterable[str]) -> None:
    for line in lines:
        options.say(line)
