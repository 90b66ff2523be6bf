"""What a store's policy becomes in Magento, in words and files."""

import io
import textwrap
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, TextIO

from backorderctl.magento.export_config import global_values, is_exported, zeroed
from backorderctl.magento.export_products import ExportEffect, ExportRow, write_products
from backorderctl.magento.export_sources import Notified, SourceItemRow, write_source_items
from backorderctl.magento.policy_difference import Differs, PolicyDifference, first_difference
from backorderctl.magento.policy_export import Compiled, Need, Policy
from backorderctl.magento.selection import Export, Selection
from backorderctl.output import listing
from backorderctl.output.format import Output, counted, in_words
from backorderctl.output.listing import Listing
from backorderctl.output.table import Column
from backorderctl.policy.default_source import DefaultSourceFault
from backorderctl.store import scalars
from backorderctl.store.model import Store
from backorderctl.store.scalars import LIMIT, ZERO
from backorderctl.store.settings import (
    BACKORDERS,
    MANAGE_STOCK,
    NOTIFY_BELOW,
    SETTINGS,
    THRESHOLD,
    Settings,
    format_value,
)
from backorderctl.store.sku import LONGEST_SKU, UnsafeSku

SKUS_SHOWN = 5
"""SKUs that a message names one by one."""


def unsafe(found: UnsafeSku) -> str:
    """Why Magento cannot hold a SKU."""
    if found.same_as is not None:
        return f"product {found.sku!r}: to Magento the same as {found.same_as!r}"
    return f"product {found.sku!r}: expected at most {LONGEST_SKU} characters, got {len(found.sku)}"


def inexact(product: Compiled) -> str:
    """Why Magento cannot do as we do for a product, with our salable quantity and Magento's best in each stock.

    Where both numbers are equal, what differs all the same.
    """
    return f"product {product.product.sku!r}: {_why(product)}: {'; '.join(_numbers(product, n) for n in product.needs)}"


def approximated(product: Compiled, policy: Policy) -> str:
    """What a product gets instead of our policy, with our salable quantity and Magento's in each stock."""
    numbers = "; ".join(f"{_ours(need)}, in Magento {_magentos(need, policy)}" for need in product.needs)
    return f"product {product.product.sku!r}: approximated by {_policy(policy)}: {numbers}"


def differing(item: Notified) -> str:
    """Why Magento cannot hold when a source item is low."""
    values = ", ".join(f"{stock} {scalars.format_quantity(units)}" for stock, units in item.by_stock.items())
    return f"product {item.sku!r} at {item.source}: {NOTIFY_BELOW.key} differs by stock: {values}"


def refused_of_default(fault: DefaultSourceFault) -> str:
    """Why Magento refuses what the store does with its source `default`."""
    if fault.stock is None:
        return "source 'default': expected it enabled, as Magento cannot disable it, got enabled = false"
    beside = f"it beside {in_words(map(repr, fault.beside))}" if fault.beside else f"it in stock {fault.stock!r}"
    return (
        f"stock {fault.stock!r}: expected source 'default' in stock 'default' alone, without another source, as in "
        f"Magento, got {beside}"
    )


def unanswered(products: int, keys: Collection[str]) -> str:
    """What products inherit from Magento's configuration, of which nothing says what it has."""
    inherit = "inherits" if products == 1 else "inherit"
    return (
        f"{counted(products, 'product')} {inherit} {in_words(keys)}, which [global] does not set: expected "
        "--config FILE, --explicit or --assume-defaults, got none of them"
    )


_EFFECTS = {
    ExportEffect.RELIES_ON_GLOBAL: "{products} (first: {sku!r}) inherit{s} values of [global] that are not Magento's "
    "defaults: give Magento's configuration with --config FILE, or write every value out with --explicit",
    ExportEffect.THRESHOLD_ZEROED: "{products} (first: {sku!r}) {have} a threshold below 0 without backorders: "
    "written as 0, because Magento would show {them} as In Stock when sold out",
    ExportEffect.SELLS_IF_NEW: "{products} (first: {sku!r}) not on sale at source 'default': if new to Magento, the "
    "import puts {them} on sale there; export magento all prevents it",
    ExportEffect.SELLS_UNMANAGED: "{products} (first: {sku!r}) without managed stock {are} not at source 'default': if "
    "new to Magento, the import puts {them} there, and {they} sell{s} in the stocks of that source",
    ExportEffect.STATUS_LOST: "{products} (first: {sku!r}) {are} In Stock at source 'default', and Magento's import "
    "makes {them} Out of Stock there: import stock sources afterwards (export magento all)",
    ExportEffect.STATUS_UNSURE: "the status of {products} (first: {sku!r}) at source 'default' may become another, as "
    "Magento's import writes what it has: import stock sources afterwards (export magento all)",
}


