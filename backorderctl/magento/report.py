"""What an import has met: rows read and refused, what was taken, what was left aside, with a first example each.

So are the cells of a product CSV for which a store file has no place, what spreadsheets have done to SKUs, and which of
these Magento takes for the same.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from backorderctl.errors import BackorderctlError, InvalidFile, Mismatch, Problem
from backorderctl.rows.delimited import Refused
from backorderctl.store.scalars import parse_quantity, shortest
from backorderctl.store.settings import Value
from backorderctl.store.sku import case_folded

DEFAULT_MAXIMUM = 10000
"""Magento's default of the most that an order may have of a product (CatalogInventory, etc/config.xml)."""
REMARKED = (
    "product_online",
    "status",
    "product_websites",
    "min_cart_qty",
    "min_sale_qty",
    "use_config_min_sale_qty",
    "max_cart_qty",
    "max_sale_qty",
    "use_config_max_sale_qty",
    "enable_qty_increments",
    "use_config_enable_qty_inc",
    "qty_increments",
)
"""The columns that are looked at."""
MANY = 10
"""So many SKUs cut short by a spreadsheet, and the whole file is refused."""
_CUT_SHORT = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)


class Count(StrEnum):
    """What an import counts."""

    CONFIGURATION_VALUES = "configuration_values"
    PRODUCT_ROWS = "product_rows"
    STOCK_SOURCE_ROWS = "stock_source_rows"
    RESERVATION_ROWS = "reservation_rows"
    ROWS_REFUSED = "rows_refused"
    UNSUPPORTED_COLUMNS = "unsupported_columns"
    STORE_VIEW_ROWS = "store_view_rows"
    CONTINUATION_ROWS = "continuation_rows"
    ROWS_WITHOUT_SKU = "rows_without_sku"
    REPEATED_ROWS = "repeated_rows"
    SOURCES_ADDED = "sources_added"
    STOCKS_ADDED = "stocks_added"
    GLOBAL_SETTINGS_READ = "global_settings_read"
    PRODUCTS_ADDED = "products_added"
    PRODUCTS_AS_EXPORTED = "products_as_exported"
    PRODUCTS_OF_STOCK_SOURCES = "products_of_stock_sources"
    SETTINGS_READ = "product_settings_read"
    SETTINGS_CHANGED = "product_settings_changed"
    SETTINGS_REMOVED = "product_settings_removed"
    ITEMS_ADDED = "source_items_added"
    ITEMS_CHANGED = "source_items_changed"
    RESERVATIONS_CHANGED = "reservations_changed"


class Notice(StrEnum):
    """What an import left aside or took otherwise than it is written, and what changes an answer."""

    ASSUMED = "assumed"
    POLICY_NOT_TAKEN = "policy_not_taken"
    SOLD_AS_ONE = "sold_as_one"
    DEFAULT_BESIDE_OTHERS = "default_beside_others"
    UNMANAGED_WITHOUT_ITEM = "unmanaged_without_item"
    SOURCE_SPELLING = "source_spelling"
    NO_TYPE = "no_type"
    SKU_BLANKS = "sku_blanks"
    SKU_CASE = "sku_case"
    FLAG_NOT_0_OR_1 = "flag_not_0_or_1"
    BLANK_OVERRIDE = "blank_override"
    NOT_IN_FORCE = "not_in_force"
    ZERO_WITHOUT_FLAG = "zero_without_flag"
    COMPOSITE_PRODUCT = "composite_product"
    BLANK_QUANTITY = "blank_quantity"
    STATUS_WITHOUT_QUANTITY = "status_without_quantity"
    QUANTITY_LEFT_ASIDE = "quantity_left_aside"
    NAME_KEPT = "name_kept"
    DISABLED_PRODUCT = "disabled_product"
    OWN_MINIMUM = "own_minimum"
    OWN_MAXIMUM = "own_maximum"
    OWN_INCREMENTS = "own_increments"
    SEVERAL_WEBSITES = "several_websites"
    ITEM_TWICE = "item_twice"
    SOURCE_WITHOUT_STOCK = "source_without_stock"
    CONFIGURATION_UNKNOWN = "configuration_unknown"
    CONFIGURATION_BLANK = "configuration_blank"
    CONFIGURATION_TWICE = "configuration_twice"
    CONFIGURATION_OF_SCOPE = "configuration_of_scope"
    RESERVATION_OF_UNKNOWN = "reservation_of_unknown"
    RESERVATION_KEPT = "reservation_kept"
    NO_RESERVATIONS = "no_reservations"


@dataclass(slots=True)
class Tally:
    """How many there were, and the names of those that have one."""

    number: int = 0
    names: tuple[str, ...] = ()


