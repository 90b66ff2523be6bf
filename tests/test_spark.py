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
    assert (ran.status, ran.out, ran.err) == (2, "", slow.err.replace("REJECTS.csv", "FOLDER"))
    assert not list(folder.glob("answers*"))


REFUSED = {
    "floats": "live.parquet: column 'quantity': expected text, decimals or whole numbers, got float\n",
    "a pair in two files": "live.csv:4: record 3: 'B' at main: expected one row, got several\n"
    "Error: more.csv:2: record 1: 'B' at main: expected one row, got several\n"
    "Error: 2 of 5 rows are refused\nHint: --skip-bad FOLDER\n",
    "no row of a source": "live.csv: expected rows of every source, got none of lyon (1 in the store file)\n"
    "Hint: --allow-missing\n",
    "an empty file": "live.csv: expected rows, got none\n",
}


@pytest.mark.parametrize(("name", "said"), REFUSED.items(), ids=REFUSED)
def test_what_cannot_be_answered_is_refused(runs: Runs, name: str, said: str) -> None:
    folder, ran = runs[name]
    assert (ran.status, ran.out, ran.err) == (2, "", f"Error: {said}")
    assert not list(folder.glob("answers*"))


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
