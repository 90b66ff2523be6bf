"""Rules about the file itself: whether it can be read, its accepts, which no function finds, and its schedule."""

from collections.abc import Iterator
from dataclasses import replace

from backorderctl.check.context import Context, describe_scope
from backorderctl.check.registry import REGISTERED, Rule, RuleKind, Severity, Span, Violation, rule
from backorderctl.errors import CommandLine
from backorderctl.policy.resolve import in_force
from backorderctl.store.model import ENABLED, Place, ScheduleEntry, Store, holds, settings_at
from backorderctl.store.schedule import State, days_of_change, state
from backorderctl.store.settings import OF_ITEMS

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


@rule(
    "BO403",
    "entry-without-effect",
    Severity.WARNING,
    RuleKind.POLICY,
    reason="An entry of the schedule has no effect on any of its days: narrower values override it everywhere, or it "
    "repeats what holds anyway.",
    remedy="Set it where the overriding values are set, or remove it.",
    span=Span.NOTHING,
)
def entry_without_effect(context: Context) -> Iterator[Violation]:
    """BO403: coming and active entries without which everything in force would be the same.

    A value of a wide scope also has an effect where it would be in force for a product that the file does not name.
    """
    file, today = context.file, context.today
    for entry in file.schedule:
        if state(entry, today) is State.PAST:
            continue
        first = max(today, entry.start or today)
        days = [first, *(day for day in days_of_change(file.schedule, after=first) if holds(entry, day))]
        without = replace(file, schedule=tuple(other for other in file.schedule if other is not entry))
        reasons: set[str] = set()
        for day in days:
            why = _idle_because(file.on(day), without.on(day), entry)
            if why is None:
                break
            reasons |= why
        else:
            because = f"overridden by {', '.join(sorted(reasons))}" if reasons else "it repeats what holds anyway"
            yield Violation(
                place=entry.place, message=f"the entry has no effect on any of its days: {because}", path=entry.path
            )


def _idle_because(store: Store, without: Store, entry: ScheduleEntry) -> set[str] | None:
    """The scopes that override an entry on a day; None where it has an effect."""
    place = entry.place
    if ENABLED in entry.values and _enabled(store, place) != _enabled(without, place):
        return None
    overriding: set[str] = set()
    for key in entry.values:
        if key == ENABLED:
            continue
        for stock, source in _views(store, place, key):
            at = {"stock": stock, "source": source, "product": place.product}
            seen, before = (in_force(each, **at)[key] for each in (store, without))
            if seen.value != before.value:
                return None
            if seen.origin != place and key in settings_at(store, place):
                overriding.add(describe_scope(seen.origin))
    return overriding


def _enabled(store: Store, place: Place) -> bool:
    return store.sources[str(place.source)].enabled


def _views(store: Store, place: Place, key: str) -> Iterator[tuple[str | None, str | None]]:
    """The stocks and sources from which what is set at a place can be in force."""
    product = None if place.product is None else store.products[place.product]
    for stock in store.stocks.values():
        if place.stock not in (None, stock.code):
            continue
        sources = [code for code in stock.sources if place.source in (None, code)]
        if product is not None:
            sources = [code for code in sources if product.item_settings(code) is not None]
        if key in OF_ITEMS:
            yield from ((stock.code, code) for code in sources)
        elif sources:
            yield stock.code, None
