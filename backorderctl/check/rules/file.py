"""Rules about the file itself: whether it can be read, its accepts, which no function finds, and its schedule."""

from collections.abc import Iterator

from backorderctl.check.context import Context
from backorderctl.check.registry import REGISTERED, Rule, RuleKind, Severity, Span, Violation, rule
from backorderctl.errors import CommandLine
from backorderctl.store.schedule import State, state

UNREADABLE = Rule(
    code="BO001",
    name="unreadable-file",
    severity=Severity.ERROR,
    kind=RuleKind.POLICY,
    reason="The file cannot be read, or is not a store file.",
    remedy="Correct what the message names; nothing else of the file is checked until then.",
)
UNSOUND_ACCEPT = Rule(
    code="BO901",
    name="unsound-accept",
    severity=Severity.WARNING,
    kind=RuleKind.POLICY,
    reason="An accepted finding has no reason, is past its date, names no rule, or matches nothing.",
    remedy="Correct or remove the accept.",
)
REGISTERED.update({each.code: each for each in (UNREADABLE, UNSOUND_ACCEPT)})


@rule(
    "BO401",
    "past-entry",
    Severity.INFO,
    RuleKind.STYLE,
    reason="The last day of an entry of the schedule is past: it changes nothing any longer.",
    remedy="Remove what is past with `schedule prune`.",
    span=Span.NOTHING,
)
def past_entry(context: Context) -> Iterator[Violation]:
    """BO401: entries that are past today; every entry is so on some coming day."""
    for entry in context.file.schedule:
        if state(entry, context.today) is State.PAST:
            message = f"the last day of the entry was {entry.until}"
            yield Violation(
                place=entry.place, message=message, path=entry.path, hint=CommandLine(("schedule", "prune"))
            )


@rule(
    "BO402",
    "entry-without-reason",
    Severity.WARNING,
    RuleKind.POLICY,
    reason="An entry of the schedule has no reason: who reads it later cannot know whether it still holds.",
    remedy="Say why in its `reason`.",
    span=Span.NOTHING,
)
def entry_without_reason(context: Context) -> Iterator[Violation]:
    """BO402: entries without a reason, or with a blank one."""
    for entry in context.file.schedule:
        if not (entry.reason and entry.reason.strip()):
            yield Violation(place=entry.place, message="the entry has no reason", path=entry.path)
