"""Where a new table goes in a TOML text, and how its header is spelled there."""

from collections.abc import Container, Sequence

from backorderctl.toml import encode, index, trivia
from backorderctl.toml.change import KeyPath
from backorderctl.toml.index import Outline


def new_table(outline: Outline, path: KeyPath, families: Sequence[str], removed: Container[int]) -> int:
    """The position of a new table: above its subtables, else below its family, else where the family belongs.

    The family of a table in a product is the product; that of a product is all products. Headers in `removed` do not
    count.
    """
    for number in outline.members.get(path, ()):
        if number not in removed:
            return trivia.block_start(outline, number)
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
    return trivia.block_start(outline, 1) if bottom else table_end(outline, 0)


def _last_header(outline: Outline, path: KeyPath, removed: Container[int]) -> int:
    """The last header at or below the path that is not removed; 0, the top of the file, when there is none."""
    return next((number for number in reversed(outline.members.get(path, [])) if number not in removed), 0)


def table_end(outline: Outline, number: int) -> int:
    """The end of a table with its comments; the last table has everything that follows."""
    if number + 1 < len(outline.starts):
        return trivia.own_end(outline, number)
    return trivia.before_blank_lines(outline.text, len(outline.text))


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
            return encode.key_like(key, parts[len(path)])
    return encode.plain_key(key)


def header_parts(outline: Outline, number: int) -> list[str]:
    """The parts of a header's key, as written."""
    return index.key_parts(index.header_key(outline.text, outline.starts[number])[0])
