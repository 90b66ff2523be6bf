"""`export`: what Magento's files and a spreadsheet get of a store, and what they are refused."""

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from conftest import Run

HEADER = (
    "sku,allow_backorders,use_config_backorders,out_of_stock_qty,use_config_min_qty,"
    "notify_on_stock_below,use_config_notify_stock_qty,manage_stock,use_config_manage_stock\n"
)
STORE = """version = 1

[global]
backorders = "notify"
out_of_stock_threshold = -50

[stocks.eu]
sources = ["berlin", "lyon"]

[stocks.us]
sources = ["nyc"]
out_of_stock_threshold = -20

[sources.berlin]
[sources.lyon]
backorders = "no"
out_of_stock_threshold = 5
[sources.nyc]

"""
RESERVE_BESIDE_ALLOWANCE = """[products.A.sources.berlin]
quantity = 25
[products.A.sources.lyon]
quantity = 4
[products.A.stocks.eu]
reserved = 3
"""
TWO_STOCKS = """[products.B.sources.berlin]
quantity = 4
[products.B.sources.nyc]
quantity = 7
"""
NO_PAIR_FOR_A = (
    "product 'A': a reserve at one source and goods or an allowance at another do not make one threshold: "
    "stock eu: 72 salable, in Magento 71 safe (backorders notify, out_of_stock_threshold -45) "
    "or 76 generous (backorders notify, out_of_stock_threshold -50)"
)
NO_PAIR_FOR_B = (
    "product 'B': Magento keeps one policy for a product, and its stocks need different ones: "
    "stock eu: 54 salable, in Magento 24 safe (backorders notify, out_of_stock_threshold -20) "
    "or 54 generous (backorders notify, out_of_stock_threshold -50); "
    "stock us: 27 salable, in Magento 27 safe (backorders notify, out_of_stock_threshold -20) "
    "or 57 generous (backorders notify, out_of_stock_threshold -50)"
)


def written(folder: Path, products: str, store: str = STORE) -> None:
    (folder / "store.toml").write_text(store + products, encoding="utf-8")


@pytest.mark.parametrize(
    ("products", "row"),
    [
        ("[products.X.sources.berlin]\nquantity = 1\n", "X,2,1, -50.0000,1,1.0000,1,1,1"),
        ("[products.X.sources.nyc]\nquantity = 1\n", "X,2,1, -20.0000,0,1.0000,1,1,1"),
        ("[products.X.sources.lyon]\nquantity = 1\n", "X,0,0,5.0000,0,1.0000,1,1,1"),
        ('[products.X]\nbackorders = "notify"\n', "X,2,0, -50.0000,1,1.0000,1,1,1"),
        ('[products.X]\nbackorders = "allow"\nout_of_stock_threshold = 7\n', "X,1,0,7.0000,0,1.0000,1,1,1"),
        ("[products.X]\nmanage_stock = false\nnotify_for_quantity_below = 2.5\n", "X,2,1, -50.0000,1,2.5000,0,0,0"),
        ("[products.X]\nmanage_stock = true\n", "X,2,1, -50.0000,1,1.0000,1,1,0"),
        (
            "[products.X.sources.nyc]\nquantity = 1\nbackorders = 'no'\n[products.X.sources.berlin]\nquantity = 1\n"
            "status = 'out_of_stock'\n",
            "X,0,0, -50.0000,1,1.0000,1,1,1",
        ),
        (
            "[products.X]\nout_of_stock_threshold = -5\n[products.X.sources.berlin]\nquantity = 1\n"
            "[products.X.sources.nyc]\nquantity = 1\nout_of_stock_threshold = -5\n",
            "X,2,1, -5.0000,0,1.0000,1,1,1",
        ),
    ],
    ids=[
        "inherited where the configuration gives it",
        "what the stock says becomes the product's",
        "what the source says becomes the product's",
        "an own value stays one, even the same",
        "an own value stays as written where it amounts to what is needed",
        "an unmanaged product",
        "managed by its own word",
        "a stock in which nothing counts has no say",
        "two stocks that need the same",
    ],
)
def test_a_product_row(folder: Path, run: Run, products: str, row: str) -> None:
    written(folder, products)
    ran = run("export", "magento", "products")
    assert (ran.status, ran.out, ran.err) == (0, f"{HEADER}{row}\n", "")


