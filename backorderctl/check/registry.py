"""The registry of rules: every function that finds something, with what is wrong and what to do about it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from backorderctl.check.context import Context
from backorderctl.check.violation import Severity, Violation

Find = Callable[[Context], Iterable[Violation]]
"""Finds every violation of one rule in a store."""


class RuleKind(StrEnum):
    """What a rule judges: what people wrote, what the quantities of the hour make of it, or how it is written."""

    POLICY = "policy"
    STOCK = "stock"
    STYLE = "style"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: `reason` states what is wrong with what it finds, `remedy` what to do.

    `find` is None for the two rules that do not look at a store: BO001, found in reading, and BO901, about accepts.
    """

    code: str
    name: str
    severity: Severity
    kind: RuleKind
    reason: str
    remedy: str
    find: Find | None = None


REGISTERED: dict[str, Rule] = {}
"""The rules by code, in the order of registration; `check.rules.RULES` has all of them, sorted."""


def rule(
    code: str, name: str, severity: Severity, kind: RuleKind, *, reason: str, remedy: str
) -> Callable[[Find], Find]:
    """Register the decorated function as the one that finds the violations of a rule."""

    def register(find: Find) -> Find:
        REGISTERED[code] = Rule(
            code=code, name=name, severity=severity, kind=kind, reason=reason, remedy=remedy, find=find
        )
        return find

    return register
