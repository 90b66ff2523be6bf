"""A listing with some of its columns, in another order, or cut after some rows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice

from backorderctl.errors import BackorderctlError, nearest
from backorderctl.output.format import UNLIMITED, Cell
from backorderctl.output.table import Listing, Rows


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
    kept = tuple(replace(listing.columns[number], rank=0, hidden=False, style=None) for number in chosen)
    return Listing(listing.name, kept, Rows(partial(_chosen, rows, chosen)))


def _chosen(rows: Iterable[Sequence[Cell]], numbers: Sequence[int]) -> Iterator[Sequence[Cell]]:
    return (tuple(row[number] for number in numbers) for row in rows)


def _index(names: Sequence[str], name: str, option: str) -> int:
    """The number of the column with this name; BackorderctlError with the nearest name when there is none."""
    wanted = name.strip().replace("-", "_")
    if wanted in names:
        return names.index(wanted)
    close = nearest(wanted, names)
    raise BackorderctlError(
        f"{option}: expected a column of {', '.join(names)}, got {name!r}",
        hint=f"did you mean {close!r}?" if close else None,
    )


def _sorted(rows: Iterable[Sequence[Cell]], at: int, *, descending: bool) -> list[Sequence[Cell]]:
    """The rows by one of their cells: unlimited is the highest, and what has no value comes last in either order."""
    kept = list(rows)
    known = [row for row in kept if row[at] is not None]
    known.sort(key=lambda row: (row[at] is UNLIMITED, "" if row[at] is UNLIMITED else row[at]), reverse=descending)
    return known + [row for row in kept if row[at] is None]
