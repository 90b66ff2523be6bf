"""`import magento`: the files that merchants have, each oddity of theirs, and what becomes of a store file."""

import csv
import gzip
import io
import json
import shutil
import subprocess
import sys
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import Run

DATA = Path(__file__).parent / "data" / "magento"
EMPTY = "version = 1\n"
FLAGS = "use_config_backorders"


@pytest.fixture
def take(folder: Path, run: Run) -> Any:
    """Imports one product CSV, given as text, into a store file, given as text; gives the products afterwards."""

    def taken(rows: str | bytes, store: str = EMPTY) -> dict[str, Any]:
        (folder / "p.csv").write_bytes(rows.encode() if isinstance(rows, str) else rows)
        (folder / "store.toml").write_text(store, encoding="utf-8")
        ran = run("import", "magento", "--products", "p.csv", "--take-policy")
        assert (ran.status, ran.out) == (0, ""), ran.err
        return products(folder)

    return taken


def products(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = store(folder).get("products", {})
    return found


def store(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "store.toml").read_text(encoding="utf-8"), parse_float=Decimal)


def copied(folder: Path, name: str) -> str:
    shutil.copy(DATA / name, folder / name)
    return name


@pytest.mark.parametrize(
    ("value", "flag", "before", "after"),
    [
        ("0", None, None, None),
        ("0", "", None, None),
        ("0", None, "allow", "no"),
        ("0", "0", None, None),
        ("0.0000", "", None, None),
        ("0.0000", "", "allow", "no"),
        ("1", None, None, "allow"),
        ("1.0000", "0", None, "allow"),
        ("2", "", "no", "notify"),
        ("Allow Qty Below 0 and Notify Customer", "0", None, "notify"),
        ("1", "1", None, None),
        ("1", "1", "notify", None),
        ("1", "2", "notify", None),
        ("", "1", "notify", None),
        ("", "0", "notify", "notify"),
        ("", "", "notify", "notify"),
        ("", None, "notify", "notify"),
        ("Use Config", None, "notify", None),
        ("Use Config", "0", "notify", None),
    ],
)
def test_an_override_is_taken_when_it_is_in_force(
    take: Any, value: str, flag: str | None, before: str | None, after: str | None
) -> None:
    header, row = ("sku,allow_backorders", f"X,{value}")
    if flag is not None:
        header, row = f"{header},{FLAGS}", f"{row},{flag}"
    own = f'backorders = "{before}"\n' if before else ""
    assert take(f"{header}\n{row}\n", f"{EMPTY}[products.X]\n{own}")["X"].get("backorders") == after


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("sku,out_of_stock_qty,use_config_min_qty\nX, -50.0000,0\n", {"out_of_stock_threshold": -50}),
        ("sku,min_qty,use_config_min_qty\nX,-4.5,0\n", {"out_of_stock_threshold": Decimal("-4.5")}),
        ("sku,backorders,min_qty,allow_backorders\nX,2,5,1\n", {"backorders": "allow", "out_of_stock_threshold": 5}),
        ("use_config_manage_stock,sku,manage_stock\n0,X,0\n", {"manage_stock": False}),
        ("sku,notify_on_stock_below\nX,7.2500\n", {"notify_for_quantity_below": Decimal("7.25")}),
        ('sku,name,description,qty\nX,Bag,"<p>two\r\nlines</p>",\n', {"name": "Bag"}),
    ],
)
def test_columns_are_found_by_either_name_in_any_order(take: Any, rows: str, expected: dict[str, Any]) -> None:
    assert take(rows) == {"X": expected}


def test_quantity_and_status_are_the_item_at_source_default(take: Any, folder: Path) -> None:
    rows = "sku,qty,is_in_stock\nA,5.0000,1\nB, -5.0000,0\nC,,1\nD,0,\n"
    assert take(rows) == {
        "A": {"sources": {"default": {"quantity": 5}}},
        "B": {"sources": {"default": {"quantity": -5, "status": "out_of_stock"}}},
        "C": {},
        "D": {"sources": {"default": {"quantity": 0}}},
    }
    assert store(folder)["sources"] == {"default": {}}


