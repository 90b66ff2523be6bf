"""Many changes in one write: `config set --match` and `config apply`."""

import io
import json
import sys
import tomllib
from pathlib import Path

import pytest
from conftest import Run

SHOP = """\
version = 1

[sources.a]

[sources.b]

[products.SALE-1]
backorders = "no"

[products.SALE-1.sources.a]
quantity = 1

[products.SALE-2]

[products.SALE-2.sources.b]
quantity = 2

[products.KEEP]
"""


@pytest.fixture
def shop(folder: Path) -> Path:
    path = folder / "store.toml"
    path.write_text(SHOP)
    return path


def test_match_sets_every_product_in_one_write(run: Run, shop: Path) -> None:
    ran = run("config", "set", "backorders=allow", "backorder_limit=5", "--match", "SALE-*")
    assert ran == (0, "", "SALE-* (2): backorders = allow\nSALE-* (2): out_of_stock_threshold = -5\n")
    products = tomllib.loads(shop.read_text())["products"]
    assert [products[sku].get("backorders") for sku in products] == ["allow", "allow", None]
    assert [products[sku].get("out_of_stock_threshold") for sku in products] == [-5, -5, None]


def test_match_with_a_source_sets_existing_items_there(run: Run, shop: Path) -> None:
    assert run("config", "set", "backorders", "notify", "--match", "*", "--source", "b").status == 0
    products = tomllib.loads(shop.read_text())["products"]
    assert products["SALE-2"]["sources"] == {"b": {"quantity": 2, "backorders": "notify"}}
    assert products["SALE-1"]["sources"] == {"a": {"quantity": 1}}


def test_a_pattern_without_matches_has_status_1(run: Run, shop: Path) -> None:
    assert run("config", "set", "backorders", "no", "--match", "X*") == (1, "", "no product matches 'X*'\n")
    ran = run("config", "set", "backorders", "no", "--match", "KEEP", "--source", "a")
    assert ran == (1, "", "no product matches 'KEEP' at source a\n")
    ran = run("config", "set", "backorders", "no", "--match", "*", "--product", "KEEP")
    assert ran == (2, "", "Error: --match: expected alone or with --source, got it beside --product\n")
    assert shop.read_text() == SHOP


TABLE = """\
product,source,stock,key,value
SALE-1,,,backorders,inherit
SALE-1,a,,quantity,7.5
SALE-1,a,,out-of-stock-threshold,-3
SALE-1,b,,quantity,1
SALE-1,b,,status,out_of_stock
SALE-2,,default,reserved,4
KEEP,,,name,Kept
,,,backorders,Allow Qty Below 0
,a,,name,
"""


def test_apply_makes_all_changes_in_one_write(run: Run, shop: Path) -> None:
    Path("changes.csv").write_text(TABLE)
    dry = run("config", "apply", "changes.csv", "-n")
    assert (dry.status, dry.err, shop.read_text()) == (0, "", SHOP)
    assert "SALE-1  default  salable 1 -> 10.5  backorderable 0 -> 3  quantity 1 -> 7.5" in dry.out
    assert run("config", "apply", "changes.csv") == (0, "", "9 rows applied\n")
    stored = tomllib.loads(shop.read_text())
    assert stored["global"] == {"backorders": "allow"}
    assert stored["products"] == {
        "SALE-1": {
            "sources": {
                "a": {"quantity": 7.5, "out_of_stock_threshold": -3},
                "b": {"quantity": 1, "status": "out_of_stock"},
            }
        },
        "SALE-2": {"sources": {"b": {"quantity": 2}}, "stocks": {"default": {"reserved": 4}}},
        "KEEP": {"name": "Kept"},
    }
    before = shop.stat().st_ino
    assert run("config", "apply", "changes.csv") == (0, "", "9 rows: nothing to change\n")
    assert shop.stat().st_ino == before


