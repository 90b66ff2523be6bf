"""Rules about products, sources and stocks themselves."""

from collections import Counter
from collections.abc import Iterable, Iterator

from backorderctl.check.context import Context, Judgement, counting
from backorderctl.check.registry import RuleKind, Severity, Span, Violation, rule
from backorderctl.policy.default_source import default_source_faults
from backorderctl.policy.evaluate import effective_threshold, takes_backorders
from backorderctl.policy.resolve import in_force, value_of
from backorderctl.store.model import DEFAULT_SOURCE, Place
from backorderctl.store.settings import BACKORDERS, THRESHOLD, Scope
from backorderctl.store.sku import LONGEST_SKU, merged_names, unsafe_skus


@rule(
    "BO201",
    "no-source-item",
    Severity.INFO,
    RuleKind.POLICY,
    reason="A product has no source item and is out of stock whatever its settings (not reported for a file of policy "
    "alone, which has no source item at all).",
    remedy="Assign it to a source, or remove it.",
    span=Span.NOTHING,
)
def no_source_item(context: Context) -> Iterator[Violation]:
    """BO201: products that are at no source, in a file where others are."""
    products = context.store.products.values()
    if not any(product.items for product in products):
        return
    for product in products:
        if not (product.items or product.item_policies):
            place = Place(Scope.PRODUCT, product=product.sku)
            yield Violation(place=place, message="no source item", product=product.sku)


@rule(
    "BO202",
    "nothing-sold-from",
    Severity.WARNING,
    RuleKind.POLICY,
    reason="A source is in no stock, or a stock has no enabled source: nothing is ever sold from it.",
    remedy="Link the source to a stock, or enable a source of the stock.",
)
def nothing_sold_from(context: Context) -> Iterator[Violation]:
    """BO202: enabled sources in no stock, and stocks without an enabled source.

    A disabled source is out of use on purpose, and one that the schedule closes with a reason comes back. The implicit
    stock is judged once there are sources.
    """
    store = context.store
    for code, stocks in _stocks_of(context).items():
        if not stocks and code in context.open_sources:
            place = Place(Scope.SOURCE, source=code)
            yield Violation(place=place, message="in no stock: its goods are never sold", source=code)
    for code, stock in store.stocks.items():
        if (stock.declared or stock.sources) and context.open_sources.isdisjoint(stock.sources):
            place = Place(Scope.STOCK, stock=code)
            yield Violation(place=place, message="no enabled source: nothing is sold from it", stock=code)


@rule(
    "BO203",
    "unsafe-name",
    Severity.ERROR,
    RuleKind.POLICY,
    reason="Two SKUs, or two source codes, differ only in letter case, accents or characters that do not show, or a "
    "SKU has more than 64 characters: Magento's database would merge or refuse them.",
    remedy="Give the product another SKU, or the source another code.",
    span=Span.NOTHING,
)
def unsafe_name(context: Context) -> Iterator[Violation]:
    """BO203: SKUs and source codes that Magento's database merges, and SKUs that are too long for it."""
    for sku, same_as in unsafe_skus(context.store.products):
        message = "Magento's database takes the SKU for that of another product"
        if same_as is None:
            message = f"the SKU has more than {LONGEST_SKU} characters"
        detail = str(len(sku)) if same_as is None else f"for {same_as}"
        yield Violation(place=Place(Scope.PRODUCT, product=sku), message=message, product=sku, detail=detail)
    for code, first in merged_names(context.store.sources):
        place = Place(Scope.SOURCE, source=code)
        yield Violation(place=place, message=f"Magento's database takes the code for that of {first}", source=code)


def _counted_twice(context: Context) -> Iterator[tuple[Place, str]]:
    """The sources at which an allowance or reserve of a product counts in two stocks, with the product's SKU."""
    if not _shared_sources(context):
        return
    counted: Counter[tuple[str, str]] = Counter()
    for answer in context.managed:
        counted.update((item.source, answer.product.sku) for item in counting(answer) if item.threshold)
    yield from ((Place(Scope.SOURCE, source=code), sku) for (code, sku), stocks in counted.items() if stocks > 1)


