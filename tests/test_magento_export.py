"""`export`: what Magento's files and a spreadsheet get of a store, and what they are refused."""

import csv
import fcntl
import gzip
import io
import json
import os
import tempfile
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
notify_for_quantity_below = 1
only_x_left_threshold = 0
manage_stock = true

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
            "X,0,0,0.0000,0,1.0000,1,1,1",
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
    ran = run("export", "magento", "products", "-q")
    assert (ran.status, ran.out, ran.err) == (0, f"{HEADER}{row}\n", "")


def test_allowances_of_several_sources_are_summed(folder: Path, run: Run) -> None:
    store = "version = 1\n[sources.a]\nbackorders = 'allow'\n[sources.b]\nbackorders = 'notify'\n[sources.c]\n"
    items = "".join(f"[products.X.sources.{code}]\nquantity = 1\n" for code in "abc")
    written(folder, items, store + "[products.X]\nout_of_stock_threshold = -10\n")
    assert run("export", "magento", "products", "--assume-defaults").status == 0
    written(folder, items.replace("quantity = 1\n", "quantity = 1\nout_of_stock_threshold = -10\n"), store)
    assert run("export", "magento", "products", "--assume-defaults").out == f"{HEADER}X,2,0, -20.0000,0,1.0000,1,1,1\n"


def test_an_allowance_too_large_for_magento_is_refused(folder: Path, run: Run) -> None:
    most = "backorders = 'allow'\nout_of_stock_threshold = -99999999\n"
    items = "".join(f"[products.X.sources.{code}]\nquantity = 1\n" for code in "ab")
    written(folder, items, f"version = 1\n[sources.a]\n{most}[sources.b]\n{most}")
    ran = run("export", "magento", "products", "--assume-defaults")
    assert (ran.status, ran.out) == (1, "")
    assert "Magento holds no threshold of 100000000 or more" in ran.err
    safe = run("export", "magento", "products", "--assume-defaults", "--approximate", "safe").out
    assert safe == f"{HEADER}X,1,0, -99999999.9999,0,1.0000,1,1,1\n"
    generous = run("export", "magento", "products", "--assume-defaults", "--approximate", "generous").out
    assert generous == f"{HEADER}X,1,0,0.0000,1,1.0000,1,1,1\n"


def test_the_own_value_of_a_product_is_not_exported_where_its_items_say_otherwise(folder: Path, run: Run) -> None:
    product = "[products.X]\nbackorders = 'allow'\nout_of_stock_threshold = -5\n"
    written(folder, product + "[products.X.sources.a]\nquantity = 1\nbackorders = 'no'\n", "version = 1\n[sources.a]\n")
    assert run("export", "magento", "products", "--assume-defaults").out.splitlines()[1].startswith("X,0,")


