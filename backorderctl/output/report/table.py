"""The report on a catalogue for a terminal: what is owed, what is at risk and what has no limit."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import TextIO

from backorderctl.output import table
from backorderctl.output.agenda import change_rows
from backorderctl.output.format import printable
from backorderctl.output.product_page import marks
from backorderctl.output.report.content import OUT_OF_STOCK_WORDS, CatalogueReport, share
from backorderctl.output.table import Column, Style, Terminal, terminal
from backorderctl.policy.totals import PoolTotals, ProductTotals, StockTotals, Totals
from backorderctl.store.scalars import ZERO, format_quantity

_BAR = 56
_SMALL_BAR = 10
_OWED = (
    Column("sku"),
    Column("name", rank=4, shorten=True),
    Column("stock", rank=1),
    Column("owed", number=True),
    Column("left", number=True),
    Column("used", number=True),
    Column("", rank=2),
)
_SHORT = (*_OWED[:4], Column("can never ship", number=True))
_UNLIMITED = (*_OWED[:4], Column("on hand", number=True, rank=2))
_AGENDA = (Column("date"), Column("event"), Column("change", fold=True), Column("effect", fold=True))
_POOLS = (
    Column("stock"),
    Column("sources"),
    Column("products", number=True),
    Column("on hand", number=True),
    Column("reserve", number=True, rank=1),
    Column("allowance", number=True),
)


def write(report: CatalogueReport, out: TextIO) -> None:
    """Write the report as a page of at most 80 columns, where the names allow it."""
    totals = report.totals
    screen = terminal(out)
    bars = marks(screen)
    screen.text(printable(f"{report.file} on {report.at}{_part(report)}"), Style.BOLD)
    screen.text(_headline(totals))
    for stock in totals.stocks:
        screen.line()
        screen.text(printable(_stock_headline(stock)), Style.BOLD)
        for line in _stock_lines(stock, min((screen.width or table.AMPLE) - 4, _BAR), bars):
            screen.text(printable(line))
    _list(screen, "Most units owed", _OWED, (_owed_row(each, bars) for each in totals.owing))
    used = (_owed_row(each, bars) for each in totals.nearest if each.used)
    _list(screen, "Nearest to their limit", _OWED, used)
    _list(screen, "Oversold", _SHORT, map(_short_row, totals.oversold))
    _list(screen, "Unlimited", _UNLIMITED, map(_unlimited_row, totals.unlimited))
    _list(screen, "What sources share, before reservations", _POOLS, map(_pool_row, totals.pools))
    low = ([each.source, each.stock or "", str(each.products)] for each in totals.low_stock)
    _list(screen, "Low stock", (Column("source"), Column("stock"), Column("products", number=True)), low)
    changes = (row for day in report.agenda for row in change_rows(day))
    _list(screen, "What changes next", _AGENDA, changes)
    found = ([each.code, each.severity, str(each.findings), each.name] for each in report.findings)
    columns = (Column("code"), Column("severity"), Column("findings", number=True), Column("rule", rank=1))
    _list(screen, "Found by check", columns, found)


def _headline(totals: Totals) -> str:
    products = totals.products
    units = format_quantity(sum((stock.owed for stock in totals.stocks), ZERO))
    left = format_quantity(sum((stock.backorderable for stock in totals.stocks), ZERO))
    owed = f"{units} units owed on {_products(products.owing)}" if products.owing else "nothing owed"
    return f"{owed}, {left} more could be; {products.oversold} oversold; {products.unlimited} without a limit"


def _products(number: int) -> str:
    return "1 product" if number == 1 else f"{number} products"


def _part(report: CatalogueReport) -> str:
    """What the report is confined to, in words."""
    named = (("stock", report.stock), ("source", report.source))
    part = "".join(f", {kind} {code} only" for kind, code in named if code is not None)
    return part if report.source is None else f"{part}: its units, and what its pools owe and may owe"


def _stock_headline(stock: StockTotals) -> str:
    where = f"Stock {stock.stock}" if stock.stock else "In no stock"
    if not stock.products:
        return f"{where}: no product"
    owed = f"{format_quantity(stock.owed)} owed on {_products(stock.owing)}" if stock.owed else "nothing owed"
    used = f", {share(stock.used)} of the allowance used" if stock.used is not None else ""
    return f"{where}: {owed}{used}"


def _stock_lines(stock: StockTotals, width: int, bars: str) -> Iterator[str]:
    if not stock.products:
        return
    if stock.used is not None:
        yield "  " + _bar(stock.used, width, bars)
        yield (
            f"  {bars[2]} {format_quantity(stock.owed_within_limit)} owed on products with a limit"
            f"   {bars[1]} {format_quantity(stock.backorderable)} backorderable"
        )
    yield (
        f"  {_products(stock.products)}: {stock.in_stock} in stock, {stock.backorder} on backorder only, "
        f"{sum(stock.out_of_stock.values())} out of stock"
    )
    if reasons := ", ".join(f"{number} {OUT_OF_STOCK_WORDS[reason]}" for reason, number in stock.out_of_stock.items()):
        yield f"  out of stock: {reasons}"
    yield (
        f"  units: {format_quantity(stock.on_hand)} on hand, {format_quantity(stock.reserved)} reserved, "
        f"{format_quantity(stock.reserve)} kept as reserve"
    )
    yield f"  {stock.unlimited} unlimited, {stock.oversold} oversold, {stock.low_stock} low in stock"


def _bar(used: Decimal, width: int, bars: str) -> str:
    """The share that is used and the rest: both show as soon as there is any of them."""
    cells = round(used * width)
    cells = max(cells, 1) if used else 0
    cells = min(cells, width - 1) if used < 1 else width
    return bars[2] * cells + bars[1] * (width - cells)


def _list(screen: Terminal, title: str, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    if listed := list(rows):
        screen.line()
        screen.line(title, Style.BOLD)
        table.draw(screen, columns, listed)


def _named(each: ProductTotals) -> tuple[str, str, str, str]:
    product = each.answer.product
    return product.sku, product.name or "", each.answer.stock or "", format_quantity(each.owed)


def _owed_row(each: ProductTotals, bars: str) -> Sequence[str]:
    left = each.answer.backorderable
    bar = "" if each.used is None else _bar(each.used, _SMALL_BAR, bars)
    return *_named(each), "unlimited" if left is None else format_quantity(left), share(each.used), bar


def _short_row(each: ProductTotals) -> Sequence[str]:
    return *_named(each), format_quantity(each.short)


def _unlimited_row(each: ProductTotals) -> Sequence[str]:
    on_hand = each.answer.on_hand
    return *_named(each), "not managed" if on_hand is None else format_quantity(on_hand)


def _pool_row(pool: PoolTotals) -> Sequence[str]:
    allowance = format_quantity(pool.backorderable)
    if pool.unlimited:
        allowance += f" + {pool.unlimited} unlimited"
    return (
        pool.stock or "", ", ".join(pool.sources), str(pool.products), format_quantity(pool.on_hand),
        format_quantity(pool.reserve), allowance,
    )  # fmt: skip
