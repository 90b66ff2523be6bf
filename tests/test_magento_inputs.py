"""`import magento`: whose file it is, what counts where files meet, reservations, and what the summary says."""

import io
import json
import re
import sys
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import Run

from backorderctl.magento.csv_reader import KNOWN, recognized

EMPTY = "version = 1\n"
HEADER = "sku,qty,is_in_stock,allow_backorders,use_config_backorders,manage_stock,use_config_manage_stock\n"
NOTHING_RESERVED = (
    "          nothing is reserved, so salable quantities may be above Magento's: "
    "--reservations FILE takes what orders reserve\n"
)


def products(folder: Path) -> dict[str, Any]:
    text = (folder / "store.toml").read_text(encoding="utf-8")
    found: dict[str, Any] = tomllib.loads(text, parse_float=Decimal).get("products", {})
    return found


def imported(folder: Path, run: Run, content: str, *words: str) -> str:
    """What the import of one product CSV says."""
    (folder / "p.csv").write_text(content, encoding="utf-8")
    ran = run("import", "magento", "--products", "p.csv", *words)
    assert (ran.status, ran.out) == (0, ""), ran.err
    return ran.err


FOREIGN = [
    ("Handle,Title,Variant SKU,Variant Price", "a Shopify product export", ""),
    ("Handle,Title,Variant Inventory Qty,Variant Inventory Policy", "a Shopify product export", ""),
    ("Title,URL handle,SKU,Inventory quantity,Continue selling when out of stock", "a Shopify product export", ""),
    ("Handle,Title,Option1 Name,HS Code,COO,Location,Available", "a Shopify inventory export", ""),
    ("Handle,Title,Option1 Name,Option1 Value,SKU,HS Code,COO,Main warehouse", "a Shopify inventory export", ""),
    ("ID,Type,SKU,Name,Published,Is featured?,In stock?,Stock,Backorders allowed?", "a WooCommerce product export", ""),
    ("ID,Type,SKU,Name,Is featured?,Stock", "a WooCommerce product export", ""),
    ("ID,Type,SKU,Name,Published,Regular price", "a WooCommerce product export", ""),
    ("post_title,ID,sku,stock,manage_stock,backorders", "a WooCommerce product export", ""),
    ("sku,stock,stock_status,backorders,regular_price", "a WooCommerce product export", ""),
    ("Product ID,Product Name,Product Code/SKU,Stock Level", "a BigCommerce product export", ""),
    ("ID,Name,SKU,Inventory Tracking,Current Stock Level", "a BigCommerce product export", ""),
    ("item-name\tlisting-id\tseller-sku\tprice\tquantity", "an Amazon listing report", ""),
    ("sku\tasin\tprice\tquantity", "an Amazon inventory report", ""),
    ("Item number,Title,Custom label (SKU),Available quantity", "an eBay listing export", ""),
    ("Token,Item Name,Variation Name,SKU,Stockable", "a Square item export", ""),
    ("sku,tier_price_website,tier_price_qty", "a Magento advanced pricing CSV", ""),
    ("stock_name,site_code,source_code", "a list of Magento stocks and their sources", ""),
    ("product,source,stock,key,value", "a backorderctl export csv, which config apply reads", ""),
    ("path,hunter2/secret,value", "a Magento configuration", "--config"),
    ("source_code,sku,status,quantity", "a Magento stock_sources CSV", "--stock-sources"),
    ("reservation_id,sku,units", "a Magento inventory_reservation table", "--reservations"),
    ("sku,stock_id,quantity,metadata", "a Magento inventory_reservation table", "--reservations"),
    ("sku,stock,reserved", "a file of reservations", "--reservations"),
]
"""Headers as other systems and other options have them, what they look like, and the option that takes them."""
PRODUCTS = [
    "sku,store_view_code,attribute_set_code,product_type,qty",
    "sku,_store,_attribute_set,_type,qty",
    "sku,allow_backorders",
]


def test_every_known_header_has_an_example() -> None:
    headers = [re.split("[,\t]", header.lower()) for header in (*(each for each, _, _ in FOREIGN), *PRODUCTS)]
    assert [recognized(header) for header in headers if recognized(header) is None] == []
    assert {known for header in headers if (known := recognized(header))} == set(KNOWN)