@pytest.mark.parametrize("threshold", ["49999999.9999", "50000000"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_the_largest_threshold_that_magento_holds(folder: Path, run: Run, sign: str, threshold: str) -> None:
    """100000000.0000, which two sources of 50000000 make together, has a digit too many for DECIMAL(12,4)."""
    own = f"out_of_stock_threshold = {sign}{threshold}\n" + ("backorders = 'allow'\n" if sign else "")
    items = "".join(f"[products.X.sources.{code}]\nquantity = 1\n" for code in "ab")
    written(folder, items, f"version = 1\n[sources.a]\n{own}[sources.b]\n{own}")
    ran = run("export", "magento", "products", "--assume-defaults", *([] if sign else ["--approximate", "safe"]))
    assert ran.status == (1 if threshold == "50000000" else 0)
    assert "100000000.0000" not in ran.out


def test_policy_that_magento_cannot_hold_is_refused_with_both_quantities(folder: Path, run: Run) -> None:
    written(folder, RESERVE_BESIDE_ALLOWANCE + TWO_STOCKS)
    ran = run("export", "magento", "products", "--to", "out.csv")
    assert ran == (1, "", f"Error: {NO_PAIR_FOR_A}\nError: {NO_PAIR_FOR_B}\nHint: --approximate safe\n")
    assert not (folder / "out.csv").exists()


def test_an_approximation_names_the_values_that_it_exports(folder: Path, run: Run) -> None:
    written(folder, RESERVE_BESIDE_ALLOWANCE)
    safe = run("export", "magento", "products", "--approximate", "safe")
    assert safe.out == f"{HEADER}A,2,1, -45.0000,0,1.0000,1,1,1\n"
    assert safe.err.splitlines()[0] == (
        "product 'A': approximated by backorders notify, out_of_stock_threshold -45: "
        "stock eu: 72 salable, in Magento 71"
    )
    generous = run("export", "magento", "products", "--approximate", "generous", "-q")
    assert (generous.out, generous.err) == (f"{HEADER}A,2,1, -50.0000,1,1.0000,1,1,1\n", "")


def test_a_named_stock_decides_and_products_of_others_are_left_out(folder: Path, run: Run) -> None:
    written(folder, RESERVE_BESIDE_ALLOWANCE + TWO_STOCKS + "[products.C]\n")
    ran = run("export", "magento", "products", "--stock", "us")
    assert ran.out == f"{HEADER}B,2,1, -20.0000,0,1.0000,1,1,1\nC,2,1, -50.0000,1,1.0000,1,1,1\n"
    assert ran.err.splitlines()[-2:] == [
        "1 product that is not in stock us but in another: left out",
        "1 product that is in another stock too, where Magento follows the same policy",
    ]
    assert run("export", "magento", "products", "--stock", "uk").status == 2


def test_an_export_of_everything_for_one_stock_names_what_it_leaves_out(folder: Path, run: Run) -> None:
    written(folder, TWO_STOCKS + ITEM)
    ran = run("export", "magento", "all", "--stock", "us", "--to", "out")
    assert ran.err.splitlines()[1:] == [
        "1 product that is not in stock us but in another: left out of products.csv",
        "1 product that is in another stock too, where Magento follows the same policy",
        "2 source items that are at no source of stock us: left out of low_quantity.json",
    ]
    ran = run("export", "magento", "low-quantity", "--stock", "us", "--to", "l.json")
    assert ran.err == "l.json: 1 source item\n2 source items that are at no source of stock us: left out\n"


def test_quantities_are_written_where_they_are_asked_for(folder: Path, run: Run) -> None:
    store = "version = 1\n[sources.default]\n[products.X.sources.default]\nquantity = -1.5\n"
    written(folder, "[products.Y.sources.default]\nquantity = 2\nstatus = 'out_of_stock'\n", store)
    rows = list(csv.reader(io.StringIO(run("export", "magento", "products", "--assume-defaults", "--quantities").out)))
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
    assert (ran.out, ran.err.splitlines()[0]) == ("", "out.csv.gz: 1 product")
    content = (folder / "out.csv.gz").read_bytes()
    assert gzip.decompress(content).decode() == run("export", "magento", "products").out
    assert content[4:8] == bytes(4)  # no time, which would make the same content another file
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
        "Error: product 'X' at lyon: notify_for_quantity_below differs by stock: eu 1, us 9\nHint: --stock eu\n",
    )
    chosen = json.loads(run("export", "magento", "low-quantity", "--stock", "us").out)
    assert chosen["sourceItemConfigurations"] == [{"source_code": "lyon", "sku": "X", "notify_stock_qty": 9}]


def test_csv_has_a_row_for_everything_that_is_set(folder: Path, run: Run, store_file: Path) -> None:
    with store_file.open("a") as file:
        file.write('\n[products.Bare]\n\n[products."24-MB01".stocks.default]\nreserved = 3\n')
    assert run("export", "csv").out == (
        "product,source,stock,key,value\n"
        ",,,backorders,notify\n"
        ",,,out_of_stock_threshold,-20\n"
        ",,,notify_for_quantity_below,10\n"
        ",,,only_x_left_threshold,5\n"
        ",,,manage_stock,true\n"
        ",main,,name,Main warehouse\n"
        "24-MB01,,,name,Joust Duffle Bag\n"
        "24-MB01,,,out_of_stock_threshold,-50\n"
        "24-MB01,,default,reserved,3\n"
        "24-MB01,main,,quantity,25\n"
        "Bare,,,backorders,inherit\n"
    )


CONFIG = [
    "set -e",
    "bin/magento config:set -- cataloginventory/item_options/backorders 2",
    "bin/magento config:set -- cataloginventory/item_options/min_qty -50",
    "bin/magento config:set -- cataloginventory/item_options/notify_stock_qty 1",
    "bin/magento config:set -- cataloginventory/options/stock_threshold_qty 0",
    "bin/magento config:set -- cataloginventory/item_options/manage_stock 1",
]


def test_the_configuration_is_written_as_commands(folder: Path, run: Run) -> None:
    written(folder, "")
    ran = run("export", "magento", "config")
    assert (ran.status, ran.out.splitlines()[:6], ran.err) == (0, CONFIG, "")
    assert run("export", "magento", "config", "--to", "config.sh") == (0, "", "config.sh: 5 values\n")


def test_a_configuration_in_json_has_the_scope_of_each_value(folder: Path, run: Run) -> None:
    written(folder, "")
    values = json.loads(run("export", "magento", "config", "--format", "json").out)
    assert values["cataloginventory/item_options/min_qty"] == {"default": {"0": "-50"}}
    assert all(list(value) == ["default"] for value in values.values())


@pytest.mark.parametrize(("managed", "told"), [("true", 1), ("false", 0)])
def test_a_status_is_lost_only_where_stock_is_managed(folder: Path, run: Run, managed: str, told: int) -> None:
    store = "version = 1\n[sources.default]\n"
    written(folder, f"[products.X]\nmanage_stock = {managed}\n[products.X.sources.default]\nquantity = 0\n", store)
    ran = run("export", "magento", "products", "--quantities", "--explicit")
    assert ran.status == 0
    assert ran.err.count("import makes it Out of Stock there") == told


@pytest.mark.parametrize("config_format", ["sh", "csv", "json", "yaml"])
def test_a_configuration_comes_back_in_every_format(folder: Path, run: Run, config_format: str) -> None:
    written(folder, "", STORE.replace("-50", "-0.5") + "[products.X]\n")
    assert run("export", "magento", "config", "--format", config_format, "--to", "config").status == 0
    assert run("import", "magento", "--config", "config", "-f", "new.toml").status == 0
    for key in ("backorders", "out_of_stock_threshold", "notify_for_quantity_below", "manage_stock"):
        assert run("config", "get", key, "-f", "new.toml").out == run("config", "get", key).out


def test_what_magento_has_in_its_configuration_alone_is_named(folder: Path, run: Run) -> None:
    written(folder, "[products.X]\nonly_x_left_threshold = 3\n[products.Y]\nonly_x_left_threshold = 4\n")
    ran = run("export", "magento", "config")
    assert ran.err == (
        "2 stocks and products set only_x_left_threshold, which Magento has in its configuration alone: not written\n"
    )


@pytest.mark.parametrize(
    ("magentos", "row"),
    [
        ("backorders,2\ncataloginventory/item_options/min_qty,-50", "X,2,1, -50.0000,1,1.0000,1,1,1"),
        ("backorders,2", "X,2,1, -50.0000,0,1.0000,1,1,1"),
        ("min_qty,-50", "X,2,0, -50.0000,1,1.0000,1,1,1"),
        ("notify_stock_qty,7", "X,2,0, -50.0000,0,1.0000,0,1,1"),
        ("manage_stock,0", "X,2,0, -50.0000,0,1.0000,1,1,0"),
    ],
)
def test_values_are_written_where_magentos_configuration_would_give_another_answer(
    folder: Path, run: Run, magentos: str, row: str
) -> None:
    written(folder, "[products.X.sources.berlin]\nquantity = 1\n")
    (folder / "magento.csv").write_text(f"path,value\ncataloginventory/item_options/{magentos}\n")
    ran = run("export", "magento", "products", "--config", "magento.csv")
    assert (ran.status, ran.out) == (0, f"{HEADER}{row}\n")
    assert "inherit" not in ran.err


def test_explicit_writes_every_value(folder: Path, run: Run) -> None:
    written(folder, "[products.X.sources.berlin]\nquantity = 1\n")
    ran = run("export", "magento", "products", "--explicit")
    assert (ran.status, ran.out) == (0, f"{HEADER}X,2,0, -50.0000,0,1.0000,0,1,0\n")
    assert "inherit" not in ran.err
    (folder / "c.csv").write_text("path,value\ncataloginventory/item_options/min_qty,1\n")
    ran = run("export", "magento", "products", "--explicit", "--config", "c.csv")
    assert ran == (2, "", "Error: --explicit: expected alone, got it beside --config\n")


def test_values_of_websites_are_named_where_magentos_configuration_counts(folder: Path, run: Run) -> None:
    written(folder, "[products.X.sources.berlin]\nquantity = 1\n")
    path = "cataloginventory/item_options/backorders"
    (folder / "c.csv").write_text(f"path,value,scope,scope_code\n{path},1,,\n{path},2,websites,base\n")
    ran = run("export", "magento", "products", "--config", "c.csv", "--to", "p.csv")
    assert ran.err.splitlines()[0] == (
        f"c.csv: {path} of a website or store view, which a store file has no level for: not taken "
        "(first: '2 for websites base')"
    )
    assert run("export", "magento", "products", "--config", "c.csv", "--to", "c.csv").status == 2


EXPORTED = ["IMPORT.txt", "config.sh", "low_quantity.json", "products.csv", "stock_sources.csv"]
ITEM = "[products.X.sources.berlin]\nquantity = 1\n"


@pytest.mark.parametrize(
    ("words", "target"),
    [
        (("products", "--since", "old.toml", "--to", "old.toml"), "old.toml"),
        (("products", "--config", "c.csv", "--to", "c.csv"), "c.csv"),
        (("stock-sources", "--since", "old.toml", "--to", "./old.toml"), "./old.toml"),
        (("low-quantity", "--to", "store.toml"), "store.toml"),
        (("all", "-f", "out/IMPORT.txt", "--to", "out"), "out/IMPORT.txt"),
        (("all", "--since", "out/products.csv", "--to", "out"), "out/products.csv"),
        (("all", "--config", "out/config.sh", "--to", "out"), "out/config.sh"),
    ],
    ids=" ".join,
)
def test_no_file_that_an_export_reads_is_replaced(folder: Path, run: Run, words: tuple[str, ...], target: str) -> None:
    written(folder, ITEM)
    (folder / "out").mkdir()
    for name in ("old.toml", "out/IMPORT.txt", "out/products.csv"):
        (folder / name).write_bytes((folder / "store.toml").read_bytes())
    for name in ("c.csv", "out/config.sh"):
        (folder / name).write_text("path,value\ncataloginventory/item_options/min_qty,1\n")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    error = f"Error: --to {target}: expected another file, got one that this command reads\n"
    assert run("export", "magento", *words) == (2, "", error)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "words",
    [
        ("products", "-f", "-", "--since", "-"),
        ("products", "--config", "-", "--since", "-"),
        ("stock-sources", "-f", "-", "--since", "-"),
        ("all", "-f", "-", "--config", "-", "--to", "out"),
    ],
    ids=" ".join,
)
def test_an_export_reads_standard_input_for_one_file_only(folder: Path, run: Run, words: tuple[str, ...]) -> None:
    written(folder, ITEM)
    error = "Error: standard input can be one file only, got it for several\n"
    assert run("export", "magento", *words) == (2, "", error)


