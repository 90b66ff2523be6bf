"""Random stores whose values meet: few values, so that scopes repeat each other, shared and disabled sources,
products that are not managed, items in no stock. Rules about repeated values find much more in them than in any store.
"""

from collections.abc import Iterator
from random import Random
from typing import Any


def shaped_stores(count: int, seed: int) -> Iterator[dict[str, Any]]:
    random = Random(seed)
    for _ in range(count):
        yield shaped_store(random)


def shaped_store(random: Random) -> dict[str, Any]:
    sources = ["a", "b", "c", "d"][: random.randint(1, 4)]
    stocks = ["eu", "us", "uk"][: random.choice((0, 1, 1, 2, 3))]
    backorders = random.choice((("notify",), ("no",), ("no", "notify"), ("allow", "notify")))
    thresholds = random.choice(((-50,), (-50, -49), (0, -50), (5,), (0,), (5, -50)))
    density = random.choice((0.2, 0.5, 0.8))

    def settings(*, whole: bool) -> dict[str, Any]:
        table: dict[str, Any] = {}
        if random.random() < density:
            table["backorders"] = random.choice(backorders)
        if random.random() < density:
            table["out_of_stock_threshold"] = random.choice(thresholds)
        if random.random() < density / 2:
            table["notify_for_quantity_below"] = random.choice((1, 2, -60))
        if whole and random.random() < density / 2:
            table["only_x_left_threshold"] = random.choice((0, 5))
        if whole and random.random() < density / 4:
            table["manage_stock"] = random.choice((True, True, False))
        return table

    def item() -> dict[str, Any]:
        table: dict[str, Any] = {"quantity": random.choice((10, 0, 3, -5, 60))}
        if random.random() < 0.15:
            table["status"] = "out_of_stock"
        return table | (settings(whole=False) if random.random() < 0.5 else {})

    def product() -> dict[str, Any]:
        table = settings(whole=True) if random.random() < 0.5 else {}
        items = {code: item() for code in sources if random.random() < 0.8}
        reserved = {code: {"reserved": random.choice((2, 60))} for code in stocks if random.random() < 0.3}
        return table | ({"sources": items} if items else {}) | ({"stocks": reserved} if reserved else {})

    store: dict[str, Any] = {"version": 1, "global": settings(whole=True)}
    if stocks:
        store["stocks"] = {
            code: {"sources": [each for each in sources if random.random() < 0.8]} | settings(whole=True)
            for code in stocks
        }
    store["sources"] = {
        code: ({"enabled": False} if random.random() < 0.1 else {}) | settings(whole=False) for code in sources
    }
    skus = random.choice((("A",), ("A", "B"), ("X-1", "X-2", "X-3", "Y"), ("P", "Q", "R")))
    store["products"] = {sku: product() for sku in skus}
    return store
