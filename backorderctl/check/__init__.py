"""Policy that is valid and wrong: the rules that find it, and the findings that are accepted in the file."""

from collections.abc import Collection, Iterable
from datetime import date

from backorderctl.check import hints
from backorderctl.check.context import Context
from backorderctl.check.findings import Finding, candidates, finding, grouped, ordered
from backorderctl.check.hints import Day, Trouble
from backorderctl.check.registry import RuleKind, Severity, Violation
from backorderctl.check.rules import RULES
from backorderctl.check.suppressions import Violations, apply_suppressions
from backorderctl.store.model import Store
from backorderctl.store.schedule import days_of_change, store_on

DEFAULT_CODES = frozenset(code for code, rule in RULES.items() if rule.kind is not RuleKind.STYLE)
"""The rules that run unless others are asked for."""


def check(store: Store, *, today: date, codes: Collection[str] = DEFAULT_CODES) -> list[Finding]:
    """What these rules find wrong and nobody accepts, the worst first, then by code and line.

    The store is checked for today and for each coming day on which an entry of its schedule begins or ends.
    """
    days = (today, *days_of_change(store.schedule, after=today))
    contexts = [Context(store_on(store, day), today=day, coming=day > today) for day in days]
    # Rules that nobody asked for run as well: a hint may not move what they find.
    found = [_violations(context, codes) for context in contexts]
    left = apply_suppressions(store, _by_first_day(contexts, found), today)
    groups = grouped({code: violations for code, violations in left.items() if code in codes})
    wanted = candidates(store, groups)
    chosen = {}
    if wanted:
        checked = [Day(context, _troubles(each)) for context, each in zip(contexts, found, strict=True)]
        chosen = hints.choose(checked, wanted, lambda context: _troubles(_violations(context, DEFAULT_CODES)))
    stores = {context.today if context.coming else None: context.store for context in contexts}
    return ordered(finding(stores[group.since], group, chosen.get(number)) for number, group in enumerate(groups))


def _violations(context: Context, codes: Collection[str]) -> dict[str, list[Violation]]:
    """What the rules find: those that can find an error or a warning, and others if their code is asked for."""
    return {
        code: list(rule.find(context))
        for code, rule in RULES.items()
        if rule.find is not None and (code in codes or code in DEFAULT_CODES)
    }


def _by_first_day(contexts: Iterable[Context], found: Iterable[dict[str, list[Violation]]]) -> Violations:
    """The violations of all days, each once, with the first day on which it holds; None for the first of the days."""
    merged: dict[str, dict[Violation, date | None]] = {}
    for number, (context, by_code) in enumerate(zip(contexts, found, strict=True)):
        for code, violations in by_code.items():
            known = merged.setdefault(code, {})
            for violation in violations:
                known.setdefault(violation, context.today if number else None)
    return merged


def _troubles(found: dict[str, list[Violation]]) -> set[Trouble]:
    """The errors and warnings among the violations."""
    return {
        Trouble(code, each.place, each.key, each.product, each.stock)
        for code, violations in found.items()
        for each in violations
        if (each.severity or RULES[code].severity) is not Severity.INFO
    }
