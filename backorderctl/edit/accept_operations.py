"""Changes to the accepted findings of a store file: accepts are appended and removed, never rewritten."""

from collections.abc import Sequence
from typing import cast

from backorderctl.edit.operations import Changes
from backorderctl.errors import BackorderctlError
from backorderctl.store import model
from backorderctl.store.model import Accept, Store
from backorderctl.toml.change import REMOVED, Change, TomlValue


def add_accept(store: Store, accept: Accept) -> Changes:
    """The accept, after those of the file; BackorderctlError for a stock, source or product that is not in the file."""
    if accept.stock is not None:
        model.stock_named(store, accept.stock)
    if accept.source is not None:
        model.source_named(store, accept.source)
    if accept.product is not None:
        model.product_named(store, accept.product)
    if accept.product is not None and accept.match is not None:
        raise BackorderctlError("--match: expected without --product, got both")
    table = {key: cast("TomlValue", value) for key, value in accept._asdict().items() if value is not None}
    return [Change(("check", "accept", len(store.accepts)), table)]


def remove_accepts(store: Store, numbers: Sequence[int]) -> Changes:
    """The accepts with these numbers, counted from 1, are removed; BackorderctlError for one that there is not."""
    for number in numbers:
        if not 1 <= number <= len(store.accepts):
            last = f"1 to {len(store.accepts)}" if store.accepts else "an accept, and the file has none"
            raise BackorderctlError(f"accept: expected {last}, got {number}", hint=("accept", "list"))
    return [Change(("check", "accept", number - 1), REMOVED) for number in sorted(set(numbers), reverse=True)]