def effects(rows: Sequence[ExportRow], named: Iterable[ExportEffect]) -> Iterator[str]:
    """What Magento does with the products of an export, of what is `named`, as warnings."""
    for each in named:
        if skus := [row.sku for row in rows if each in row.effects]:
            yield _effect(each, skus)


def _effect(found: ExportEffect, skus: Sequence[str]) -> str:
    one = len(skus) == 1
    words = {"s": "s", "have": "has", "are": "is", "them": "it", "they": "it"}
    words = words if one else {"s": "", **{each: each for each in words if each != "s"}}
    text = _EFFECTS[found].format(products=counted(len(skus), "product"), sku=skus[0], **words)
    return f"Warning: {text}"


def config_notes(store: Store, *, written: bool) -> Iterator[str]:
    """What the configuration, if it is `written`, has otherwise than [global], and what only it can hold."""
    if written and zeroed(store):
        threshold = format_value(store.settings[THRESHOLD.key])
        yield (
            f"Warning: {THRESHOLD.key} {threshold} without backorders: written as 0, because Magento would show "
            "sold-out products as In Stock"
        )
    keys = [row.key for row in SETTINGS.values() if row.csv_column is None]
    places = [stock.settings for stock in store.stocks.values()]
    places += [product.settings for product in store.products.values()]
    number = sum(any(key in settings for key in keys) for settings in places)
    if number:
        who = "stock or product sets" if number == 1 else "stocks and products set"
        yield f"{number} {who} {', '.join(keys)}, which Magento has in its configuration alone: not written"


def kept_values(store: Store, configuration: Settings) -> Iterator[str]:
    """What [global] has otherwise than a configuration that stays as it is, of what no product row can hold."""
    values = global_values(store)
    for row in SETTINGS.values():
        if row.csv_column is None and values[row.key] != configuration[row.key]:
            yield (
                f"Warning: {row.key} is {format_value(values[row.key])} in [global] and "
                f"{format_value(configuration[row.key])} in Magento's configuration, which alone has it: not written"
            )


def left_out(skus: Sequence[str]) -> str:
    """Products that are not written, because they have no item at Magento's source `default`."""
    named = ", ".join(map(repr, skus[:SKUS_SHOWN])) + (
        f" and {len(skus) - SKUS_SHOWN} more" if len(skus) > SKUS_SHOWN else ""
    )
    return f"not at source 'default', and left out: {named}"


def removed(since: str, skus: Sequence[str], items: Sequence[SourceItemRow]) -> Iterator[str]:
    """What an older store had and the store has no longer: Magento keeps it until it is deleted there."""
    kept = "that the store no longer has: Magento keeps"
    if skus:
        them = "it" if len(skus) == 1 else "them"
        yield f"{counted(len(skus), 'product')} of {since} (first: {skus[0]!r}) {kept} {them}"
    if items:
        them = "it" if len(items) == 1 else "them"
        first = f"{items[0].sku!r} at {items[0].source}"
        yield f"{counted(len(items), 'source item')} of {since} (first: {first}) {kept} {them}"


def inheriting(since: str, skus: Sequence[str]) -> Iterator[str]:
    """Which products have another policy than in an older store that Magento gets from its configuration alone."""
    if skus:
        inherit = f"{counted(len(skus), 'product')} (first: {skus[0]!r}) inherit{'s' if len(skus) == 1 else ''}"
        yield (
            f"Warning: {inherit} values of [global] that have changed since {since}: Magento gets them from "
            "export magento config"
        )


def configuration_changes(since: str, keys: Sequence[str]) -> Iterator[str]:
    """Which values of [global] have changed that no product row can hold."""
    for key in keys:
        yield f"Warning: {key} of [global] has changed since {since}: Magento gets it from export magento config alone"


