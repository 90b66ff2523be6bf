"""TOML 1.0 text as data: by `toml_rs` where the extra `fast` is installed, else by the standard library."""

import gc
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from backorderctl.errors import InvalidFile, Problem

Data = dict[str, Any]

BYTE_ORDER_MARK = "\ufeff"

# The standard library stops at some 300 levels, toml_rs at the end of its stack: the process is gone without a word.
_MOST_LEVELS = 100
_KEY_PART = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?:^|[\[{{,])[ \t]*+(?:{_KEY_PART}[ \t]*+\.[ \t]*+){{{_MOST_LEVELS},}}+", re.MULTILINE)
# An array or inline table that certainly ends in the line where it begins and holds no other.
_FLAT = r"""[\[{][^\]\[{}"'#\n]*+(?:(?:"[^"\\\n]++"|'[^'\n]++')[^\]\[{}"'#\n]*+)*+[\]}]"""
_FLAT_VALUE = re.compile(_FLAT)
_NESTING_VALUE = re.compile(rf"=[ \t]*+(?=[\[{{])(?!{_FLAT})")
# The standard library refuses such a number, toml_rs reads it.
_MANY_DIGITS = re.compile(r"\d[\d_]{4299}")
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_BEYOND = re.compile(r"(?<![\w.])[+-]?(?:\d[\d_]{4299,}|[\d_.]+[eE][+-]?[\d_]{18,})(?!\w)")


def parse(text: str, file: str) -> Data:
    """The data of a TOML text, floats as exact decimals; a byte-order mark before it is skipped.

    InvalidFile, with line and column, when the text is not TOML 1.0, or nests deeper or has larger numbers than Python
    reads. Keys of more than 100 parts are refused: either parser takes quadratic time for them.
    """
    body = text.removeprefix(BYTE_ORDER_MARK)
    if long_key := _in_long_line(_LONG_KEY, body):
        raise InvalidFile(file, [_problem(f"key of more than {_MOST_LEVELS} parts", body, long_key.start())])
    with collector_off():
        data = fast(body)
        return standard(body, file) if data is None else data


@contextmanager
def collector_off() -> Iterator[None]:
    """No garbage collection meanwhile: what is built is all kept, and looking for garbage in it doubles the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def fast(text: str) -> Data | None:
    """The data by `toml_rs`; None when that is not installed, refuses the text, or might read what Python does not."""
    try:
        import toml_rs
    except ImportError:
        return None
    if text.startswith(BYTE_ORDER_MARK) or _may_nest_deep(text) or _in_long_line(_MANY_DIGITS, text):
        return None
    loads: Callable[..., Data] = toml_rs.loads
    try:
        return loads(text, toml_version="1.0.0", parse_float=Decimal)
    except Exception:  # whatever it is, the standard library tells the user
        return None


def standard(text: str, file: str) -> Data:
    """The data by the standard library; InvalidFile when it refuses the text."""
    import tomllib

    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        problem = _refusal(str(error), text)
    except RecursionError:
        problem = Problem("nested too deep")
    except (ValueError, ArithmeticError):  # more digits than Python turns into a number
        problem = _beyond(text)
    raise InvalidFile(file, [problem]) from None


def _may_nest_deep(text: str) -> bool:
    """Whether values may nest in more than 100 levels: more brackets are open than the innermost three levels explain.

    Replacing an array or inline table that holds no other by a number keeps the nesting of all that is left, wherever
    it stands, so that the answer is never a wrong no.
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


def _refusal(message: str, text: str) -> Problem:
    place = _PLACE.search(message)
    if place is None:
        return Problem(message)
    words = message[0].lower() + message[1 : place.start()]
    if place[1] is None:
        return _problem(words, text, len(text))
    return Problem(words, int(place[1]), int(place[2]))


def _beyond(text: str) -> Problem:
    message = "number beyond what can be read"
    found = _BEYOND.search(text)
    return _problem(message, text, found.start()) if found else Problem(message)


def _problem(message: str, text: str, position: int) -> Problem:
    return Problem(message, text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position))
