"""The SQL text and the policy tables as files, for people who run them in a database or scheduler of their own.

Every table, view and file has the prefix `backorderctl_`, so that a database with tables called `products` keeps them.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from io import StringIO
from typing import Any, NamedTuple

from backorderctl.bulk.policy_tables import PolicyTables, SqlTable, reserved_table, sql_tables
from backorderctl.bulk.sql_text import Reading, known_source, statements
from backorderctl.rows.delimited import csv_writer
from backorderctl.store.scalars import format_quantity


class Dialect(StrEnum):
    """The databases for which the files are written."""

    DUCKDB = "duckdb"
    SPARK = "spark"
    POSTGRES = "postgres"
    MYSQL = "mysql"


class _Words(NamedTuple):
    """How a dialect makes a table of a query, calls the types, lowers a {name}, and loads a CSV file."""

    create_as: str
    text: str
    number: str
    lowered: str
    load: str
    begin: str


_MYSQL_LOAD = """LOAD DATA LOCAL INFILE '{name}.csv' INTO TABLE {name} CHARACTER SET utf8mb4
  FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"' ESCAPED BY '' LINES TERMINATED BY '\\n' IGNORE 1 LINES
  ({variables}) SET {nulls};"""
WORDS: Mapping[Dialect, _Words] = {
    Dialect.DUCKDB: _Words(
        "CREATE OR REPLACE TABLE {name} AS",
        "VARCHAR",
        "DECIMAL(12, 4)",
        "LOWER(REPLACE({name}, CHR(304), CHR(57344)))",
        # Left to guess, DuckDB would look for the delimiter and the quotes in whatever the SKUs are.
        """COPY {name} FROM '{name}.csv' (AUTO_DETECT false, HEADER true, DELIMITER ',', QUOTE '"', ESCAPE '"');""",
        "In this folder: duckdb shop.duckdb -f tables.sql -f answers.sql",
    ),
    Dialect.SPARK: _Words(
        "CREATE OR REPLACE TEMPORARY VIEW {name} AS",
        "STRING",
        "DECIMAL(12, 4)",
        "LOWER(REPLACE(REPLACE({name}, '\\u03A3', '\\u03C3'), '\\u0130', '\\uE000'))",
        "",
        "In one session, from this folder: spark-sql -i tables.sql -f answers.sql",
    ),
    Dialect.POSTGRES: _Words(
        "DROP TABLE IF EXISTS {name};\nCREATE TABLE {name} AS",
        # The smallest spelling is so by its code points; what a database sorts by may be anything.
        'TEXT COLLATE "C"',
        "NUMERIC(12, 4)",
        'LOWER(REPLACE(REPLACE({name}, CHR(931), CHR(963)), CHR(304), CHR(57344)) COLLATE "und-x-icu")',
        "\\copy {name} FROM '{name}.csv' WITH (FORMAT csv, HEADER true)",
        "In this folder: psql -f tables.sql -f answers.sql",
    ),
    Dialect.MYSQL: _Words(
        "DROP TABLE IF EXISTS {name};\nCREATE TABLE {name} AS",
        # By other collations two SKUs that differ in an accent alone are one, by which joins would find too much.
        "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "DECIMAL(12, 4)",
        "LOWER(REPLACE({name}, _utf8mb4 X'C4B0', _utf8mb4 X'EE8080'))",
        _MYSQL_LOAD,
        "In this folder: mysql --local-infile shop < tables.sql; mysql shop < answers.sql",
    ),
}
_QUANTITIES = SqlTable(
    "backorderctl_quantities",
    (("source_code", "text"), ("sku", "text"), ("quantity", "DECIMAL(12, 4)"), ("status", "INTEGER")),
    (),
)
"""The table that the reader fills."""
_SPELLINGS = "(SELECT sku FROM backorderctl_quantities UNION SELECT sku FROM backorderctl_reservations)"
_ROWS = """(
    SELECT DISTINCT
        COALESCE(n.name, q.sku) AS sku,
        {source} AS source_code,
        CASE WHEN n.sku IS NULL OR n.name IS NOT NULL THEN q.quantity END AS quantity,
        q.status AS status
    FROM backorderctl_quantities q
    LEFT JOIN backorderctl_names n ON n.sku = q.sku
)"""
_RESERVATIONS = """(
    SELECT COALESCE(n.name, e.sku) AS sku, e.stock AS stock, SUM(e.reserved) AS reserved
    FROM backorderctl_reservations e
    LEFT JOIN backorderctl_names n ON n.sku = e.sku
    GROUP BY COALESCE(n.name, e.sku), e.stock
)"""


def sql_files(tables: PolicyTables, dialect: Dialect) -> dict[str, str]:
    """The files by their names: `tables.sql` makes and loads the tables, of which each is a CSV file; `answers.sql`."""
    words = WORDS[dialect]
    rows = _ROWS.format(source=known_source("q.source_code", tables.sources))
    reading = Reading(rows, _RESERVATIONS, _SPELLINGS, words.lowered, marks_respelled=False)
    text = statements(tables, reading, comments=True)
    begin = f"-- {words.begin}\n"
    answers = [
        "-- backorderctl_answers has the rows of `product list`, backorderctl_totals what they are made of.\n"
        "-- Where `refused` is 1, a row has a bad cell or an unknown source, or two rows about one source differ.",
        f"{words.create_as.format(name='backorderctl_names')}\n{text.names};",
        f"{words.create_as.format(name='backorderctl_totals')}\n{text.totals};",
        *(["CACHE TABLE backorderctl_totals;"] if dialect is Dialect.SPARK else []),
        f"{words.create_as.format(name='backorderctl_answers')}\n{text.answers};",
    ]
    loaded = [
        table._replace(name=f"backorderctl_{table.name}") for table in (*sql_tables(tables), reserved_table(tables))
    ]
    return {
        "tables.sql": begin + "\n\n".join(_made(loaded, dialect)) + "\n",
        "answers.sql": begin + "\n\n".join(answers) + "\n",
        **{f"{table.name}.csv": _csv(table) for table in loaded},
    }


def _made(tables: list[SqlTable], dialect: Dialect) -> Iterator[str]:
    words = WORDS[dialect]
    for table in tables:
        columns = ", ".join(f"{name} {_type(kind, words)}" for name, kind in table.columns)
        if table.name == "backorderctl_reservations":
            yield "-- What the store file reserves. Where your database knows better, put its rows in place of these."
        if dialect is Dialect.SPARK:
            options = (
                f"path '{table.name}.csv', header 'true', quote '\"', escape '\"', multiLine 'true', lineSep '\\n'"
            )
            yield f"CREATE OR REPLACE TEMPORARY VIEW {table.name} ({columns})\n  USING csv OPTIONS ({options});"
        else:
            yield f"DROP TABLE IF EXISTS {table.name};\nCREATE TABLE {table.name} ({columns});"
            yield _load(table, words)
    columns = ", ".join(f"{name} {_type(kind, words)}" for name, kind in _QUANTITIES.columns)
    yield "-- Yours to fill: a row for each source item. `status` is 1 where it is in stock, else 0."
    made = f"CREATE TABLE IF NOT EXISTS {_QUANTITIES.name} ({columns});"
    yield made if dialect is not Dialect.SPARK else f"-- {_QUANTITIES.name} ({columns}): a table or view of that name"


def _load(table: SqlTable, words: _Words) -> str:
    names = [name for name, _ in table.columns]
    variables = ", ".join(f"@{name}" for name in names)
    nulls = ", ".join(f"{name} = NULLIF(@{name}, '')" for name in names)
    return words.load.format(name=table.name, variables=variables, nulls=nulls)


def _type(kind: str, words: _Words) -> str:
    if kind == "text" or kind.startswith("VARCHAR"):
        return words.text
    return words.number if kind == "DECIMAL(12, 4)" else kind.replace("DECIMAL", words.number.partition("(")[0])


def _csv(table: SqlTable) -> str:
    """The rows of a table as CSV; None is an empty cell."""
    out = StringIO()
    writer = csv_writer(out)
    writer.writerow([column for column, _ in table.columns])
    writer.writerows([_cell(value) for value in row] for row in table.rows)
    return out.getvalue()


def _cell(value: Any) -> Any:
    return format_quantity(value) if isinstance(value, Decimal) else value
