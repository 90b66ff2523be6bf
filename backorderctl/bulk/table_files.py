"""The policy tables as CSV files: what engines load, and what people load into a database of their own."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from backorderctl.bulk.policy_tables import ItemPolicy, PolicyTables, ProductStock
from backorderctl.rows.delimited import csv_writer
from backorderctl.store.scalars import format_quantity


class SqlTable(NamedTuple):
    """A table that the SQL text reads: its columns with their types, and its rows, a flag as 1 or 0."""

    name: str
    columns: tuple[tuple[str, str], ...]
    rows: Sequence[Sequence[Any]]


_TYPES = {int: "INTEGER", str: "VARCHAR(255)", bool: "INTEGER", Decimal: "DECIMAL(12, 4)"}


def sql_tables(tables: PolicyTables) -> tuple[SqlTable, ...]:
    """The tables `products`, `stock_policies` and `item_policies`."""
    return (
        SqlTable("products", (("sku", "VARCHAR(255)"), ("policy", "INTEGER")), tables.products),
        _table("stock_policies", ProductStock, tables.product_stocks),
        _table("item_policies", ItemPolicy, tables.items),
    )


def write_tables(tables: Iterable[SqlTable], folder: Path) -> None:
    """Write each table as `NAME.csv`; None is an empty cell."""
    for table in tables:
        with (folder / f"{table.name}.csv").open("w", encoding="utf-8", newline="") as out:
            writer = csv_writer(out)
            writer.writerow([column for column, _ in table.columns])
            writer.writerows([_cell(value) for value in row] for row in table.rows)


def _table(name: str, kind: type[ItemPolicy] | type[ProductStock], rows: Sequence[Any]) -> SqlTable:
    names = [field.name for field in fields(kind)]
    columns = tuple((field.name, _TYPES[field.type]) for field in fields(kind))  # type: ignore[index]
    values = [[_flag(getattr(row, column)) for column in names] for row in rows]
    return SqlTable(name, columns, values)


def _flag(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value


def _cell(value: Any) -> Any:
    return format_quantity(value) if isinstance(value, Decimal) else value
