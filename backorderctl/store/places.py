"""Places at which values are set, entries of the schedule that replace these, and where both are in the file."""

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from backorderctl.store.settings import Scope, Value
from backorderctl.toml.change import KeyPath

if TYPE_CHECKING:  # most answers name no line
    from backorderctl.toml.line_numbers import Lines


class Place(NamedTuple):
    """One instance of a scope: the global one, or that of a stock, source, product or source item."""

    scope: Scope
    stock: str | None = None
    source: str | None = None
    product: str | None = None

    @property
    def path(self) -> KeyPath:
        """The table that holds its values; no path for the default."""
        match self.scope:
            case Scope.DEFAULT:
                return ()
            case Scope.GLOBAL:
                return ("global",)
            case Scope.STOCK:
                return ("stocks", str(self.stock))
            case Scope.SOURCE:
                return ("sources", str(self.source))
            case Scope.PRODUCT:
                return ("products", str(self.product))
        return ("products", str(self.product), "sources", str(self.source))


class ScheduleEntry(NamedTuple):
    """Values that replace those written at `place`, on the days from `start` to `until`; None is an open end.

    `number` is its place in the file, from 0. A value that is None removes the written one; `enabled` is a source's.
    """

    number: int
    start: datetime.date | None
    until: datetime.date | None
    place: Place
    values: Mapping[str, Value | None]
    reason: str | None

    @property
    def path(self) -> KeyPath:
        """Where it is in the file."""
        return ("schedule", self.number)


class FileText:
    """The text of a store file; line numbers in it are looked for when the first is asked for."""

    __slots__ = ("_lines", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines: Lines | None = None

    def __eq__(self, other: object) -> bool:
        """Whether the texts are the same."""
        return isinstance(other, FileText) and self._text == other._text

    def __hash__(self) -> int:
        """That of the text."""
        return hash(self._text)

    def __reduce__(self) -> tuple[type["FileText"], tuple[str]]:
        """What is pickled: the text alone."""
        return FileText, (self._text,)

    def line(self, path: KeyPath) -> int | None:
        """The line, from 1, of the key or table at `path`; None when nothing is at the path."""
        if self._lines is None:
            from backorderctl.toml.line_numbers import Lines

            self._lines = Lines(self._text)
        return self._lines.line(path)


class Locations(NamedTuple):
    """Where each value of a store is in its file: at its own path, or in the schedule's entry that replaces it."""

    text: FileText
    replaced: Mapping[KeyPath, ScheduleEntry] = {}

    def line(self, path: KeyPath) -> int | None:
        """The line, from 1, of the key or table at `path`, or of the key that replaces it; None for neither."""
        entry = self.replaced.get(path)
        return self.text.line(path if entry is None else (*entry.path, path[-1]))
