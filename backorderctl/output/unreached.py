"""What a write does not reach, in a line for each setting."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from backorderctl.output.format import counted, describe_place_in_full
from backorderctl.policy.unreached import Unreached
from backorderctl.store.settings import Scope, format_value

MOST = 5
"""So many scopes are named in a line; the others are counted."""


def sentences(rows: Sequence[Unreached]) -> Iterator[str]:
    """`not reached: source lyon keeps allow (11 products); 1 product keeps its own value`, with the key of several."""
    keys = {row.key for row in rows}
    for key, group in groupby(rows, key=lambda row: row.key):
        scopes = [_scope(row) for row in group]
        more = [f"{counted(len(scopes) - MOST, 'more scope')}"] if len(scopes) > MOST else []
        head = "not reached" if len(keys) == 1 else f"{key} not reached"
        yield f"{head}: {'; '.join([*scopes[:MOST], *more])}"


def document(row: Unreached) -> dict[str, Any]:
    """A row as JSON has it."""
    return {"key": row.key, **row.place._asdict(), "value": row.value, "products": row.products}


def _scope(row: Unreached) -> str:
    if row.place.scope is not Scope.PRODUCT:
        value = "" if row.value is None else format_value(row.value)
        return f"{describe_place_in_full(row.place)} keeps {value} ({counted(row.products, 'product')})"
    return "1 product keeps its own value" if row.products == 1 else f"{row.products} products keep their own values"