_TWICE = Judgement(_counted_twice, bool)


@rule(
    "BO204",
    "shared-source",
    Severity.WARNING,
    RuleKind.POLICY,
    reason="A source is linked to two stocks or more, and its goods count in each of them (info where no allowance or "
    "reserve counts twice).",
    remedy="Unlink it from all but one, or accept it if the stocks may sell the same goods.",
    judgement=_TWICE,
)
def shared_source(context: Context) -> Iterator[Violation]:
    """BO204: enabled sources that several stocks sell from."""
    for code, stocks in _shared_sources(context).items():
        place = Place(Scope.SOURCE, source=code)
        if context.store.sources[code].enabled:
            twice = context.conclusion(_TWICE, place) or (
                code not in context.populated.sources and _counts_twice_by_policy(context, code, stocks)
            )
            what = "goods, allowances and reserves" if twice else "goods"
            for stock in stocks[1:]:
                yield Violation(
                    place=place,
                    message=f"linked to {', '.join(stocks)}: its {what} count in each of them",
                    stock=stock,
                    source=code,
                    severity=Severity.WARNING if twice else Severity.INFO,
                )


@rule(
    "BO205",
    "shared-channel",
    Severity.ERROR,
    RuleKind.POLICY,
    reason="A sales channel is in two stocks, but Magento lets a channel sell from one.",
    remedy="Remove the channel from all stocks but one.",
    span=Span.NOTHING,
)
def shared_channel(context: Context) -> Iterator[Violation]:
    """BO205: sales channels that an earlier stock has, too."""
    first: dict[str, str] = {}
    for code, stock in context.store.stocks.items():
        for channel in stock.channels:
            if (other := first.setdefault(channel, code)) != code:
                yield Violation(
                    place=Place(Scope.STOCK, stock=code),
                    key="channels",
                    message=f"the channel {channel!r} is in stock {other}, too",
                    stock=code,
                )


def _stocks_of(context: Context) -> dict[str, list[str]]:
    """The stocks that sell from each source."""
    stocks = context.store.stocks.values()
    return {code: [stock.code for stock in stocks if code in stock.sources] for code in context.store.sources}


def _shared_sources(context: Context) -> dict[str, list[str]]:
    """The sources that several stocks sell from, with these."""
    return {code: stocks for code, stocks in _stocks_of(context).items() if len(stocks) > 1}


def _counts_twice_by_policy(context: Context, code: str, stocks: Iterable[str]) -> bool:
    """Whether a product without settings would have an allowance or reserve at the source in two of the stocks."""
    views = [in_force(context.store, stock=stock, source=code) for stock in stocks]
    thresholds = [
        effective_threshold(value_of(view, THRESHOLD), backorders=takes_backorders(value_of(view, BACKORDERS)))
        for view in views
    ]
    return sum(map(bool, thresholds)) > 1


@rule(
    "BO207",
    "default-source",
    Severity.WARNING,
    RuleKind.POLICY,
    reason="Magento refuses this of its own source default: it cannot be disabled, and the stock default alone sells "
    "from it, and from no other source.",
    remedy="Let the stock default sell from it alone, or give the source another code.",
    span=Span.NOTHING,
)
def default_source(context: Context) -> Iterator[Violation]:
    """BO207: the source `default` where Magento does not let it be."""
    place = Place(Scope.SOURCE, source=DEFAULT_SOURCE)
    for stock, beside in default_source_faults(context.store):
        if stock is None:
            yield Violation(place=place, message="Magento cannot disable it", source=DEFAULT_SOURCE)
            continue
        found = f"source default in stock {stock}" + (f" beside {', '.join(beside)}" if beside else "")
        declared = context.store.stocks[stock].declared
        yield Violation(
            place=Place(Scope.STOCK, stock=stock) if declared else place,
            message=f"{found}: Magento lets only the stock default sell from it, and from nothing else",
            stock=stock if declared else None,
            source=DEFAULT_SOURCE,
        )
