"""TOML 1.0: its text as data, and data as text.

Text is parsed by `toml_rs` where the extra `fast` is installed, else by the standard library. Keys and values are
written one by one, in the style of what is beside them. Its tokens are here as regular expressions.
"""

import gc
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from backorderctl.errors import BackorderctlError, InvalidFile, Problem
from backorderctl.toml.change import KeyPath, TomlValue

Data = dict[str, Any]

# The tokens as regular expressions, to build patterns from.
BARE = r"[A-Za-z0-9_-]+"
BASIC = r'"(?:[^"\\\n]|\\.)*+"'
LITERAL = r"'[^'\n]*+'"
# Lazy: before 3.11.5, Python goes on at a wrong place after a possessive repeat of alternatives (gh-106052).
MULTILINE = r'"""(?:[^"\\]++|\\[\s\S]|")*?"{3,5}' + r"|'''[\s\S]*?'{3,5}"
KEY_PART = rf"(?:{BARE}+|{BASIC}|{LITERAL})"
DOT = r"[ \t]*+\.[ \t]*+"
FLAT = r"""[^\]\[{}"'#\n]*+(?:(?:"[^"\\\n]++"|'[^'\n]++')[^\]\[{}"'#\n]*+)*"""
"""What is between the brackets of an array or inline table on one line that contains no other."""

BYTE_ORDER_MARK = "\ufeff"

# The standard library refuses some 300 levels; toml_rs overflows its stack, which ends the process without a message.
_MOST_LEVELS = 100
_LONG_KEY = re.compile(rf"(?:^|[\[{{,])[ \t]*+(?:{KEY_PART}{DOT}){{{_MOST_LEVELS},}}+", re.MULTILINE)
_FLAT_VALUE = re.compile(rf"[\[{{]{FLAT}[\]}}]")
_NESTING_VALUE = re.compile(rf"=[ \t]*+(?=[\[{{])(?!{_FLAT_VALUE.pattern})")
# The standard library refuses such a number, toml_rs accepts it.
_MANY_DIGITS = re.compile(r"\d[\d_]{4299}")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_BARE = re.compile(BARE)
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_ESCAPED = re.compile(r'["\\\x00-\x1f\x7f-\x9f]')


def parse(text: str, file: str) -> Data:
    """The data of a TOML text, floats as exact decimals; a byte-order mark at its beginning is skipped.

    InvalidFile, with line and column, when the text is not TOML 1.0, or nests deeper or has larger numbers than Python
    can read. Keys of more than 100 parts are refused, because both parsers take quadratic time for them.
    """
    body = text.removeprefix(BYTE_ORDER_MARK)
    if long_key := _in_long_line(_LONG_KEY, body):
        from backorderctl.toml.refusal import problem

        raise InvalidFile(file, [problem(f"key of more than {_MOST_LEVELS} parts", body, long_key.start())])
    with collector_off():
        data = fast(body)
        return standard(body, file) if data is None else data


NOTHING: Any = object()
"""What `value_at` gives for a path that does not exist; it equals no value."""


def value_at(data: Any, path: KeyPath) -> Any:
    """The value at the path in parsed data, or NOTHING."""
    for part in path:
        if isinstance(data, dict):
            data = data.get(part, NOTHING)
        else:
            data = data[part] if isinstance(data, list) and isinstance(part, int) and part < len(data) else NOTHING
    return data


