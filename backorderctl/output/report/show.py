"""The report on a catalogue, in every shape: JSON and CSV here, the table and the page in modules of their own."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, TextIO

from backorderctl.output import listing
from backorderctl.output.format import Cell, Output
from backorderctl.output.listing import Listing
from backorderctl.output.product import limit
from backorderctl.output.report.content import CatalogueReport
from backorderctl.output.table import Column
from backorderctl.policy.agenda import AgendaDay
from backorderctl.policy.totals import PoolTotals, ProductTotals, StockTotals
from backorderctl.store.settings import INHERIT


class ReportFormat(StrEnum):
    """The shapes in which the report can be given."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    HTML = "html"


def show_report(report: CatalogueReport, output: ReportFormat, out: TextIO) -> None:
    """Write the report."""
    match output:
        case ReportFormat.JSON:
            out.write(listing.dumps(report_document(report), indent=2) + "\n")
        case ReportFormat.CSV:
            columns = tuple(map(Column, ("list", "stock", "source", "sku", "key", "value")))
            listing.show(Listing("report", columns, _rows(report_document(report))), Output.CSV, out)
        case ReportFormat.TABLE:
            from backorderctl.output.report import table as report_table

            report_table.write(report, out)
        case ReportFormat.HTML:
            from backorderctl.output.report import page as report_html

            out.write(report_html.page(report))


def report_document(report: CatalogueReport) -> dict[str, Any]:
    """The report as one JSON object."""
    totals = report.totals
    return {
        "at": report.at.isoformat(),
        "products": totals.products._asdict(),
        "stocks": [stock_row(stock) for stock in totals.stocks],
        "pools": [_pool(pool) for pool in totals.pools],
        "owed": [_product(each) for each in totals.owing],
        "nearest": [_product(each) for each in totals.nearest],
        "unlimited": [_product(each) for each in totals.unlimited],
        "oversold": [_product(each) for each in totals.oversold],
        "low_stock": [
            {"stock": each.stock, "source": each.source, "count": each.products} for each in totals.low_stock
        ],
        "agenda": [change for day in report.agenda for change in _changes(day)],
        "findings": [{"code": each.code, "count": each.findings} for each in report.findings],
    }


def stock_row(stock: StockTotals) -> dict[str, Any]:
    """The sums of one stock, as JSON has them."""
    return {
        "stock": stock.stock,
        "products": stock.products,
        "in_stock": stock.in_stock,
        "backorder": stock.backorder,
        "out_of_stock": {reason.value: count for reason, count in stock.out_of_stock.items()},
        "quantity": stock.quantity,
        "reserved": stock.reserved,
        "on_hand": stock.on_hand,
        "reserve": stock.reserve,
        "owed": stock.owed,
        "owed_within_limit": stock.owed_within_limit,
        "backorderable": stock.backorderable,
        "used": stock.used,
        "owing": stock.owing,
        "unlimited": stock.unlimited,
        "oversold": stock.oversold,
        "low_stock": stock.low_stock,
    }


def _changes(day: AgendaDay) -> Iterator[dict[str, Any]]:
    """What the schedule changes on a day: each entry, and how many products what follows from all of them concerns."""
    products = len({change.sku for change in day.difference.products})
    for event, entries in (("ends", day.ends), ("begins", day.begins)):
        for entry in entries:
            yield {
                "date": day.day.isoformat(),
                "event": event,
                **dict(zip(("scope", "stock", "source", "product"), entry.place, strict=True)),
                "values": {key: INHERIT if value is None else value for key, value in entry.values.items()},
                "reason": entry.reason,
                "products": products,
            }


def _pool(pool: PoolTotals) -> dict[str, Any]:
    return {
        "stock": pool.stock,
        "sources": pool.sources,
        "products": pool.products,
        "quantity": pool.quantity,
        "on_hand": pool.on_hand,
        "reserve": pool.reserve,
        "backorderable": pool.backorderable,
        "unlimited": pool.unlimited,
    }


def _product(each: ProductTotals) -> dict[str, Cell]:
    answer = each.answer
    return {
        "sku": answer.product.sku,
        "name": answer.product.name,
        "stock": answer.stock,
        "status": answer.status,
        "quantity": answer.quantity,
        "reserved": answer.reserved,
        "owed": each.owed,
        "short": each.short,
        "backorderable": limit(answer.backorderable, unlimited=answer.unlimited),
        "used": each.used,
        "salable": limit(answer.salable, unlimited=answer.unlimited),
        "unlimited": answer.unlimited,
    }


def _rows(lists: Mapping[str, Any]) -> Iterator[tuple[Cell, ...]]:
    """A row for each value, under the list of the JSON document that it is from."""
    yield "at", None, None, None, "at", lists["at"]
    for name, count in lists["products"].items():
        yield "products", None, None, None, name, count
    for each in lists["findings"]:
        yield "findings", None, None, None, each["code"], each["count"]
    for each in lists["agenda"]:
        for key, value in each["values"].items():
            yield (
                "agenda",
                each["stock"],
                each["source"],
                each["product"],
                f"{each['date']} {each['event']} {key}",
                value,
            )
    for name in ("stocks", "pools", "owed", "nearest", "unlimited", "oversold", "low_stock"):
        for entry in lists[name]:
            where = (name, entry["stock"], entry.get("source", entry.get("sources")), entry.get("sku"))
            for key, value in entry.items():
                if key == "out_of_stock":
                    yield from ((*where, f"{key}.{reason}", count) for reason, count in value.items())
                elif key not in _WHERE:
                    yield (*where, key, value)


_WHERE = ("stock", "source", "sources", "sku")
