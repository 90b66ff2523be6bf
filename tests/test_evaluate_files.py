"""`evaluate`: the answers for files at any size are those of the evaluator, whichever engine computes them."""

import contextlib
import csv
import gzip
import inspect
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from conftest import Run
from quantity_files import BAD_ROWS, COLUMNS, DAY, HEAD, LIVE, STORE, answers, write_case

from backorderctl.files.git_revision import committed_in

duckdb = pytest.importorskip("duckdb")

CASES, PRODUCTS = 35, 300
"""So many random stores of so many products: more than 10,000 answers and their totals."""


@pytest.fixture
def files(folder: Path) -> Path:
    (folder / "store.toml").write_text(STORE)
    (folder / "live.csv").write_text(LIVE)
    return folder


def test_duckdb_agrees_with_the_evaluator_on_random_stores(run: Run, folder: Path) -> None:
    compared = 0
    for seed in range(CASES):
        write_case(folder, seed, PRODUCTS, held_in_store=seed % 2 == 1)
        words = ("--at", DAY, "--allow-missing", "-q", *(("--reserved", "reserved.csv") if seed % 2 == 0 else ()))
        listed = run("product", "list", "--quantities", "quantities.csv", *words, "-o", "csv")
        ran = run("evaluate", "quantities.csv", *words, "--to", "answers.csv", "--summary", "-o", "json")
        assert (listed.status, ran.status, ran.err) == (0, 0, "")
        expected = answers(listed.out)
        assert answers((folder / "answers.csv").read_text(encoding="utf-8")) == expected, seed
        report = json.loads(run("report", "--quantities", "quantities.csv", *words, "-o", "json").out)
        assert json.loads(ran.out)["stocks"] == report["stocks"]
        compared += len(expected)
    assert compared >= CASES * PRODUCTS


def test_answers_are_parquet_with_exact_types_or_csv_as_product_list_writes_it(run: Run, files: Path) -> None:
    listed = answers(run("product", "list", "--quantities", "live.csv", "-o", "csv").out)
    for name in ("answers.csv", "answers.csv.gz", "answers.parquet", "folder"):
        ran = run("evaluate", "live.csv", "--to", name)
        assert (ran.status, ran.out, ran.err) == (
            0,
            "",
            "live.csv: 4 rows\n1 product of the store file without a row\n"
            f"1 SKU not in the store file: without settings of their own\n{name}: 3 answers\n",
        )
    assert answers((files / "answers.csv").read_text()) == listed
    assert answers(gzip.decompress((files / "answers.csv.gz").read_bytes()).decode()) == listed
    for name in ("answers.parquet", "folder/*.parquet"):
        types = dict(row[:2] for row in duckdb.sql(f"DESCRIBE SELECT * FROM '{name}'").fetchall())
        assert ",".join(types) == COLUMNS
        assert [types["salable"], types["unlimited"], types["stock"]] == ["DECIMAL(18,4)", "BOOLEAN", "VARCHAR"]
        rows = duckdb.sql(f"SELECT sku, salable, unlimited FROM '{name}' ORDER BY sku").fetchall()
        assert rows == [("A", Decimal("22.5"), False), ("B", Decimal(47), False), ("gone", Decimal(0), False)]


@pytest.mark.parametrize("kept", [0, 1000], ids=["from the engine", "from the reader"])
@pytest.mark.parametrize("rows", [1, 1000], ids=["in parts", "whole"])
def test_names_in_another_letter_case_are_those_of_the_store_file(
    run: Run, files: Path, monkeypatch: pytest.MonkeyPatch, kept: int, rows: int
) -> None:
    monkeypatch.setattr("backorderctl.bulk.run.MOST_KEPT", kept)
    monkeypatch.setattr("backorderctl.bulk.duckdb.ROWS_A_PASS", rows)
    (files / "live.csv").write_text(HEAD + "MAIN,a,7,1\nlyon,A,5.5,1\nmain,b2,-3,1\nLyon,B2,1,1\nlyon,b2,1,1\n")
    (files / "held.csv").write_text("sku,reserved\na,2\nB2,1\n")
    words = ("live.csv", "--reserved", "held.csv")
    listed = run("product", "list", "--quantities", *words, "-o", "csv")
    ran = run("evaluate", *words, "--to", "answers.csv", "--summary", "-o", "json")
    assert answers((files / "answers.csv").read_text()) == answers(listed.out)
    assert [(row[0], row[4], row[5]) for row in answers(listed.out)] == [
        ("A", "12.5", "2"), ("B2", "-2", "1"), ("gone", "0", "0")
    ]  # fmt: skip
    said = ["4 names in another spelling: 'a' as 'A', ...", "1 row repeated, with the same quantity and status"]
    assert [line for line in ran.err.splitlines() if "spell" in line or "repeated" in line] == said
    assert [line for line in listed.err.splitlines() if "spell" in line or "repeated" in line] == said
    document = json.loads(ran.out)
    assert document["respelled"] == {"count": 4, "first": {"name": "a", "as": "A"}}
    assert (document["repeated"], document["rows"]) == (1, 5)


@pytest.mark.parametrize(
    ("products", "sku", "said"),
    {
        "two of the store file": (("aB", "Ab"), "AB", "sku: expected the spelling of 'aB' or 'Ab', got 'AB'"),
        "one but for its accents": (("Café",), "cafe", "sku: expected 'Café', which Magento takes for the same"),
        "one but for accents of its own": (("cafe",), "CAFÉ", "sku: expected 'cafe', which Magento takes for the same"),
    }.values(),
)  # fmt: skip
@pytest.mark.parametrize("kept", [0, 1000], ids=["from the engine", "from the reader"])
def test_a_name_that_could_be_of_several_products_is_refused(
    run: Run, files: Path, monkeypatch: pytest.MonkeyPatch, products: tuple[str, ...], sku: str, said: str, kept: int
) -> None:
    monkeypatch.setattr("backorderctl.bulk.run.MOST_KEPT", kept)
    (files / "store.toml").write_text(STORE + "".join(f"[products.'{name}']\n" for name in products))
    (files / "live.csv").write_text(LIVE + f"main,{products[0]},4,1\nmain,{sku},5,1\n")
    (files / "held.csv").write_text(f"sku,reserved\n{sku},2\nA,1\n")
    for words in (("live.csv",), ("live.csv", "--reserved", "held.csv")):
        ran = run("evaluate", *words, "--to", "answers.csv")
        assert (ran.status, said in ran.err, (files / "answers.csv").exists()) == (2, True, False)
        assert ran.err == run("product", "list", "--quantities", *words).err.replace("rejects.csv", "rejects")
        listed = run("product", "list", "--quantities", *words, "--skip-bad", "r.csv", "-o", "csv")
        assert run("evaluate", *words, "--to", "answers.csv", "--skip-bad", "rejects").status == 0
        assert answers((files / "answers.csv").read_text()) == answers(listed.out)
        (files / "answers.csv").unlink()


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="needs the count of bytes of a process that Linux keeps")
@pytest.mark.parametrize("row", ["main,SKU-1,8,1", "main,C,many,1", "main,C"], ids=["a pair", "a cell", "a record"])
@pytest.mark.parametrize("words", [(), ("--skip-bad", "rejects")], ids=["refused", "left out"])
def test_a_file_with_a_refused_row_is_read_twice(files: Path, row: str, words: tuple[str, ...]) -> None:
    many(files, 300_000)
    size = (files / "many.csv").stat().st_size
    program = (
        "import sys; from backorderctl.cli import main; status = main(sys.argv[1:]); "
        "print(status, open('/proc/self/io').readline().split()[1])"
    )

    def bytes_read() -> tuple[str, int]:
        command = [sys.executable, "-c", program, "evaluate", "many.csv", "--to", "answers.csv", "-q", *words]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        assert len(ran.stdout.split()) == 2, ran.stdout
        status, read = ran.stdout.split()
        return status, int(read)

    assert bytes_read()[0] == "0"
    _, once = bytes_read()
    with (files / "many.csv").open("a") as rows:
        rows.write(row + "\n")
    status, twice = bytes_read()
    assert status == ("0" if words else "2")
    assert 0.9 * size < twice - once < 1.1 * size


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_file_of_any_warehouse_is_read_as_its_columns_are_named(run: Run, files: Path, kind: str) -> None:
    (files / "lager.csv").write_text('Lagerort;Artikelnummer;Bestand\nmain;A;"11,5"\nLYON;a;3\nmain;B;-1,25\n')
    (files / "held.csv").write_text("Artikel;reserviert\nA;1,5\n")
    if kind == "parquet":
        duckdb.execute("COPY (SELECT * FROM read_csv('lager.csv', all_varchar = true)) TO 'lager.parquet'")
    named = ["source_code=Lagerort", "sku=Artikelnummer", "quantity=Bestand", "reserved=reserviert"]
    words = [word for name in named for word in ("--column", name)]
    held = ("--reserved", "held.csv", "--column", "sku=Artikel")
    for more in (("--decimal", ","), ()):
        listed = run("product", "list", "--quantities", f"lager.{kind}", *words, *more, "-o", "csv")
        ran = run("evaluate", f"lager.{kind}", *words, *more, "--to", "answers.csv")
        assert (ran.status, listed.status) == ((0, 0) if more else (2, 2))
        if more:
            assert answers((files / "answers.csv").read_text()) == answers(listed.out)
            assert [row[4] for row in answers(listed.out)] == ["14.5", "-1.25", "0"]
        else:
            assert ran.err == listed.err.replace("rejects.csv", "rejects")
            assert "Hint: --decimal ," in ran.err
    assert run("evaluate", f"lager.{kind}", *held, "--decimal", ",", "--summary").err.startswith(
        f"Error: lager.{kind}:1: expected columns 'source_code'"
    )


