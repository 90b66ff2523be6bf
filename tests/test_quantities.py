"""Quantities and reservations from outside the store file: what they replace, what is said of them, what is refused."""

import gzip
import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Run
from quantity_files import write_case
from stores import ANY_DAY

from backorderctl.policy.evaluate import evaluate, evaluate_all
from backorderctl.rows.delimited import InputFile
from backorderctl.rows.replace_quantities import read_quantities
from backorderctl.rows.rows_read import Inputs
from backorderctl.store.load import load
from backorderctl.store.settings import Backorders

STORE = """version = 1
[global]
backorders = "notify"
out_of_stock_threshold = -50
[stocks.eu]
sources = ["berlin", "lyon"]
[sources.berlin]
[sources.lyon]
[sources.nyc]
[products.A]
out_of_stock_threshold = -10
[products.A.sources.berlin]
quantity = 1
backorders = "no"
[products.A.sources.lyon]
quantity = 2
status = "out_of_stock"
[products.A.stocks.eu]
reserved = 1
[products.B.sources.lyon]
notify_for_quantity_below = 9
"""
PROMISE = '[[test]]\nname = "n"\nproduct = "A"\nexpect = { salable = { min = 0 } }\n'
HEAD = "source_code,sku,quantity,status\n"
LIVE = HEAD + "berlin,A,7,1\nlyon,A,5.5,in_stock\nlyon,B,9,1\nlyon,New,-3,1\nberlin,New,4,0\n"
COLUMNS = "sku,stock,status,quantity,reserved,salable,low_stock"


@pytest.fixture(autouse=True)
def files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (folder / "store.toml").write_text(STORE)
    (folder / "live.csv").write_text(LIVE)
    (folder / "store.test.toml").write_text(PROMISE)
    for name in ("BACKORDERCTL_QUANTITIES", "BACKORDERCTL_RESERVED"):
        monkeypatch.delenv(name, raising=False)
    return folder


def rows(out: str) -> list[str]:
    """The columns of `product list -o csv` that matter here."""
    header, *lines = (line.split(",") for line in out.splitlines())
    places = [header.index(name) for name in COLUMNS.split(",")]
    return [",".join(line[place] for place in places) for line in lines]


def test_rows_replace_the_items_of_the_store_and_its_policy_stays(run: Run) -> None:
    ran = run("product", "list", "--quantities", "live.csv", "-o", "csv")
    assert ran.err == "live.csv: 5 rows\n1 SKU not in the store file: without settings of their own\n"
    assert rows(ran.out) == [
        "A,eu,in_stock,12.5,1,21.5,false",
        "B,eu,in_stock,9,0,59,true",
        "New,eu,backorder,-3,0,47,true",
    ]


def test_json_says_where_its_quantities_come_from(run: Run) -> None:
    ran = run("product", "list", "--quantities", "live.csv", "-o", "json", "-q")
    assert ran.err == ""
    assert json.loads(ran.out)["quantities"] == {
        "files": [{"file": "live.csv", "rows": 5, "ignored": []}],
        "only": None,
        "products_without_row": 0,
        "unknown_skus": 1,
        "unknown_reserved_skus": 0,
        "sums_above_zero": 0,
        "other_sources": 0,
        "left_out": 0,
        "repeated": 0,
        "respelled": {"count": 0, "first": None},
        "refused": 0,
    }


def test_a_path_from_the_environment_is_told_even_to_who_wants_quiet(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKORDERCTL_QUANTITIES", "live.csv")
    assert run("product", "list", "-q", "-o", "csv").err.startswith("live.csv: 5 rows\n")
    assert run("config", "list", "-q").err == ""
    assert run("config", "set", "backorders", "no", "-q").err == ""


@pytest.mark.parametrize("from_environment", [("quantities", "reserved"), ("quantities",), ("reserved",), ()])
def test_each_path_from_the_environment_is_told_to_who_wants_quiet(
    run: Run, files: Path, monkeypatch: pytest.MonkeyPatch, from_environment: tuple[str, ...]
) -> None:
    (files / "held.csv").write_text("sku,reserved\nA,1\n")
    words = []
    for kind, path in (("quantities", "live.csv"), ("reserved", "held.csv")):
        monkeypatch.setenv(f"BACKORDERCTL_{kind.upper()}", path if kind in from_environment else "other.csv")
        words += [] if kind in from_environment else [f"--{kind}", path]
    told = run("product", "list", "-q", "-o", "csv", *words).err.splitlines()[:2]
    assert told == (["live.csv: 5 rows", "held.csv: 1 row"] if from_environment else [])


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("packed", [False, True])
def test_three_delimiters_a_mark_and_gzip_are_read_alike(run: Run, files: Path, delimiter: str, packed: bool) -> None:
    plain = run("product", "list", "--quantities", "live.csv", "-o", "csv").out
    content = ("\ufeff" + LIVE.replace(",", delimiter).replace("\n", "\r\n")).encode()
    (files / "other").write_bytes(gzip.compress(content) if packed else content)
    assert run("product", "list", "--quantities", "other", "-o", "csv").out == plain


def test_standard_input_is_read_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LIVE.encode())))
    ran = run("diff", "store.toml", "store.toml", "--quantities", "-")
    assert (ran.status, ran.out) == (0, "no effective change\n")
    assert ran.err.splitlines()[0] == "<stdin>: 5 rows"


