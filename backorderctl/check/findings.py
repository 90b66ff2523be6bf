"""Findings: what rules hit, one finding for each cause, however many products it concerns."""

from collections.abc import Iterable
from typing import NamedTuple

from backorderctl.check.context import Violation, describe_scope
from backorderctl.check.registry import RULES, Severity
from backorderctl.errors import BackorderctlError, Hint, InvalidFile, Problem
from backorderctl.store.model import Place, Store
from backorderctl.store.settings import Scope

EXAMPLES = 3
"""So many products are named in a message; the others are counted."""


class Finding(NamedTuple):
    """One thing that is wrong, and the place that has to change; no place where the file itself is the trouble.

    Where the same is wrong with many products each by itself, `product` is None and `line` the first one's. `count` is
    how many products it concerns; 1 where it is about none. `hint` is one thing to type.
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


def grouped(store: Store, hits: Iterable[Violation]) -> list[Finding]:
    """One finding for each cause, the worst first, then by code and line."""
    groups: dict[object, list[Violation]] = {}
    for hit in hits:
        place = hit.place._replace(product=None) if hit.gather else hit.place
        groups.setdefault((hit.code, hit.severity, place, hit.key, hit.says, hit.accept), []).append(hit)
    return ordered(_finding(store, group) for group in groups.values())


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
    told = ", ".join(_counted(number, severity) for number, severity in counts if number)
    return f"{_counted(len(severities), 'finding')}: {told}"


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 or word == Severity.INFO else f"{number} {word}s"


def _finding(store: Store, group: list[Violation]) -> Finding:
    first = group[0]
    apart = len({hit.place for hit in group}) > 1
    place = first.place._replace(product=None) if apart else first.place
    return Finding(
        first.code,
        first.severity or RULES[first.code].severity,
        _message(group, place),
        store.lines.line(first.path),
        place.scope,
        place.stock,
        place.source,
        place.product,
        first.key,
        max(len({hit.product for hit in group} - {None}), 1),
        first.hint or None,
    )


def _message(group: list[Violation], place: Place) -> str:
    """Where, what, and for whom: `global: this is so; 1800 products: A, B, C and 1797 more`."""
    says = group[0].says
    if place.product is not None:
        detail = f" ({group[0].detail})" if group[0].detail else ""
        return f"{describe_scope(place)}: {says}{detail}"
    head = says if place.scope is Scope.PRODUCT else f"{describe_scope(place)}: {says}"
    products = {hit.product: hit for hit in reversed(group) if hit.product is not None}
    named = [f"{sku} ({hit.detail})" if hit.detail else sku for sku, hit in reversed(products.items())]
    if not named:
        return head
    more = f" and {len(named) - EXAMPLES} more" if len(named) > EXAMPLES else ""
    return f"{head}; {_counted(len(named), 'product')}: {', '.join(named[:EXAMPLES])}{more}"


def _problem(problem: Problem, hint: Hint | None) -> Finding:
    at = f" (column {problem.column})" if problem.column else ""
    return Finding("BO001", Severity.ERROR, problem.message + at, problem.line, None, None, None, None, None, 1, hint)
