"""Magento's configuration of inventory as the settings of a store file's [global].

A configuration is what `bin/magento config:show` prints, the commands that `export magento config` writes, rows of
core_config_data, app/etc/config.php, a CSV of paths and values, or YAML or JSON of ConfigImportExport. Such files hold
passwords: nothing outside the section of inventory is kept, and no message quotes what a file says.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from backorderctl.errors import BackorderctlError, InvalidFile, Mismatch, Problem
from backorderctl.magento import csv_reader
from backorderctl.magento.csv_reader import Input
from backorderctl.magento.php_array import PhpProblem, is_php, read_php_array
from backorderctl.magento.report import Count, ImportReport, Notice
from backorderctl.store.settings import DEFAULTS, SETTINGS, Value

_MOST_NODES = 1_000_000
"""Values of a YAML file, with those that its aliases repeat."""
SECTION = "cataloginventory"
DEFAULT = "default"
SCOPES = (DEFAULT, "websites", "stores")


KEEP, DELETE = "!!KEEP", "!!DELETE"
"""To ConfigImportExport: leave what is there, and take the value away."""
BY_PATH = {row.config_path: row for row in SETTINGS.values()}


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a file; `code` is that of a website or store view, `line` None where the format has none."""

    path: str
    value: str
    scope: str
    code: str
    line: int | None


class Unset(Enum):
    """Takes the place of a value that is taken away."""

    UNSET = "unset"