def test_a_file_without_sources_is_about_the_one_that_is_named(run: Run, files: Path) -> None:
    (files / "live.csv").write_text("SKU;qty\nA;2\nB;3\nB;3\n")
    listed = run("product", "list", "--quantities", "live.csv", "--quantities-for", "lyon", "-o", "csv")
    ran = run("evaluate", "live.csv", "--quantities-for", "lyon", "--to", "answers.csv", "--summary", "-o", "json")
    assert (ran.status, "1 row repeated" in ran.err) == (0, True)
    assert answers((files / "answers.csv").read_text()) == answers(listed.out)
    assert [row[4] for row in answers(listed.out)] == ["2", "3", "0"]
    ran = run("evaluate", "live.csv", "--quantities-for", "lyno", "--summary")
    assert (ran.status, ran.err.startswith("Error: unknown source 'lyno'")) == (2, True)


def test_answers_say_which_day_and_which_commit_they_are_for(run: Run, files: Path) -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "add", "store.toml"], check=True)
    author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *author, "commit", "-qm", "x"], check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()

    def marks(*words: str) -> tuple[dict[str, str], list[str | None]]:
        ran = run("evaluate", "live.csv", "--at", "2028-02-29", "--to", "answers.parquet", "-o", "json", *words)
        rows = duckdb.sql("SELECT key, value FROM parquet_kv_metadata('answers.parquet')").fetchall()
        document = json.loads(ran.out)
        return {bytes(key).decode(): bytes(value).decode() for key, value in rows}, [
            document["at"],
            document["revision"],
        ]

    day = "2028-02-29"
    assert marks("--summary") == ({"backorderctl.at": day, "backorderctl.revision": head}, [day, head])
    (files / "sub").mkdir()
    with contextlib.chdir(files / "sub"):
        assert committed_in("../store.toml") == head
    (files / "store.toml").write_text(STORE + "# changed\n")
    assert marks("--summary") == ({"backorderctl.at": day}, [day, None])
    (files / "other.toml").write_text(STORE)
    assert marks("--summary", "-f", "other.toml") == ({"backorderctl.at": day}, [day, None])


def test_without_a_status_column_the_status_of_the_store_stays(run: Run, files: Path) -> None:
    item = "[products.A.sources.main]\nquantity = 1\nstatus = 'out_of_stock'\n"
    (files / "store.toml").write_text(STORE + item)
    (files / "live.csv").write_text("sku;source_code;quantity\nA;main;7\nA;lyon;1\n")
    listed = run("product", "list", "--quantities", "live.csv", "-o", "csv").out
    assert run("evaluate", "live.csv", "--to", "answers.csv", "-q").status == 0
    assert answers((files / "answers.csv").read_text()) == answers(listed)


def test_reservations_of_magento_are_summed(run: Run, files: Path) -> None:
    (files / "held.csv").write_text("sku,quantity,stock_id\nA,-3.5,1\nA,1,1\nB,-60,1\nB,0,1\nnobody,-1,1\n")
    listed = run("product", "list", "--quantities", "live.csv", "--reserved", "held.csv", "-o", "csv").out
    assert run("evaluate", "live.csv", "--reserved", "held.csv", "--to", "answers.csv", "-q").status == 0
    assert answers((files / "answers.csv").read_text()) == answers(listed)


def test_reservations_of_the_store_file_count_where_no_file_has_them(run: Run, files: Path) -> None:
    held = "[products.A.stocks.default]\nreserved = 20\n[products.gone.stocks.default]\nreserved = 3\n"
    (files / "store.toml").write_text(STORE + held)
    (files / "held.csv").write_text("sku,reserved\nB,1\n")
    for words in ((), ("--reserved", "held.csv")):
        listed = run("product", "list", "--quantities", "live.csv", *words, "-o", "csv").out
        report = json.loads(run("report", "--quantities", "live.csv", *words, "-o", "json").out)
        ran = run("evaluate", "live.csv", *words, "--to", "answers.csv", "--summary", "-o", "json", "-q")
        assert answers((files / "answers.csv").read_text()) == answers(listed)
        assert json.loads(ran.out)["stocks"] == report["stocks"]
        assert [row[5] for row in answers(listed)] == (["0", "1", "0"] if words else ["20", "0", "0"])


