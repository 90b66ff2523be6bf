"""Where the tables and the keys of a TOML text stand: regular expressions over the text, exact for every valid one.

What stands in a text that is not valid TOML is left open; whoever edits parses the outcome again.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from backorderctl.toml.parse import collector_off

Path = tuple[str | int, ...]

BARE = r"[A-Za-z0-9_-]+"
_BASIC = r'"(?:[^"\\\n]|\\.)*+"'
_LITERAL = r"'[^'\n]*+'"
_MULTILINE = r'"""(?:[^"\\]|\\[\s\S]|"(?!""))*+"{3,5}' + r"|'''(?:[^']|'(?!''))*+'{3,5}"
_PART = rf"(?:{BARE}|{_BASIC}|{_LITERAL})"
_KEY = rf"{_PART}(?:[ \t]*+\.[ \t]*+{_PART})*+"
_PLAIN_PART = rf'(?:{BARE}|"{BARE}")'
_PLAIN_KEY = rf"{_PLAIN_PART}(?:\.{_PLAIN_PART})*+"

# A plain key is decoded by one replace and one split; a file of 100,000 tables has hardly any other.
_HEADER = re.compile(rf"^[ \t]*+\[(\[?)(?:({_PLAIN_KEY})\]|[ \t]*+({_KEY}))", re.MULTILINE)
_STATEMENT = re.compile(rf"^[ \t]*+({_KEY})[ \t]*+=[ \t]*+", re.MULTILINE)
_PARTS = re.compile(_PART)
_TOKEN = re.compile(rf"{_MULTILINE}|{_BASIC}|{_LITERAL}|#[^\n]*+|[][{{}}\n]")
_ONE_LINE_VALUE = re.compile(
    rf"""(?:(?!\"\"\"){_BASIC}|(?!'''){_LITERAL}|[^][{{}}"'#\n]++)[ \t]*+(?:\#[^\n]*+)?\r?(?:\n|\Z)"""
)
# A string of any kind, or what reaches to a blank, a comment or a bracket; between date and time a blank may stand.
_PLAIN_VALUE = re.compile(rf"""{_MULTILINE}|{_BASIC}|{_LITERAL}|[^\s#,\[\]{{}}"']++(?:[ ]\d[^\s#]*+)?""")
# Only these begin a value that may go on in the next line; an array that is seen to end where it began is none of them.
_FLAT = r"""[^\]\[{}"'#\n]*+(?:(?:"[^"\\\n]++"|'[^'\n]++')[^\]\[{}"'#\n]*+)*+"""
_LONG_VALUE = re.compile(rf"""\"\"\"|'''|=[ \t]*+\[(?!{_FLAT}\])""")


class Statement(NamedTuple):
    """A key with its value: its path below the header, where its line and its value begin, where its last line ends."""

    path: tuple[str, ...]
    start: int
    value: int
    end: int


class Body(NamedTuple):
    """The keys below one header: all in order, each by its path, and those below each table that dotted keys make."""

    statements: list[Statement]
    leaves: dict[Path, Statement]
    groups: dict[Path, list[Statement]]


