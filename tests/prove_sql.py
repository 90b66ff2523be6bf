"""The proof that the files of `export sql` give the evaluator's answers in the databases they are written for.

`python tests/prove_sql.py duckdb|spark|postgres|mysql...` runs them there: PostgreSQL and MariaDB are started in a
folder of their own, from the programs that Debian's postgresql and mariadb-server install. `magento` runs the queries
of docs/quantities.md on tables as Magento's db_schema.xml defines them.
"""

import contextlib
import csv
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from conftest import EXAMPLES
from pages import block
from prove_engines import output
from quantity_files import COLUMNS, DAY, answers, write_case

from backorderctl.cli import main

STORES, PRODUCTS = 8, 300
PROGRAMS = {
    "duckdb": ("",),
    "postgres": ("/usr/lib/postgresql/*/bin/initdb", "/usr/lib/postgresql/*/bin/psql"),
    "mysql": ("/usr/sbin/mariadbd", "/usr/bin/mariadb"),
}
"""What has to be there, from Debian's packages."""
QUERY = f"SELECT {COLUMNS.replace(',', ', ')} FROM backorderctl_answers"
IN_STOCK = ("1", "in_stock")
Rows = list[tuple[Any, ...]]


def prove(dialect: str) -> int:
    """So many answers have been compared; AssertionError where one is another."""
    with DATABASES[dialect]() as database:
        return compare(dialect, database, STORES, PRODUCTS)


def compare(dialect: str, database: "Database", stores: int, products: int) -> int:
    """The same of so many random stores, in a database that is running."""
    compared = 0
    with tempfile.TemporaryDirectory() as scratch:
        for seed in range(stores):
            folder = Path(scratch) / str(seed)
            folder.mkdir()
            Path(scratch).chmod(0o755)
            write_case(folder, seed, products)
            files = [str(folder / name) for name in ("store.toml", "quantities.csv", "reserved.csv")]
            words = ["-f", files[0], "--at", DAY, "-q"]
            assert main(["export", "sql", "--dialect", dialect, "--to", str(folder / "sql"), *words]) == 0
            folder.chmod(0o755)
            (folder / "sql").chmod(0o755)
            quantities = [(row["source_code"], row["sku"], plain(row["quantity"]), flag(row)) for row in rows(files[1])]
            reserved = [(row["sku"], row["stock"], plain(row["reserved"])) for row in rows(files[2])]
            found = database.run(folder / "sql", quantities, reserved)
            listed = ["product", "list", "--quantities", files[1], "--reserved", files[2], "--allow-missing"]
            expected = answers(output([*listed, *words, "-o", "csv"]))
            assert sorted(map(cells, found)) == expected, seed
            compared += len(expected)
    return compared


def rows(path: str) -> Iterator[dict[str, str]]:
    import gzip

    content = Path(path).read_bytes()
    text = (gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content).decode()
    dialect = max(",;\t", key=text.partition("\n")[0].count)
    yield from csv.DictReader(text.splitlines(), delimiter=dialect)


def plain(number: str) -> str:
    return f"{Decimal(number):.4f}"


def flag(row: dict[str, str]) -> str:
    return "1" if row["status"] in IN_STOCK else "0"


def cells(row: tuple[Any, ...]) -> list[str]:
    """An answer as `product list -o csv` writes it, whichever way a database gives it."""
    found = dict(zip(COLUMNS.split(","), row, strict=True))
    unlimited = str(found["unlimited"]).lower() in ("true", "t", "1")
    for name, value in found.items():
        if name in ("unlimited", "low_stock"):
            found[name] = "true" if str(value).lower() in ("true", "t", "1") else "false"
        elif name in ("backorderable", "salable") and unlimited:
            found[name] = "unlimited"
        elif value in (None, "", "NULL", "\\N"):
            found[name] = ""
        elif name in ("quantity", "reserved", "on_hand", "backorderable", "salable", "only_x_left"):
            found[name] = format(Decimal(str(value)).normalize() + 0, "f")
    return [str(value) for value in found.values()]


class Database(NamedTuple):
    """A database that is running: `run` takes the files of a folder, quantities and reservations, and gives answers."""

    run: Callable[[Path, Any, Any], Rows]
    execute: Callable[[str], str]


@contextlib.contextmanager
def duckdb() -> Iterator[Database]:
    import duckdb as engine

    database = engine.connect()

    def run(folder: Path, quantities: Any, reserved: Any) -> Rows:
        with contextlib.chdir(folder):
            database.execute("DROP TABLE IF EXISTS backorderctl_quantities")
            database.execute(Path("tables.sql").read_text(encoding="utf-8"))
            database.execute("DELETE FROM backorderctl_reservations")
            database.executemany("INSERT INTO backorderctl_quantities VALUES (?, ?, ?, ?)", quantities)
            database.executemany("INSERT INTO backorderctl_reservations VALUES (?, ?, ?)", reserved)
            database.execute(Path("answers.sql").read_text(encoding="utf-8"))
            found: Rows = database.execute(QUERY).fetchall()
            return found

    def execute(statements: str) -> str:
        return "".join(f"{value}\n" for (value,) in database.execute(statements).fetchall())

    yield Database(run, execute)
    database.close()