def test_absent_columns_and_blank_cells_change_nothing(take: Any) -> None:
    before = """version = 1
[sources.default]
[products.X]
name = "Mine"
backorders = "notify"
out_of_stock_threshold = -5
[products.X.sources.default]
quantity = 3
status = "out_of_stock"
[products.Y]
"""
    after = take("sku,name,qty,is_in_stock\nX,Theirs,4,\n", before)
    assert after["X"] == {
        "name": "Mine",
        "backorders": "notify",
        "out_of_stock_threshold": -5,
        "sources": {"default": {"quantity": 4, "status": "out_of_stock"}},
    }
    assert after["Y"] == {}


@pytest.mark.parametrize(
    "rows",
    [
        "sku,store_view_code,qty\nX,,5\nX,en,\nX,fr,\n",
        "sku,store_view_code,qty\nX,en,\nX,,5\n",
        "sku,store_view_code,qty\nX,default,5\n",
        "sku,store_view_code,qty\nX,,5\nX,en,5.0000\nX,fr,5\n",
        "sku,qty\nX,5\nX,5\n",
        "sku,_store,_type,qty\nX,,simple,5\n,en,,\n,,,\n",
        "sku,product_type,qty\nX,simple,5\nC,configurable,0\nG,grouped,0\nB,bundle,7\n",
    ],
)
def test_rows_without_stock_of_their_own_are_skipped(take: Any, rows: str) -> None:
    assert take(rows) == {"X": {"sources": {"default": {"quantity": 5}}}}


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfsku,qty\nX,5\n",
        b"sku,qty\r\nX,5\r\n",
        b"sku,qty\nX,5\r\n\r\n",
        b"sku,qty\rX,5\r",
        b"sku;qty\nX;5\n",
        b'"sku"\t"qty"\nX\t5\n',
        b"\n\n\t\xef\xbb\xbfsku\tqty\n\tX\t5\n",
        b" SKU ,qty,\nX,5,\n",
        b'sku,qty,description\nX,5,"a \\" b"\n'.replace(b'\\" b', b"\\ b"),
        gzip.compress(b"sku,qty\nX,5\n", mtime=0),
    ],
)
def test_every_shape_of_csv_is_read(take: Any, content: bytes) -> None:
    assert take(content) == {"X": {"sources": {"default": {"quantity": 5}}}}