def test_apply_reads_standard_input_whatever_its_delimiter(
    run: Run, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "\ufeffKey;Value;Product\r\nbackorders;no;KEEP\r\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert run("config", "apply", "-").status == 0
    assert tomllib.loads(shop.read_text())["products"]["KEEP"] == {"backorders": "no"}


def test_all_bad_rows_are_reported_and_none_is_applied(run: Run, shop: Path) -> None:
    Path("changes.csv").write_text(
        "product,source,stock,key,value\n"
        "KEEP,,,backorders,allow\n"
        "KEEPP,,,backorders,allow\n"
        "KEEP,c,,backorders,allow\n"
        "KEEP,a,,backorders,allow\n"
        "KEEP,,,backorder,allow\n"
        "KEEP,,,backorders,maybe\n"
        "KEEP,,,quantity,1\n"
        "KEEP,,default,backorders,allow\n"
        ",,default,backorders,allow\n"
        "KEEP,,,backorders,no\n"
        "SALE-1,a,,quantity,many\n"
    )
    ran = run("config", "apply", "changes.csv")
    assert (ran.status, ran.out, shop.read_text()) == (2, "", SHOP)
    assert ran.err == (
        "Error: changes.csv:3: row 2: unknown product 'KEEPP'\n"
        "Error: changes.csv:4: row 3: unknown source 'c'\n"
        "Error: changes.csv:5: row 4: product 'KEEP' is not at source 'a', but at no source\n"
        "Error: changes.csv:6: row 5: key: expected quantity, status, reserved, name, backorders, "
        "out_of_stock_threshold, notify_for_quantity_below, "
        "only_x_left_threshold, manage_stock, got 'backorder'; did you mean 'backorders'?\n"
        "Error: changes.csv:7: row 6: expected no, allow or notify, got 'maybe'\n"
        "Error: changes.csv:8: row 7: expected a key of a product, got 'quantity'\n"
        "Error: changes.csv:9: row 8: expected reserved for a product in a stock, got 'backorders'\n"
        "Error: changes.csv:10: row 9: stock 'default' is implicit and not in the file; declare it first\n"
        "Error: changes.csv:11: row 10: expected products.KEEP.backorders once, got it again\n"
        "Error: changes.csv:12: row 11: expected a number, got 'many'\n"
        "Hint: --create adds the new product\n"
    )


@pytest.mark.parametrize("word", ["inherit", "Inherit", "INHERIT"])
def test_inherit_in_any_case_removes_the_value_of_any_key(run: Run, shop: Path, word: str) -> None:
    keys = {
        "SALE-1,,,name": 'name = "Sale"\n',
        "SALE-1,,,backorders": 'backorders = "no"\n',
        "SALE-1,,,out_of_stock_threshold": "out_of_stock_threshold = 3\n",
        "SALE-1,a,,status": '\n[products.SALE-1.sources.a]\nquantity = 1\nstatus = "out_of_stock"\n',
        "SALE-1,b,,quantity": '\n[products.SALE-1.sources.b]\nquantity = 2\nbackorders = "no"\n',
        "SALE-1,,default,reserved": "\n[products.SALE-1.stocks.default]\nreserved = 2\n",
    }
    shop.write_text("version = 1\n\n[sources.a]\n\n[sources.b]\n\n[products.SALE-1]\n" + "".join(keys.values()))
    Path("changes.csv").write_text("product,source,stock,key,value\n" + "".join(f"{key},{word}\n" for key in keys))
    assert run("config", "apply", "changes.csv") == (0, "", "6 rows applied\n")
    sources = {"a": {"quantity": 1}, "b": {"backorders": "no"}}
    assert tomllib.loads(shop.read_text())["products"] == {"SALE-1": {"sources": sources}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "changes.csv: expected a column 'key', got none"),
        ("product,key\nKEEP,name\n", "changes.csv:1: expected a column 'value', got none"),
        ("sku,key,value\n", "changes.csv:1: expected columns product, source, stock, key, value, got 'sku'"),
        ("key,value\nbackorders\n", "changes.csv:2: row 1: expected 2 cells, got 1"),
        ("key,value\nbackorders,no,\n", "changes.csv:2: row 1: expected 2 cells, got 3"),
        ("key,key,value\n", "changes.csv:1: expected each column once, got 'key' twice"),
        ("product,stock,key,value\nKEEP,default,reserved,-1\n", "changes.csv:2: row 1: expected 0 or more, got -1"),
        (
            "product,source,stock,key,value\nKEEP,a,default,quantity,1\n",
            "changes.csv:2: row 1: expected a source or a stock, got both",
        ),
        ('key,value\n"backorders,no\n', "changes.csv:2: expected a closing quote, got none"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_an_invalid_table_of_changes_is_refused(run: Run, text: str, said: str) -> None:
    Path("changes.csv").write_text(text)
    ran = run("config", "apply", "changes.csv")
    assert ran.status == 2
    assert f"Error: {said.replace('changes.csv: ', 'changes.csv:1: ')}" in ran.err


def test_an_unknown_column_that_occurs_twice_is_named_once(run: Run, shop: Path) -> None:
    Path("changes.csv").write_text("sku,sku,key,value\n")
    assert run("config", "apply", "changes.csv").err.count("got 'sku'") == 1


def test_a_row_without_a_value_and_a_reservation_that_ends_leave_no_trace(run: Run, shop: Path) -> None:
    shop.write_text(SHOP + '\n[products.KEEP.stocks.default]\nreserved = 2\n\n[global]\nbackorders = "no"\n')
    Path("changes.csv").write_text(
        "product,stock,key,value\nKEEP,,backorders,\nKEEP,default,reserved,0\n,,backorders,inherit\n"
    )
    assert run("config", "apply", "changes.csv") == (0, "", "3 rows applied\n")
    assert shop.read_text() == SHOP


def test_create_adds_products_that_are_not_there(run: Run, shop: Path) -> None:
    Path("changes.csv").write_text("product,source,key,value\nNEW,a,quantity,3\nNEW,,name,New\n")
    assert run("config", "apply", "changes.csv").status == 2
    assert run("config", "apply", "changes.csv", "--create").status == 0
    assert tomllib.loads(shop.read_text())["products"]["NEW"] == {"name": "New", "sources": {"a": {"quantity": 3}}}
    assert json.loads(run("product", "show", "NEW", "-o", "json").out)["stocks"][0]["salable"] == 3


def test_a_compressed_export_with_unusual_names_can_be_applied(run: Run, shop: Path) -> None:
    shop.write_text(shop.read_text() + '\n[products.ODD]\nname = "x\u2028y \\u0085 \\f, \\"z\\""\n')
    store = tomllib.loads(shop.read_text())
    assert run("export", "csv", "--to", "all.csv.gz").status == 0
    assert run("product", "remove", "ODD").status == 0
    assert run("config", "apply", "all.csv.gz", "--create").status == 0
    assert tomllib.loads(shop.read_text()) == store
    Path("all.csv.gz").write_bytes(b"\x1f\x8bno gzip")
    assert (
        run("config", "apply", "all.csv.gz")[2] == "Error: all.csv.gz: expected a whole gzip file, got a damaged one\n"
    )


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"], ids=repr)
def test_apply_reads_any_line_ends(run: Run, shop: Path, line_end: str) -> None:
    rows = line_end.join(("product,key,value", "KEEP,backorders,no", "KEEPP,backorders,no", ""))
    Path("changes.csv").write_bytes(rows.encode())
    ran = run("config", "apply", "changes.csv")
    assert ran.err.splitlines()[0] == "Error: changes.csv:3: row 2: unknown product 'KEEPP'"
