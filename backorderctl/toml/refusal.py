"""Why a text is no TOML 1.0, in words that name the cause: a merge conflict, a key or table again, TOML 1.1."""

import re
import tomllib
from typing import Any

from backorderctl.errors import Problem

_LOCATION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_BARE_WORD = re.compile(r"=[ \t]*([A-Za-z][A-Za-z_ -]*[A-Za-z])[ \t]*(?:#.*)?$")
_HUGE_NUMBER = re.compile(r"(?<![\w.])[+-]?(?:\d[\d_]{4299,}|[\d_.]+[eE][+-]?[\d_]{18,})(?!\w)")
_CONFLICT = re.compile(r"^<{7}(?= |\r?$)(?:.*\n)*?={7}\r?\n(?:.*\n)*?>{7}(?= |\r?$)", re.MULTILINE)
_KEY = re.compile(r"""[ \t]*((?:"(?:[^"\\]|\\.)*"|'[^']*'|[^='"#\[])+)=""")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LIKE_A_HEADER = re.compile(r"[ \t]*\[\[?[^\[\],]+\]\]?[ \t]*(?:#.*)?\r?$")
_MARKER = re.compile(r"(?:<{7}|={7}|>{7}|\|{7})(?: |$)")
_REPEATED = ("Cannot declare ", "Cannot overwrite a value", "Cannot redefine namespace ")
_NEWER = "this is TOML 1.1, and the file is read as TOML 1.0: "


def refused(message: str, text: str) -> list[Problem]:
    """The problems of a text that Python's parser refuses with this message."""
    if conflicts := list(_CONFLICT.finditer(text)):
        return [_conflict(text, *match.span()) for match in conflicts]
    location = _LOCATION.search(message)
    if location is None:
        return [Problem(message)]
    reason = message[0].lower() + message[1 : location.start()]
    if location[1] is None:
        return [problem(reason, text, len(text))]
    number, column = int(location[1]), int(location[2])
    lines = text.split("\n")
    position = sum(len(line) + 1 for line in lines[: number - 1]) + column - 1
    line = lines[number - 1].removesuffix("\r")
    if _MARKER.match(line):
        reason = "a line of a merge conflict"
    elif message.startswith(_REPEATED):
        reason = _repeated(lines[:number]) or "declared twice"
    elif word := _BARE_WORD.search(line):
        reason += f'; a word is quoted: {line[: word.start(1)].strip()} "{word[1]}"'
    elif newer := _newer(reason, line, text[position : position + 1], column):
        reason = _NEWER + newer
    return [Problem(reason, number, column)]


def huge_number(text: str) -> Problem:
    """The problem of a number with more digits than Python reads."""
    message = "number too large to read"
    found = _HUGE_NUMBER.search(text)
    return problem(message, text, found.start()) if found else Problem(message)


def problem(message: str, text: str, position: int) -> Problem:
    """A problem at a position of the text."""
    return Problem(message, text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position))


def _conflict(text: str, start: int, end: int) -> Problem:
    last = text.count("\n", 0, end) + 1
    return problem(f"merge conflict up to line {last}: keep one side, without the lines of <, = and >", text, start)


def _repeated(lines: list[str]) -> str | None:
    """What the last of these lines repeats, and where it is first; None where that is not found."""
    starts = range(len(lines) - 1, -1, -1)
    begin = next((start for start in starts if _data("\n".join(lines[start:])) is not None), None)
    if begin is None:
        return None
    is_table = _LIKE_A_HEADER.match(lines[begin]) is not None
    above = (line for line in lines[begin::-1] if _LIKE_A_HEADER.match(line) and _header(line))
    target = _header(next(above, "")) + (() if is_table else _key(lines[begin]))
    for length in range(len(target), 0, -1):
        if number := _first(lines[:begin], target[:length]):
            name = ".".join(part if _WORD.fullmatch(part) else f'"{part}"' for part in target[:length])
            return (
                f"table {name} is already declared, at line {number}"
                if is_table
                else (f"key {name} is already set, at line {number}")
            )
    return None


def _first(lines: list[str], target: tuple[str, ...]) -> int | None:
    """The number of the first line that is about the path, by its text: what is no TOML has no outline."""
    header, key = "", tuple[str, ...]()
    for number, line in enumerate(lines, 1):
        if _LIKE_A_HEADER.match(line):
            header, key = line, ()
        elif target[-1] not in line or not (key := _key(line)):
            continue
        if target[-1] in line and (_header(header) + key)[: len(target)] == target:
            return number
    return None


def _header(line: str) -> tuple[str, ...]:
    """The path of a header, empty where the line is none."""
    path: list[str] = []
    data: Any = _data(line)
    while isinstance(data, dict) and len(data) == 1:
        [(part, data)] = data.items()
        path.append(part)
    return tuple(path)


def _key(line: str) -> tuple[str, ...]:
    """The path of the key of a line, below its header; empty where it has none."""
    key = _KEY.match(line)
    return _header(f"[{key[1]}]") if key else ()


def _data(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _newer(reason: str, line: str, found: str, column: int) -> str | None:
    """What TOML 1.0 has in place of what TOML 1.1 allows here; None for what neither allows."""
    if reason.startswith("unescaped '\\'") and (escape := re.search(r"\\(?:e|x([0-9A-Fa-f]{2}))", line[: column + 4])):
        return f"write {escape[0]} as \\u00{escape[1] or '1b'}"
    if reason in ("invalid initial character for a key part", "unclosed inline table"):
        if found == "}":
            return "write no comma before the } of an inline table"
        if found in ("", "\r", "\n", "#"):
            return "write an inline table on one line"
    if re.search(r"=[ \t]*(?:\d{4}-\d\d-\d\d[Tt ])?\d\d:\d\d(?!:)", line[: column + 8]):
        return "write a time with its seconds"
    return None