@contextmanager
def collector_off() -> Iterator[None]:
    """Suspend garbage collection while a large structure is built: searching it for garbage doubles the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def fast(text: str) -> Data | None:
    """The data by `toml_rs`; None when that is not installed, refuses the text, or may accept what Python refuses."""
    try:
        from resource import RLIM_INFINITY, RLIMIT_AS, getrlimit

        import toml_rs
    except ImportError:
        return None
    if getrlimit(RLIMIT_AS)[0] != RLIM_INFINITY:  # where memory runs out, toml_rs ends the process
        return None
    if text.startswith(BYTE_ORDER_MARK) or _may_nest_deep(text) or _in_long_line(_MANY_DIGITS, text):
        return None
    loads: Callable[..., Data] = toml_rs.loads
    try:
        return loads(text, toml_version="1.0.0", parse_float=Decimal)
    except Exception:  # the standard library then reports what is wrong
        return None


def standard(text: str, file: str) -> Data:
    """The data by the standard library; InvalidFile when it refuses the text."""
    import tomllib

    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise InvalidFile(file, _problems(error, text)) from None


def _problems(error: Exception, text: str) -> list[Problem]:
    """What is wrong with a text that the standard library refuses."""
    import tomllib

    from backorderctl.toml import refusal

    match error:
        case tomllib.TOMLDecodeError():
            return refusal.refused(str(error), text)
        case RecursionError():
            return [Problem("nested too deep")]
    return [refusal.huge_number(text)]  # more digits than Python turns into a number


def _may_nest_deep(text: str) -> bool:
    """Whether values may nest in more than 100 levels: many brackets are left without the three innermost levels.

    Replacing the innermost arrays and inline tables by numbers keeps the nesting of the others, so the answer is never
    a wrong no.
    """
    if not _NESTING_VALUE.search(text):
        return False
    for _ in range(3):
        text = _FLAT_VALUE.sub("0", text)
    return text.count("[") + text.count("{") > _MOST_LEVELS


def _in_long_line(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The first match in a line of 200 characters or more; looking at one place in every 100 finds these lines."""
    end = 0
    for start in range(0, len(text) - _MOST_LEVELS, _MOST_LEVELS):
        if start >= end and text.find("\n", start, start + _MOST_LEVELS) == -1:
            end = text.find("\n", start) % (len(text) + 1)
            if match := pattern.search(text, text.rfind("\n", 0, start) + 1, end):
                return match
    return None


def literal(value: TomlValue) -> str:
    """The value in TOML: decimals without exponent, strings in double quotes, tables inline."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return basic_string(value)
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case dict():
            pairs = ", ".join(f"{plain_key(key)} = {literal(element)}" for key, element in value.items())
            return f"{{ {pairs} }}" if pairs else "{}"
    return str(value)


def in_style(value: TomlValue, old: str) -> str:
    """The value in TOML in the style of the text it replaces: a string keeps single quotes."""
    if isinstance(value, str) and re.match("'(?!'')", old):
        return key_like(value, "'")
    return literal(value)


def basic_string(text: str) -> str:
    """The text in double quotes; BackorderctlError for a lone surrogate, which is how Python reads bytes of a command
    line that are not UTF-8."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    if _SURROGATE.search(text):
        raise BackorderctlError(f"expected text, got {text!r}")
    return _quoted(text)


def plain_key(key: str) -> str:
    """The key without quotes where it looks like a word, else in double quotes."""
    return key if (key.isidentifier() and key.isascii()) or _WORD.fullmatch(key) else basic_string(key)


def key_like(key: str, sibling: str) -> str:
    """The key in the quotes that its sibling has, where they can hold it."""
    if sibling.startswith("'") and not re.search(r"['\x00-\x08\x0a-\x1f\x7f]", key):
        return f"'{key}'"
    if sibling.startswith(("'", '"')):
        return basic_string(key)
    return key if _BARE.fullmatch(key) else basic_string(key)


def dotted_path(path: KeyPath) -> str:
    """The path as a message prints it, keys quoted where necessary: `products."24-MB01".backorders`,
    `check.accept[0]`."""
    parts = (
        f"[{part}]" if isinstance(part, int) else f".{part if _WORD.fullmatch(part) else _quoted(part)}"
        for part in path
    )
    return "".join(parts).removeprefix(".")


def as_parsed(value: TomlValue) -> TomlValue:
    """The value that parsing its TOML text gives: a decimal without a fraction is an integer, a word is a plain string.

    The same object where nothing differs.
    """
    if isinstance(value, dict):
        others = {}
        for key, element in value.items():
            if type(element) is not str and type(element) is not int and (new := as_parsed(element)) is not element:
                others[key] = new
        return {**value, **others} if others else value
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return int(value)
    if isinstance(value, list):
        return [as_parsed(element) for element in value]
    return value


def _quoted(text: str) -> str:
    return f'"{_ESCAPED.sub(lambda match: _escape(match[0]), text)}"'


def _escape(character: str) -> str:
    return _SHORT_ESCAPES.get(character) or f"\\u{ord(character):04x}"