def test_allowances_of_several_sources_are_summed(folder: Path, run: Run) -> None:
    store = "version = 1\n[sources.a]\nbackorders = 'allow'\n[sources.b]\nbackorders = 'notify'\n[sources.c]\n"
    items = "".join(f"[products.X.sources.{code}]\nquantity = 1\n" for code in "abc")
    written(folder, items, store + "[products.X]\nout_of_stock_threshold = -10\n")
    assert run("export", "magento", "products").status == 0
    written(folder, items.replace("quantity = 1\n", "quantity = 1\nout_of_stock_threshold = -10\n"), store)
    assert run("export", "magento", "products").out == f"{HEADER}X,2,0, -20.0000,0,1.0000,1,1,1\n"


def test_an_allowance_too_large_for_magento_is_refused(folder: Path, run: Run) -> None:
    most = "backorders = 'allow'\nout_of_stock_threshold = -99999999\n"
    items = "".join(f"[products.X.sources.{code}]\nquantity = 1\n" for code in "ab")
    written(folder, items, f"version = 1\n[sources.a]\n{most}[sources.b]\n{most}")
    ran = run("export", "magento", "products")
    assert (ran.status, ran.out) == (1, "")
    assert "Magento holds no threshold of 100000000 or more" in ran.err
    safe = run("export", "magento", "products", "--approximate", "safe").out
    assert safe == f"{HEADER}X,1,0, -99999999.9999,0,1.0000,1,1,1\n"
    generous = run("export", "magento", "products", "--approximate", "generous").out
    assert generous == f"{HEADER}X,1,0,0.0000,1,1.0000,1,1,1\n"


def test_policy_that_magento_cannot_hold_is_refused_with_both_quantities(folder: Path, run: Run) -> None:
    written(folder, RESERVE_BESIDE_ALLOWANCE + TWO_STOCKS)
    ran = run("export", "magento", "products", "--to", "out.csv")
    assert ran == (1, "", f"Error: {NO_PAIR_FOR_A}\nError: {NO_PAIR_FOR_B}\nHint: --approximate safe\n")
    assert not (folder / "out.csv").exists()


def test_an_approximation_names_the_values_that_it_exports(folder: Path, run: Run) -> None:
    written(folder, RESERVE_BESIDE_ALLOWANCE)
    safe = run("export", "magento", "products", "--approximate", "safe")
    assert safe.out == f"{HEADER}A,2,1, -45.0000,0,1.0000,1,1,1\n"
    assert safe.err == (
        "product 'A': approximated by backorders notify, out_of_stock_threshold -45: "
        "stock eu: 72 salable, in Magento 71\n"
    )
    generous = run("export", "magento", "products", "--approximate", "generous", "-q")
    assert (generous.out, generous.err) == (f"{HEADER}A,2,1, -50.0000,1,1.0000,1,1,1\n", "")


def test_a_named_stock_decides_and_products_of_others_are_left_out(folder: Path, run: Run) -> None:
    written(folder, RESERVE_BESIDE_ALLOWANCE + TWO_STOCKS + "[products.C]\n")
    ran = run("export", "magento", "products", "--stock", "us")
    assert ran.out == f"{HEADER}B,2,1, -20.0000,0,1.0000,1,1,1\nC,2,1, -50.0000,1,1.0000,1,1,1\n"
    assert ran.err == (
        "1 products that are not in stock us but in another: left out\n"
        "1 products that are in another stock too, where Magento follows the same policy\n"
    )
    assert run("export", "magento", "products", "--stock", "uk").status == 2


def test_quantities_are_written_where_they_are_asked_for(folder: Path, run: Run) -> None:
    store = "version = 1\n[sources.default]\n[sources.b]\n[products.X.sources.default]\nquantity = -1.5\n"
    written(folder, "[products.Y.sources.default]\nquantity = 2\nstatus = 'out_of_stock'\n", store)
    rows = list(csv.reader(io.StringIO(run("export", "magento", "products", "--quantities").out)))
    assert [row[:3] for row in rows] == [["sku", "qty", "is_in_stock"], ["X", " -1.5000", "1"], ["Y", "2.0000", "0"]]


