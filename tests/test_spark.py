"""`evaluate --engine spark` on a real Spark, in a session of this machine and behind Spark Connect: the same answers.

Without PySpark and Java these tests are skipped; `.ci/run` installs both, and fails if they are skipped there.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Ran, Run
from quantity_files import BAD_ROWS, COLUMNS, DAY, HEAD, LIVE, STORE, answers, write_case
from spark_runs import Command, run_all, run_and_kill

duckdb = pytest.importorskip("duckdb")
pytest.importorskip("pyspark")
if shutil.which("java") is None:
    pytest.skip("needs Java 17", allow_module_level=True)

TO_CSV = ("--to", "answers.csv", "-q")
RANDOM = ("--reserved", "reserved.csv", "--at", DAY, "--allow-missing", "-q")
HELD = "sku,quantity,stock_id\nA,-3.5,1\nA,1,1\nB,-60,1\nB,0,1\nnobody,-1,1\n"
ITEM = "[products.A.sources.lyon]\nquantity = 1\nstatus = 'out_of_stock'\n"
PARQUET = "COPY (SELECT source_code, sku, CAST(quantity AS {type}) AS quantity, status FROM '{live}') TO '{to}'"
COMMANDS = {
    "random": ("quantities.csv", *RANDOM, "--to", "answers.csv", "--summary", "-o", "json"),
    "reservations": ("live.csv", "--reserved", "held.csv", *TO_CSV),
    "no status": ("live.csv", "--allow-missing", *TO_CSV),
    "decimals": ("live.parquet", *TO_CSV),
    "doubles": ("live.parquet", *TO_CSV),
    "floats": ("live.parquet", *TO_CSV),
    "bad rows": ("live.csv", "--to", "answers.csv"),
    "bad rows left out": ("live.csv", "--skip-bad", "rejects", "--to", "answers.csv"),
    "a pair in two files": ("*.csv", "--summary"),
    "no row of a source": ("live.csv", "--summary"),
    "an empty file": ("live.csv", "--summary"),
    "a Parquet file": ("live.csv", "--to", "answers.parquet"),
    "a folder": ("live.csv", "--to", "answers"),
    "the name of a pattern [1]": ("live[1].csv", "--reserved", "held[1].parquet", "--to", "out [1]"),
    "a SKU in half quotes": ("live.csv", "--to", "answers.csv"),
    "a record on two lines": ("live.csv", "--to", "answers.csv"),
    "SKUs as floats": ("live.parquet", "--to", "answers.csv"),
    "no stock": ("live.csv", "--reserved", "held.csv", "--to", "answers.csv"),
    "reserved twice": ("live.csv", "--reserved", "held.csv", "--skip-bad", "rejects", "--to", "answers.csv"),
    "no row but refused ones": ("live.csv", "--skip-bad", "rejects", "--to", "answers.csv"),
    "an empty part": ("in", "--to", "answers.csv"),
    "no such store": ("s3a://lake/live.csv", "--summary"),
}
"""What is run, each in a folder of its name: below a blank, and by relative paths."""
Runs = dict[str, tuple[Path, Ran]]


@pytest.fixture(scope="module", params=["spark", "connect"])
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """What each command line gave on an engine, and its folder."""
    root = tmp_path_factory.mktemp("on spark")
    commands = []
    for name, words in COMMANDS.items():
        folder = root / name
        folder.mkdir()
        (folder / "store.toml").write_text(STORE)
        (folder / "live.csv").write_text(LIVE)
        if name in PREPARED:
            PREPARED[name](folder)
        commands.append(Command(folder, ["evaluate", *words]))
    return {
        command.folder.name: (command.folder, ran)
        for command, ran in zip(commands, run_all(request.param, commands), strict=True)
    }


def _random(folder: Path) -> None:
    write_case(folder, 1, 300, packed=False)


def _parquet(kind: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        duckdb.execute(PARQUET.format(type=kind, live=folder / "live.csv", to=folder / "live.parquet"))

    return write


def _bad(folder: Path) -> None:
    (folder / "live.csv").write_text(LIVE + "".join(f"{row}\n" for row in BAD_ROWS.values()), encoding="utf-8")


def _item(folder: Path) -> None:
    (folder / "store.toml").write_text(STORE + ITEM)
    (folder / "live.csv").write_text("sku;source_code;quantity\nA;main;7\n")


def _pattern(folder: Path) -> None:
    (folder / "live.csv").rename(folder / "live[1].csv")
    (folder / "live1.csv").write_text(HEAD + "main,WRONG,1,1\n")
    for name, sku in (("held1", "B"), ("held[1]", "A")):
        duckdb.execute(f"COPY (SELECT '{sku}' AS sku, 2 AS reserved) TO '{folder}/{name}.parquet'")


def _two_stocks(folder: Path) -> None:
    (folder / "store.toml").write_text(STORE + "[stocks.eu]\nsources = ['main']\n[stocks.us]\nsources = ['lyon']\n")
    (folder / "held.csv").write_text("sku,reserved\nA,1\n")


def _empty_part(folder: Path) -> None:
    (folder / "in").mkdir()
    (folder / "in" / "a.csv").write_text(LIVE)
    (folder / "in" / "b.csv").write_text(HEAD)


def _no_status(folder: Path) -> None:
    (folder / "store.toml").write_text(STORE + ITEM)
    (folder / "live.csv").write_text("sku;source_code;quantity\nA;main;7\nA;lyon;1\n")


PREPARED: dict[str, Callable[[Path], object]] = {
    "random": _random,
    "reservations": lambda folder: (folder / "held.csv").write_text(HELD),
    "no status": _no_status,
    "decimals": _parquet("DECIMAL(20, 6)"),
    "doubles": _parquet("DOUBLE"),
    "floats": _parquet("FLOAT"),
    "bad rows": _bad,
    "bad rows left out": _bad,
    "a pair in two files": lambda folder: (folder / "more.csv").write_text("sku;source_code;quantity\nB;main;1\n"),
    "the name of a pattern [1]": _pattern,
    "a SKU in half quotes": lambda folder: (folder / "live.csv").write_text(LIVE + 'main,"TV" 24,1,1\n'),
    "a record on two lines": lambda folder: (folder / "live.csv").write_text(LIVE + 'main,"T\nV",1,1\n'),
    "SKUs as floats": lambda folder: duckdb.execute(
        f"COPY (SELECT 'main' AS source_code, 7.5::DOUBLE AS sku, 1 AS quantity) TO '{folder}/live.parquet'"
    ),
    "no stock": _two_stocks,
    "reserved twice": lambda folder: (folder / "held.csv").write_text(
        "sku,reserved\nA,1\nA,2\nB,1\ngone,x\nnobody,3\n"
    ),
    "no row but refused ones": lambda folder: (folder / "live.csv").write_text(HEAD + "main,A,x,1\n"),
    "an empty part": _empty_part,
    "no row of a source": _item,
    "an empty file": lambda folder: (folder / "live.csv").write_text(HEAD),
}


@pytest.fixture
def listed(run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[list[str]]]:
    """Gives the answers of `product list` in a folder."""

    def rows(folder: Path, *words: str) -> list[list[str]]:
        monkeypatch.chdir(folder)
        return answers(run("product", "list", "--quantities", *words, "-o", "csv").out)

    return rows


def test_random_stores_have_the_answers_and_totals_of_the_evaluator(
    runs: Runs, listed: Callable[..., list[list[str]]], run: Run
) -> None:
    folder, ran = runs["random"]
    assert (ran.status, ran.err) == (0, "")
    assert answers((folder / "answers.csv").read_text(encoding="utf-8")) == listed(folder, "quantities.csv", *RANDOM)
    report = json.loads(run("report", "--quantities", "quantities.csv", *RANDOM, "-o", "json").out)
    assert json.loads(ran.out)["stocks"] == report["stocks"]


@pytest.mark.parametrize(
    ("name", "words"),
    {
        "reservations": ("live.csv", "--reserved", "held.csv"),
        "no status": ("live.csv", "--allow-missing"),
        "decimals": ("live.csv",),
        "doubles": ("live.csv",),
        "bad rows left out": ("live.csv", "--skip-bad", "rejects.csv"),
        "reserved twice": ("live.csv", "--reserved", "held.csv", "--skip-bad", "r.csv"),
        "an empty part": ("in/a.csv",),
    }.items(),
)
def test_files_have_the_answers_of_the_evaluator(
    runs: Runs, listed: Callable[..., list[list[str]]], name: str, words: tuple[str, ...]
) -> None:
    folder, ran = runs[name]
    assert ran.status == 0, ran.err
    assert answers((folder / "answers.csv").read_text(encoding="utf-8")) == listed(folder, *words)


def test_refused_rows_are_named_as_the_evaluator_names_them(
    runs: Runs, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, ran = runs["bad rows"]
    monkeypatch.chdir(folder)
    slow = run("product", "list", "--quantities", "live.csv")
    assert (ran.status, ran.out, ran.err) == (2, "", slow.err.replace("rejects.csv", "rejects"))
    assert not list(folder.glob("answers*"))


REFUSED = {
    "floats": "live.parquet: column 'quantity': expected text, decimals or whole numbers, got float\n",
    "a pair in two files": "live.csv:4: record 3: 'B' at main: expected one row, got -3, "
    "and 1 in record 1 of more.csv\n"
    "Error: more.csv:2: record 1: 'B' at main: expected one row, got 1, and -3 in record 3 of live.csv\n"
    "Error: 2 of 5 rows are refused\nHint: --skip-bad rejects\n",
    "no row of a source": "live.csv: expected rows of every source, got none of lyon (1 in the store file)\n"
    "Hint: --allow-missing\n",
    "an empty file": "live.csv: expected rows, got none\n",
    "a SKU in half quotes": "live.csv:6: record 5: expected the end of the cell after its closing quote, got more: "
    "a quote inside quotes is written twice\n",
    "a record on two lines": "live.csv: expected what the engine spark can read, too: every record on one line\n",
    "SKUs as floats": "live.parquet: column 'sku': expected text or whole numbers, got double\n",
    "no stock": "held.csv: expected a column 'stock' or 'stock_id', got neither; "
    "the store has several stocks: eu, us\n",
}


@pytest.mark.parametrize(("name", "said"), REFUSED.items(), ids=REFUSED)
def test_what_cannot_be_answered_is_refused(runs: Runs, name: str, said: str) -> None:
    folder, ran = runs[name]
    assert (ran.status, ran.out, ran.err) == (2, "", f"Error: {said}")
    assert not list(folder.glob("answers*"))


def test_files_of_which_all_rows_are_refused_are_no_empty_warehouse(runs: Runs) -> None:
    folder, ran = runs["no row but refused ones"]
    assert ran.status == 2
    assert ran.err.splitlines()[-1] == "Error: live.csv: expected rows that are not refused, got none"
    assert not (folder / "answers.csv").exists()


def test_reservations_of_skus_that_are_nowhere_are_counted(runs: Runs) -> None:
    _, ran = runs["reserved twice"]
    assert ran.err.splitlines()[2] == "held.csv: 5 rows"
    assert "1 SKU with reservations is in no row and not in the store file: left out" in ran.err.splitlines()


def test_files_with_the_name_of_a_pattern_are_read_themselves(
    runs: Runs, listed: Callable[..., list[list[str]]]
) -> None:
    folder, ran = runs["the name of a pattern [1]"]
    assert ran.status == 0, ran.err
    expected = listed(folder, "live[1].csv", "--reserved", "held[1].parquet")
    [[units]] = [row[5:6] for row in expected if row[0] == "A"]
    assert units == "2"
    [part, *_] = (folder / "out [1]").glob("*.parquet")
    with duckdb.connect() as database:
        pattern = str(part.parent / "*.parquet").replace("[", "[[]")
        reserved = database.execute("SELECT sku, reserved FROM read_parquet($1) ORDER BY sku", [pattern]).fetchall()
    assert [(sku, str(units.normalize())) for sku, units in reserved] == [("A", "2"), ("B", "0"), ("gone", "0")]


def test_answers_are_written_as_one_file_or_as_a_folder_of_files(
    runs: Runs, listed: Callable[..., list[list[str]]]
) -> None:
    for name, files in (("a Parquet file", "answers.parquet"), ("a folder", "answers/*.parquet")):
        folder, ran = runs[name]
        assert ran.status == 0, ran.err
        types = dict(row[:2] for row in duckdb.sql(f"DESCRIBE SELECT * FROM '{folder}/{files}'").fetchall())
        assert ",".join(types) == COLUMNS
        assert [types["salable"], types["unlimited"], types["stock"]] == ["DECIMAL(18,4)", "BOOLEAN", "VARCHAR"]
        assert duckdb.sql(f"SELECT COUNT(*) FROM '{folder}/{files}'").fetchall() == [(len(listed(folder, "live.csv")),)]


def test_a_parquet_file_says_which_day_it_is_for(runs: Runs) -> None:
    folder, _ = runs["a Parquet file"]
    values = duckdb.sql(f"SELECT value FROM parquet_kv_metadata('{folder}/answers.parquet')").fetchall()
    assert any(b'"backorderctl.at"' in value for (value,) in values)


def test_a_store_that_this_spark_cannot_read_is_named_in_one_line(runs: Runs) -> None:
    _, ran = runs["no such store"]
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith("Error: Spark: ")
    assert "S3AFileSystem" in ran.err, ran.err


def test_a_spark_that_dies_ends_in_one_line_and_leaves_no_half_file(tmp_path: Path) -> None:
    write_case(tmp_path, 1, 5_000, packed=False)
    ran = run_and_kill(Command(tmp_path, ["evaluate", "quantities.csv", "--allow-missing", "--to", "answers.csv"]))
    assert (ran.status, ran.out) == (2, "")
    # Beside it are the lines that Java and Spark themselves write as they start.
    assert len([line for line in ran.err.splitlines() if line.startswith("Error: Spark: ")]) == 1, ran.err
    assert "Traceback" not in ran.err
    assert not [path for path in tmp_path.iterdir() if "answers" in path.name]
