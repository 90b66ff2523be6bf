"""One change to a store file: read, edit, prove the edit, check the new store, replace the file."""

import os
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from backorderctl import layout
from backorderctl.changes import Changes
from backorderctl.reading import Known, build
from backorderctl.store import Store
from backorderctl.toml import file, read
from backorderctl.toml.locate import Lines


class Written(NamedTuple):
    """A store file before and after a write; the texts are the same object when nothing had to change."""

    text: str
    new_text: str
    store: Store
    new_store: Store
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the file's text is another now."""
        return self.new_text != self.text


class Stage(StrEnum):
    """The parts of a write, in their order."""

    READING = "reading"
    PREPARING = "preparing the changes"
    EDITING = "editing"
    CHECKING = "checking"


Check = Callable[[Store], None]
Watch = Callable[[Stage], None]
"""Is told which part of a write begins."""


def write(
    path: str,
    make: Callable[[Store], Changes],
    *,
    check: Check | None = None,
    new: str | None = None,
    dry_run: bool = False,
    watch: Watch = lambda _: None,
) -> Written:
    """Make the changes that `make` asks for, under a lock from read to replace; with `dry_run` leave the file alone.

    Where there is no file, one is made out of the text `new`, if that is given. Failure, with the file's bytes as
    they were, when the store is not valid before or would not be valid after, or when `check` raises it for the new
    store.
    """
    if new is not None and not os.path.lexists(path):
        made = _changed(new, path, make, check, watch)._replace(text="")
        if not dry_run:
            file.create(path, made.new_text)
        return made
    if dry_run:
        return _changed(file.read(path), path, make, check, watch)
    done: list[Written] = []

    def transform(text: str) -> str:
        done.append(_changed(text, path, make, check, watch))
        return done[-1].new_text

    rewritten = file.rewrite(path, transform, patience=file.PATIENCE)
    return done[-1]._replace(warnings=rewritten.warnings)


def _changed(text: str, path: str, make: Callable[[Store], Changes], check: Check | None, watch: Watch) -> Written:
    watch(Stage.READING)
    data = read.parse(text, path)
    store = build(data, file=path, lines=Lines(text))
    from backorderctl.toml import edit

    watch(Stage.PREPARING)
    changes = make(store)
    watch(Stage.EDITING)
    edited = edit.edit_parsed(text, data, changes, families=layout.FAMILIES)
    watch(Stage.CHECKING)
    new_store = store
    if edited.text != text:
        new_store = build(edited.data, file=path, lines=Lines(edited.text), known=Known(data, store))
    if check is not None:
        check(new_store)
    return Written(text, edited.text, store, new_store)
