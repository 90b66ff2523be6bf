"""What shall change in a TOML text: the words in which the rooms above ask for it."""

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from backorderctl.toml.locate import Path

Value = str | bool | int | Decimal | date | list["Value"] | dict[str, "Value"]


class Removed(Enum):
    """The type of REMOVED."""

    REMOVED = "removed"


REMOVED = Removed.REMOVED


class Change(NamedTuple):
    """What shall stand at a path: a value, a table with exactly these keys, or nothing.

    A number in the path counts the elements of an array of tables. With `prune` a removal takes with it the table that
    it leaves empty, unless a comment lives there.
    """

    path: Path
    value: Value | Removed
    prune: bool = False
