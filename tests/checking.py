"""The findings of a store file, by all rules, on a certain day."""

from datetime import date

from backorderctl.check import findings_of
from backorderctl.check.findings import Finding, problems
from backorderctl.check.rules import RULES
from backorderctl.errors import InvalidFile
from backorderctl.output.finding_text import message
from backorderctl.store.load import load_bytes

TODAY = date(2026, 12, 24)


def found(text: str, *, today: date = TODAY) -> list[Finding]:
    """What is wrong in a store file."""
    try:
        store = load_bytes(text.encode(), "store.toml")
    except InvalidFile as failure:
        return problems(failure, "store.toml")
    return findings_of(store, today=today, codes=RULES)


def lines(text: str, *, today: date = TODAY) -> list[str]:
    """The findings, a line each."""
    return [f"{each.code} {each.severity} {message(each)}" for each in found(text, today=today)]


def codes(text: str) -> list[str]:
    return [each.code for each in found(text)]
