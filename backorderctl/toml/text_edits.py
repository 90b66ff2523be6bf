"""The smallest pieces of a TOML text to replace so that its data changes as it shall."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from backorderctl.toml import encode, trivia
from backorderctl.toml.change import REMOVED
from backorderctl.toml.draft import Step, present, value_at
from backorderctl.toml.index import Outline, Path, Statement, key_parts, plain_value
from backorderctl.toml.parse import Data
from backorderctl.toml.place import header_parts, new_header_key, new_table, table_end
from backorderctl.toml.tomlkit_fallback import edited_by_tomlkit


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
        self.assigned: dict[int, tuple[Statement, list[Step]]] = {}
        self.keys: dict[int, list[str]] = {}
        self.tables: dict[int, list[str]] = {}
        self.created: set[Path] = set()
        self.whole: set[Path] = set()
        self.pieces: list[Splice] = []

    def take(self, step: Step) -> None:
        """Plan one step; removals come first."""
        owner = self.outline.owner(step.path)
        if step.value is REMOVED:
            self._remove(step.path, owner)
        elif owner and owner[1].start not in self.dropped:
            self._assign(*owner, step)
        elif isinstance(step.value, dict) and all(isinstance(part, str) for part in step.path):
            self._create(step.path, step.value)
        else:
            self._add(step.path, step.value)

    def splices(self) -> list[Splice]:
        """All pieces, in no order."""
        for path in self.removed:
            self._keep_tables_above(path)
        tables = list(self._without_tables())
        ends = {piece.start: piece.end for piece in tables}
        keys = [statement for number, statement in self.dropped.values() if number not in self.gone]
        return [
            *self.pieces,
            *tables,
            *(Splice(statement.start, statement.end, "") for statement in keys),
            *(self._reassigned(statement, steps) for statement, steps in self.assigned.values()),
            *(self._with_keys(number, lines) for number, lines in self.keys.items()),
            *(self._with_tables(start, tables, ends.get(start, start)) for start, tables in self.tables.items()),
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
        self.assigned.setdefault(statement.start, (statement, []))[1].append(below)

    def _add(self, path: Path, value: Any) -> None:
        """A new key in a table that is there already."""
        table, line = path[:-1], f"{encode.plain_key(str(path[-1]))} = {encode.literal(value)}"
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
        new = trivia.indent(text, statement.start) + ".".join([*parts, line])
        self.pieces.append(_lines_after(text, statement.end, new))

    def _create(self, path: Path, value: dict[str, Any]) -> None:
        """A new table, with a header for itself and for each table in it that needs one."""
        tables = self.tables.setdefault(new_table(self.outline, path, self.families, self.gone), [])
        self.created.update(path[:length] for length in range(1, len(path) + 1))
        self.whole.add(path)
        self._write(path, new_header_key(self.outline, path), value, tables, standing=path in self.outline.members)

    def _write(self, path: Path, header: str, value: dict[str, Any], tables: list[str], *, standing: bool) -> None:
        """The table and all below it, each with a header where it needs one; some of them may be `standing` already."""
        text = f"[{header}]"
        below = []
        for key, element in value.items():
            if isinstance(element, dict):
                below.append(key)
            else:
                text += f"\n{encode.plain_key(key)} = {encode.literal(element)}"
        if len(below) < len(value) or not value:
            tables.append(text)
        for key in below:
            table = (*path, key)
            # Nothing stands below a table that is all new: its headers need no look at those of the same tables.
            under = new_header_key(self.outline, table) if standing else f"{header}.{encode.plain_key(key)}"
            self._write(table, under, value[key], tables, standing=standing)

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
        if path in self.created or any(path[:length] in self.whole for length in range(1, len(path))):
            return True
        if (number is not None and number not in self.gone) or self._owned(path):
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
        outline, text = self.outline, self.outline.text
        self.created.add(path)
        if members := outline.members.get(path):
            self.gone.remove(members[0])
            start, end = self._table(members[0])
            parts = header_parts(self.outline, members[0])[: sum(isinstance(part, str) for part in path)]
            self.pieces.append(Splice(start, end, f"[{'.'.join(parts)}]{_line_end(text[start:end])}"))
            return
        number, statement = outline.dotted(path)[0]
        parts = _key_parts(text, statement)[: len(path) - len(outline.paths[number])]
        line = trivia.indent(text, statement.start) + ".".join(parts) + " = {}"
        del self.dropped[statement.start]
        ending = _line_end(text[statement.start : statement.end])
        self.pieces.append(Splice(statement.start, statement.end, line + ending))

    def _table(self, number: int) -> tuple[int, int]:
        """A table with the comment right above it; that at the top of the file is the file's."""
        start = trivia.block_start(self.outline, number) or self.outline.starts[number]
        return start, trivia.own_end(self.outline, number)

    def _without_tables(self) -> Iterator[Splice]:
        """The removed tables, those that follow each other as one piece."""
        text = self.outline.text
        runs: list[tuple[int, int]] = []
        for number in sorted(self.gone):
            start, end = self._table(number)
            if runs and trivia.after_blank_lines(text, runs[-1][1]) == start:
                start = runs.pop()[0]
            runs.append((start, end))
        for start, end in runs:
            yield Splice(*_with_blank_lines(text, start, end), "")

    def _reassigned(self, statement: Statement, steps: list[Step]) -> Splice:
        text = self.outline.text
        value = steps[-1].value
        plain = plain_value(text, statement)
        if plain and steps[-1].path == statement.path and not isinstance(value, dict | list):
            return Splice(plain.start(), plain.end(), encode.in_style(value, plain[0]))
        return Splice(statement.start, statement.end, edited_by_tomlkit(text[statement.start : statement.end], steps))

    def _with_keys(self, number: int, lines: list[str]) -> Splice:
        outline, text = self.outline, self.outline.text
        statements = outline.body(number).statements
        if not statements and number == 0 and len(outline.starts) > 1:
            position = trivia.block_start(outline, 1)
            ending = trivia.newline(text, position)
            return Splice(position, position, "".join(line + ending for line in [*lines, ""]))
        start = statements[-1].start if statements else outline.starts[number]
        position = trivia.keys_end(outline, number) if statements or number else table_end(self.outline, 0)
        indent = trivia.indent(text, start)
        return _lines_after(text, position, "\n".join(indent + line for line in lines))

    def _with_tables(self, position: int, tables: list[str], following: int) -> Splice:
        """New tables, a blank line before, between and after them; at `following` goes on what stays."""
        text = self.outline.text
        above = position and trivia.before_blank_lines(text, position) == position
        below = following < len(text) and trivia.after_blank_lines(text, following) == following
        return _lines_after(text, position, "\n" * above + "\n\n".join(tables) + "\n" * below)

    def _path(self, number: int, statement: Statement) -> Path:
        return (*self.outline.paths[number], *statement.path)