UNSET = Unset.UNSET


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a file gives globally, by key; `complete` says that Magento has its default of what is missing."""

    values: Mapping[str, Value | Unset]
    complete: bool

    @property
    def settings(self) -> dict[str, Value]:
        """The values that Magento has, of the keys of which that is known."""
        own = {key: DEFAULTS[key] if isinstance(value, Unset) else value for key, value in self.values.items()}
        return {**DEFAULTS, **own} if self.complete else own


def read_config(source: Input, report: ImportReport) -> Configuration:
    """The settings that the file gives globally; what is not taken goes to the report.

    InvalidFile when a value is not valid, BackorderctlError when the file has another format.
    """
    entries, complete = _entries(source)
    report.count(Count.CONFIGURATION_VALUES, len(entries))
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
        if value is not None:
            key = BY_PATH[entry.path].key
            if found.setdefault(key, value) != value:
                report.note(Notice.CONFIGURATION_TWICE, value=entry.path)
            found[key] = value
    if problems:
        raise InvalidFile(source.name, problems)
    _compare_scopes(entries, report)
    return Configuration(found, complete)


def _value(entry: Entry, report: ImportReport) -> Value | Unset | None:
    """The value of an entry; None where nothing is to be taken, which the report notes. Mismatch for an invalid one."""
    row = BY_PATH.get(entry.path)
    text = entry.value.strip()
    if row is None:
        report.note(Notice.CONFIGURATION_UNKNOWN, value=entry.path)
    elif entry.scope != DEFAULT or text == KEEP:
        return None
    elif text == DELETE:
        return UNSET
    elif not text or text.startswith("%"):
        report.note(Notice.CONFIGURATION_BLANK, value=f"{entry.path} is {text}" if text else entry.path)
    else:
        return row.kind.from_magento(text)
    return None


def _compare_scopes(entries: Sequence[Entry], report: ImportReport) -> None:
    """Report what a website or store view has otherwise: Magento uses it, a store file has no such level."""
    general: dict[str, Value | str] = {path: row.default for path, row in BY_PATH.items()}
    general |= {entry.path: _comparable(entry) for entry in entries if entry.scope == DEFAULT}
    for entry in entries:
        known = entry.scope != DEFAULT and entry.path in BY_PATH
        if known and _comparable(entry) != general[entry.path]:
            where = f"{entry.value.strip()} for {entry.scope} {entry.code}"
            report.note(Notice.CONFIGURATION_OF_SCOPE, about=entry.path, value=where)


def _comparable(entry: Entry) -> Value | str:
    if entry.path not in BY_PATH:
        return entry.value
    try:
        return BY_PATH[entry.path].kind.from_magento(entry.value)
    except Mismatch:
        return entry.value


def _entries(source: Input) -> tuple[list[Entry], bool]:
    """The values of inventory in the file, and whether it has all that is stored.

    InvalidFile or BackorderctlError when it has none or another format.
    """
    every, complete = _every_entry(source)
    found = [entry for entry in every if entry.path.startswith(f"{SECTION}/")]
    if not found:
        raise BackorderctlError(f"{source.name}: expected values of {SECTION}, got none")
    return found, complete


def _every_entry(source: Input) -> tuple[list[Entry], bool]:
    """The entries of the file. YAML and JSON are those of ConfigImportExport, flat or nested, and may be a part."""
    text, path = _text(source), source.name
    first = text.lstrip().partition("\n")[0]
    if is_php(text):
        return _of_php(path, text), False
    if first.startswith(("{", "[")):
        return _walked(_loaded(path, text, _json)), False
    for line_format in (_SHOWN, _SET):
        if line_format.search(text):
            entries = [
                Entry(path=found[1], value=(found[2] or "").strip("'"), scope=DEFAULT, code="0", line=number)
                for number, line in enumerate(text.splitlines(), 1)
                if (found := line_format.match(line))
            ]
            return entries, line_format is _SHOWN
    if {"path", "value"} <= {name.strip(" \"'\r").lower() for name in re.split(r"[,;|\t]", first)}:
        return _rows(source), "config_id" in first.lower()
    if SECTION not in text or not _YAML_KEY.search(text):
        raise _none_of_the_formats(path)
    return _walked(_loaded(path, text, _yaml(path))), False


_SHOWN = re.compile(rf"^({SECTION}/\S+) -(?: (.*))?$", re.MULTILINE)
"""A line of `bin/magento config:show`."""
_SET = re.compile(rf"^bin/magento config:set -- ({SECTION}/\S+) (\S+)$", re.MULTILINE)
"""A line of `export magento config`."""


_YAML_KEY = re.compile(r"""^["']?[\w/.-]+["']?\s*:(\s|$)""", re.MULTILINE)
"""A key of a YAML mapping that is not inside another."""
NO_VALUE = ("NULL", r"\N")
"""How a client of the database and SELECT ... INTO OUTFILE write a value that is NULL."""


def _of_php(path: str, text: str) -> list[Entry]:
    """The entries of the part `system` of app/etc/config.php or env.php, whose values come before the database's."""
    try:
        system = read_php_array(text).get("system")
    except PhpProblem as problem:
        raise InvalidFile(path, [Problem(str(problem), problem.line)]) from None
    scopes = system if isinstance(system, dict) else {}
    return [
        Entry(path=place, value=_leaf(value), scope=scope, code=code, line=None)
        for scope in SCOPES
        for code, tree in ({"0": scopes.get(scope)} if scope == DEFAULT else scopes.get(scope) or {}).items()
        if isinstance(tree, dict)
        for place, value in _leaves(SECTION, tree.get(SECTION))
    ]


def _leaves(path: str, node: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(node, dict):
        yield path, node
        return
    for key, child in node.items():
        yield from _leaves(f"{path}/{key}", child)


def _text(source: Input) -> str:
    with source.content() as content:
        data = content.read()
    try:
        return data.decode(source.encoding).removeprefix("\ufeff")
    except UnicodeError:
        raise InvalidFile(source.name, [csv_reader.undecodable(source)]) from None


def _rows(source: Input) -> list[Entry]:
    """The entries of a CSV with columns path, value and, where there are scopes, scope and scope_code."""
    own = ImportReport()
    with csv_reader.open_table(source, own, Count.CONFIGURATION_VALUES) as table:
        at, value = table.needed("path", "value")
        scope, code = table.column("scope"), table.column("scope_code", "scope_id")
        entries = [
            Entry(
                path=row.cells[at].strip(),
                value="" if row.cells[value].strip() in NO_VALUE else row.cells[value],
                scope=(row.cells[scope].strip().lower() if scope is not None else "") or DEFAULT,
                code=row.cells[code] if code is not None else "",
                line=row.line,
            )
            for row in table.rows
        ]
    if own.refused:
        refused = [Problem(f"record {row.number}: {row.reason}", row.line) for row in own.refused]
        raise InvalidFile(source.name, refused)
    return entries


def _loaded(path: str, text: str, load: Callable[[str], Any]) -> Mapping[str, Any]:
    """The mapping that the text holds; BackorderctlError, which quotes nothing of the text, when it holds another."""
    try:
        data = load(text)
    except RecursionError:
        raise BackorderctlError(f"{path}: expected a configuration, got one nested too deeply") from None
    except _Unreadable as error:
        raise InvalidFile(path, [error.problem]) from None
    if not isinstance(data, dict):
        raise _none_of_the_formats(path)
    return data


def _none_of_the_formats(path: str) -> BackorderctlError:
    formats = "what config:show prints, a CSV with the columns path and value, config.php, YAML or JSON"
    return BackorderctlError(f"{path}: expected {formats}, got none of them")


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
        raise BackorderctlError(f"{path}: reading YAML needs PyYAML", hint="pip install pyyaml") from None

    def load(text: str) -> Any:
        try:
            return _constructed(path, yaml.BaseLoader(text))
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else None
            raise _Unreadable(Problem("expected YAML, got something else", line)) from None

    return load


def _constructed(path: str, loader: Any) -> Any:
    """The data of a YAML text; BackorderctlError when its aliases make it much larger than it is written."""
    root = loader.get_single_node()
    if root is not None and _size(root, {}) > _MOST_NODES:
        raise BackorderctlError(f"{path}: expected at most {_MOST_NODES} values, got more by its aliases")
    return None if root is None else loader.construct_document(root)


def _size(node: Any, sizes: dict[int, int]) -> int:
    """How many values a node of YAML expands to, aliases repeated; too many if it contains itself."""
    if id(node) not in sizes:
        sizes[id(node)] = _MOST_NODES + 1
        parts = [each for pair in node.value for each in pair] if node.id == "mapping" else node.value
        below = (_size(each, sizes) for each in parts) if node.id != "scalar" else ()
        sizes[id(node)] = min(1 + sum(below), _MOST_NODES + 1)
    return sizes[id(node)]


def _walked(data: Mapping[str, Any]) -> list[Entry]:
    """The entries of the section, whether its paths are written flat or nested."""
    return [entry for key, node in data.items() for entry in _walk(str(key), node)]


def _walk(path: str, node: Any) -> Iterator[Entry]:
    if path.partition("/")[0] != SECTION or path.count("/") > 3:
        return
    if not isinstance(node, dict):
        yield Entry(path=path, value=_leaf(node), scope=DEFAULT, code="0", line=None)
        return
    for key, child in node.items():
        if key in SCOPES:
            codes = child if isinstance(child, dict) else {"0": child}
            yield from (
                Entry(path=path, value=_leaf(value), scope=key, code=str(code), line=None)
                for code, value in codes.items()
            )
        else:
            yield from _walk(f"{path}/{key}", child)


def _leaf(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    return value if isinstance(value, str) else ""