READING = (
    "product list", "product show A", "product explain A", "order check A 1", "order simulate A", "stock list",
    "stock show eu", "source list", "source show lyon", "check", "report", "agenda", "test store.test.toml",
    "diff store.toml", "drift magento.csv",
)  # fmt: skip
"""Every command that answers from quantities."""
TAKES = ("--quantities", "--reserved")


@pytest.mark.parametrize("command", READING)
def test_every_command_that_answers_takes_both_files(run: Run, files: Path, command: str) -> None:
    (files / "magento.csv").write_text("sku,qty,is_salable\nA,22.5,1\n")
    (files / "held.csv").write_text("sku,reserved\nA,1\n")
    ran = run(*command.split(), "--quantities", "live.csv", "--reserved", "held.csv")
    assert "live.csv: " in ran.err, ran.err
    assert "held.csv: " in ran.err
    assert ran.status in (0, 1)


@pytest.mark.parametrize("command", READING)
@pytest.mark.parametrize("option", TAKES)
def test_standard_input_is_not_two_files(
    run: Run, files: Path, monkeypatch: pytest.MonkeyPatch, command: str, option: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(STORE.encode())))
    said = (2, "", "Error: standard input can be one file only, got it for several\n")
    assert run(*command.split(), "-f", "-", option, "-") == said
    assert run(*command.split(), *TAKES[:1], "-", *TAKES[1:], "-") == said


def test_without_a_status_column_the_status_of_the_store_stays(run: Run, files: Path) -> None:
    (files / "live.csv").write_text("sku,quantity,source_code\nA,7,berlin\nA,5,lyon\nB,5,lyon\n")
    ran = run("product", "list", "--by-source", "--quantities", "live.csv", "-o", "csv")
    assert [line.split(",")[:5] for line in ran.out.splitlines()[1:]] == [
        ["A", "berlin", "eu", "7", "in_stock"],
        ["A", "lyon", "eu", "5", "out_of_stock"],
        ["B", "lyon", "eu", "5", "in_stock"],
    ]


def test_only_the_named_sources_are_replaced(run: Run) -> None:
    ran = run("product", "list", "--quantities", "live.csv", "--quantities-for", "berlin", "-o", "csv")
    assert rows(ran.out)[0] == "A,eu,in_stock,7,1,6,false"
    assert "3 rows of other sources left out\n" in ran.err
    ran = run("product", "list", "--by-source", "--quantities", "live.csv", "--quantities-for", "berlin", "-o", "csv")
    at_sources = [line.split(",")[:4] for line in ran.out.splitlines()]
    assert [line for line in at_sources if line[0] == "A"] == [["A", "berlin", "eu", "7"], ["A", "lyon", "eu", "2"]]
    ran = run("product", "list", "--quantities", "live.csv", "--quantities-for", "berlni")
    assert ran.err == "Error: unknown source 'berlni', expected berlin, lyon or nyc\nHint: did you mean 'berlin'?\n"


def test_half_a_file_is_no_empty_warehouse(run: Run, files: Path) -> None:
    (files / "live.csv").write_text(HEAD + "berlin,A,7,1\n")
    ran = run("product", "list", "--quantities", "live.csv")
    assert (ran.status, ran.out, ran.err) == (
        2,
        "",
        "Error: live.csv: expected rows of every source, got none of lyon (1 in the store file)\n"
        "Hint: --allow-missing\n",
    )
    ran = run("product", "list", "--quantities", "live.csv", "--allow-missing")
    assert "1 product of the store file without a row\n" in ran.err


BAD = {
    "an unknown source": (
        "berlim,A,1,1",
        "source_code: expected a source of the store file, got 'berlim'; did you mean 'berlin'?",
    ),
    "no number": ("berlin,A,many,1", "quantity: expected a number, got 'many'"),
    "an exponent": ("berlin,A,1e3,1", "quantity: expected a number, got '1e3'"),
    "nothing for a number": ("berlin,A,,1", "quantity: expected a number, got ''"),
    "a number with a blank": ("berlin,A, 1,1", "quantity: expected a number without blanks, got ' 1'"),
    "five places": ("berlin,A,1.23456,1", "quantity: expected a number of at most 4 decimal places, got 1.23456"),
    "nine digits": (
        "berlin,A,123456789,1",
        "quantity: expected a number of at most 8 digits before the point, got 123456789",
    ),
    "no SKU": ("berlin,,1,1", "sku: expected a SKU, got an empty string"),
    "a SKU with a blank": ("berlin,A ,1,1", "sku: expected a SKU without blanks at either end, got 'A '"),
    "another status": ("berlin,A,1,2", "status: expected 1, 0, in_stock or out_of_stock, got '2'"),
    "a missing cell": ("berlin,A,1", "expected 4 cells, got 3"),
}


