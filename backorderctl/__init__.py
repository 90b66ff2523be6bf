"""Backorder policy as code: what is in force, from where, and how many can still be sold.

`load(path)` reads a store file into a frozen Store; `evaluate(store, sku)` gives what one product offers in each stock.
Both raise `Failure`, which says what was wrong. The commands use nothing else.
"""

from backorderctl.errors import Failure, InvalidFile
from backorderctl.evaluate import Salability, evaluate
from backorderctl.reading import load
from backorderctl.store import Store

__all__ = ["Failure", "InvalidFile", "Salability", "Store", "evaluate", "load"]