def test_magentos_configuration_may_come_from_standard_input(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(folder, ITEM)
    content = io.BytesIO(b"path,value\ncataloginventory/item_options/notify_stock_qty,7\n")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(content))
    ran = run("export", "magento", "products", "--config", "-")
    assert (ran.status, ran.out) == (0, f"{HEADER}X,2,0, -50.0000,0,1.0000,0,1,1\n")


def test_products_that_rely_on_global_values_are_counted_with_both_ways_out(folder: Path, run: Run) -> None:
    written(folder, "[products.X.sources.berlin]\nquantity = 1\n[products.Y]\nout_of_stock_threshold = -5\n")
    ran = run("export", "magento", "products", "--assume-defaults", "--to", "p.csv")
    assert ran.err.splitlines()[1] == (
        "Warning: 2 products (first: 'X') inherit values of [global] that are not Magento's defaults: "
        "give Magento's configuration with --config FILE, or write every value out with --explicit"
    )
    default = "version = 1\n[sources.default]\n[products.X.sources.default]\nquantity = 1\n"
    written(folder, "", default)
    assert run("export", "magento", "products", "--assume-defaults", "--to", "p.csv").err == "p.csv: 1 product\n"


def test_since_an_older_store_only_rows_that_differ_are_written(folder: Path, run: Run) -> None:
    items = "".join(f"[products.{sku}.sources.berlin]\nquantity = {n}\n" for n, sku in enumerate("ABC"))
    written(folder, items + "[products.D.sources.berlin]\nquantity = 1\n[products.B.sources.nyc]\nquantity = 2\n")
    (folder / "store.toml").rename(folder / "old.toml")
    changed = items.replace("quantity = 0", "quantity = 7") + "[products.C]\nbackorders = 'no'\n[products.E]\n"
    written(folder, changed)
    ran = run("export", "magento", "products", "--since", "old.toml", "-q", "--stock", "eu")
    assert ran.out == f"{HEADER}C,0,0,0.0000,0,1.0000,1,1,1\nE,2,1, -50.0000,1,1.0000,1,1,1\n"
    ran = run("export", "magento", "stock-sources", "--since", "old.toml", "--to", "s.csv")
    assert ran.err == (
        "s.csv: 1 source item\n"
        "2 source items of old.toml (first: 'B' at nyc) that the store no longer has: Magento keeps them\n"
    )
    assert (folder / "s.csv").read_text() == "source_code,sku,status,quantity\nberlin,A,1,7.0000\n"
    ran = run("export", "magento", "all", "--to", "out", "--since", "old.toml", "--stock", "eu")
    assert ran.err.splitlines()[0] == (
        "out: 2 products, 3 source items, 2 of them without goods at 'default' for products that are not there"
    )
    assert "1 product of old.toml (first: 'D') that the store no longer has: Magento keeps it\n" in ran.err
    assert (folder / "out" / "stock_sources.csv").read_text() == (
        "source_code,sku,status,quantity\nberlin,A,1,7.0000\ndefault,C,0,0.0000\ndefault,E,0,0.0000\n"
    )


