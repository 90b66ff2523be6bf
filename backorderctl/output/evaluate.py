"""What `evaluate` gave: notes for people, and the totals of each stock."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, TextIO

from backorderctl.bulk.job import Job, RunResult, files_named
from backorderctl.output import listing
from backorderctl.output.format import Output, counted
from backorderctl.output.listing import Listing
from backorderctl.output.quantities import (
    first_respelled_note,
    repeated_note,
    sums_above_zero_note,
    unknown_reserved_note,
)
from backorderctl.output.report.show import stock_row
from backorderctl.output.table import Column

_STOCKS = (
    Column("stock"),
    Column("products", number=True),
    Column("in_stock", number=True, rank=3),
    Column("backorder", number=True, rank=3),
    Column("out_of_stock", number=True),
    Column("quantity", number=True, rank=9),
    Column("reserved", number=True, rank=6),
    Column("on_hand", number=True),
    Column("reserve", number=True, rank=7),
    Column("owed", number=True),
    Column("owed_within_limit", number=True, hidden=True),
    Column("backorderable", number=True, rank=2),
    Column("used", number=True, rank=5),
    Column("owing", number=True, rank=8),
    Column("unlimited", number=True, rank=1),
    Column("oversold", number=True, rank=1),
    Column("low_stock", number=True, rank=4),
)


def run_notes(result: RunResult, job: Job) -> Iterator[str]:
    """What a person should know before trusting the answers."""
    for files, rows in ((job.quantities, result.rows), (job.reserved, result.reserved)):
        ignored = dict.fromkeys(name for file in files for name in file.ignored)
        told = f"; columns ignored: {', '.join(ignored)}" if ignored else ""
        if files:
            yield f"{files_named(files)}: {counted(rows, 'row')}{told}"
    if result.without_row:
        yield f"{counted(result.without_row, 'product')} of the store file without a row"
    if result.unknown:
        yield f"{counted(result.unknown, 'SKU')} not in the store file: without settings of their own"
    if result.unknown_reserved:
        yield unknown_reserved_note(result.unknown_reserved)
    if result.sums_above_zero[0]:
        yield sums_above_zero_note(*result.sums_above_zero)
    if result.respelled.names:
        yield first_respelled_note(*result.respelled)
    if result.repeated:
        yield repeated_note(result.repeated)


def answers_note(result: RunResult, to: str) -> str:
    """What to say of the file of answers."""
    return f"{to}: {counted(result.answers, 'answer')}"


def show_summary(result: RunResult, job: Job, output: Output, out: TextIO) -> None:
    """Write the totals of each stock, in JSON under the names that `report` has."""
    rows = [stock_row(stock) for stock in result.totals]
    match output:
        case Output.JSON:
            refused = Counter(row.file for row in result.refused)
            respelled = result.respelled
            name, shown = respelled.first
            head: dict[str, Any] = {
                "at": job.marks.get("at"),
                "revision": job.marks.get("revision"),
                "files": [
                    {"file": file.path, "refused": refused[file.path], "ignored": file.ignored} for file in job.files
                ],
                "rows": result.rows,
                "reserved_rows": result.reserved,
                "products_without_row": result.without_row,
                "unknown_skus": result.unknown,
                "unknown_reserved_skus": result.unknown_reserved,
                "sums_above_zero": result.sums_above_zero[0],
                "repeated": result.repeated,
                "respelled": {
                    "count": respelled.names,
                    "first": {"name": name, "as": shown} if respelled.names else None,
                },
                "refused": len(result.refused),
            }
            out.write(listing.dumps({**head, "stocks": rows}) + "\n")
        case Output.CSV:
            reasons = dict.fromkeys(reason for row in rows for reason in row["out_of_stock"])
            flat = [_flat(row, list(reasons)) for row in rows]
            columns = tuple(map(Column, flat[0]))
            listing.show(Listing("stocks", columns, [tuple(row.values()) for row in flat]), output, out)
        case Output.TABLE:
            cells = [(*row.values(),) for row in map(_counted, rows)]
            listing.show(Listing("stocks", _STOCKS, cells), output, out)


def _flat(row: dict[str, Any], reasons: list[str]) -> dict[str, Any]:
    """The row with a column for each reason of being out of stock."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if name == "out_of_stock":
            flat |= {f"out_of_stock_{reason}": value.get(reason, 0) for reason in reasons}
        else:
            flat[name] = value
    return flat


def _counted(row: dict[str, Any]) -> dict[str, Any]:
    """The row with the number of products that are out of stock, whatever the reason."""
    return {**row, "out_of_stock": sum(row["out_of_stock"].values())}
