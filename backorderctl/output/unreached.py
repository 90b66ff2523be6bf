"""What a value does not reach, in words and as JSON."""

from collections.abc import Iterable
from typing import Any

from backorderctl.output.format import counted, describe_place_in_full
from backorderctl.policy.unreached import Unreached
from backorderctl.store.settings import format_value


def describe_unreached(rows: Iterable[Unreached]) -> str:
    """`not reached: source lyon keeps allow (11 products); 1 product keeps its own value`; nothing for no rows."""
    words = "; ".join(map(_words, rows))
    return f"not reached: {words}" if words else ""


def document(row: Unreached) -> dict[str, Any]:
    """A row as JSON has it."""
    return {"key": row.key, **row.place._asdict(), "value": row.value, "products": row.products}


def _words(row: Unreached) -> str:
    products = counted(row.products, "product")
    if row.value is None:
        return f"{products} {'keeps its' if row.products == 1 else 'keep their'} own value"
    return f"{describe_place_in_full(row.place)} keeps {format_value(row.value)} ({products})"
