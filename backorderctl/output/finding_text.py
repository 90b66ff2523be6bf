"""Findings in words: the sentence of each, and how many there are."""

from collections.abc import Iterable

from backorderctl.check.findings import Example, Finding
from backorderctl.check.hints import HintEffect
from backorderctl.check.registry import Severity
from backorderctl.output.format import UNLIMITED, describe_place_in_full, format_hint
from backorderctl.store.scalars import format_quantity
from backorderctl.store.settings import Scope

NAMED_PRODUCTS = 3
"""So many products are named in a message; the others are counted."""


def findings_summary(findings: Iterable[Finding]) -> str:
    """How many findings there are: `3 findings: 1 error, 2 warnings`."""
    severities = [finding.severity for finding in findings]
    if not severities:
        return "no findings"
    counts = [(severities.count(severity), severity) for severity in Severity]
    counted = ", ".join(_counted(number, severity) for number, severity in counts if number)
    return f"{_counted(len(severities), 'finding')}: {counted}"


def message(finding: Finding) -> str:
    """Where, what, since when, for which products, and what the hint changes.

    `global: this is wrong; 1,800 products: A, B, C and 1,797 more`
    """
    place, text = finding.place, finding.message
    if place is not None and (place.product is not None or place.scope is not Scope.PRODUCT):
        source = place.scope is Scope.SOURCE_ITEM and place.product is None
        text = f"{f'items at source {place.source}' if source else describe_place_in_full(place)}: {text}"
    if finding.since is not None:
        text += f", from {finding.since} on"
    if place is not None and place.product is not None:
        details = dict.fromkeys(example.detail for example in finding.examples if example.detail)
        text += f" ({', '.join(details)})" if details else ""
    elif finding.examples:
        more = f" and {finding.count - NAMED_PRODUCTS:,} more" if finding.count > NAMED_PRODUCTS else ""
        named = ", ".join(map(_example, finding.examples[:NAMED_PRODUCTS]))
        text += f"; {_counted(finding.count, 'product')}: {named}{more}"
    if finding.effects:
        changes = ", ".join(map(_effect, finding.effects))
        text += f"; the hint changes {finding.effects[0].key} (salable quantity: {changes})"
    return text


def message_and_hint(finding: Finding) -> str:
    """The message, and on a line below it what to type, if there is something."""
    return f"{message(finding)}\n{format_hint(finding.hint)}" if finding.hint else message(finding)


def _example(example: Example) -> str:
    return f"{example.sku} ({example.detail})" if example.detail else example.sku


def _effect(effect: HintEffect) -> str:
    """`A in eu 120 -> 70`, or `A stays unlimited` where nothing else can be said."""
    before, after = (
        UNLIMITED.value if units is None else format_quantity(units) for units in (effect.before, effect.after)
    )
    where = "" if effect.stock is None else f" in {effect.stock}"
    return f"{effect.sku}{where} {f'stays {before}' if before == after else f'{before} -> {after}'}"


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 or word == Severity.INFO else f"{number:,} {word}s"
