"""Source items without a quantity: policy for quantities that come from outside."""

from pathlib import Path

import pytest
from conftest import Run

STORE = """version = 1
[sources.main]
[sources.lyon]
[products.X]
[products.X.sources.main]
quantity = 5
[products.X.sources.lyon]
backorders = "allow"
"""


@pytest.fixture(autouse=True)
def store(folder: Path) -> Path:
    path = folder / "store.toml"
    path.write_text(STORE)
    return path


def test_a_product_is_not_at_a_source_without_a_quantity(run: Run) -> None:
    assert run("product", "list", "--by-source", "-o", "csv").out.splitlines()[1:] == [
        "X,main,default,5,in_stock,true,,no,0,1,false"
    ]


def test_the_settings_of_such_an_item_are_read_like_any_other(run: Run) -> None:
    assert run("config", "get", "backorders", "--product", "X", "--source", "lyon").out == "allow\n"
    assert "source item" in run("config", "explain", "backorders", "--product", "X", "--source", "lyon").out


def test_such_an_item_is_edited_and_given_a_quantity_in_place(run: Run, store: Path) -> None:
    assert run("config", "set", "backorders", "no", "--product", "X", "--source", "lyon", "-q").status == 0
    assert run("product", "assign", "X", "lyon", "-q").err == (
        "Error: 'X' is not at source 'lyon': expected a quantity\nHint: --quantity 0\n"
    )
    assert run("product", "assign", "X", "lyon", "--quantity", "3", "-q").status == 0
    assert store.read_text() == STORE.replace('backorders = "allow"', 'backorders = "no"\nquantity = 3')


def test_a_source_is_not_removed_while_such_an_item_names_it(run: Run) -> None:
    assert run("source", "remove", "lyon").err.startswith("Error: source 'lyon' is still used by 1 product")
    assert run("source", "remove", "lyon", "--cascade", "-q").status == 0


def test_such_an_item_goes_through_a_spreadsheet(run: Run, folder: Path, store: Path) -> None:
    exported = run("export", "csv").out
    assert exported.endswith("X,lyon,,quantity,inherit\nX,lyon,,backorders,allow\n")
    (folder / "all.csv").write_text(exported)
    store.write_text("version = 1\n[sources.main]\n[sources.lyon]\n")
    assert run("config", "apply", "all.csv", "--create", "-q").status == 0
    assert run("export", "csv").out == exported


def test_an_import_gives_such_an_item_its_quantity(run: Run, folder: Path, store: Path) -> None:
    (folder / "sources.csv").write_text("source_code,sku,status,quantity\nlyon,X,1,7\n")
    assert run("import", "magento", "--stock-sources", "sources.csv", "-q").status == 0
    assert store.read_text() == STORE + "quantity = 7\n"


def test_a_quantity_is_taken_away_with_inherit(run: Run, folder: Path, store: Path) -> None:
    (folder / "changes.csv").write_text("product,source,key,value\nX,main,quantity,inherit\n")
    assert run("config", "apply", "changes.csv", "-q").status == 0
    assert store.read_text() == STORE.replace("quantity = 5\n", "")
    assert run("product", "list", "--by-source", "-o", "csv").out.splitlines()[1:] == []
