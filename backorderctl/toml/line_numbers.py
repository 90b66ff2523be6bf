"""The line of any key or table of a TOML text, found when it is asked for."""

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backorderctl.toml.index import Outline

Path = tuple[str | int, ...]

# Each jump searches the text; whoever asks for more lines than this is better served by one scan for all.
_MOST_JUMPS = 20


class Lines:
    """The lines on which the keys and tables of a valid TOML text stand; making one costs nothing."""

    def __init__(self, text: str) -> None:
        self._text = text.removeprefix("\ufeff")
        self._jumps = 0

    def line(self, path: Path) -> int | None:
        """The line, from 1, of the key or table header at `path`; None when nothing stands there.

        A number in a path counts the elements of an array of tables. A table without a header of its own is where the
        first key or header stands that brings it into being; what stands inside a value is where the value's key is.
        """
        self._jumps += 1
        if self._jumps <= _MOST_JUMPS and (position := self._jump(path)) is not None:
            return self._text.count("\n", 0, position) + 1
        position = self._position(path)
        return None if position is None else bisect_right(self._starts, position)

    def _jump(self, path: Path) -> int | None:
        """Where the key at `path` stands when its table's header is written in one of the two usual ways."""
        from backorderctl.toml.index import body_at, holder  # who asks for no line need not wait for its patterns

        start = self._header(path[:-1])
        if start is None:
            return self._header(path)
        statement = holder(body_at(self._text, start, self._blocks), path[-1:])
        return self._header(path) if statement is None else statement.start

    def _header(self, path: Path) -> int | None:
        if not path:
            return 0
        from backorderctl.toml.index import within

        for key in _usual_spellings(path):
            start = self._text.find(f"\n[{key}]") + 1
            if start and not within(start, self._blocks):
                return start
        return None

    def _position(self, path: Path) -> int | None:
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


def _usual_spellings(path: Path) -> Iterator[str]:
    """The path as a header's key: quoted where it must be, and quoted in its second part, as many write SKUs."""
    from backorderctl.toml.index import BARE

    parts = [part for part in path if isinstance(part, str) and not re.search(r'["\\\x00-\x1f\x7f]', part)]
    if parts and len(parts) == len(path):
        bare = [part if re.fullmatch(BARE, part) else f'"{part}"' for part in parts]
        yield ".".join(bare)
        if len(bare) > 1 and bare[1] == parts[1]:
            yield ".".join([bare[0], f'"{bare[1]}"', *bare[2:]])