@contextlib.contextmanager
def spark() -> Iterator[Database]:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.shuffle.partitions", "2").getOrCreate()
    session.sparkContext.setLogLevel("OFF")

    def run(folder: Path, quantities: Any, reserved: Any) -> Rows:
        items = [(source, sku, Decimal(units), int(status)) for source, sku, units, status in quantities]
        held = [(sku, stock, Decimal(units)) for sku, stock, units in reserved]
        schema = "source_code STRING, sku STRING, quantity DECIMAL(12, 4), status INT"
        session.createDataFrame(items, schema).createOrReplaceTempView("backorderctl_quantities")
        schema = "sku STRING, stock STRING, reserved DECIMAL(18, 4)"
        for name in ("tables.sql", "answers.sql"):
            if name == "answers.sql":
                session.createDataFrame(held, schema).createOrReplaceTempView("backorderctl_reservations")
            text = (folder / name).read_text(encoding="utf-8").replace("path '", f"path '{folder}/")
            for statement in text.split(";\n"):
                if [line for line in statement.splitlines() if line.strip() and not line.startswith("--")]:
                    session.sql(statement)
        return [tuple(row) for row in session.sql(QUERY).collect()]

    yield Database(run, lambda query: "".join(f"{row[0]}\n" for row in session.sql(query).collect()))
    session.stop()


