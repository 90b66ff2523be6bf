"""The pictures of the report's page: bars, each with its numbers as text, and what they show in a sentence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from backorderctl.output.format import printable
from backorderctl.output.report.content import OUT_OF_STOCK_WORDS, CatalogueReport, share
from backorderctl.policy.totals import LowStock, PoolTotals, ProductTotals, StockTotals, Totals
from backorderctl.store.scalars import ZERO

LONGEST_NAME = 80
"""Characters of a name; what is longer is cut."""
MOST_ROWS = 40
"""Stocks, sources or pools that a picture shows; the rest is counted."""


class Segment(NamedTuple):
    """A part of a bar: what it is, where it begins and how long it is, in percent."""

    kind: str
    start: float
    length: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with its numbers as text: what it is about, the figure that counts, and each part in words."""

    name: str
    value: str
    segments: tuple[Segment, ...]
    detail: str = ""
    stock: str = ""
    legend: tuple[tuple[str, str], ...] = ()


class Picture(NamedTuple):
    """Bars under one sentence that says what they show; `more` is how many were left out."""

    sentence: str
    rows: Sequence[Bar]
    more: int = 0


def owed_pictures(report: CatalogueReport) -> Iterator[Picture]:
    """How much of what may be owed is owed, by stock, and the products on which most is."""
    limited = [stock for stock in report.totals.stocks if stock.used is not None]
    owed, left = sum((s.owed_within_limit for s in limited), ZERO), sum((s.backorderable for s in limited), ZERO)
    if limited:
        yield _picture(
            f"{units_text(owed)} of the {units_text(owed + left)} units that may be owed are owed now: "
            "the first part of each stock's bar."
            if owed
            else f"None of the {units_text(left)} units that may be owed is owed now: all of each bar is left.",
            [_allowance_row(stock) for stock in limited],
        )
    if owing := report.totals.owing:
        most = max(each.owed for each in owing)
        rows = [
            _product_row(each, f"{units_text(each.owed)} owed", _segments(("owed", each.owed), ("", most - each.owed)))
            for each in owing
        ]
        more = report.totals.products.owing - _skus(owing)
        yield Picture(f"Most units are owed on {_these(owing)}, each compared with the first.", rows, more)


def _allowance_row(stock: StockTotals) -> Bar:
    owed, left = stock.owed_within_limit, stock.backorderable
    legend = [("owed", f"{units_text(owed)} owed"), ("left", f"{units_text(left)} can still be backordered")]
    return Bar(
        name=stock_title(stock),
        value=f"{share(stock.used)} used",
        segments=_segments(("owed", owed), ("left", left)),
        legend=tuple(legend),
    )


def risk_pictures(report: CatalogueReport) -> Iterator[Picture]:
    """What is near its limit, oversold, out of stock or low in stock."""
    totals = report.totals
    if nearest := [each for each in totals.nearest if each.used]:
        yield Picture(
            f"Nearest to their limit are {_these(nearest)}: a full bar takes no more backorders.",
            [_nearest_row(each) for each in nearest],
        )
    if oversold := totals.oversold:
        number = totals.products.oversold
        yield Picture(
            f"{count_text(number, 'product owes', 'products owe')} more units than can ever ship: "
            "the first part of what each owes.",
            [_oversold_row(each) for each in oversold],
            number - _skus(oversold),
        )
    if any(stock.products for stock in totals.stocks):
        yield _statuses(totals)
    if low := totals.low_stock:
        yield _picture(
            "Products that are low in stock at each source, compared with the source that has most of them.",
            [_low_row(each, most=low[0].products) for each in low],
        )


def _nearest_row(each: ProductTotals) -> Bar:
    left = each.answer.backorderable or ZERO
    value = f"{units_text(left)} left, {share(each.used)} used"
    return _product_row(each, value, _segments(("owed", each.owed), ("left", left)))


def _oversold_row(each: ProductTotals) -> Bar:
    bar = _segments(("short", each.short), ("left", max(each.owed - each.short, ZERO)))
    return _product_row(each, f"{units_text(each.short)} of {units_text(each.owed)} units", bar)


def _low_row(each: LowStock, *, most: int) -> Bar:
    return Bar(
        name=cut(each.source),
        stock=_stock_words(each.stock),
        value=count_text(each.products, "product"),
        segments=_segments(("low", Decimal(each.products)), ("", Decimal(most - each.products))),
    )


def _statuses(totals: Totals) -> Picture:
    products, in_stock = totals.products.products, totals.products.in_stock
    most = "All" if in_stock == products else f"{number_text(in_stock)} of"
    return _picture(
        f"{most} {count_text(products, 'product')} have goods on hand"
        + ("." if in_stock == products else "; the rest is on backorder only or out of stock."),
        [_status_row(stock) for stock in totals.stocks if stock.products],
    )


