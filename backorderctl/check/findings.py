"""Findings: one for each cause, however many products it concerns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from backorderctl.check.hint_commands import bulk_command
from backorderctl.check.hints import Candidate, Chosen, HintEffect
from backorderctl.check.registry import Severity, Violation
from backorderctl.check.rules import RULES
from backorderctl.check.rules.file import UNREADABLE
from backorderctl.check.suppressions import Violations
from backorderctl.errors import BackorderctlError, Hint, InvalidFile, Problem
from backorderctl.store.model import Locations, Place, StoreFile
from backorderctl.store.settings import THRESHOLD
from backorderctl.toml.change import KeyPath


class Example(NamedTuple):
    """A product that a finding concerns, with what is true of it alone."""

    sku: str
    detail: str


class FoundAt(NamedTuple):
    """One of the places of a finding, with its line."""

    place: Place
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, and the places that have to change; none where the file cannot be read.

    `place` holds what all places have in common. `message` states what is wrong, for all of `examples`; `count` is the
    number of products concerned, 1 where it is about none. `hint` is one thing to type, and `effects` what it changes.
    `since` is the day from which the finding holds, None for today.
    """

    code: str
    severity: Severity
    message: str
    line: int | None = None
    place: Place | None = None
    key: str | None = None
    count: int = 1
    examples: tuple[Example, ...] = ()
    places: tuple[FoundAt, ...] = ()
    hint: Hint | None = None
    effects: tuple[HintEffect, ...] = ()
    since: date | None = None


class LocatedFinding(NamedTuple):
    """A finding and the name of the file that it is in."""

    file: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Group:
    """The violations of one rule that have one cause and hold from the same day on; None is today."""

    code: str
    violations: tuple[Violation, ...]
    since: date | None


def grouped(found: Violations) -> list[Group]:
    """The violations by their cause and day: the same said of several products is one cause."""
    groups: dict[tuple[str, date | None], dict[object, list[Violation]]] = {}
    for code, violations in found.items():
        for violation, since in violations.items():
            place = violation.place._replace(product=None)
            path = violation.path if violation.product is None else None
            cause = (violation.severity, place, violation.key, violation.message, path)
            groups.setdefault((code, since), {}).setdefault(cause, []).append(violation)
    return [
        Group(code, tuple(violations), since)
        for (code, since), causes in groups.items()
        for violations in causes.values()
    ]


def candidates(store: StoreFile, groups: Iterable[Group], lines: Mapping[date | None, Locations]) -> list[Candidate]:
    """The edits that would mend each group, where one command makes all of them.

    None for values that an entry of the schedule writes on the first day of the group, which `lines` tell: editing
    what is written at their scope mends nothing.
    """
    found = []
    for number, group in enumerate(groups):
        edits = {each.edit: None for each in group.violations if each.edit is not None}
        if len(edits) == 0 or any(each.edit is None for each in group.violations):
            continue
        if any((*edit.place.path, edit.key) in lines[group.since].replaced for edit in edits):
            continue
        command = bulk_command(store, tuple(edits))
        if command is not None:
            line = store.lines.line(group.violations[0].location)
            changing = any(each.changing for each in group.violations)
            found.append(Candidate(number, command, tuple(edits), changing, line or 0))
    return found


def finding(lines: Locations, group: Group, chosen: Chosen | None) -> Finding:
    """The finding that a group makes, with the hint that was chosen for it; `lines` are those of its first day."""
    first = group.violations[0]
    places = {each.place for each in group.violations}
    common = first.place if len(places) == 1 else first.place._replace(product=None)
    locations = {(each.place, each.location): None for each in group.violations}
    found_at = tuple(FoundAt(place, lines.line(location)) for place, location in locations)
    details: dict[str, dict[str, None]] = {}
    for each in group.violations:
        if each.product is not None:
            details.setdefault(each.product, {})[each.detail] = None
    return Finding(
        code=group.code,
        severity=first.severity or RULES[group.code].severity,
        message=first.message + _without_effect(group.violations),
        line=found_at[0].line,
        place=common,
        key=first.key,
        count=max(len(details), 1),
        examples=tuple(Example(sku, "; ".join(filter(None, each))) for sku, each in details.items()),
        places=found_at,
        hint=chosen.command if chosen else first.hint,
        effects=chosen.effects if chosen else (),
        since=group.since,
    )


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """The findings of a file, the worst first, then by code and line."""
    ranks = {severity: rank for rank, severity in enumerate(Severity)}
    return sorted(findings, key=lambda each: (ranks[each.severity], each.code, each.line or 0))


def problems(failure: BackorderctlError, file: str) -> list[Finding]:
    """What is wrong with a file that cannot be read or is not a store file: BO001, once for each problem."""
    if isinstance(failure, InvalidFile):
        return ordered(_problem(problem, failure.hint) for problem in failure.problems)
    return [_problem(Problem(failure.message.removeprefix(f"{file}: ")), failure.hint)]


def _without_effect(violations: Iterable[Violation]) -> str:
    """`; without effect: thresholds 3, reservations 2`, where the rule finds what has no effect."""
    found = [each.without_effect for each in violations if each.without_effect is not None]
    paths = frozenset[KeyPath]().union(*found)
    thresholds = sum(path[-1] == THRESHOLD.key for path in paths)
    return f"; without effect: thresholds {thresholds}, reservations {len(paths) - thresholds}" if found else ""


def _problem(problem: Problem, hint: Hint | None) -> Finding:
    at = f" (column {problem.column})" if problem.column else ""
    return Finding(
        code=UNREADABLE.code, severity=UNREADABLE.severity, message=problem.message + at, line=problem.line, hint=hint
    )
