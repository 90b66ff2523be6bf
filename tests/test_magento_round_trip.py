"""There and back: a store through Magento's files, Magento's files through a store, a store through a spreadsheet."""

import csv
import shutil
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from stores import ANY_DAY, seeded_stores, toml_text

from backorderctl.policy.evaluate import Salability, evaluate
from backorderctl.policy.orders import order_from
from backorderctl.store.load import load
from backorderctl.store.model import Store
from backorderctl.store.scalars import StockStatus
from backorderctl.store.settings import SETTINGS
from backorderctl.store.sku import case_folded

DATA = Path(__file__).parent / "data" / "magento"
OVERRIDES = tuple((str(row.csv_column), str(row.use_config_column)) for row in SETTINGS.values() if row.csv_column)


def test_a_store_comes_back_from_magento_with_the_same_answers(folder: Path, run: Run) -> None:
    returned = compared = 0
    for data in seeded_stores(150, seed=21):
        (folder / "store.toml").write_text(toml_text(data), encoding="utf-8")
        (folder / "new.toml").unlink(missing_ok=True)
        exports = (("products", "p.csv", "--approximate", "safe", "--assume-defaults"), ("stock-sources", "s.csv"))
        if any(run("export", "magento", words[0], "--to", *words[1:]).status for words in exports):
            continue
        exact = run("export", "magento", "products", "--assume-defaults").status == 0
        old = load("store.toml").on(ANY_DAY)
        (folder / "c.csv").write_text("".join(configuration(old)))
        files = ("--products", "p.csv", "--stock-sources", "s.csv", "--config", "c.csv")
        ran = run("import", "magento", *files, *links(old), "-f", "new.toml")
        assert ran.status == 0, ran.err
        new = with_what_magento_has_elsewhere(load("new.toml").on(ANY_DAY), old)
        assert {sku: items_of(old, sku) for sku in old.products} == {sku: items_of(new, sku) for sku in new.products}
        returned += 1
        if exact:
            for sku in old.products:
                assert list(map(answer, evaluate(old, sku))) == list(map(answer, evaluate(new, sku))), (sku, data)
                compared += 1
    assert (returned > 120, compared > 150) == (True, True)


def configuration(store: Store) -> Iterator[str]:
    """[global] as a CSV of Magento's configuration."""
    yield "path,value\n"
    for key, value in store.settings.items():
        words = {"no": "0", "allow": "1", "notify": "2", "True": "1", "False": "0"}
        yield f"{SETTINGS[key].config_path},{words.get(str(value), value)}\n"
    yield "cataloginventory/options/can_subtract,1\n"


def links(store: Store) -> Iterator[str]:
    kept = {source for product in store.products.values() for source in product.items}
    for stock in store.stocks.values():
        sources = [source for source in stock.sources if source in kept]
        if stock.declared and sources:
            yield from ("--link", f"{stock.code}={','.join(sources)}")


def with_what_magento_has_elsewhere(new: Store, old: Store) -> Store:
    """Sources that are disabled, stocks without goods and reservations: Magento has them, but not in these files."""
    sources = {code: source._replace(settings={}) for code, source in old.sources.items()}
    stocks = {code: stock._replace(settings={}) for code, stock in old.stocks.items()}
    products = {sku: product._replace(reserved=old.products[sku].reserved) for sku, product in new.products.items()}
    return replace(new, sources=sources, stocks=stocks, products=products)


def items_of(store: Store, sku: str) -> dict[str, tuple[Decimal, StockStatus]]:
    return {code: (item.quantity, item.status) for code, item in sorted(store.products[sku].items.items())}


def answer(found: Salability) -> tuple[Any, ...]:
    """Everything Magento gives an answer to; where a quantity is below 0 the export does not speak of it."""
    if any(item.quantity < 0 for item in found.items):
        return (found.stock,)
    placed = [order_from(found, Decimal(n)) for n in (1, 7, 40)]
    orders = [(each.accepted, each.reason, each.ships_now, each.backordered, each.customer_notice) for each in placed]
    return found.stock, found.status, found.on_hand, found.salable, *orders


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.glob("products-*.csv")))
def test_a_real_export_comes_back_with_every_cell_that_was_in_force(folder: Path, run: Run, name: str) -> None:
    shutil.copy(DATA / name, folder / name)
    assert run("import", "magento", "--products", name, "--skip-bad", "rejects.csv").status == 0
    assert run("export", "magento", "products", "--assume-defaults", "--to", "back.csv").status == 0
    assert run("export", "magento", "products", "--assume-defaults", "--quantities", "--to", "goods.csv").status == 0
    before = {row["sku"]: row for row in rows(folder / name) if carries_stock(row)}
    after = {row["sku"]: row for row in rows(folder / "back.csv")}
    goods = {row["sku"]: row for row in rows(folder / "goods.csv")}
    assert len(before) >= 1
    assert after.keys() == before.keys()
    assert goods.keys() == {sku for sku, row in before.items() if row.get("qty")}
    for sku, row in before.items():
        if row.get("qty"):
            assert Decimal(goods[sku]["qty"]) == Decimal(row["qty"])
            assert goods[sku]["is_in_stock"] == row["is_in_stock"]
        for column, flag in OVERRIDES:
            if row.get(flag) == "0" and row[column]:
                assert (Decimal(after[sku][column]), after[sku][flag]) == (Decimal(row[column]), "0")
            else:
                assert after[sku][flag] == "1"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        delimiter = ";" if "semicolon" in path.name else ","
        return list(csv.DictReader(file, delimiter=delimiter))


def carries_stock(row: dict[str, str]) -> bool:
    ragged = None in row
    return not ragged and not row["store_view_code"] and row["product_type"] == "simple"


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.glob("stock-sources-*.csv")))
def test_stock_sources_come_back(folder: Path, run: Run, name: str) -> None:
    shutil.copy(DATA / name, folder / name)
    assert run("import", "magento", "--stock-sources", name).status == 0
    assert run("export", "magento", "stock-sources", "--to", "back.csv").status == 0

    def items(path: Path) -> dict[tuple[str, str], tuple[Decimal, str]]:
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = csv.DictReader(file)
            return {(r["source_code"], r["sku"]): (Decimal(r["quantity"]), r.get("status", "1")) for r in found}

    assert items(folder / "back.csv") == items(folder / name)


def test_a_store_comes_back_from_a_spreadsheet(folder: Path, run: Run) -> None:
    for data in seeded_stores(150, seed=22):
        if len({*map(case_folded, data["products"])}) < len(data["products"]):
            continue  # rows of names that are the same are about one product
        (folder / "store.toml").write_text(toml_text(data), encoding="utf-8")
        assert run("export", "csv", "--to", "all.csv").status == 0
        (folder / "new.toml").write_text(toml_text(without_policy(data)), encoding="utf-8")
        ran = run("config", "apply", "all.csv", "--create", "-f", "new.toml")
        assert ran.status == 0, (ran.err, data)
        old, new = load("store.toml"), load("new.toml")
        assert new == old


def without_policy(data: dict[str, Any]) -> dict[str, Any]:
    """The same sources and stocks, with nothing set and nothing in them."""
    kept = ("sources", "channels", "enabled")
    return {"version": 1} | {
        family: {code: {key: table[key] for key in kept if key in table} for code, table in data[family].items()}
        for family in ("stocks", "sources")
        if family in data
    }
