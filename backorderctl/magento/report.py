"""What an import has met: rows read and refused, what was taken, and what was left aside, with a first example each."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from backorderctl.store.delimited import Refused


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
    PRODUCTS_OF_STOCK_SOURCES = "products_of_stock_sources"
    SETTINGS_READ = "product_settings_read"
    SETTINGS_CHANGED = "product_settings_changed"
    SETTINGS_REMOVED = "product_settings_removed"
    ITEMS_ADDED = "source_items_added"
    ITEMS_CHANGED = "source_items_changed"
    RESERVATIONS_CHANGED = "reservations_changed"


class Notice(StrEnum):
    """What an import left aside or took otherwise than it is written, and what changes an answer."""

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


class Report:
    """What one import counts as it reads; `headers` are the columns' names by file."""

    def __init__(self) -> None:
        self.counts: dict[Count, Tally] = {}
        self.notes: dict[tuple[Notice, str | None], Note] = {}
        self.refused: list[Refused] = []
        self.headers: dict[str, Sequence[str]] = {}

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
    ) -> None:
        """Once more `notice`; the first time gives the example."""
        if known := self.notes.get((notice, about)):
            known.times += 1
        else:
            self.notes[notice, about] = Note(notice, about, 1, sku, line, value, other)

    def refuse(self, row: Refused) -> None:
        """A row that is not taken."""
        self.refused.append(row)
