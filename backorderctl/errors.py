"""Errors that a user can act on, with their exit statuses."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

ANSWER_IS_NO = 1
COMMAND_FAILED = 2
_MOST_SUGGESTIONS = 10
"""For so many problems of one file the nearest known name is looked up."""


class CommandLine(NamedTuple):
    """A command of this program: the noun and verb, the names and values after them, and options with their values."""

    verb: tuple[str, ...]
    names: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()


Hint = str | CommandLine
"""One thing to type: words of any kind, or a command of this program."""


class BackorderctlError(Exception):
    """A request that could not be fulfilled: what is wrong and, where there is one, a command or option to type."""

    status = COMMAND_FAILED
    problems: "tuple[Problem, ...]" = ()

    def __init__(self, message: str, *, hint: Hint | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        """What is pickled: not the arguments of `__init__`, which differ from kind to kind."""
        return _unpickled, (type(self), self.args), self.__dict__


def _unpickled(kind: type[BackorderctlError], args: tuple[Any, ...]) -> BackorderctlError:
    return kind.__new__(kind, *args)


class NoSuchFile(BackorderctlError):
    """There is no file at `path`."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path}: no such file")
        self.path = path


class Problem(NamedTuple):
    """One thing that is wrong in a file; `line` and `column` count from 1 and are None where unknown."""

    message: str
    line: int | None = None
    column: int | None = None

    def at(self, file: str) -> str:
        """The problem in one line, after its location: `store.toml:12: ...`."""
        location = ":".join([file, *(str(n) for n in (self.line, self.column) if n is not None)])
        return f"{location}: {self.message}"


class InvalidFile(BackorderctlError):
    """A file that is not valid, with all its problems in line order."""

    def __init__(self, file: str, problems: Iterable[Problem], *, hint: Hint | None = None) -> None:
        self.file = file
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0)))
        super().__init__("\n".join(problem.at(file) for problem in self.problems), hint=hint)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that most resembles `name`; None when none is similar."""
    from difflib import get_close_matches

    folded = {candidate.casefold(): candidate for candidate in names}
    matches = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None


def did_you_mean(name: str, names: Iterable[str], *, after: int = 0) -> str:
    """The end of a message about an unknown name: `; did you mean 'main'?`, or nothing when none is similar.

    Also nothing `after` many other problems: looking up the nearest name takes time, and nobody reads so many.
    """
    hint = suggestion(name, names) if after < _MOST_SUGGESTIONS else None
    return f"; {hint}" if hint else ""


def suggestion(name: str, names: Iterable[str]) -> str | None:
    """A hint about an unknown name: `did you mean 'main'?`; None when none is similar."""
    close = nearest(name, names)
    return f"did you mean {close!r}?" if close else None


def system_reason(error: OSError) -> str:
    """The system's reason in the wording of our messages: `no such file`, `no space left on device`."""
    if isinstance(error, FileNotFoundError):
        return "no such file"
    reason = error.strerror or str(error)
    return reason[:1].lower() + reason[1:]


Read = TypeVar("Read")


def read_each(read: Callable[[Any], Read], raw: Iterable[Any]) -> list[Read]:
    """Every value as it is read; an ExceptionGroup with the Mismatch of each that cannot be."""
    values: list[Read] = []
    mismatches: list[Mismatch] = []
    for each in raw:
        try:
            values.append(read(each))
        except Mismatch as mismatch:
            mismatches.append(mismatch)
    if mismatches:
        raise ExceptionGroup("values of the wrong kind", mismatches)
    return values


class Mismatch(Exception):
    """A value of the wrong kind; the caller, who knows its location, turns it into a BackorderctlError or a Problem."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, got {found}")
        self.expected = expected
        self.found = found
