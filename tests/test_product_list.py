"""`product list`: which products, which columns, in which order; and `product add` with a source."""

import json
from pathlib import Path

import pytest
from conftest import Run

SHOP = """version = 1
[global]
backorders = "allow"
[sources.a]
[sources.b]
[sources.attic]
[stocks.s]
sources = ["a", "b"]
[products.A]
out_of_stock_threshold = -5
[products.A.sources.a]
quantity = 3
[products.A.sources.attic]
quantity = 9
[products.B.sources.b]
quantity = 7
[products.C]
backorders = "no"
[products.C.sources.a]
quantity = 1
[products.C.stocks.s]
reserved = 4
[products.D.sources.attic]
quantity = 2
"""


@pytest.fixture(autouse=True)
def shop(folder: Path) -> None:
    (folder / "store.toml").write_text(SHOP)


def skus(run: Run, *words: str) -> list[str]:
    ran = run("product", "list", "-o", "json", *words)
    assert ran.status == 0, ran.err
    [rows] = json.loads(ran.out).values()
    return [row["sku"] for row in rows]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", "A B C D"),
        ("--unlimited", "B"),
        ("--backorderable", "A B"),
        ("--oversold", "C"),
        ("--status out_of_stock", "C D"),
        ("--status in_stock --status out_of_stock", "A B C D"),
        ("--status backorder", ""),
        ("--backorderable --source a", "A"),
        ("--source attic", "A D"),
        ("--sort -salable", "B A C D"),
        ("--sort salable", "C D A B"),
        ("--sort stock", "A B C D"),
        ("--sort -stock", "A B C D"),
        ("--sort -sku --limit 2", "D C"),
        ("--limit 0", ""),
    ],
)
def test_the_products_that_are_listed(run: Run, words: str, expected: str) -> None:
    assert skus(run, *words.split()) == expected.split()


def test_goods_at_a_source_in_no_stock_have_their_row_by_source(run: Run) -> None:
    columns = "--columns sku,source,stock,quantity,counts,out_of_stock_threshold -o csv"
    ran = run("product", "list", "--by-source", *columns.split())
    assert ran.out.splitlines()[1:] == [
        "A,a,s,3,true,-5",
        "A,attic,,9,false,-5",
        "B,b,s,7,true,0",
        "C,a,s,1,true,0",
        "D,attic,,2,false,0",
    ]
    assert skus(run, "--by-source", "--source", "attic") == ["A", "D"]
    assert skus(run, "--by-source", "--stock", "s") == ["A", "B", "C"]
    assert skus(run, "--by-source", "--low-stock") == ["C"]
    run("product", "assign", "C", "b", "--quantity", "5", "-q")
    assert skus(run, "--by-source", "--low-stock") == ["C"]
    assert skus(run, "--by-source", "--match", "C") == ["C", "C"]


def test_columns_are_those_that_are_named_in_every_shape(run: Run) -> None:
    words = ("product", "list", "--columns", "salable,unlimited,sku", "--sort", "-salable", "--limit", "2")
    assert run(*words).out == "  salable  unlimited  sku\nunlimited  true       B\n        8  false      A\n"
    assert json.loads(run(*words, "-o", "json").out)["products"] == [
        {"salable": None, "unlimited": True, "sku": "B"},
        {"salable": 8, "unlimited": False, "sku": "A"},
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--limit -1", "--limit: expected a whole number, 0 or more, got '-1'"),
        ("--limit x", "--limit: expected a whole number, 0 or more, got 'x'"),
        ("--by-source --sort salable", "--sort: expected a column of sku, source, "),
        ("--columns sku,salabel", "--columns: expected a column of sku, name, "),
    ],
)
def test_an_unknown_column_or_invalid_number_is_refused(run: Run, words: str, message: str) -> None:
    ran = run("product", "list", *words.split())
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"Error: {message}")


def test_a_mistyped_column_gets_the_nearest_one(run: Run) -> None:
    assert run("product", "list", "--sort", "salabel").err.endswith("\nHint: did you mean 'salable'?\n")


def test_a_glob_that_matches_nothing_says_so(run: Run) -> None:
    ran = run("product", "list", "--match", "Z*", "-o", "csv", "--columns", "sku")
    assert ran == (1, "sku\n", "no product matches 'Z*'\n")


def test_a_product_is_added_with_its_name_and_source(run: Run) -> None:
    ran = run("product", "add", "E", "--name", "Echo", "--source", "b", "--quantity", "12.5")
    assert ran == (0, "", "product E: added, 12.5 at b\n")
    text = Path("store.toml").read_text()
    assert text == SHOP + '\n[products.E]\nname = "Echo"\n\n[products.E.sources.b]\nquantity = 12.5\n'


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--source b", "--source: expected --quantity beside it, got none"),
        ("--quantity 5", "--quantity: expected --source beside it, got none"),
        ("--source c --quantity 5", "unknown source 'c', expected a, b or attic"),
    ],
)
def test_a_source_without_a_quantity_is_refused(run: Run, words: str, message: str) -> None:
    ran = run("product", "add", "E", *words.split())
    assert (ran.status, ran.err.splitlines()[0]) == (2, f"Error: {message}")
    assert Path("store.toml").read_text() == SHOP
