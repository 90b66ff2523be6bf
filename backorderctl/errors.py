"""The failures a user can act on, each with its exit status."""

from collections.abc import Iterable
from typing import NamedTuple

ANSWER_IS_NO = 1
COMMAND_FAILED = 2

Hint = str | tuple[str, ...]
"""One thing to type: words of any kind, or a command of this program as its arguments."""


class BackorderctlError(Exception):
    """Something the user asked for that could not be done: what is wrong and, where there is one, a thing to type."""

    status = COMMAND_FAILED

    def __init__(self, message: str, *, hint: Hint | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Problem(NamedTuple):
    """One thing that is wrong in a file, and where; `line` and `column` count from 1, None where none can be named."""

    message: str
    line: int | None = None
    column: int | None = None

    def at(self, file: str) -> str:
        """The problem in one line, after the place where it stands: `store.toml:12: ...`."""
        place = ":".join([file, *(str(n) for n in (self.line, self.column) if n is not None)])
        return f"{place}: {self.message}"


class InvalidFile(BackorderctlError):
    """A file that is not what it should be, with every problem it has, in the order of its lines."""

    def __init__(self, file: str, problems: Iterable[Problem], *, hint: Hint | None = None) -> None:
        self.file = file
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0)))
        super().__init__("\n".join(problem.at(file) for problem in self.problems), hint=hint)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that `name` was most likely meant to be, or None when none comes close."""
    from difflib import get_close_matches

    folded = {candidate.casefold(): candidate for candidate in names}
    matches = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None


class Mismatch(Exception):
    """A value that is not what its place takes; whoever knows the place turns it into a BackorderctlError or a
    Problem."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, got {found}")
        self.expected = expected
        self.found = found
