"""Keys and values as TOML text."""

import re
from datetime import date
from decimal import Decimal

from backorderctl.errors import BackorderctlError
from backorderctl.toml.change import Value

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_NO_TEXT = re.compile(r"[\ud800-\udfff]")
_ESCAPED = re.compile(r'["\\\x00-\x1f\x7f]')


def literal(value: Value) -> str:
    """The value as it is written: decimals without exponent, strings in double quotes, tables inline."""
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


def in_style(value: Value, old: str) -> str:
    """The value as it is written in place of an old one: a string in single quotes where that was."""
    if isinstance(value, str) and re.match("'(?!'')", old):
        return key_like(value, "'")
    return literal(value)


def basic_string(text: str) -> str:
    """The text as a string in double quotes; BackorderctlError for bytes of a command line that are no text."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    if _NO_TEXT.search(text):
        raise BackorderctlError(f"expected text, got {text!r}")
    return f'"{_ESCAPED.sub(lambda match: _escape(match[0]), text)}"'


def plain_key(key: str) -> str:
    """The key without quotes where it looks like a word, else in double quotes."""
    return key if (key.isidentifier() and key.isascii()) or _PLAIN.fullmatch(key) else basic_string(key)


def key_like(key: str, sibling: str) -> str:
    """The key quoted as its sibling is, as far as it can be."""
    if sibling.startswith("'") and not re.search(r"['\x00-\x08\x0a-\x1f\x7f]", key):
        return f"'{key}'"
    if sibling.startswith(("'", '"')):
        return basic_string(key)
    return key if _BARE.fullmatch(key) else basic_string(key)


def _escape(character: str) -> str:
    return _SHORT_ESCAPES.get(character) or f"\\u{ord(character):04x}"