def test_a_backslash_is_an_ordinary_character(take: Any) -> None:
    assert take('sku,name,qty\nX,"inch \\",5\nY,b,6\n').keys() == {"X", "Y"}


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"sku,qty\nA,1\nB,1,5\n", "p.csv:3: record 2: expected 2 cells, got 3"),
        (b'sku,name,qty\nA,"two\nlines",1\nB,x,"1,5"\n', "p.csv:4: record 2: qty: expected a number, got '1,5'"),
        (b"sku,qty\nA,ten\n", "p.csv:2: record 1: qty: expected a number, got 'ten'"),
        (b"sku,qty\nA,1.00001\n", "p.csv:2: record 1: qty: expected a number of at most 4 decimal places, got 1.00001"),
        (b"sku,is_in_stock\nA,2\n", "p.csv:2: record 1: is_in_stock: expected 0 or 1, got '2'"),
        (
            b"sku,allow_backorders\nA,yes\n",
            "p.csv:2: record 1: allow_backorders: expected 0, 1 or 2, got 'yes'",
        ),
        (
            b"sku,use_config_backorders\nA,yes\n",
            "p.csv:2: record 1: use_config_backorders: expected a number, got 'yes'",
        ),
        (b"sku,qty\n,5\n", "p.csv:2: record 1: sku: expected a SKU, got none"),
        (b"sku,qty\nA,800\nA,900\n", "p.csv:3: record 2: sku 'A': qty: expected 800 as at line 2, got 900"),
        (b"sku,qty\na,0\nA,9\n", "p.csv:3: record 2: sku 'a': qty: expected 0 as at line 2, got 9"),
        (b'sku,qty\nA ,1\nA,"  2"\n', "p.csv:3: record 2: sku 'A': qty: expected 1 as at line 2, got 2"),
        (
            b"sku,qty,is_in_stock,allow_backorders,use_config_backorders\nA,1,1,1,0\nA,1,0,2,1\n",
            "p.csv:3: record 2: sku 'A': is_in_stock: expected 1 as at line 2, got 0; "
            "allow_backorders: expected 1 as at line 2, got the configuration's value",
        ),
        (
            b"sku,qty\n8.94E+12,1\n",
            "p.csv:2: record 1: sku: expected a SKU, got '8.94E+12', which a spreadsheet has cut short",
        ),
        (b"qty\n1\n", "p.csv:1: expected a column 'sku', got qty"),
        (b"", "p.csv:1: expected a column 'sku', got an empty file"),
        (b"sku,qty,qty\nA,1,1\n", "p.csv:1: column 'qty': expected once, got it twice"),
        (b'sku,qty\nA,1\nB,"2\nC,3\n', "p.csv:3: record 2: expected a closing quote, got none"),
        (b"sku,qty\nA,1\nB\xf4,1\n", "p.csv:3:2: expected UTF-8, got byte 0xf4"),
        (b"\xff\xfes\x00", "p.csv:1:1: expected UTF-8, got byte 0xff"),
        (gzip.compress(b"sku,qty\nA,1\n", mtime=0)[:-9], "p.csv: expected a whole gzip file, got a damaged one"),
    ],
)
def test_an_invalid_file_is_named_and_nothing_is_written(folder: Path, run: Run, content: bytes, error: str) -> None:
    (folder / "p.csv").write_bytes(content)
    ran = run("import", "magento", "--products", "p.csv")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.splitlines()[0] == f"Error: {error}"
    assert not (folder / "store.toml").exists()


def test_messages_name_columns_and_values_as_the_file_has_them(folder: Path, run: Run) -> None:
    (folder / "p.csv").write_text(
        "sku,is_in_stock,min_qty,use_config_min_qty,backorders,use_config_backorders,manage_stock\n"
        "A,1,x,0,1,0,1\nB,1,5,0,7,0,1\nC,1,5,0,1,0,3\n"
        "D,1,0,,2.0000,1,1\nE,1,,0,0,,\nF,1,1.5000,0,2,0,1\nF,0,,1,1,0,0\nF,1,0,,,,\n"
    )
    (folder / "s.csv").write_text("sku,source_code,qty\nA,main,x\n")
    ran = run(
        *("import", "magento", "--products", "p.csv", "--stock-sources", "s.csv", "--skip-bad", "r.csv", "-o", "json")
    )
    document = json.loads(ran.out)
    assert [each["reason"] for each in document["refused"]] == [
        "min_qty: expected a number, got 'x'",
        "backorders: expected 0, 1 or 2, got '7'",
        "manage_stock: expected 0 or 1, got '3'",
        "sku 'F': is_in_stock: expected 1 as at line 7, got 0; backorders: expected 2 as at line 7, got 1; min_qty: "
        "expected 1.5 as at line 7, got the configuration's value; manage_stock: expected 1 as at line 7, got 0 "
        "without a flag",
        "sku 'F': backorders: expected 2 as at line 7, got none; min_qty: expected 1.5 as at line 7, got 0 without a "
        "flag; manage_stock: expected 1 as at line 7, got none",
        "qty: expected a number, got 'x'",
    ]
    found = {(each["code"], each["about"]): (each["first"] or {}).get("value") for each in document["notes"]}
    assert found == {
        ("blank_override", "min_qty"): "",
        ("not_in_force", "backorders"): "2.0000",
        ("assumed", "backorders"): "no",
        ("no_type", None): None,
        ("zero_without_flag", "min_qty"): None,
        ("zero_without_flag", "backorders"): None,
        ("status_without_quantity", None): None,
        ("no_reservations", None): None,
    }
    assert "sources_added" not in document["counts"]  # there was none


