"""What shall change in a TOML text: the words in which the rooms above ask for it."""

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from backorderctl.toml.line_numbers import Path

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


def normal(value: Value) -> Value:
    """The value as it is read again: a decimal that is a whole number is an integer; the same object if it is so."""
    if isinstance(value, dict):
        others = {}
        for key, element in value.items():
            if type(element) is not str and type(element) is not int and (new := normal(element)) is not element:
                others[key] = new
        return {**value, **others} if others else value
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return int(value)
    if isinstance(value, list):
        return [normal(element) for element in value]
    return value
