"""One change to a store file: read, edit, prove the edit, check the new store, replace the file."""

import os
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from backorderctl.edit.operations import Changes
from backorderctl.store import fields
from backorderctl.store.load import PreviousBuild, build
from backorderctl.store.model import Store
from backorderctl.toml import atomic_file
from backorderctl.toml.line_numbers import Lines
from backorderctl.toml.parse import parse


class WriteResult(NamedTuple):
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
OnStage = Callable[[Stage], None]
"""Is told which part of a write begins."""


def write_store(
    path: str,
    make: Callable[[Store], Changes],
    *,
    check: Check | None = None,
    new: str | None = None,
    dry_run: bool = False,
    watch: OnStage = lambda _: None,
) -> WriteResult:
    """Make the changes that `make` asks for, under a lock from read to replace; with `dry_run` leave the file alone.

    Where there is no file, one is made out of the text `new`, if that is given. BackorderctlError, with the file's
    bytes as they were, when the store is not valid before or would not be valid after, or when `check` raises it for
    the new store.
    """
    if new is not None and not os.path.lexists(path):
        made = _changed(new, path, make, check, watch)._replace(text="")
        if not dry_run:
            atomic_file.create(path, made.new_text)
        return made
    if dry_run:
        return _changed(atomic_file.read_text(path), path, make, check, watch)
    done: list[WriteResult] = []

    def transform(text: str) -> str:
        done.append(_changed(text, path, make, check, watch))
        return done[-1].new_text

    rewritten = atomic_file.rewrite(path, transform, patience=atomic_file.PATIENCE)
    return done[-1]._replace(warnings=rewritten.warnings)


def _changed(
    text: str, path: str, make: Callable[[Store], Changes], check: Check | None, watch: OnStage
) -> WriteResult:
    watch(Stage.READING)
    data = parse(text, path)
    store = build(data, file=path, lines=Lines(text))
    from backorderctl.toml import patch

    watch(Stage.PREPARING)
    changes = make(store)
    watch(Stage.EDITING)
    edited = patch.edit_parsed(text, data, changes, families=fields.FAMILIES)
    watch(Stage.CHECKING)
    new_store = store
    if edited.text != text:
        new_store = build(edited.data, file=path, lines=Lines(edited.text), known=PreviousBuild(data, store))
    if check is not None:
        check(new_store)
    return WriteResult(text, edited.text, store, new_store)