def test_a_flag_without_its_column_is_no_blank_override(folder: Path, run: Run) -> None:
    (folder / "p.csv").write_text("sku,qty,use_config_backorders\nA,1,0\n")
    assert "blank" not in run("import", "magento", "--products", "p.csv").err


def test_a_file_whose_skus_a_spreadsheet_has_cut_short_is_refused(folder: Path, run: Run) -> None:
    lines = [f"{number}.94E+12,{number % 10}" for number in range(1, 10)] * 2
    (folder / "p.csv").write_text("\n".join(["sku,qty", *lines, "GOOD,1"]))
    ran = run("import", "magento", "--products", "p.csv", "--skip-bad", "r.csv")
    assert ran.status == 2
    assert ran.err == (
        "Error: p.csv:11: sku: 10 SKUs that a spreadsheet has cut short, such as '1.94E+12': export the file again\n"
    )
    assert not (folder / "r.csv").exists()


def test_skus_that_differ_in_case_or_blanks_alone_are_one(take: Any) -> None:
    store = f"{EMPTY}[products.TILcotil]\n"
    assert take("sku,qty\ntilcotil,5\nTILCOTIL ,5\n", store) == {"TILcotil": {"sources": {"default": {"quantity": 5}}}}


def test_a_store_that_has_both_spellings_keeps_them_apart(take: Any) -> None:
    found = take("sku,qty\nA,5\n", f"{EMPTY}[products.a]\n[products.A]\n")
    assert found == {"a": {}, "A": {"sources": {"default": {"quantity": 5}}}}


def test_skip_bad_imports_the_good_rows_and_writes_the_others_to_a_file(folder: Path, run: Run) -> None:
    (folder / "p.csv").write_text('sku;name;qty\nA;a;1\nB;"b;\nb";x\nC;c;3;4\nD;d;4\n')
    ran = run("import", "magento", "--products", "p.csv", "--skip-bad", "r.csv")
    assert ran.status == 0
    assert ran.err.splitlines()[1] == "r.csv: 2 rows refused, the first at line 3: qty: expected a number, got 'x'"
    assert set(products(folder)) == {"A", "D"}
    rejects = (folder / "r.csv").read_text()
    assert list(csv.reader(io.StringIO(rejects))) == [
        ["refused", "line", "sku", "name", "qty"],
        ["qty: expected a number, got 'x'", "3", "B", "b;\nb", "x"],
        ["expected 3 cells, got 4", "5", "C", "c", "3", "4"],
    ]
    (folder / "r.csv").write_text(rejects.replace(",x\n", ",2\n").replace(",3,4\n", ",3\n"))
    assert run("import", "magento", "--products", "r.csv").status == 0
    assert {sku: item["sources"]["default"]["quantity"] for sku, item in products(folder).items()} == {
        "A": 1,
        "B": 2,
        "C": 3,
        "D": 4,
    }


def test_rejects_of_two_inputs_go_to_a_file_each(folder: Path, run: Run) -> None:
    (folder / "p.csv").write_text("sku,qty\nA,x\nB,1\n")
    (folder / "s.csv").write_text("sku,source_code,quantity\nA,a b,1\n")
    words = ("import", "magento", "--products", "p.csv", "--stock-sources", "s.csv", "--skip-bad", "r.csv")
    assert run(*words, "-n").status == 0
    assert sorted(path.name for path in folder.iterdir()) == ["p.csv", "s.csv"]
    assert run(*words).status == 0
    assert (folder / "r.products.csv").read_text().endswith(",2,A,x\n")
    assert (folder / "r.stock-sources.csv").read_text().endswith(",2,A,a b,1\n")