def other_stocks(found: Export, stock: str, *, file: str = "") -> Iterator[str]:
    """How many products the export for one stock leaves out, and how many of its own are in another stock too."""
    out = f"left out of {file}" if file else "left out"
    others = {source for code, other in found.store.stocks.items() if code != stock for source in other.sources}
    outside = len(found.store.products) - len(found.policies)
    shared = sum(not product.items.keys().isdisjoint(others) for product, _ in found.policies)
    if outside:
        verb = "is" if outside == 1 else "are"
        yield f"{counted(outside, 'product')} that {verb} not in stock {stock} but in another: {out}"
    if shared:
        verb = "is" if shared == 1 else "are"
        yield f"{counted(shared, 'product')} that {verb} in another stock too, where Magento follows the same policy"


def other_sources(store: Store, items: int, stock: str, *, file: str = "") -> Iterator[str]:
    """How many source items have no low quantity in the export for one stock."""
    outside = sum(len(product.items) for product in store.products.values()) - items
    if outside:
        verb = "is" if outside == 1 else "are"
        out = f"left out of {file}" if file else "left out"
        yield f"{counted(outside, 'source item')} that {verb} at no source of stock {stock}: {out}"


def exported(folder: str, *, products: int, items: int, at_default: int) -> str:
    """What has been written into a folder."""
    extra = f", {at_default} of them without goods at 'default' for products that are not there" if at_default else ""
    return f"{folder}: {counted(products, 'product')}, {counted(items, 'source item')}{extra}"


def export_files(
    new: Export, chosen: Selection, *, script: str, low: Sequence[Notified], explicit: bool
) -> dict[str, str]:
    """The files of a folder by name: those that have anything to import, and IMPORT.txt about them.

    `script` is config.sh; of `low` only what the stocks agree in is written.
    """
    files = {CONFIG_FILE: script} if script else {}
    agreed = [item for item in low if item.agreed]
    writers: dict[str, tuple[Collection[Any], Callable[[TextIO], None]]] = {
        PRODUCTS_FILE: (chosen.rows, lambda out: write_products(chosen.rows, out)),
        SOURCES_FILE: (chosen.items, lambda out: write_source_items(chosen.items, out)),
        LOW_FILE: (agreed, lambda out: show_low_quantities(agreed, out)),
    }
    for name, (rows, write) in writers.items():
        if rows:
            out = io.StringIO()
            write(out)
            files[name] = out.getvalue()
    return {**files, IMPORT_FILE: _instructions(files, new, chosen, low, explicit=explicit)}


CONFIG_FILE, PRODUCTS_FILE, SOURCES_FILE = "config.sh", "products.csv", "stock_sources.csv"
LOW_FILE, IMPORT_FILE = "low_quantity.json", "IMPORT.txt"
EXPORT_FILES = (CONFIG_FILE, PRODUCTS_FILE, SOURCES_FILE, LOW_FILE, IMPORT_FILE)
_FIRST_LINES = {
    PRODUCTS_FILE: "sku,allow_backorders,",
    SOURCES_FILE: "source_code,sku,status,quantity",
    LOW_FILE: '{"sourceItemConfigurations"',
}


def is_of_export(name: str, text: str) -> bool:
    """Whether a file of this name looks like one that an export has written, of any store."""
    return is_exported(text) if name == CONFIG_FILE else text.startswith(_FIRST_LINES[name])


def _instructions(
    files: Collection[str], new: Export, chosen: Selection, low: Sequence[Notified], *, explicit: bool
) -> str:
    """The text that says what Magento must have, in which order the files of an export are imported, and why."""
    steps = []
    if CONFIG_FILE in files:
        why = "" if explicit else " The configuration comes first: products.csv leaves out what it gives."
        steps.append(
            "sh config.sh, in Magento's folder, and then bin/magento cache:clean config. Where it fails, Magento has "
            f"another value than the products inherit: import nothing before that is mended.{why}"
        )
    if PRODUCTS_FILE in files:
        steps.append(
            "products.csv: System > Data Transfer > Import, entity Products, Add/Update. It has no qty: Magento would "
            "write it to the source 'default'. A product that is new gets an item there all the same, and the status "
            "of one that exists may change."
        )
    if SOURCES_FILE in files:
        at_default = len(set(new.at_default).intersection(chosen.items))
        extra = f" It has {counted(at_default, 'row')} without goods at 'default', Out of Stock, for products that are"
        steps.append(
            "stock_sources.csv: the same form, entity Stock Sources, Add/Update. It comes after products.csv, to put "
            "right what that did at 'default'."
            + (f"{extra} not at that source: they add nothing." if at_default else "")
        )
    if LOW_FILE in files:
        steps.append(
            "low_quantity.json: POST it to /V1/inventory/low-quantity-notification, last, because it needs the source "
            "items."
        )
    lines = [line for note in _first(new.store) for line in [*textwrap.wrap(note, 100), ""]]
    lines += ["Import these files in this order." if steps else "There is nothing to import.", ""]
    for number, step in enumerate(steps, 1):
        lines += [*textwrap.wrap(step, 100, initial_indent=f"{number}. ", subsequent_indent="   "), ""]
    if missing := [item for item in low if not item.agreed]:
        lines += [*textwrap.wrap(f"Not in low_quantity.json: {left_out_of_low(missing)}.", 100), ""]
    return "\n".join([*lines, "Then run bin/magento indexer:reindex inventory, unless indexes update on save."]) + "\n"


