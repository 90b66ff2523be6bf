"""Accepted findings: as a list, and each in a line."""

from typing import TextIO

from backorderctl.output import table
from backorderctl.output.format import Output
from backorderctl.output.table import Column, Listing
from backorderctl.store.model import Accept, Store

_COLUMNS = (
    Column("number", number=True),
    *map(Column, ("code", "stock", "source", "product", "match")),
    Column("reason"),
    Column("until"),
    Column("line", number=True, rank=1),
)


def show(store: Store, output: Output, out: TextIO) -> None:
    """Write the accepts of a store."""
    rows = [
        (number, accept.code, accept.stock, accept.source, accept.product, accept.match, accept.reason,
         None if accept.until is None else str(accept.until), store.lines.line(("check", "accept", number - 1)))
        for number, accept in enumerate(store.accepts, 1)
    ]  # fmt: skip
    table.show(Listing("accepts", _COLUMNS, rows), output, out)


def describe_accept(accept: Accept) -> str:
    """An accept in a line: `BO102 for stock eu, products WS-*, until 2027-03-31`."""
    names = {"stock": accept.stock, "source": accept.source, "product": accept.product, "products": accept.match}
    scope = ", ".join(f"{kind} {name}" for kind, name in names.items() if name is not None)
    until = f", until {accept.until}" if accept.until else ""
    return f"{accept.code} for {scope or 'the whole store'}{until}"
