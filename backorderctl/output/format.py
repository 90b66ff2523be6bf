"""Values as the words and numbers that people and programs read."""

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Any

from backorderctl.errors import CommandLine, Hint
from backorderctl.files.access import shell_quoted
from backorderctl.store import scalars
from backorderctl.store.model import Place, ScheduleEntry
from backorderctl.store.settings import Scope


class Output(StrEnum):
    """The shapes in which an answer can be given."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class Boundless(Enum):
    """A quantity that has no limit: null in JSON, the word in a table or CSV."""

    UNLIMITED = "unlimited"


UNLIMITED = Boundless.UNLIMITED
Cell = str | Decimal | int | bool | Boundless | tuple[str, ...] | dict[str, str | None] | None

_UNPRINTABLE = "[\x00-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ud800-\udfff\ufeff]"


def printable(text: str) -> str:
    """The text with all that a terminal does not show, or that moves, colours or reorders the rest, as escapes."""
    return text if text.isascii() and text.isprintable() else re.sub(_UNPRINTABLE, _escape, text)


def printable_lines(lines: list[str]) -> list[str]:
    """The lines, which have no line ends, as `printable` writes each; where nothing has to be escaped, in one look."""
    together = "".join(lines)
    return lines if together.isascii() and together.isprintable() else list(map(printable, lines))


def plain_text(cell: Cell) -> str:
    """A cell as a table or CSV prints it: nothing for None."""
    if cell is None:
        return ""
    written = _WRITTEN.get(type(cell))
    return str(cell) if written is None else written(cell)


def plain_row(cells: Iterable[Cell]) -> list[Cell]:
    """Cells that the csv module writes as `plain_text` does, with few steps for each."""
    return [cell if (written := _WRITTEN.get(type(cell))) is None else written(cell) for cell in cells]


_WRITTEN: dict[type, Callable[[Any], str]] = {
    bool: {True: "true", False: "false"}.__getitem__,
    Decimal: lru_cache(1 << 16)(scalars.format_quantity),
    Boundless: lambda cell: str(cell.value),
    tuple: ", ".join,
}
"""How types are written whose `str` is another text."""


def counted(number: int, noun: str) -> str:
    """A number and what it counts: `1 product`, `2 products`, `2 entries`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun.removesuffix('y')}ies" if noun.endswith("ry") else f"{number} {noun}s"


def in_words(names: Iterable[str]) -> str:
    """The names as a sentence lists them: `a, b and c`."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def json_number(exact: Decimal) -> int | float:
    """The quantity as a JSON number: 12 digits and their sums print exactly as a float does."""
    whole = int(exact)
    return whole if whole == exact else float(exact)


def jsonable(cell: Any) -> Any:
    """A cell as JSON holds it; for `json.dumps` as `default`."""
    if isinstance(cell, Decimal):
        return json_number(cell)
    if cell is UNLIMITED:
        return None
    raise TypeError(f"{type(cell).__name__} has no JSON form")


def describe_place(where: Place) -> str:
    """A place in words: `global`, `source lyon`, `product`, `source item`."""
    match where.scope:
        case Scope.STOCK:
            return f"stock {where.stock}"
        case Scope.SOURCE:
            return f"source {where.source}"
    return where.scope.replace("_", " ")


def describe_place_in_full(where: Place) -> str:
    """A place in words that stand alone: `product 24-MB01`, `24-MB01 at lyon`."""
    match where.scope:
        case Scope.PRODUCT:
            return f"product {where.product}"
        case Scope.SOURCE_ITEM:
            return f"{where.product} at {where.source}"
    return describe_place(where)


def describe_level(place: Place, entry: ScheduleEntry | None) -> str:
    """A scope, with the last day of the entry that gives or removes its value, or the first of one without end."""
    if entry is None:
        return describe_place(place)
    return f"{describe_place(place)}, {describe_end(entry)}"


def describe_end(entry: ScheduleEntry) -> str:
    """How long an entry that holds will hold: `until 2026-12-24`, or since when one without end does."""
    return f"until {entry.until}" if entry.until else f"from {entry.start}"


def describe_days(entry: ScheduleEntry) -> str:
    """The days of an entry in words: `2026-12-24 to 2027-01-02`, `from 2026-12-24`, `until 2027-01-02`."""
    if entry.start and entry.until:
        return str(entry.start) if entry.start == entry.until else f"{entry.start} to {entry.until}"
    return f"from {entry.start}" if entry.start else f"until {entry.until}"


def dates(entry: ScheduleEntry | None) -> dict[str, str | None] | None:
    """The days and the reason of an entry, as JSON has them."""
    if entry is None:
        return None
    start, until = (None if day is None else str(day) for day in (entry.start, entry.until))
    return {"from": start, "until": until, "reason": entry.reason}


def format_command(command: CommandLine) -> str:
    """A command of this program as a shell takes it: names first, then options; after `--` where a name has a dash."""
    options = [word for option in command.options for word in option]
    dashed = any(name.startswith("-") and not name[1:2].isdigit() for name in command.names)
    rest = [*options, "--", *command.names] if dashed else [*command.names, *options]
    return " ".join(map(shell_quoted, ("backorderctl", *command.verb, *rest)))


def format_hint(hint: Hint) -> str:
    """One thing to type, as words: a command of this program in full."""
    return hint if isinstance(hint, str) else format_command(hint)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape", "surrogatepass").decode("ascii")
