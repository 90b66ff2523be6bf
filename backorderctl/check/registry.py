"""What a rule is: the violations that it finds, and its entry in the registry with what is wrong and what to do."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from backorderctl.check.context import Context
from backorderctl.store.model import Place
from backorderctl.store.settings import Value
from backorderctl.toml.change import KeyPath


class Severity(StrEnum):
    """How bad a violation is, the worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


Words = tuple[str, ...]
"""A command to type, without the program's name."""


class Edit(NamedTuple):
    """A written value that is set, or removed where `value` is None."""

    place: Place
    key: str
    value: Value | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One rule broken once: by the value of `key` at `place`, for a product in a stock at a source.

    `message` is the same for all violations of one cause, `detail` is about this product alone. `severity` is None
    where it is that of the rule. `path` is where the violation is in the file, if not at the key or table of `place`.

    `edit` would mend it and becomes a hint where it is safe; `changing` if it may change answers, which the finding
    then states. `hint` is a command that changes no answer whatever the store.
    """

    place: Place
    message: str
    key: str | None = None
    stock: str | None = None
    source: str | None = None
    product: str | None = None
    detail: str = ""
    severity: Severity | None = None
    path: KeyPath | None = None
    edit: Edit | None = None
    changing: bool = False
    hint: Words = ()

    @property
    def location(self) -> KeyPath:
        """Where the violation is in the file."""
        if self.path is not None:
            return self.path
        return (*self.place.path, self.key) if self.key else self.place.path


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