def test_a_changed_global_value_that_no_row_can_hold_is_told(folder: Path, run: Run) -> None:
    written(folder, ITEM)
    (folder / "store.toml").rename(folder / "old.toml")
    written(folder, ITEM, STORE.replace("only_x_left_threshold = 0", "only_x_left_threshold = 4"))
    told = (
        "only_x_left_threshold of [global] has changed since old.toml: Magento gets it from export magento config alone"
    )
    ran = run("export", "magento", "products", "--since", "old.toml")
    assert (ran.status, ran.out, ran.err) == (0, HEADER, f"Warning: {told}\n")
    assert told not in run("export", "magento", "products", "--since", "store.toml").err


def test_a_global_value_changes_no_row_of_a_product_that_inherits_it(folder: Path, run: Run) -> None:
    written(folder, "[products.X.sources.berlin]\nquantity = 1\n")
    (folder / "store.toml").rename(folder / "old.toml")
    written(folder, "[products.X.sources.berlin]\nquantity = 1\n", STORE.replace("-50", "-60"))
    ran = run("export", "magento", "products", "--since", "old.toml")
    assert (ran.status, ran.out) == (0, HEADER)
    assert ran.err == (
        "Warning: 1 product (first: 'X') inherits values of [global] that have changed since old.toml: "
        "Magento gets them from export magento config\n"
    )
    ran = run("export", "magento", "products", "--since", "old.toml", "--explicit")
    assert ran.out == f"{HEADER}X,2,0, -60.0000,0,1.0000,0,1,0\n"
    assert "changed since" not in ran.err
    for magentos, row in (
        ("notify_stock_qty,1", "X,2,0, -60.0000,0,1.0000,1,1,1"),
        ("min_qty,-60", "X,2,0, -60.0000,1,1.0000,1,1,1"),
    ):
        (folder / "c.csv").write_text(f"path,value\ncataloginventory/item_options/{magentos}\n")
        ran = run("export", "magento", "products", "--since", "old.toml", "--config", "c.csv")
        assert ran.out == f"{HEADER}{row}\n"
        assert "changed since" not in ran.err
    assert "changed since" not in run("export", "magento", "all", "--since", "old.toml", "--to", "out").err
    assert "min_qty -60\n" in (folder / "out" / "config.sh").read_text()


