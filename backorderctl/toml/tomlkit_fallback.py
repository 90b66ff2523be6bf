"""Edits by tomlkit, slow and general: of one key with its value, or of a whole file."""

from collections.abc import Sequence
from typing import Any

from backorderctl.toml import notation
from backorderctl.toml.change import REMOVED, Step


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