@pytest.mark.parametrize(("header", "looks_like", "option"), FOREIGN)
def test_a_foreign_file_is_refused_and_named(folder: Path, run: Run, header: str, looks_like: str, option: str) -> None:
    (folder / "p.csv").write_text(f"{header}\n")
    hint = f"Hint: did you mean {option}?\n" if option else ""
    for words in ((), ("--names-only",)):
        ran = run("import", "magento", "--products", "p.csv", *words)
        assert ran == (
            2,
            "",
            f"Error: p.csv:1: expected a Magento product CSV, but this looks like {looks_like}\n{hint}",
        )
    assert not (folder / "store.toml").exists()


@pytest.mark.parametrize("header", PRODUCTS)
def test_a_product_file_is_not_taken_for_another(folder: Path, run: Run, header: str) -> None:
    (folder / "p.csv").write_text(f"{header}\n")
    for option, kind in (
        ("--stock-sources", "a Magento stock_sources CSV"),
        ("--reservations", "a file of reservations"),
    ):
        ran = run("import", "magento", option, "p.csv")
        assert (ran.status, ran.err) == (
            2,
            f"Error: p.csv:1: expected {kind}, but this looks like a Magento product CSV\n"
            "Hint: did you mean --products?\n",
        )


@pytest.mark.parametrize("header", ["sku,name,price", "SKU,Имя товара,Цена (в)", "sku,in stock (yes/no),who?"])
def test_a_file_without_inventory_is_taken_for_names_alone(folder: Path, run: Run, header: str) -> None:
    (folder / "p.csv").write_text(f"{header}\nA,Bag,1\nA,,1\n", encoding="utf-8")
    shown = header.lower().replace(",", ", ")
    ran = run("import", "magento", "--products", "p.csv")
    assert (ran.status, ran.err) == (
        2,
        f"Error: p.csv:1: expected an inventory column such as qty or allow_backorders, got {shown}\n"
        "Hint: --names-only\n",
    )
    assert run("import", "magento", "--products", "p.csv", "--names-only").status == 0
    assert products(folder) == {"A": {"name": "Bag"} if "name" in header else {}}


def test_names_only_leaves_the_inventory_of_a_file_aside(folder: Path, run: Run) -> None:
    said = imported(folder, run, "sku,name,qty,product_type\nA,Bag,5,simple\nC,Set,,bundle\n", "--names-only")
    assert products(folder) == {"A": {"name": "Bag"}}
    assert said == (
        "store.toml: imported\n        2 product rows\n"
        "        1 product added\n"
        "        1 composite product, without stock of its own: not taken (first: 'bundle' for 'C' at line 3)\n"
        f"{NOTHING_RESERVED}"
    )


def test_variant_sku_is_no_sku(folder: Path, run: Run) -> None:
    (folder / "p.csv").write_text("Variant SKU,qty\nA,1\n")
    ran = run("import", "magento", "--products", "p.csv")
    assert (ran.status, ran.err) == (2, "Error: p.csv:1: expected a column 'sku', got variant sku, qty\n")


def test_nothing_is_imported_without_a_file_or_a_link(run: Run) -> None:
    error = "expected --products, --stock-sources, --reservations, --config or --link, got nothing to import"
    assert run("import", "magento") == (2, "", f"Error: {error}\n")


@pytest.mark.parametrize("words", [(), ("-n",)])
def test_a_summary_is_json_where_json_is_asked_for_alone(folder: Path, run: Run, words: tuple[str, ...]) -> None:
    (folder / "p.csv").write_text("sku,qty\nA,1\n")
    ran = run("import", "magento", "--products", "p.csv", "-o", "csv", *words)
    assert (ran.status, "1 product row\n" in ran.err) == (0, True)
    assert ran.out.splitlines()[:1] == (["kind,sku,scope,stock,source,product,field,old,new"] if words else [])