def _status_row(stock: StockTotals) -> Bar:
    out = sum(stock.out_of_stock.values())
    parts = (("stocked", stock.in_stock), ("backorder", stock.backorder), ("out", out))
    reasons = "; ".join(
        f"{number_text(number)} {OUT_OF_STOCK_WORDS[reason]}" for reason, number in stock.out_of_stock.items()
    )
    words = (
        f"{number_text(stock.in_stock)} in stock",
        f"{number_text(stock.backorder)} on backorder only",
        f"{number_text(out)} out of stock" + (f" ({reasons})" if reasons else ""),
    )
    legend = tuple((kind, said) for (kind, number), said in zip(parts, words, strict=True) if number)
    return Bar(
        name=stock_title(stock),
        value=count_text(stock.products, "product"),
        segments=_segments(*((kind, Decimal(number)) for kind, number in parts)),
        legend=legend,
    )


def unlimited_pictures(report: CatalogueReport) -> Iterator[Picture]:
    """How many products of each stock are sold without a limit, and those on which most is owed."""
    stocks = [stock for stock in report.totals.stocks if stock.unlimited]
    number, products = report.totals.products.unlimited, report.totals.products.products
    if stocks:
        yield _picture(
            f"{number_text(number)} of {count_text(products, 'product')} can be ordered without a limit: "
            "the first part of each stock's bar.",
            [_unlimited_share_row(stock) for stock in stocks],
        )
    if named := report.totals.unlimited:
        most = max(each.owed for each in named)
        yield Picture(
            f"Without a limit {'is' if _skus(named) == 1 else 'are'} {_these(named)}; the bars compare what is owed.",
            [_unlimited_row(each, most=most) for each in named],
            number - _skus(named),
        )


def _unlimited_share_row(stock: StockTotals) -> Bar:
    return Bar(
        name=stock_title(stock),
        value=f"{number_text(stock.unlimited)} of {number_text(stock.products)}",
        segments=_segments(("unlimited", Decimal(stock.unlimited)), ("", Decimal(stock.products - stock.unlimited))),
    )


def _unlimited_row(each: ProductTotals, *, most: Decimal) -> Bar:
    value = f"{units_text(each.owed)} owed" if each.answer.managed else "stock is not managed"
    return _product_row(each, value, _segments(("unlimited", each.owed), ("", most - each.owed)))


def pools_picture(report: CatalogueReport) -> Picture:
    """The goods and allowances of the sources that share a threshold."""
    sentence = "Sources share goods and allowances: each bar is what they have in all, before reservations."
    return _picture(sentence, [_pool_row(pool) for pool in report.totals.pools])


def _pool_row(pool: PoolTotals) -> Bar:
    parts = (
        ("stocked", pool.on_hand, "on hand"),
        ("reserve", pool.reserve, "kept as reserve"),
        ("left", pool.backorderable, "may be backordered"),
    )
    legend = [(kind, f"{units_text(units)} {words}") for kind, units, words in parts if units]
    if pool.unlimited:
        legend.append(("unlimited", f"{count_text(pool.unlimited, 'product')} without a limit"))
    return Bar(
        name=cut(" + ".join(pool.sources)),
        stock=_stock_words(pool.stock),
        value=count_text(pool.products, "product"),
        segments=_segments(*((kind, units) for kind, units, _ in parts)),
        legend=tuple(legend),
    )


def _picture(sentence: str, rows: Sequence[Bar]) -> Picture:
    return Picture(sentence, rows[:MOST_ROWS], max(len(rows) - MOST_ROWS, 0))


def _product_row(each: ProductTotals, value: str, segments: tuple[Segment, ...]) -> Bar:
    product = each.answer.product
    return Bar(
        name=cut(product.sku),
        detail=cut(product.name or ""),
        stock=_stock_words(each.answer.stock),
        value=value,
        segments=segments,
    )


def _segments(*parts: tuple[str, Decimal]) -> tuple[Segment, ...]:
    """The parts of a bar, each at least 1 % long where there is any of it; a part without a kind is left empty."""
    whole = sum((units for _, units in parts), ZERO)
    if not whole:
        return ()
    lengths = [max(float(units / whole * 100), 1.0) if units else 0.0 for _, units in parts]
    scale = 100 / sum(lengths)
    found, start = [], 0.0
    for (kind, _), length in zip(parts, lengths, strict=True):
        if kind and length:
            found.append(Segment(kind, round(start, 2), round(length * scale, 2)))
        start += length * scale
    return tuple(found)


def _these(products: Sequence[ProductTotals]) -> str:
    number = _skus(products)
    return "this product" if number == 1 else f"these {number} products"


def _skus(products: Sequence[ProductTotals]) -> int:
    """How many products there are, each counted once whatever the number of its stocks."""
    return len({each.answer.product.sku for each in products})


def stock_title(stock: StockTotals) -> str:
    """The stock as a heading."""
    return cut(stock.stock) if stock.stock else "In no stock"


def _stock_words(stock: str | None) -> str:
    return f"stock {cut(stock)}" if stock else "in no stock"


def count_text(number: int, one: str, several: str | None = None) -> str:
    """A number of things: `1,200 products`."""
    return f"{number_text(number)} {one if number == 1 else several or one + 's'}"


def number_text(number: int) -> str:
    """A number with its thousands apart."""
    return f"{number:,}"


def units_text(units: Decimal) -> str:
    """A quantity with its thousands apart, as people read it on a page."""
    return format((units + 0).normalize(), ",f")


def cut(name: str, longest: int = LONGEST_NAME) -> str:
    """A name as a page can show it, its end cut off where it is too long."""
    shown = printable(name)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"
