"""Everything that is exported, read back as Magento reads it: its answers are ours, for any goods and reservations."""

import csv
import shutil
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from conftest import Run
from magento_model import NEW, STEP, Shop, orders, ours, random_config, random_stock_item, variations
from stores import ANY_DAY, seeded_stores, toml_text

from backorderctl.policy.evaluate import Salability, evaluate
from backorderctl.store.load import load
from backorderctl.store.model import Product, Store

DATA = Path(__file__).parent / "data" / "magento"
CONFIG = """path,value
cataloginventory/item_options/manage_stock,{manage_stock}
cataloginventory/item_options/backorders,{backorders}
cataloginventory/item_options/min_qty,{min_qty}
cataloginventory/item_options/notify_stock_qty,{notify_stock_qty}
"""
STORES = 250


def exported(folder: Path, run: Run, *words: str) -> str | None:
    """The stock for which everything could be exported to `out`: none named for all of them; None where none could."""
    for stock in ("", *load("store.toml").on(ANY_DAY).stocks):
        chosen = ("--stock", stock) if stock else ()
        if run("export", "magento", "all", "--to", "out", *words, *chosen, "-q").status == 0:
            return stock
    return None


def imported(shop: Shop) -> None:
    """The exported files, in their order, where the configuration is as it must be."""
    if Path("out/config.sh").exists():
        assert shop.run(Path("out/config.sh").read_text(encoding="utf-8"))
    for name, take in (("products.csv", shop.import_products), ("stock_sources.csv", shop.import_stock_sources)):
        if (path := Path("out") / name).exists():  # a file without rows is not written
            take(path.read_text(encoding="utf-8"))


def used_shop(store: Store, random: Random) -> Shop:
    """A Magento that has some of the products already, with stock items, configuration and goods of its own."""
    shop = Shop(config=random_config(random))
    for product in store.products.values():
        if random.random() < 0.7:
            shop.stock_items[product.sku] = random_stock_item(random)
            for source in (*product.items, "default"):
                if random.random() < 0.5:
                    shop.source_items[source, product.sku] = random.choice((0, 1)), Decimal(random.randrange(-5, 40))
    return shop


def compare(shop: Shop, store: Store, product: Product, stock: str, random: Random) -> Iterator[tuple[object, object]]:
    """Magento's answers and ours for random goods at the product's sources, as after counting them anew."""
    sources = {code: store.sources[code].enabled for code in store.stocks[stock].sources}
    for answer in variations(store, product, stock, 4, random):
        for code, item in answer.product.items.items():
            status, _ = shop.source_items[code, product.sku]
            shop.source_items[code, product.sku] = status, item.quantity
        counting, linked = shop.counting(product.sku, sources)
        magento = shop.policy(product.sku)
        for n in orders(answer):
            yield magento.answer(counting, linked, answer.reserved, n), ours(answer, n)
        if counting and magento.manage_stock:
            yield magento.shown_in_stock(counting, answer.reserved), answer.status != "out_of_stock"


