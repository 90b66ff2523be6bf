"""Rules about limits and notices without effect, and about backorders where nothing can be ordered."""

from collections.abc import Collection, Hashable, Iterator
from enum import Enum, auto

from backorderctl.check.context import (
    Context,
    Judgement,
    backordered,
    counting,
    describe_written,
    subject,
)
from backorderctl.check.registry import RuleKind, Severity, ValueEdit, Violation, rule
from backorderctl.check.scope_usage import has_products, policy_views
from backorderctl.policy.evaluate import ItemInForce, Salability, takes_backorders
from backorderctl.policy.resolve import InForce, in_force, value_of
from backorderctl.store.model import Place, settings_at
from backorderctl.store.scalars import StockStatus
from backorderctl.store.settings import BACKORDERS, ONLY_X_LEFT, THRESHOLD, Scope


class _Use(Enum):
    """How a source item or product uses a value that could limit it."""

    LIMITED = auto()
    OFF = auto()
    OFF_BY_DEFAULT = auto()
    UNLIMITED = auto()
    NOT_MANAGED = auto()


def _limits_used(context: Context) -> Iterator[tuple[Salability, ItemInForce]]:
    """The source items with a negative threshold, those that do not count today included."""
    if any(threshold < 0 for _, threshold in context.set_by(THRESHOLD)):
        for answer in context.managed:
            yield from ((answer, item) for item in answer.items if value_of(item.settings, THRESHOLD) < 0)


def _uses_of_limits(context: Context) -> Iterator[tuple[Place, _Use]]:
    for _, item in _limits_used(context):
        off = _Use.OFF_BY_DEFAULT if _is_default(item.settings[BACKORDERS.key]) else _Use.OFF
        yield item.settings[THRESHOLD.key].origin, _Use.LIMITED if backordered(item) else off


def _judge_limit(uses: Collection[Hashable]) -> Severity | None:
    """How bad it is that a threshold limits nothing; None where it limits something."""
    if not uses or _Use.LIMITED in uses:
        return None
    return Severity.INFO if _Use.OFF in uses else Severity.WARNING


_LIMIT = Judgement(_uses_of_limits, _judge_limit)


@rule(
    "BO103",
    "limit-without-backorders",
    Severity.WARNING,
    RuleKind.POLICY,
    reason="A negative threshold limits nothing, because backorders are off wherever it is in force (info where they "
    "are off by a written value, which may be a plan).",
    remedy="Turn backorders on there, or remove the threshold.",
    judgement=_LIMIT,
)
def limit_without_backorders(context: Context) -> Iterator[Violation]:
    """BO103: negative thresholds that limit nothing, since backorders are off wherever they are in force.

    Source items that do not count today are looked at, too. A threshold with no source item below it is judged by what
    a product without settings would have there, so that a file of policy alone is checked.
    """
    used = list(_limits_used(context))
    places = {item.settings[THRESHOLD.key].origin for _, item in used}
    severities = {place: context.conclusion(_LIMIT, place) for place in places}
    for answer, item in used:
        place = item.settings[THRESHOLD.key].origin
        severity = severities[place]
        if isinstance(severity, Severity):
            yield _unused_limit(context, place, severity, answer=answer, item=item)
    for place, threshold in context.set_by(THRESHOLD):
        if threshold < 0 and not has_products(context.populated, place):
            yield from _unused_policy_limit(context, place)


@rule(
    "BO104",
    "backorders-out-of-stock",
    Severity.WARNING,
    RuleKind.POLICY,
    reason="Backorders are on, but no source item of the product is In Stock at an enabled source, so nobody can order "
    "it (info where backorders come from a wider scope, as for a product that is retired).",
    remedy="Mark one source item In Stock or enable its source, or turn the product's backorders off.",
)
def backorders_out_of_stock(context: Context) -> Iterator[Violation]:
    """BO104: backorders of a product that counts in no stock, so that nobody can order it.

    Where the product or a source item turns them on, the file contradicts itself; where a wider scope does, the product
    may well be retired. A product that counts in another stock is found only if its items turn them on in this one.
    """
    sold = {answer.product.sku for answer in context.managed if _counts(context, answer)}
    for answer in context.managed:
        if _counts(context, answer):
            continue
        wanting = [item for item in answer.items if backordered(item)]
        own = [item for item in wanting if item.settings[BACKORDERS.key].origin.product]
        if answer.product.sku not in sold:
            for item in own or wanting:
                yield _not_in_stock(answer, item, Severity.WARNING if own else Severity.INFO)
        else:
            for item in own:
                if item.settings[BACKORDERS.key].origin.scope is Scope.SOURCE_ITEM:
                    yield _not_in_stock(answer, item, Severity.WARNING, stock=answer.stock)


