"""The layout of a TOML text: blank lines, comments and the tables they belong to, and where a new table goes."""

import re
from collections.abc import Container, Sequence

from backorderctl.toml import notation
from backorderctl.toml.change import KeyPath
from backorderctl.toml.index import Outline, header_key, key_parts

_COMMENT_LINES = re.compile(r"(?:[ \t]*+#[^\n]*+(?:\n|\Z))*+")
_BLANK_LINES = re.compile(r"(?:[ \t\r]*+\n)*+(?:[ \t\r]*+\Z)?")


def keys_end(outline: Outline, number: int) -> int:
    """The end of a table's last key, or of its header; 0 for the top of a file without keys."""
    if statements := outline.body(number).statements:
        return statements[-1].end
    return line_end(outline.text, outline.starts[number]) if number else 0


def own_end(outline: Outline, number: int) -> int:
    """The end of a table: after its last key and the comments directly below that.

    Comments that touch the next header or the end of the text belong to these, and comments after a blank line to what
    follows.
    """
    end = keys_end(outline, number)
    comments = _COMMENT_LINES.match(outline.text, end)
    if comments is None or comments.end() == outline.end(number):
        return end
    return comments.end()


def block_start(outline: Outline, number: int) -> int:
    """The start of the comment directly above a header, or of the header where no comment is there."""
    lowest = keys_end(outline, number - 1)
    start = outline.starts[number]
    while start > lowest:
        line = max(lowest, outline.text.rfind("\n", lowest, start - 1) + 1)
        if not outline.text[line:start].lstrip(" \t").startswith("#"):
            break
        start = line
    return start


def has_comment(outline: Outline, number: int) -> bool:
    """Whether a table has a comment directly above its header, on the header's line or on lines of its own.

    That of the next header is not its, nor is one at the top of the file.
    """
    text = outline.text
    if 0 < block_start(outline, number) < outline.starts[number]:
        return True
    last = number + 1 == len(outline.starts)
    ends = len(text) if last else block_start(outline, number + 1)
    at = header_key(text, outline.starts[number])[1]
    for statement in outline.body(number).statements:
        if "#" in text[at : statement.start]:
            return True
        at = statement.end
    return "#" in text[at:ends]


def indent(text: str, start: int) -> str:
    """The blanks at the beginning of the line that starts at `start`."""
    line = text[start : line_end(text, start)]
    return line[: len(line) - len(line.lstrip(" \t"))]


def line_end(text: str, position: int) -> int:
    """The end of the line that contains `position`, line end included."""
    return text.find("\n", position) + 1 or len(text)


def after_blank_lines(text: str, position: int) -> int:
    """The end of the blank lines that begin at `position`."""
    match = _BLANK_LINES.match(text, position)
    return match.end() if match else position


def before_blank_lines(text: str, position: int) -> int:
    """The start of the blank lines that end at `position`."""
    while position:
        line = text.rfind("\n", 0, position - 1) + 1
        if text[line:position].strip(" \t\r\n"):
            break
        position = line
    return position


def newline(text: str, position: int) -> str:
    """The line end used before `position`, or else that of the first line."""
    end = text.rfind("\n", 0, position)
    if end == -1:
        end = text.find("\n")
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"


def new_table(outline: Outline, path: KeyPath, families: Sequence[str], removed: Container[int]) -> int:
    """The position of a new table: above its subtables, else below its family, else where the family belongs.

    The family of a table in a product is the product; that of a product is all products. Headers in `removed` do not
    count.
    """
    for number in outline.members.get(path, ()):
        if number not in removed:
            return block_start(outline, number)
    for family in [path[:2], path[:1]] if len(path) > 2 else [path[:1]]:
        if last := _last_header(outline, family, removed):
            return table_end(outline, last)
    return _new_family(outline, str(path[0]), families, removed)


def _new_family(outline: Outline, name: str, families: Sequence[str], removed: Container[int]) -> int:
    bottom = len(outline.starts) - 1
    if name not in families:
        return table_end(outline, bottom)
    for earlier in reversed(families[: families.index(name)]):
        if last := _last_header(outline, (earlier,), removed):
            return table_end(outline, last)
    return block_start(outline, 1) if bottom else table_end(outline, 0)


def _last_header(outline: Outline, path: KeyPath, removed: Container[int]) -> int:
    """The last header at or below the path that is not removed; 0, the top of the file, when every one is removed."""
    return next((number for number in reversed(outline.members.get(path, [])) if number not in removed), 0)


def table_end(outline: Outline, number: int) -> int:
    """The end of a table with its comments; the last table has everything that follows."""
    if number + 1 < len(outline.starts):
        return own_end(outline, number)
    return before_blank_lines(outline.text, len(outline.text))


def new_header_key(outline: Outline, path: KeyPath) -> str:
    """The path as a header's key: known parts spelled as in other headers, new parts quoted as their siblings are."""
    parts: list[str] = []
    for length, part in enumerate(path, 1):
        if known := outline.members.get(path[:length]):
            parts.append(header_parts(outline, known[-1])[length - 1])
        else:
            parts.append(_like_siblings(outline, path[: length - 1], str(part)))
    return ".".join(parts)


def _like_siblings(outline: Outline, path: KeyPath, key: str) -> str:
    for number in reversed(outline.members.get(path, [])):
        parts = header_parts(outline, number)
        if len(parts) > len(path):
            return notation.key_like(key, parts[len(path)])
    return notation.plain_key(key)


def header_parts(outline: Outline, number: int) -> list[str]:
    """The parts of a header's key, as written."""
    return key_parts(header_key(outline.text, outline.starts[number])[0])
