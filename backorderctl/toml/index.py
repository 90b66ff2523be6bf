"""The positions of tables and keys in a TOML text, by regular expressions that are exact for every valid text.

For a text that is not valid TOML the positions are undefined; an edit is proved by parsing its result.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from backorderctl.toml.change import KeyPath
from backorderctl.toml.notation import BARE, BASIC, DOT, FLAT, KEY_PART, LITERAL, MULTILINE, collector_off

_KEY = rf"{KEY_PART}(?:{DOT}{KEY_PART})*"
_PLAIN_PART = rf'(?:{BARE}+|"{BARE}+")'
_PLAIN_KEY = rf"{_PLAIN_PART}(?:\.{_PLAIN_PART})*"

# A plain key is decoded by one replace and one split; most files have no others.
_HEADER = re.compile(rf"^[ \t]*+\[(\[?)(?:({_PLAIN_KEY})\]|[ \t]*+({_KEY}))", re.MULTILINE)
_STATEMENT = re.compile(rf"^[ \t]*+({_KEY})[ \t]*+=[ \t]*+", re.MULTILINE)
_PARTS = re.compile(KEY_PART)
_TOKEN = re.compile(rf"{MULTILINE}|{BASIC}|{LITERAL}|#[^\n]*+|[][{{}}\n]")
_ONE_LINE_VALUE = re.compile(
    rf"""(?:(?!\"\"\"){BASIC}|(?!'''){LITERAL}|[^][{{}}"'#\n]++)[ \t]*+(?:\#[^\n]*+)?\r?(?:\n|\Z)"""
)
# A string of any kind, or all up to a blank, a comment or a bracket; date and time may be separated by a blank.
_PLAIN_VALUE = re.compile(rf"""{MULTILINE}|{BASIC}|{LITERAL}|[^\s#,\[\]{{}}"']++(?:[ ]\d[^\s#]*+)?""")
# The beginning of a value that may continue on the next line.
_LONG_VALUE = re.compile(rf"""\"\"\"|'''|=[ \t]*+\[(?!{FLAT}\])""")


class Statement(NamedTuple):
    """A key with its value: its path below the header, and the positions of its line, of its value and of its end.

    The end is that of its last line, line end included.
    """

    path: tuple[str, ...]
    start: int
    value: int
    end: int


class Body(NamedTuple):
    """The keys below one header: in order, by path, and grouped by the tables that dotted keys create."""

    statements: list[Statement]
    leaves: dict[KeyPath, Statement]
    groups: dict[KeyPath, list[Statement]]


class Outline:
    """The headers of a text, numbered from 1, and the keys below each; number 0 is the top of the file.

    `paths` has the path of each header's table and `starts` the position of each header's line. They are two lists
    because creating 100,000 objects would take longer than everything else.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.paths: list[KeyPath] = [()]
        self.starts = [0]
        self._bodies: dict[int, Body] = {}
        with collector_off():
            self._scan()

    def _scan(self) -> None:
        lengths: dict[KeyPath, int] = {}
        for begin, end in _gaps(self.text):
            for match in _HEADER.finditer(self.text, begin, end):
                array, plain, key = match.groups()
                path: KeyPath = tuple(plain.replace('"', "").split(".")) if plain else key_path(key)
                self.paths.append(_numbered(path, lengths, array=bool(array)) if array or lengths else path)
                self.starts.append(match.start())

    @cached_property
    def numbers(self) -> dict[KeyPath, int]:
        """The number of the header at each path."""
        return {path: number for number, path in enumerate(self.paths)}

    @cached_property
    def members(self) -> dict[KeyPath, list[int]]:
        """The numbers of the headers at and below each path, in file order."""
        members: dict[KeyPath, list[int]] = {}
        with collector_off():
            for number, path in enumerate(self.paths):
                for length in range(1, len(path) + 1):
                    members.setdefault(path[:length], []).append(number)
        return members

    def end(self, number: int) -> int:
        """The position of the next header, or of the end of the text."""
        return self.starts[number + 1] if number + 1 < len(self.starts) else len(self.text)

    def body(self, number: int) -> Body:
        """The keys below the header."""
        if number not in self._bodies:
            self._bodies[number] = body(self.text, self.starts[number], self.end(number))
        return self._bodies[number]

    def owner(self, path: KeyPath) -> tuple[int, Statement] | None:
        """The key whose value is at `path` or contains it, with the number of its header; None if no key has it.

        It can only be below the lowest header at or above the path's table: what a header declares is in no value.
        """
        for length in range(len(path) - 1, -1, -1):
            number = self.numbers.get(path[:length])
            if number is not None:
                statement = holder(self.body(number), path[length:])
                return None if statement is None else (number, statement)
        return None

    def dotted(self, path: KeyPath) -> list[tuple[int, Statement]]:
        """The keys in the table at `path` that are written as dotted keys below another header, with its number."""
        found = []
        for length in range(len(path)):
            number = self.numbers.get(path[:length])
            if number is not None:
                found += [(number, statement) for statement in self.body(number).groups.get(path[length:], ())]
        return found


def key_path(key: str) -> tuple[str, ...]:
    """The path of a key as written, dotted or not."""
    if key.isidentifier() or key.isdigit():  # most keys of a file
        return (key,)
    return tuple(_unquoted(part) for part in key_parts(key))


def key_parts(key: str) -> list[str]:
    """The parts of a key, each as written."""
    return _PARTS.findall(key)


def header_key(text: str, start: int) -> tuple[str, int]:
    """The key, as written, of the header in the line that begins at `start`, and the position after it."""
    match = _HEADER.match(text, start)
    if match is None:
        raise ValueError(f"no header at {start}")
    return match[2] or match[3], match.end()


def plain_value(text: str, statement: Statement) -> re.Match[str] | None:
    """The match of a key's value; None when it is an array or an inline table."""
    return _PLAIN_VALUE.match(text, statement.value)


def body(text: str, begin: int, end: int) -> Body:
    """The keys between two positions, without a header between them."""
    statements = list(_statements(text, begin, end))
    leaves: dict[KeyPath, Statement] = {statement.path: statement for statement in statements}
    groups: dict[KeyPath, list[Statement]] = {}
    for statement in statements:
        for length in range(1, len(statement.path)):
            groups.setdefault(statement.path[:length], []).append(statement)
    return Body(statements, leaves, groups)


def holder(body: Body, path: KeyPath) -> Statement | None:
    """The key of a body whose value is at `path`, relative to the header, or contains it."""
    if not body.groups:
        return body.leaves.get(path[:1])
    for length in range(len(path), 0, -1):
        if statement := body.leaves.get(path[:length]):
            return statement
    return None


def body_at(text: str, start: int, blocks: list[tuple[int, int]]) -> Body:
    """The keys below the header whose line begins at `start`; `blocks` are the text's values of several lines."""
    following = start
    while match := _HEADER.search(text, following + 1):
        following = match.start()
        if not within(following, blocks):
            return body(text, start, following)
    return body(text, start, len(text))


def long_values(text: str) -> list[tuple[int, int]]:
    """Start and end of the lines of each key whose value has several lines."""
    blocks = []
    at = 0
    while match := _LONG_VALUE.search(text, at):
        line = max(at, text.rfind("\n", at, match.start()) + 1)
        at = _value_end(text, line)
        if text.find("\n", line, at - 1) != -1:
            blocks.append((line, at))
    return blocks


def within(position: int, blocks: list[tuple[int, int]]) -> bool:
    """Whether the position is inside one of the sorted blocks."""
    number = bisect_right(blocks, (position, len(blocks) and blocks[-1][1])) - 1
    return number >= 0 and position < blocks[number][1]


def _gaps(text: str) -> Iterator[tuple[int, int]]:
    begin = 0
    for start, end in long_values(text):
        yield begin, start
        begin = end
    yield begin, len(text)


def _statements(text: str, begin: int, end: int) -> Iterator[Statement]:
    while match := _STATEMENT.search(text, begin, end):
        value = match.end()
        line = _ONE_LINE_VALUE.match(text, value)
        begin = line.end() if line else _value_end(text, value)
        yield Statement(key_path(match[1]), match.start(), value, begin)


def _value_end(text: str, start: int) -> int:
    """The end of the line on which the value, or the key with its value, that begins at `start` ends."""
    depth = 0
    for token in _TOKEN.finditer(text, start):
        mark = text[token.start()]
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
        elif mark == "\n" and depth <= 0:
            return token.end()
    return len(text)


def _unquoted(part: str) -> str:
    if part[0] == "'" or (part[0] == '"' and "\\" not in part):
        return part[1:-1]
    if part[0] != '"':
        return part
    import tomllib

    return next(iter(tomllib.loads(f"{part} = 0")))


def _numbered(path: KeyPath, lengths: dict[KeyPath, int], *, array: bool) -> KeyPath:
    """The path with the index of the current element after each array of tables in it."""
    numbered: KeyPath = ()
    for part in path[:-1]:
        numbered += (part,)
        if numbered in lengths:
            numbered += (lengths[numbered] - 1,)
    numbered += path[-1:]
    if not array:
        return numbered
    lengths[numbered] = lengths.get(numbered, 0) + 1
    return (*numbered, lengths[numbered] - 1)
