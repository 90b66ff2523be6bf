"""Magento's own source `default`: what it refuses of it, and which of its rows an export repairs or warns of."""

from pathlib import Path

import pytest
from conftest import Run
from magento_model import NEW, ZERO, Shop

SETTINGS = """version = 1
[global]
backorders = "no"
out_of_stock_threshold = 0
notify_for_quantity_below = 1
only_x_left_threshold = 0
manage_stock = true
"""
BOTH = "[sources.default]\n[sources.berlin]\n"
GOODS = "[products.A.sources.default]\nquantity = 4\n[products.A.sources.berlin]\nquantity = 6\n"
ALONE = "expected source 'default' in stock 'default' alone, without another source, as in Magento, got"


def written(text: str, name: str = "store.toml") -> None:
    Path(name).write_text(SETTINGS + text, encoding="utf-8")


@pytest.mark.parametrize(
    ("stocks", "error", "place"),
    [
        ("", f"stock 'default': {ALONE} it beside 'berlin'", "source default"),
        (
            "[stocks.default]\nsources=['berlin', 'default']\n",
            f"stock 'default': {ALONE} it beside 'berlin'",
            "stock default",
        ),
        ("[stocks.eu]\nsources=['default']\n", f"stock 'eu': {ALONE} it in stock 'eu'", "stock eu"),
        ("[stocks.eu]\nsources=['default', 'berlin']\n", f"stock 'eu': {ALONE} it beside 'berlin'", "stock eu"),
        (
            "enabled = false\n[stocks.eu]\nsources = ['berlin']\n",
            "source 'default': expected it enabled, as Magento cannot disable it, got enabled = false",
            "source default",
        ),
        ("[stocks.default]\nsources=['default']\n[stocks.eu]\nsources=['berlin']\n", None, None),
        ("[stocks.eu]\nsources=['berlin']\n", None, None),
    ],
)
@pytest.mark.usefixtures("folder")
def test_what_magento_refuses_is_named_with_its_place(
    run: Run, stocks: str, error: str | None, place: str | None
) -> None:
    written(f"[sources.berlin]\n[sources.default]\n{stocks}{GOODS}")
    for command in (("products", "--to", "p.csv"), ("all", "--to", "out")):
        ran = run("export", "magento", *command)
        assert (ran.status, ran.err) == (1, f"Error: {error}\n") if error else ran.status == 0
    said = run("check", "--select", "BO207").out
    assert f" {place}: " in said if place else not said


@pytest.mark.usefixtures("folder")
def test_a_stock_that_is_named_is_judged_alone(run: Run) -> None:
    written(f"{BOTH}[stocks.eu]\nsources=['berlin']\n[stocks.web]\nsources=['default']\n{GOODS}")
    assert run("export", "magento", "all", "--to", "out", "--stock", "eu").status == 0
    assert run("export", "magento", "all", "--to", "out", "--stock", "web").status == 1


@pytest.mark.parametrize(
    ("stock", "sources", "linked"),
    [("eu", BOTH, ["berlin"]), ("default", BOTH, ["default"]), ("default", "[sources.berlin]\n", ["berlin"])],
)
@pytest.mark.usefixtures("folder")
def test_a_new_stock_links_what_magento_lets_it_sell_from(
    run: Run, stock: str, sources: str, linked: list[str]
) -> None:
    written(sources)
    assert run("stock", "add", stock).status == 0
    quoted = ", ".join(f'"{code}"' for code in linked)
    assert f"sources = [{quoted}]" in Path("store.toml").read_text()
    assert run("check", "--select", "BO207").status == 0