def test_rejects_of_one_input_go_where_two_have_a_file_each(folder: Path, run: Run) -> None:
    (folder / "p.csv").write_text("sku,qty\nA,x\nB,1\n")
    words = ("import", "magento", "--products", "p.csv", "--skip-bad", "r.csv")
    assert run(*words).status == 0
    (folder / "s.csv").write_text("sku,source_code,quantity\nA,a b,1\n")
    assert "r.csv: removed, as no row is refused any more\n" in run(*words, "--stock-sources", "s.csv").err
    assert sorted(path.name for path in folder.iterdir()) == [
        "p.csv", "r.products.csv", "r.stock-sources.csv", "s.csv", "store.toml",
    ]  # fmt: skip


def test_many_refused_rows_are_named_up_to_twenty(folder: Path, run: Run) -> None:
    (folder / "p.csv").write_text("sku,qty\n" + "".join(f"S{number},x\n" for number in range(25)))
    lines = run("import", "magento", "--products", "p.csv").err.splitlines()
    assert len(lines) == 22
    assert lines[20:] == ["Error: 5 more rows refused", "Hint: --skip-bad rejects.csv"]


@pytest.mark.parametrize(
    ("name", "summary"),
    [
        (
            "products-export-2.1.csv",
            """store.toml: imported
       15 product rows
        6 columns that a store file has no place for: is_qty_decimal, min_cart_qty, max_cart_qty, qty_increments, \
enable_qty_increments, is_decimal_divided
        3 rows of store views
        1 source added: default
       10 products added
        3 product settings read
        7 source items added
        3 products without a quantity (first: 'dec30test9' at line 12)
        2 disabled products: taken like every other, though Magento sells none \
(first: '2' for 'Product 10-1' at line 13)
        2 composite products, without stock of their own: not taken \
(first: 'configurable' for 'Noose_&_Monkey_Bow_Tie' at line 15)
        3 is_in_stock without a quantity: ignored (first: 'dec30test9')
        1 manage_stock not in force, because the configuration's value is used: ignored \
(first: '0' for 'product 12-1-1-1' at line 14)
       10 products use the configuration's backorders, out_of_stock_threshold, notify_for_quantity_below and \
manage_stock, and no configuration is given: Magento's defaults are taken (no, 0, 1, true); \
--config FILE gives it
          nothing is reserved, so salable quantities may be above Magento's: --reservations FILE takes what orders \
reserve
""",
        ),
        (
            "products-two-stores.csv",
            """store.toml: imported
        6 product rows
        6 columns that a store file has no place for: is_qty_decimal, min_cart_qty, max_cart_qty, qty_increments, \
enable_qty_increments, is_decimal_divided
        4 rows of store views
        1 source added: default
        2 products added
        1 product setting read
        2 source items added
        1 use_config_backorders neither 0 nor 1: read as 1, as Magento does (first: '2' at line 5)
        1 allow_backorders not in force, because the configuration's value is used: ignored \
(first: '2' for 'name5' at line 5)
        2 products use the configuration's backorders, out_of_stock_threshold, notify_for_quantity_below and \
manage_stock, and no configuration is given: Magento's defaults are taken (no, 0, 1, true); \
--config FILE gives it
          nothing is reserved, so salable quantities may be above Magento's: --reservations FILE takes what orders \
reserve
""",
        ),
    ],
)
def test_the_summary_counts_what_was_read_and_ignored(folder: Path, run: Run, name: str, summary: str) -> None:
    ran = run("import", "magento", "--products", copied(folder, name))
    assert (ran.status, ran.out, ran.err) == (0, "", summary)
    again = run("import", "magento", "--products", name)
    assert again.err.splitlines()[0] == "store.toml: imported already: nothing to change"
    assert run("import", "magento", "--products", name, "-q").err == ""


def test_a_dry_run_shows_the_difference_and_writes_nothing(folder: Path, run: Run) -> None:
    (folder / "p.csv").write_text("sku,qty,allow_backorders\nA,5,1\n")
    ran = run("import", "magento", "--products", "p.csv", "-n")
    assert ran.status == 0
    assert '+[products.A]\n+backorders = "allow"\n' in ran.out
    assert ran.out.endswith("sku  stock  change\nA           added\n")
    assert not (folder / "store.toml").exists()


