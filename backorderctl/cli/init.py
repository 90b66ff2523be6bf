"""`backorderctl init`: a store file to start from."""

import os
import sys
from importlib import resources
from typing import Annotated

import typer

from backorderctl.cli.app import STANDARD_INPUT, Command, noun, with_options
from backorderctl.cli.writing import Versions, WriteOptions, exit_by_effect, preview
from backorderctl.errors import BackorderctlError, InvalidFile
from backorderctl.files import access, atomic_file
from backorderctl.output import text_difference
from backorderctl.policy.policy_test_file import tests_beside
from backorderctl.store.load import load_bytes

app = noun("")

EMPTY = "version = 1\n"
"""An empty store file, used in place of a file that does not exist."""


@app.command(cls=Command)
@with_options
def init(
    options: WriteOptions,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    tests: Annotated[
        bool, typer.Option("--tests", help="Write a test file beside it; only that where the store file is there.")
    ] = False,
) -> None:
    """Write a commented store file to start from.

    With --tests also policy tests.
    """
    if options.file == STANDARD_INPUT:
        raise BackorderctlError("standard input cannot be written", hint="-f store.toml")
    options.standard_input()
    there = os.path.lexists(options.file)
    differs = False
    if not (tests and there):
        differs = _write_store(options, force=force)
    if tests:
        # Over a store that is there, --force is about the test file: nobody asks for tests to lose a store.
        _write_tests(options, force=force and there)
    exit_by_effect(options, differs=differs)


def _write_store(options: WriteOptions, *, force: bool) -> bool:
    """Write the file, or for a dry run show what changes; whether that changes anything in effect."""
    text = (resources.files("backorderctl") / "starter.toml").read_text(encoding="utf-8")
    if options.dry_run:
        return _preview(options, text, force=force)
    for warning in atomic_file.create(options.file, text, force=force, options=options.replacing()):
        options.say(f"Warning: {warning}")
    options.say(f"{options.file}: written")
    return True


def _write_tests(options: WriteOptions, *, force: bool) -> None:
    file = tests_beside(options.file)
    text = (resources.files("backorderctl") / "starter.test.toml").read_text(encoding="utf-8")
    there = os.path.lexists(file)
    if there and not force:
        raise BackorderctlError(f"{file}: file exists")
    if options.dry_run:
        text_difference.show_text_difference(access.read_text(file) if there else "", text, file, sys.stdout)
        return
    atomic_file.create(file, text, force=force)
    options.say(f"{file}: written")


def _preview(options: WriteOptions, text: str, *, force: bool) -> bool:
    """What would be written in place of what, and what that changes in effect; whether anything does."""
    old = ""
    if os.path.lexists(options.file):
        if not force:
            raise BackorderctlError(f"{options.file}: file exists")
        old = access.read_text(options.file)
    try:
        before = load_bytes((old or EMPTY).encode(), options.file)
    except InvalidFile:  # what is in force in it, nobody can say
        text_difference.show_text_difference(old, text, options.file, sys.stdout)
        return True
    return preview(options, Versions(old, text), before, load_bytes(text.encode(), options.file))
