"""The smallest pieces of a TOML text to replace so that its data changes as it shall."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from backorderctl.toml import space, spell
from backorderctl.toml.draft import REMOVED, Step, present, value_at
from backorderctl.toml.read import Data
from backorderctl.toml.scan import BASIC, LITERAL, MULTILINE, Outline, Path, Statement, header_key, key_parts
from backorderctl.toml.whole import edited_by_tomlkit

# A string of any kind, else what reaches to a blank, a comment or a bracket; between date and time a blank may stand.
_SCALAR = re.compile(rf"""{MULTILINE}|{BASIC}|{LITERAL}|[^\s#,\[\]{{}}"']++(?:[ ]\d[^\s#]*+)?""")


class Splice(NamedTuple):
    """A piece of a text, from `start` to before `end`, and what takes its place."""

    start: int
    end: int
    text: str


def spliced(outline: Outline, steps: Sequence[Step], new: Data, families: Sequence[str]) -> str | None:
    """The text after the steps; None when they get into each other's way."""
    plan = _Plan(outline, new, families)
    for step in sorted(steps, key=lambda step: step.value is not REMOVED):
        plan.take(step)
    return _applied(outline.text, plan.splices())


class _Plan:
    """The pieces to replace, gathered step by step, as several steps may concern one key, table or place."""

    def __init__(self, outline: Outline, new: Data, families: Sequence[str]) -> None:
        self.outline = outline
        self.new = new
        self.families = families
        self.removed: list[Path] = []
        self.gone: set[int] = set()
        self.dropped: dict[int, tuple[int, Statement]] = {}
        self.assigned: dict[int, tuple[int, Statement, list[Step]]] = {}
        self.keys: dict[int, list[str]] = {}
        self.tables: dict[int, list[str]] = {}
        self.created: set[Path] = set()
        self.pieces: list[Splice] = []

    def take(self, step: Step) -> None:
        """Plan one step; removals come first."""
        owner = self.outline.owner(step.path)
        if step.value is REMOVED:
            self._remove(step.path, owner)
        elif owner and owner[1].start not in self.dropped:
            self._assign(*owner, step)
        elif isinstance(step.value, dict):
            self._create(step.path, step.value)
        else:
            self._add(step.path, step.value)

    def splices(self) -> list[Splice]:
        """All pieces, in no order."""
        for path in self.removed:
            self._keep_tables_above(path)
        return [
            *self.pieces,
            *self._without_tables(),
            *(self._without_key(*dropped) for dropped in self.dropped.values() if dropped[0] not in self.gone),
            *(self._reassigned(*assigned) for assigned in self.assigned.values()),
            *(self._with_keys(number, lines) for number, lines in self.keys.items()),
            *(self._with_tables(position, tables) for position, tables in self.tables.items()),
        ]

    def _remove(self, path: Path, owner: tuple[int, Statement] | None) -> None:
        self.removed.append(path)
        if owner and self._path(*owner) != path:
            self._assign(*owner, Step(path, REMOVED))
        elif owner:
            self.dropped[owner[1].start] = owner
        else:
            self.gone.update(self.outline.members.get(path, ()))
            self.dropped.update(
                (statement.start, (number, statement)) for number, statement in self.outline.dotted(path)
            )

    def _assign(self, number: int, statement: Statement, step: Step) -> None:
        below = Step(step.path[len(self.outline.paths[number]) :], step.value)
        self.assigned.setdefault(statement.start, (number, statement, []))[2].append(below)

    def _add(self, path: Path, value: Any) -> None:
        """A new key in a table that is there already."""
        table, line = path[:-1], f"{spell.plain_key(str(path[-1]))} = {spell.literal(value)}"
        number = self.outline.numbers.get(table)
        if number is not None and number not in self.gone:
            self.keys.setdefault(number, []).append(line)
            return
        dotted = [found for found in self.outline.dotted(table) if found[1].start not in self.dropped]
        if dotted:
            self._add_dotted(*dotted[-1], len(table), line)
        else:
            self._create(table, {str(path[-1]): value})

    def _add_dotted(self, number: int, statement: Statement, depth: int, line: str) -> None:
        text = self.outline.text
        parts = _key_parts(text, statement)[: depth - len(self.outline.paths[number])]
        self.pieces.append(
            _lines_after(text, statement.end, _indent(text, statement.start), [".".join([*parts, line])])
        )

    def _create(self, path: Path, value: dict[str, Any]) -> None:
        """A new table, with a header for itself and for each table in it that needs one."""
        position = self._place(path)
        for table, keys in _tables(path, value):
            self.created.update(table[:length] for length in range(1, len(table) + 1))
            lines = [f"[{self._header_key(table)}]"]
            lines += [f"{spell.plain_key(key)} = {spell.literal(element)}" for key, element in keys.items()]
            self.tables.setdefault(position, []).append("\n".join(lines))

    def _place(self, path: Path) -> int:
        """Where a new table goes: above the tables in it, or after its family, or where its family belongs."""
        below = self._standing(path)
        if below:
            return space.block_start(self.outline, below[0])
        for family in (path[:2], path[:1])[len(path) < 3 :]:
            if tables := self._standing(family):
                return self._after(tables[-1])
        if path[0] not in self.families:
            return self._after(len(self.outline.starts) - 1)
        for name in reversed(self.families[: self.families.index(str(path[0]))]):
            if tables := self._standing((name,)):
                return self._after(tables[-1])
        return space.block_start(self.outline, 1) if len(self.outline.starts) > 1 else self._after(0)

    def _standing(self, path: Path) -> list[int]:
        """The headers at and below the path that stay."""
        members = self.outline.members.get(path, [])
        return [number for number in members if number not in self.gone] if self.gone else members

    def _after(self, number: int) -> int:
        """Where the header's table ends; the last one has all that follows."""
        if number + 1 < len(self.outline.starts):
            return space.own_end(self.outline, number)
        text = self.outline.text
        return space.before_blank_lines(text, len(text))

    def _header_key(self, path: Path) -> str:
        """The path as a header's key, each part as the headers of the same tables have it, the next as its siblings."""
        parts: list[str] = []
        for length, part in enumerate(path, 1):
            if known := self.outline.members.get(path[:length]):
                parts.append(self._raw_parts(known[-1])[length - 1])
            else:
                parts.append(self._like_siblings(path[: length - 1], str(part)))
        return ".".join(parts)

    def _like_siblings(self, path: Path, key: str) -> str:
        for number in reversed(self.outline.members.get(path, [])):
            raw = self._raw_parts(number)
            if len(raw) > len(path):
                return spell.key_like(key, raw[len(path)])
        return spell.plain_key(key)

    def _raw_parts(self, number: int) -> list[str]:
        return key_parts(header_key(self.outline.text, self.outline.starts[number])[0])

    def _keep_tables_above(self, path: Path) -> None:
        """Write down the lowest table above a removed path that is there still and that nothing names any longer."""
        for length in range(len(path) - 1, 0, -1):
            table = path[:length]
            if not present(self.new, table):
                continue
            if not self._is_named(table) and isinstance(value_at(self.new, table), dict):
                self._name(table)
            return

    def _is_named(self, path: Path) -> bool:
        number = self.outline.numbers.get(path)
        if path in self.created or (number is not None and number not in self.gone) or self._owned(path):
            return True
        if any(number not in self.gone for number in self.outline.members.get(path, ())):
            return True
        return any(
            number not in self.gone and statement.start not in self.dropped
            for number, statement in self.outline.dotted(path)
        )

    def _owned(self, path: Path) -> bool:
        owner = self.outline.owner(path)
        return owner is not None and owner[0] not in self.gone and owner[1].start not in self.dropped

    def _name(self, path: Path) -> None:
        """A header or key of its own for a table, where the first of what stood in it was."""
        text = self.outline.text
        self.created.add(path)
        if members := self.outline.members.get(path):
            start = space.block_start(self.outline, members[0])
            header = f"[{'.'.join(self._raw_parts(members[0])[: len(path)])}]"
            self.pieces.append(Splice(start, start, header + space.newline(text, start) * 2))
            return
        number, statement = self.outline.dotted(path)[0]
        parts = _key_parts(text, statement)[: len(path) - len(self.outline.paths[number])]
        line = _indent(text, statement.start) + ".".join(parts) + " = {}" + space.newline(text, statement.end)
        self.pieces.append(Splice(statement.start, statement.start, line))

    def _without_tables(self) -> Iterator[Splice]:
        """The removed tables, each with the comment right above it; those that follow each other as one piece."""
        outline, text = self.outline, self.outline.text
        start = end = -1
        for number in sorted(self.gone):
            above = space.block_start(outline, number) or outline.starts[number]
            if above != space.after_blank_lines(text, end):
                if end != -1:
                    yield _removal(text, *_with_blank_lines(text, start, end))
                start = above
            end = space.own_end(outline, number)
        if end != -1:
            yield _removal(text, *_with_blank_lines(text, start, end))

    def _without_key(self, _number: int, statement: Statement) -> Splice:
        return _removal(self.outline.text, statement.start, statement.end)

    def _reassigned(self, _number: int, statement: Statement, steps: list[Step]) -> Splice:
        text = self.outline.text
        value = steps[-1].value
        plain = _SCALAR.match(text, statement.value)
        if plain and steps[-1].path == statement.path and not isinstance(value, dict | list):
            return Splice(plain.start(), plain.end(), _in_style(value, plain[0]))
        return Splice(statement.start, statement.end, edited_by_tomlkit(text[statement.start : statement.end], steps))

    def _with_keys(self, number: int, lines: list[str]) -> Splice:
        outline, text = self.outline, self.outline.text
        statements = outline.body(number).statements
        if not statements and number == 0 and len(outline.starts) > 1:
            position = space.block_start(outline, 1)
            ending = space.newline(text, position)
            return Splice(position, position, "".join(line + ending for line in [*lines, ""]))
        start = statements[-1].start if statements else outline.starts[number]
        position = space.keys_end(outline, number) if statements or number else self._after(0)
        return _lines_after(text, position, _indent(text, start), lines)

    def _with_tables(self, position: int, tables: list[str]) -> Splice:
        """New tables, a blank line before, between and after them."""
        text = self.outline.text
        lines = "\n\n".join(tables).split("\n")
        if position and space.before_blank_lines(text, position) == position:
            lines.insert(0, "")
        if position < len(text) and space.after_blank_lines(text, position) == position:
            lines.append("")
        return _lines_after(text, position, "", lines)

    def _path(self, number: int, statement: Statement) -> Path:
        return (*self.outline.paths[number], *statement.path)


def _tables(path: Path, value: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    keys = {key: element for key, element in value.items() if not isinstance(element, dict)}
    if keys or len(keys) == len(value):
        yield path, keys
    for key, element in value.items():
        if isinstance(element, dict):
            yield from _tables((*path, key), element)


def _key_parts(text: str, statement: Statement) -> list[str]:
    return key_parts(text[statement.start : statement.value])[: len(statement.path)]


def _indent(text: str, start: int) -> str:
    end = start
    while text[end : end + 1] in (" ", "\t"):
        end += 1
    return text[start:end]


def _in_style(value: Any, old: str) -> str:
    """The value as written, a string in single quotes where one was."""
    if isinstance(value, str) and re.match("'(?!'')", old):
        return spell.key_like(value, "'")
    return spell.literal(value)


def _lines_after(text: str, position: int, indent: str, lines: Sequence[str]) -> Splice:
    """New lines at the beginning of a line; after a last line without an end, the new last one has none either."""
    ending = space.newline(text, position)
    if position and text[position - 1] != "\n":
        return Splice(position, position, "".join(ending + (line and indent + line) for line in lines))
    return Splice(position, position, "".join((line and indent + line) + ending for line in lines))


def _with_blank_lines(text: str, start: int, end: int) -> tuple[int, int]:
    """Whole tables with the blank lines that nothing needs without them: those below, or at the end those above."""
    above, below = space.before_blank_lines(text, start), space.after_blank_lines(text, end)
    if below == len(text):
        return above, below
    return (start, below) if above < start or not start else (start, end)


def _removal(text: str, start: int, end: int) -> Splice:
    """Whole lines taken out; a file without an end of its last line is left without one."""
    if end == len(text) and not text.endswith("\n"):
        return Splice(len(text[:start].removesuffix("\n").removesuffix("\r")), end, "")
    return Splice(start, end, "")


def _applied(text: str, splices: list[Splice]) -> str | None:
    pieces = []
    at = 0
    for splice in sorted(splices, key=lambda splice: splice[:2]):
        if splice.start < at:
            return None
        pieces += [text[at : splice.start], splice.text]
        at = splice.end
    return "".join([*pieces, text[at:]])
