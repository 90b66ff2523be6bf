"""Editing a TOML text: only what has to change, and with proof that the new text has exactly the requested data."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from backorderctl.errors import BackorderctlError, InvalidFile
from backorderctl.toml.change import REMOVED, Change, KeyPath, Step, TomlValue
from backorderctl.toml.index import Outline
from backorderctl.toml.layout import has_comment
from backorderctl.toml.notation import BYTE_ORDER_MARK, NOTHING, Data, as_parsed, dotted_path, parse, value_at
from backorderctl.toml.text_edits import edited_text
from backorderctl.toml.tomlkit_fallback import edited_by_tomlkit


class Edited(NamedTuple):
    """A text and its data after an edit."""

    text: str
    data: Data


def edit(text: str, changes: Sequence[Change], *, families: Sequence[str] = ()) -> str:
    """The text with the changes made in order; the same object when they change nothing. See `edit_parsed`."""
    return edit_parsed(text, parse(text, "text"), changes, families=families).text


def edit_parsed(text: str, data: Data, changes: Sequence[Change], *, families: Sequence[str] = ()) -> Edited:
    """The text, whose data is `data`, with the changes made in order, and the data of the new text.

    The new text has been parsed: its data is the old data with exactly the changes. A new top-level table goes after
    those that precede it in `families`. BackorderctlError when a path leads through a value that is not a table, and
    when no text can be made that has the requested data.
    """
    body = text.removeprefix(BYTE_ORDER_MARK)
    wanted, steps, candidate = _candidate(body, data, changes, families)
    if not steps:
        return Edited(text, data)
    edited = _proved(candidate, wanted, steps)
    if edited is None and len(changes) > 1:
        return _in_halves(text, data, changes, families)
    edited = edited or _proved(edited_by_tomlkit(body, steps), wanted, steps)
    if edited is None:  # in an inline table, the last key of a dotted one takes that table along
        wanted, steps, candidate = _candidate(body, data, changes, families, prune_inline=True)
        edited = _proved(candidate, wanted, steps)
    if edited is None:
        path = dotted_path(steps[0].path)
        raise BackorderctlError(f"{path}: cannot make this edit without changing other content; edit the table by hand")
    return Edited(text[: len(text) - len(body)] + edited.text, edited.data)


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal and of the same types throughout: 1, 1.0 and true differ, nan equals nan."""
    kind = type(one)
    if kind is not type(other):
        return False
    if kind is dict:
        if len(one) != len(other):
            return False
        for key, element in one.items():  # noqa: SIM110, as a generator takes twice the time
            if key not in other or not same(element, other[key]):
                return False
        return True
    if kind is list:
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) or (one != one and other != other)


def _candidate(
    text: str, data: Data, changes: Sequence[Change], families: Sequence[str], *, prune_inline: bool = False
) -> tuple[Data, list[Step], str | None]:
    """The data after the changes, the steps to it, and the text that should have it; the outline is not kept."""
    outline = Outline(text)
    wanted = _changed_data(data, changes, outline, prune_inline=prune_inline)
    steps = _steps(data, wanted, changes)
    return wanted, steps, edited_text(outline, steps, data, wanted, families) if steps else text


def _in_halves(text: str, data: Data, changes: Sequence[Change], families: Sequence[str]) -> Edited:
    middle = len(changes) // 2
    first = edit_parsed(text, data, changes[:middle], families=families)
    return edit_parsed(*first, changes[middle:], families=families)


def _proved(text: str | None, wanted: Data, steps: Sequence[Step]) -> Edited | None:
    """The text with its data, if that is `wanted`: equal throughout, and of the same types where it was changed."""
    if text is None:
        return None
    try:
        data = parse(text, "text")
    except InvalidFile:
        return None
    if not all(same(value_at(data, step.path), value_at(wanted, step.path)) for step in steps):
        return None
    compared = {step.path[0] for step in steps if len(step.path) == 1}
    rest, wanted_rest = ({key: each[key] for key in each.keys() - compared} for each in (data, wanted))
    return Edited(text, data) if rest == wanted_rest or same(rest, wanted_rest) else None