def test_what_a_product_does_not_inherit_may_change_in_global(folder: Path, run: Run) -> None:
    product = "[products.X]\nout_of_stock_threshold = -5\n"
    written(folder, product)
    (folder / "store.toml").rename(folder / "old.toml")
    written(folder, product, STORE.replace("-50", "-60"))
    assert "changed since" not in run("export", "magento", "products", "--since", "old.toml").err


def test_everything_goes_into_one_folder_with_the_order_of_import(folder: Path, run: Run) -> None:
    written(folder, "[products.X.sources.berlin]\nquantity = 1\n")
    ran = run("export", "magento", "all", "--to", "out")
    assert (ran.status, ran.out, ran.err) == (
        0,
        "",
        "out: 1 product, 2 source items, 1 of them without goods at 'default' for products that are not there\n",
    )
    files = {path.name: path.read_text() for path in (folder / "out").iterdir()}
    assert sorted(files) == ["IMPORT.txt", "config.sh", "low_quantity.json", "products.csv", "stock_sources.csv"]
    assert files["config.sh"].splitlines()[:6] == CONFIG
    assert files["products.csv"] == f"{HEADER}X,2,1, -50.0000,1,1.0000,1,1,1\n"
    assert files["stock_sources.csv"] == "source_code,sku,status,quantity\nberlin,X,1,1.0000\ndefault,X,0,0.0000\n"
    steps = [line for line in files["IMPORT.txt"].splitlines() if line[:1].isdigit()]
    assert [step.split()[1] for step in steps] == ["sh", "products.csv:", "stock_sources.csv:", "low_quantity.json:"]