@contextlib.contextmanager
def postgres() -> Iterator[Database]:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    data = tempfile.mkdtemp(dir="/tmp")
    os.chmod(data, 0o777)  # noqa: PTH101
    user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []

    def command(*words: str, folder: Path | None = None, stdin: str = "") -> str:
        ran = subprocess.run(
            [*user, *words], input=stdin, capture_output=True, text=True, check=False, cwd=folder or "/"
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    command(str(programs / "initdb"), "-D", f"{data}/db", "-E", "UTF8", "--locale=C.UTF-8", "-A", "trust")
    options = f"-k {data} -c listen_addresses='' -c fsync=off"
    command(str(programs / "pg_ctl"), "-D", f"{data}/db", "-o", options, "-l", f"{data}/log", "-w", "start")
    psql = [str(programs / "psql"), "-h", data, "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-q"]

    def run(folder: Path, quantities: Any, reserved: Any) -> Rows:
        command(*psql, "-c", "DROP TABLE IF EXISTS backorderctl_quantities")
        command(*psql, "-f", "tables.sql", folder=folder)
        command(*psql, "-c", "DELETE FROM backorderctl_reservations")
        command(*psql, "-c", "\\copy backorderctl_quantities FROM STDIN WITH (FORMAT csv)", stdin=as_csv(quantities))
        command(*psql, "-c", "\\copy backorderctl_reservations FROM STDIN WITH (FORMAT csv)", stdin=as_csv(reserved))
        command(*psql, "-f", "answers.sql", folder=folder)
        return [tuple(row) for row in csv.reader(command(*psql, "--csv", "-t", "-c", QUERY).splitlines())]

    try:
        yield Database(run, lambda statements: command(*psql, "--csv", "-t", stdin=statements))
    finally:
        command(str(programs / "pg_ctl"), "-D", f"{data}/db", "-m", "immediate", "stop")
        subprocess.run(["rm", "-rf", data], check=True)


Client = Callable[..., str]


@contextlib.contextmanager
def mysql() -> Iterator[Database]:
    with mariadb() as command:
        command("CREATE DATABASE shop")

        def run(folder: Path, quantities: Any, reserved: Any) -> Rows:
            command("DROP TABLE IF EXISTS backorderctl_quantities", "shop")
            command((folder / "tables.sql").read_text(encoding="utf-8"), "shop", folder=folder)
            command("DELETE FROM backorderctl_reservations", "shop")
            for name, found in (("backorderctl_quantities", quantities), ("backorderctl_reservations", reserved)):
                (folder / f"live_{name}.csv").write_text(as_csv(found), encoding="utf-8")
                command(
                    f"LOAD DATA LOCAL INFILE 'live_{name}.csv' INTO TABLE {name} CHARACTER SET utf8mb4 "
                    "FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '' LINES TERMINATED BY '\\n'",
                    "shop",
                    folder=folder,
                )
            command((folder / "answers.sql").read_text(encoding="utf-8"), "shop")
            lines = command(QUERY, "shop", "--batch", "--raw", "--skip-column-names").splitlines()
            return [tuple(line.split("\t")) for line in lines]

        words = ("shop", "--batch", "--raw", "--skip-column-names")
        yield Database(run, lambda statements: command(statements, *words))


@contextlib.contextmanager
def mariadb() -> Iterator[Client]:
    """A client of a server that lives as long as the block."""
    data = tempfile.mkdtemp(dir="/tmp")
    os.chmod(data, 0o777)  # noqa: PTH101
    user = ["--user=mysql"] if os.getuid() == 0 else []
    install = ["mariadb-install-db", *user, f"--datadir={data}/db", "--auth-root-authentication-method=normal"]
    subprocess.run([*install, "--skip-test-db"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    options = [f"--datadir={data}/db", f"--socket={data}/socket", "--skip-networking", "--local-infile=1"]
    client = ["mariadb", "-uroot", f"--socket={data}/socket", "--local-infile=1", "--default-character-set=utf8mb4"]

    def command(statements: str, *words: str, folder: Path | None = None) -> str:
        ran = subprocess.run(
            [*client, *words], input=statements, capture_output=True, text=True, check=False, cwd=folder or "/"
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    server = ["mariadbd", *user, *options]
    with subprocess.Popen(server, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(300):
                if subprocess.run([*client, "-e", "SELECT 1"], capture_output=True, check=False).returncode == 0:
                    break
                time.sleep(0.2)
            yield command
        finally:
            process.terminate()
            process.wait()
            subprocess.run(["rm", "-rf", data], check=True)


MAGENTO = """
CREATE TABLE inventory_source_item (
  source_item_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, source_code VARCHAR(255) NOT NULL,
  sku VARCHAR(64) NOT NULL, quantity DECIMAL(12,4) NOT NULL DEFAULT 0, status SMALLINT UNSIGNED NOT NULL DEFAULT 0,
  UNIQUE (source_code, sku)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
CREATE TABLE inventory_reservation (
  reservation_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, stock_id INT UNSIGNED NOT NULL,
  sku VARCHAR(64) NOT NULL, quantity DECIMAL(10,4) NOT NULL DEFAULT 0, metadata VARCHAR(255) NULL,
  KEY (stock_id, sku, quantity)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
INSERT INTO inventory_source_item (source_code, sku, quantity, status) VALUES
  ('main', '24-MB01', 25, 1), ('main', 'back\\\\slash "quoted", Größe', -3.5, 1), ('main', 'off', 4, 0),
  ('main', '"TV" 24', 2, 1);
INSERT INTO inventory_reservation (stock_id, sku, quantity, metadata) VALUES
  (1, '24-MB01', -5, '{"event_type":"order_placed"}'), (1, '24-MB01', 2, '{"event_type":"order_canceled"}'),
  (1, 'off', -1, NULL), (1, 'off', 1, NULL);
"""


def prove_magento() -> None:
    """The queries of docs/quantities.md make files that `product list` reads; AssertionError where they do not."""
    queries = re.findall(r"<<'SQL'.*?\n(.*?)\nSQL", block("docs/quantities.md", "magento queries"), re.DOTALL)
    with tempfile.TemporaryDirectory() as scratch, mariadb() as command:
        command("CREATE DATABASE magento")
        command(MAGENTO, "magento")
        words = ["product", "list", "-f", str(EXAMPLES / "store.toml"), "-q", "-o", "csv"]
        for option, query in zip(("--quantities", "--reserved"), queries, strict=True):
            path = Path(scratch) / f"{option}.tsv"
            path.write_text(command(query, "magento", "--batch", "--raw", "--quick"), encoding="utf-8")
            words += [option, str(path)]
        assert [row[:1] + row[2:6] for row in answers(output(words))] == [
            ['"TV" 24', "in_stock", "", "2", "0"],
            ["24-MB01", "in_stock", "", "25", "3"],
            ['back\\slash "quoted", Größe', "backorder", "", "-3.5", "0"],
            ["off", "out_of_stock", "no_source_in_stock", "0", "0"],
        ]


def as_csv(found: Any) -> str:
    import io

    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(found)
    return out.getvalue()


DATABASES: dict[str, Callable[[], contextlib.AbstractContextManager[Database]]] = {
    "duckdb": duckdb,
    "spark": spark,
    "postgres": postgres,
    "mysql": mysql,
}

if __name__ == "__main__":
    for chosen in sys.argv[1:] or [*DATABASES, "magento"]:
        if chosen == "magento":
            prove_magento()
            print("the queries of docs/quantities.md give files that are read")
        else:
            print(f"export sql --dialect {chosen}: {prove(chosen):,} answers agree")