@pytest.mark.parametrize(
    ("rows", "words"), [("sku,qty\nA,x\n", ("--skip-bad", "r.csv")), ("sku,product_type,qty\nA,bundle,\n", ())]
)
def test_an_import_that_took_nothing_fails_and_makes_no_store(
    folder: Path, run: Run, rows: str, words: tuple[str, ...]
) -> None:
    (folder / "p.csv").write_text(rows)
    ran = run("import", "magento", "--products", "p.csv", *words)
    assert (ran.status, ran.out, ran.err.splitlines()[0]) == (1, "", "store.toml: nothing imported")
    assert not (folder / "store.toml").exists()
    assert (folder / "r.csv").exists() == bool(words)


def test_stock_sources_are_all_there_is_of_a_product_that_they_name(folder: Path, run: Run) -> None:
    (folder / "p.csv").write_text("sku,qty,is_in_stock\nx,0,1\nY,10,1\nZ,4,1\nD,7,1\n")
    (folder / "s.csv").write_text("source_code,sku,quantity\nberlin,X,10\nberlin,Y,10\ndefault,D,7\n")
    ran = run("import", "magento", "--products", "p.csv", "--stock-sources", "s.csv")
    items = {
        sku: {at: item["quantity"] for at, item in each["sources"].items()} for sku, each in products(folder).items()
    }
    assert items == {"x": {"berlin": 10}, "Y": {"berlin": 10}, "Z": {"default": 4}, "D": {"default": 7}}
    assert (
        "        2 qty of the product file left aside, because stock sources name the product; "
        "Magento itself would merge the rows (first: '0' for 'x' beside '10 at berlin' at line 2)\n"
    ) in ran.err


def test_no_source_is_made_for_quantities_that_are_left_aside(folder: Path, run: Run) -> None:
    (folder / "p.csv").write_text("sku,qty\nX,5\n")
    (folder / "s.csv").write_text("source_code,sku,quantity\nberlin,x,10\n")
    assert run("import", "magento", "--products", "p.csv", "--stock-sources", "s.csv").status == 0
    assert tomllib.loads((folder / "store.toml").read_text())["sources"] == {"berlin": {}}


@pytest.mark.parametrize(
    "rows",
    ["X,5,1,1,0,0,1\nX,5,1,1,0,1,1\n", "X,5,1,2,1,1,0\nX,5,1,0,1,1,0\n", "X,5,1,1,1,1,0\nX,5,1,,1,1,0\n"],
    ids=["manage_stock", "allow_backorders", "blank"],
)
def test_values_that_are_not_in_force_never_conflict(folder: Path, run: Run, rows: str) -> None:
    said = imported(folder, run, HEADER + rows)
    assert list(products(folder)) == ["X"]
    assert "        1 row that repeats a product\n" in said


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        ("X,default,Bag,5\n", "Bag"),
        ("X,default,Bag,5\nX,default,Sack,5\n", "Bag"),
        ("X,de,Tasche,5\nX,,Bag,5\n", "Bag"),
        ("X,,Bag,5\nX,de,Tasche,\n", "Bag"),
        ("X,de,Tasche,5\nX,fr,Sac,5\n", None),
        ("X,,Bag,\nX,,,5\n", "Bag"),
        ("X,,Bag,\nX,,Sack,5\n", "Bag"),
    ],
)
def test_a_name_comes_from_the_only_store_view_where_there_is_no_other_row(
    folder: Path, run: Run, rows: str, name: str | None
) -> None:
    imported(folder, run, f"sku,store_view_code,name,qty\n{rows}")
    assert products(folder)["X"].get("name") == name


def test_rows_without_inventory_of_their_own_are_counted_by_what_they_are(folder: Path, run: Run) -> None:
    said = imported(folder, run, "sku,store_view_code,qty,price\nA,,5,1\nA,de,,1\nA,fr,,1\nA,,,1\n,,,3\n")
    assert said.splitlines()[1:5] == [
        "        5 product rows",
        "        2 rows of store views",
        "        1 row that repeats a product",
        "        1 row without a SKU and inventory",
    ]
    (folder / "store.toml").unlink()
    said = imported(folder, run, "sku,_store,_type,qty,image\nA,,simple,5,a\n,,,,b\n,,,,c\n")
    assert said.splitlines()[1:3] == [
        "        3 product rows",
        "        2 continuation rows of Magento 1, without a SKU",
    ]