def test_an_incremental_export_repairs_the_status_at_default(folder: Path, run: Run) -> None:
    item = "[sources.default]\n[products.S-4]\n[products.S-4.sources.default]\nquantity = 0\n"
    other = "[products.SAME.sources.default]\nquantity = 3\n"
    written(item + other, "old.toml")
    written(item.replace("[products.S-4]\n", "[products.S-4]\nbackorders = 'notify'\n") + other)
    assert run("export", "magento", "all", "--since", "old.toml", "--to", "out").status == 0
    assert (folder / "out/stock_sources.csv").read_text() == "source_code,sku,status,quantity\ndefault,S-4,1,0.0000\n"
    shop = Shop()
    shop.stock_items["S-4"] = {**NEW, "is_in_stock": "0"}
    shop.source_items["default", "S-4"] = 0, ZERO
    shop.import_products((folder / "out/products.csv").read_text())
    assert shop.source_items["default", "S-4"][0] == 0
    shop.import_stock_sources((folder / "out/stock_sources.csv").read_text())
    assert shop.source_items["default", "S-4"][0] == 1


@pytest.mark.parametrize("words", [(), ("--quantities",)], ids=str)
@pytest.mark.parametrize(
    ("backorders", "item", "told"),
    [
        ("notify", "quantity = 0", True),
        ("notify", "quantity = 0.5", False),
        ("no", "quantity = 3", False),
        ("no", "quantity = 3\nstatus = 'out_of_stock'", "without"),
        ("no", "quantity = 0\nstatus = 'out_of_stock'", False),
    ],
)
@pytest.mark.usefixtures("folder")
def test_products_alone_warn_of_a_status_that_may_become_another(
    run: Run, words: tuple[str, ...], backorders: str, item: str, told: bool | str
) -> None:
    written(f"[sources.default]\n[products.X]\nbackorders = '{backorders}'\n[products.X.sources.default]\n{item}\n")
    ran = run("export", "magento", "products", "--to", "p.csv", *words)
    said = "Warning: the status of 1 product (first: 'X') at source 'default' may become another"
    assert (said in ran.err) == (told is True or (told == "without" and not words))


def test_a_file_without_rows_is_neither_written_nor_listed(folder: Path, run: Run) -> None:
    written("[sources.default]\n[products.X.sources.default]\nquantity = 3\n")
    assert run("export", "magento", "all", "--to", "out").status == 0
    assert run("export", "magento", "all", "--to", "out", "--since", "store.toml").err.splitlines() == [
        "out/products.csv: removed, as this export has none",
        "out/stock_sources.csv: removed, as this export has none",
        "out: 0 products, 0 source items",
    ]
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["IMPORT.txt", "config.sh", "low_quantity.json"]
    text = (folder / "out/IMPORT.txt").read_text()
    steps = [line.split()[1] for line in text.splitlines() if line[:1].isdigit()]
    assert steps == ["sh", "low_quantity.json:"]
    assert "in this order: default: default." in text
    (folder / "out/products.csv").write_text("mine\n")
    ran = run("export", "magento", "all", "--to", "out", "--since", "store.toml")
    assert "out/products.csv: left as it is, as no export has written it\n" in ran.err


def test_low_quantities_alone_are_left_out_where_stocks_differ(folder: Path, run: Run) -> None:
    written(
        "[stocks.eu]\nsources = ['berlin']\n[stocks.us]\nsources = ['berlin']\nnotify_for_quantity_below = 9\n"
        "[sources.berlin]\n[products.X.sources.berlin]\nquantity = 3\n"
        "[products.Y]\nnotify_for_quantity_below = 2\n[products.Y.sources.berlin]\nquantity = 3\n"
    )
    ran = run("export", "magento", "all", "--to", "out")
    missing = (
        "1 source item whose stocks have different ones, of which Magento holds one (first: product 'X' at berlin: "
        "notify_for_quantity_below differs by stock: eu 1, us 9); --stock chooses"
    )
    assert (ran.status, ran.err.splitlines()[1]) == (0, f"Warning: low_quantity.json lacks {missing}")
    assert '"sku": "Y"' in (folder / "out/low_quantity.json").read_text()
    assert '"sku": "X"' not in (folder / "out/low_quantity.json").read_text()
    text = " ".join((folder / "out/IMPORT.txt").read_text().split())
    assert f"Not in low_quantity.json: {missing}." in text