@dataclass(slots=True)
class Note:
    """Something that happened a number of times, and its first example; what does not apply to it is None.

    `about` is a column or configuration path. `value` is what the file has, `other` what counts instead.
    """

    notice: Notice
    about: str | None
    times: int
    sku: str | None
    line: int | None
    value: str | None
    other: str | None


class OtherInMagento(NamedTuple):
    """A value of the store file beside another one that Magento has; `sku` is None for one of [global]."""

    key: str
    sku: str | None
    ours: Value
    magentos: Value


class ImportReport:
    """What one import counts as it reads; `headers` are the columns' names by file.

    `differing` are the values of the store file that it replaces, as Magento has others.
    """

    def __init__(self) -> None:
        self.counts: dict[Count, Tally] = {}
        self.notes: dict[tuple[Notice, str | None], Note] = {}
        self.refused: list[Refused] = []
        self.headers: dict[str, Sequence[str]] = {}
        self.differing: list[OtherInMagento] = []

    def count(self, what: Count, number: int = 1, names: Sequence[str] = ()) -> None:
        """So many more of `what`."""
        tally = self.counts.setdefault(what, Tally())
        tally.number += number
        tally.names += tuple(names)

    def note(
        self,
        notice: Notice,
        *,
        about: str | None = None,
        sku: str | None = None,
        line: int | None = None,
        value: str | None = None,
        other: str | None = None,
        times: int = 1,
    ) -> None:
        """So many times more `notice`; the first time gives the example."""
        if known := self.notes.get((notice, about)):
            known.times += times
        else:
            self.notes[notice, about] = Note(notice, about, times, sku, line, value, other)

    def refuse(self, row: Refused) -> None:
        """A row that is not taken."""
        self.refused.append(row)


def remarks(cells: Mapping[str, str]) -> Iterator[tuple[Notice, str]]:
    """The notes that the cells of a product's row deserve, with the value that is noted; names as in REMARKED."""
    online = cells.get("product_online") or cells.get("status", "")
    if plain(online).lower() in ("2", "0", "disabled", "no"):
        yield Notice.DISABLED_PRODUCT, online
    websites = [code for code in re.split("[,|]", cells.get("product_websites", "")) if code.strip()]
    if len(websites) > 1:
        yield Notice.SEVERAL_WEBSITES, ",".join(websites)
    minimum = _own(cells, ("min_cart_qty", "min_sale_qty"), "use_config_min_sale_qty")
    if minimum is not None and minimum > 1:
        yield Notice.OWN_MINIMUM, f"{minimum:f}"
    maximum = _own(cells, ("max_cart_qty", "max_sale_qty"), "use_config_max_sale_qty")
    if maximum is not None and maximum not in (0, DEFAULT_MAXIMUM):
        yield Notice.OWN_MAXIMUM, f"{maximum:f}"
    if _own(cells, ("enable_qty_increments",), "use_config_enable_qty_inc"):
        yield Notice.OWN_INCREMENTS, plain(cells.get("qty_increments", ""))


def _own(cells: Mapping[str, str], columns: Sequence[str], flag: str) -> Decimal | None:
    """A product's own number, if it has one that is in force."""
    if plain(cells.get(flag, "")) != "0":
        return None
    try:
        return shortest(parse_quantity(next(filter(None, map(cells.get, columns)), "")))
    except Mismatch:
        return None


def plain(number: str) -> str:
    """A whole number without Magento's decimals: `1.0000` is 1."""
    return re.sub(r"\.0*$", "", number.strip())


class Spellings:
    """The SKUs met so far in one file, by what Magento takes for the same: letter case and blanks at the ends."""

    def __init__(self, file: str, report: ImportReport) -> None:
        self._file = file
        self._report = report
        self._cut_short = 0
        self._known: dict[str, str] = {}

    def sku(self, cell: str, line: int) -> str:
        """The SKU in a cell as the file wrote it first, or nothing for a blank cell.

        BackorderctlError when it is one that a spreadsheet has cut short; InvalidFile when it is one of many.
        """
        sku = cell.strip()
        # Magento's export sets one blank before what a spreadsheet would take for a formula.
        if len(sku) < len(cell) and sku and not (cell == f" {sku}" and sku[0] in "=+-"):
            self._report.note(Notice.SKU_BLANKS, line=line, value=cell)
        if "+" in sku and _CUT_SHORT.fullmatch(sku):
            self._refuse(sku, line)
        first = self._known.setdefault(case_folded(sku), sku)
        if first != sku:
            self._report.note(Notice.SKU_CASE, line=line, value=sku, other=first)
        return first

    def _refuse(self, sku: str, line: int) -> None:
        self._cut_short += 1
        if self._cut_short < MANY:
            raise BackorderctlError(f"sku: expected a SKU, got {sku!r}, which a spreadsheet has cut short")
        problem = f"sku: {MANY} SKUs that a spreadsheet has cut short, such as {sku!r}: export the file again"
        raise InvalidFile(self._file, [Problem(problem, line)])
