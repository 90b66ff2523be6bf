"""What products offer: rows of a list, and everything in force for one."""

from collections.abc import Callable, Collection, Iterable, Iterator
from decimal import Decimal
from itertools import groupby
from typing import Any

from backorderctl.output.format import UNLIMITED, Boundless, Cell, dates, describe_days
from backorderctl.output.listing import Listing, Rows
from backorderctl.output.table import KEY, Column, Style
from backorderctl.policy.catalogue import Filter, items_in_no_stock, sources_in_no_stock
from backorderctl.policy.evaluate import ItemInForce, Pool, Reason, Salability, Status
from backorderctl.policy.resolve import InForce, ValuesInForce, value_of
from backorderctl.store.model import Store
from backorderctl.store.settings import BACKORDERS, NOTIFY_BELOW, OF_ITEMS, OF_PRODUCTS, THRESHOLD

STATUS_STYLES: dict[Cell, Style] = {
    Status.IN_STOCK: Style.GREEN,
    Status.BACKORDER: Style.YELLOW,
    Status.OUT_OF_STOCK: Style.RED,
}
PRODUCT_COLUMNS = (
    Column("sku"),
    Column("name", rank=9, shorten=True),
    Column("stock"),
    Column("status", style=lambda row: STATUS_STYLES.get(row[3])),
    Column("reason", rank=8),
    Column("quantity", number=True, rank=5),
    Column("reserved", number=True, rank=6),
    Column("on_hand", number=True, rank=3),
    Column("backorderable", number=True, rank=4),
    Column("salable", number=True),
    Column("unlimited", hidden=True),
    Column("only_x_left", number=True, rank=2),
    Column("low_stock", rank=1),
)
SOURCE_ITEM_COLUMNS = (
    Column("sku"),
    Column("source"),
    Column("stock", rank=KEY),
    Column("quantity", number=True),
    Column("status", rank=3),
    Column("counts", rank=2),
    Column("excluded", rank=7),
    Column(BACKORDERS.key, rank=5),
    Column(THRESHOLD.key, number=True, rank=4),
    Column(NOTIFY_BELOW.key, number=True, rank=6),
    Column("low_stock"),
)
_IN_FORCE = (
    "sku", "stock", "status", "reason", "salable", "unlimited", "source", "key", "value", "effective",
    "scope", "origin_stock", "origin_source", "origin_product", "line", "schedule",
)  # fmt: skip


def answers_schema() -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) of the document of `product list -o json`, whose rows `evaluate` gives as well."""
    some = {"type": ["number", "null"], "minimum": 0}
    properties: dict[str, Any] = {
        "sku": {"type": "string"},
        "name": {"type": ["string", "null"], "description": "not in the files of evaluate"},
        "stock": {"type": ["string", "null"], "description": "null where the product is in no stock"},
        "status": {"enum": list(Status)},
        "reason": {"enum": [None, *Reason], "description": "null unless it is out_of_stock"},
        "quantity": {"type": "number", "description": "at most 4 decimal places, as all numbers"},
        "reserved": {"type": "number", "minimum": 0},
        "on_hand": {**some, "description": "null where stock is not managed"},
        "backorderable": {**some, "description": "null where there is no limit"},
        "salable": {**some, "description": "null where there is no limit"},
        "unlimited": {"type": "boolean"},
        "only_x_left": {**some, "description": "null unless the page says so"},
        "low_stock": {"type": "boolean"},
    }
    answer = {"type": "object", "required": list(properties), "additionalProperties": False, "properties": properties}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "backorderctl answers",
        "type": "object",
        "required": ["products"],
        "properties": {"products": {"type": "array", "items": answer}},
    }


def products(answers: Callable[[], Iterable[Salability]]) -> Listing:
    """One row for each product and stock; `answers` is asked again each time the rows are gone through."""
    return Listing("products", PRODUCT_COLUMNS, Rows(lambda: map(_cells_of, answers())))


def source_items(store: Store, wanted: Filter, answers: Callable[[], Iterable[Salability]]) -> Listing:
    """One row for each source item that is wanted in a stock, and where no stock is asked for, for those in none."""
    return Listing("source_items", SOURCE_ITEM_COLUMNS, Rows(lambda: _source_items(store, wanted, answers())))


def _source_items(store: Store, wanted: Filter, answers: Iterable[Salability]) -> Iterator[tuple[Cell, ...]]:
    elsewhere: Collection[str] = () if wanted.is_about_stocks else sources_in_no_stock(store)
    if wanted.source is not None:
        elsewhere = {wanted.source}.intersection(elsewhere)
    for _, group in groupby(answers, key=lambda answer: answer.product.sku):
        for answer in group:
            product = answer.product
            for item in answer.items:
                if wanted.source in (None, item.source) and (item.low_stock or not wanted.low_stock):
                    held = (item.quantity, item.status, item.counts, item.excluded)
                    yield (product.sku, item.source, answer.stock, *held, *_of_item(item.settings), item.low_stock)
        for code, held_there, values in items_in_no_stock(store, product, elsewhere):
            yield (
                product.sku,
                code,
                None,
                held_there.quantity,
                held_there.status,
                False,
                None,
                *_of_item(values),
                False,
            )


def _of_item(values: ValuesInForce) -> tuple[Cell, ...]:
    return (value_of(values, BACKORDERS), value_of(values, THRESHOLD), value_of(values, NOTIFY_BELOW))


def row(answer: Salability) -> dict[str, Cell]:
    """The answer for one product and stock without its settings, under the names of the list's columns."""
    return dict(zip((column.name for column in PRODUCT_COLUMNS), _cells_of(answer), strict=True))


