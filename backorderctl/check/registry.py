"""The rules of `check`: one row each, with what is wrong and what to do about it."""

from enum import StrEnum
from typing import NamedTuple

from backorderctl.errors import BackorderctlError, nearest


class Severity(StrEnum):
    """How bad a finding is, the worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Rule(NamedTuple):
    """One rule: `reason` says what is wrong with what it finds, `remedy` what to do."""

    code: str
    name: str
    severity: Severity
    reason: str
    remedy: str


_ROWS = (
    Rule(
        "BO001",
        "unreadable-file",
        Severity.ERROR,
        "The file cannot be read, or is no store file.",
        "Correct what the message names; nothing else of the file is checked until then.",
    ),
    Rule(
        "BO101",
        "unlimited-by-accident",
        Severity.ERROR,
        "Backorders are turned on and the threshold in force is a 0 from a wider scope or the default, "
        "which limits nothing.",
        "Say how many may be backordered where backorders are turned on; if it is meant, write the threshold 0 there.",
    ),
    Rule(
        "BO102",
        "ignored-reserve",
        Severity.ERROR,
        "The threshold in force is positive, a reserve, but backorders are on: "
        "the reserve is ignored and the product is unlimited.",
        "Turn backorders off to keep the reserve, or write a negative threshold to limit the backorders.",
    ),
    Rule(
        "BO103",
        "limit-without-backorders",
        Severity.WARNING,
        "A negative threshold is written where backorders are off for all it reaches, and is read as 0.",
        "Turn backorders on there, or remove the threshold.",
    ),
    Rule(
        "BO104",
        "backorders-out-of-stock",
        Severity.WARNING,
        "A product takes backorders but has no source item In Stock at an enabled source, so it shows as Out of Stock "
        "(info where backorders come from a wider scope, as for a product that is retired).",
        "Mark one source item In Stock or enable its source, or turn the product's backorders off.",
    ),
    Rule(
        "BO105",
        "all-goods-reserved",
        Severity.WARNING,
        "Goods are on the shelf and all of them are reserve, so the product is Out of Stock.",
        "Lower the threshold, or accept it if the goods are kept back on purpose.",
    ),
    Rule(
        "BO106",
        "notified-too-late",
        Severity.WARNING,
        "A written Notify for Quantity Below lies below the quantity at which the product is already Out of Stock.",
        "Raise it to the out-of-stock threshold or above.",
    ),
    Rule(
        "BO107",
        "only-x-left-never-shows",
        Severity.INFO,
        "A written Only X left Threshold can never show, because what it reaches is unlimited.",
        "Limit the backorders, or remove it.",
    ),
    Rule(
        "BO108",
        "negative-quantity",
        Severity.WARNING,
        "A source item has a negative quantity although backorders are off, so more was sold than there was.",
        "Correct the quantity, or turn backorders on.",
    ),
    Rule(
        "BO201",
        "no-source-item",
        Severity.INFO,
        "A product has no source item and is Out of Stock whatever its settings.",
        "Assign it to a source, or remove it.",
    ),
    Rule(
        "BO202",
        "nothing-sold-from",
        Severity.WARNING,
        "A source is in no stock, or a stock has no enabled source: nothing is ever sold from it.",
        "Link the source to a stock, or enable a source of the stock.",
    ),
    Rule(
        "BO203",
        "unsafe-sku",
        Severity.ERROR,
        "Two SKUs differ only in case, or one is longer than 64 characters: Magento would merge or refuse them.",
        "Give the product another SKU.",
    ),
    Rule(
        "BO204",
        "shared-source",
        Severity.INFO,
        "A source is linked to two stocks or more, and its goods are counted in each of them.",
        "Unlink it from all but one, or accept it if the stocks may sell the same goods.",
    ),
    Rule(
        "BO301",
        "redundant-override",
        Severity.INFO,
        "A value is written whose removal would change no value in force and no quantity.",
        "Remove it, or accept it if it is written for the reader.",
    ),
    Rule(
        "BO302",
        "never-in-force",
        Severity.INFO,
        "A value is written that wins nowhere: all that it reaches have a value from a narrower scope.",
        "Remove it, or the values that hide it.",
    ),
    Rule(
        "BO303",
        "second-allowance",
        Severity.WARNING,
        "A threshold is restated with the inherited value at a narrower scope, "
        "which makes a second allowance or reserve beside the first.",
        "Remove it to share the one that is inherited, or accept it if both are meant.",
    ),
    Rule(
        "BO901",
        "unsound-accept",
        Severity.WARNING,
        "An accepted finding has no reason, is past its date, names no rule, or matches nothing.",
        "Correct or remove the accept.",
    ),
)
RULES = {rule.code: rule for rule in _ROWS}
"""The rules by code, in the order in which they are listed."""


def selected(option: str, typed: str) -> tuple[str, ...]:
    """The codes that begin as typed for the option (`BO101`, `BO1`).

    BackorderctlError with the nearest code when none does.
    """
    begun = typed.strip().upper()
    codes = tuple(code for code in RULES if begun and code.startswith(begun))
    if not codes:
        close = nearest(begun, RULES)
        raise BackorderctlError(
            f"{option}: unknown rule {typed.strip()!r}", hint=f"did you mean {close!r}?" if close else None
        )
    return codes