def test_comments_and_order_of_the_store_file_stay(folder: Path, run: Run) -> None:
    before = 'version = 1 # one\n\n[sources.default]\n\n# bags\n[products.A] # a\nbackorders = "no"  # really\n'
    (folder / "store.toml").write_text(before)
    (folder / "p.csv").write_text("sku,allow_backorders,use_config_backorders\nA,2,0\n")
    assert run("import", "magento", "--products", "p.csv", "--take-policy").status == 0
    assert (folder / "store.toml").read_text() == before.replace('"no"', '"notify"')


def test_stock_sources_make_products_sources_and_items(folder: Path, run: Run) -> None:
    name = copied(folder, "stock-sources-export.csv")
    assert run("import", "magento", "--stock-sources", name).status == 0
    assert list(store(folder)["sources"]) == ["eu-1", "eu-2", "eu-3", "eu-disabled", "us-1"]
    assert products(folder)["SKU-1"]["sources"]["eu-1"] == {"quantity": Decimal("5.5")}
    assert products(folder)["SKU-3"]["sources"] == {"eu-2": {"quantity": 6, "status": "out_of_stock"}}


@pytest.mark.parametrize(
    ("rows", "items"),
    [
        ("id,sku,source_code,status,quantity\n1,A,b,1,5\n", {"b": {"quantity": 5}}),
        ("source_code,sku,quantity\nb,A,5\n", {"b": {"quantity": 5}}),
        ("source_code,sku,status,qty\nb,A,,5\n", {"b": {"quantity": 5}}),
        ("source_code,sku,quantity\nb,A,10.1\nb,A,10.55\n", {"b": {"quantity": Decimal("10.55")}}),
    ],
)
def test_stock_sources_in_every_shape(folder: Path, run: Run, rows: str, items: dict[str, Any]) -> None:
    (folder / "s.csv").write_text(rows)
    assert run("import", "magento", "--stock-sources", "s.csv").status == 0
    assert products(folder) == {"A": {"sources": items}}


def test_a_source_item_given_twice_is_reported(folder: Path, run: Run) -> None:
    ran = run("import", "magento", "--stock-sources", copied(folder, "stock-sources-duplicates.csv"))
    assert (
        "        2 source items given twice: the last row counts "
        "(first: '10.1 at default' for 'Oil Product - 1' beside '10.55' at line 3)"
    ) in ran.err.splitlines()


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ('b,A,1,"1,5"', "quantity: expected a number, got '1,5'"),
        ("b,A,1,10 pcs", "quantity: expected a number, got '10 pcs'"),
        ("b,A,1,", "quantity: expected a number, got ''"),
        ("b,A,2,1", "status: expected 0 or 1, got '2'"),
        ("b c,A,1,1", "source_code: expected a code of letters, digits, '_', '-' and '.', got 'b c'"),
        ("b,,1,1", "sku: expected a SKU, got none"),
    ],
)
def test_an_invalid_stock_source_is_refused(folder: Path, run: Run, row: str, error: str) -> None:
    (folder / "s.csv").write_text(f"source_code,sku,status,quantity\n{row}\n")
    ran = run("import", "magento", "--stock-sources", "s.csv")
    assert (ran.status, ran.err.splitlines()[0]) == (2, f"Error: s.csv:2: record 1: {error}")


def test_stock_sources_take_precedence_over_product_rows(folder: Path, run: Run) -> None:
    (folder / "p.csv").write_text("sku,qty\nA,5\n")
    (folder / "s.csv").write_text("sku,source_code,quantity\na,default,7\n")
    ran = run("import", "magento", "--products", "p.csv", "--stock-sources", "s.csv")
    assert products(folder) == {"A": {"sources": {"default": {"quantity": 7}}}}
    assert ran.err.splitlines()[-2] == (
        "        1 qty of the product file left aside, because stock sources name the product; "
        "Magento itself would merge the rows (first: '5' for 'A' beside '7 at default' at line 2)"
    )


