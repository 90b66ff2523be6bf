"""Files of Magento's configuration: what `config:show` prints, a CSV of paths and values, YAML or JSON.

Such files hold passwords: nothing outside the section of inventory is kept, and no message quotes what a file says.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from backorderctl.errors import BackorderctlError, InvalidFile, Problem
from backorderctl.magento import csv_reader
from backorderctl.magento.report import Report

SECTION = "cataloginventory"
DEFAULT = "default"
SCOPES = (DEFAULT, "websites", "stores")


class Entry(NamedTuple):
    """One value of a file; `code` is that of a website or store view, `line` None where the format has none."""

    path: str
    value: str
    scope: str
    code: str
    line: int | None


def entries(path: str) -> list[Entry]:
    """The values of inventory in the file; InvalidFile or BackorderctlError when it has none or is in none of the
    formats.

    YAML and JSON are those of ConfigImportExport, flat or nested.
    """
    found = [entry for entry in _every_entry(path) if entry.path.startswith(f"{SECTION}/")]
    if not found:
        raise BackorderctlError(f"{path}: expected values of {SECTION}, got none")
    return found


def _every_entry(path: str) -> list[Entry]:
    text = _text(path)
    first = text.lstrip().partition("\n")[0]
    if first.startswith(("{", "[")):
        return _walked(_loaded(path, text, _json))
    if _SHOWN.search(text):
        return [
            Entry(found[1], found[2] or "", DEFAULT, "0", number)
            for number, line in enumerate(text.splitlines(), 1)
            if (found := _SHOWN.match(line))
        ]
    if {"path", "value"} <= {name.strip(" \"'\r").lower() for name in re.split(r"[,;\t]", first)}:
        return _rows(path)
    return _walked(_loaded(path, text, _yaml(path)))


_SHOWN = re.compile(rf"^({SECTION}/\S+) -(?: (.*))?$", re.MULTILINE)
"""A line of `bin/magento config:show`."""


def _text(path: str) -> str:
    with Path(path).open("rb") as raw, csv_reader.whole(path):
        content = csv_reader.unpacked(raw).read()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidFile(path, [Problem(f"expected UTF-8, got byte 0x{content[error.start]:02x}", line)]) from None


def _rows(path: str) -> list[Entry]:
    """The entries of a CSV with columns path, value and, where there are scopes, scope and scope_code."""
    own = Report()
    with csv_reader.open_table(path, own, "configuration rows") as table:
        at, value = table.needed("path"), table.needed("value")
        scope, code = table.column("scope"), table.column("scope_code", "scope_id")
        entries = [
            Entry(
                row.cells[at].strip(),
                row.cells[value],
                (row.cells[scope].strip().lower() if scope is not None else "") or DEFAULT,
                row.cells[code] if code is not None else "",
                row.line,
            )
            for row in table.rows
        ]
    if own.refused:
        raise InvalidFile(path, [Problem(f"record {row.number}: {row.reason}", row.line) for row in own.refused])
    return entries


def _loaded(path: str, text: str, load: Callable[[str], Any]) -> Mapping[str, Any]:
    """The mapping that the text holds; a BackorderctlError that quotes none of it when there is none."""
    try:
        data = load(text)
    except RecursionError:
        raise BackorderctlError(f"{path}: expected a configuration, got one nested too deeply") from None
    except _Unreadable as error:
        raise InvalidFile(path, [error.problem]) from None
    if not isinstance(data, dict):
        formats = f"lines of config:show {SECTION}, a CSV with the columns path and value, YAML or JSON"
        raise BackorderctlError(f"{path}: expected {formats}, got none of them")
    return data


class _Unreadable(Exception):
    """Text that is not in the format it seems to be in."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_int=str, parse_float=str)
    except json.JSONDecodeError as error:
        raise _Unreadable(
            Problem(f"expected JSON, got something else: {error.msg}", error.lineno, error.colno)
        ) from None


def _yaml(path: str) -> Callable[[str], Any]:
    """A reader of YAML that makes texts, lists and mappings, and nothing else; BackorderctlError without PyYAML."""
    try:
        import yaml
    except ModuleNotFoundError:
        raise BackorderctlError(f"{path}: reading YAML needs PyYAML", hint="pip install 'backorderctl[yaml]'") from None

    def load(text: str) -> Any:
        try:
            return yaml.load(text, Loader=yaml.BaseLoader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else None
            raise _Unreadable(Problem("expected YAML, got something else", line)) from None

    return load


def _walked(data: Mapping[str, Any]) -> list[Entry]:
    """The entries of the section, whether its paths are written flat or nested."""
    return [entry for key, node in data.items() for entry in _walk(str(key), node)]


def _walk(path: str, node: Any) -> Iterator[Entry]:
    if path.partition("/")[0] != SECTION or path.count("/") > 3:
        return
    if not isinstance(node, dict):
        yield Entry(path, _leaf(node), DEFAULT, "0", None)
        return
    for key, child in node.items():
        if key in SCOPES:
            codes = child if isinstance(child, dict) else {"0": child}
            yield from (Entry(path, _leaf(value), key, str(code), None) for code, value in codes.items())
        else:
            yield from _walk(f"{path}/{key}", child)


def _leaf(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    return value if isinstance(value, str) else ""
