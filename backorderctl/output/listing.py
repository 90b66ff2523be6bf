"""Rows of one kind as a table, as one JSON document, or as CSV; all of them, or those that are asked for."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import NamedTuple, TextIO

from backorderctl.errors import BackorderctlError, suggestion
from backorderctl.output.format import UNLIMITED, Cell, Output, json_number, jsonable, plain_row, plain_text, printable
from backorderctl.output.table import Column, RowStyle, Style, draw, draw_block, terminal


class Rows:
    """Rows that are made anew each time they are gone through, so that none is kept."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[[], Iterator[Sequence[Cell]]]) -> None:
        self.make = make

    def __iter__(self) -> Iterator[Sequence[Cell]]:
        """The rows from the first on."""
        return self.make()


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
            draw(terminal(out), listing.columns, listing.rows)


def show_one(listing: Listing, output: Output, out: TextIO) -> None:
    """Write the one row of the listing: in JSON an object, in a table its cells below each other."""
    if output is Output.CSV:
        show(listing, output, out)
        return
    [row] = listing.rows
    cells = {column.name: cell for column, cell in zip(listing.columns, row, strict=True)}
    if output is Output.JSON:
        out.write(dumps(cells) + "\n")
        return
    draw_block(terminal(out), {name: printable(plain_text(cell)) for name, cell in cells.items()})


def dumps(value: object, *, indent: int | None = None) -> str:
    """A JSON text that a terminal can show: characters that steer it are escaped."""
    if isinstance(value, Decimal):
        return repr(json_number(value))
    if value is None:
        return "null"
    import json

    text = json.dumps(value, ensure_ascii=False, default=jsonable, indent=indent)
    return text if text.isascii() else _escaped(text)


def _json(listing: Listing, out: TextIO, head: Mapping[str, Cell]) -> None:
    names = [column.name for column in listing.columns]
    out.write("{" + "".join(f'"{name}": {dumps(cell)}, ' for name, cell in head.items()) + f'"{listing.name}": [')
    separator = "\n"
    for row in listing.rows:
        out.write(separator + dumps(dict(zip(names, row, strict=True))))
        separator = ",\n"
    out.write("\n]}\n" if separator != "\n" else "]}\n")


def _csv(listing: Listing, out: TextIO) -> None:
    from backorderctl.rows.delimited import csv_writer

    writer = csv_writer(out)
    writer.writerow([column.name for column in listing.columns])
    if out.isatty():
        writer.writerows([printable(plain_text(cell)) for cell in row] for row in listing.rows)
    else:
        writer.writerows(map(plain_row, listing.rows))


def _escaped(text: str) -> str:
    """The text with an escape of JSON for each such character; a line feed can only be that of an indented line."""
    return "".join(char if char == "\n" or printable(char) == char else f"\\u{ord(char):04x}" for char in text)


def arranged(
    listing: Listing, *, columns: Sequence[str] = (), sort: str | None = None, limit: int | None = None
) -> Listing:
    """The listing with these columns, sorted by `sort` (descending after a `-`), and at most `limit` rows.

    BackorderctlError when there is no such column.
    """
    names = [column.name for column in listing.columns]
    rows: Iterable[Sequence[Cell]] = listing.rows
    if sort is not None:
        descending = sort.startswith("-")
        at = _index(names, sort.removeprefix("-"), "--sort")
        rows = _sorted(rows, at, descending=descending)
    if limit is not None:
        rows = Rows(partial(islice, rows, limit))
    if not columns:
        return listing._replace(rows=rows)
    chosen = [_index(names, name, "--columns") for name in columns]
    kept = tuple(
        column._replace(rank=0, hidden=False, style=column.style and partial(_style, column.style, chosen, len(names)))
        for column in (listing.columns[number] for number in chosen)
    )
    return Listing(listing.name, kept, Rows(partial(_chosen, rows, chosen)))


def _style(of_whole: RowStyle, chosen: Sequence[int], width: int, row: Sequence[Cell]) -> Style | None:
    """The style of a cell in a row of chosen cells; those that are not chosen are None."""
    whole: list[Cell] = [None] * width
    for number, cell in zip(chosen, row, strict=True):
        whole[number] = cell
    return of_whole(whole)


def _chosen(rows: Iterable[Sequence[Cell]], numbers: Sequence[int]) -> Iterator[Sequence[Cell]]:
    return (tuple(row[number] for number in numbers) for row in rows)


def _index(names: Sequence[str], name: str, option: str) -> int:
    """The number of the column with this name; BackorderctlError with the nearest name for an unknown one."""
    wanted = name.strip().replace("-", "_")
    if wanted in names:
        return names.index(wanted)
    raise BackorderctlError(
        f"{option}: expected a column of {', '.join(names)}, got {name!r}", hint=suggestion(wanted, names)
    )


def _sorted(rows: Iterable[Sequence[Cell]], at: int, *, descending: bool) -> list[Sequence[Cell]]:
    """The rows by one of their cells: unlimited is the highest, and what has no value comes last in either order."""
    kept = list(rows)
    known = [row for row in kept if row[at] is not None]
    known.sort(key=lambda row: (row[at] is UNLIMITED, "" if row[at] is UNLIMITED else row[at]), reverse=descending)
    return known + [row for row in kept if row[at] is None]
