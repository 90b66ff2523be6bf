"""What a report on a catalogue is about, and the words that its table and its page have in common."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from backorderctl.check.findings import Finding
from backorderctl.check.rules import RULES
from backorderctl.policy.agenda import AgendaDay, agenda, of_stock
from backorderctl.policy.evaluate import Reason
from backorderctl.policy.totals import Totals
from backorderctl.store.model import StoreFile


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many findings of one rule `check` has, and the severity of the worst of them."""

    code: str
    name: str
    severity: str
    findings: int


@dataclass(frozen=True, slots=True)
class CatalogueReport:
    """The totals of the store `file` on the day `at`, of one `stock` or `source` where one is named.

    `findings` are those of `check`, `agenda` the next days on which something
    begins or ends.
    """

    file: str
    at: date
    stock: str | None
    source: str | None
    totals: Totals
    findings: Sequence[RuleCount]
    agenda: Sequence[AgendaDay]


MOST_CHANGES = 10
"""Days of the schedule are named until so many entries begin or end."""


def rule_counts(findings: Iterable[Finding]) -> list[RuleCount]:
    """How many findings each rule has, and the severity of its worst one; the worst rule first, as they come."""
    found = list(findings)
    worst = {finding.code: finding.severity for finding in reversed(found)}
    return [
        RuleCount(code=code, name=RULES[code].name, severity=worst[code], findings=number)
        for code, number in Counter(finding.code for finding in found).items()
    ]


def next_days(file: StoreFile, today: date, stock: str | None) -> Iterator[AgendaDay]:
    """The next days on which something begins or ends, until enough does; of one stock, what reaches it."""
    left = MOST_CHANGES
    for day in agenda(file, after=today, until=date.max):
        shown = day if stock is None else of_stock(day, stock)
        if shown is not None:
            yield shown
            left -= len(shown.begins) + len(shown.ends)
        if left <= 0:
            return


OUT_OF_STOCK_WORDS = {
    Reason.NO_SOURCES: "at no source",
    Reason.NO_SOURCE_IN_STOCK: "marked Out of Stock",
    Reason.BACKORDER_LIMIT_REACHED: "at the backorder limit",
    Reason.RESERVE_REACHED: "down to the reserve",
    Reason.SOLD_OUT: "sold out",
}
"""Why products are out of stock, after their number."""


def share(used: Decimal | None) -> str:
    """A share of 1 in percent, never rounded to none or all: `31%`, `over 99%`; nothing for None."""
    if used is None:
        return ""
    percent = round(used * 100)
    if percent == 0 and used:
        return "under 1%"
    return "over 99%" if percent == 100 and used < 1 else f"{percent}%"