def test_what_a_store_file_does_not_know_of_a_product_is_noted(folder: Path, run: Run) -> None:
    said = imported(
        folder,
        run,
        "sku,qty,product_online,product_websites,min_cart_qty,use_config_min_sale_qty,max_cart_qty,"
        "use_config_max_sale_qty,qty_increments,enable_qty_increments,use_config_enable_qty_inc\n"
        'A,,2,"base,second",6.0000,0,12.0000,0,6.0000,1,0\n'
        "B,1,1,base,6.0000,1,10000.0000,0,6.0000,1,1\n"
        "C,1,1,base,1.0000,0,,0,,0,0\n",
    )
    assert said.splitlines()[-7:-1] == [
        "        1 product without a quantity (first: 'A' at line 2)",
        "        1 disabled product: taken like every other, though Magento sells none (first: '2' for 'A' at line 2)",
        "        1 product of several websites: a stock's channels say where it sells "
        "(first: 'base,second' for 'A' at line 2)",
        "        1 product with a minimum order of its own, which order check does not know "
        "(first: '6' for 'A' at line 2)",
        "        1 product with a maximum order of its own, which order check does not know "
        "(first: '12' for 'A' at line 2)",
        "        1 product sold in increments of its own, which order check does not know "
        "(first: '6' for 'A' at line 2)",
    ]


def test_status_of_magento_1_says_what_is_disabled(folder: Path, run: Run) -> None:
    said = imported(folder, run, "sku,_type,status,qty\nA,simple,2,1\nB,simple,1,1\nC,simple,Disabled,1\n")
    assert "        2 disabled products: taken like every other" in said


def test_a_file_in_another_encoding_is_read_by_its_name(folder: Path, run: Run) -> None:
    (folder / "p.csv").write_bytes("sku,name,qty\nA,Größe,1\n".encode("cp1252"))
    assert run("import", "magento", "--products", "p.csv") == (
        2,
        "",
        "Error: p.csv:2:5: expected UTF-8, got byte 0xf6\n"
        "Hint: save it as UTF-8, or name its encoding, such as --encoding cp1252\n",
    )
    assert run("import", "magento", "--products", "p.csv", "--encoding", "cp1252").status == 0
    assert products(folder)["A"]["name"] == "Größe"
    (folder / "c.csv").write_text("path,value\n", encoding="utf-8")
    for encoding in ("utf-16", "undefined", "punycode"):
        for option, file in (("--products", "p.csv"), ("--config", "c.csv")):
            ran = run("import", "magento", option, file, "--encoding", encoding)
            assert (ran.status, ran.out) == (2, "")
            assert ran.err.startswith(f"Error: {file}") and f"expected {encoding.upper()}, got " in ran.err  # noqa: PT018
    ran = run("import", "magento", "--products", "p.csv", "--encoding", "klingon")
    assert ran == (2, "", "Error: --encoding: expected one such as cp1252, got 'klingon'\n")


@pytest.mark.parametrize(
    ("rows", "words", "expected"),
    [
        ("sku,reserved\nA,3\n", (), {"eu": 3}),
        ("sku,stock,reserved\nA,eu,2.5\n", (), {"eu": Decimal("2.5")}),
        ("sku,reserved\nA,0\n", (), None),
        (
            "reservation_id,stock_id,sku,quantity,metadata\n"
            '1,2,A,-3.0000,"{""event_type"":""order_placed"",""object_id"":""7""}"\n'
            '2,2,A,-2.0000,"{""event_type"":""order_placed""}"\n'
            '3,2,a,1.0000,"{""event_type"":""shipment_created""}"\n',
            ("--stock-id", "2=eu"),
            {"eu": 4},
        ),
        ("stock_id,sku,quantity\n1,A,-3\n1,A,3\n", ("--stock-id", "1=eu"), None),
    ],
)
def test_reservations_are_taken(
    folder: Path, run: Run, rows: str, words: tuple[str, ...], expected: dict[str, Any] | None
) -> None:
    start = f"{EMPTY}[stocks.eu]\nsources=['b']\n[sources.b]\n[products.A.stocks.eu]\nreserved = 9\n"
    (folder / "store.toml").write_text(start)
    (folder / "r.csv").write_text(rows)
    ran = run("import", "magento", "--reservations", "r.csv", *words)
    assert (ran.status, ran.out) == (0, ""), ran.err
    stocks = products(folder)["A"].get("stocks")
    assert stocks == (None if expected is None else {code: {"reserved": units} for code, units in expected.items()})
    assert "        1 reservation changed\n" in ran.err