def _cells_of(answer: Salability) -> tuple[Cell, ...]:
    """The cells of the list's columns."""
    salable, backorderable = answer.salable, answer.backorderable
    unlimited = salable is None
    return (
        answer.product.sku,
        answer.product.name,
        answer.stock,
        answer.status,
        answer.reason,
        answer.quantity,
        answer.reserved,
        answer.on_hand,
        UNLIMITED if unlimited and backorderable is None else backorderable,
        UNLIMITED if unlimited else salable,
        unlimited,
        answer.only_x_left,
        answer.low_stock,
    )


def limit(units: Decimal | None, *, unlimited: bool) -> Decimal | Boundless | None:
    """A quantity as a cell, where None means that there is no limit."""
    return UNLIMITED if unlimited and units is None else units


def settings_in_force(answers: Iterable[Salability]) -> Listing:
    """One row for each value in force for a product, in every stock and at every source."""
    return Listing("settings", tuple(map(Column, _IN_FORCE)), _rows_in_force(answers))


def product_document(answers: Iterable[Salability]) -> dict[str, Any]:
    """Everything in force for one product as one JSON object."""
    answers = tuple(answers)
    product = answers[0].product
    return {"sku": product.sku, "name": product.name, "stocks": [_stock(answer) for answer in answers]}


def origin(in_force: InForce) -> dict[str, Any]:
    """Where a value comes from, as JSON has it."""
    return {**in_force.origin._asdict(), "line": in_force.line, "schedule": dates(in_force.entry)}


def _stock(answer: Salability) -> dict[str, Any]:
    cells: dict[str, Any] = row(answer)
    del cells["sku"], cells["name"]
    return {
        **cells,
        "settings": {key: _in_force(answer.settings[key]) for key in OF_PRODUCTS},
        "sources": [_source(item) for item in answer.items],
        "pools": [_pool(pool) for pool in answer.pools],
    }


def _in_force(in_force: InForce) -> dict[str, Any]:
    return {"value": in_force.value, "origin": origin(in_force)}


def _source(item: ItemInForce) -> dict[str, Any]:
    values = {key: _in_force(item.settings[key]) for key in OF_ITEMS}
    threshold = values[THRESHOLD.key]
    values[THRESHOLD.key] = {"value": threshold["value"], "effective": item.threshold, "origin": threshold["origin"]}
    return {
        "source": item.source,
        "quantity": item.quantity,
        "status": item.status,
        "counts": item.counts,
        "excluded": item.excluded,
        "low_stock": item.low_stock,
        "settings": values,
    }


def _pool(pool: Pool) -> dict[str, Any]:
    unlimited = pool.backorderable is None
    return {
        "sources": pool.sources,
        BACKORDERS.key: pool.backorders,
        "threshold": pool.threshold.value,
        "effective": pool.effective,
        "origin": origin(pool.threshold),
        "quantity": pool.quantity,
        "on_hand": pool.on_hand,
        "backorderable": pool.backorderable,
        "unlimited": unlimited,
    }


def _rows_in_force(answers: Iterable[Salability]) -> Iterator[tuple[Cell, ...]]:
    for answer in answers:
        salable = limit(answer.salable, unlimited=answer.unlimited)
        head = (answer.product.sku, answer.stock, answer.status, answer.reason, salable, answer.unlimited)
        for key in OF_PRODUCTS:
            yield (*head, None, key, *_cells(answer.settings[key], None))
        for item in answer.items:
            for key in OF_ITEMS:
                effective = item.threshold if key == THRESHOLD.key else None
                yield (*head, item.source, key, *_cells(item.settings[key], effective))


def _cells(in_force: InForce, effective: Decimal | None) -> tuple[Cell, ...]:
    where = in_force.origin
    days = describe_days(in_force.entry) if in_force.entry else None
    return in_force.value, effective, where.scope, where.stock, where.source, where.product, in_force.line, days