@pytest.mark.parametrize("command", ["products", "stock-sources", "low-quantity"])
def test_skus_that_magento_cannot_hold_are_refused(folder: Path, run: Run, command: str) -> None:
    long = "L" * 65
    written(folder, f"[products.a]\n[products.A]\n[products.{long}]\n")
    ran = run("export", "magento", command)
    assert ran.status == 1
    assert ran.err == (
        "Error: product 'A': to Magento the same as 'a'\n"
        f"Error: product '{long}': expected at most 64 characters, got 65\n"
    )


def test_a_file_is_compressed_by_its_name_and_the_same_for_the_same_store(folder: Path, run: Run) -> None:
    written(folder, "[products.X.sources.berlin]\nquantity = 1\n")
    ran = run("export", "magento", "products", "--to", "out.csv.gz")
    assert (ran.out, ran.err) == ("", "out.csv.gz: 1 products\n")
    content = (folder / "out.csv.gz").read_bytes()
    assert gzip.decompress(content).decode() == run("export", "magento", "products").out
    run("export", "magento", "products", "--to", "out.csv.gz")
    assert (folder / "out.csv.gz").read_bytes() == content


def test_stock_sources_are_written_as_magento_reads_them(folder: Path, run: Run) -> None:
    item = "[products.B.sources.berlin]\nquantity = -4.25\nstatus = 'out_of_stock'\n"
    written(folder, item + "[products.B.sources.nyc]\nquantity = 7\n")
    assert run("export", "magento", "stock-sources").out == (
        "source_code,sku,status,quantity\nberlin,B,0, -4.2500\nnyc,B,1,7.0000\n"
    )


def test_low_quantities_are_the_payload_of_magentos_interface(folder: Path, run: Run) -> None:
    written(folder, TWO_STOCKS + "notify_for_quantity_below = 2.5\n")
    assert json.loads(run("export", "magento", "low-quantity").out) == {
        "sourceItemConfigurations": [
            {"source_code": "berlin", "sku": "B", "notify_stock_qty": 1},
            {"source_code": "nyc", "sku": "B", "notify_stock_qty": 2.5},
        ]
    }


def test_low_quantities_that_differ_by_stock_are_refused(folder: Path, run: Run) -> None:
    shared = STORE.replace('["nyc"]', '["nyc", "lyon"]\nnotify_for_quantity_below = 9')
    written(folder, "[products.X.sources.lyon]\nquantity = 1\n[products.X.sources.berlin]\nquantity = 1\n", shared)
    ran = run("export", "magento", "low-quantity")
    assert ran == (
        1,
        "",
        "Error: product 'X' at lyon: notify_for_quantity_below differs by stock: eu 1, us 9\nHint: --stock CODE\n",
    )
    chosen = json.loads(run("export", "magento", "low-quantity", "--stock", "us").out)
    assert chosen["sourceItemConfigurations"] == [{"source_code": "lyon", "sku": "X", "notify_stock_qty": 9}]


def test_csv_has_a_row_for_everything_that_is_set(folder: Path, run: Run, store_file: Path) -> None:
    with store_file.open("a") as file:
        file.write('\n[products.Bare]\n\n[products."24-MB01".stocks.default]\nreserved = 3\n')
    assert run("export", "csv").out == (
        "product,source,stock,key,value\n"
        ",,,backorders,notify\n"
        ",,,notify_for_quantity_below,10\n"
        ",,,only_x_left_threshold,5\n"
        ",main,,name,Main warehouse\n"
        "24-MB01,,,name,Joust Duffle Bag\n"
        "24-MB01,,,out_of_stock_threshold,-50\n"
        "24-MB01,,default,reserved,3\n"
        "24-MB01,main,,quantity,25\n"
        "Bare,,,backorders,inherit\n"
    )
