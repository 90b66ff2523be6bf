"""What stands between the keys of a TOML text: blank lines, and comments with the table that they belong to."""

import re

from backorderctl.toml.index import Outline, header_key

_COMMENT_LINES = re.compile(r"(?:[ \t]*+#[^\n]*+(?:\n|\Z))*+")
_BLANK_LINES = re.compile(r"(?:[ \t\r]*+\n)*+(?:[ \t\r]*+\Z)?")


def keys_end(outline: Outline, number: int) -> int:
    """Where the last line of a header with its keys ends; the top of a file without keys ends at 0."""
    if statements := outline.body(number).statements:
        return statements[-1].end
    return line_end(outline.text, outline.starts[number]) if number else 0


def own_end(outline: Outline, number: int) -> int:
    """Where a table ends: after its last key and the comments right below that, unless they touch the next header.

    Comments after a blank line are taken for those of what follows.
    """
    end = keys_end(outline, number)
    comments = _COMMENT_LINES.match(outline.text, end)
    if comments is None or (comments.end() == outline.end(number) < len(outline.text)):
        return end
    return comments.end()


def block_start(outline: Outline, number: int) -> int:
    """Where the comment right above a header begins, or the header when there is none."""
    lowest = keys_end(outline, number - 1)
    start = outline.starts[number]
    while start > lowest:
        line = max(lowest, outline.text.rfind("\n", lowest, start - 1) + 1)
        if not outline.text[line:start].lstrip(" \t").startswith("#"):
            break
        start = line
    return start


def has_comment(outline: Outline, number: int) -> bool:
    """Whether a comment lives in a table: on its header's line or below, not on a key's or right above a header."""
    text = outline.text
    last = number + 1 == len(outline.starts)
    ends = len(text) if last else block_start(outline, number + 1)
    at = header_key(text, outline.starts[number])[1]
    for statement in outline.body(number).statements:
        if "#" in text[at : statement.start]:
            return True
        at = statement.end
    return "#" in text[at:ends]


def indent(text: str, start: int) -> str:
    """The blanks at the beginning of a line."""
    line = text[start : line_end(text, start)]
    return line[: len(line) - len(line.lstrip(" \t"))]


def line_end(text: str, position: int) -> int:
    """Where the line ends that `position` is in, its line end included."""
    return text.find("\n", position) + 1 or len(text)


def after_blank_lines(text: str, position: int) -> int:
    """Where the blank lines end that begin at `position`."""
    match = _BLANK_LINES.match(text, position)
    return match.end() if match else position


def before_blank_lines(text: str, position: int) -> int:
    """Where the blank lines begin that end at `position`."""
    while position:
        line = text.rfind("\n", 0, position - 1) + 1
        if text[line:position].strip(" \t\r\n"):
            break
        position = line
    return position


def newline(text: str, position: int) -> str:
    """The line end of the line before `position`, or of the first line where there is none before."""
    end = text.rfind("\n", 0, position)
    if end == -1:
        end = text.find("\n")
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"