def test_reservations_of_a_new_product_and_of_an_unknown_one(folder: Path, run: Run) -> None:
    (folder / "p.csv").write_text("sku,qty\nA,5\nB,1\n")
    (folder / "r.csv").write_text("sku,reserved\na,3\nC,1\nD,0\n")
    ran = run("import", "magento", "--products", "p.csv", "--reservations", "r.csv")
    assert products(folder)["A"] == {
        "sources": {"default": {"quantity": 5}},
        "stocks": {"default": {"reserved": 3}},
    }
    assert ran.err.splitlines()[-2:] == [
        "        1 SKU in another letter case: taken as the same (first: 'a' beside 'A')",
        "        1 product with reservations that is in no other file: ignored (first: 'C')",
    ]
    (folder / "r.csv").write_text("sku,reserved\nB,2\n")
    ran = run("import", "magento", "--reservations", "r.csv")
    assert products(folder)["A"]["stocks"] == {"default": {"reserved": 3}}


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ("sku,reserved,quantity\nA,1,1\n", "r.csv:1: expected a column 'reserved' or 'quantity', got both"),
        ("sku,stock\nA,eu\n", "r.csv:1: expected a column 'reserved' or 'quantity', got neither"),
        ("sku,reserved\nA,-1\n", "r.csv:2: record 1: reserved: expected 0 or more, got -1"),
        ("sku,reserved\nA,1\nA,1\n", "r.csv:3: record 2: sku 'A': expected one row, got another"),
        ("sku,stock_id,quantity\nA,2,-1\n", "r.csv:2: record 1: stock_id: expected 1 or a --stock-id, got '2'"),
        ("sku,quantity\nA,4\nB,5\n", "r.csv: sku 'A': expected a quantity of 0 or less in all, got 4; so for 1 more"),
        ("sku,reserved\n,4\n", "r.csv:2: record 1: sku: expected a SKU, got none"),
        ("sku,stock,reserved\nA,us,4\n", "reservations: expected a stock of eu, got 'us'"),
        (
            "sku,stock_id,quantity\nA,1,-1\n",
            "reservations: expected a stock of eu, got 'default'; --stock-id says which stock a stock_id is",
        ),
    ],
)
def test_invalid_reservations_are_refused(folder: Path, run: Run, rows: str, error: str) -> None:
    start = f"{EMPTY}[stocks.eu]\nsources=[]\n[products.A]\n"
    (folder / "store.toml").write_text(start)
    (folder / "r.csv").write_text(rows)
    ran = run("import", "magento", "--reservations", "r.csv")
    assert (ran.status, ran.out, ran.err.splitlines()[0]) == (2, "", f"Error: {error}")
    assert (folder / "store.toml").read_text() == start


def test_reservations_need_a_stock_where_there_are_several(folder: Path, run: Run) -> None:
    (folder / "store.toml").write_text(f"{EMPTY}[stocks.eu]\nsources=[]\n[stocks.us]\nsources=[]\n[products.A]\n")
    (folder / "r.csv").write_text("sku,reserved\nA,4\n")
    assert run("import", "magento", "--reservations", "r.csv") == (
        2,
        "",
        "Error: reservations: expected a stock of eu, us, got none\n",
    )


