"""Backorder policy as code: what is in force, from where, and how many can still be sold.

`load(path)` reads a store file into a frozen Store; `evaluate(store, sku)` gives what one product offers in each stock.
Both raise `BackorderctlError`, which says what was wrong.
"""

from backorderctl.errors import BackorderctlError, InvalidFile
from backorderctl.policy.evaluate import Salability, evaluate
from backorderctl.store.load import load
from backorderctl.store.model import Store

__all__ = ["BackorderctlError", "InvalidFile", "Salability", "Store", "evaluate", "load"]
