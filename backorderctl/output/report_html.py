"""The report on a catalogue as one HTML page that opens anywhere: no script, no network, bars as inline SVG."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from backorderctl.errors import BackorderctlError
from backorderctl.output.agenda import change_rows
from backorderctl.output.format import printable
from backorderctl.output.report_content import OUT_OF_STOCK_WORDS, Report, share
from backorderctl.policy.agenda import AgendaDay
from backorderctl.policy.totals import LowStock, PoolTotals, ProductTotals, StockTotals
from backorderctl.store.quantity import ZERO

LONGEST_NAME = 80
"""Characters of a name; what is longer is cut."""
_LONGEST_SENTENCE = 300
"""Characters of what changes on a day, with all names in it."""
_MOST_ROWS = 40
"""Stocks, sources or pools that a picture shows; the rest is counted."""


class Segment(NamedTuple):
    """A part of a bar: what it is, where it begins and how long it is, in percent."""

    kind: str
    start: float
    length: float


class Row(NamedTuple):
    """One bar with its numbers as text: what it is about, the figure that counts, and each part in words."""

    name: str
    detail: str
    stock: str
    value: str
    bar: tuple[Segment, ...]
    legend: tuple[tuple[str, str], ...] = ()


class Picture(NamedTuple):
    """Bars under one sentence that says what they show; `more` is how many were left out."""

    sentence: str
    rows: Sequence[Row]
    more: int = 0


def page(report: Report) -> str:
    """The page; BackorderctlError where Jinja2 is not installed."""
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError:
        raise BackorderctlError("-o html: expected Jinja2, which is not installed", hint="pip install jinja2") from None
    environment = Environment(
        loader=PackageLoader("backorderctl.output", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text: str = environment.get_template("report.html").render(_content(report))
    return text


def _content(report: Report) -> dict[str, Any]:
    """What the template fills in: words and lengths, nothing to compute."""
    totals = report.totals
    return {
        "file": _cut(report.file),
        "part": [(kind, _cut(code)) for kind, code in (("stock", report.stock), ("source", report.source)) if code],
        "at": f"{report.at:%-d %B %Y}",
        "lead": _lead(totals.stocks),
        "tiles": list(_tiles(totals.stocks)),
        "owed": list(_owed(report)),
        "risk": list(_risk(report)),
        "unlimited": list(_unlimited(report)),
        "agenda": [change for day in report.agenda for change in _changes(day)],
        "findings": report.findings,
        "stocks": [(_stock_name(stock), list(_figures(stock))) for stock in totals.stocks[:_MOST_ROWS]],
        "several": sum(stock.products > 0 for stock in totals.stocks) > 1,
        "more_stocks": max(len(totals.stocks) - _MOST_ROWS, 0),
        "pools": _pools(report),
    }


def _lead(stocks: Sequence[StockTotals]) -> str:
    owing, oversold = sum(stock.owing for stock in stocks), sum(stock.oversold for stock in stocks)
    unlimited = sum(stock.unlimited for stock in stocks)
    units = _units(sum((stock.owed for stock in stocks), ZERO))
    owed = f"{units} units are owed on {_count(owing, 'product')}" if owing else "Nothing is owed"
    short = _count(oversold, "product is", "products are") if oversold else "No product is"
    limitless = f"{_count(unlimited, 'sells', 'sell')} without a limit" if unlimited else "none sells without a limit"
    return f"{owed}. {short} oversold, and {limitless}."


def _tiles(stocks: Sequence[StockTotals]) -> Iterator[tuple[str, str, str]]:
    """The figures at the top: the kind of what they count, the number and what it is."""
    yield "owed", _units(sum((stock.owed for stock in stocks), ZERO)), "units owed to customers"
    yield "left", _units(sum((stock.backorderable for stock in stocks), ZERO)), "units can still be backordered"
    yield "short", _number(sum(stock.oversold for stock in stocks)), "products oversold"
    yield "unlimited", _number(sum(stock.unlimited for stock in stocks)), "products without a limit"


def _owed(report: Report) -> Iterator[Picture]:
    limited = [stock for stock in report.totals.stocks if stock.used is not None]
    owed, left = sum((s.owed_within_limit for s in limited), ZERO), sum((s.backorderable for s in limited), ZERO)
    if limited:
        yield _picture(
            f"{_units(owed)} of the {_units(owed + left)} units that may be owed are owed now: "
            "the first part of each stock's bar."
            if owed
            else f"None of the {_units(left)} units that may be owed is owed now: all of each bar is left.",
            [_allowance_row(stock) for stock in limited],
        )
    if owing := report.totals.owing:
        most = max(each.owed for each in owing)
        rows = [
            _product_row(each, f"{_units(each.owed)} owed", _segments(("owed", each.owed), ("", most - each.owed)))
            for each in owing
        ]
        more = sum(stock.owing for stock in report.totals.stocks) - len(rows)
        yield Picture(f"Most units are owed on {_these(owing)}, each compared with the first.", rows, more)


def _allowance_row(stock: StockTotals) -> Row:
    owed, left = stock.owed_within_limit, stock.backorderable
    legend = [("owed", f"{_units(owed)} owed"), ("left", f"{_units(left)} can still be backordered")]
    return Row(
        _stock_name(stock),
        "",
        "",
        f"{share(stock.used)} used",
        _segments(("owed", owed), ("left", left)),
        tuple(legend),
    )


def _risk(report: Report) -> Iterator[Picture]:
    totals = report.totals
    if nearest := [each for each in totals.nearest if each.used]:
        yield Picture(
            f"Nearest to their limit are {_these(nearest)}: a full bar takes no more backorders.",
            [_nearest_row(each) for each in nearest],
        )
    if oversold := totals.oversold:
        number = sum(stock.oversold for stock in totals.stocks)
        yield Picture(
            f"{_count(number, 'product has', 'products have')} more units reserved than can ever ship: "
            "the first part of what each owes.",
            [_oversold_row(each) for each in oversold],
            number - len(oversold),
        )
    if any(stock.products for stock in totals.stocks):
        yield _statuses(totals.stocks)
    if low := totals.low_stock:
        yield _picture(
            "Products that are low in stock at each source, compared with the source that has most of them.",
            [_low_row(each, most=low[0].products) for each in low],
        )


def _nearest_row(each: ProductTotals) -> Row:
    left = each.answer.backorderable or ZERO
    value = f"{_units(left)} left, {share(each.used)} used"
    return _product_row(each, value, _segments(("owed", each.owed), ("left", left)))


def _oversold_row(each: ProductTotals) -> Row:
    bar = _segments(("short", each.short), ("left", max(each.owed - each.short, ZERO)))
    return _product_row(each, f"{_units(each.short)} of {_units(each.owed)} units", bar)


def _low_row(each: LowStock, *, most: int) -> Row:
    bar = _segments(("low", Decimal(each.products)), ("", Decimal(most - each.products)))
    return Row(_cut(each.source), "", _stock_words(each.stock), _count(each.products, "product"), bar)


def _statuses(stocks: Sequence[StockTotals]) -> Picture:
    products, in_stock = sum(stock.products for stock in stocks), sum(stock.in_stock for stock in stocks)
    most = "All" if in_stock == products else f"{_number(in_stock)} of"
    return _picture(
        f"{most} {_count(products, 'product')} have goods on hand"
        + ("." if in_stock == products else "; the rest is on backorder only or out of stock."),
        [_status_row(stock) for stock in stocks if stock.products],
    )


def _status_row(stock: StockTotals) -> Row:
    out = sum(stock.out_of_stock.values())
    parts = (("stocked", stock.in_stock), ("backorder", stock.backorder), ("out", out))
    reasons = "; ".join(
        f"{_number(number)} {OUT_OF_STOCK_WORDS[reason]}" for reason, number in stock.out_of_stock.items()
    )
    words = (
        f"{_number(stock.in_stock)} in stock",
        f"{_number(stock.backorder)} on backorder only",
        f"{_number(out)} out of stock" + (f" ({reasons})" if reasons else ""),
    )
    legend = tuple((kind, said) for (kind, number), said in zip(parts, words, strict=True) if number)
    bar = _segments(*((kind, Decimal(number)) for kind, number in parts))
    return Row(_stock_name(stock), "", "", _count(stock.products, "product"), bar, legend)


def _unlimited(report: Report) -> Iterator[Picture]:
    stocks = [stock for stock in report.totals.stocks if stock.unlimited]
    number, products = sum(stock.unlimited for stock in stocks), sum(stock.products for stock in report.totals.stocks)
    if stocks:
        yield _picture(
            f"{_number(number)} of {_count(products, 'product')} can be ordered without a limit: "
            "the first part of each stock's bar.",
            [_unlimited_share_row(stock) for stock in stocks],
        )
    if named := report.totals.unlimited:
        most = max(each.owed for each in named)
        yield Picture(
            f"Without a limit {'is' if len(named) == 1 else 'are'} {_these(named)}; the bars compare what is owed.",
            [_unlimited_row(each, most=most) for each in named],
            number - len(named),
        )


def _unlimited_share_row(stock: StockTotals) -> Row:
    bar = _segments(("unlimited", Decimal(stock.unlimited)), ("", Decimal(stock.products - stock.unlimited)))
    return Row(_stock_name(stock), "", "", f"{_number(stock.unlimited)} of {_number(stock.products)}", bar)


def _unlimited_row(each: ProductTotals, *, most: Decimal) -> Row:
    value = f"{_units(each.owed)} owed" if each.answer.managed else "stock is not managed"
    return _product_row(each, value, _segments(("unlimited", each.owed), ("", most - each.owed)))


def _changes(day: AgendaDay) -> Iterator[dict[str, str]]:
    """What the schedule changes on a day, in words, the reasons with the first change."""
    reasons = "; ".join(dict.fromkeys(entry.reason for entry in (*day.ends, *day.begins) if entry.reason))
    for _, event, change, effect in change_rows(day):
        yield {
            "day": f"{day.day:%-d %B %Y}",
            "event": event,
            "change": _cut(change, _LONGEST_SENTENCE),
            "effect": _cut(effect, _LONGEST_SENTENCE),
            "reason": _cut(reasons),
        }
        reasons = ""


def _figures(stock: StockTotals) -> Iterator[tuple[str, str]]:
    yield "Products", _number(stock.products)
    yield "Units in quantity", _units(stock.quantity)
    yield "Reserved", _units(stock.reserved)
    yield "On hand, after reservations", _units(stock.on_hand)
    yield "Kept as reserve", _units(stock.reserve)
    yield "Owed", _units(stock.owed)
    yield "Can still be backordered", _units(stock.backorderable)
    yield "Allowance used", share(stock.used) or "no allowance"
    yield "Unlimited", _number(stock.unlimited)
    yield "Oversold", _number(stock.oversold)
    yield "Low in stock", _number(stock.low_stock)


def _pools(report: Report) -> Picture:
    sentence = "Sources share goods and allowances: each bar is what they have in all, before reservations."
    return _picture(sentence, [_pool_row(pool) for pool in report.totals.pools])


def _pool_row(pool: PoolTotals) -> Row:
    parts = (
        ("stocked", pool.on_hand, "on hand"),
        ("reserve", pool.reserve, "kept as reserve"),
        ("left", pool.backorderable, "may be backordered"),
    )
    legend = [(kind, f"{_units(units)} {words}") for kind, units, words in parts if units]
    if pool.unlimited:
        legend.append(("unlimited", f"{_count(pool.unlimited, 'product')} without a limit"))
    return Row(
        _cut(" + ".join(pool.sources)),
        "",
        _stock_words(pool.stock),
        _count(pool.products, "product"),
        _segments(*((kind, units) for kind, units, _ in parts)),
        tuple(legend),
    )


def _picture(sentence: str, rows: Sequence[Row]) -> Picture:
    return Picture(sentence, rows[:_MOST_ROWS], max(len(rows) - _MOST_ROWS, 0))


def _product_row(each: ProductTotals, value: str, bar: tuple[Segment, ...]) -> Row:
    product = each.answer.product
    return Row(_cut(product.sku), _cut(product.name or ""), _stock_words(each.answer.stock), value, bar)


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
    return "this product" if len(products) == 1 else f"these {len(products)} products"


def _stock_name(stock: StockTotals) -> str:
    return _cut(stock.stock) if stock.stock else "In no stock"


def _stock_words(stock: str | None) -> str:
    return f"stock {_cut(stock)}" if stock else "in no stock"


def _count(number: int, one: str, several: str | None = None) -> str:
    return f"{_number(number)} {one if number == 1 else several or one + 's'}"


def _number(number: int) -> str:
    return f"{number:,}"


def _units(units: Decimal) -> str:
    """A quantity with its thousands apart, as people read it on a page."""
    return format((units + 0).normalize(), ",f")


def _cut(name: str, longest: int = LONGEST_NAME) -> str:
    shown = printable(name)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"
