"""Findings that are accepted in the store file, and accepts that are unsound themselves."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from backorderctl.check.context import Violation
from backorderctl.check.registry import RULES
from backorderctl.errors import nearest
from backorderctl.store.model import Accept, Place, Store
from backorderctl.store.settings import Scope


class Sifted(NamedTuple):
    """The hits that nobody accepts, and those of the accepts that are unsound."""

    left: list[Violation]
    unsound: list[Violation]


def apply_suppressions(store: Store, hits: Iterable[Violation], today: date) -> Sifted:
    """Take out what is accepted, hit by hit, so that of a common cause one product can be accepted alone.

    An accept without a reason, past its date or of an unknown rule accepts nothing. BO901 itself is never accepted.
    """
    faults = {number: _fault(accept, today) for number, accept in enumerate(store.accepts)}
    sound: dict[str, list[int]] = {}
    for number, accept in enumerate(store.accepts):
        if not faults[number]:
            sound.setdefault(accept.code, []).append(number)
            faults[number] = "matches nothing" + _unknown_product(store, accept)
    left = []
    for hit in hits:
        matching = [number for number in sound.get(hit.code, ()) if _matches(store.accepts[number], hit)]
        if matching:
            faults.update(dict.fromkeys(matching, ""))
        else:
            left.append(hit)
    return Sifted(left, [_unsound(store.accepts[number], number, says) for number, says in faults.items() if says])


def _fault(accept: Accept, today: date) -> str:
    """What is wrong with the accept itself; empty when nothing is."""
    if accept.code not in RULES:
        return "names no rule" + _suggestion(accept.code.upper(), RULES)
    if not (accept.reason and accept.reason.strip()):
        return "has no reason, and so accepts nothing"
    if accept.until is not None and today > accept.until:
        return f"is past its date, {accept.until}"
    return ""


def _unknown_product(store: Store, accept: Accept) -> str:
    if accept.product is None or accept.product in store.products:
        return ""
    return ": there is no such product" + _suggestion(accept.product, store.products)


def _suggestion(name: str, names: Iterable[str]) -> str:
    close = nearest(name, names)
    return f"; did you mean {close!r}?" if close else ""


def _matches(accept: Accept, hit: Violation) -> bool:
    """Whether each thing that the accept names is what the hit is about, or where its cause stands."""
    return all(
        named is None or named in found
        for named, *found in (
            (accept.stock, hit.stock, hit.place.stock),
            (accept.source, hit.source, hit.place.source),
            (accept.product, hit.product, hit.place.product),
        )
    )


def _unsound(accept: Accept, number: int, says: str) -> Violation:
    path = ("check", "accept", number)
    says = f"the accept of {accept.code} {says}"
    return Violation("BO901", _place(accept), says, product=accept.product, accept=path)


def _place(accept: Accept) -> Place:
    """What the accept names, as a place."""
    if accept.product is not None:
        scope = Scope.PRODUCT if accept.source is None else Scope.SOURCE_ITEM
    elif accept.source is not None:
        scope = Scope.SOURCE
    else:
        scope = Scope.GLOBAL if accept.stock is None else Scope.STOCK
    return Place(scope, accept.stock, accept.source, accept.product)
