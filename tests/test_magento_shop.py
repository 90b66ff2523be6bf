"""The model of Magento's importers against rows of a whole Magento 2.4.6, and incremental exports tried on it."""

import csv
import gzip
import io
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from conftest import Run
from magento_model import COLUMNS, ITEM_OPTIONS, Shop, orders, ours
from stores import ANY_DAY, toml_text

from backorderctl.policy.evaluate import evaluate
from backorderctl.store.load import load_bytes
from backorderctl.store.model import Store

VECTORS = Path(__file__).parent / "data" / "magento-export.jsonl.gz"
"""Stores, what Magento held before, the files of `export magento all` for it, and Magento's rows afterwards."""


def vectors() -> Iterator[dict[str, Any]]:
    with gzip.open(VECTORS, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def rows(header: str, cells: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([header.split(","), *cells])
    return out.getvalue()


def shop_before(vector: dict[str, Any], *, single_source: bool) -> Shop:
    """What Magento held before the files were imported."""
    before = vector["before"]
    shop = Shop()
    for path, value in before["config"].items():
        shop.config[path.removeprefix(ITEM_OPTIONS)] = value
    shop.create_products(before["products"], single_source=single_source)
    shop.import_stock_sources(rows("source_code,sku,status,quantity", before["items"]))
    for sku, source in before["unassign"]:
        shop.unassign(sku, source)
    return shop


def test_the_model_writes_the_rows_that_magento_wrote() -> None:
    compared = Counter[str]()
    for vector in vectors():
        files, single = vector["files"], vector["store"].count("[sources.") == 1
        shop = shop_before(vector, single_source=single)
        shop.run(files["config.sh"])
        shop.import_products(files["products.csv"])
        shop.import_stock_sources(files["stock_sources.csv"])
        if not single:
            shop.post_low_quantities(files["low_quantity.json"])
        items = {(source, sku): (int(on), Decimal(units)) for source, sku, units, on in vector["source_item"]}
        assert shop.source_items == items, vector["seed"]
        compared["source items"] += len(items)
        for cells in vector["stock_item"]:
            row = dict(zip(vector["stock_item_columns"], cells, strict=True))
            mine = shop.stock_items[row["sku"]]
            for name, (_, flag) in COLUMNS.items():
                own = (Decimal(row[name]), row[flag if name != "notify_stock_qty" else "use_config_notify_stock_qty"])
                assert own == (Decimal(mine[name]), mine[flag]), (vector["seed"], row["sku"], name)
            if ("default", row["sku"]) in items:
                assert (Decimal(row["qty"]), row["is_in_stock"]) == (Decimal(mine["qty"]), mine["is_in_stock"])
                compared["statuses"] += 1
    assert compared["source items"] > 400
    assert compared["statuses"] > 200


STATUSES = ("in_stock", "in_stock", "out_of_stock")
WORDS = ("no", "allow", "notify")


def random_settings(random: Random, share: float) -> dict[str, Any]:
    """Values of some of the settings."""
    values = {
        "backorders": random.choice(WORDS),
        "out_of_stock_threshold": random.choice([0, 0, 5, -5, -20]),
        "notify_for_quantity_below": random.choice([1, 3]),
        "manage_stock": random.random() < 0.9,
    }
    return {key: value for key, value in values.items() if random.random() < share}


def random_item(random: Random) -> dict[str, Any]:
    return {"quantity": random.choice([0, 0, 3, 25]), "status": random.choice(STATUSES)}


def random_shop(random: Random) -> dict[str, Any]:
    """A store in which Magento's source `default` has a stock of its own, as Magento wants it."""
    products: dict[str, Any] = {}
    for number in range(random.randrange(1, 5)):
        items = {code: random_item(random) for code in ("default", "b") if random.random() < 0.7}
        products[f"P{number}"] = {**random_settings(random, 0.3), **({"sources": items} if items else {})}
    return {
        "version": 1,
        "global": random_settings(random, 0.6),
        "stocks": {"default": {"sources": ["default"]}, "web": {"sources": ["b"]}},
        "sources": {code: without_managing(random_settings(random, 0.2)) for code in ("default", "b")},
        "products": products,
    }


def without_managing(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key != "manage_stock"}


def changed(store: dict[str, Any], random: Random) -> dict[str, Any]:
    """The store after some changes of policy and goods; its source items stay."""
    new = json.loads(json.dumps(store))
    for product in new["products"].values():
        for item in product.get("sources", {}).values():
            if random.random() < 0.3:
                item |= random_item(random)
        if random.random() < 0.4:
            product |= random_settings(random, 0.5)
    if random.random() < 0.6:
        new["global"] = random_settings(random, 0.6)
    if random.random() < 0.3:
        new["sources"]["b"] = without_managing(random_settings(random, 0.5))
    result: dict[str, Any] = new
    return result


def imported(shop: Shop) -> bool:
    """Import the folder `out`; False where its script stops because Magento has another configuration."""
    for name, take in (
        ("config.sh", shop.run),
        ("products.csv", shop.import_products),
        ("stock_sources.csv", shop.import_stock_sources),
    ):
        path = Path("out") / name
        if path.exists() and take(path.read_text(encoding="utf-8")) is False:
            return False
    return True


def check_answers(shop: Shop, store: Store, about: object) -> int:
    """AssertionError where Magento sells otherwise than the store says; how many answers there are."""
    number = 0
    for sku in store.products:
        for answer in evaluate(store, sku):
            if answer.stock is None:
                continue
            counting, linked = shop.counting(sku, dict.fromkeys(store.stocks[answer.stock].sources, True))
            for n in orders(answer):
                number += 1
                assert shop.policy(sku).answer(counting, linked, answer.reserved, n) == ours(answer, n), (sku, n, about)
    return number


def export_to_out(run: Run, data: dict[str, Any], *words: str) -> Store | None:
    """Write `data` as new.toml, export it to `out`; None where it is refused."""
    text = toml_text(data)
    Path("new.toml").write_text(text, encoding="utf-8")
    shutil.rmtree("out", ignore_errors=True)
    ran = run("export", "magento", "all", "-f", "new.toml", "--to", "out", "-q", *words)
    if ran.status:
        return None
    return load_bytes(text.encode(), "new.toml").on(ANY_DAY)


def try_stores(run: Run, seeds: range) -> Counter[str]:
    """Whole exports and incremental ones of random stores, imported one after the other into one Magento each."""
    seen = Counter[str]()
    for seed in seeds:
        random = Random(seed)
        answer = random.choice(["--assume-defaults", "--assume-defaults", "--explicit"])
        data = random_shop(random)
        store = export_to_out(run, data, answer)
        if store is None:
            seen["refused"] += 1
            continue
        shop = Shop()
        for sku in store.products:
            shop.create_products({sku: {}}, single_source=False)
        assert imported(shop)
        check_answers(shop, store, (seed, data))
        for _ in range(2):
            Path("new.toml").rename("old.toml")
            data = changed(data, random)
            store = export_to_out(run, data, answer, "--since", "old.toml")
            if store is None:
                seen["refused"] += 1
                break
            assert imported(shop), (seed, data)
            seen["answers"] += check_answers(shop, store, (seed, data))
            seen["incremental"] += 1
    return seen


@pytest.mark.usefixtures("folder")
def test_incremental_exports_give_magento_our_answers(run: Run) -> None:
    seen = try_stores(run, range(150))
    assert seen["incremental"] > 100
