"""`export sql`: the files for a database of one's own, run in those that are installed."""

import ast
import contextlib
import glob
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLES, Run
from stores import ANY_DAY

from backorderctl.bulk.policy_tables import policy_tables
from backorderctl.bulk.sql_export import WORDS, Dialect
from backorderctl.bulk.sql_text import TEMPLATE, Reading, statements
from backorderctl.store.load import load

prove_sql = pytest.importorskip("prove_sql")


THEIRS = ("products", "quantities", "reservations", "totals", "answers", "stock_policies", "item_policies", "items")
LETTERS = [
    chr(point) for begin, end in ((0x41, 0x250), (0x370, 0x530), (0x1E00, 0x2000)) for point in range(begin, end)
]
"""The Latin, Greek and Cyrillic blocks."""
NOT_LOWERED = {"mysql": "ȠȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿϏϘϴϷϹϺϽϾϿҊӀӅӉӍӶӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮẞỺỼỾ"}
"""Letters that a database may leave as they are, as docs/quantities.md says."""


@pytest.fixture(scope="module", params=prove_sql.PROGRAMS)
def dialect(request: pytest.FixtureRequest) -> str:
    """A dialect whose database can be started here."""
    name = str(request.param)
    if name == "duckdb":
        pytest.importorskip("duckdb")
    elif not all(map(glob.glob, prove_sql.PROGRAMS[name])):
        pytest.skip(f"needs {', '.join(prove_sql.PROGRAMS[name])}")
    return name


@pytest.fixture(scope="module")
def database(dialect: str) -> Iterator[Any]:
    """A database that is running, with tables of other people."""
    with prove_sql.DATABASES[dialect]() as running:
        for name in THEIRS:
            running.execute(f"CREATE TABLE {name} AS SELECT 'mine' AS owner")
        yield running


def test_a_database_gives_the_answers_of_the_evaluator_beside_other_tables(dialect: str, database: Any) -> None:
    assert prove_sql.compare(dialect, database, 2, 40) > 70
    assert [database.execute(f"SELECT owner FROM {name}").strip() for name in THEIRS] == ["mine"] * len(THEIRS)


def test_a_database_lowers_each_letter_as_python_does(dialect: str, database: Any) -> None:
    letters = [letter for letter in LETTERS if letter.isalpha()]
    word = "'" + "".join(f"{letter}." for letter in letters) + "'"
    lowered = database.execute(f"SELECT {WORDS[Dialect(dialect)].lowered.format(name=word)}").strip().split(".")
    expected = [letter.lower() if len(letter.lower()) == 1 else "\ue000" for letter in letters]
    other = [letter for letter, ours, theirs in zip(letters, expected, lowered, strict=False) if ours != theirs]
    assert set(other) <= set(NOT_LOWERED.get(dialect, ""))


def test_no_statement_names_a_table_without_the_prefix(run: Run, store_file: Path, folder: Path) -> None:
    for dialect in Dialect:
        assert run("export", "sql", "--dialect", dialect, "--to", dialect).status == 0
        text = "".join(path.read_text(encoding="utf-8") for path in (folder / dialect).glob("*.sql"))
        made = re.findall(r"(?:TABLE|VIEW|COPY|copy)(?: IF (?:NOT )?EXISTS)? (\w+)", text)
        assert {name for name in made if not name.startswith("backorderctl_")} <= {"AS"}
        assert len(made) > 7


