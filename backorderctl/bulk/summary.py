"""The totals of each stock: the query that an engine answers in parts, and what its rows give."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from backorderctl.policy.evaluate import Reason
from backorderctl.policy.totals import StockTotals

SUMMARY = """
SELECT stock, COUNT(*) AS products,
    SUM(CASE WHEN status = 'in_stock' THEN 1 ELSE 0 END) AS in_stock,
    SUM(CASE WHEN status = 'backorder' THEN 1 ELSE 0 END) AS backorder,
    {reasons}
    SUM(quantity) AS quantity, SUM(reserved) AS reserved, SUM(on_hand) AS on_hand, SUM(reserve) AS reserve,
    SUM(owed) AS owed, SUM(CASE WHEN unlimited THEN 0 ELSE owed END) AS owed_within_limit,
    SUM(backorderable) AS backorderable,
    SUM(CASE WHEN owed > 0 THEN 1 ELSE 0 END) AS owing, SUM(CASE WHEN unlimited THEN 1 ELSE 0 END) AS unlimited,
    SUM(CASE WHEN short > 0 THEN 1 ELSE 0 END) AS oversold,
    SUM(CASE WHEN low_stock THEN 1 ELSE 0 END) AS low_stock
FROM ({answers}) answers
GROUP BY stock
"""


def summary_query(answers: str) -> str:
    """The query of the totals: counts and sums alone, so that those of parts can be added."""
    reasons = "".join(f"SUM(CASE WHEN reason = '{reason}' THEN 1 ELSE 0 END) AS {reason},\n    " for reason in Reason)
    return SUMMARY.format(reasons=reasons.rstrip(), answers=answers)


def stock_totals(rows: Sequence[Sequence[Any]], stocks: Sequence[str]) -> tuple[StockTotals, ...]:
    """The totals that rows of the summary give, those of one stock added, with a row for each of `stocks`."""
    width = 14 + len(Reason)
    sums: dict[str | None, list[Decimal]] = {stock: [Decimal(0)] * width for stock in stocks}
    for stock, *numbers in rows:
        old = sums.setdefault(stock, [Decimal(0)] * width)
        sums[stock] = [one + Decimal(other or 0) for one, other in zip(old, numbers, strict=True)]
    return tuple(_totals(stock, numbers) for stock, numbers in sums.items())


def _totals(stock: str | None, numbers: Sequence[Decimal]) -> StockTotals:
    products, in_stock, backorder, *rest = numbers
    reasons, units = rest[: len(Reason)], rest[len(Reason) :]
    quantity, reserved, on_hand, reserve, owed, within_limit, backorderable, *counts = units
    owing, unlimited, oversold, low_stock = map(int, counts)
    return StockTotals(
        stock=stock,
        products=int(products),
        in_stock=int(in_stock),
        backorder=int(backorder),
        out_of_stock={reason: int(number) for reason, number in zip(Reason, reasons, strict=True) if number},
        quantity=quantity,
        reserved=reserved,
        on_hand=on_hand,
        reserve=reserve,
        owed=owed,
        owed_within_limit=within_limit,
        backorderable=backorderable,
        owing=owing,
        unlimited=unlimited,
        oversold=oversold,
        low_stock=low_stock,
    )