def test_with_magentos_configuration_there_is_none_to_import(folder: Path, run: Run) -> None:
    written(folder, "[products.X.sources.berlin]\nquantity = 1\n")
    (folder / "c.csv").write_text("path,value\ncataloginventory/item_options/min_qty,1\n")
    assert run("export", "magento", "all", "--to", "out", "--config", "c.csv").status == 0
    assert not (folder / "out" / "config.sh").exists()
    assert "config.sh" not in (folder / "out" / "IMPORT.txt").read_text()


def test_instructions_say_that_the_configuration_comes_first_only_where_it_is_inherited(folder: Path, run: Run) -> None:
    written(folder, ITEM)
    for words, said in (((), True), (("--explicit",), False)):
        assert run("export", "magento", "all", "--to", "out", *words).status == 0
        text = (folder / "out" / "IMPORT.txt").read_text()
        assert ("products.csv leaves out what it gives." in text, "1. sh config.sh" in text) == (said, True)


@pytest.mark.parametrize("words", [("products",), ("all", "--to", "out")], ids=" ".join)
def test_a_global_value_that_only_the_configuration_holds_is_named_where_that_stays(
    folder: Path, run: Run, words: tuple[str, ...]
) -> None:
    (folder / "store.toml").write_text("version = 1\n[global]\nonly_x_left_threshold = 5\n")
    path = "cataloginventory/options/stock_threshold_qty"
    for value, said in (("3", True), ("5", False)):
        (folder / "c.csv").write_text(f"path,value\n{path},{value}\n")
        warning = (
            "Warning: only_x_left_threshold is 5 in [global] and 3 in Magento's configuration, which alone has it: "
            "not written\n"
        )
        assert (warning in run("export", "magento", *words, "--config", "c.csv").err) == said


