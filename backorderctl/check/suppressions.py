"""Findings that are accepted in the store file, and accepts that are unsound themselves."""

from collections.abc import Mapping
from datetime import date

from backorderctl.check.registry import RuleKind, Violation
from backorderctl.check.rules import RULES
from backorderctl.check.rules.file import UNSOUND_ACCEPT
from backorderctl.errors import did_you_mean
from backorderctl.store.model import Accept, Place, StoreFile
from backorderctl.store.settings import Scope
from backorderctl.store.sku import matches

Violations = Mapping[str, Mapping[Violation, date | None]]
"""The violations of each rule, by its code, with the day from which each holds: None for today."""


def apply_suppressions(store: StoreFile, found: Violations, today: date) -> Violations:
    """The violations that no accept matches, and those of the accepts that are unsound.

    Each violation is accepted by itself, so that one product can be accepted and others with the same cause not. An
    accept without a reason, past its date or of an unknown rule accepts nothing. One that matches nothing is unsound if
    its rule ran, which all rules in `found` did, and is not about quantities, which change by the hour. BO901 itself is
    never accepted.
    """
    faults = {number: _fault(accept, today) for number, accept in enumerate(store.accepts)}
    sound = [number for number, fault in faults.items() if not fault]
    for number in sound:
        accept = store.accepts[number]
        judged = accept.code in found or RULES[accept.code].find is None
        if judged and RULES[accept.code].kind is not RuleKind.STOCK:
            faults[number] = f"matches nothing{_unknown_product(store, number)}"
    left: dict[str, dict[Violation, date | None]] = {}
    for code, violations in found.items():
        accepts = [number for number in sound if store.accepts[number].code == code]
        left[code] = {}
        for violation, since in violations.items():
            matching = [number for number in accepts if _matches(store.accepts[number], violation, since or today)]
            faults.update(dict.fromkeys(matching, ""))
            if not matching:
                left[code][violation] = since
    left[UNSOUND_ACCEPT.code] = {
        _unsound(store.accepts[number], number, fault): None for number, fault in faults.items() if fault
    }
    return left


def _fault(accept: Accept, today: date) -> str:
    """What is wrong with the accept itself; empty when nothing is."""
    if accept.code not in RULES:
        return "names no rule" + did_you_mean(accept.code.upper(), RULES)
    if not (accept.reason and accept.reason.strip()):
        return "has no reason, and so accepts nothing"
    if accept.until is not None and today > accept.until:
        return f"is past its date, {accept.until}"
    return ""


def _unknown_product(store: StoreFile, number: int) -> str:
    product = store.accepts[number].product
    if product is None or product in store.products:
        return ""
    return ": there is no such product" + did_you_mean(product, store.products, after=number)


def _names_product(accept: Accept, violation: Violation) -> bool:
    """Whether the glob of an accept, if it has one, matches the product."""
    skus = (violation.product, violation.place.product)
    return accept.match is None or any(sku is not None and matches(sku, accept.match) for sku in skus)


def _matches(accept: Accept, violation: Violation, day: date) -> bool:
    """Whether the accept holds on the day, and all that it names is what the violation is about, or its cause."""
    holds = (accept.until is None or day <= accept.until) and _names_product(accept, violation)
    return holds and all(
        named is None or named in found
        for named, *found in (
            (accept.stock, violation.stock, violation.place.stock),
            (accept.source, violation.source, violation.place.source),
            (accept.product, violation.product, violation.place.product),
        )
    )


def _unsound(accept: Accept, number: int, fault: str) -> Violation:
    return Violation(
        place=_place(accept),
        message=f"the accept of {accept.code} {fault}",
        product=accept.product,
        path=("check", "accept", number),
    )


def _place(accept: Accept) -> Place:
    """What the accept names, as a place."""
    if accept.product is not None:
        scope = Scope.PRODUCT if accept.source is None else Scope.SOURCE_ITEM
    elif accept.source is not None:
        scope = Scope.SOURCE
    else:
        scope = Scope.GLOBAL if accept.stock is None else Scope.STOCK
    return Place(scope, accept.stock, accept.source, accept.product)