@pytest.mark.parametrize("how", ["anew", "over what is there", "--config", "--explicit"])
def test_what_is_exported_answers_in_magento_as_here(
    folder: Path, run: Run, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    random, seen = Random(how), Counter[str]()
    for data in seeded_stores(STORES, seed=31):
        (folder / "store.toml").write_text(toml_text(data), encoding="utf-8")
        shutil.rmtree("out", ignore_errors=True)
        store = load("store.toml").on(ANY_DAY)
        shop = Shop() if how == "anew" else used_shop(store, random)
        words = {"--config": ("--config", "magento.csv"), "--explicit": ("--explicit",)}.get(
            how, ("--assume-defaults",)
        )
        Path("magento.csv").write_text(CONFIG.format(**shop.config))
        stock = exported(folder, run, *words)
        if stock is None:
            seen["refused"] += 1
            continue
        if how == "--explicit":
            Path("out/config.sh").unlink(missing_ok=True)
        assert how != "--config" or not Path("out/config.sh").exists()
        if how == "over what is there" and not shop.run(Path("out/config.sh").read_text(encoding="utf-8")):
            seen["assumed in vain"] += 1
            continue
        imported(shop)
        for product in store.products.values():
            for answer in evaluate(store, product.sku):
                if answer.stock is not None and (not stock or answer.stock == stock):
                    for magentos, mine in compare(shop, store, product, answer.stock, random):
                        assert magentos == mine, (product, answer.stock, data)
                        seen["answers"] += 1
    with capsys.disabled():
        print(f"\n{STORES} stores, {how}: {dict(seen)}")
    assert seen["answers"] > (1500 if how == "over what is there" else 5000)


def test_products_alone_sell_what_no_source_has_where_they_are_new(folder: Path, run: Run) -> None:
    (folder / "store.toml").write_text(
        "version = 1\n[global]\nbackorders = 'allow'\n[sources.default]\n[products.X.sources.default]\nquantity = 4\n"
        "status = 'out_of_stock'\n"
    )
    ran = run("export", "magento", "products", "--to", "products.csv", "--explicit")
    assert ran.err == (
        "products.csv: 1 product\n"
        "Warning: 1 product (first: 'X') not on sale at source 'default': "
        "if new to Magento, the import puts it on sale there; export magento all prevents it\n"
    )
    shop = Shop()
    shop.import_products(Path("products.csv").read_text())
    assert shop.source_items == {("default", "X"): (1, Decimal(0))}


def test_a_product_without_managed_stock_gets_no_item_at_default(folder: Path, run: Run) -> None:
    """It would sell wherever it has one, goods or not."""
    (folder / "store.toml").write_text(
        "version = 1\n[sources.lyon]\n[products.X]\nmanage_stock = false\n[products.X.sources.lyon]\nquantity = 0\n"
    )
    ran = run("export", "magento", "all", "--to", "out", "--assume-defaults")
    assert ran.err == (
        "out: 1 product, 1 source item\n"
        "Warning: 1 product (first: 'X') without managed stock is not at source 'default': if new to Magento, the "
        "import puts it there, and it sells in the stocks of that source\n"
    )
    assert "they add nothing" not in Path("out/IMPORT.txt").read_text()
    known, new = Shop(stock_items={"X": dict(NEW)}), Shop()
    for shop in (known, new):
        imported(shop)
    assert known.source_items == {("lyon", "X"): (1, Decimal(0))}
    assert new.source_items.keys() == {("lyon", "X"), ("default", "X")}
    assert (
        run("export", "magento", "products", "--assume-defaults", "--to", "p.csv").err.splitlines()[1:]
        == ran.err.splitlines()[1:]
    )


@pytest.mark.parametrize("status", ["in_stock", "out_of_stock"])
def test_a_product_without_managed_stock_that_is_at_default_needs_no_warning(
    folder: Path, run: Run, status: str
) -> None:
    (folder / "store.toml").write_text(
        "version = 1\n[sources.default]\n[products.X]\nmanage_stock = false\n"
        f"[products.X.sources.default]\nquantity = 0\nstatus = '{status}'\n"
    )
    assert run("export", "magento", "products", "--assume-defaults", "--to", "p.csv").err == "p.csv: 1 product\n"


def test_a_status_that_magento_would_not_keep_is_warned_of(folder: Path, run: Run) -> None:
    (folder / "store.toml").write_text(
        "version = 1\n[sources.default]\n[products.A]\nout_of_stock_threshold = 5\n[products.A.sources.default]\n"
        "quantity = 5\n[products.B]\nbackorders='allow'\nout_of_stock_threshold = -5\n[products.B.sources.default]\n"
        "quantity = -6\n[products.C.sources.default]\nquantity = 1\n[products.D]\n[sources.lyon]\n"
        "[products.E.sources.lyon]\nquantity = 9\n[stocks.default]\nsources = ['default']\n"
    )
    ran = run("export", "magento", "products", "--assume-defaults", "--quantities", "--to", "products.csv")
    assert ran.err == (
        "products.csv: 3 products\n"
        "Warning: 2 products (first: 'A') are In Stock at source 'default', and Magento's import makes them "
        "Out of Stock there: import stock sources afterwards (export magento all)\n"
        "not at source 'default', and left out: 'D', 'E'\n"
    )
    shop = Shop()
    shop.import_products(Path("products.csv").read_text())
    assert [shop.source_items["default", sku] for sku in "ABC"] == [(0, Decimal(5)), (0, Decimal(-6)), (1, Decimal(1))]


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.glob("*.csv")))
def test_every_real_file_comes_back_from_an_export_of_everything(
    folder: Path, run: Run, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(DATA / name, folder / name)
    option = "--products" if name.startswith("products") else "--stock-sources"
    assert run("import", "magento", option, name, "--skip-bad", "rejects.csv").status == 0
    others = [code for code in load("store.toml").sources if code != "default"]
    if others:  # Magento lets the source default be in no stock beside others
        assert run("stock", "add", "web", *(word for code in others for word in ("--source", code))).status == 0
    assert run("export", "magento", "all", "--to", "out", "--assume-defaults").status == 0
    files = ["--products", "out/products.csv", "--stock-sources", "out/stock_sources.csv"]
    files += ["--link", f"web={','.join(others)}"] if others else []
    assert run("import", "magento", *files, "-f", "back.toml").status == 0
    old, new = load("store.toml").on(ANY_DAY), load("back.toml").on(ANY_DAY)
    rewritten = []
    for sku, product in old.products.items():
        before, after = ([answer_of(each) for each in evaluate(store, sku)] for store in (old, new))
        assert before == after
        rewritten += [
            (sku, key, str(value), str(new.products[sku].settings.get(key)))
            for key, value in product.settings.items()
            if new.products[sku].settings.get(key) != value
        ]
        extra = new.products[sku].items.keys() - product.items.keys()
        assert extra <= {"default"}
    with capsys.disabled():
        print(f"\n{name}: {len(old.products)} products, rewritten: {rewritten or 'none'}")
    shop = Shop()
    imported(shop)
    assert shop.stock_items.keys() == old.products.keys()
    for sku in old.products:
        [mine] = evaluate(old, sku)
        counting, linked = shop.counting(sku, dict.fromkeys(old.stocks[mine.stock].sources if mine.stock else (), True))
        for n in (STEP, Decimal(1), Decimal(7)):
            assert shop.policy(sku).answer(counting, linked, Decimal(0), n) == ours(mine, n)


def answer_of(found: Salability) -> tuple[object, ...]:
    """What a customer and a merchant are told, whatever items without goods there are."""
    return found.status, found.on_hand, found.salable, found.low_stock, found.only_x_left


def test_a_threshold_below_0_without_backorders_is_rewritten_and_sells_the_same(folder: Path, run: Run) -> None:
    (folder / "p.csv").write_text(
        "sku,qty,is_in_stock,allow_backorders,use_config_backorders,out_of_stock_qty,use_config_min_qty\n"
        "OWN,0,1,0,0, -50.0000,0\nCONFIG,0,1,,1,,1\nBOTH,0,1,2,0, -50.0000,0\n"
    )
    (folder / "c.csv").write_text("path,value\ncataloginventory/item_options/min_qty,-20\n")
    assert run("import", "magento", "--products", "p.csv", "--config", "c.csv").status == 0
    ran = run("export", "magento", "all", "--to", "out", "--assume-defaults")
    assert ran.err == (
        "out: 3 products, 3 source items\n"
        "Warning: 2 products (first: 'OWN') have a threshold below 0 without backorders: written as 0, because Magento "
        "would show them as In Stock when sold out\n"
        "Warning: out_of_stock_threshold -20 without backorders: written as 0, because Magento would show sold-out "
        "products as In Stock\n"
    )
    with Path("out/products.csv").open() as file:
        rows = {row["sku"]: (row["out_of_stock_qty"], row["use_config_min_qty"]) for row in csv.DictReader(file)}
    assert rows == {"OWN": ("0.0000", "0"), "CONFIG": ("0.0000", "0"), "BOTH": (" -50.0000", "0")}
    assert "bin/magento config:set -- cataloginventory/item_options/min_qty 0\n" in Path("out/config.sh").read_text()
    shop = Shop()
    imported(shop)
    assert not shop.policy("OWN").shown_in_stock([Decimal(0)], Decimal(0))
    assert not shop.policy("CONFIG").shown_in_stock([Decimal(0)], Decimal(0))