def _first(store: Store) -> Iterator[str]:
    """What Magento must have before the files are imported."""
    stocks = "; ".join(f"{stock.code}: {', '.join(stock.sources) or 'none'}" for stock in store.stocks.values())
    yield (
        "Magento must have the products first: products.csv creates none. A row of a SKU that Magento does not have "
        "is skipped, and stock_sources.csv would leave a source item without a product. SKUs should be spelled as in "
        "Magento."
    )
    yield (
        f"Each stock must have these sources, in this order: {stocks}. The stock with the source 'default' is "
        "Magento's Default Stock, any other a custom stock."
    )
    yield "Source items that Magento has and stock_sources.csv lacks stay as they are, and sell."


def left_out_of_low(missing: Sequence[Notified]) -> str:
    """Which source items have no low quantity in an export, because their stocks have different ones."""
    return (
        f"{counted(len(missing), 'source item')} whose stocks have different ones, of which Magento holds one "
        f"(first: {differing(missing[0])}); --stock chooses"
    )


def show_low_quantities(items: Iterable[Notified], out: TextIO) -> None:
    """Write the payload of POST /V1/inventory/low-quantity-notification."""
    columns = tuple(map(Column, ("source_code", "sku", "notify_stock_qty")))
    rows = ((item.source, item.sku, next(iter(item.by_stock.values()))) for item in items)
    listing.show(Listing("sourceItemConfigurations", columns, rows), Output.JSON, out)


def _why(product: Compiled) -> str:
    if len(product.needs) > 1 and all(need.exact for need in product.needs):
        return "Magento keeps one policy for a product, and its stocks need different ones"
    if any(not need.exact for need in product.needs):
        return "a reserve at one source and goods or an allowance at another do not make one threshold"
    return f"Magento holds no threshold of {LIMIT:f} or more"


def _numbers(product: Compiled, need: Need) -> str:
    best = [f"{_magentos(need, product.generous)} generous ({_policy(product.generous)})"]
    if product.safe is not None:
        best.insert(0, f"{_magentos(need, product.safe)} safe ({_policy(product.safe)})")
    return f"{_ours(need)}, in Magento {' or '.join(best)}"


def _magentos(need: Need, policy: Policy) -> str:
    """Magento's salable quantity, and where it is the same as ours what is not."""
    theirs = policy.salable(need.answer)
    if theirs != need.answer.salable or (difference := first_difference(need, policy)) is None:
        return _units(theirs)
    return f"{_units(theirs)} ({_difference(difference)})"


def _difference(found: PolicyDifference) -> str:
    ours, theirs = _units(found.ours), _units(found.magentos)
    if found.what is Differs.SALABLE:
        text = f"{ours} salable, in Magento {theirs}"
    else:
        what = "backordered" if found.what is Differs.BACKORDERED else "backordered with a notice"
        text = f"of {scalars.format_quantity(found.order or ZERO)} ordered {ours} {what}, in Magento {theirs}"
    if found.quantities is None:
        return f"but {text}"
    goods = " and ".join(f"{scalars.format_quantity(units)} at {at}" for at, units in found.quantities.items())
    return f"but with {goods}: {text}"


def _ours(need: Need) -> str:
    return f"stock {need.answer.stock}: {_units(need.answer.salable)} salable"


def _policy(policy: Policy) -> str:
    if not policy.managed:
        return f"{MANAGE_STOCK.key} {format_value(policy.managed)}"
    return f"{BACKORDERS.key} {policy.backorders}, {THRESHOLD.key} {scalars.format_quantity(policy.threshold)}"


def _units(salable: Decimal | None) -> str:
    return "unlimited" if salable is None else scalars.format_quantity(salable)
