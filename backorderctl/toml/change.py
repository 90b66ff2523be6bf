"""The types of an edit: where a key is, what is requested there, and the single steps that this takes."""

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple

KeyPath = tuple[str | int, ...]
"""Where a key or table is: its keys from the top of the file; a number counts the elements of an array of tables."""

TomlValue = str | bool | int | Decimal | date | list["TomlValue"] | dict[str, "TomlValue"]


class Removed(Enum):
    """The type of REMOVED."""

    REMOVED = "removed"


REMOVED = Removed.REMOVED
"""In the place of a value: the key is removed."""


class Change(NamedTuple):
    """A request for one path: set it to a value, replace its table by one with exactly these keys, or remove it.

    A path that ends in the length of an array of tables appends a table to it. With `prune`, a removal that leaves its
    table empty also removes the table, unless the table contains a comment.
    """

    path: KeyPath
    value: TomlValue | Removed
    prune: bool = False


class Step(NamedTuple):
    """One difference between the old data and the new: the new value at `path`, or REMOVED."""

    path: KeyPath
    value: Any
