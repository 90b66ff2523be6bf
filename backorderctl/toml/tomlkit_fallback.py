"""Edits by tomlkit, slow and general: of one key with its value, or of a whole file; and the blanks that it loses."""

import re
from collections.abc import Sequence
from typing import Any

from backorderctl.toml import notation
from backorderctl.toml.change import REMOVED, Step

_TOKEN = re.compile(rf"{notation.MULTILINE}|{notation.BASIC}|{notation.LITERAL}|[\[\]{{}},]")


def edited_by_tomlkit(text: str, steps: Sequence[Step]) -> str:
    """The text after the steps. tomlkit does not get all of them right, so the caller must parse the result."""
    import tomlkit

    document = tomlkit.parse(text)
    for path, value in steps:
        table: Any = document
        for part in path[:-1]:
            table = table[part]
        if value is REMOVED:
            del table[path[-1]]
        elif isinstance(path[-1], int) and path[-1] == len(table):
            table.append(tomlkit.value(notation.literal(value)))
        elif isinstance(value, list) and isinstance(table.get(path[-1]), list):
            _change_list(table[path[-1]], value)
        else:
            table[path[-1]] = tomlkit.value(notation.literal(value))
    return document.as_string()


def _change_list(array: Any, elements: list[Any]) -> None:
    """Change the array to `elements`; those that stay keep their order and comments."""
    import tomlkit

    for number in reversed(range(len(array))):
        if array[number] not in elements:
            del array[number]
    for element in elements[len(array) :]:
        array.append(tomlkit.value(notation.literal(element)))
    if array.unwrap() != elements:
        array.clear()
        array.extend(tomlkit.value(notation.literal(element)) for element in elements)


def with_old_blanks(new: str, old: str) -> str:
    """A key with an inline table after an edit, with the blanks between braces, commas and values that it had."""
    braces = [re.search(r"=[ \t]*(?=\{)", text) for text in (new, old)]
    if not (braces[0] and braces[1]) or any("\n" in text.rstrip("\r\n") for text in (new, old)):
        return new
    ends = [_parts(text, match.end())[1] for text, match in zip((new, old), braces, strict=True) if match]
    inside = _respaced(new[braces[0].end() : ends[0]], old[braces[1].end() : ends[1]])
    return new[: braces[0].end()] + inside + new[ends[0] :]


def _respaced(new: str, old: str) -> str:
    """An inline table, brace to brace, in the style of another."""
    parts, old_parts = _parts(new, 0)[0], _parts(old, 0)[0]
    old_values = dict(map(_split, old_parts))
    texts = []
    for part in parts:
        key, value = _split(part)
        if value.startswith("{") and old_values.get(key, "").startswith("{"):
            part = part.replace(value, _respaced(value, old_values[key]))
        texts.append(part)
    if len(parts) == len(old_parts):
        return f"{{{','.join(texts)}}}"
    first, last = (old_parts[0], old_parts[-1]) if old_parts else (old[1:-1], "")
    before, after = first[: len(first) - len(first.lstrip())], last[len(last.rstrip()) :]
    between = ", "
    if len(old_parts) > 1:
        second = old_parts[1]
        between = f"{first[len(first.rstrip()) :]},{second[: len(second) - len(second.lstrip())]}"
    if not texts:
        return f"{{{before}}}"
    return f"{{{before}{between.join(map(str.strip, texts))}{after if old_parts else before}}}"


def _parts(text: str, start: int) -> tuple[list[str], int]:
    """What commas separate in the inline table that begins at `start`, blanks included, and the end of the table."""
    depth, begin, parts = 0, start + 1, []
    for token in _TOKEN.finditer(text, start):
        depth += (token[0] in "[{") - (token[0] in "]}")
        if (token[0] == "," and depth == 1) or depth == 0:
            parts.append(text[begin : token.start()])
            begin = token.end()
        if depth == 0:
            break
    return [part for part in parts if part.strip()], begin


def _split(part: str) -> tuple[str, str]:
    """A key as it is written, and its value."""
    key = re.match(rf"[ \t]*{notation.KEY_PART}(?:{notation.DOT}{notation.KEY_PART})*", part)
    name = key[0] if key else ""
    return name.strip(), part[len(name) :].strip().removeprefix("=").strip()
