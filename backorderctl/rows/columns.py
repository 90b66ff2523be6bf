"""How the columns of a file from outside are called, and how its numbers are written."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from backorderctl.errors import InvalidFile, Mismatch, Problem

ALSO_CALLED = {"quantity": ("qty",), "source_code": ("source",)}
"""Other names under which a field is known without being told."""
NAMED_FIELDS = ("sku", "source_code", "quantity", "status", "reserved", "stock", "stock_id", "qty", "is_salable")
"""The fields that a column can be named for."""
_MEANT = {
    "sku": r"sku|artikel|article|item|product|produkt|material|ean|ref",
    "source_code": r"source|lager|warehouse|location|depot|entrep|site|store|shop",
    "quantity": r"quantity|qty|bestand|menge|on.?hand|available|stock|units|count",
    "status": r"status",
    "reserved": r"reserv|allocated|ordered",
    "stock": r"stock|channel|shop",
}
"""What the name of a column may have in it that could be the field."""
_NAME = re.compile(r"[\w .()/?#:&%+-]{1,60}")
"""What may be the name of a column, such as a message can quote."""


class Layout(NamedTuple):
    """How a file is written: the header of each field that has a name of its own, and the character before decimals."""

    columns: Mapping[str, str] = {}
    decimal: str = "."


class Header:
    """The names of the columns of a file, and which field each is."""

    def __init__(self, file: str, names: Sequence[str], layout: Layout) -> None:
        self.file = file
        self.names = tuple(name.strip() for name in names)
        self.layout = layout
        self._folded = tuple(name.casefold() for name in self.names)

    def column(self, field: str) -> int | None:
        """The place of a field, None when the file has none; InvalidFile when it has it twice.

        A header that the field is named for comes before our own names: two files may be written differently.
        """
        names = (self.layout.columns.get(field, field), field, *ALSO_CALLED.get(field, ()))
        return next((place for name in names if (place := self._place(name)) is not None), None)

    def needed(self, *fields: str) -> list[int]:
        """The places of fields; InvalidFile, with all that the file lacks and what they could be, when it lacks one."""
        places = [self.column(field) for field in fields]
        missing = [field for field, place in zip(fields, places, strict=True) if place is None]
        if missing:
            *others, last = [repr(self.layout.columns.get(field, field)) for field in missing]
            what = f"columns {', '.join(others)} and {last}" if others else f"a column {last}"
            guesses = self._guesses(missing)
            hint = " ".join(f"--column {_quoted(f'{field}={name}')}" for field, name in guesses.items())
            problem = Problem(f"expected {what}, got {self.quoted()}", 1)
            raise InvalidFile(self.file, [problem], hint=hint if len(guesses) == len(missing) else None)
        return [place for place in places if place is not None]

    def quoted(self) -> str:
        """The names as a message quotes them, if they look like such: what is no table may hold secrets."""
        if not any(self.names):
            return "an empty file"
        if (len(self.names) == 1 and self._folded[0] not in _MEANT) or not all(map(_NAME.fullmatch, self.names)):
            return "no header of a table"
        named = ", ".join(self.names)
        return named if len(named) <= 100 else f"{named[:97]}..."

    def _place(self, name: str) -> int | None:
        folded = name.casefold()
        if self._folded.count(folded) > 1:
            raise InvalidFile(self.file, [Problem(f"column {name!r}: expected once, got it twice", 1)])
        return self._folded.index(folded) if folded in self._folded else None

    def _guesses(self, missing: Sequence[str]) -> dict[str, str]:
        """A column for each missing field, by what it has in its name; none that could be several."""
        if self.quoted() == "no header of a table":
            return {}
        guesses: dict[str, str] = {}
        for field in missing:
            alike = [name for name in self.names if re.search(_MEANT.get(field, "(?!)"), name, re.IGNORECASE)]
            if len(alike) == 1 and alike[0] not in guesses.values():
                guesses[field] = alike[0]
        return guesses


def _quoted(word: str) -> str:
    """A word as a shell takes it."""
    from backorderctl.files.access import shell_quoted

    return shell_quoted(word)


def parse_columns(typed: Sequence[str], fields: Sequence[str]) -> dict[str, str]:
    """The header of each field, typed as `FIELD=HEADER`; Mismatch for a word that is not such, or a field twice."""
    columns: dict[str, str] = {}
    for word in typed:
        field, equals, name = word.partition("=")
        field = field.strip().replace("-", "_").casefold()
        if not equals or not name.strip() or field not in fields or field in columns:
            raise Mismatch(f"FIELD=HEADER with each of {', '.join(fields)} once at most", repr(word))
        columns[field] = name.strip()
    return columns
