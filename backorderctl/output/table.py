"""Rows of one kind as a table, as one JSON document, or as CSV."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from backorderctl.output.format import Cell, Output, jsonable, plain_text, printable
from backorderctl.output.terminal import Style, Terminal, folded, padded, shortened, terminal, width_of
from backorderctl.store.spreadsheet import protected

if TYPE_CHECKING:
    from rich.console import Console

GAP = "  "
NARROW = 60
"""A terminal of fewer columns shows a table that does not fit as blocks, a cell a line."""
LEAST_NAME, LEAST_TEXT = 8, 24
"""To how many columns names are shortened and texts are folded."""
KEY = -1
"""The rank of a column that tells rows apart."""
AMPLE = 1 << 16
"""Columns for what is not a terminal: nothing is wrapped or cropped."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that are made anew each time they are gone through, so that none is kept."""

    make: Callable[[], Iterator[Sequence[Cell]]]

    def __iter__(self) -> Iterator[Sequence[Cell]]:
        """The rows from the first on."""
        return self.make()


@dataclass(frozen=True, slots=True)
class Column:
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
    style: Callable[[Sequence[Cell]], Style | None] | None = None


class Listing(NamedTuple):
    """Rows under the name of what they are; the columns' names are the header of table and CSV and the keys of JSON.

    A table goes through the rows twice: what cannot be iterated twice is kept in memory.
    """

    name: str
    columns: tuple[Column, ...]
    rows: Iterable[Sequence[Cell]]


def show(listing: Listing, output: Output, out: TextIO, *, head: Mapping[str, Cell] | None = None) -> None:
    """Write the listing to `out`, in JSON after what `head` says of it as a whole."""
    match output:
        case Output.JSON:
            _json(listing, out, head or {})
        case Output.CSV:
            _csv(listing, out)
        case Output.TABLE:
            _table(listing, out)


def show_one(listing: Listing, output: Output, out: TextIO) -> None:
    """Write the one row of the listing: in JSON it stands alone, in a table its cells stand below each other."""
    if output is Output.CSV:
        show(listing, output, out)
        return
    [row] = listing.rows
    cells = {column.name: cell for column, cell in zip(listing.columns, row, strict=True)}
    if output is Output.JSON:
        out.write(dumps(cells) + "\n")
        return
    screen = terminal(out)
    _block(screen, {name: printable(plain_text(cell)) for name, cell in cells.items()})


def dumps(value: object, *, indent: int | None = None) -> str:
    """A JSON text that a terminal can show: characters that steer it are escaped."""
    import json

    text = json.dumps(value, ensure_ascii=False, default=jsonable, indent=indent)
    return text if text.isascii() else _escaped(text)


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


def _json(listing: Listing, out: TextIO, head: Mapping[str, Cell]) -> None:
    names = [column.name for column in listing.columns]
    out.write("{" + "".join(f'"{name}": {dumps(cell)}, ' for name, cell in head.items()) + f'"{listing.name}": [')
    separator = "\n"
    for row in listing.rows:
        out.write(separator + dumps(dict(zip(names, row, strict=True))))
        separator = ",\n"
    out.write("\n]}\n" if separator != "\n" else "]}\n")


class Spreadsheet:
    """A stream whose CSV is for a spreadsheet: no text in it is taken for a formula."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def __getattr__(self, name: str) -> Any:
        """Everything is as the stream has it."""
        return getattr(self._out, name)


def _protected_text(cell: Cell) -> str:
    return protected(plain_text(cell)) if isinstance(cell, str | tuple) else plain_text(cell)


def _csv(listing: Listing, out: TextIO) -> None:
    import csv

    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in listing.columns])
    plain = _protected_text if isinstance(out, Spreadsheet) else plain_text
    for row in listing.rows:
        cells = map(plain, row)
        writer.writerow(map(printable, cells) if out.isatty() else cells)


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


def _table(listing: Listing, out: TextIO) -> None:
    draw(terminal(out), listing.columns, listing.rows)


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
        styles = [column.style(row) if screen.coloured and column.style else None for _, column, _ in shown]
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
        _block(screen, {columns[number].name: _text(row[number]) for number in shown})


def _block(screen: Terminal, cells: Mapping[str, str]) -> None:
    """Titles and texts below each other, without what is empty; a text that is too long is folded below its title."""
    width = max(map(len, cells))
    for title, text in cells.items():
        if not text:
            continue
        name = screen.styled(padded(title, width), Style.DIM)
        if screen.width is None or width + len(GAP) + width_of(text) <= screen.width:
            screen.line(f"{name}{GAP}{text}")
        else:
            screen.line(name)
            for line in folded(text, screen.width - len(GAP)):
                screen.line(GAP + line)


def _escaped(text: str) -> str:
    """The text with an escape of JSON for each such character; a line feed can only be that of an indented line."""
    return "".join(char if char == "\n" or printable(char) == char else f"\\u{ord(char):04x}" for char in text)