def test_reservations_of_the_store_file_are_loaded(run: Run, store_file: Path, folder: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    store_file.write_text(store_file.read_text() + '\n[products."24-MB01".stocks.default]\nreserved = 2.5\n')
    assert run("export", "sql", "--dialect", "duckdb", "--to", "sql").status == 0
    with contextlib.chdir(folder / "sql"), duckdb.connect() as database:
        database.execute(Path("tables.sql").read_text(encoding="utf-8"))
        database.execute("INSERT INTO backorderctl_quantities VALUES ('main', '24-mb01', 7, 1)")
        database.execute(Path("answers.sql").read_text(encoding="utf-8"))
        [answer] = database.execute("SELECT sku, quantity, reserved FROM backorderctl_answers").fetchall()
        assert [str(value) for value in answer] == ["24-MB01", "7.0000", "2.5000"]


SKUS = ("a\rb", "c\nd", "e\r\nf", '"q" 1', "'s'", "x;y|z", "00123", "#no", "NULL", "back\\slash", "1,5", "tab\tbed")
"""SKUs that CSV cannot have as they are, or that would mislead who guesses how a file is written."""


def test_duckdb_loads_every_sku_as_it_is(run: Run, folder: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    for skus in (*((sku,) for sku in SKUS), SKUS):
        tables = "".join(f"[products.{json.dumps(sku)}]\nbackorders = 'no'\n" for sku in skus)
        (folder / "store.toml").write_text(f"version = 1\n[sources.main]\n{tables}", encoding="utf-8")
        to = f"sql {len(list(folder.iterdir()))}"
        assert run("export", "sql", "--dialect", "duckdb", "--to", to).status == 0
        with contextlib.chdir(folder / to), duckdb.connect() as database:
            database.execute(Path("tables.sql").read_text(encoding="utf-8"))
            assert {sku for (sku,) in database.execute("SELECT sku FROM backorderctl_products").fetchall()} == set(skus)


@pytest.mark.parametrize("dialect", ["duckdb", "spark", "postgres", "mysql"])
def test_the_folder_has_the_text_and_the_policy(run: Run, store_file: Path, folder: Path, dialect: str) -> None:
    ran = run("export", "sql", "--dialect", dialect, "--to", "sql")
    assert (ran.status, ran.err) == (0, "sql: tables.sql, answers.sql and the policy of 1 product\n")
    tables = [f"backorderctl_{name}.csv" for name in ("item_policies", "products", "reservations", "stock_policies")]
    names = ["answers.sql", *tables, "tables.sql"]
    assert sorted(path.name for path in (folder / "sql").iterdir()) == names
    assert (folder / "sql" / "backorderctl_products.csv").read_text() == "sku,policy\n24-MB01,0\n"
    assert (folder / "sql" / "backorderctl_item_policies.csv").read_text() == (
        "policy,stock,source_code,counts,pool,backorders,effective,notify\n0,default,main,1,0,1,-50,10\n"
    )


def test_a_folder_with_files_is_refused(run: Run, store_file: Path) -> None:
    assert run("export", "sql", "--dialect", "spark", "--to", ".").err == (
        "Error: --to .: expected a new or empty folder, got one with files in it\n"
    )
    assert run("export", "sql", "--dialect", "spark", "--to", "sql.csv").err == (
        "Error: --to sql.csv: expected a folder, got the name of a file\n"
    )


@pytest.mark.parametrize("to", ["-", "/dev/full"])
def test_what_is_no_folder_is_refused(run: Run, store_file: Path, to: str) -> None:
    ran = run("export", "sql", "--dialect", "spark", "--to", to)
    assert ran.err.startswith(f"Error: --to {to}: expected a file or folder, there whole or not at all, got ")
    assert (ran.status, Path("-").exists()) == (2, False)


def test_the_text_has_comments_for_each_step_and_no_words_of_one_engine() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    assert [f"-- Step {number}." in text for number in range(1, 8)] == [True] * 7
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
    functions = {name.upper() for name in re.findall(r"\b([A-Za-z_]+)\(", code)}
    assert functions <= {"MIN", "MAX", "SUM", "COUNT", "BIT_OR", "CAST", "COALESCE", "DECIMAL"}


def test_a_text_for_a_store_has_nothing_left_to_fill_in() -> None:
    text = statements(policy_tables(load(str(EXAMPLES / "luma.toml")).on(ANY_DAY)), Reading())
    assert not re.search(r"[{}]", text.names + text.totals + text.answers)


def test_the_engines_know_nothing_of_precedence_and_pools() -> None:
    rules = {"Scope", "BACKORDERS", "THRESHOLD", "levels", "effective_threshold", "takes_backorders", "share_pools"}
    for path in TEMPLATE.parent.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
        attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not (names | attributes) & rules, path.name
