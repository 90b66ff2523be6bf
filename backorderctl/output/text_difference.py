"""What a write changes in the text of a file, as a unified difference, in time linear in the text."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TextIO

from backorderctl.output.format import printable, printable_lines
from backorderctl.output.table import Style, terminal

CONTEXT = 3
"""Lines shown above and below a change."""
SMALL = 10_000
"""Up to so many pairs of lines are compared one by one; more of them count as wholly replaced."""

_STYLES = {"-": Style.RED, "+": Style.GREEN, "@": Style.DIM}


class LineEdit(NamedTuple):
    """The lines `old[first:last]` become `new[new_first:new_last]`."""

    first: int
    last: int
    new_first: int
    new_last: int

    @property
    def adds_or_removes_only(self) -> bool:
        """Whether one of its sides has no lines."""
        return self.first == self.last or self.new_first == self.new_last


def show_text_difference(old: str, new: str, name: str, out: TextIO) -> None:
    """Write the unified difference of two texts of the file `name`; nothing when they are equal."""
    before, after = old.splitlines(), new.splitlines()
    if before == after:
        return
    screen = terminal(out)
    screen.line(printable(f"--- {name}"), Style.BOLD)
    screen.line(printable(f"+++ {name}"), Style.BOLD)
    for hunk in _hunks(edits(before, after)):
        lines = printable_lines(_hunk_lines(hunk, before, after))
        if screen.coloured:
            lines = [screen.styled(line, _STYLES[line[0]]) if line[0] in _STYLES else line for line in lines]
        out.write("\n".join(lines) + "\n")


def edits(old: Sequence[str], new: Sequence[str]) -> Iterator[LineEdit]:
    """What turns the old lines into the new ones, in order.

    Lines that are unique in both texts are matched first, as in the patience difference: headers of tables, then any
    line between these. Only what is left is compared line by line, which difflib does to whole files in quadratic time.
    """
    for part in _between_anchors(old, new, LineEdit(0, len(old), 0, len(new)), begin="["):
        trimmed = _trimmed(old, new, part)
        if trimmed.adds_or_removes_only:
            yield trimmed
            continue
        for smaller in _between_anchors(old, new, trimmed, begin=""):
            yield from _compared(old, new, _trimmed(old, new, smaller))


def _between_anchors(old: Sequence[str], new: Sequence[str], part: LineEdit, *, begin: str) -> Iterator[LineEdit]:
    """The parts of a part that differ, between the anchors among its lines whose first character is `begin`, or any."""
    first, last, new_first, new_last = part
    numbers = [number for number, line in enumerate(old[first:last], first) if begin in line[:1]]
    new_numbers = [number for number, line in enumerate(new[new_first:new_last], new_first) if begin in line[:1]]
    for anchor, new_anchor in (*_anchors(old, new, numbers, new_numbers), (last, new_last)):
        if old[first:anchor] != new[new_first:new_anchor]:
            yield LineEdit(first, anchor, new_first, new_anchor)
        first, new_first = anchor + 1, new_anchor + 1


def _anchors(
    old: Sequence[str], new: Sequence[str], numbers: Sequence[int], new_numbers: Sequence[int]
) -> Iterable[tuple[int, int]]:
    """The pairs of equal lines among those with these numbers: all, or else the unique ones in the same order."""
    lines, new_lines = [old[number] for number in numbers], [new[number] for number in new_numbers]
    if lines == new_lines:
        return zip(numbers, new_numbers, strict=True)
    times, new_times = Counter(lines), Counter(new_lines)
    unique = {line: number for line, number in zip(new_lines, new_numbers, strict=True) if new_times[line] == 1}
    pairs = zip(lines, numbers, strict=True)
    return _longest_increasing(
        [(number, unique[line]) for line, number in pairs if times[line] == 1 and line in unique]
    )


def _longest_increasing(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part of the pairs whose second numbers increase, as their first ones do."""
    seconds = [second for _, second in pairs]
    if seconds == sorted(seconds):
        return pairs
    ends: list[int] = []
    chains: list[tuple[tuple[int, int], object]] = []
    for pair in pairs:
        length = bisect_left(ends, pair[1])
        chain = (pair, chains[length - 1] if length else None)
        ends[length : length + 1] = [pair[1]]
        chains[length : length + 1] = [chain]
    found: list[tuple[int, int]] = []
    link: object = chains[-1] if chains else None
    while isinstance(link, tuple):
        found.append(link[0])
        link = link[1]
    return found[::-1]


def _trimmed(old: Sequence[str], new: Sequence[str], part: LineEdit) -> LineEdit:
    """The part without the lines that both of its sides begin and end with."""
    first, last, new_first, new_last = part
    while first < last and new_first < new_last and old[first] == new[new_first]:
        first, new_first = first + 1, new_first + 1
    while first < last and new_first < new_last and old[last - 1] == new[new_last - 1]:
        last, new_last = last - 1, new_last - 1
    return LineEdit(first, last, new_first, new_last)


def _compared(old: Sequence[str], new: Sequence[str], part: LineEdit) -> Iterator[LineEdit]:
    """The edits of a part in which no unique line is common, line by line where it is small."""
    first, last, new_first, new_last = part
    if part.adds_or_removes_only or (last - first) * (new_last - new_first) > SMALL:
        yield part
        return
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, old[first:last], new[new_first:new_last], autojunk=False)
    for kind, *ends in matcher.get_opcodes():
        if kind != "equal":
            yield LineEdit(ends[0] + first, ends[1] + first, ends[2] + new_first, ends[3] + new_first)


def _hunks(edits: Iterable[LineEdit]) -> Iterator[list[LineEdit]]:
    """The edits in groups that share their context."""
    hunk: list[LineEdit] = []
    for edit in edits:
        if hunk and edit.first - hunk[-1].last > 2 * CONTEXT:
            yield hunk
            hunk = []
        hunk.append(edit)
    if hunk:
        yield hunk


def _hunk_lines(hunk: Sequence[LineEdit], old: Sequence[str], new: Sequence[str]) -> list[str]:
    above = min(hunk[0].first, CONTEXT)
    below = min(len(old) - hunk[-1].last, CONTEXT)
    first, last = hunk[0].first - above, hunk[-1].last + below
    ranges = (_range(first, last), _range(hunk[0].new_first - above, hunk[-1].new_last + below))
    lines = ["@@ -{} +{} @@".format(*ranges)]
    for edit in hunk:
        lines += [f" {line}" for line in old[first : edit.first]]
        lines += [f"-{line}" for line in old[edit.first : edit.last]]
        lines += [f"+{line}" for line in new[edit.new_first : edit.new_last]]
        first = edit.last
    return lines + [f" {line}" for line in old[first:last]]


def _range(first: int, last: int) -> str:
    """Lines as the unified format counts them: from 1, the length left out where it is 1."""
    length = last - first
    if length == 1:
        return str(first + 1)
    return f"{first + 1 if length else first},{length}"
