"""Findings: one for each cause, however many products it concerns."""

from collections.abc import Iterable
from typing import NamedTuple

from backorderctl.check.context import describe_scope
from backorderctl.check.rules import RULES
from backorderctl.check.rules.file import UNREADABLE
from backorderctl.check.suppressions import Violations
from backorderctl.check.violation import Severity, Violation
from backorderctl.errors import BackorderctlError, Hint, InvalidFile, Problem
from backorderctl.store.model import Place, Store
from backorderctl.store.settings import Scope

EXAMPLES = 3
"""So many products are named in a message; the others are counted."""


class Finding(NamedTuple):
    """One thing that is wrong, and the place that has to change; no place where the file cannot be read.

    Where several products have the same fault each by itself, `product` is None and `line` that of the first. `count`
    is the number of products concerned; 1 where it is about none. `hint` is one thing to type.
    """

    code: str
    severity: Severity
    message: str
    line: int | None
    scope: Scope | None
    stock: str | None
    source: str | None
    product: str | None
    key: str | None
    count: int  # type: ignore[assignment]  # hides tuple.count, as the JSON key demands
    hint: Hint | None


class LocatedFinding(NamedTuple):
    """A finding and the name of the file that it is in."""

    file: str
    finding: Finding


def grouped(store: Store, found: Violations) -> list[Finding]:
    """One finding for each cause, the worst first, then by code and line."""
    groups: dict[tuple[str, object], list[Violation]] = {}
    for code, violations in found.items():
        for each in violations:
            place = each.place._replace(product=None) if each.gather else each.place
            cause = (each.severity, place, each.key, each.message, each.path)
            groups.setdefault((code, cause), []).append(each)
    return ordered(_finding(store, code, group) for (code, _), group in groups.items())


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """The findings of a file, the worst first, then by code and line."""
    ranks = {severity: rank for rank, severity in enumerate(Severity)}
    return sorted(findings, key=lambda each: (ranks[each.severity], each.code, each.line or 0))


def problems(failure: BackorderctlError, file: str) -> list[Finding]:
    """What is wrong with a file that cannot be read or is no store: BO001, once for each problem."""
    if isinstance(failure, InvalidFile):
        return ordered(_problem(problem, failure.hint) for problem in failure.problems)
    return [_problem(Problem(failure.message.removeprefix(f"{file}: ")), failure.hint)]


def summary(findings: Iterable[Finding]) -> str:
    """How many findings there are: `3 findings: 1 error, 2 warnings`."""
    severities = [finding.severity for finding in findings]
    if not severities:
        return "no findings"
    counts = [(severities.count(severity), severity) for severity in Severity]
    counted = ", ".join(_counted(number, severity) for number, severity in counts if number)
    return f"{_counted(len(severities), 'finding')}: {counted}"


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 or word == Severity.INFO else f"{number} {word}s"


def _finding(store: Store, code: str, group: list[Violation]) -> Finding:
    first = group[0]
    apart = len({each.place for each in group}) > 1
    place = first.place._replace(product=None) if apart else first.place
    return Finding(
        code,
        first.severity or RULES[code].severity,
        _message(group, place),
        store.lines.line(first.location),
        place.scope,
        place.stock,
        place.source,
        place.product,
        first.key,
        max(len({each.product for each in group} - {None}), 1),
        first.hint or None,
    )


def _message(group: list[Violation], place: Place) -> str:
    """Where, what, and for whom: `global: this is so; 1800 products: A, B, C and 1797 more`."""
    message = group[0].message
    if place.product is not None:
        detail = f" ({group[0].detail})" if group[0].detail else ""
        return f"{describe_scope(place)}: {message}{detail}"
    head = message if place.scope is Scope.PRODUCT else f"{describe_scope(place)}: {message}"
    products = {each.product: each for each in reversed(group) if each.product is not None}
    named = [f"{sku} ({each.detail})" if each.detail else sku for sku, each in reversed(products.items())]
    if not named:
        return head
    more = f" and {len(named) - EXAMPLES} more" if len(named) > EXAMPLES else ""
    return f"{head}; {_counted(len(named), 'product')}: {', '.join(named[:EXAMPLES])}{more}"


def _problem(problem: Problem, hint: Hint | None) -> Finding:
    at = f" (column {problem.column})" if problem.column else ""
    return Finding(
        UNREADABLE.code, Severity.ERROR, problem.message + at, problem.line, None, None, None, None, None, 1, hint
    )