def test_links_declare_stocks(folder: Path, run: Run) -> None:
    name = copied(folder, "stock-sources-luma.csv")
    words = ("import", "magento", "--stock-sources", name)
    assert run(*words, "--link", "us=us_store").status == 0
    assert store(folder)["stocks"] == {"us": {"sources": ["us_store"]}}
    ran = run(*words, "--link", "us=us_store", "--link", "us=us_warehouse", "--link", "all=us_store")
    assert ran.status == 0
    assert store(folder)["stocks"] == {
        "us": {"sources": ["us_store", "us_warehouse"]},
        "all": {"sources": ["us_store"]},
    }


@pytest.mark.parametrize(
    ("link", "error"),
    [
        ("us", "--link: expected STOCK=SOURCE,..., got 'us'"),
        ("us=", "--link: expected STOCK=SOURCE,..., got 'us='"),
        ("us=us_stor", "unknown source 'us_stor', expected us_store or us_warehouse"),
    ],
)
def test_an_invalid_link_is_refused(folder: Path, run: Run, link: str, error: str) -> None:
    ran = run("import", "magento", "--stock-sources", copied(folder, "stock-sources-luma.csv"), "--link", link)
    assert (ran.status, ran.err.splitlines()[0]) == (2, f"Error: {error}")
    assert not (folder / "store.toml").exists()


def test_a_source_that_no_stock_sells_from_is_reported(folder: Path, run: Run) -> None:
    (folder / "store.toml").write_text("version = 1\n[sources.a]\n[stocks.eu]\nsources = ['a']\n")
    (folder / "s.csv").write_text("sku,source_code,quantity\nA,b,7\n")
    ran = run("import", "magento", "--stock-sources", "s.csv")
    assert "        1 source that no stock sells from: --link STOCK=SOURCE links one (first: 'b')\n" in ran.err


def test_nothing_to_import_is_a_usage_error(run: Run) -> None:
    assert run("import", "magento").status == 2
    assert run("import", "magento", "--products", "none.csv").err == "Error: none.csv: no such file\n"


SECRET = "hunter2"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            f'"path,value\npayment/x/password,{SECRET}\n',
            "c.csv:1: header: expected a closing quote",
        ),
        (f'path,"value\npayment/x/password,{SECRET}\n', "c.csv:1: header: expected a closing quote, got none"),
        (f"path,{SECRET}/value,value\n", "c.csv: expected values of cataloginventory, got none"),
        (f"path,other\npayment,{SECRET}\n", "c.csv"),
        (f'{{"payment": {{"password": "{SECRET}"}}}}', "c.csv: expected values of cataloginventory, got none"),
    ],
)
def test_no_secret_of_a_configuration_is_shown(folder: Path, run: Run, content: str, said: str) -> None:
    (folder / "c.csv").write_text(content)
    for option in ("--config", "--products", "--stock-sources"):
        ran = run("import", "magento", option, "c.csv")
        assert (ran.status, ran.out, SECRET in ran.err, list(folder.iterdir())) == (2, "", False, [folder / "c.csv"])
        assert option != "--config" or said in ran.err


@pytest.mark.parametrize(
    "content", [b"\x1f\x8bgarbage", gzip.compress(b"sku,source_code,qty\nA,default,1\n" * 99, mtime=0)[:20]]
)
@pytest.mark.parametrize("option", ["--products", "--stock-sources", "--config"])
def test_a_damaged_gzip_file_is_refused_wherever_it_stands(folder: Path, run: Run, option: str, content: bytes) -> None:
    (folder / "x.gz").write_bytes(content)
    assert run("import", "magento", option, "x.gz") == (
        2,
        "",
        "Error: x.gz: expected a whole gzip file, got a damaged one\n",
    )