class Outline:
    """The headers of a text, number 0 being the top of the file, and the keys below each.

    `paths` are the tables of the headers, with the number of each element of an array of tables, `starts` where the
    lines of the headers begin: two lists, as making 100,000 objects takes longer than all the rest.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.paths: list[Path] = [()]
        self.starts = [0]
        self._bodies: dict[int, Body] = {}
        with collector_off():
            self._scan()

    def _scan(self) -> None:
        lengths: dict[Path, int] = {}
        for begin, end in _gaps(self.text):
            for match in _HEADER.finditer(self.text, begin, end):
                array, plain, key = match.groups()
                path: Path = tuple(plain.replace('"', "").split(".")) if plain else key_path(key)
                self.paths.append(_numbered(path, lengths, array=bool(array)) if array or lengths else path)
                self.starts.append(match.start())

    @cached_property
    def numbers(self) -> dict[Path, int]:
        """The number of the header at each path."""
        return {path: number for number, path in enumerate(self.paths)}

    @cached_property
    def members(self) -> dict[Path, list[int]]:
        """The numbers of the headers at and below each path, in the order of the file."""
        members: dict[Path, list[int]] = {}
        with collector_off():
            for number, path in enumerate(self.paths):
                for length in range(1, len(path) + 1):
                    members.setdefault(path[:length], []).append(number)
        return members

    def end(self, number: int) -> int:
        """Where the next header begins, or the text ends."""
        return self.starts[number + 1] if number + 1 < len(self.starts) else len(self.text)

    def body(self, number: int) -> Body:
        """The keys below the header."""
        if number not in self._bodies:
            self._bodies[number] = body(self.text, self.starts[number], self.end(number))
        return self._bodies[number]

    def owner(self, path: Path) -> tuple[int, Statement] | None:
        """The key, and the number of its header, whose value is what stands at `path` or holds it."""
        for length in range(len(path) - 1, -1, -1):
            number = self.numbers.get(path[:length])
            if number is not None and (statement := holder(self.body(number), path[length:])):
                return number, statement
        return None

    def dotted(self, path: Path) -> list[tuple[int, Statement]]:
        """The dotted keys that stand below the table at `path` without being below its header."""
        found = []
        for length in range(len(path)):
            number = self.numbers.get(path[:length])
            if number is not None:
                found += [(number, statement) for statement in self.body(number).groups.get(path[length:], ())]
        return found


def key_path(key: str) -> tuple[str, ...]:
    """The path that a key as written, dotted or not, stands for."""
    return tuple(_unquoted(part) for part in key_parts(key))


def key_parts(key: str) -> list[str]:
    """The parts of a key, each as written."""
    return _PARTS.findall(key)


def header_key(text: str, start: int) -> tuple[str, int]:
    """The key of the header in the line that begins at `start`, as written, and where it ends."""
    match = _HEADER.match(text, start)
    if match is None:
        raise ValueError(f"no header at {start}")
    return match[2] or match[3], match.end()


def plain_value(text: str, statement: Statement) -> re.Match[str] | None:
    """The value of a key, where it is neither an array nor an inline table."""
    return _PLAIN_VALUE.match(text, statement.value)


def body(text: str, begin: int, end: int) -> Body:
    """The keys that stand between two headers."""
    statements = list(_statements(text, begin, end))
    leaves: dict[Path, Statement] = {statement.path: statement for statement in statements}
    groups: dict[Path, list[Statement]] = {}
    for statement in statements:
        for length in range(1, len(statement.path)):
            groups.setdefault(statement.path[:length], []).append(statement)
    return Body(statements, leaves, groups)


def holder(body: Body, path: Path) -> Statement | None:
    """The key of a body whose value is what stands at `path` below the header, or holds it."""
    for length in range(len(path), 0, -1):
        if statement := body.leaves.get(path[:length]):
            return statement
    return None


def body_at(text: str, start: int, blocks: list[tuple[int, int]]) -> Body:
    """The keys below the header whose line begins at `start`; `blocks` are the text's long values."""
    following = start
    while match := _HEADER.search(text, following + 1):
        following = match.start()
        if not within(following, blocks):
            return body(text, start, following)
    return body(text, start, len(text))


def long_values(text: str) -> list[tuple[int, int]]:
    """Where each key with a value of several lines begins, and where its last line ends."""
    blocks = []
    at = 0
    while match := _LONG_VALUE.search(text, at):
        line = max(at, text.rfind("\n", at, match.start()) + 1)
        at = _value_end(text, line)
        if text.find("\n", line, at - 1) != -1:
            blocks.append((line, at))
    return blocks


def within(position: int, blocks: list[tuple[int, int]]) -> bool:
    """Whether the position is inside one of the blocks, which are in order."""
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
    """Where the line ends on which a value, or a whole key with its value, that begins at `start` ends."""
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


def _numbered(path: Path, lengths: dict[Path, int], *, array: bool) -> Path:
    """The path with the number of each element of an array of tables that it leads through."""
    numbered: Path = ()
    for part in path[:-1]:
        numbered += (part,)
        if numbered in lengths:
            numbered += (lengths[numbered] - 1,)
    numbered += path[-1:]
    if not array:
        return numbered
    lengths[numbered] = lengths.get(numbered, 0) + 1
    return (*numbered, lengths[numbered] - 1)