def test_one_file_may_be_standard_input(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = b"source_code,sku,quantity\nberlin,A,4\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(rows)))
    assert run("import", "magento", "--stock-sources", "-", "-q") == (0, "", "")
    assert products(folder) == {"A": {"sources": {"berlin": {"quantity": 4}}}}
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"source_code,sku,quantity\nberlin,A,\xff\n")))
    assert run("import", "magento", "--stock-sources", "-").err.splitlines()[0] == (
        "Error: <stdin>:2:10: expected UTF-8, got byte 0xff"
    )
    assert run("import", "magento", "--stock-sources", "-", "--products", "-").err == (
        "Error: standard input can be one file only, got it for several\n"
    )


def test_the_summary_as_json(folder: Path, run: Run) -> None:
    (folder / "p.csv").write_text("sku,qty,allow_backorders,use_config_backorders\nA,5,2,1\nB,x,,\n")
    ran = run("import", "magento", "--products", "p.csv", "--skip-bad", "r.csv", "-o", "json", "-q")
    assert (ran.status, ran.err) == (0, "")
    assert json.loads(ran.out) == {
        "file": "store.toml",
        "changed": True,
        "counts": {
            "product_rows": 2,
            "rows_refused": 1,
            "sources_added": 1,
            "products_added": 1,
            "source_items_added": 1,
        },
        "names": {"sources_added": ["default"]},
        "notes": [
            {"code": "no_type", "about": None, "count": 1, "first": None},
            {
                "code": "not_in_force",
                "about": "allow_backorders",
                "count": 1,
                "first": {"sku": "A", "line": 2, "value": "2", "other": None},
            },
            {
                "code": "assumed",
                "about": "backorders",
                "count": 1,
                "first": {"sku": None, "line": None, "value": "no", "other": None},
            },
            {"code": "no_reservations", "about": None, "count": 1, "first": None},
        ],
        "refused": [{"file": "p.csv", "record": 2, "line": 3, "reason": "qty: expected a number, got 'x'"}],
        "rejects": ["r.csv"],
    }


@pytest.mark.parametrize("name", ["r.csv", "r.csv.gz"])
def test_rejects_of_an_earlier_run_go_once_no_row_is_refused(folder: Path, run: Run, name: str) -> None:
    words = ("import", "magento", "--products", "p.csv", "--skip-bad", name)
    (folder / "p.csv").write_text("sku,qty\nA,5\nB,x\n")
    assert run(*words).status == 0
    assert (folder / name).exists()
    (folder / "p.csv").write_text("sku,qty\nA,5\nB,1\n")
    assert run(*words, "-n").status == 0
    assert (folder / name).exists()
    assert f"{name}: removed, as no row is refused any more\n" in run(*words).err
    assert not (folder / name).exists()
    (folder / name).write_text("my own notes\n")
    error = f"Error: --skip-bad {name}: expected a new file or one of refused rows, got another\n"
    for rows in ("A,5\n", "A,x\nB,6\n"):
        (folder / "p.csv").write_text(f"sku,qty\n{rows}")
        assert run(*words) == (2, "", error)
    assert (folder / name).read_text() == "my own notes\n"


def test_reservations_that_stay_the_same_change_nothing(folder: Path, run: Run) -> None:
    (folder / "r.csv").write_text("sku,reserved\nA,3\nB,0\n")
    (folder / "p.csv").write_text("sku,qty\nA,5\nB,5\n")
    assert run("import", "magento", "--products", "p.csv", "--reservations", "r.csv").status == 0
    assert "stocks" not in products(folder)["B"]
    ran = run("import", "magento", "--reservations", "r.csv")
    assert ran == (0, "", "store.toml: imported already: nothing to change\n        2 reservation rows\n")


def test_a_status_without_a_quantity_adds_no_source(folder: Path, run: Run) -> None:
    (folder / "store.toml").write_text("version = 1\n\n[sources.main]\n\n[products.A.sources.main]\nquantity = 1\n")
    assert "source added" not in imported(folder, run, "sku,is_in_stock\nA,1\n")


def test_stock_sources_are_all_the_source_items_of_a_product(folder: Path, run: Run) -> None:
    (folder / "s.csv").write_text("sku,source_code,quantity,status\nA,berlin,7,1\n")
    imported(folder, run, "sku,qty\nA,5\n", "--stock-sources", "s.csv")
    assert products(folder) == {"A": {"sources": {"berlin": {"quantity": 7}}}}
