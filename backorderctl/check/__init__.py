"""Policy that is valid and wrong: the rules that find it, and the findings that are accepted in the file."""

from datetime import date

from backorderctl.check.context import Context
from backorderctl.check.findings import Finding, grouped
from backorderctl.check.rules import RULES
from backorderctl.check.suppressions import apply_suppressions
from backorderctl.store.model import Store


def check(store: Store, *, today: date) -> list[Finding]:
    """Everything that is wrong in the store and not accepted today, the worst first, then by code and line."""
    context = Context(store, today=today)
    found = {code: list(rule.find(context)) for code, rule in RULES.items() if rule.find is not None}
    return grouped(store, apply_suppressions(store, found, today))
