"""Backorder policy as code: what is in force, from where, and how many can still be sold.

`load(path).on(day)` is a store on a day; `answers(store)` is what its products offer, and `to_dict` what the command
says in JSON. docs/python.md shows the rest. Errors are `BackorderctlError`, with a `message`, a `hint` and `problems`.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # from typing it would be the larger part of this import
if TYPE_CHECKING:
    from typing import Any

    from backorderctl.errors import BackorderctlError, InvalidFile
    from backorderctl.library import (
        answers,
        diff,
        explain,
        findings,
        loads,
        order,
        report,
        to_dict,
        today,
        with_quantities,
    )
    from backorderctl.policy.evaluate import Salability
    from backorderctl.store.load import load
    from backorderctl.store.model import Store, StoreFile

    __version__: str

__all__ = [
    "BackorderctlError",
    "InvalidFile",
    "Salability",
    "Store",
    "StoreFile",
    "__version__",
    "answers",
    "diff",
    "explain",
    "findings",
    "load",
    "loads",
    "order",
    "report",
    "to_dict",
    "today",
    "with_quantities",
]

_TYPES = {
    "BackorderctlError": "backorderctl.errors",
    "InvalidFile": "backorderctl.errors",
    "Salability": "backorderctl.policy.evaluate",
    "Store": "backorderctl.store.model",
    "StoreFile": "backorderctl.store.model",
}


def __getattr__(name: str) -> Any:
    """A name of the API, imported when it is first used, so that the command line can begin before it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "__version__":
        return import_module("importlib.metadata").version("backorderctl")
    if name in _TYPES:
        return getattr(import_module(_TYPES[name]), name)
    library = import_module("backorderctl.library")
    module = import_module("backorderctl.store.load") if name == "load" else library
    globals()[name] = found = library.in_plain_text(getattr(module, name))
    return found


def __dir__() -> list[str]:
    """The API."""
    return __all__
