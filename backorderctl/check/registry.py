"""What a rule is: the violations that it finds, and its entry in the registry with what is wrong and what to do."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from backorderctl.check.context import Context, Judgement
from backorderctl.errors import CommandLine
from backorderctl.store.model import Place
from backorderctl.store.settings import Value
from backorderctl.toml.change import KeyPath


class Severity(StrEnum):
    """How bad a violation is, the worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class ValueEdit(NamedTuple):
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

    `without_effect` are the paths of values that have no effect because of it: the finding counts them.
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
    edit: ValueEdit | None = None
    changing: bool = False
    hint: CommandLine | None = None
    without_effect: frozenset[KeyPath] | None = None

    @property
    def location(self) -> KeyPath:
        """Where the violation is in the file."""
        if self.path is not None:
            return self.path
        return (*self.place.path, self.key) if self.key else self.place.path


Find = Callable[[Context], Iterable[Violation]]
"""Finds every violation of one rule in a store."""


class RuleKind(StrEnum):
    """What a rule judges: what people wrote, what it means for today's quantities, or what could be left out."""

    POLICY = "policy"
    STOCK = "stock"
    STYLE = "style"


class Span(StrEnum):
    """What has to be looked at again on a day of the schedule on which only some products have other values.

    Nothing, as the rule finds the same on every day; these products; or all of them, as the rule judges them together.
    """

    NOTHING = "nothing"
    PRODUCTS = "products"
    STORE = "store"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: `reason` states what is wrong with what it finds, `remedy` what to do.

    `find` is None for the two rules that do not look at a store: BO001, found in reading, and BO901, about accepts.
    With a `judgement` it judges places by all products together; a later day need then be looked at as a whole only
    where a conclusion changes.
    """

    code: str
    name: str
    severity: Severity
    kind: RuleKind
    reason: str
    remedy: str
    find: Find | None = None
    span: Span = Span.PRODUCTS
    judgement: Judgement | None = None


REGISTERED: dict[str, Rule] = {}
"""The rules by code, in the order of registration; `check.rules.RULES` has all of them, sorted."""


def rule(
    code: str,
    name: str,
    severity: Severity,
    kind: RuleKind,
    *,
    reason: str,
    remedy: str,
    span: Span = Span.PRODUCTS,
    judgement: Judgement | None = None,
) -> Callable[[Find], Find]:
    """Register the decorated function as the one that finds the violations of a rule."""

    def register(find: Find) -> Find:
        REGISTERED[code] = Rule(
            code=code, name=name, severity=severity, kind=kind, reason=reason, remedy=remedy, find=find, span=span,
            judgement=judgement,
        )  # fmt: skip
        return find

    return register
