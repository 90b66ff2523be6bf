"""PHP files that return an array of literals, as app/etc/config.php does, read as data: nothing is executed."""

import re
from typing import Any, NamedTuple

from backorderctl.errors import Mismatch

DEEPEST = 100
"""Arrays inside arrays, at most."""
_TOKENS = re.compile(
    r"""(?P<skip>\s+|\#(?!\[)[^\n]*|//[^\n]*|/\*.*?\*/)
    |(?P<single>'(?:[^'\\]|\\.)*')
    |(?P<double>"(?:[^"\\$]|\\.|\$(?![A-Za-z_{]))*")
    |(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    |(?P<word>true|false|null|array|return|declare\s*\(\s*strict_types\s*=\s*1\s*\)\s*;)(?!\w)
    |(?P<mark>=>|[][(),;])""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "v": "\v", "f": "\f", "e": "\x1b", "0": "\0"}


class PhpProblem(Mismatch):
    """Something in a PHP file that is no literal, at a line; its text, which may be a secret, is not quoted."""

    def __init__(self, expected: str, line: int) -> None:
        super().__init__(expected, "something else")
        self.line = line


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


def is_php(text: str) -> bool:
    """Whether the text begins as a PHP file does."""
    return text.lstrip().startswith("<?php")


def read_php_array(text: str) -> dict[str, Any]:
    """What the file returns: arrays as mappings by key, every other value as text; null is None.

    PhpProblem, with the line, for a construct that is no literal.
    """
    reader = _Reader(_tokens(text))
    reader.take("return", "return and an array")
    data = reader.value(0)
    reader.take(";", "a semicolon after the array")
    if reader.here.kind != "end" or not isinstance(data, dict):
        raise PhpProblem("one array", reader.here.line)
    return data


def _tokens(text: str) -> list[_Token]:
    place = text.index("<?php") + len("<?php")
    end = len(text.rstrip().removesuffix("?>"))
    line, found = text.count("\n", 0, place) + 1, []
    while place < end:
        match = _TOKENS.match(text, place, end)
        if match is None:
            raise PhpProblem("a literal of PHP", line)
        kind, content = str(match.lastgroup), match[0]
        if kind != "skip" and not content.lower().startswith("declare"):
            found.append(_Token(kind, content, line))
        line += content.count("\n")
        place = match.end()
    return [*found, _Token("end", "", line)]


class _Reader:
    """The tokens of a file, and how many of them have been read."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._place = 0

    @property
    def here(self) -> _Token:
        """The next token."""
        return self._tokens[self._place]

    def found(self, *texts: str) -> bool:
        """Whether the next token is one of these; it is read if so."""
        if self.here.kind in ("mark", "word") and self.here.text.lower() in texts:
            self._place += 1
            return True
        return False

    def take(self, text: str, expected: str) -> None:
        """Read the token that must come next; PhpProblem when it is another."""
        if not self.found(text):
            raise PhpProblem(expected, self.here.line)

    def value(self, depth: int) -> Any:
        """The value that comes next."""
        if depth > DEEPEST:
            raise PhpProblem(f"at most {DEEPEST} arrays inside each other", self.here.line)
        if self.found("["):
            return self._array("]", depth)
        if self.found("array"):
            self.take("(", "( after array")
            return self._array(")", depth)
        if self.found("null"):
            return None
        for word, text in (("true", "1"), ("false", "0")):
            if self.found(word):
                return text
        token = self.here
        if token.kind not in ("single", "double", "number"):
            raise PhpProblem("a literal of PHP", token.line)
        self._place += 1
        return token.text if token.kind == "number" else _string(token)

    def _array(self, end: str, depth: int) -> dict[str, Any]:
        items: dict[str, Any] = {}
        while not self.found(end):
            line, value = self.here.line, self.value(depth + 1)
            key = str(len(items))
            if self.found("=>"):
                if isinstance(value, dict):
                    raise PhpProblem("a key that is text or a number", line)
                key, value = value or "", self.value(depth + 1)
            items[key] = value
            if not self.found(","):
                self.take(end, f", or {end}")
                break
        return items


def _string(token: _Token) -> str:
    body = token.text[1:-1]
    if token.kind == "single":
        return re.sub(r"\\([\\'])", r"\1", body)
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1] if found[1] in '\\"$' else found[0]), body)