def test_a_threshold_is_said_to_be_written_as_0_only_where_it_is(folder: Path, run: Run) -> None:
    (folder / "store.toml").write_text("version = 1\n[global]\nout_of_stock_threshold = -5\n")
    (folder / "c.csv").write_text("path,value\ncataloginventory/item_options/min_qty,1\n")
    assert "written as 0" in run("export", "magento", "all", "--to", "out").err
    ran = run("export", "magento", "all", "--to", "new", "--config", "c.csv")
    assert ran == (0, "", "new: 0 products, 0 source items\n")


def test_the_folder_of_a_killed_export_is_removed_and_that_of_a_living_one_stays(folder: Path, run: Run) -> None:
    written(folder, ITEM)
    assert run("export", "magento", "all", "--to", "out").status == 0
    killed, living = ".out.backorderctl-0123456789ab.tmp", ".out.backorderctl-ba9876543210.tmp"
    for place in (folder, folder / "out"):
        for name in (killed, living):
            (place / name / "old").mkdir(parents=True)
    descriptor = os.open(folder / "out" / living, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        assert run("export", "magento", "all", "--to", "out").status == 0
    finally:
        os.close(descriptor)
    assert [path for path in folder.rglob("*.tmp") if path.is_dir()] == [folder / "out" / living]


OTHER_FILE_SYSTEM = Path("/dev/shm")


@pytest.mark.skipif(
    not OTHER_FILE_SYSTEM.is_dir() or OTHER_FILE_SYSTEM.stat().st_dev == Path(tempfile.gettempdir()).stat().st_dev,
    reason="needs a second file system",
)
def test_a_folder_is_written_through_a_link_to_another_file_system(folder: Path, run: Run) -> None:
    written(folder, ITEM)
    with tempfile.TemporaryDirectory(dir=OTHER_FILE_SYSTEM) as elsewhere:
        (folder / "out").symlink_to(Path(elsewhere) / "new")
        for _ in range(2):  # made, and replaced
            assert run("export", "magento", "all", "--to", "out").status == 0
        assert (folder / "out").is_symlink()
        assert sorted(path.name for path in (Path(elsewhere) / "new").iterdir()) == EXPORTED


def test_a_file_of_an_earlier_export_that_this_one_does_not_have_is_taken_out(folder: Path, run: Run) -> None:
    written(folder, ITEM)
    (folder / "c.csv").write_text("path,value\ncataloginventory/item_options/min_qty,1\n")
    assert run("export", "magento", "all", "--to", "out").status == 0
    ran = run("export", "magento", "all", "--to", "out", "--config", "c.csv")
    assert (ran.status, ran.err.splitlines()[0]) == (0, "out/config.sh: removed, as this export has none")
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        each for each in EXPORTED if each != "config.sh"
    ]


@pytest.mark.parametrize("script", [f"{CONFIG}rm -rf cache\n", ""], ids=["with another command", "empty"])
def test_a_script_that_no_export_has_written_stays_where_there_is_none_to_write(
    folder: Path, run: Run, script: str
) -> None:
    written(folder, ITEM)
    (folder / "c.csv").write_text("path,value\ncataloginventory/item_options/min_qty,1\n")
    (folder / "out").mkdir()
    (folder / "out" / "config.sh").write_text(script)
    ran = run("export", "magento", "all", "--to", "out", "--config", "c.csv")
    assert (ran.status, ran.err.splitlines()[0]) == (0, "out/config.sh: left as it is, as no export has written it")
    assert (folder / "out" / "config.sh").read_text() == script


