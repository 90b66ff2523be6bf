"""The line number of any key or table of a TOML text, found on request."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from backorderctl.toml.change import KeyPath
from backorderctl.toml.notation import BYTE_ORDER_MARK, basic_string, key_like

if TYPE_CHECKING:
    from backorderctl.toml.index import Outline

_MOST_JUMPS = 20
"""Line numbers found by searching the text for each; for more of them, one scan that finds all is faster."""


class Lines:
    """The line numbers of the keys and tables of a valid TOML text; nothing is computed before the first request."""

    def __init__(self, text: str) -> None:
        self._text = text.removeprefix(BYTE_ORDER_MARK)
        self._jumps = 0

    def line(self, path: KeyPath) -> int | None:
        """The line, counted from 1, of the key or table header at `path`; None when nothing is at the path.

        A table without a header of its own has the line of the first key or header that creates it; what is inside a
        value has the line of the value's key.
        """
        self._jumps += 1
        if self._jumps <= _MOST_JUMPS and (position := self._jump(path)) is not None:
            return self._text.count("\n", 0, position) + 1
        position = self._position(path)
        return None if position is None else bisect_right(self._starts, position)

    def _jump(self, path: KeyPath) -> int | None:
        """The position of the key at `path`, if its table's header has one of the usual spellings."""
        from backorderctl.toml.index import body_at, holder  # its patterns take time to compile

        start = self._header(path[:-1])
        if start is None:
            return self._header(path)
        statement = holder(body_at(self._text, start, self._blocks), path[-1:])
        return self._header(path) if statement is None else statement.start

    def _header(self, path: KeyPath) -> int | None:
        if not path:
            return 0
        from backorderctl.toml.index import within

        for key in _usual_headers(path):
            start = self._text.find(f"\n[{key}]") + 1
            if start and not within(start, self._blocks):
                return start
        return None

    def _position(self, path: KeyPath) -> int | None:
        outline = self._outline
        if path in outline.numbers:
            return outline.starts[outline.numbers[path]]
        if owner := outline.owner(path):
            return owner[1].start
        keys = [statement.start for _, statement in outline.dotted(path)]
        tables = [outline.starts[number] for number in outline.members.get(path, ())[:1]]
        return min(keys + tables, default=None)

    @cached_property
    def _blocks(self) -> list[tuple[int, int]]:
        from backorderctl.toml.index import long_values

        return long_values(self._text)

    @cached_property
    def _outline(self) -> "Outline":
        from backorderctl.toml.index import Outline

        return Outline(self._text)

    @cached_property
    def _starts(self) -> "array[int]":
        return array("Q", accumulate((len(line) + 1 for line in self._text.split("\n")), initial=0))


def _usual_headers(path: KeyPath) -> Iterator[str]:
    """The path as a header's key: quoted where necessary, and with the second part quoted, as many write SKUs."""
    if all(isinstance(part, str) for part in path):
        keys = [str(part) for part in path]
        parts = [key_like(key, "") for key in keys]
        yield ".".join(parts)
        if len(parts) > 1 and parts[1] == keys[1]:
            yield ".".join([parts[0], basic_string(keys[1]), *parts[2:]])