@pytest.mark.parametrize(("row", "said"), BAD.values(), ids=BAD)
def test_a_bad_row_is_refused_with_its_record(run: Run, files: Path, row: str, said: str) -> None:
    (files / "live.csv").write_text(HEAD + '"lyon","two\nlines",1,1\nlyon,A,1,1\n' + row + "\n")
    ran = run("product", "list", "--quantities", "live.csv")
    assert (ran.status, ran.out, ran.err) == (
        2,
        "",
        f"Error: live.csv:5: record 3: {said}\nHint: --skip-bad rejects.csv\n",
    )


def test_all_bad_rows_are_counted_and_can_be_left_out(run: Run, files: Path) -> None:
    bad = "".join(row + "\n" for row, _ in BAD.values())
    (files / "live.csv").write_text(HEAD + bad + LIVE.removeprefix(HEAD))
    ran = run("product", "list", "--quantities", "live.csv")
    assert ran.err.splitlines()[5:] == ["Error: 11 of 16 rows are refused"]
    ran = run("product", "list", "--quantities", "live.csv", "--skip-bad", "rejects.csv", "-o", "csv")
    assert (ran.status, len(rows(ran.out))) == (0, 3)
    assert (files / "rejects.csv").read_text().splitlines()[:2] == [
        "refused,line,source_code,sku,quantity,status",
        "\"source_code: expected a source of the store file, got 'berlim'; did you mean 'berlin'?\",2,berlim,A,1,1",
    ]


def test_rejects_of_an_earlier_run_go_once_no_row_is_refused(run: Run, files: Path) -> None:
    words = ("product", "list", "--quantities", "live.csv", "--skip-bad", "rejects.csv")
    (files / "live.csv").write_text(LIVE + "berlim,A,1,1\n")
    assert run(*words).status == 0
    (files / "live.csv").write_text(LIVE)
    assert run("product", "show", "A", *words[2:]).status == 0  # reads the rows of one product alone
    assert (files / "rejects.csv").exists()
    assert "rejects.csv: removed, as no row is refused any more\n" in run(*words).err
    assert not (files / "rejects.csv").exists()
    (files / "rejects.csv").touch()  # nothing was refused here, so it is not ours to remove
    assert run(*words).status == 0
    assert (files / "rejects.csv").exists()


@pytest.mark.parametrize("bad", ["", "berlim,A,1,1\n"], ids=["no bad row", "a bad row"])
@pytest.mark.parametrize(
    "words",
    [
        "product list --skip-bad own.csv",
        "product list --reserved held.csv --skip-bad own.csv",
        "diff store.toml new.toml --skip-bad new.toml",
        "test --skip-bad store.test.toml",
        "drift --stock eu own.csv --skip-bad own.csv",
    ],
)
def test_refused_rows_take_the_place_of_no_other_file(run: Run, files: Path, words: str, bad: str) -> None:
    (files / "live.csv").write_text(LIVE + bad)
    (files / "held.csv").write_text("sku,reserved,stock\nA,1,eu\n")
    (files / "own.held.csv").write_text("my own notes\n")
    for name in ("own.csv", "new.toml", "store.test.toml"):
        (files / name).write_bytes((files / "store.toml").read_bytes())
    name = "own.held.csv" if "held" in words else words.split()[-1]
    if "held" in words:
        (files / "own.csv").unlink()
    before = {path: path.read_bytes() for path in files.iterdir()}
    ran = run(*words.split(), "--quantities", "live.csv")
    error = f"Error: --skip-bad {name}: expected a new file or one of refused rows, got another"
    assert (ran.status, ran.out, ran.err.splitlines()[-1]) == (2, "", error)
    assert {path: path.read_bytes() for path in files.iterdir()} == before


def test_one_product_leaves_the_refused_rows_of_all_in_place(run: Run, files: Path) -> None:
    (files / "live.csv").write_text(LIVE + "berlim,A,1,1\nberlim,B,1,1\n")
    words = ("--quantities", "live.csv", "--skip-bad", "rejects.csv")
    assert run("product", "list", *words).status == 0
    before = (files / "rejects.csv").read_text()
    assert run("product", "show", "A", *words).status == 0
    assert (files / "rejects.csv").read_text() == before
    (files / "rejects.csv").unlink()
    assert run("product", "show", "A", *words).status == 0
    assert len((files / "rejects.csv").read_text().splitlines()) == 2


