"""Keys and values as TOML text."""

import re
from datetime import date
from decimal import Decimal

from backorderctl.errors import BackorderctlError
from backorderctl.toml.change import KeyPath, TomlValue
from backorderctl.toml.grammar import BARE

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_BARE = re.compile(BARE)
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_ESCAPED = re.compile(r'["\\\x00-\x1f\x7f-\x9f]')


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
    """The value that parsing its TOML text gives: a decimal without a fraction is an integer.

    The same object where nothing differs.
    """
    if isinstance(value, dict):
        others = {}
        for key, element in value.items():
            if type(element) is not str and type(element) is not int and (new := as_parsed(element)) is not element:
                others[key] = new
        return {**value, **others} if others else value
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return int(value)
    if isinstance(value, list):
        return [as_parsed(element) for element in value]
    return value


def _quoted(text: str) -> str:
    return f'"{_ESCAPED.sub(lambda match: _escape(match[0]), text)}"'


def _escape(character: str) -> str:
    return _SHORT_ESCAPES.get(character) or f"\\u{ord(character):04x}"
