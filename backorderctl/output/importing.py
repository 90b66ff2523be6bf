"""What an import has read, refused and left aside, in words and as JSON."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from backorderctl.errors import Problem
from backorderctl.magento.report import Count, ImportReport, Note, Notice, OtherInMagento, Tally
from backorderctl.output.format import in_words
from backorderctl.rows.delimited import Refused
from backorderctl.store.settings import format_value

ROWS_SHOWN = 20
"""Refused rows that are named one by one."""
_ROWS = (Count.PRODUCT_ROWS, Count.STOCK_SOURCE_ROWS, Count.RESERVATION_ROWS)
"""Counts that are shown when they are 0, too."""
_COUNTS = {
    Count.CONFIGURATION_VALUES: "configuration value(|s)",
    Count.PRODUCT_ROWS: "product row(|s)",
    Count.STOCK_SOURCE_ROWS: "stock source row(|s)",
    Count.RESERVATION_ROWS: "reservation row(|s)",
    Count.ROWS_REFUSED: "row(|s) refused",
    Count.UNSUPPORTED_COLUMNS: "column(|s) that a store file has no place for",
    Count.STORE_VIEW_ROWS: "row(|s) of store views",
    Count.CONTINUATION_ROWS: "continuation row(|s) of Magento 1, without a SKU",
    Count.ROWS_WITHOUT_SKU: "row(|s) without a SKU and inventory",
    Count.REPEATED_ROWS: "row(|s) that (repeats|repeat) a product",
    Count.SOURCES_ADDED: "source(|s) added",
    Count.STOCKS_ADDED: "stock(|s) added",
    Count.GLOBAL_SETTINGS_READ: "global setting(|s) read",
    Count.PRODUCTS_ADDED: "product(|s) added",
    Count.PRODUCTS_AS_EXPORTED: "product(|s) as the store file has (it|them)",
    Count.PRODUCTS_OF_STOCK_SOURCES: "product(|s) known from stock sources alone",
    Count.SETTINGS_READ: "product setting(|s) read",
    Count.SETTINGS_CHANGED: "product setting(|s) changed",
    Count.SETTINGS_REMOVED: "product setting(|s) removed",
    Count.ITEMS_ADDED: "source item(|s) added",
    Count.ITEMS_CHANGED: "source item(|s) changed",
    Count.RESERVATIONS_CHANGED: "reservation(|s) changed",
}
_NOTICES = {
    Notice.ASSUMED: "product(|s) (uses|use) the configuration's {about}, and {other}: "
    "Magento's defaults are taken ({value}); --config FILE gives it",
    Notice.POLICY_NOT_TAKEN: "new product(|s) with a policy of (its|their) own in Magento: not taken",
    Notice.SOLD_AS_ONE: "source(|s) and no stock: sold as one; --link STOCK=SOURCE says which stock sells from which",
    Notice.DEFAULT_BESIDE_OTHERS: "stock(|s) that (sells|sell) from the source default beside others, which Magento "
    "refuses",
    Notice.UNMANAGED_WITHOUT_ITEM: "product(|s) without managed stock and without a source item: Magento sells "
    "(it|them) in its Default Stock all the same, here (it|they) (is|are) no_sources",
    Notice.SOURCE_SPELLING: "source code(|s) in another spelling: taken as the same",
    Notice.NO_TYPE: "no column product_type says what a row is: all are taken as products with stock of their own",
    Notice.SKU_BLANKS: "SKU(|s) with blanks at the ends: taken without",
    Notice.SKU_CASE: "SKU(|s) in another letter case: taken as the same",
    Notice.FLAG_NOT_0_OR_1: "{about} neither 0 nor 1: read as 1, as Magento does",
    Notice.BLANK_OVERRIDE: "{about} blank beside a flag of 0: ignored",
    Notice.NOT_IN_FORCE: "{about} not in force, because the configuration's value is used: ignored",
    Notice.ZERO_WITHOUT_FLAG: "{about} 0 without a use_config flag: ignored, as Magento does",
    Notice.COMPOSITE_PRODUCT: "composite product(|s), without stock of (its|their) own: not taken",
    Notice.BLANK_QUANTITY: "product(|s) without a quantity",
    Notice.STATUS_WITHOUT_QUANTITY: "is_in_stock without a quantity: ignored",
    Notice.QUANTITY_LEFT_ASIDE: "qty of the product file left aside, because stock sources name the product; "
    "Magento itself would merge the rows",
    Notice.NAME_KEPT: "name(|s) other than the store file's, which stays",
    Notice.DISABLED_PRODUCT: "disabled product(|s): taken like every other, though Magento sells none",
    Notice.OWN_MINIMUM: "product(|s) with a minimum order of (its|their) own, which order check does not know",
    Notice.OWN_MAXIMUM: "product(|s) with a maximum order of (its|their) own, which order check does not know",
    Notice.OWN_INCREMENTS: "product(|s) sold in increments of (its|their) own, which order check does not know",
    Notice.SEVERAL_WEBSITES: "product(|s) of several websites: a stock's channels say where it sells",
    Notice.ITEM_TWICE: "source item(|s) given twice: the last row counts",
    Notice.SOURCE_WITHOUT_STOCK: "source(|s) that no stock sells from: --link STOCK=SOURCE links one",
    Notice.CONFIGURATION_UNKNOWN: "configuration value(|s) that a store file has no place for: ignored",
    Notice.CONFIGURATION_BLANK: "configuration path(|s) without a value: ignored",
    Notice.CONFIGURATION_TWICE: "configuration path(|s) given twice: the last value counts",
    Notice.CONFIGURATION_OF_SCOPE: "{about} of a website or store view, which a store file has no level for: not taken",
    Notice.RESERVATION_OF_UNKNOWN: "product(|s) with reservations that (is|are) in no other file: ignored",
    Notice.RESERVATION_KEPT: "product(|s) with reservations that the file does not name: kept",
    Notice.NO_RESERVATIONS: "nothing is reserved, so salable quantities may be above Magento's: "
    "--reservations FILE takes what orders reserve",
}


def import_summary(reports: Sequence[ImportReport]) -> Iterator[str]:
    """What was counted, a line each, and then what was left aside with a first example."""
    for report in reports:
        for what, tally in report.counts.items():
            if _told(what, tally):
                names = f": {', '.join(tally.names)}" if tally.names else ""
                yield f"{tally.number:>9} {_counted(_COUNTS[what], tally.number)}{names}"
    for report in reports:
        for note in report.notes.values():
            number = "" if note.notice in (Notice.NO_RESERVATIONS, Notice.NO_TYPE) else note.times
            yield f"{number:>9} {noted(note)}"


def _told(what: Count, tally: Tally) -> bool:
    return bool(tally.number) or what in _ROWS


def noted(note: Note) -> str:
    """What was left aside, with the first example."""
    about = in_words(note.about.split(",")) if note.about else None
    text = _counted(_NOTICES[note.notice], note.times).format(
        about=about,
        value=note.value,
        other="the configuration that is given does not have it" if note.other else "no configuration is given",
    )
    return text if note.notice is Notice.ASSUMED else text + _example(note)


def other_values(values: Sequence[OtherInMagento]) -> str:
    """Which values of the store file Magento has otherwise: their number, and the first in full."""
    key, sku, ours, magentos = values[0]
    of = "[global]" if sku is None else repr(sku)
    differ = (
        "1 value of the store file differs" if len(values) == 1 else f"{len(values)} values of the store file differ"
    )
    return (
        f"{differ} in Magento (first: {key} of {of} {format_value(ours)}, in Magento {format_value(magentos)}): "
        "expected --keep-policy or --take-policy, got neither"
    )


def describe_refused(refused: Sequence[Refused]) -> str:
    """Why rows are refused, a line each for the first of them."""
    lines = [Problem(f"record {row.number}: {row.reason}", row.line).at(row.file) for row in refused[:ROWS_SHOWN]]
    more = len(refused) - ROWS_SHOWN
    return "\n".join([*lines, f"{more} more {_counted('row(|s)', more)} refused"] if more > 0 else lines)


def rejects(name: str, rows: Sequence[Refused]) -> str:
    """Where the refused rows of one file are, and the first of them."""
    counted = _counted(f"{len(rows)} row(|s) refused", len(rows))
    return f"{name}: {counted}, the first at line {rows[0].line}: {rows[0].reason}"


def write_json(
    file: str, reports: Sequence[ImportReport], out: TextIO, *, changed: bool, rejects: Sequence[str]
) -> None:
    """Write the summary as a JSON document: codes and numbers, refused rows, and the files that these went to."""
    from backorderctl.output.listing import dumps

    document = {
        "file": file,
        "changed": changed,
        "counts": {
            what: tally.number for report in reports for what, tally in report.counts.items() if _told(what, tally)
        },
        "names": {what: tally.names for report in reports for what, tally in report.counts.items() if tally.names},
        "notes": [_json_note(note) for report in reports for note in report.notes.values()],
        "refused": [
            {"file": row.file, "record": row.number, "line": row.line, "reason": row.reason}
            for report in reports
            for row in report.refused
        ],
        "rejects": list(rejects),
    }
    out.write(dumps(document, indent=2) + "\n")


def _json_note(note: Note) -> dict[str, Any]:
    first = {"sku": note.sku, "line": note.line, "value": note.value, "other": note.other}
    known = any(value is not None for value in first.values())
    return {"code": note.notice, "about": note.about, "count": note.times, "first": first if known else None}


def _counted(text: str, number: int) -> str:
    """The text with its `(|s)` and `(is|are)` as the number needs them."""
    return re.sub(r"\((\w*)\|(\w+)\)", lambda found: found[1 if number == 1 else 2], text)


def _example(note: Note) -> str:
    """The first of a number of notes: the value, what counts instead, whose it is and where."""
    value = None if note.value is None else repr(note.value)
    words = [value] if note.sku is None else [f"{value} for {note.sku!r}" if value else repr(note.sku)]
    if note.other is not None:
        words.append(f"beside {note.other!r}")
    if note.line:
        words.append(f"at line {note.line}")
    text = " ".join(word for word in words if word)
    return f" (first: {text})" if text else ""
