"""One change to a store file: read, edit, prove the edit, check the new store, replace the file."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib import import_module
from typing import Generic

from backorderctl.edit.operations import Changes
from backorderctl.files import access, atomic_file
from backorderctl.files.atomic_file import USUAL, Replacing, Result
from backorderctl.store import fields
from backorderctl.store.load import PreviousBuild, build
from backorderctl.store.model import StoreFile
from backorderctl.toml.notation import parse


@dataclass(frozen=True, slots=True)
class WriteResult(Generic[Result]):
    """A store file before and after a write; the texts are the same object when nothing had to change.

    `result` is what the operation gave beside its changes, `warnings` what the user should know of the replacement.
    """

    text: str
    new_text: str
    store: StoreFile
    new_store: StoreFile
    changes: Changes
    result: Result
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


Operation = Callable[[StoreFile], tuple[Changes, Result]]
"""Gives the changes that a store needs, and what the command wants to know beside them."""
Check = Callable[[StoreFile, Result], None]
"""Raises BackorderctlError for a new store that the command refuses to write."""
OnStage = Callable[[Stage], None]
"""Called when a part of a write begins."""


def write_store(
    path: str,
    operation: Operation[Result],
    *,
    check: Check[Result] | None = None,
    new: str | None = None,
    text: str | None = None,
    dry_run: bool = False,
    on_stage: OnStage = lambda _: None,
    replacing: Replacing = USUAL,
) -> WriteResult[Result]:
    """Make the changes that `operation` gives, under a lock from read to replace; with `dry_run` leave the file alone.

    Where there is no file, one is made out of the text `new`, if that is given. A dry run may be of `text` instead of
    the file's. BackorderctlError, with the file's bytes as they were, when the store is not valid before, when it would
    not be valid after, and when `check` raises it for the new store.
    """

    def edited(old: str) -> WriteResult[Result]:
        return _edited(old, path, operation, check, on_stage)

    if text is not None:
        return edited(text)
    if new is not None and not os.path.lexists(path):
        made = replace(edited(new), text="")
        if not dry_run:
            atomic_file.create(path, made.new_text, options=replacing)
        return made
    if dry_run:
        return edited(access.read_text(path))

    def transform(text: str) -> tuple[str, WriteResult[Result]]:
        """The edit, called again with another text when somebody else has changed the file meanwhile."""
        result = edited(text)
        return result.new_text, result

    _load_editor()
    rewritten = atomic_file.rewrite(path, transform, replacing)
    return replace(rewritten.result, warnings=rewritten.warnings)


def _load_editor() -> None:
    """Import what an edit needs, so that nobody has to wait for that while the file is locked."""
    import_module("backorderctl.toml.patch")
    parse("", "text")


def _edited(
    text: str, path: str, operation: Operation[Result], check: Check[Result] | None, on_stage: OnStage
) -> WriteResult[Result]:
    on_stage(Stage.READING)
    data = parse(text, path)
    store = build(data, file=path, text=text)
    from backorderctl.toml import patch

    on_stage(Stage.PREPARING)
    changes, result = operation(store)
    on_stage(Stage.EDITING)
    edited = patch.edit_parsed(text, data, changes, families=fields.FAMILIES)
    on_stage(Stage.CHECKING)
    new_store = store
    if edited.text != text:
        new_store = build(edited.data, file=path, text=edited.text, known=PreviousBuild(data, store))
    if check is not None:
        check(new_store, result)
    return WriteResult(
        text=text, new_text=edited.text, store=store, new_store=new_store, changes=changes, result=result
    )
