"""Backorder policy as code: what is in force, from where, and how many can still be sold.

`load(path)` reads a store file into a frozen Store; `evaluate(store, sku)` gives what one product offers in each stock.
Both raise `BackorderctlError`, which says what was wrong.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # from typing it would be the larger part of this import
if TYPE_CHECKING:
    from typing import Any

    from backorderctl.errors import BackorderctlError, InvalidFile
    from backorderctl.policy.evaluate import Salability, evaluate
    from backorderctl.store.load import load
    from backorderctl.store.model import Store, StoreFile

__all__ = ["BackorderctlError", "InvalidFile", "Salability", "Store", "StoreFile", "evaluate", "load"]

_MODULES = {
    "BackorderctlError": "backorderctl.errors",
    "InvalidFile": "backorderctl.errors",
    "Salability": "backorderctl.policy.evaluate",
    "Store": "backorderctl.store.model",
    "StoreFile": "backorderctl.store.model",
    "evaluate": "backorderctl.policy.evaluate",
    "load": "backorderctl.store.load",
}


def __getattr__(name: str) -> Any:
    """A name of the API, imported when it is first used, so that the command line can begin before it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