def test_what_replaces_a_file_in_a_folder_has_its_mode(folder: Path, run: Run) -> None:
    written(folder, ITEM)
    mask = os.umask(0o027)
    try:
        assert run("export", "magento", "all", "--to", "out").status == 0
        (folder / "out" / "products.csv").chmod(0o604)
        os.link(folder / "out" / "products.csv", folder / "linked.csv")
        ran = run("export", "magento", "all", "--to", "out")
    finally:
        os.umask(mask)
    assert ran.err.splitlines()[0] == "Warning: out/products.csv had 2 hard links; the others keep the old text"
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in [folder / "out", *(folder / "out").iterdir()]}
    assert modes == dict.fromkeys(EXPORTED, "0o640") | {"products.csv": "0o604", "out": "0o750"}


@pytest.mark.parametrize(
    ("to", "error"),
    [
        ("file", "file: expected a folder, got a file"),
        ("no/such", "no/such: expected a folder in one that exists, got none"),
        ("taken", "taken/config.sh: expected a file, got a folder"),
    ],
)
def test_a_folder_that_cannot_be_written_is_refused(folder: Path, run: Run, to: str, error: str) -> None:
    written(folder, "[products.X.sources.berlin]\nquantity = 1\n")
    (folder / "file").write_text("")
    (folder / "taken" / "config.sh").mkdir(parents=True)
    assert run("export", "magento", "all", "--to", to) == (2, "", f"Error: {error}\n")
    assert (folder / "taken" / "config.sh").is_dir()


def test_nothing_is_written_where_a_product_is_refused(folder: Path, run: Run) -> None:
    written(folder, RESERVE_BESIDE_ALLOWANCE)
    assert run("export", "magento", "all", "--to", "out").status == 1
    assert not (folder / "out").exists()


EQUAL_TODAY = """version = 1
[sources.a]
out_of_stock_threshold = 10
[sources.b]
[products.X.sources.a]
quantity = 25
[products.X.sources.b]
quantity = {b}
"""


def test_a_refusal_names_what_differs_where_both_numbers_are_equal(folder: Path, run: Run) -> None:
    written(folder, "", EQUAL_TODAY.format(b=4))
    assert run("export", "magento", "products").err.splitlines()[0] == (
        "Error: product 'X': a reserve at one source and goods or an allowance at another do not make one threshold: "
        "stock default: 19 salable, in Magento 19 (but with 0 at a and 1 at b: 1 salable, in Magento 0) "
        "safe (backorders no, out_of_stock_threshold 10) or 29 generous (backorders no, out_of_stock_threshold 0)"
    )
    store = """version = 1
[stocks.eu]
sources = ["a"]
[stocks.us]
sources = ["b"]
[sources.a]
backorders = "allow"
out_of_stock_threshold = -5
[sources.b]
backorders = "notify"
out_of_stock_threshold = -5
[products.X.sources.a]
quantity = 3
[products.X.sources.b]
quantity = 3
"""
    written(folder, "", store)
    assert run("export", "magento", "products").err.splitlines()[0] == (
        "Error: product 'X': Magento keeps one policy for a product, and its stocks need different ones: "
        "stock eu: 8 salable, in Magento 8 (but of 4 ordered 0 backordered with a notice, in Magento 1) "
        "safe (backorders notify, out_of_stock_threshold -5) "
        "or 8 (but of 4 ordered 0 backordered with a notice, in Magento 1) "
        "generous (backorders notify, out_of_stock_threshold -5); "
        "stock us: 8 salable, in Magento 8 safe (backorders notify, out_of_stock_threshold -5) "
        "or 8 generous (backorders notify, out_of_stock_threshold -5)"
    )
