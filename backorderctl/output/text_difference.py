"""What a write changes in the text of a file, as a unified difference, in time linear in the text."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, TextIO

from backorderctl.output.format import printable
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


def show_text_difference(old: str, new: str, name: str, out: TextIO) -> None:
    """Write the unified difference of two texts of the file `name`; nothing when they are equal."""
    before, after = old.splitlines(), new.splitlines()
    if before == after:
        return
    screen = terminal(out)
    screen.line(printable(f"--- {name}"), Style.BOLD)
    screen.line(printable(f"+++ {name}"), Style.BOLD)
    for hunk in _hunks(edits(before, after)):
        lines = list(map(printable, _hunk_lines(hunk, before, after)))
        if screen.coloured:
            lines = [screen.styled(line, _STYLES[line[0]]) if line[0] in _STYLES else line for line in lines]
        out.write("\n".join(lines) + "\n")


def edits(old: Sequence[str], new: Sequence[str]) -> Iterator[LineEdit]:
    """What turns the old lines into the new ones, in order.

    Lines that are unique in both texts are matched first, as in the patience difference; only the short stretches
    between them are compared line by line, which difflib does to whole files in quadratic time.
    """
    start, new_start = 0, 0
    for anchor, new_anchor in (*_anchors(old, new), (len(old), len(new))):
        if start < anchor or new_start < new_anchor:
            yield from _edits_between(old, new, LineEdit(start, anchor, new_start, new_anchor))
        start, new_start = anchor + 1, new_anchor + 1


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """The line numbers of unique lines that both texts have, as many as stand in the same order."""
    olds, news = Counter(old), Counter(new)
    places = {line: number for number, line in enumerate(new) if news[line] == 1}
    pairs = [(number, places[line]) for number, line in enumerate(old) if olds[line] == 1 and line in places]
    return _longest_increasing(pairs)


def _longest_increasing(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part of the pairs whose second numbers increase, as their first ones do."""
    if all(one[1] < other[1] for one, other in pairwise(pairs)):
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


def _edits_between(old: Sequence[str], new: Sequence[str], part: LineEdit) -> Iterator[LineEdit]:
    """The edits of a part in which no unique line is common, without what its sides begin and end with."""
    first, last, new_first, new_last = part
    while first < last and new_first < new_last and old[first] == new[new_first]:
        first, new_first = first + 1, new_first + 1
    while first < last and new_first < new_last and old[last - 1] == new[new_last - 1]:
        last, new_last = last - 1, new_last - 1
    if first == last and new_first == new_last:
        return
    if first == last or new_first == new_last or (last - first) * (new_last - new_first) > SMALL:
        yield LineEdit(first, last, new_first, new_last)
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


def _hunk_lines(hunk: Sequence[LineEdit], old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    above = min(hunk[0].first, CONTEXT)
    below = min(len(old) - hunk[-1].last, CONTEXT)
    first, last = hunk[0].first - above, hunk[-1].last + below
    ranges = (_range(first, last), _range(hunk[0].new_first - above, hunk[-1].new_last + below))
    yield "@@ -{} +{} @@".format(*ranges)
    for edit in hunk:
        yield from (f" {line}" for line in old[first : edit.first])
        yield from (f"-{line}" for line in old[edit.first : edit.last])
        yield from (f"+{line}" for line in new[edit.new_first : edit.new_last])
        first = edit.last
    yield from (f" {line}" for line in old[first:last])


def _range(first: int, last: int) -> str:
    """Lines as the unified format counts them: from 1, the length left out where it is 1."""
    length = last - first
    if length == 1:
        return str(first + 1)
    return f"{first + 1 if length else first},{length}"
