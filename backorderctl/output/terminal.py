"""What a stream can show: its width, its colours, and texts that fit."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TextIO


class Style(StrEnum):
    """How a text stands out; it never carries meaning alone. The values are those of the terminal (ECMA-48 SGR)."""

    BOLD = "1"
    DIM = "2"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"


@dataclass(frozen=True, slots=True)
class Terminal:
    """A stream to write to. `width` is None for what is not a terminal: nothing is cropped or wrapped there."""

    out: TextIO
    width: int | None
    coloured: bool

    def line(self, text: str = "", *styles: Style) -> None:
        """Write one line, without blanks at its end."""
        self.out.write(self.styled(text.rstrip(" "), *styles) + "\n")

    def text(self, text: str, *styles: Style) -> None:
        """Write a text, where it is too long in lines that begin with the same blanks."""
        if self.width is None or width_of(text) <= self.width:
            self.line(text, *styles)
            return
        indent = text[: len(text) - len(text.lstrip(" "))]
        for line in folded(text.strip(" "), max(self.width - len(indent), 1)):
            self.line(indent + line, *styles)

    def styled(self, text: str, *styles: Style) -> str:
        """The text in these styles, as it is where the stream shows none."""
        if not (self.coloured and styles and text):
            return text
        return f"\x1b[{';'.join(styles)}m{text}\x1b[0m"

    def shows(self, text: str) -> bool:
        """Whether the stream's encoding has all characters of the text."""
        try:
            text.encode(self.out.encoding or "ascii")
        except UnicodeEncodeError:
            return False
        return True


def terminal(out: TextIO) -> Terminal:
    """What `out` can show; NO_COLOR and TERM=dumb are honoured, COLUMNS only on a terminal."""
    if not out.isatty():
        return Terminal(out, None, coloured=False)
    coloured = not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")
    return Terminal(out, shutil.get_terminal_size().columns, coloured=coloured)


def width_of(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def padded(text: str, width: int, *, right: bool = False) -> str:
    """The text with blanks up to the width, before it with `right`."""
    blanks = " " * (width - width_of(text))
    return blanks + text if right else text + blanks


def shortened(text: str, width: int, *, mark: str) -> str:
    """The text, or its beginning and the mark where it is wider."""
    if width_of(text) <= width:
        return text
    return _beginning(text, width - len(mark)) + mark


def folded(text: str, width: int) -> Iterator[str]:
    """The text in lines of at most that width: broken at two blanks if there are, else at one, else anywhere."""
    while width_of(text) > width:
        whole = _beginning(text, width + 2)
        breaks = [found.start() for found in re.finditer("  ", whole)] or [
            found.start() for found in re.finditer(" ", whole) if found.start() <= width
        ]
        at = max((each for each in breaks if 0 < each <= width), default=len(_beginning(text, width)))
        yield text[:at]
        text = text[at:].lstrip(" ")
    yield text


def _beginning(text: str, width: int) -> str:
    """As much of the text as is no wider, one character at least."""
    end, used = 0, 0
    for char in text:
        used += width_of(char)
        if used > width and end:
            break
        end += 1
    return text[:end]
