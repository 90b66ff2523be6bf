"""The smallest replacements in a TOML text that change its data as requested."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from backorderctl.toml import layout, notation
from backorderctl.toml.change import REMOVED, KeyPath, Step
from backorderctl.toml.index import Outline, Statement, header_key, key_parts, plain_value
from backorderctl.toml.layout import header_parts, new_header_key, new_table, table_end
from backorderctl.toml.notation import NOTHING, Data, value_at
from backorderctl.toml.tomlkit_fallback import edited_by_tomlkit, with_old_blanks


class Splice(NamedTuple):
    """A part of a text, from `start` to before `end`, and its replacement."""

    start: int
    end: int
    text: str


def edited_text(outline: Outline, steps: Sequence[Step], old: Data, new: Data, families: Sequence[str]) -> str | None:
    """The text after the steps, which lead from the old data to the new; None when their replacements overlap."""
    plan = _Plan(outline, new, families)
    renamed = dict(_renamed_tables(outline, steps, old))
    for path, new_path in renamed.items():
        plan.rename(path, new_path)
    rest = [step for step in steps if step.path not in renamed and step.path not in renamed.values()]
    for step in sorted(rest, key=lambda step: step.value is not REMOVED):
        plan.take(step)
    return _applied(outline.text, plan.splices())


def _renamed_tables(outline: Outline, steps: Sequence[Step], old: Data) -> Iterator[tuple[KeyPath, KeyPath]]:
    """The tables that go from one key to another of the table around them, as they are: where they were, and are.

    Each has a header of its own and nothing elsewhere, so that all of its text and its comments can stay.
    """
    added = {step.path[:-1]: step for step in steps if isinstance(step.value, dict)}
    for step in steps if added else ():
        other = added.get(step.path[:-1])
        if step.value is REMOVED and other is not None and outline.members.get(other.path) is None:
            own = outline.numbers.get(step.path)
            if outline.members.get(step.path) == [own] and value_at(old, step.path) == other.value:
                del added[step.path[:-1]]
                yield step.path, other.path


class _Plan:
    """The replacements, collected step by step, because several steps may affect one key, table or position."""

    def __init__(self, outline: Outline, new: Data, families: Sequence[str]) -> None:
        self.outline = outline
        self.new = new
        self.families = families
        self.removed_paths: list[KeyPath] = []
        self.removed_tables: set[int] = set()
        self.removed_keys: dict[int, tuple[int, Statement]] = {}
        self.assigned: dict[int, tuple[Statement, list[Step]]] = {}
        self.new_keys: dict[int, list[str]] = {}
        self.new_tables: dict[int, list[str]] = {}
        self.created: set[KeyPath] = set()
        self.written_whole: set[KeyPath] = set()
        self.pieces: list[Splice] = []

    def take(self, step: Step) -> None:
        """Plan one step; removals come first."""
        owner = self.outline.owner(step.path)
        if step.value is REMOVED:
            self._remove(step.path, owner)
        elif owner and owner[1].start not in self.removed_keys:
            self._assign(*owner, step)
        elif isinstance(step.path[-1], int):
            self._create_elements(step.path, [step.value])
        elif _is_array_of_tables(step.value):
            self._create_elements((*step.path, 0), step.value)
        elif isinstance(step.value, dict) and all(isinstance(part, str) for part in step.path):
            self._create(step.path, step.value)
        else:
            self._add(step.path, step.value)

    def rename(self, path: KeyPath, new_path: KeyPath) -> None:
        """Plan another last key for the header of a table."""
        text, start = self.outline.text, self.outline.starts[self.outline.numbers[path]]
        last = header_parts(self.outline, self.outline.numbers[path])[-1]
        at = text.rindex(last, start, header_key(text, start)[1])
        self.pieces.append(Splice(at, at + len(last), notation.key_like(str(new_path[-1]), last)))

    def splices(self) -> list[Splice]:
        """All replacements, in no order."""
        for path in self.removed_paths:
            self._declare_table_above(path)
        removals = list(self._without_tables())
        ends = {removal.start: removal.end for removal in removals}
        keys = [statement for number, statement in self.removed_keys.values() if number not in self.removed_tables]
        return [
            *self.pieces,
            *removals,
            *(Splice(statement.start, statement.end, "") for statement in keys),
            *(self._reassigned(statement, steps) for statement, steps in self.assigned.values()),
            *(self._with_keys(number, lines) for number, lines in self.new_keys.items()),
            *(self._with_tables(start, tables, ends.get(start, start)) for start, tables in self.new_tables.items()),
        ]

    def _remove(self, path: KeyPath, owner: tuple[int, Statement] | None) -> None:
        self.removed_paths.append(path)
        if owner and self._path(*owner) != path:
            self._assign(*owner, Step(path, REMOVED))
        elif owner:
            self.removed_keys[owner[1].start] = owner
        else:
            self.removed_tables.update(self.outline.members.get(path, ()))
            self.removed_keys.update(
                (statement.start, (number, statement)) for number, statement in self.outline.dotted(path)
            )

    def _assign(self, number: int, statement: Statement, step: Step) -> None:
        below = Step(step.path[len(self.outline.paths[number]) :], step.value)
        self.assigned.setdefault(statement.start, (statement, []))[1].append(below)

    def _add(self, path: KeyPath, value: Any) -> None:
        """A new key in an existing table."""
        table, line = path[:-1], f"{notation.plain_key(str(path[-1]))} = {notation.literal(value)}"
        number = self.outline.numbers.get(table)
        if number is not None and number not in self.removed_tables:
            self.new_keys.setdefault(number, []).append(line)
            return
        dotted = [found for found in self.outline.dotted(table) if found[1].start not in self.removed_keys]
        if dotted:
            self._add_dotted(*dotted[-1], len(table), line)
        else:
            self._create(table, {str(path[-1]): value})

    def _add_dotted(self, number: int, statement: Statement, depth: int, line: str) -> None:
        text = self.outline.text
        parts = _parts_of(text, statement)[: depth - len(self.outline.paths[number])]
        new = layout.indent(text, statement.start) + ".".join([*parts, line])
        self.pieces.append(_lines_after(text, statement.end, new))

    def _create(self, path: KeyPath, value: dict[str, Any]) -> None:
        """A new table, with headers for itself and for each table in it that needs one."""
        tables = self.new_tables.setdefault(new_table(self.outline, path, self.families, self.removed_tables), [])
        self.created.update(path[:length] for length in range(1, len(path) + 1))
        self.written_whole.add(path)
        self._write(path, new_header_key(self.outline, path), value, tables, exists=path in self.outline.members)

    def _create_elements(self, path: KeyPath, elements: list[dict[str, Any]]) -> None:
        """New elements of an array of tables, the first at the path."""
        array = path[:-1]
        tables = self.new_tables.setdefault(new_table(self.outline, path, self.families, self.removed_tables), [])
        self.created.update(array[:length] for length in range(1, len(path)))
        for element in elements:
            self._write(path, new_header_key(self.outline, array), element, tables, exists=False)

    def _write(self, path: KeyPath, header: str, value: dict[str, Any], tables: list[str], *, exists: bool) -> None:
        """Append the table and all tables in it, with headers where necessary; with `exists`, some have headers."""
        is_element = isinstance(path[-1], int)
        text = f"[[{header}]]" if is_element else f"[{header}]"
        below = []
        for key, element in value.items():
            if isinstance(element, dict) or _is_array_of_tables(element):
                below.append(key)
            else:
                text += f"\n{notation.plain_key(key)} = {notation.literal(element)}"
        if is_element or len(below) < len(value) or not value:
            tables.append(text)
        for key in below:
            table = (*path, key)
            # A new table has no headers to spell its own like.
            under = new_header_key(self.outline, table) if exists else f"{header}.{notation.plain_key(key)}"
            if isinstance(value[key], dict):
                self._write(table, under, value[key], tables, exists=exists)
            else:
                for element in value[key]:
                    self._write((*table, 0), under, element, tables, exists=False)

    def _declare_table_above(self, path: KeyPath) -> None:
        """Declare the lowest remaining table above a removed path if no header or key is left that implies it."""
        for length in range(len(path) - 1, 0, -1):
            table = path[:length]
            if value_at(self.new, table) is NOTHING:
                continue
            if not self._is_declared(table) and isinstance(value_at(self.new, table), dict):
                self._declare(table)
            return

    def _is_declared(self, path: KeyPath) -> bool:
        number = self.outline.numbers.get(path)
        if path in self.created or any(path[:length] in self.written_whole for length in range(1, len(path))):
            return True
        if (number is not None and number not in self.removed_tables) or self._owned(path):
            return True
        if any(number not in self.removed_tables for number in self.outline.members.get(path, ())):
            return True
        return any(
            number not in self.removed_tables and statement.start not in self.removed_keys
            for number, statement in self.outline.dotted(path)
        )

    def _owned(self, path: KeyPath) -> bool:
        owner = self.outline.owner(path)
        return owner is not None and owner[0] not in self.removed_tables and owner[1].start not in self.removed_keys

    def _declare(self, path: KeyPath) -> None:
        """Add a header or key for a table, in the place of the first removed header or key in it."""
        outline, text = self.outline, self.outline.text
        self.created.add(path)
        if members := outline.members.get(path):
            self.removed_tables.remove(members[0])
            start, end = self._table(members[0])
            parts = header_parts(self.outline, members[0])[: sum(isinstance(part, str) for part in path)]
            self.pieces.append(Splice(start, end, f"[{'.'.join(parts)}]{_ending(text[start:end])}"))
            return
        number, statement = outline.dotted(path)[0]
        parts = _parts_of(text, statement)[: len(path) - len(outline.paths[number])]
        line = layout.indent(text, statement.start) + ".".join(parts) + " = {}"
        del self.removed_keys[statement.start]
        ending = _ending(text[statement.start : statement.end])
        self.pieces.append(Splice(statement.start, statement.end, line + ending))

    def _table(self, number: int) -> tuple[int, int]:
        """A table with the comment directly above it; a comment at the top of the file belongs to the file."""
        start = layout.block_start(self.outline, number) or self.outline.starts[number]
        return start, layout.own_end(self.outline, number)

    def _without_tables(self) -> Iterator[Splice]:
        """The removals of tables, those of consecutive tables as one."""
        text = self.outline.text
        runs: list[tuple[int, int]] = []
        for number in sorted(self.removed_tables):
            start, end = self._table(number)
            if runs and layout.after_blank_lines(text, runs[-1][1]) == start:
                start = runs.pop()[0]
            runs.append((start, end))
        for start, end in runs:
            yield Splice(*_with_blank_lines(text, start, end), "")

    def _reassigned(self, statement: Statement, steps: list[Step]) -> Splice:
        text = self.outline.text
        value = steps[-1].value
        plain = plain_value(text, statement)
        if plain and steps[-1].path == statement.path and not isinstance(value, dict | list):
            return Splice(plain.start(), plain.end(), notation.in_style(value, plain[0]))
        old = text[statement.start : statement.end]
        return Splice(statement.start, statement.end, with_old_blanks(edited_by_tomlkit(old, steps), old))

    def _with_keys(self, number: int, lines: list[str]) -> Splice:
        outline, text = self.outline, self.outline.text
        statements = outline.body(number).statements
        if not statements and number == 0 and len(outline.starts) > 1:
            position = layout.block_start(outline, 1)
            ending = layout.newline(text, position)
            return Splice(position, position, "".join(line + ending for line in [*lines, ""]))
        if statements:
            start, position = statements[-1].start, statements[-1].end
        else:
            start = outline.starts[number]
            position = layout.keys_end(outline, number) if number else table_end(outline, 0)
        indent = layout.indent(text, start)
        return _lines_after(text, position, "\n".join([indent + line for line in lines]))

    def _with_tables(self, position: int, tables: list[str], following: int) -> Splice:
        """New tables, with blank lines around and between them; the text that remains continues at `following`."""
        text = self.outline.text
        above = position and layout.before_blank_lines(text, position) == position
        below = following < len(text) and layout.after_blank_lines(text, following) == following
        return _lines_after(text, position, "\n" * above + "\n\n".join(tables) + "\n" * below)

    def _path(self, number: int, statement: Statement) -> KeyPath:
        return (*self.outline.paths[number], *statement.path)


def _is_array_of_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(element, dict) for element in value)


def _parts_of(text: str, statement: Statement) -> list[str]:
    return key_parts(text[statement.start : statement.value])[: len(statement.path)]


def _lines_after(text: str, position: int, lines: str) -> Splice:
    """New lines at the beginning of a line; after a last line without a line end, the new last line has none either."""
    ending = layout.newline(text, position)
    new = lines.replace("\n", ending)
    follows_text = position and text[position - 1] != "\n"
    return Splice(position, position, ending + new if follows_text else new + ending)


def _ending(piece: str) -> str:
    """The line end of the last line of the piece; some files end without one."""
    return next((end for end in ("\r\n", "\n") if piece.endswith(end)), "")


def _with_blank_lines(text: str, start: int, end: int) -> tuple[int, int]:
    """The range of removed tables with the blank lines below, or at the end of the text those above."""
    above, below = layout.before_blank_lines(text, start), layout.after_blank_lines(text, end)
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
