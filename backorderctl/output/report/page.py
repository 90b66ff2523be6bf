"""The report on a catalogue as one HTML page that opens anywhere: no script, no network, bars as inline SVG."""

from collections.abc import Iterator
from typing import Any

from backorderctl.errors import BackorderctlError
from backorderctl.output.agenda import change_rows
from backorderctl.output.report.content import CatalogueReport, share
from backorderctl.output.report.pictures import (
    MOST_ROWS,
    count_text,
    cut,
    number_text,
    owed_pictures,
    pools_picture,
    risk_pictures,
    stock_title,
    units_text,
    unlimited_pictures,
)
from backorderctl.policy.agenda import AgendaDay
from backorderctl.policy.totals import StockTotals, Totals
from backorderctl.store.scalars import ZERO

_LONGEST_SENTENCE = 300
"""Characters of what changes on a day, with all names in it."""


def page(report: CatalogueReport) -> str:
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


def _content(report: CatalogueReport) -> dict[str, Any]:
    """What the template fills in: words and lengths, nothing to compute."""
    totals = report.totals
    return {
        "file": cut(report.file),
        "part": [(kind, cut(code)) for kind, code in (("stock", report.stock), ("source", report.source)) if code],
        "at": f"{report.at:%-d %B %Y}",
        "lead": _lead(totals),
        "tiles": list(_tiles(totals)),
        "owed": list(owed_pictures(report)),
        "risk": list(risk_pictures(report)),
        "unlimited": list(unlimited_pictures(report)),
        "agenda": [change for day in report.agenda for change in _changes(day)],
        "findings": report.findings,
        "stocks": [(stock_title(stock), list(_figures(stock))) for stock in totals.stocks[:MOST_ROWS]],
        "several": sum(stock.products > 0 for stock in totals.stocks) > 1,
        "more_stocks": max(len(totals.stocks) - MOST_ROWS, 0),
        "pools": pools_picture(report),
    }


def _lead(totals: Totals) -> str:
    products = totals.products
    units = units_text(sum((stock.owed for stock in totals.stocks), ZERO))
    owed = f"{units} units are owed on {count_text(products.owing, 'product')}" if products.owing else "Nothing is owed"
    short = count_text(products.oversold, "product is", "products are") if products.oversold else "No product is"
    sell = count_text(products.unlimited, "sells", "sell") if products.unlimited else "none sells"
    return f"{owed}. {short} oversold, and {sell} without a limit."


def _tiles(totals: Totals) -> Iterator[tuple[str, str, str]]:
    """The figures at the top: the kind of what they count, the number and what it is."""
    yield "owed", units_text(sum((stock.owed for stock in totals.stocks), ZERO)), "units owed to customers"
    yield (
        "left",
        units_text(sum((stock.backorderable for stock in totals.stocks), ZERO)),
        "units can still be backordered",
    )
    yield "short", number_text(totals.products.oversold), "products oversold"
    yield "unlimited", number_text(totals.products.unlimited), "products without a limit"


def _changes(day: AgendaDay) -> Iterator[dict[str, str]]:
    """What the schedule changes on a day, in words, the reasons with the first change."""
    reasons = "; ".join(dict.fromkeys(entry.reason for entry in (*day.ends, *day.begins) if entry.reason))
    for _, event, change, effect in change_rows(day):
        yield {
            "day": f"{day.day:%-d %B %Y}",
            "event": event,
            "change": cut(change, _LONGEST_SENTENCE),
            "effect": cut(effect, _LONGEST_SENTENCE),
            "reason": cut(reasons),
        }
        reasons = ""


def _figures(stock: StockTotals) -> Iterator[tuple[str, str]]:
    yield "Products", number_text(stock.products)
    yield "Units in quantity", units_text(stock.quantity)
    yield "Reserved", units_text(stock.reserved)
    yield "On hand, after reservations", units_text(stock.on_hand)
    yield "Kept as reserve", units_text(stock.reserve)
    yield "Owed", units_text(stock.owed)
    yield "Can still be backordered", units_text(stock.backorderable)
    yield "Allowance used", share(stock.used) or "no allowance"
    yield "Unlimited", number_text(stock.unlimited)
    yield "Oversold", number_text(stock.oversold)
    yield "Low in stock", number_text(stock.low_stock)
