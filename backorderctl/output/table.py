"""Tables on a terminal: its width and colours, the columns that fit, and texts that are folded or cut."""

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from io import StringIO
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple, TextIO

from backorderctl.output.format import Cell, plain_text, printable

if TYPE_CHECKING:
    from rich.console import Console

GAP = "  "
NARROW = 60
"""A terminal of fewer columns shows a table that does not fit as blocks, a cell a line."""
LEAST_NAME, LEAST_TEXT = 8, 24
"""The narrowest that names are shortened and texts are folded to, in columns of the terminal."""
KEY = -1
"""The rank of a column that identifies a row."""
AMPLE = 1 << 16
"""Columns for what is not a terminal: nothing is wrapped or cropped."""


class Style(StrEnum):
    """How a text is emphasised; a style never carries meaning alone. The values are those of ECMA-48 SGR."""

    BOLD = "1"
    DIM = "2"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"


class Terminal(NamedTuple):
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


RowStyle = Callable[[Sequence[Cell]], Style | None]
"""The style of a cell, from its whole row."""


class Column(NamedTuple):
    """A column; the higher its `rank`, the sooner a narrow terminal does without it. No table has a `hidden` one.

    One with a rank is left out where it is empty, a KEY only there.

    One to `shorten` holds names, one to `fold` texts. `style` gives that of a cell from its whole row.
    """

    name: str
    number: bool = False
    rank: int = 0
    hidden: bool = False
    shorten: bool = False
    fold: bool = False
    style: RowStyle | None = None


@contextmanager
def screen(out: TextIO) -> "Iterator[Console]":
    """A Rich console that writes data as it is: no markup, and without a terminal no width, colour or padding."""
    from rich.console import Console

    if out.isatty():
        yield Console(file=out, markup=False, highlight=False, emoji=False)
        return
    page = StringIO()
    yield Console(
        file=page, markup=False, highlight=False, emoji=False, width=AMPLE, force_terminal=False, color_system=None
    )
    out.writelines(line.rstrip(" ") + "\n" for line in page.getvalue().splitlines())


def draw(
    screen: Terminal,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    *,
    narrow: Callable[[], None] | None = None,
) -> None:
    """Draw rows as a table, without the columns that are empty or that there is no room for.

    On a narrow terminal names are shortened first. What does not fit even so, or not whole into fewer than NARROW
    columns, is drawn as blocks, or by `narrow`.
    """
    if iter(rows) is rows:
        rows = list(rows)
    widths = _widths(columns, rows)
    fitting = widths if screen.width is None else _fitting(columns, widths, screen.width)
    if fitting is None:
        narrow() if narrow else _blocks(screen, columns, rows)
        return
    _lines(screen, columns, rows, fitting)
    if left_out := ", ".join(columns[number].name for number in widths if number not in fitting):
        for line in folded(f"({left_out}: no room at this width; -o csv has all)", screen.width or AMPLE):
            screen.line(line, Style.DIM)


def _text(cell: Cell) -> str:
    return printable(plain_text(cell))


def _widths(columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> dict[int, int]:
    """The width of each column that a table shows; those with a rank only where a row has something to say."""
    shown = [number for number, column in enumerate(columns) if not column.hidden]
    widths = dict.fromkeys(shown, 0)
    for row in rows:
        for number in shown:
            width = width_of(_text(row[number]))
            if width > widths[number]:
                widths[number] = width
    return {
        number: max(width, len(columns[number].name))
        for number, width in widths.items()
        if width or not columns[number].rank
    }


def _fitting(columns: Sequence[Column], widths: dict[int, int], room: int) -> dict[int, int] | None:
    """The columns with the widths at which they fit, those with the highest rank given up first; None if none do."""
    left = dict(widths)
    while (over := sum(left.values()) + len(GAP) * (len(left) - 1) - room) > 0:
        for number in left:
            least = LEAST_NAME if columns[number].shorten else LEAST_TEXT if columns[number].fold else left[number]
            less = min(over, max(left[number] - max(least, len(columns[number].name)), 0))
            left[number] -= less
            over -= less
        if over <= 0:
            break
        last = max(left, key=lambda number: columns[number].rank)
        if columns[last].rank <= 0 or room < NARROW:
            return None
        left = {number: widths[number] for number in left if number != last}
    return left


def _lines(
    screen: Terminal, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], widths: Mapping[int, int]
) -> None:
    """The header and a line for each row, more where a text is folded."""
    shown = [(number, columns[number], width) for number, width in widths.items()]
    mark = "…" if screen.shows("…") else "..."
    folds = any(column.fold for _, column, _ in shown)

    def line(texts: Iterable[str], styles: Iterable[Style | None]) -> None:
        cells = []
        for text, style, (_, column, width) in zip(texts, styles, shown, strict=True):
            cell = shortened(text, width, mark=mark) if column.shorten else text
            cell = padded(cell, width, right=column.number)
            cells.append(screen.styled(cell, style) if style else cell)
        screen.line(GAP.join(cells))

    header = (padded(column.name, width, right=column.number) for _, column, width in shown)
    screen.line(GAP.join(header), Style.BOLD)
    for row in rows:
        texts = [_text(row[number]) for number, _, _ in shown]
        styles = [_style(screen, column, row) for _, column, _ in shown]
        if folds:
            parts = (
                folded(text, width) if column.fold else (text,)
                for text, (_, column, width) in zip(texts, shown, strict=True)
            )
            for each in zip_longest(*parts, fillvalue=""):
                line(each, styles)
        else:
            line(texts, styles)


def _blocks(screen: Terminal, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> None:
    shown = [number for number, column in enumerate(columns) if not column.hidden]
    for count, row in enumerate(rows):
        if count:
            screen.line()
        styles = {columns[number].name: style for number in shown if (style := _style(screen, columns[number], row))}
        draw_block(screen, {columns[number].name: _text(row[number]) for number in shown}, styles)


def _style(screen: Terminal, column: Column, row: Sequence[Cell]) -> Style | None:
    return column.style(row) if screen.coloured and column.style else None


def draw_block(screen: Terminal, cells: Mapping[str, str], styles: Mapping[str, Style] | None = None) -> None:
    """Titles and texts below each other, without what is empty; a text that is too long is folded below its title.

    `styles` has those of the texts, by title.
    """
    width = max(map(len, cells))
    for title, text in cells.items():
        if not text:
            continue
        style = [styles[title]] if styles and title in styles else []
        if screen.width is None or width + len(GAP) + width_of(text) <= screen.width:
            screen.line(f"{screen.styled(padded(title, width), Style.DIM)}{GAP}{screen.styled(text, *style)}")
        else:
            screen.line(title, Style.DIM)
            for line in folded(text, screen.width - len(GAP)):
                screen.line(GAP + screen.styled(line, *style))


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