def _changed_data(data: Data, changes: Sequence[Change], outline: Outline, *, prune_inline: bool) -> Data:
    """The data after the changes, made in order; everything that they do not affect is shared with the old data.

    A removal keeps the tables above it, except that a table from which the last table was removed goes with it when the
    text does not declare it: with its last source item goes `sources`, and the product stays.
    """
    copy = _PartialCopy(data)
    for change in changes:
        if change.value is REMOVED:
            _remove(copy, change, outline, prune_inline=prune_inline)
        else:
            copy.put(change.path, as_parsed(change.value))
    return copy.data


class _PartialCopy:
    """Data of which only the tables that are to be changed have been copied."""

    def __init__(self, data: Data) -> None:
        self.data = dict(data)
        self._copies: dict[int, Any] = {id(self.data): self.data}

    def put(self, path: KeyPath, value: TomlValue) -> None:
        """Set the value at the path; a number that is the length of an array appends it."""
        table = self.table(path[:-1], below=path[-1])
        if isinstance(table, list) and path[-1] == len(table):
            table.append(value)
        else:
            table[path[-1]] = value

    def table(self, path: KeyPath, *, below: str | int = "") -> Any:
        """The table or array at the path, as a copy that may be changed; what is missing is created, an array where the
        next part of the path, at the end `below`, is a number."""
        table: Any = self.data
        for depth, (part, following) in enumerate(zip(path, (*path[1:], below), strict=False)):
            if isinstance(table, dict):
                table.setdefault(part, [] if isinstance(following, int) else {})
            inner = table[part]
            if not isinstance(inner, dict | list):
                raise BackorderctlError(f"{dotted_path(path[: depth + 1])}: expected a table, got {inner!r}")
            if id(inner) not in self._copies:
                table[part] = inner = inner.copy()
                self._copies[id(inner)] = inner
            table = inner
        return table


def _remove(copy: _PartialCopy, change: Change, outline: Outline, *, prune_inline: bool) -> None:
    path = change.path
    removed = value_at(copy.data, path)
    if removed is NOTHING:
        return
    parent = copy.table(path[:-1])
    del parent[path[-1]]
    if parent or len(path) == 1:
        return
    if change.prune and not _table_has_comment(outline, path[:-1]):
        _remove(copy, Change(path[:-1], REMOVED), outline, prune_inline=prune_inline)
    elif isinstance(parent, list):
        if not outline.owner(path[:-1]):
            _remove(copy, Change(path[:-1], REMOVED), outline, prune_inline=prune_inline)
    elif isinstance(removed, dict | list) and (
        not _is_declared(outline, path[:-1]) or (prune_inline and path[:-1] not in outline.numbers)
    ):
        del copy.table(path[:-2])[path[-2]]


def _is_declared(outline: Outline, path: KeyPath) -> bool:
    """Whether the table has a header, or is part of a key's value."""
    return path in outline.numbers or outline.owner(path) is not None


def _table_has_comment(outline: Outline, path: KeyPath) -> bool:
    number = outline.numbers.get(path)
    return number is not None and has_comment(outline, number)


def _steps(old: Data, new: Data, changes: Sequence[Change]) -> list[Step]:
    """The differences between the old and the new data along the changed paths, each once, the highest of each path."""
    found: dict[KeyPath, Step] = {}
    for change in changes:
        for step in _steps_at(old, new, change):
            found.setdefault(step.path, step)
    return list(found.values())


def _steps_at(old: Data, new: Data, change: Change) -> list[Step]:
    path = change.path
    before: Any = old
    after: Any = new
    for length, part in enumerate(path, 1):
        if type(before) is dict and type(after) is dict:  # nearly always, and 100,000 paths make many calls
            before, after = before.get(part, NOTHING), after.get(part, NOTHING)
        else:
            before, after = value_at(before, (part,)), value_at(after, (part,))
        if before is NOTHING or after is NOTHING:
            return _differences(before, after, path[:length])
        if change.value is REMOVED and isinstance(before, list) and len(before) != len(after):
            return [Step(path[: length + 1], REMOVED)]
    return _differences(before, after, path)


def _differences(before: Any, after: Any, path: KeyPath) -> list[Step]:
    """The steps from one value at the path to another; NOTHING where there is none."""
    if after is NOTHING:
        return [] if before is NOTHING else [Step(path, REMOVED)]
    if isinstance(before, dict) and isinstance(after, dict):
        keys = {**before, **after}
        return [
            step
            for key in keys
            for step in _differences(before.get(key, NOTHING), after.get(key, NOTHING), (*path, key))
        ]
    return [] if same(before, after) else [Step(path, after)]