def test_a_pipe_is_read_to_its_end(store_file: Path) -> None:
    rows = "".join(f"s{number},{number}\n" for number in range(1200))
    ran = subprocess.run(
        [sys.executable, "-m", "backorderctl", "import", "magento", "--products", "/dev/stdin"],
        cwd=store_file.parent,
        input=f"sku,qty\n{rows}",
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, "1200 product rows" in ran.stderr) == (0, True)


@pytest.mark.parametrize("to", ["p.csv", "store.toml"])
def test_rejects_never_overwrite_a_file_that_is_read(store_file: Path, run: Run, to: str) -> None:
    table, before = store_file.with_name("p.csv"), store_file.read_bytes()
    table.write_text("sku,qty\nA,1\nB,x\n")
    ran = run("import", "magento", "--products", "p.csv", "--skip-bad", to)
    assert (ran.status, ran.err) == (
        2,
        f"Error: --skip-bad {to}: expected another file, got one that this command reads\n",
    )
    assert (store_file.read_bytes(), table.read_text()) == (before, "sku,qty\nA,1\nB,x\n")


def test_an_import_that_fails_writes_no_rejects(store_file: Path, run: Run) -> None:
    store_file.write_text("version = \n")
    store_file.with_name("p.csv").write_text("sku,qty\nA,1\nB,x\n")
    assert run("import", "magento", "--products", "p.csv", "--skip-bad", "r.csv").status == 2
    assert not store_file.with_name("r.csv").exists()


def test_a_second_import_counts_what_changes(folder: Path, run: Run) -> None:
    header = "sku,name,qty,allow_backorders,use_config_backorders\n"
    (folder / "p.csv").write_text(header + "AbC,Bag,3,1,0\nB,,2,,\n")
    assert run("import", "magento", "--products", "p.csv").status == 0
    (folder / "p.csv").write_text(header + "ABC,Sack,9,0,1\nB,,2,2,0\n,,,,\n")
    assert (
        run("import", "magento", "--products", "p.csv", "--take-policy").err
        == """store.toml: imported
        2 product rows
        1 product setting removed
        1 source item changed
        1 product setting read
        1 product setting changed
          no column product_type says what a row is: all are taken as products with stock of their own
        1 SKU in another letter case: taken as the same (first: 'ABC' beside 'AbC')
        1 name other than the store file's, which stays (first: 'Sack' for 'AbC' beside 'Bag')
        1 product uses the configuration's backorders, and no configuration is given: \
Magento's defaults are taken (no); --config FILE gives it
          nothing is reserved, so salable quantities may be above Magento's: --reservations FILE takes what orders \
reserve
"""
    )
    (folder / "p.csv").write_text("sku,qty\n")
    assert run("import", "magento", "--products", "p.csv") == (
        1,
        "",
        "store.toml: nothing imported\n        0 product rows\n",
    )


def test_every_row_of_a_composite_product_is_skipped(folder: Path, run: Run) -> None:
    (folder / "p.csv").write_text("sku,product_type,store_view_code,qty\nA,configurable,,\nA,,de,5\nB,simple,,1\n")
    assert run("import", "magento", "--products", "p.csv").status == 0
    assert set(products(folder)) == {"B"}


def test_lines_are_counted_from_the_top_of_the_file(folder: Path, run: Run) -> None:
    (folder / "p.csv").write_text("\n\nsku,qty\nA,1\nB,many\n")
    ran = run("import", "magento", "--products", "p.csv")
    assert ran.err.splitlines()[0] == "Error: p.csv:5: record 2: qty: expected a number, got 'many'"


def test_names_come_from_rows_without_a_store_view(folder: Path, run: Run) -> None:
    rows = ["sku,store_view_code,name,qty", "A,de,Tasche,3", "A,fr,Sac,3", "B,,Bag,", "B,,,4"]
    (folder / "p.csv").write_text("\n".join(rows) + "\n")
    assert run("import", "magento", "--products", "p.csv").status == 0
    assert tomllib.loads((folder / "store.toml").read_text())["products"] == {
        "A": {"sources": {"default": {"quantity": 3}}},
        "B": {"name": "Bag", "sources": {"default": {"quantity": 4}}},
    }
