"""Rows of one kind as a table, as one JSON document, or as CSV."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple, TextIO

from backorderctl.output.format import Cell, Output, jsonable, plain_text, printable

if TYPE_CHECKING:
    from rich.console import Console

AMPLE = 1 << 16
"""Columns for what is not a terminal: nothing is wrapped or cropped."""


class Column(NamedTuple):
    """A column; the higher its `rank`, the sooner a narrow terminal does without it. No table has a `hidden` one."""

    name: str
    number: bool = False
    rank: int = 0
    hidden: bool = False


class Listing(NamedTuple):
    """Rows under the name of what they are; the columns' names are the header of table and CSV and the keys of JSON."""

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
    width = max(map(len, cells))
    for name, cell in cells.items():
        if cell is not None and cell != ():
            out.write(f"{name:<{width}}  {printable(plain_text(cell))}\n")


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


def _csv(listing: Listing, out: TextIO) -> None:
    import csv

    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in listing.columns])
    for row in listing.rows:
        cells = map(plain_text, row)
        writer.writerow(map(printable, cells) if out.isatty() else cells)


def draw(console: "Console", columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Draw rows as a table, without the columns that are empty or that there is no room for."""
    from rich.table import Table
    from rich.text import Text

    rows = [[printable(cell) for cell in row] for row in rows]
    said = [number for number, column in enumerate(columns) if not column.rank or any(row[number] for row in rows)]
    kept = _fitting(columns, rows, said, console.width)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for number in kept:
        name, is_number, *_ = columns[number]
        table.add_column(name, justify="right" if is_number else "left", overflow="fold", no_wrap=is_number)
    for row in rows:
        table.add_row(*(Text(row[number]) for number in kept))
    console.print(table)
    if left_out := ", ".join(columns[number].name for number in said if number not in kept):
        console.print(Text(f"({left_out}: no room at this width; -o csv has all)", style="dim"))


def _table(listing: Listing, out: TextIO) -> None:
    shown = [number for number, column in enumerate(listing.columns) if not column.hidden]
    rows = ([plain_text(row[number]) for number in shown] for row in listing.rows)
    with screen(out) as console:
        draw(console, [listing.columns[number] for number in shown], rows)


def _fitting(columns: Sequence[Column], rows: Sequence[Sequence[str]], kept: Sequence[int], width: int) -> list[int]:
    """The columns that fit, those with the highest rank given up first."""
    from rich.cells import cell_len

    widths = {n: max([len(columns[n].name), *(cell_len(row[n]) for row in rows)]) + 2 for n in kept}
    fitting = sorted(kept, key=lambda n: columns[n].rank)
    while sum(widths[n] for n in fitting) - 2 > width and columns[fitting[-1]].rank:
        fitting.pop()
    return sorted(fitting)


def _escaped(text: str) -> str:
    """The text with an escape of JSON for each such character; a line feed can only be that of an indented line."""
    return "".join(char if char == "\n" or printable(char) == char else f"\\u{ord(char):04x}" for char in text)
