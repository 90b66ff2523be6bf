"""Policy that is valid but wrong: the rules that find it, and the findings that are accepted in the file."""

from collections.abc import Collection, Iterable
from datetime import date

from backorderctl.check import hints
from backorderctl.check.context import Context
from backorderctl.check.days import contexts
from backorderctl.check.findings import Finding, candidates, finding, grouped, ordered
from backorderctl.check.hints import Day, Trouble
from backorderctl.check.registry import Rule, RuleKind, Severity, Span, Violation
from backorderctl.check.rules import RULES
from backorderctl.check.suppressions import apply_suppressions
from backorderctl.store.model import Locations, StoreFile

DEFAULT_CODES = frozenset(code for code, rule in RULES.items() if rule.kind is not RuleKind.STYLE)
"""The rules that run unless others are asked for."""


def findings_of(store: StoreFile, *, today: date, codes: Collection[str] = DEFAULT_CODES) -> list[Finding]:
    """What these rules find wrong and nobody accepts, the worst first, then by code and line.

    The store is checked for today and for each coming day on which an entry of its schedule begins or ends; rules about
    stock judge today alone, as the goods of today say nothing about a later day.
    """
    return findings_on(store, contexts(store, running(codes), today=today), codes)


def findings_on(store: StoreFile, checked: Iterable[Context], codes: Collection[str]) -> list[Finding]:
    """The same for the days of these contexts, the first of which is today."""
    rules = running(codes)
    found: dict[str, dict[Violation, date | None]] = {rule.code: {} for rule in rules}
    lines: dict[date | None, Locations] = {}
    days: list[Day] = []
    for context in checked:
        since = context.today if days else None
        lines[since] = context.store.lines
        by_code = _violations(context, rules)
        for code, violations in by_code.items():
            for violation in violations:
                found[code].setdefault(violation, since)
        days.append(Day(store, context, _troubles(by_code), is_first=since is None))
        rules = [rule for rule in rules if rule.span is not Span.NOTHING and rule.kind is not RuleKind.STOCK]
    left = apply_suppressions(store, found, days[0].date)
    groups = grouped({code: violations for code, violations in left.items() if code in codes})
    wanted = candidates(store, groups, lines)
    default = [rule for rule in running(DEFAULT_CODES) if rule.span is not Span.NOTHING]  # which no hint moves
    chosen = hints.choose(days, wanted, lambda context: _troubles(_violations(context, default)))
    return ordered(finding(lines[group.since], group, chosen.get(number)) for number, group in enumerate(groups))


def running(codes: Collection[str]) -> list[Rule]:
    """The rules that are asked for, and those that can find an error or a warning, which no hint may move."""
    return [rule for code, rule in RULES.items() if rule.find is not None and (code in codes or code in DEFAULT_CODES)]


def _violations(context: Context, rules: Iterable[Rule]) -> dict[str, list[Violation]]:
    return {rule.code: list(rule.find(context)) for rule in rules if rule.find is not None}


def _troubles(found: dict[str, list[Violation]]) -> set[Trouble]:
    """The violations that are errors or warnings."""
    return {
        Trouble(code, each.place, each.key, each.product, each.stock)
        for code, violations in found.items()
        for each in violations
        if (each.severity or RULES[code].severity) is not Severity.INFO
    }
