"""`import magento`: rows, columns and names as merchants' files have them, and what is said of them."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from conftest import Run

GOODS = "version = 1\n[sources.a]\n[stocks.eu]\nsources = ['a']\n[products.A.sources.a]\nquantity = 3\n"


def taken(run: Run, option: str, text: str, *words: str) -> list[str]:
    """What is said of an import that succeeds."""
    Path("file.csv").write_text(text)
    ran = run("import", "magento", option, "file.csv", *words)
    assert ran.status == 0, ran.err
    return [line.strip() for line in ran.err.splitlines()]


def refused(run: Run, option: str, text: str, *words: str) -> str:
    Path("file.csv").write_text(text)
    ran = run("import", "magento", option, "file.csv", *words)
    assert ran.status == 2
    return ran.err


def store() -> dict[str, Any]:
    return tomllib.loads(Path("store.toml").read_text())


@pytest.mark.parametrize("column", ["product_type", "_type", "type", "Type", "type_id"])
@pytest.mark.parametrize("kind", ["bundle", "configurable", "grouped", "Bundle"])
@pytest.mark.usefixtures("folder")
def test_composites_are_known_by_every_name_of_the_column(run: Run, column: str, kind: str) -> None:
    said = taken(run, "--products", f"store,{column},sku,qty,backorders\nadmin,simple,T,5,0\nadmin,{kind},SET,0,2\n")
    assert set(store()["products"]) == {"T"}
    assert not [line for line in said if "no column product_type" in line]


@pytest.mark.parametrize(("column", "named"), [("kind", " (first: 'kind')"), ("colour", "")])
@pytest.mark.usefixtures("folder")
def test_a_file_that_does_not_say_what_a_row_is_is_taken_and_named(run: Run, column: str, named: str) -> None:
    said = taken(run, "--products", f"{column},sku,qty\nbundle,SET,1\n")
    text = "no column product_type says what a row is: all are taken as products with stock of their own"
    assert f"{text}{named}" in said
    assert set(store()["products"]) == {"SET"}


@pytest.mark.parametrize(
    ("word", "status"),
    [("Yes", None), ("true", None), ("1.0000", None), ("No", "out_of_stock"), ("FALSE", "out_of_stock")],
)
@pytest.mark.usefixtures("folder")
def test_the_stock_status_takes_the_words_of_manage_stock(run: Run, word: str, status: str | None) -> None:
    taken(run, "--products", f"sku,qty,is_in_stock\nA,1,{word}\n")
    assert store()["products"]["A"]["sources"]["default"].get("status") == status


@pytest.mark.parametrize(
    ("option", "text", "error"),
    [
        (
            "--products",
            "sku,qty,is_in_stock,backorders,use_config_backorders,min_qty,manage_stock\nA,x,maybe,7,n,y,3\n",
            "backorders: expected 0, 1 or 2, got '7'",
        ),
        (
            "--stock-sources",
            "sku,source_code,status,quantity\n,bad code,maybe,x\n",
            "sku: expected a SKU, got none; source_code: expected",
        ),
        ("--reservations", "sku,quantity\n,x\n", "sku: expected a SKU, got none; quantity: expected a number, got 'x'"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_refused_row_names_all_its_bad_cells(run: Run, option: str, text: str, error: str) -> None:
    said = refused(run, option, text).splitlines()[0]
    assert error in said
    header, row = (line.split(",") for line in text.splitlines())
    bad = [name for name, cell in zip(header, row, strict=True) if cell != "A"]
    assert [name for name in header if f"{name}: expected" in said] == bad


@pytest.mark.parametrize(
    ("option", "header", "missing"),
    [
        ("--stock-sources", "status", "columns 'source_code', 'sku' and 'quantity', got status"),
        ("--stock-sources", "sku,qty", "a column 'source_code', got sku, qty"),
        ("--products", "qty", "a column 'sku', got qty"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_header_names_all_missing_columns(run: Run, option: str, header: str, missing: str) -> None:
    assert refused(run, option, f"{header}\n").splitlines()[0] == f"Error: file.csv:1: expected {missing}"


@pytest.mark.usefixtures("folder")
def test_cells_may_be_separated_by_bars(run: Run) -> None:
    taken(run, "--products", 'sku|name|qty|allow_backorders|use_config_backorders\n1|"Item, one"|24|1|0\n')
    product = store()["products"]["1"]
    assert product == {"name": "Item, one", "backorders": "allow", "sources": {"default": {"quantity": 24}}}


METADATA = r'"{\"event_type\":\"order_placed\",\"object_id\":\"1\"}"'


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("reservation_id,stock_id,sku,quantity,metadata", [f"1,2,A,-1,{METADATA}", r"2,2,A,-2,\N"]),
        ("metadata,sku,quantity,stock_id", [r'"{\"x\":\"\"}",A,-1,2', f"{METADATA},A,-2,2"]),
        ("sku,stock_id,metadata,quantity", [r'A,2,"{""a"":1}",-1', f"A,2,{METADATA},-2"]),
    ],
)
@pytest.mark.usefixtures("folder")
def test_metadata_is_not_parsed(run: Run, header: str, rows: list[str]) -> None:
    Path("store.toml").write_text(GOODS)
    taken(run, "--reservations", "\n".join([header, *rows, ""]), "--stock-id", "2=eu")
    assert store()["products"]["A"]["stocks"] == {"eu": {"reserved": 3}}


@pytest.mark.usefixtures("folder")
def test_a_row_with_too_many_cells_is_refused_all_the_same(run: Run) -> None:
    Path("store.toml").write_text(GOODS)
    text = f"sku,quantity,metadata\nA,-1,{METADATA}\nA,1,-1,{{}}\nA,x,{METADATA}\n"
    assert refused(run, "--reservations", text).splitlines()[:2] == [
        "Error: file.csv:3: record 2: expected 3 cells, got 4",
        "Error: file.csv:4: record 3: quantity: expected a number, got 'x'",
    ]


@pytest.mark.parametrize(
    ("stocks", "ids", "hint"),
    [
        ("[stocks.eu]\nsources = ['a']\n", "2", "--stock-id 2=eu"),
        ("", "2", "--stock-id 2=default"),
        ("[stocks.eu]\nsources = ['a']\n[stocks.us]\nsources = ['a']\n", "2", None),
        ("[stocks.eu]\nsources = ['a']\n", "23", None),
    ],
)
@pytest.mark.usefixtures("folder")
def test_unknown_stocks_refuse_the_file_and_the_hint_works(run: Run, stocks: str, ids: str, hint: str | None) -> None:
    Path("store.toml").write_text(f"version = 1\n[sources.a]\n{stocks}[products.A.sources.a]\nquantity = 3\n")
    text = "stock_id,sku,quantity\n" + "".join(f"{number},A,-3\n" for number in ids for _ in range(30))
    said = refused(run, "--reservations", text, "--skip-bad", "rejects.csv").splitlines()
    assert said[0] == "Error: file.csv:2: record 1: stock_id: expected 1 or a --stock-id, got '2'; so for 29 more"
    assert [line for line in said if line.startswith("Hint")] == ([f"Hint: {hint}"] if hint else [])
    assert not Path("rejects.csv").exists()
    if hint:
        taken(run, "--reservations", text, *hint.split())
        assert list(store()["products"]["A"]["stocks"].values()) == [{"reserved": 90}]


@pytest.mark.parametrize(
    ("rows", "problem", "hint"),
    [
        (
            "A,4\nB,5\n",
            "sku 'A': expected a quantity of 0 or less in all, got 4; so for 1 more",
            "Magento writes what is reserved as a negative quantity; if the sign is turned, call it reserved",
        ),
        (
            "A,-4\nA,4\nA,4\n",
            "sku 'A': expected a quantity of 0 or less in all, got 4: compensated more than once in Magento",
            "bin/magento inventory:reservation:list-inconsistencies",
        ),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_is_given_back_too_much_names_its_cause(run: Run, rows: str, problem: str, hint: str) -> None:
    Path("store.toml").write_text(GOODS)
    assert refused(run, "--reservations", f"sku,quantity\n{rows}") == f"Error: file.csv: {problem}\nHint: {hint}\n"


@pytest.mark.usefixtures("folder")
def test_a_reserved_sku_that_no_product_has_is_named(run: Run) -> None:
    Path("store.toml").write_text(GOODS)
    said = taken(run, "--reservations", "sku,reserved\nA,1\nGONE,2\n")
    assert "1 product with reservations that is in no other file: ignored (first: 'GONE')" in said


@pytest.mark.usefixtures("folder")
def test_a_source_code_in_another_spelling_is_that_of_the_store_file(run: Run) -> None:
    Path("store.toml").write_text(GOODS.replace("'a'", "'Berlin'").replace("sources.a", "sources.Berlin"))
    said = taken(run, "--stock-sources", "source_code,sku,quantity\nberlin,a,5\n")
    assert store()["products"] == {"A": {"sources": {"Berlin": {"quantity": 5}}}}
    assert set(store()["sources"]) == {"Berlin"}
    assert "1 source code in another spelling: taken as the same (first: 'berlin' beside 'Berlin')" in said


@pytest.mark.usefixtures("folder")
def test_sources_without_a_stock_are_sold_as_one(run: Run) -> None:
    rows = "source_code,sku,quantity\ndefault,A,5\nb,A,1\nc,A,2\n"
    said = taken(run, "--stock-sources", rows)
    assert "3 sources and no stock: sold as one; --link STOCK=SOURCE says which stock sells from which" in said
    beside = "1 stock that sells from the source default beside others, which Magento refuses (first: '{}')"
    assert beside.format("default") in said
    said = taken(run, "--stock-sources", rows, "--link", "eu=b,c", "--link", "default=default")
    assert not [line for line in said if "sold as one" in line or "Magento refuses" in line]
    said = taken(run, "--stock-sources", rows, "--link", "all=b,default")
    assert beside.format("all") in said


@pytest.mark.usefixtures("folder")
def test_unmanaged_products_without_an_item_are_counted(run: Run) -> None:
    text = (
        "1 product without managed stock and without a source item: Magento sells it in its Default Stock all the same"
    )
    rows = "sku,product_type,qty,manage_stock,use_config_manage_stock\nA,virtual,,0,0\nB,simple,1,0,0\nC,simple,,1,0\n"
    said = taken(run, "--products", rows)
    assert f"{text}, here it is no_sources (first: 'A' at line 2)" in said
    again = taken(run, "--products", rows)
    assert f"{text}, here it is no_sources (first: 'A' at line 2)" in again