@pytest.mark.parametrize("row", BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_row_that_the_reader_refuses_is_refused_in_the_same_words(run: Run, files: Path, row: str) -> None:
    (files / "live.csv").write_text(LIVE + row + "\nmain,D,1,1\n", encoding="utf-8")
    slow = run("product", "list", "--quantities", "live.csv")
    ran = run("evaluate", "live.csv", "--to", "answers.csv")
    assert (ran.status, ran.out, ran.err) == (2, "", slow.err.replace("rejects.csv", "rejects"))
    assert "live.csv:6: record 5: " in ran.err
    assert not list(files.glob("answers*"))


BAD_RESERVED = {
    "both columns": "sku,reserved,quantity\nA,1,1\n",
    "neither column": "sku,stock\nA,default\n",
    "no row": "sku,reserved\n",
    "an unknown stock": "sku,reserved,stock\nA,1,defualt\n",
    "a number without a stock": "sku,reserved,stock_id\nA,1,7\n",
    "less than nothing": "sku,reserved\nA,-1\n",
    "no number": "sku,reserved\nA,x\n",
    "five places": "sku,quantity\nA,-1.00001\n",
    "nine digits": "sku,quantity\nA,-123456789\n",
    "a blank before a SKU": "sku,reserved\n A,1\n",
    "no SKU": "sku,reserved\n,1\n",
    "a cell too few": "sku,reserved\nA\n",
    "a product and stock given before": "sku,reserved\nA,1\nA,2\n",
    "a sum above 0": "sku,quantity\nA,-1\nA,4\nB,2\n",
}


@pytest.mark.parametrize("content", BAD_RESERVED.values(), ids=BAD_RESERVED)
def test_a_reserved_file_that_the_reader_refuses_is_refused_in_the_same_words(
    run: Run, files: Path, content: str
) -> None:
    (files / "held.csv").write_text(content)
    slow = run("product", "list", "--quantities", "live.csv", "--reserved", "held.csv")
    ran = run("evaluate", "live.csv", "--reserved", "held.csv", "--to", "answers.csv")
    assert (ran.status, ran.out, ran.err) == (2, "", slow.err.replace("rejects.csv", "rejects"))
    assert ran.err.startswith("Error: held.csv:")
    assert not list(files.glob("answers*"))


RESERVED_TWICE = {
    "in one file": ("sku,reserved\nA,1\nA,2\nB,1\nC,x\nC,3\n", None),
    "all rows of one product": ("sku,reserved\nA,1\nA,1\nA,1\nA,x\nB,1\n", None),
    "entries beside what is reserved in all": ("sku,reserved\nA,1\nB,1\n", "sku,quantity\nA,-2\nA,-3\nC,-1\n"),
}


@pytest.mark.parametrize(("held", "more"), RESERVED_TWICE.values(), ids=RESERVED_TWICE)
def test_reserved_rows_of_one_product_are_left_out_alike(run: Run, files: Path, held: str, more: str | None) -> None:
    (files / "live.csv").write_text(LIVE + "main,C,9,1\n")
    (files / "held.csv").write_text(held)
    words = ["--reserved", "held.csv"]
    if more is not None:
        (files / "more.csv").write_text(more)
        words += ["--reserved", "more.csv"]
    ran = run("evaluate", "live.csv", *words, "--to", "answers.csv", "--skip-bad", "rejects")
    assert (ran.status, "'A' in stock default: expected one row, got several" in ran.err) == (0, True)
    reserved = {row[0]: row[5] for row in answers((files / "answers.csv").read_text())}
    assert (reserved["A"], reserved["B"]) == ("0", "1")
    if more is None:
        listed = run("product", "list", "--quantities", "live.csv", *words, "--skip-bad", "r.csv", "-o", "csv")
        assert answers((files / "answers.csv").read_text()) == answers(listed.out)
        assert (files / "r.held.csv").read_text() == (files / "rejects" / "held.csv").read_text()


def test_sums_above_zero_are_told_where_they_are_left_out(run: Run, files: Path) -> None:
    (files / "held.csv").write_text("sku,quantity\nB,3\nA,3\nA,2\nC,-1\nC,1\nD,5\n")
    (files / "more.csv").write_text("sku,reserved\nD,1\nE,1\n")
    words = ("live.csv", "--reserved", "held.csv", "--skip-bad", "rejects")
    said = "sums of reservations above 0 counted as 0, the first 'A' in stock default"
    assert f"3 {said}" in run("product", "list", "--quantities", *words).err.splitlines()
    for number, more in ((3, ()), (2, ("--reserved", "more.csv"))):  # of several rows all are refused, whatever the sum
        ran = run("evaluate", *words, *more, "--summary", "-o", "json")
        assert (f"{number} {said}" in ran.err.splitlines(), json.loads(ran.out)["sums_above_zero"]) == (True, number)


def test_a_reserved_file_without_stocks_is_refused_where_there_are_several(run: Run, files: Path) -> None:
    (files / "store.toml").write_text(STORE + "[stocks.eu]\nsources = ['main']\n[stocks.us]\nsources = ['lyon']\n")
    (files / "held.csv").write_text("sku,reserved\nA,1\n")
    slow = run("product", "list", "--quantities", "live.csv", "--reserved", "held.csv")
    ran = run("evaluate", "live.csv", "--reserved", "held.csv", "--to", "answers.csv")
    said = "held.csv: expected a column 'stock' or 'stock_id', got neither; the store has several stocks: eu, us"
    assert (slow.err, ran.err) == (f"Error: {said}\n", f"Error: {said}\n")
    assert (ran.status, (files / "answers.csv").exists()) == (2, False)


def test_reservations_of_skus_that_are_nowhere_are_counted(
    run: Run, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (files / "held.csv").write_text("sku,reserved\nA,1\ngone,1\nnobody,2\nno one,3\nnothing,0\n")
    words = ("live.csv", "--reserved", "held.csv")
    said = "2 SKUs with reservations are in no row and not in the store file: left out"
    assert said in run("product", "list", "--quantities", *words).err.splitlines()
    for rows in (1000, 2):
        monkeypatch.setattr("backorderctl.bulk.duckdb.ROWS_A_PASS", rows)
        ran = run("evaluate", *words, "--summary", "-o", "json")
        assert said in ran.err.splitlines()
        assert json.loads(ran.out)["unknown_reserved_skus"] == 2


def test_the_files_their_rows_and_ignored_columns_are_named(run: Run, files: Path) -> None:
    (files / "live.csv").write_text("source_code,sku,quantity,Note\nmain,A,1,x\nmain,B,1,x\n")
    (files / "held.csv").write_text("sku,reserved,by\nA,1,x\n")
    for number in range(4):
        (files / f"{number}.csv").write_text(f"source_code,sku,quantity\nlyon,S{number},1\n")
    ran = run("evaluate", "live.csv", "--reserved", "held.csv", "--summary", "-o", "json")
    assert ran.err.splitlines()[:2] == [
        "live.csv: 2 rows; columns ignored: Note",
        "held.csv: 1 row; columns ignored: by",
    ]
    document = json.loads(ran.out)
    assert document["files"] == [
        {"file": "live.csv", "refused": 0, "ignored": ["Note"]},
        {"file": "held.csv", "refused": 0, "ignored": ["by"]},
    ]
    assert (document["rows"], document["reserved_rows"]) == (2, 1)
    ran = run("evaluate", "[0-9].csv", "--summary")
    assert ran.err.splitlines()[0] == "0.csv, 1.csv, 2.csv and 1 more file: 4 rows"


def test_reservations_come_from_the_environment_where_no_option_names_them(
    run: Run, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (files / "held.csv").write_text("sku,reserved\nA,1\n")
    (files / "more.csv").write_text("sku,reserved\nA,2\nB,1\n")
    monkeypatch.setenv("BACKORDERCTL_RESERVED", "held.csv")
    words = ("evaluate", "live.csv", "--to", "answers.csv", "-q")
    told = run(*words).err.splitlines()
    assert (told[1], "answers" in told[-1]) == ("held.csv: 1 row", False)
    assert answers((files / "answers.csv").read_text())[0][5] == "1"
    assert run(*words, "--reserved", "more.csv").err == ""
    assert answers((files / "answers.csv").read_text())[0][5] == "2"
    monkeypatch.setenv("BACKORDERCTL_RESERVED", "")
    assert run(*words).err == ""


def test_refused_rows_are_left_out_alike(run: Run, files: Path) -> None:
    (files / "live.csv").write_text(LIVE + "".join(f"{row}\n" for row in BAD_ROWS.values()), encoding="utf-8")
    listed = run("product", "list", "--quantities", "live.csv", "--skip-bad", "rejects.csv", "-o", "csv")
    ran = run("evaluate", "live.csv", "--to", "answers.csv", "--skip-bad", "rejects")
    assert (listed.status, ran.status) == (0, 0)
    assert answers((files / "answers.csv").read_text()) == answers(listed.out)
    assert (files / "rejects" / "live.csv").read_text() == (files / "rejects.csv").read_text()
    assert ran.err.splitlines()[0].startswith("rejects/live.csv: 18 rows refused, the first at line 2: ")


def test_refused_rows_are_counted_as_product_list_counts_them(run: Run, files: Path) -> None:
    (files / "live.csv").write_text(LIVE + "main,C,x,1\nmain,A,1,1\n")
    (files / "held.csv").write_text("sku,reserved\nA,1\nB,x\n")
    words = ("live.csv", "--reserved", "held.csv", "-o", "json", "--skip-bad")
    listed = run("product", "list", "--quantities", *words, "rejects.csv")
    ran = run("evaluate", *words, "rejects", "--summary")
    for line in ("live.csv: 6 rows", "held.csv: 2 rows"):
        assert line in listed.err.splitlines()
        assert line in ran.err.splitlines()
    document, theirs = json.loads(ran.out), json.loads(listed.out)["quantities"]
    assert document["refused"] == theirs["refused"] == 4
    assert [document["rows"], document["reserved_rows"]] == [file["rows"] for file in theirs["files"]] == [6, 2]


def test_rejects_of_an_earlier_run_go_once_no_row_is_refused(run: Run, files: Path) -> None:
    words = ("evaluate", "live.csv", "more.csv", "--summary", "--skip-bad", "rejects")
    (files / "more.csv").write_text("sku,source_code,quantity\nnew,main,x\nold,main,1\n")
    bad = (files / "live.csv").read_text() + next(iter(BAD_ROWS.values())) + "\n"
    (files / "live.csv").write_text(bad, encoding="utf-8")
    assert run(*words).status == 0
    assert sorted(path.name for path in (files / "rejects").iterdir()) == ["live.csv", "more.csv"]
    for name, text, left in (
        ("more.csv", "sku,source_code,quantity\nnew,main,1\n", ["live.csv"]),
        ("live.csv", LIVE, []),
    ):
        (files / name).write_text(text, encoding="utf-8")
        ran = run(*words)
        assert (ran.status, "removed, as no row is refused any more\n" in ran.err) == (0, True)
        assert [path.name for path in (files / "rejects").iterdir()] == left


@pytest.mark.parametrize("bad", ["", "berlim,A,1,1\n"], ids=["no bad row", "a bad row"])
@pytest.mark.parametrize(
    ("to", "rejects", "error"),
    [
        ("kept/live.csv", "kept", "--to kept/live.csv: expected another place than that of the refused rows"),
        ("./rejects", "rejects", "--to ./rejects: expected another place than that of the refused rows"),
        ("a.csv", ".", "--skip-bad live.csv: expected another file, got one that this command reads"),
        ("a.csv", "own", "--skip-bad own/live.csv: expected a new file or one of refused rows, got another"),
    ],
)
def test_refused_rows_and_answers_are_kept_apart(
    run: Run, files: Path, to: str, rejects: str, error: str, bad: str
) -> None:
    (files / "live.csv").write_text(LIVE + bad)
    (files / "kept").mkdir()
    (files / "own").mkdir()
    (files / "own" / "live.csv").write_text("my own notes\n")
    before = sorted(files.rglob("*"))
    assert run("evaluate", "live.csv", "--to", to, "--skip-bad", rejects, "-q") == (2, "", f"Error: {error}\n")
    assert sorted(files.rglob("*")) == before
    assert (files / "own" / "live.csv").read_text() == "my own notes\n"


def test_refused_rows_of_files_with_one_name_are_kept_apart(run: Run, files: Path) -> None:
    names = ("a/live.csv", "b/live.csv", "live.csv.gz", "live.1.csv", "live.2.csv")
    for number, name in enumerate(names):
        (files / name).parent.mkdir(exist_ok=True)
        content = f"{HEAD}main,X{number},x,1\nmain,Y{number},1,1\n".encode()
        (files / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    ran = run("evaluate", "live.csv", *names, "--summary", "--skip-bad", "rejects")
    rejects = {path.name: path.read_text().splitlines()[1].split(",")[-3] for path in (files / "rejects").iterdir()}
    assert rejects == {
        "live-2.csv": "X0", "live-3.csv": "X1", "live-4.csv": "X2", "live.1.csv": "X3", "live.2.csv": "X4"
    }  # fmt: skip
    assert (ran.status, ran.err.count("1 row refused")) == (0, 5)


def test_a_long_name_of_a_column_is_read(run: Run, files: Path) -> None:
    (files / "live.csv").write_text(f"source_code,sku,quantity,{'x' * 200_000}\nmain,A,1,\n")
    code = (
        "import sys; from backorderctl.cli import main; sys.exit(main(sys.argv[1:]))"  # where nothing was read before
    )
    words = ("evaluate", "live.csv", "--summary", "-q")
    ran = subprocess.run([sys.executable, "-c", code, *words], cwd=files, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_long_cell_is_read_where_rows_are_left_out(run: Run, files: Path) -> None:
    head, long = HEAD.replace("\n", ",note\n"), "x" * 3_000_000
    (files / "live.csv").write_text(f"{head}main,A,1,1,\nmain,B,1,1,{long}\nmain,C,1,1,\nmain,D,x,1,\n")
    ran = run("evaluate", "live.csv", "--to", "answers.csv", "--skip-bad", "rejects")
    assert (ran.status, ran.err.splitlines()[1]) == (0, "live.csv: 4 rows; columns ignored: note")
    assert [row[0] for row in answers((files / "answers.csv").read_text())] == ["A", "B", "C", "gone"]


def test_rows_that_the_engine_passes_over_are_no_rejects(run: Run, files: Path) -> None:
    two_lines = "x" * 9_000_000 + "\n"
    row = f'main,B,1,1,"{two_lines}","{two_lines}"'
    (files / "live.csv").write_text(HEAD.replace("\n", ",a,b\n") + f"main,A,1,1,,\n{row}\nmain,D,x,1,,\n")
    ran = run("evaluate", "live.csv", "--to", "answers.csv", "--skip-bad", "rejects")
    assert (ran.status, (files / "answers.csv").exists()) == (2, False)
    assert ran.err.splitlines()[-1] == (
        "Error: live.csv: expected 2 rows besides those that are refused, the engine read 1"
    )


def test_reserved_rows_that_the_engine_passes_over_are_no_rejects(run: Run, files: Path) -> None:
    two_lines = "x" * 9_000_000 + "\n"
    (files / "held.csv").write_text(f'sku,reserved,a,b\nA,1,"{two_lines}","{two_lines}"\nB,1,,\nC,x,,\nC ,1,,\n')
    ran = run("evaluate", "live.csv", "--reserved", "held.csv", "--to", "answers.csv", "--skip-bad", "rejects")
    assert (ran.status, (files / "answers.csv").exists()) == (2, False)
    assert ran.err.splitlines()[-1] == (
        "Error: held.csv: expected 2 rows besides those that are refused, the engine read 1"
    )


def test_pairs_of_all_parts_and_bad_reservations_are_left_out_together(
    run: Run, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backorderctl.bulk.duckdb.ROWS_A_PASS", 2)
    pairs = "".join(f"main,P{number},1,1\nmain,P{number},2,1\n" for number in range(9))
    (files / "live.csv").write_text(LIVE + pairs + "main,P1,x,1\n")
    (files / "held.csv").write_text("sku,reserved\nA,1\nB,x\n")
    words = ("live.csv", "--reserved", "held.csv")
    listed = run("product", "list", "--quantities", *words, "--skip-bad", "r.csv", "-o", "csv")
    ran = run("evaluate", *words, "--to", "answers.csv", "--skip-bad", "rejects")
    assert (listed.status, ran.status) == (0, 0)
    assert "rejects/live.csv: 19 rows refused, " in ran.err
    assert answers((files / "answers.csv").read_text()) == answers(listed.out)


LINE_ENDS = ("a\rb", "c\nd", "e\r\nf")


def test_skus_with_line_ends_are_read_again_from_what_is_written(run: Run, files: Path) -> None:
    tables = "".join(f"[products.{json.dumps(sku)}]\nbackorders = 'no'\n" for sku in LINE_ENDS)
    (files / "store.toml").write_text(STORE + tables)
    cells = "".join(f'main,"{sku}",{number},1\n' for number, sku in enumerate(LINE_ENDS))
    (files / "live.csv").write_text(HEAD + cells + 'main,"g\rh",x,1\n', newline="")
    listed = run("product", "list", "--quantities", "live.csv", "--skip-bad", "rejects.csv", "-o", "csv")
    assert run("evaluate", "live.csv", "--skip-bad", "rejects", "--to", "answers.csv").status == 0
    written = (files / "answers.csv").read_bytes().decode()
    assert answers(written) == answers(listed.out)
    assert {*LINE_ENDS} < {row[0] for row in answers(listed.out)}
    for rejects in ("rejects.csv", "rejects/live.csv"):
        with (files / rejects).open(newline="") as lines:
            assert [row[3] for row in csv.reader(lines)] == ["sku", "g\rh"]


def test_any_number_of_sources_is_told_apart(run: Run, files: Path) -> None:
    codes = [f"s{number}" for number in range(150)]
    (files / "many.toml").write_text("version = 1\n" + "".join(f"[sources.{code}]\n" for code in codes))
    rows = "".join(f"{code},A,1,1\n" for code in codes)
    (files / "many.csv").write_text(HEAD + rows)
    words = ("evaluate", "many.csv", "-f", "many.toml", "--to", "answers.csv", "-q")
    assert run(*words) == (0, "", "")
    assert answers((files / "answers.csv").read_text())[0][4] == "150"
    for code in ("s0", "s59", "s60", "s149"):
        (files / "many.csv").write_text(f"{HEAD}{rows}{code},A,2,1\n")
        assert f"'A' at {code}: expected one row, got " in run(*words).err


def test_a_pair_given_twice_is_found_across_files(run: Run, files: Path) -> None:
    (files / "more.csv").write_text("sku;source_code;quantity\nB;main;1\n")
    assert run("evaluate", "*.csv", "--summary").err == (
        "Error: live.csv:4: record 3: 'B' at main: expected one row, got -3, and 1 in record 1 of more.csv\n"
        "Error: more.csv:2: record 1: 'B' at main: expected one row, got 1, and -3 in record 3 of live.csv\n"
        "Error: 2 of 5 rows are refused\nHint: --skip-bad rejects\n"
    )


def test_a_folder_of_csv_and_parquet_files_is_one_set_of_rows(run: Run, files: Path) -> None:
    (files / "in").mkdir()
    duckdb.execute("COPY (SELECT * FROM 'live.csv' WHERE sku = 'A') TO 'in/a.parquet'")
    (files / "in" / "b.csv.gz").write_bytes(gzip.compress((HEAD + "main,B,-3,1\nlyon,B,1,0\n").encode()))
    (files / "in" / "_SUCCESS").write_text("")
    listed = run("product", "list", "--quantities", "live.csv", "-o", "csv").out
    assert run("evaluate", "in", "--to", "answers.csv", "-q").status == 0
    assert answers((files / "answers.csv").read_text()) == answers(listed)
    (files / "in" / "notes.txt").write_text("")
    assert run("evaluate", "in", "--to", "answers.csv").err == (
        "Error: in: expected files whose names end in .csv, .csv.gz, .tsv, .tsv.gz, .parquet, got 'notes.txt'\n"
    )


PATTERNS = ("g[1].{kind}", "[!x].{kind}", "g*.{kind}", "g?.{kind}", "in [1]/live.{kind}")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("name", PATTERNS)
def test_a_file_with_the_name_of_a_pattern_is_read_itself(run: Run, files: Path, name: str, kind: str) -> None:
    path = files / name.format(kind=kind)
    path.parent.mkdir(exist_ok=True)
    (files / "in 1").mkdir()
    for other in (f"g1.{kind}", f"y.{kind}", f"in 1/live.{kind}"):
        duckdb.execute(f"COPY (SELECT 'main' AS source_code, 'WRONG' AS sku, 1 AS quantity) TO '{other}'")
    duckdb.execute("COPY (SELECT * FROM 'live.csv') TO 'right' (FORMAT " + kind + ")")
    (files / "right").rename(path)
    listed = run("product", "list", "--quantities", str(path), "-o", "csv")
    ran = run("evaluate", str(path), "--to", "answers.csv", "-q")
    assert (listed.status, ran.status, ran.err) == (0, 0, "")
    assert answers((files / "answers.csv").read_text()) == answers(listed.out)
    assert [row[0] for row in answers(listed.out)] == ["A", "B", "gone"]


def test_the_name_of_a_folder_is_no_column(run: Run, files: Path) -> None:
    folder = files / "status=0" / "sku=X"
    folder.mkdir(parents=True)
    duckdb.execute(f"COPY (SELECT * FROM 'live.csv') TO '{folder}/live.parquet'")
    expected = answers(run("product", "list", "--quantities", "live.csv", "-o", "csv").out)
    assert answers(run("product", "list", "--quantities", f"{folder}/live.parquet", "-o", "csv").out) == expected
    assert run("evaluate", str(folder), "--to", "answers.csv").status == 0
    assert answers((files / "answers.csv").read_text()) == expected


TEMPORARY = (
    "x=1",
    "stock=us",
    "sku=Z",
    "policy=7",
    "source_code=q",
    "a[1]",
    "[!x]",
    "*",
    "**",
    "q?",
    "{a,b}",
    "b\\",
    "'",
    "é",
)


@pytest.mark.parametrize("name", TEMPORARY)
def test_the_answers_do_not_depend_on_where_temporary_files_are(
    run: Run, files: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for rows, to in ((1000, "whole.csv"), (2, "parts.csv")):
        monkeypatch.setattr("backorderctl.bulk.duckdb.ROWS_A_PASS", rows)
        expected = answers(run("product", "list", "--quantities", "live.csv", "-o", "csv").out)
        duckdb.execute("COPY (SELECT * FROM 'live.csv') TO 'g[1].parquet'")
        (files / "temporary" / name).mkdir(parents=True, exist_ok=True)
        monkeypatch.setattr(tempfile, "tempdir", str(files / "temporary" / name))
        for path in ("live.csv", "g[1].parquet"):
            assert run("evaluate", path, "--to", to, "-q") == (0, "", "")
            assert answers((files / to).read_text()) == expected
        assert not list((files / "temporary" / name).iterdir())


@pytest.mark.parametrize("name", [*TEMPORARY, "\\[", "a\nb", "a\udce9", "~", "file:x", "%20"])
def test_the_answers_do_not_depend_on_characters_of_a_path(run: Run, files: Path, name: str) -> None:
    folder = files / "in" / name
    folder.mkdir(parents=True)
    expected = answers(run("product", "list", "--quantities", "live.csv", "-o", "csv").out)
    duckdb.execute("COPY (SELECT * FROM 'live.csv') TO 'live.parquet'")
    for kind in ("csv", "parquet"):
        path = (files / f"live.{kind}").rename(folder / f"{name}.{kind}")
        to = folder / "answers.csv" if name != "a\udce9" else files / "answers.csv"
        assert run("evaluate", str(path), "--to", str(to), "-q").status == 0
        assert answers(to.read_text()) == expected


@pytest.mark.parametrize("seed", range(5))
def test_a_parquet_file_with_damaged_bytes_is_an_error_in_one_line(run: Run, files: Path, seed: int) -> None:
    rows = "SELECT 'main' AS source_code, 'S' || i AS sku, i % 100 AS quantity FROM range(300) t(i)"
    duckdb.execute(f"COPY ({rows}) TO 'whole.parquet'")
    content = (files / "whole.parquet").read_bytes()
    writer = content.index(b"DuckDB version")
    (files / "live.parquet").write_bytes(content[: writer + seed] + b"\xff" + content[writer + seed + 1 :])
    assert run("evaluate", "live.parquet", "--summary", "-q").err == ""
    random = Random(seed)
    for _ in range(20):
        damaged = bytearray(content)
        for place in random.sample(range(4, len(content) - 8), 4):
            damaged[place] = random.randrange(256)
        (files / "live.parquet").write_bytes(damaged)
        ran = run("evaluate", "live.parquet", "--summary", "-q")
        assert ran.status == 0 or ran.err.startswith("Error: live.parquet"), ran.err


@pytest.mark.parametrize("command", ["product list --quantities", "product show S7 --quantities", "evaluate --summary"])
def test_a_parquet_file_that_is_damaged_in_its_middle_is_refused(run: Run, files: Path, command: str) -> None:
    rows = "SELECT 'main' AS source_code, 'S' || i AS sku, i % 100 AS quantity FROM range(50000) t(i)"
    duckdb.execute(f"COPY ({rows}) TO 'live.parquet' (COMPRESSION zstd)")
    content = bytearray((files / "live.parquet").read_bytes())
    content[1000 : len(content) // 2] = bytes(len(content) // 2 - 1000)
    (files / "live.parquet").write_bytes(content)
    assert run(*command.split(), "live.parquet") == (
        2,
        "",
        "Error: live.parquet: expected a Parquet file, got a damaged one\n",
    )


CODE_TYPES = {
    "whole numbers": ("BIGINT", ""),
    "decimals without places": ("DECIMAL(12, 0)", ""),
    "decimals": ("DECIMAL(12, 2)", "DECIMAL(12,2)"),
    "floats": ("DOUBLE", "DOUBLE"),
    "lists": ("BIGINT[]", "BIGINT[]"),
}


@pytest.mark.parametrize(("kind", "got"), CODE_TYPES.values(), ids=CODE_TYPES)
def test_a_sku_of_parquet_is_read_exactly_or_refused(run: Run, files: Path, kind: str, got: str) -> None:
    rows = f"SELECT 'main' AS source_code, CAST({'[7]' if got.endswith(']') else '7'} AS {kind}) AS sku, 1 AS quantity"
    duckdb.execute(f"COPY ({rows}) TO 'live.parquet'")
    listed = run("product", "list", "--quantities", "live.parquet", "-o", "csv")
    ran = run("evaluate", "live.parquet", "--to", "answers.csv")
    if got:
        said = f"Error: live.parquet: column 'sku': expected text or whole numbers, got {got}\n"
        assert (listed.status, listed.err, ran.status, ran.err) == (2, said, 2, said)
    else:
        assert answers((files / "answers.csv").read_text()) == answers(listed.out)
        assert "7" in [row[0] for row in answers(listed.out)]


def test_a_folder_in_a_folder_is_refused(run: Run, files: Path) -> None:
    paths = ("a b[1]/live.csv", "a b[1]/deep/more.csv", "a b[1]/deep/er/last.TSV", "a b[1]/.old/x.parquet")
    for path in paths:
        (files / path).parent.mkdir(parents=True, exist_ok=True)
        (files / path).write_text(HEAD + f"main,{len(path)},1,1\n")
    ran = run("evaluate", "a b[1]", "--summary")
    hint = "'a b[[]1]/**/*.TSV' 'a b[[]1]/**/*.csv'"
    said = "Error: a b[1]: expected a folder of files, got one with the folder 'deep' in it\n"
    assert ran == (2, "", f"{said}Hint: {hint}\n")
    pasted = subprocess.run(
        ["bash", "-c", f"printf '%s\\n' {hint}"], capture_output=True, text=True, check=True, cwd=files
    )
    told = run("evaluate", *pasted.stdout.splitlines(), "--summary").err.splitlines()[0]
    assert told == f"{paths[2]}, {paths[1]}, {paths[0]}: 3 rows"
    (files / "empty" / "deep").mkdir(parents=True)
    assert "Hint" not in run("evaluate", "empty", "--summary").err


def test_a_pattern_of_folders_names_the_files_in_them(run: Run, files: Path) -> None:
    for name in ("day/1/a.csv", "day/2/b.csv", "day/_log/c.csv"):
        (files / name).parent.mkdir(parents=True)
        (files / name).write_text(HEAD + f"main,{name[-5]},1,1\n")
    assert run("evaluate", "day/*", "--summary").err.splitlines()[0] == "day/1/a.csv, day/2/b.csv: 2 rows"
    (files / "day" / "2" / "deep").mkdir()
    assert run("evaluate", "day/*", "--summary").err.startswith(
        "Error: day/2: expected a folder of files, got one with"
    )


HIDDEN = {
    "lake/*.csv": "lake/a.csv: 1 row",
    "lake/**/*.csv": "lake/a.csv, lake/b/c.csv: 2 rows",
    "lake/.*.csv": "lake/.old.csv: 1 row",
    "lake/_*/*.csv": "lake/_log/d.csv: 1 row",
    "lake/_log/*.csv": "lake/_log/d.csv: 1 row",
    "../lake/lake/*.csv": "../lake/lake/a.csv: 1 row",
}


@pytest.mark.parametrize(("pattern", "said"), HIDDEN.items(), ids=HIDDEN)
def test_a_pattern_leaves_out_hidden_files_that_it_does_not_name(
    run: Run, files: Path, pattern: str, said: str
) -> None:
    for name in ("a.csv", ".old.csv", "_old.csv", "b/c.csv", "b/.c.csv", "_log/d.csv", "_log/.d.csv"):
        (files / "lake" / name).parent.mkdir(parents=True, exist_ok=True)
        (files / "lake" / name).write_text(HEAD + f"main,{name},1,1\n")
    pattern, said = (text.replace("../lake", f"../{files.name}") for text in (pattern, said))
    assert run("evaluate", pattern, "--summary").err.splitlines()[0] == said


def test_a_delta_table_is_refused_as_old_files_are_in_it(run: Run, files: Path) -> None:
    (files / "in" / "_delta_log").mkdir(parents=True)
    (files / "in" / "a.csv").write_text(LIVE)
    assert run("evaluate", "in", "--summary").err == (
        "Error: in: expected a folder of files that all count, got a Delta table\n"
    )


def test_a_file_that_is_named_twice_is_read_once(run: Run, files: Path) -> None:
    (files / "held.csv").write_text("sku,quantity\nA,-1\n")
    held = ("--reserved", "held.csv", "--reserved", "./held.csv", "--reserved", str(files / "held.csv"))
    assert run("evaluate", "live.csv", "./live.csv", *held, "--to", "answers.csv").status == 0
    assert {row[0]: row[5] for row in answers((files / "answers.csv").read_text())}["A"] == "1"


def test_a_pipe_is_refused_as_it_can_be_read_once_only(run: Run, files: Path) -> None:
    os.mkfifo(files / "pipe.csv")
    assert run("evaluate", "pipe.csv", "--summary").err == (
        "Error: pipe.csv: expected a file, which may be read again, got a pipe or a device\n"
    )


def test_lines_that_end_differently_are_read_by_the_reader_alone(run: Run, files: Path) -> None:
    (files / "live.csv").write_text(HEAD + "main,A,1,1\r\nmain,B,1,1\n", newline="")
    assert run("product", "list", "--quantities", "live.csv").status == 0
    for words in ((), ("--skip-bad", "rejects")):
        assert run("evaluate", "live.csv", "--summary", *words).err == (
            "Error: live.csv: expected what the engine duckdb can read, too: lines that all end alike, none longer "
            "than 16 MiB\n"
        )


ITEM = "[products.A.sources.lyon]\nquantity = 1\n"
FIRST_REASONS = {
    "a short record before a source without a row": (
        ["main,B"],
        "",
        "live.csv:2: record 1: expected 4 cells, got 2",
    ),
    "a bad cell before a file without rows": (
        ["main,B,x,1"],
        "",
        "live.csv:2: record 1: quantity: expected a number, got 'x'",
    ),
    "a bad cell before a reserved file without rows": (
        ["main,B,x,1"],
        "sku,reserved\n",
        "live.csv:2: record 1: quantity: expected a number, got 'x'",
    ),
    "a bad reserved row before a sum above 0": (
        ["main,B,1,1", "lyon,B,1,1"],
        "sku,quantity\nA,5\nB,x\n",
        "held.csv:3: record 2: quantity: expected a number, got 'x'\nHint: --skip-bad rejects",
    ),
    "no row before a source without a row": ([], "", "live.csv: expected rows, got none"),
    "no row of reservations": (
        ["main,B,1,1", "lyon,B,1,1"],
        "sku,reserved\n\n",
        "held.csv: expected rows, got none",
    ),
}


@pytest.mark.parametrize(("rows", "held", "said"), FIRST_REASONS.values(), ids=FIRST_REASONS)
def test_the_first_reason_is_told(run: Run, files: Path, rows: list[str], held: str, said: str) -> None:
    (files / "store.toml").write_text(STORE + ITEM)
    (files / "live.csv").write_text(HEAD + "".join(f"{row}\n" for row in rows))
    (files / "held.csv").write_text(held)
    words = ["live.csv", *(("--reserved", "held.csv") if held else ())]
    slow = run("product", "list", "--quantities", *words)
    ran = run("evaluate", *words, "--to", "answers.csv")
    assert (ran.status, ran.out, ran.err) == (2, "", f"Error: {said}\n") == (*slow[:2], ran.err)
    assert slow.err.replace("rejects.csv", "rejects") == ran.err
    assert not (files / "answers.csv").exists()


@pytest.mark.parametrize("words", [["live.csv"], ["other.csv", "--reserved", "held.csv"]])
def test_files_of_which_all_rows_are_refused_are_no_empty_warehouse(run: Run, files: Path, words: list[str]) -> None:
    (files / "live.csv").write_text(HEAD + "main,B,x,1\nmain,C\n")
    (files / "other.csv").write_text(LIVE)
    (files / "held.csv").write_text("sku,reserved\nA,1\nA,2\nB,x\n")
    bad = words[-1]
    beside = run("evaluate", "other.csv", *words, "--allow-missing", "--skip-bad", "rejects", "--to", "answers.csv")
    slow = run("product", "list", "--quantities", *words, "--allow-missing", "--skip-bad", "rejects.csv")
    ran = run("evaluate", *words, "--allow-missing", "--skip-bad", "rejects", "--to", "answers.csv")
    said = f"Error: {bad}: expected rows that are not refused, got none"
    assert (slow.status, slow.err.splitlines()[-1]) == (2, said)
    assert slow.err.startswith(f"Error: {bad}:2: record 1: ")
    assert (ran, beside, (files / "answers.csv").exists()) == (slow, slow, False)
    (files / "in").mkdir()
    (files / bad).rename(files / "in" / bad)  # one of the parts in a folder may have no good row
    (files / "in" / "good.csv").write_text("sku,reserved\nB,1\n" if len(words) > 1 else LIVE)
    ran = run("evaluate", *words[:-1], "in", "--allow-missing", "--skip-bad", "rejects", "--to", "answers.csv")
    assert (ran.status, (files / "answers.csv").exists()) == (0, True)


def test_one_of_many_files_may_be_empty_and_one_that_is_named_may_not(run: Run, files: Path) -> None:
    (files / "in").mkdir()
    (files / "in" / "a.csv").write_text(LIVE)
    (files / "in" / "b.csv").write_text(HEAD)
    duckdb.execute("COPY (SELECT * FROM 'live.csv' WHERE sku = 'none') TO 'in/c.parquet'")
    assert run("evaluate", "in", "--summary").status == 0
    assert run("evaluate", "in/*.csv", "--summary").status == 0
    (files / "in" / "a.csv").write_text(LIVE + "main,X,x,1\n")
    assert run("evaluate", "in", "--summary", "--skip-bad", "rejects").status == 0
    for named in ("in/b.csv", "in/c.parquet"):
        assert run("evaluate", "live.csv", named, "--summary").err == f"Error: {named}: expected rows, got none\n"
    (files / "in" / "a.csv").unlink()
    assert run("evaluate", "in", "--summary").err == "Error: in/b.csv, in/c.parquet: expected rows, got none\n"


TYPES = {
    "decimals": ("CAST(quantity AS DECIMAL(20, 6))", None),
    "floats of 64 bits": ("CAST(quantity AS DOUBLE)", None),
    "floats of 32 bits": ("CAST(quantity AS FLOAT)", "column 'quantity': expected text, decimals or whole numbers"),
    "texts of a dictionary": ("CAST(CAST(quantity AS VARCHAR) AS ENUM('7.0', '5.5', '-3.0', '1.0'))", None),
    "whole numbers": ("CAST(quantity * 2 AS BIGINT)", ""),
    "a float with more places": ("CAST(quantity AS DOUBLE) + 0.00001", "expected a number of at most 4 decimal places"),
    "blobs": ("CAST(CAST(quantity AS VARCHAR) AS BLOB)", "column 'quantity': expected text, decimals or whole numbers"),
}


@pytest.mark.parametrize(("column", "said"), TYPES.values(), ids=TYPES)
def test_a_type_of_parquet_is_read_exactly_or_refused(run: Run, files: Path, column: str, said: str | None) -> None:
    duckdb.execute(f"COPY (SELECT source_code, sku, {column} AS quantity, status FROM 'live.csv') TO 'live.parquet'")
    ran = run("evaluate", "live.parquet", "--to", "answers.csv", "-q")
    if said:
        assert (ran.status, said in ran.err, (files / "answers.csv").exists()) == (2, True, False)
        return
    source = "live.parquet" if said == "" else "live.csv"
    listed = run("product", "list", "--quantities", source, "-o", "csv").out
    assert answers((files / "answers.csv").read_text()) == answers(listed)


STATUS_TYPES = {
    "whole numbers": ("CAST(status AS BIGINT)", ""),
    "decimals": ("CAST(status AS DECIMAL(4, 2))", "status: expected 1, 0, in_stock or out_of_stock, got '1.00'"),
    "words of a dictionary": (
        "CAST(CASE status WHEN 1 THEN 'in_stock' ELSE 'out_of_stock' END AS ENUM('in_stock', 'out_of_stock'))",
        "",
    ),
    "flags": ("status = 1", "column 'status': expected text, decimals or whole numbers, got BOOLEAN"),
    "other numbers": ("status + 1", "record 1: status: expected 1, 0, in_stock or out_of_stock, got '2'"),
    "nothing": ("CAST(NULL AS INTEGER)", "record 1: status: expected 1, 0, in_stock or out_of_stock, got ''"),
}


@pytest.mark.parametrize(("column", "said"), STATUS_TYPES.values(), ids=STATUS_TYPES)
def test_a_type_of_the_status_is_read_exactly_or_refused(run: Run, files: Path, column: str, said: str) -> None:
    duckdb.execute(f"COPY (SELECT source_code, sku, quantity, {column} AS status FROM 'live.csv') TO 'live.parquet'")
    listed = run("product", "list", "--quantities", "live.parquet", "-o", "csv")
    ran = run("evaluate", "live.parquet", "--to", "answers.csv", "-q")
    assert (listed.status, ran.status) == ((2, 2) if said else (0, 0))
    if said:
        assert said in listed.err
        assert ran.err == listed.err.replace("rejects.csv", "rejects")
    else:
        expected = run("product", "list", "--quantities", "live.csv", "-o", "csv").out
        assert answers((files / "answers.csv").read_text()) == answers(listed.out) == answers(expected)


REFUSED = {
    "neither answers nor totals": ("evaluate live.csv", "expected --to ANSWERS, --summary or both, got neither"),
    "a folder that is not there": ("evaluate live.csv --to no/a.csv", "no/a.csv: no such folder: no"),
    "an unknown format": (
        "evaluate live.csv --to a.txt",
        "--to a.txt: expected a name that ends in .parquet, .csv or .csv.gz, or a folder",
    ),
    "the input itself": (
        "evaluate live.csv --to live.csv",
        "--to live.csv: expected another file, got one that this command reads",
    ),
    "standard output": (
        "evaluate live.csv --to -",
        "--to -: expected a file or folder, there whole or not at all, got standard output",
    ),
    "a device": (
        "evaluate live.csv --to /dev/full",
        "--to /dev/full: expected a file or folder, there whole or not at all, got a device or a pipe",
    ),
    "a file of no format": (
        "evaluate live.csv --to plain",
        "--to plain: expected a new or empty folder, got a file",
    ),
    "rejects on standard output": (
        "evaluate live.csv --summary --skip-bad -",
        "--skip-bad -: expected a folder, got standard output",
    ),
    "rejects in a file": (
        "evaluate live.csv --summary --skip-bad plain",
        "--skip-bad plain: expected a folder, got a file",
    ),
    "rejects in no folder": (
        "evaluate live.csv --summary --skip-bad no/rejects",
        "--skip-bad no/rejects: no such folder: no",
    ),
    "no such file": (
        "evaluate dead.csv --summary",
        "dead.csv: expected a file, a folder with files or a pattern of such, got nothing",
    ),
    "an empty file": (
        "evaluate empty.csv --summary",
        "empty.csv:1: expected columns 'source_code', 'sku' and 'quantity', got an empty file",
    ),
    "a header alone": ("evaluate head.csv --summary", "head.csv: expected rows, got none"),
    "a size that is none": (
        "evaluate live.csv --summary --memory much",
        "--memory: expected a size such as 1GB, got 'much'",
    ),
    "a size of many digits": (
        f"evaluate live.csv --summary --memory {'9' * 400}GB",
        f"--memory: expected a size such as 1GB, got '{'9' * 56}...",
    ),
    "a pattern with other characters beside two stars": (
        "evaluate lake/**.csv --summary",
        "lake/**.csv: expected '**' as the whole name of a folder, such as lake/**/*",
    ),
    "a remote without Spark": (
        "evaluate live.csv --summary --remote sc://x",
        "--remote: expected --engine spark, got duckdb",
    ),
}


@pytest.mark.parametrize(("words", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_done_is_refused(run: Run, files: Path, words: str, said: str) -> None:
    (files / "empty.csv").write_text("")
    (files / "head.csv").write_text(HEAD)
    (files / "plain").write_text("")
    assert run(*words.split()) == (2, "", f"Error: {said}\n")


def test_more_memory_than_there_is_is_refused(run: Run, files: Path) -> None:
    ran = run("evaluate", "live.csv", "--summary", "--memory", "999TB")
    assert (ran.status, ran.err.startswith("Error: --memory: expected 200MB to ")) == (2, True)


def test_a_source_without_a_row_is_refused(run: Run, files: Path) -> None:
    (files / "store.toml").write_text(STORE + "[products.A.sources.lyon]\nquantity = 1\n")
    (files / "live.csv").write_text(HEAD + "main,A,7,1\n")
    assert run("evaluate", "live.csv", "--summary") == (
        2,
        "",
        "Error: live.csv: expected rows of every source, got none of lyon (1 in the store file)\n"
        "Hint: --allow-missing\n",
    )
    assert run("evaluate", "live.csv", "--summary", "--allow-missing").status == 0


MISSING = {
    "duckdb": ("DuckDB is not installed\nHint: pip install duckdb", []),
    "pyspark.sql": ("Spark is not installed\nHint: pip install 'pyspark[connect]>=4.0'", ["--engine", "spark"]),
}


@pytest.mark.parametrize("module", MISSING)
def test_an_engine_that_is_not_installed_is_named_with_what_to_type(files: Path, module: str) -> None:
    said, words = MISSING[module]
    program = (
        f"import sys; sys.modules[{module!r}] = None; from backorderctl.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, "evaluate", "live.csv", "--summary", *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == f"Error: {said}\n"


def test_many_rows_are_cut_into_parts_to_the_same_end(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_case(folder, 1, 200)
    words = ("evaluate", "quantities.csv", "--reserved", "reserved.csv", "--at", DAY, "--allow-missing", "-q")
    whole = run(*words, "--to", "whole.csv", "--summary", "-o", "json")
    monkeypatch.setattr("backorderctl.bulk.duckdb.ROWS_A_PASS", 50)
    parts = run(*words, "--to", "parts.csv", "--summary", "-o", "json")
    assert json.loads(parts.out) == json.loads(whole.out)
    assert answers((folder / "parts.csv").read_text()) == answers((folder / "whole.csv").read_text())
    assert run(*words, "--to", "folder").status == 0
    assert len(list((folder / "folder").iterdir())) > 3


def test_a_full_disk_leaves_no_half_file(run: Run, files: Path) -> None:
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); "
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "from backorderctl.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    many(files, 50_000)
    ran = subprocess.run(
        [sys.executable, "-c", program, "evaluate", "many.csv", "--to", "answers.csv"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", "Error: answers.csv: cannot write: file too large\n")
    assert not [path for path in files.iterdir() if "answers" in path.name]


def test_an_interrupt_leaves_no_half_file(files: Path) -> None:
    many(files, 2_000_000)
    command = [sys.executable, "-m", "backorderctl", "evaluate", "many.csv", "--to", "answers.csv"]
    # A shell starts a job in the background with interrupts ignored, and so may whoever runs the tests.
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts) as process:
        while process.poll() is None and not [path for path in files.iterdir() if "answers" in path.name]:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert (process.returncode, "Traceback" in err) == (130, False)
    assert not [path for path in files.iterdir() if "answers" in path.name]


class SignalOnImport:
    """Asks the process to end while DuckDB is imported, and says so if the import goes on."""

    def __init__(self, number: int) -> None:
        self.number = number

    def find_spec(self, name: str, *_: object) -> None:
        if name == "duckdb":
            os.kill(os.getpid(), self.number)
            time.sleep(0)
            os.write(1, b"the import goes on")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_duckdb_is_imported_acts_afterwards(files: Path, number: int) -> None:
    finder = f"{inspect.getsource(SignalOnImport)}\nsys.meta_path.insert(0, SignalOnImport({number}))"
    program = f"import os, sys, time\n{finder}\nfrom backorderctl.cli import run\nrun()"
    ran = subprocess.run(
        [sys.executable, "-c", program, "evaluate", "live.csv", "--summary"],
        capture_output=True, text=True, check=False, preexec_fn=heed_interrupts,
        env={**os.environ, "TMPDIR": str(files)},
    )  # fmt: skip
    assert (ran.returncode, ran.stdout, "Traceback" in ran.stderr) == (130, "the import goes on", False)
    assert sorted(path.name for path in files.iterdir()) == ["live.csv", "store.toml"]


def heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def many(folder: Path, rows: int) -> None:
    """So many rows, in `many.csv`."""
    query = (
        f"SELECT 'main' AS source_code, 'SKU-' || i AS sku, i % 100 AS quantity, 1 AS status FROM range({rows}) t(i)"
    )
    duckdb.execute(f"COPY ({query}) TO '{folder}/many.csv'")