def _counts(context: Context, answer: Salability) -> bool:
    """Whether a source item counts, or would if the schedule had not closed its source for a reason."""
    if answer.pools:
        return True
    return any(item.status is StockStatus.IN_STOCK and item.source in context.open_sources for item in answer.items)


def _left_used(context: Context) -> Iterator[Salability]:
    """The answers with a written "Only X left" threshold above 0."""
    if any(units > 0 for _, units in context.set_by(ONLY_X_LEFT)):
        yield from (answer for answer in context.answers if value_of(answer.settings, ONLY_X_LEFT) > 0)


def _uses_of_left(context: Context) -> Iterator[tuple[Place, _Use]]:
    for answer in _left_used(context):
        limit = _Use.UNLIMITED if _is_unlimited(answer) else _Use.LIMITED
        yield answer.settings[ONLY_X_LEFT.key].origin, limit if answer.managed else _Use.NOT_MANAGED


def _judge_left(uses: Collection[Hashable]) -> str | None:
    """Why "Only X left" never shows; None where it can."""
    if not uses or _Use.LIMITED in uses:
        return None
    words = {_Use.UNLIMITED: "unlimited", _Use.NOT_MANAGED: "not managed"}
    return " or ".join(word for use, word in words.items() if use in uses)


_LEFT = Judgement(_uses_of_left, _judge_left)


@rule(
    "BO107",
    "only-x-left-never-shows",
    Severity.INFO,
    RuleKind.POLICY,
    reason="A written Only X left Threshold can never show, because what it reaches is unlimited or not managed.",
    remedy="Limit the backorders or manage the stock, or remove it.",
    judgement=_LEFT,
)
def only_x_left_never_shows(context: Context) -> Iterator[Violation]:
    """BO107: "Only X left" where every product that uses it is unlimited or not managed.

    A product that does not count today is judged by what it would be.
    """
    for answer in _left_used(context):
        place = answer.settings[ONLY_X_LEFT.key].origin
        if why := context.conclusion(_LEFT, place):
            value, detail = describe_written(place, value_of(answer.settings, ONLY_X_LEFT))
            yield Violation(
                place=place,
                key=ONLY_X_LEFT.key,
                message=f"{ONLY_X_LEFT.key}{value} can never show: what it reaches is {why}",
                detail=detail,
                edit=ValueEdit(place, ONLY_X_LEFT.key),
                changing=True,
                **subject(answer),
            )


def _is_default(found: InForce) -> bool:
    return found.origin.scope is Scope.DEFAULT


def _unused_limit(
    context: Context,
    place: Place,
    severity: Severity,
    *,
    answer: Salability | None = None,
    item: ItemInForce | None = None,
) -> Violation:
    value, detail = describe_written(place, settings_at(context.store, place)[THRESHOLD.key])
    return Violation(
        place=place,
        key=THRESHOLD.key,
        message=f"{THRESHOLD.key}{value} limits nothing: backorders are off wherever it is in force",
        stock=answer.stock if answer else place.stock,
        source=item.source if item else place.source,
        product=answer.product.sku if answer else None,
        detail=detail,
        severity=severity,
        edit=ValueEdit(place, THRESHOLD.key) if severity is Severity.WARNING else None,
    )


def _unused_policy_limit(context: Context, place: Place) -> Iterator[Violation]:
    """The violation where a product without settings would have this threshold somewhere, and backorders nowhere."""
    views = [
        in_force(context.store, stock=stock, source=source)
        for stock, source in policy_views(context.chains, place, THRESHOLD.key)
    ]
    limited = [view for view in views if view[THRESHOLD.key].origin == place]
    if limited and not any(takes_backorders(value_of(view, BACKORDERS)) for view in limited):
        by_default = all(_is_default(view[BACKORDERS.key]) for view in limited)
        yield _unused_limit(context, place, Severity.WARNING if by_default else Severity.INFO)


def _not_in_stock(answer: Salability, item: ItemInForce, severity: Severity, *, stock: str | None = None) -> Violation:
    where = "at an enabled source" + (f" of stock {stock}" if stock else "")
    return Violation(
        place=item.settings[BACKORDERS.key].origin,
        key=BACKORDERS.key,
        message=f"backorders are on, but no source item is In Stock {where}: out of stock",
        severity=severity,
        **subject(answer, item),
    )


def _is_unlimited(answer: Salability) -> bool:
    items = tuple(counting(answer)) or answer.items
    return any(backordered(item) and not item.threshold for item in items)
