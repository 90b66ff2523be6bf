"""The rule about thresholds of several levels that add up: where a threshold is written decides who shares it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from backorderctl.check.context import Context, counting, describe_scope, describe_written, in_stock, subject
from backorderctl.check.registry import RuleKind, Severity, ValueEdit, Violation, rule
from backorderctl.check.scope_usage import PlaceChain
from backorderctl.policy.evaluate import ItemInForce, Salability
from backorderctl.store.model import Place, Store, settings_at
from backorderctl.store.settings import THRESHOLD, format_value

if TYPE_CHECKING:
    from decimal import Decimal


@rule(
    "BO303",
    "second-allowance",
    Severity.WARNING,
    RuleKind.POLICY,
    reason="Thresholds of two levels add up in one stock: the narrower one makes an allowance or reserve of its own "
    "beside the wider one (info where the two differ, which is more likely intended).",
    remedy="Remove the narrower one to share the wider one, or accept it if both are intended.",
)
def second_allowance(context: Context) -> Iterator[Violation]:
    """BO303: thresholds that add to one of a wider scope, judged on the chain of each source item."""
    for answer in context.managed:
        if not answer.unlimited and len(answer.pools) > 1:
            shares = [_Share(item, context.chain(answer, item, THRESHOLD.key)) for item in counting(answer)]
            shares = [each for each in shares if each.item.threshold]
            found = {each.place: other for each in shares if (other := _adds_to(context.store, each, shares))}
            for place, other in found.items():
                yield _violation(context, answer, place, other)


@dataclass(frozen=True, slots=True)
class _Share:
    """A counting source item with an allowance or reserve, and the places that set its threshold."""

    item: ItemInForce
    chain: PlaceChain

    @property
    def place(self) -> Place:
        """Where the threshold in force is written."""
        return self.chain[0]


def _adds_to(store: Store, share: _Share, shares: list[_Share]) -> Place | None:
    """Where the threshold is written to which that of the item adds; None where it adds to none.

    It is in force at another item, and written at a wider level of the item's own chain, or repeats the same one.
    """
    positive = share.item.threshold > 0
    others = [each for each in shares if each.place != share.place and (each.item.threshold > 0) == positive]
    wider = next((place for place in share.chain[1:] if any(place == each.place for each in others)), None)
    if wider is not None:
        return wider
    repeated = _repeated(store, share.chain)
    beside = [each for each in others if share.place not in each.chain]
    return next((each.place for each in beside if _repeated(store, each.chain) == repeated), None)


def _repeated(store: Store, chain: PlaceChain) -> Place:
    """The widest of the places that set the same threshold one after the other."""
    values = [settings_at(store, place)[THRESHOLD.key] for place in chain]
    return next(place for place, wider in zip(chain, (*values[1:], None), strict=True) if wider != values[0])


def _violation(context: Context, answer: Salability, place: Place, other: Place) -> Violation:
    own, wider = (cast("Decimal", settings_at(context.store, each)[THRESHOLD.key]) for each in (place, other))
    line, other_line = (context.store.lines.line((*each.path, THRESHOLD.key)) for each in (place, other))
    value, of_product = describe_written(place, own)
    total = format_value(abs(own) + abs(wider))
    kind = "allowance" if own < 0 else "reserve"
    where = "" if other_line is None else f", line {other_line}"
    if other.product is None:
        message = f"{THRESHOLD.key}{value} adds to {format_value(wider)} of {describe_scope(other)}{where}: "
        message += f"{kind} {total}" if place.product is None else f"two {kind}s"
    else:
        message = f"{THRESHOLD.key}{value} adds to that of {describe_scope(other)}: two {kind}s"
        of_product += f" on line {line} and {format_value(wider)} on line {other_line}"
    detail = f"{of_product}: {total}{in_stock(answer, context.store)}" if of_product else ""
    return Violation(
        place=place,
        key=THRESHOLD.key,
        message=message,
        detail=detail,
        severity=Severity.WARNING if own == wider else Severity.INFO,
        edit=ValueEdit(place, THRESHOLD.key) if own == wider else None,
        changing=True,
        **subject(answer),
    )
