"""The SQL text and the policy tables as files, for people who run them in a database or scheduler of their own."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from backorderctl.bulk.policy_tables import PolicyTables
from backorderctl.bulk.sql_text import statements
from backorderctl.bulk.table_files import SqlTable, sql_tables


class Dialect(StrEnum):
    """The databases for which the files are written."""

    DUCKDB = "duckdb"
    SPARK = "spark"
    POSTGRES = "postgres"
    MYSQL = "mysql"


class _Words(NamedTuple):
    """How a dialect makes a table of a query, calls the types, and loads a CSV file."""

    create_as: str
    text: str
    number: str
    load: str
    begin: str


_MYSQL_LOAD = """LOAD DATA LOCAL INFILE '{name}.csv' INTO TABLE {name} CHARACTER SET utf8mb4
  FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"' ESCAPED BY '' LINES TERMINATED BY '\\n' IGNORE 1 LINES
  ({variables}) SET {nulls};"""
_WORDS: Mapping[Dialect, _Words] = {
    Dialect.DUCKDB: _Words(
        "CREATE OR REPLACE TABLE {name} AS",
        "VARCHAR",
        "DECIMAL(12, 4)",
        # Left to guess, DuckDB would look for the delimiter and the quotes in whatever the SKUs are.
        """COPY {name} FROM '{name}.csv' (AUTO_DETECT false, HEADER true, DELIMITER ',', QUOTE '"', ESCAPE '"');""",
        "In this folder: duckdb shop.duckdb -f tables.sql -f answers.sql",
    ),
    Dialect.SPARK: _Words(
        "CREATE OR REPLACE TEMPORARY VIEW {name} AS",
        "STRING",
        "DECIMAL(12, 4)",
        "",
        "In one session, from this folder: spark-sql -i tables.sql -f answers.sql",
    ),
    Dialect.POSTGRES: _Words(
        "DROP TABLE IF EXISTS {name};\nCREATE TABLE {name} AS",
        "TEXT",
        "NUMERIC(12, 4)",
        "\\copy {name} FROM '{name}.csv' WITH (FORMAT csv, HEADER true)",
        "In this folder: psql -f tables.sql -f answers.sql",
    ),
    Dialect.MYSQL: _Words(
        "DROP TABLE IF EXISTS {name};\nCREATE TABLE {name} AS",
        # By other collations two SKUs that differ in case alone are one, by which joins would find too much.
        "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "DECIMAL(12, 4)",
        _MYSQL_LOAD,
        "In this folder: mysql --local-infile shop < tables.sql; mysql shop < answers.sql",
    ),
}
_ROWS = (
    SqlTable(
        "quantities",
        (("source_code", "text"), ("sku", "text"), ("quantity", "DECIMAL(12, 4)"), ("status", "INTEGER")),
        (),
    ),
    SqlTable("reservations", (("sku", "text"), ("stock", "text"), ("reserved", "DECIMAL(18, 4)")), ()),
)
"""The tables that the reader fills."""


def sql_files(tables: PolicyTables, dialect: Dialect) -> dict[str, str]:
    """The files `tables.sql`, which makes and loads the policy tables, and `answers.sql`, by their names."""
    words = _WORDS[dialect]
    text = statements(tables, comments=True)
    begin = f"-- {words.begin}\n"
    answers = [
        "-- The table `answers` has the rows of `product list`, the table `totals` what they are made of.\n"
        "-- Where `refused` is 1, a row has a bad cell or an unknown source, or two rows are about one source.",
        f"{words.create_as.format(name='totals')}\n{text.totals};",
        *(["CACHE TABLE totals;"] if dialect is Dialect.SPARK else []),
        f"{words.create_as.format(name='answers')}\n{text.answers};",
    ]
    return {
        "tables.sql": begin + "\n\n".join(_made(tables, dialect)) + "\n",
        "answers.sql": begin + "\n\n".join(answers) + "\n",
    }


def _made(tables: PolicyTables, dialect: Dialect) -> Iterator[str]:
    words = _WORDS[dialect]
    for table in sql_tables(tables):
        columns = ", ".join(f"{name} {_type(kind, words)}" for name, kind in table.columns)
        if dialect is Dialect.SPARK:
            options = (
                f"path '{table.name}.csv', header 'true', quote '\"', escape '\"', multiLine 'true', lineSep '\\n'"
            )
            yield f"CREATE OR REPLACE TEMPORARY VIEW {table.name} ({columns})\n  USING csv OPTIONS ({options});"
        else:
            yield f"DROP TABLE IF EXISTS {table.name};\nCREATE TABLE {table.name} ({columns});"
            yield _load(table, words)
    yield "-- Yours to fill: a row for each source item (1: in stock), and each product and stock with reservations."
    for table in _ROWS:
        columns = ", ".join(f"{name} {_type(kind, words)}" for name, kind in table.columns)
        made = f"CREATE TABLE IF NOT EXISTS {table.name} ({columns});"
        yield made if dialect is not Dialect.SPARK else f"-- {table.name} ({columns}): a table or view of that name"


def _load(table: SqlTable, words: _Words) -> str:
    names = [name for name, _ in table.columns]
    variables = ", ".join(f"@{name}" for name in names)
    nulls = ", ".join(f"{name} = NULLIF(@{name}, '')" for name in names)
    return words.load.format(name=table.name, variables=variables, nulls=nulls)


def _type(kind: str, words: _Words) -> str:
    if kind == "text" or kind.startswith("VARCHAR"):
        return words.text
    return words.number if kind == "DECIMAL(12, 4)" else kind