def test_rejects_that_are_read_are_not_removed(run: Run, files: Path) -> None:
    rejects = "".join(f"reason,9,{line}\n" for line in LIVE.splitlines()).replace("reason,9", "refused,line", 1)
    (files / "rejects.csv").write_text(rejects)
    ran = run("product", "list", "--quantities", "rejects.csv", "--skip-bad", "rejects.csv")
    error = "Error: --skip-bad rejects.csv: expected another file, got one that this command reads\n"
    assert (ran.status, ran.out, ran.err.splitlines()[-1]) == (2, "", error.strip())
    assert (files / "rejects.csv").read_text() == rejects


def test_a_pair_given_twice_is_refused_with_both_rows(run: Run, files: Path) -> None:
    (files / "live.csv").write_text(LIVE + "berlin,A,8,1\n")
    ran = run("product", "list", "--quantities", "live.csv")
    assert ran.err.splitlines()[:3] == [
        "Error: live.csv:2: record 1: 'A' at berlin: expected one row, got 7, and 8 in record 6",
        "Error: live.csv:7: record 6: 'A' at berlin: expected one row, got 8, and 7 in record 1",
        "Error: 2 of 6 rows are refused",
    ]
    ran = run("product", "list", "--quantities", "live.csv", "--skip-bad", "r.csv", "-o", "csv")
    assert rows(ran.out)[0] == "A,eu,in_stock,5.5,1,14.5,false"


UNREADABLE = {
    "an empty file": (b"", "live.csv:1: expected columns 'source_code', 'sku' and 'quantity', got an empty file"),
    "a header alone": (HEAD.encode(), "live.csv: expected rows, got none"),
    "no column for quantities": (
        b"source_code,sku\n",
        "live.csv:1: expected a column 'quantity', got source_code, sku",
    ),
    "a column twice": (b"sku,source_code,quantity,SKU\n", "live.csv:1: column 'sku': expected once, got it twice"),
    "bytes that are no text": (
        HEAD.encode() + b"berlin,\xff,1,1\n",
        "live.csv: expected UTF-8, got byte 0xff",
    ),
    "a damaged gzip file": (
        gzip.compress(LIVE.encode(), mtime=0)[:-9],
        "live.csv: expected a whole gzip file, got a damaged one",
    ),
    "an open quote": (
        HEAD.encode() + b'berlin,A,1,1\nberlin,"A,1,1\n',
        "live.csv:3: record 2: expected a closing quote, got none",
    ),
    "more after a closing quote": (
        HEAD.encode() + b'berlin,A,1,1\nberlin,"TV" 24,1,1\nberlin,B,1,1\n',
        "live.csv:3: record 2: expected the end of the cell after its closing quote, got more: "
        "a quote inside quotes is written twice",
    ),
    "quotes that would make one SKU of several rows": (
        HEAD.replace(",", "\t").encode() + b'berlin\t"TV" 24\t1\t1\nberlin\tB\t1\t1\nberlin\t"TV" 25\t1\t1\n',
        "live.csv:2: record 1: expected the end of the cell after its closing quote, got more: "
        "a quote inside quotes is written twice",
    ),
}


