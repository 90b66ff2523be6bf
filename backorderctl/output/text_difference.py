"""What a write changes in the text of a file, as a unified difference."""

from itertools import takewhile
from typing import TextIO

from backorderctl.output.format import printable

CONTEXT = 3
"""Lines shown above and below a change."""


def show(old: str, new: str, name: str, out: TextIO) -> None:
    """Write the unified difference of two texts of the file `name`; nothing when they are equal."""
    from difflib import unified_diff

    before, after = old.splitlines(), new.splitlines()
    if before == after:
        return
    start = _shared(before, after)
    end = _shared(before[start:][::-1], after[start:][::-1])
    first = max(start - CONTEXT, 0)
    last = max(end - CONTEXT, 0)
    lines = unified_diff(
        before[first : len(before) - last], after[first : len(after) - last], name, name, n=CONTEXT, lineterm=""
    )
    for line in lines:
        out.write(printable(_shifted(line, first)) + "\n")


def _shared(one: list[str], other: list[str]) -> int:
    """How many lines the two have in common before they first differ: difflib is slow on what is alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _shifted(line: str, by: int) -> str:
    """A hunk's header with the line numbers of the whole file."""
    if not line.startswith("@@ ") or not by:
        return line
    ranges = []
    for part in line.split()[1:3]:
        number, comma, count = part[1:].partition(",")
        ranges.append(f"{part[0]}{int(number) + by}{comma}{count}")
    return f"@@ {' '.join(ranges)} @@"
