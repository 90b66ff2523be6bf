"""Magento's configuration of inventory as the settings of a store file's [global]."""

from collections.abc import Sequence
from enum import Enum

from backorderctl.errors import InvalidFile, Mismatch, Problem
from backorderctl.magento import config_files
from backorderctl.magento.config_files import DEFAULT, SCOPES, Entry
from backorderctl.magento.report import Report
from backorderctl.store.settings import SETTINGS, Value

KEEP, DELETE = "!!KEEP", "!!DELETE"
"""To ConfigImportExport: leave what is there, and take the value away."""
BY_PATH = {row.config_path: row for row in SETTINGS.values()}


class Unset(Enum):
    """Takes the place of a value that is taken away."""

    UNSET = "unset"


UNSET = Unset.UNSET


def read_config(path: str, report: Report) -> dict[str, Value | Unset]:
    """The settings that the file gives globally, by key; what is not taken goes to the report.

    InvalidFile when a value is none, BackorderctlError when the file is in none of the formats.
    """
    entries = config_files.entries(path)
    report.count("configuration values", len(entries))
    found: dict[str, Value | Unset] = {}
    problems = [
        Problem(f"{entry.path}: expected scope {', '.join(SCOPES)}, got {entry.scope!r}", entry.line)
        for entry in entries
        if entry.scope not in SCOPES
    ]
    for entry in entries:
        try:
            value = _value(entry, report)
        except Mismatch as mismatch:
            problems.append(Problem(f"{entry.path}: {mismatch}", entry.line))
            continue
        if value is not None and entry.scope == DEFAULT:
            key = BY_PATH[entry.path].key
            if found.setdefault(key, value) != value:
                report.note("configuration given twice: the last value counts", entry.path)
            found[key] = value
    if problems:
        raise InvalidFile(path, problems)
    _compare_scopes(entries, report)
    return found


def _value(entry: Entry, report: Report) -> Value | Unset | None:
    """The value of an entry; None, and a word in the report, where nothing is to be taken. Mismatch when it is none."""
    row = BY_PATH.get(entry.path)
    text = entry.value.strip()
    if row is None:
        report.note("configuration that a store file has no place for: ignored", entry.path)
    elif entry.scope != DEFAULT or text == KEEP:
        return None
    elif text == DELETE:
        return UNSET
    elif not text or text.startswith("%"):
        report.note("configuration without a value: ignored", f"{entry.path} is {text!r}")
    else:
        return row.kind.from_magento(text)
    return None


def _compare_scopes(entries: Sequence[Entry], report: Report) -> None:
    """Report what a website or store view has otherwise: Magento uses it, a store file has no such level."""
    general: dict[str, Value | str] = {path: row.default for path, row in BY_PATH.items()}
    general |= {entry.path: _comparable(entry) for entry in entries if entry.scope == DEFAULT}
    for entry in entries:
        known = entry.scope != DEFAULT and entry.path in BY_PATH
        if known and _comparable(entry) != general[entry.path]:
            what = f"{entry.path} of a website or store view, which a store file has no level for: not taken"
            report.note(what, f"{entry.value.strip()!r} for {entry.scope} {entry.code}")


def _comparable(entry: Entry) -> Value | str:
    if entry.path not in BY_PATH:
        return entry.value
    try:
        return BY_PATH[entry.path].kind.from_magento(entry.value)
    except Mismatch:
        return entry.value