@pytest.mark.parametrize(("content", "said"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_cannot_be_read_is_refused(run: Run, files: Path, content: bytes, said: str) -> None:
    (files / "live.csv").write_bytes(content)
    assert run("product", "list", "--quantities", "live.csv") == (2, "", f"Error: {said}\n")


def test_a_quote_that_is_not_doubled_is_refused_in_the_rows_of_a_product(run: Run, files: Path) -> None:
    (files / "live.csv").write_text(HEAD + 'berlin,A,1,1\n\nberlin,"TV" 24,1,1\n')
    assert run("product", "show", "A", "--quantities", "live.csv").status == 0
    assert run("product", "show", "TV", "--quantities", "live.csv") == (
        2,
        "",
        "Error: live.csv:4: record 2: expected the end of the cell after its closing quote, got more: "
        "a quote inside quotes is written twice\n",
    )


def test_a_refused_row_after_a_record_of_several_lines_is_named_by_its_line(run: Run, files: Path) -> None:
    (files / "live.csv").write_text(HEAD + 'berlin,"B",1,1\nberlin,"two\nlines",1,1\n\nberlin,C,1,1\nberlin,a,bad,1\n')
    for words in (("product", "show", "A"), ("product", "list")):
        error = run(*words, "--quantities", "live.csv").err.splitlines()[0]
        assert error.startswith("Error: live.csv:7: record 4: quantity: expected a number")


def test_a_sku_in_quotes_is_read_with_the_quotes_of_its_own(run: Run, files: Path) -> None:
    (files / "live.csv").write_text(HEAD.replace(",", "\t") + 'berlin\t"""TV"" 24"\t1\t1\n')
    ran = run("product", "list", "--quantities", "live.csv", "--allow-missing", "-o", "json")
    assert '"TV" 24' in [product["sku"] for product in json.loads(ran.out)["products"]]


@pytest.mark.parametrize(
    "command", [["product", "show", "A"], ["product", "explain", "A"], ["order", "check", "A", "1"]]
)
def test_one_product_is_answered_from_its_own_rows(run: Run, files: Path, command: list[str]) -> None:
    whole = run(*command, "--quantities", "live.csv").out
    (files / "live.csv").write_text(LIVE + 'berlin,"C\nA",x,y\nnowhere,"A, again",1,1\n\nberlin,Z,1,1\n')
    ran = run(*command, "--quantities", "live.csv")
    assert (ran.status, ran.out, ran.err) == (0, whole, "live.csv: only the rows of A were checked\n")
    (files / "live.csv").write_text(LIVE + '\nberlin,"C\nA",x,y\nlyon,A,many,1\n')
    assert run(*command, "--quantities", "live.csv").err == (
        "Error: live.csv:10: record 7: quantity: expected a number, got 'many'\nHint: --skip-bad rejects.csv\n"
    )


def test_reservations_of_magento_are_summed_and_turned(run: Run, files: Path) -> None:
    (files / "store.toml").write_text(STORE + "[stocks.us]\nsources = ['nyc']\n")
    (files / "held.csv").write_text("sku,quantity,stock_id,metadata\nA,-3,2,x\nA,1,2,x\nZ,-5,3,x\n")
    ran = run("product", "list", "--reserved", "held.csv", "--stock-id", "2=eu", "--stock-id", "3=us", "-o", "csv")
    assert ran.err == (
        "held.csv: 3 rows; columns ignored: metadata\n"
        "1 SKU with reservations is in no row and not in the store file: left out\n"
    )
    assert rows(ran.out)[0] == "A,eu,out_of_stock,1,2,0,true"
    (files / "held.csv").write_text("sku,quantity,stock_id\nA,3,2\n")
    ran = run("product", "list", "--reserved", "held.csv", "--stock-id", "2=eu", "-o", "csv")
    assert ran.err == (
        "Error: held.csv: 'A' in stock eu: expected a quantity of 0 or less in all, as Magento reserves, got 3\n"
        "Hint: if the sign is turned, give one row for each product and stock and name the column 'reserved'\n"
    )


def test_sums_above_zero_are_told_where_they_are_left_out(run: Run, files: Path) -> None:
    (files / "held.csv").write_text("sku,quantity\nB,3\nA,3\nA,2\n")
    words = ("product", "list", "--reserved", "held.csv", "--skip-bad", "r.csv")
    ran = run(*words, "-o", "csv")
    assert rows(ran.out)[0].startswith("A,eu,in_stock,1,0,")
    assert ran.err == "held.csv: 3 rows\n2 sums of reservations above 0 counted as 0, the first 'A' in stock eu\n"
    assert json.loads(run(*words, "-o", "json").out)["quantities"]["sums_above_zero"] == 2


RESERVED = {
    "both columns": ("sku,reserved,quantity\n", "held.csv: expected a column 'reserved' or 'quantity', got both"),
    "neither column": ("sku,stock\n", "held.csv: expected a column 'reserved' or 'quantity', got neither"),
    "an unknown stock": (
        "sku,reserved,stock\nA,1,euu\n",
        "held.csv:2: record 1: stock: expected a stock of the store file, got 'euu'; did you mean 'eu'?",
    ),
    "a number without a stock": (
        "sku,reserved,stock_id\nA,1,7\n",
        "held.csv:2: record 1: stock_id: expected a number that --stock-id gives a stock, got '7'",
    ),
    "less than nothing": ("sku,reserved\nA,-1\n", "held.csv:2: record 1: reserved: expected 0 or more, got -1"),
    "the same product twice": (
        "sku,reserved\nA,1\nA,2\n",
        "held.csv:2: record 1: 'A' in stock eu: expected one row, got several",
    ),
    "no number": ("sku,quantity\nA,x\n", "held.csv:2: record 1: quantity: expected a number, got 'x'"),
}


@pytest.mark.parametrize(("content", "said"), RESERVED.values(), ids=RESERVED)
def test_a_bad_reserved_file_is_refused(run: Run, files: Path, content: str, said: str) -> None:
    (files / "held.csv").write_text(content)
    ran = run("product", "list", "--reserved", "held.csv")
    assert (ran.status, ran.out, ran.err.splitlines()[0]) == (2, "", f"Error: {said}")


def test_several_stocks_need_a_column_that_names_one(run: Run, files: Path) -> None:
    (files / "store.toml").write_text(STORE + "[stocks.us]\nsources = ['nyc']\n")
    (files / "held.csv").write_text("sku,reserved\nA,1\n")
    assert run("product", "list", "--reserved", "held.csv").err == (
        "Error: held.csv: expected a column 'stock' or 'stock_id', got neither; the store has several stocks: eu, us\n"
    )


def test_diff_says_what_a_change_of_policy_does_to_the_goods_of_today(run: Run, files: Path) -> None:
    (files / "new.toml").write_text(STORE.replace("-50", "-40").replace("[sources.nyc]", "[sources.paris]"))
    (files / "live.csv").write_text(LIVE + "nyc,B,1,1\nparis,B,1,1\n")
    ran = run("diff", "store.toml", "new.toml", "--quantities", "live.csv", "-o", "csv")
    assert "product,New,,eu,,,salable,47,37\n" in ran.out
    assert "1 row of sources and stocks that only the other side declares left out\n" in ran.err


def test_refused_rows_of_a_comparison_are_written_once(run: Run, files: Path) -> None:
    (files / "new.toml").write_text(STORE.replace("-50", "-40").replace("[sources.nyc]", "[sources.paris]"))
    (files / "live.csv").write_text(LIVE + "nyc,B,1,1\nparis,B,1,1\nberlin,C,x,1\n")
    words = ("--quantities", "live.csv", "--skip-bad", "rejects.csv")
    ran = run("diff", "store.toml", "new.toml", *words)
    said = "rejects.csv: 1 row refused, the first at line 9: quantity: expected a number, got 'x'"
    assert (ran.status, ran.err.splitlines().count(said)) == (0, 1)
    assert len((files / "rejects.csv").read_text().splitlines()) == 2


def test_refused_rows_of_files_with_one_name_are_kept_apart(run: Run, files: Path) -> None:
    (files / "held").mkdir()
    (files / "live.csv").write_text(LIVE + "berlin,C,x,1\n")
    (files / "held" / "live.csv").write_text("sku,reserved\nA,1\nB,x\n")
    words = ("--quantities", "live.csv", "--reserved", "held/live.csv", "--skip-bad", "r.csv")
    assert run("product", "list", *words).status == 0
    assert [len((files / name).read_text().splitlines()) for name in ("r.live.csv", "r.live-2.csv")] == [2, 2]


def test_a_source_of_one_side_may_have_the_name_of_a_stock_of_the_other(run: Run, files: Path) -> None:
    (files / "new.toml").write_text(STORE.replace("stocks.eu]", "stocks.us]").replace("[sources.nyc]", "[sources.eu]"))
    (files / "live.csv").write_text(LIVE + "eu,B,1,1\n")
    (files / "held.csv").write_text("sku,stock,reserved\nA,eu,1\nA,us,2\n")
    files_from_outside = ("--quantities", "live.csv", "--reserved", "held.csv")
    ran = run("diff", "store.toml", "new.toml", *files_from_outside, "-o", "csv")
    assert (ran.status, ran.err.count("2 rows of sources and stocks that only the other side declares")) == (0, 1)
    (files / "held.csv").write_text("sku,stock,reserved\nA,nyc,1\n")
    ran = run("diff", "store.toml", "new.toml", *files_from_outside)
    assert (ran.status, "stock: expected a stock of the store file, got 'nyc'" in ran.err) == (2, True)


def test_rows_of_sources_that_are_not_replaced_bring_no_products(run: Run, files: Path) -> None:
    (files / "live.csv").write_text(LIVE + "nyc,Elsewhere,4,1\n")
    ran = run("product", "list", "--quantities", "live.csv", "--quantities-for", "berlin", "-o", "csv")
    assert [line.split(",")[0] for line in rows(ran.out)] == ["A", "B", "New"]
    assert ran.err == (
        "live.csv: 6 rows\n1 SKU not in the store file: without settings of their own\n"
        "4 rows of other sources left out\n"
    )


def test_a_source_or_stock_that_is_unknown_is_refused_with_the_nearest(run: Run, files: Path) -> None:
    (files / "held.csv").write_text("sku,reserved\nA,1\n")
    assert run("product", "list", "--quantities", "live.csv", "--quantities-for", "berlim").err == (
        "Error: unknown source 'berlim', expected berlin, lyon or nyc\nHint: did you mean 'berlin'?\n"
    )
    for command in (("product", "list", "--quantities"), ("evaluate", "--summary")):
        assert run(*command, "live.csv", "--reserved", "held.csv", "--stock-id", "2=euu").err == (
            "Error: --stock-id: expected a stock of the store file, got 'euu'; did you mean 'eu'?\n"
        )


def test_a_source_or_stock_of_one_side_may_be_named_for_a_comparison(run: Run, files: Path) -> None:
    (files / "new.toml").write_text(
        STORE.replace("stocks.eu]", "stocks.us]").replace("[sources.nyc]", "[sources.oslo]")
    )
    (files / "live.csv").write_text(LIVE + "oslo,B,1,1\nberlin,B,1,1\n")
    (files / "held.csv").write_text("sku,stock_id,reserved\nA,7,1\nB,8,1\n")
    words = ("--stock-id", "7=eu", "--stock-id", "8=us", "--quantities-for", "oslo", "--quantities-for", "berlin")
    ran = run("diff", "store.toml", "new.toml", "--quantities", "live.csv", "--reserved", "held.csv", *words)
    assert (ran.status, "Error" in ran.err) == (0, False)


def test_an_option_that_says_how_to_read_needs_a_file(run: Run) -> None:
    assert run("product", "list", "--allow-missing").err == (
        "Error: --allow-missing: expected --quantities or --reserved beside it, got neither\n"
    )
    assert run("product", "list", "--quantities", "live.csv", "--skip-bad", "-").err == (
        "Error: --skip-bad -: expected a file, got standard output\n"
    )
    assert run("product", "list", "--quantities", "live.csv", "--stock-id", "eu").err == (
        "Error: --stock-id: expected ID=STOCK, such as 2=eu, got 'eu'\n"
    )


def test_parquet_is_read_exactly_or_refused(run: Run, files: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    plain = run("product", "list", "--quantities", "live.csv", "-o", "csv").out
    for kind in ("DECIMAL(12,4)", "DOUBLE", "VARCHAR"):
        duckdb.execute(
            f"COPY (SELECT source_code, sku, CAST(quantity AS {kind}) AS quantity, status FROM 'live.csv') "
            "TO 'live.parquet'"
        )
        assert run("product", "list", "--quantities", "live.parquet", "-o", "csv").out == plain
        assert run("product", "show", "A", "--quantities", "live.parquet").status == 0
    duckdb.execute("COPY (SELECT * REPLACE (CAST(quantity AS FLOAT) AS quantity) FROM 'live.csv') TO 'live.parquet'")
    assert run("product", "list", "--quantities", "live.parquet").err == (
        "Error: live.parquet: column 'quantity': expected text, decimals or whole numbers, got FLOAT\n"
    )
    (files / "live.parquet").write_bytes((files / "live.parquet").read_bytes()[:200])
    assert run("product", "list", "--quantities", "live.parquet").err == (
        "Error: live.parquet: expected a Parquet file, got a damaged one\n"
    )


def test_a_schedule_holds_for_items_that_a_file_brings(run: Run, files: Path) -> None:
    entry = "[[schedule]]\nfrom = 2026-01-01\nuntil = 2026-01-31\nproduct = 'B'\nsource = 'lyon'\nbackorders = 'no'\n"
    (files / "store.toml").write_text(STORE + entry)
    ran = run("product", "list", "--quantities", "live.csv", "--at", "2026-01-31", "-o", "csv")
    assert rows(ran.out)[1] == "B,eu,in_stock,9,0,9,true"
    ran = run("product", "list", "--quantities", "live.csv", "--at", "2026-02-01", "-o", "csv")
    assert rows(ran.out)[1] == "B,eu,in_stock,9,0,59,true"


def test_the_report_counts_the_goods_of_a_file(run: Run) -> None:
    report = json.loads(run("report", "--quantities", "live.csv", "-o", "json").out)
    assert report["quantities"]["unknown_skus"] == 1
    assert report["stocks"][0]["products"] == 3


def test_what_is_set_for_an_item_stays_without_its_row(folder: Path) -> None:
    """As policy for the next file that has one."""
    (folder / "live.csv").write_text(HEAD + "lyon,A,5,1\n")
    store = read_quantities(load("store.toml"), Inputs((InputFile("live.csv", "rows"),), (), allow_missing=True)).store
    product = store.products["A"]
    assert (list(product.items), product.item_policies) == (["lyon"], {"berlin": {"backorders": Backorders.NO}})


def test_products_that_share_their_goods_get_the_answers_of_each_alone(folder: Path) -> None:
    for seed in range(5):
        write_case(folder, seed, 200)
        files = Inputs((InputFile("quantities.csv", "rows"),), (InputFile("reserved.csv", "held"),), allow_missing=True)
        store = read_quantities(load("store.toml"), files).store.on(ANY_DAY)
        assert list(evaluate_all(store)) == [answer for sku in store.products for answer in evaluate(store, sku)]
        twins = {sku + "'": product._replace(sku=sku + "'") for sku, product in store.products.items()}
        store = replace(store, products={**store.products, **twins})
        assert list(evaluate_all(store)) == [answer for sku in store.products for answer in evaluate(store, sku)]


def test_records_are_numbered_across_batches_blank_lines_and_lines_in_cells(
    run: Run, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backorderctl.rows.delimited.BATCH", 3)
    head, note = HEAD.replace("\n", ",note\n"), '"two\r\nlines"'
    good = [f"berlin,P{number},1,1,{note}" for number in range(7)]
    lines = [head + good[0], "", *good[1:4], "", "", good[4], "berlin,BAD,x,1,", *good[5:], "berlin,BAD,y,1,"]
    (files / "live.csv").write_text("\n".join(lines) + "\n", newline="")
    ran = run("product", "list", "--quantities", "live.csv", "--allow-missing")
    assert ran.err.splitlines()[:2] == [
        "Error: live.csv:15: record 6: quantity: expected a number, got 'x'",
        "Error: live.csv:20: record 9: quantity: expected a number, got 'y'",
    ]


WAREHOUSE = "Lagerort;Artikelnummer;Bestand\nberlin;A;11,5\n"
NAMED = ("--column", "source_code=Lagerort", "--column", "sku=artikelnummer", "--column", "quantity=Bestand")


def test_the_file_of_any_warehouse_is_read_as_its_columns_are_named(run: Run, files: Path) -> None:
    (files / "lager.csv").write_text(WAREHOUSE)
    words = ("product", "list", "--quantities", "lager.csv", "--allow-missing", "-o", "csv")
    lacks = "lager.csv:1: expected columns 'source_code', 'sku' and 'quantity', got Lagerort, Artikelnummer, Bestand"
    hint = "--column source_code=Lagerort --column sku=Artikelnummer --column quantity=Bestand"
    assert run(*words) == (2, "", f"Error: {lacks}\nHint: {hint}\n")
    comma = "lager.csv:2: record 1: quantity: expected a number with a point before its decimals, got '11,5'"
    assert run(*words, *NAMED) == (2, "", f"Error: {comma}\nHint: --decimal ,\n")
    assert rows(run(*words, *NAMED, "--decimal", ",").out)[0].startswith("A,eu,in_stock,11.5,")
    wrong = "Error: --column: expected FIELD=HEADER with each of sku, source_code, "
    assert run(*words, "--column", "artikel=Artikelnummer").err.startswith(wrong)
    assert run(*words, "--decimal", ";") == (2, "", "Error: --decimal: expected . or a comma, got ';'\n")


def test_the_environment_names_columns_too(run: Run, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (files / "lager.csv").write_text(WAREHOUSE)
    monkeypatch.setenv("BACKORDERCTL_COLUMNS", "source_code=Lagerort,sku=Artikelnummer,quantity=Bestand")
    monkeypatch.setenv("BACKORDERCTL_DECIMAL", ",")
    assert run("product", "list", "--quantities", "lager.csv", "--allow-missing").status == 0


def test_a_file_without_sources_is_about_the_one_that_is_named(run: Run, files: Path) -> None:
    (files / "one.csv").write_text("sku|qty\nA|3\n")
    listed = run("product", "list", "--quantities", "one.csv", "--quantities-for", "berlin", "-o", "json")
    assert json.loads(listed.out)["products"][0]["quantity"] == 3
    assert run("product", "list", "--quantities", "one.csv").status == 2


def test_what_is_no_table_is_not_quoted(run: Run, files: Path) -> None:
    for text in ("db_password=hunter2\n", "<html>;secret\n", "user: x, password: hunter2!\n"):
        (files / "x.txt").write_text(text)
        for option in ("--quantities", "--reserved"):
            ran = run("product", "list", option, "x.txt")
            assert (ran.status, "got no header of a table" in ran.err) == (2, True)
            assert "hunter2" not in ran.err
            assert "secret" not in ran.err


def test_reading_stops_after_a_thousand_refused_rows(run: Run, files: Path) -> None:
    (files / "bad.csv").write_text(HEAD + "berlin,A,x,1\n" * 1500)
    ran = run("product", "list", "--quantities", "bad.csv")
    assert (ran.status, ran.err.splitlines()[-1]) == (2, "Error: 1,000 rows are refused: reading stopped there")
    (files / "bad.csv").write_text(HEAD + "berlin,A,x,1\n" * 1500 + "berlin,A,1,1\n")
    ran = run("product", "list", "--quantities", "bad.csv", "--skip-bad", "r.csv", "--allow-missing")
    assert (ran.status, "1500 rows refused" in ran.err) == (0, True)


def test_a_hint_never_leaves_out_most_of_a_file(run: Run, files: Path) -> None:
    (files / "held.csv").write_text("stock_id,sku,quantity\n2,A,-3\n2,B,-1\n")
    hint = run("product", "list", "--reserved", "held.csv").err.splitlines()[-1]
    assert hint == "Hint: --stock-id 2=eu"
    (files / "live.csv").write_text(LIVE + "berlin,C,x,1\n")
    assert run("product", "list", "--quantities", "live.csv").err.splitlines()[-1] == "Hint: --skip-bad rejects.csv"
