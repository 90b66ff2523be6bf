"""What the data of a TOML text becomes by changes to it, and the single steps that lead there."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from backorderctl.errors import BackorderctlError
from backorderctl.toml.change import REMOVED, Change, normal
from backorderctl.toml.index import Outline, Path
from backorderctl.toml.parse import Data
from backorderctl.toml.trivia import has_comment


class Step(NamedTuple):
    """One difference between the old data and the new: at `path` stands `value` now, or nothing any longer."""

    path: Path
    value: Any


def drafted(data: Data, changes: Sequence[Change], outline: Outline) -> Data:
    """The data after the changes, made in their order; what they do not touch is shared with the old data.

    A removal leaves the tables above it. Only the one that held the removed table goes, when it is empty now and the
    text names it nowhere: with its last source item goes `sources`, the product stays. BackorderctlError when a path
    leads through what is no table.
    """
    draft = _Draft(data)
    for change in changes:
        if change.value is REMOVED:
            _remove(draft, change, outline)
        else:
            draft.table(change.path[:-1])[change.path[-1]] = normal(change.value)
    return draft.data


def steps(old: Data, new: Data, changes: Sequence[Change]) -> list[Step]:
    """The differences between the old and the new data along the changed paths, each once, the highest of each path."""
    found: dict[Path, Step] = {}
    for change in changes:
        for step in _steps_at(old, new, change):
            found.setdefault(step.path, step)
    return list(found.values())


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal and of the same types all through: 1, 1.0 and true differ, nan equals nan."""
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


class _Draft:
    """A copy of data that copies no more than what is asked for to be changed."""

    def __init__(self, data: Data) -> None:
        self.data = dict(data)
        self._own: dict[int, Any] = {id(self.data): self.data}

    def table(self, path: Path, *, create: bool = True) -> Any:
        """The table or array at the path, to be changed."""
        here: Any = self.data
        for depth, part in enumerate(path):
            if create and isinstance(here, dict):
                here.setdefault(part, {})
            below = here[part]
            if not isinstance(below, dict | list):
                raise BackorderctlError(f"{'.'.join(map(str, path[: depth + 1]))}: expected a table, got {below!r}")
            if id(below) not in self._own:
                here[part] = below = below.copy()
                self._own[id(below)] = below
            here = below
        return here


_ABSENT: Any = object()


def value_at(data: Any, path: Path) -> Any:
    """What stands at the path in the data; a mark of its own, never equal to a value, where nothing does."""
    for part in path:
        if isinstance(data, dict):
            data = data.get(part, _ABSENT)
        else:
            data = data[part] if isinstance(data, list) and isinstance(part, int) and part < len(data) else _ABSENT
    return data


def present(data: Any, path: Path) -> bool:
    """Whether anything stands at the path."""
    return value_at(data, path) is not _ABSENT


def _remove(draft: _Draft, change: Change, outline: Outline) -> None:
    path = change.path
    gone = value_at(draft.data, path)
    if gone is _ABSENT:
        return
    parent = draft.table(path[:-1])
    del parent[path[-1]]
    if parent or len(path) == 1:
        return
    if change.prune and not _has_comment(outline, path[:-1]):
        _remove(draft, Change(path[:-1], REMOVED), outline)
    elif isinstance(parent, list):
        if not outline.owner(path[:-1]):
            _remove(draft, Change(path[:-1], REMOVED), outline)
    elif isinstance(gone, dict | list) and not _named(outline, path[:-1]):
        del draft.table(path[:-2])[path[-2]]


def _named(outline: Outline, path: Path) -> bool:
    return path in outline.numbers or outline.owner(path) is not None


def _has_comment(outline: Outline, path: Path) -> bool:
    number = outline.numbers.get(path)
    return number is not None and has_comment(outline, number)


def _steps_at(old: Data, new: Data, change: Change) -> list[Step]:
    path = change.path
    for length in range(1, len(path) + 1):
        above = path[:length]
        if not present(old, above) or not present(new, above):
            return _difference(old, new, above)
        before, after = value_at(old, above), value_at(new, above)
        if change.value is REMOVED and isinstance(before, list) and len(before) != len(after):
            return [Step(path[: length + 1], REMOVED)]
    return _difference(old, new, path)


def _difference(old: Data, new: Data, path: Path) -> list[Step]:
    before, after = value_at(old, path), value_at(new, path)
    if after is _ABSENT:
        return [] if before is _ABSENT else [Step(path, REMOVED)]
    if isinstance(before, dict) and isinstance(after, dict):
        return [step for key in {**before, **after} for step in _difference(old, new, (*path, key))]
    return [] if same(before, after) else [Step(path, after)]
