"""The findings of a store file, on a certain day."""

from datetime import date

from backorderctl.check import check
from backorderctl.check.findings import Finding, problems
from backorderctl.errors import InvalidFile
from backorderctl.store.load import load_bytes

TODAY = date(2026, 12, 24)


def found(text: str, *, today: date = TODAY) -> list[Finding]:
    """What is wrong in a store file."""
    try:
        store = load_bytes(text.encode(), "store.toml")
    except InvalidFile as failure:
        return problems(failure, "store.toml")
    return check(store, today=today)
