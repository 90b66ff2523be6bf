"""Output that GitHub's runner does not take for commands: it executes lines of a log that begin with `::`, and `##[`.

The runner of GitHub Actions trims a line before it looks for `::`, and finds `##[` anywhere in it (actions/runner,
ActionCommand.TryParseV2 and TryParse).
"""

import re
from enum import Enum
from typing import Any, TextIO, cast

_AT_BEGINNING = re.compile(r"^([^\S\n]*+:)(?=:)", re.MULTILINE)
_INVISIBLE = "\u200b"


class Shown(Enum):
    """What a stream shows, which decides how a command in it is broken."""

    TEXT = "text"
    JSON = "json"
    RAW = "raw"


def shown_as(output: str | None) -> Shown:
    """What a command shows with this value of --output: CSV is for other programs, and annotations are commands."""
    if output in ("csv", "github"):
        return Shown.RAW
    return Shown.JSON if output in ("json", "sarif") else Shown.TEXT


def without_commands(text: str, shown: Shown) -> str:
    """The text with every command broken: by an invisible character, or in JSON by an escape of the same value."""
    match shown:
        case Shown.TEXT:
            return _AT_BEGINNING.sub(rf"\1{_INVISIBLE}", text).replace("##[", f"##{_INVISIBLE}[")
        case Shown.JSON:
            return text.replace("##[", "##\\u005b")
    return text


def breaking_commands(out: TextIO, shown: Shown) -> TextIO:
    """A stream that writes to another, with every command broken."""
    return cast("TextIO", _Stream(out, shown))


class _Stream:
    def __init__(self, out: TextIO, shown: Shown) -> None:
        self._out = out
        self._shown = shown
        self._line = ""

    def __getattr__(self, name: str) -> Any:
        """Everything but writing is as the stream has it."""
        return getattr(self._out, name)

    def write(self, text: str) -> int:
        """Write a text, which may be a part of a line."""
        written = len(without_commands(self._line, self._shown))
        whole = self._line + text
        self._out.write(without_commands(whole, self._shown)[written:])
        self._line = whole[whole.rfind("\n") + 1 :]
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)
