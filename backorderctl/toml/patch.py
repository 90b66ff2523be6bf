"""Changing a TOML text: only what has to change, and never without proof that the data is what was asked for."""

from collections.abc import Sequence
from typing import NamedTuple

from backorderctl.errors import BackorderctlError, InvalidFile
from backorderctl.toml.change import Change
from backorderctl.toml.draft import Step, drafted, same, steps, value_at
from backorderctl.toml.index import Outline
from backorderctl.toml.parse import BYTE_ORDER_MARK, Data, parse
from backorderctl.toml.text_edits import spliced
from backorderctl.toml.tomlkit_fallback import edited_by_tomlkit


class Edited(NamedTuple):
    """A text and its data after changes."""

    text: str
    data: Data


def edit(text: str, changes: Sequence[Change], *, families: Sequence[str] = ()) -> str:
    """The text with the changes made in their order; the same object when they change nothing. See `edit_parsed`."""
    return edit_parsed(text, parse(text, "text"), changes, families=families).text


def edit_parsed(text: str, data: Data, changes: Sequence[Change], *, families: Sequence[str] = ()) -> Edited:
    """The text, whose data is `data`, with the changes made in their order, and the data of the new text.

    The new text has been parsed: its data is the old data with exactly the changes. A new top-level table goes after
    those that stand before it in `families`. BackorderctlError when no such text is found.
    """
    body = text.removeprefix(BYTE_ORDER_MARK)
    wanted, todo, candidate = _candidate(body, data, changes, families)
    if not todo:
        return Edited(text, data)
    edited = _proved(candidate, wanted, todo)
    if edited is None and len(changes) > 1:
        return _in_halves(text, data, changes, families)
    edited = edited or _proved(edited_by_tomlkit(body, todo), wanted, todo)
    if edited is None:
        path = ".".join(map(str, todo[0].path))
        raise BackorderctlError(f"{path}: no way was found to write this change so that all else stays as it is")
    return Edited(text[: len(text) - len(body)] + edited.text, edited.data)


def _candidate(
    text: str, data: Data, changes: Sequence[Change], families: Sequence[str]
) -> tuple[Data, list[Step], str | None]:
    """What the data shall be, the steps to it, and the text that should have it; no outline is kept beyond this."""
    outline = Outline(text)
    wanted = drafted(data, changes, outline)
    todo = steps(data, wanted, changes)
    return wanted, todo, spliced(outline, todo, wanted, families) if todo else text


def _in_halves(text: str, data: Data, changes: Sequence[Change], families: Sequence[str]) -> Edited:
    middle = len(changes) // 2
    first = edit_parsed(text, data, changes[:middle], families=families)
    return edit_parsed(*first, changes[middle:], families=families)


def _proved(text: str | None, wanted: Data, todo: Sequence[Step]) -> Edited | None:
    """The text with its data, if that is what is wanted: equal all through, of the same types where it was changed."""
    if text is None:
        return None
    try:
        data = parse(text, "text")
    except InvalidFile:
        return None
    if not all(same(value_at(data, step.path), value_at(wanted, step.path)) for step in todo):
        return None
    compared = {step.path[0] for step in todo if len(step.path) == 1}
    rest, wanted_rest = ({key: each[key] for key in each.keys() - compared} for each in (data, wanted))
    return Edited(text, data) if rest == wanted_rest or same(rest, wanted_rest) else None
