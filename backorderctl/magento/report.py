"""What an import has met: rows read and refused, and what was ignored, each with its reason and a first example."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backorderctl.store.rejects import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(slots=True)
class Note:
    """Something that happened a number of times, first at `first`."""

    times: int
    first: str


class Report:
    """What one import counts as it reads; `headers` are the columns' names by file."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.notes: dict[str, Note] = {}
        self.refused: list[Refused] = []
        self.headers: dict[str, Sequence[str]] = {}

    def count(self, what: str, number: int = 1) -> None:
        """So many more of `what`."""
        self.counts[what] = self.counts.get(what, 0) + number

    def note(self, what: str, first: str, *details: object) -> None:
        """Once more `what`, this time as `first` says, a format that `details` fill in if there are any."""
        if known := self.notes.get(what):
            known.times += 1
        else:
            self.notes[what] = Note(1, first.format(*details) if details else first)

    def refuse(self, row: Refused) -> None:
        """A row that is not taken."""
        self.refused.append(row)


__all__ = ["Note", "Refused", "Report"]