def _key_parts(text: str, statement: Statement) -> list[str]:
    return key_parts(text[statement.start : statement.value])[: len(statement.path)]


def _lines_after(text: str, position: int, lines: str) -> Splice:
    """New lines at the beginning of a line; after a last line without an end, the new last one has none either."""
    ending = trivia.newline(text, position)
    new = lines.replace("\n", ending)
    follows_text = position and text[position - 1] != "\n"
    return Splice(position, position, ending + new if follows_text else new + ending)


def _line_end(piece: str) -> str:
    """The line end that the last line of the piece has: none at the end of some files."""
    return next((end for end in ("\r\n", "\n") if piece.endswith(end)), "")


def _with_blank_lines(text: str, start: int, end: int) -> tuple[int, int]:
    """Whole tables with the blank lines that nothing needs without them: those below, or at the end those above."""
    above, below = trivia.before_blank_lines(text, start), trivia.after_blank_lines(text, end)
    if below == len(text):
        return above, below
    return (start, below) if above < start or not start else (start, end)


def _applied(text: str, splices: list[Splice]) -> str | None:
    pieces = []
    at = 0
    for splice in sorted(splices, key=lambda splice: splice[:2]):
        if splice.start < at:
            return None
        pieces += [text[at : splice.start], splice.text]
        at = splice.end
    new = "".join([*pieces, text[at:]])
    return new if not text or text.endswith("\n") else new.rstrip("\r\n")
