"""Random stores whose quantities and reservations are in files, for every engine that answers for them."""

import csv
import gzip
import io
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from schedules import text_of, with_schedule
from stores import build

from backorderctl.store.sku import case_folded

DAY = "2028-01-15"
"""A day on which some of the scheduled values hold."""
COLUMNS = "sku,stock,status,reason,quantity,reserved,on_hand,backorderable,salable,unlimited,only_x_left,low_stock"

STORE = """version = 1
[global]
backorders = "notify"
out_of_stock_threshold = -50
[sources.main]
[sources.lyon]
[products.A]
out_of_stock_threshold = -10
[products.gone]
"""
HEAD = "source_code,sku,quantity,status\n"
LIVE = HEAD + "main,A,7,1\nlyon,A,5.5,1\nmain,B,-3,1\nlyon,B,1,0\n"
"""Rows of a store that is small enough to look at."""
BAD_ROWS = {
    "an unknown source": "mian,C,1,1",
    "no number": "main,C,many,1",
    "an exponent": "main,C,1e3,1",
    "a digit group": "main,C,1_000,1",
    "no quantity": "main,C,,1",
    "a blank before a number": "main,C, 1,1",
    "five places": "main,C,1.23456,1",
    "places far behind": "main,C,1.000000000001,1",
    "nine digits": "main,C,123456789,1",
    "no SKU": "main,,1,1",
    "a blank after a SKU": "main,C ,1,1",
    "a no-break space before a SKU": "main,\u00a0C,1,1",
    "another status": "main,C,1,2",
    "no status": "main,C,1,",
    "a cell too few": "main,C,1",
    "a cell too many": "main,C,1,1,1",
    "a pair given before": "main,A,8,1",
}
"""Rows that are refused, by what is wrong with them."""

STATUSES = ({"in_stock": "1", "out_of_stock": "0"}, {"in_stock": "in_stock", "out_of_stock": "out_of_stock"})


def write_case(
    folder: Path, seed: int, products: int, *, packed: bool = True, respelled: bool = True, held_in_store: bool = False
) -> None:
    """Write `store.toml`, `quantities.csv` and `reserved.csv` of a random store of so many products.

    Half of the products have settings; of the others, half are in the store file. Some of the products are in no row,
    in every other store some rows are there twice, and a fifth of all names are `respelled`. With `held_in_store`,
    products of the store file have their reservations there, and there is no reserved file.
    """
    random = Random(seed)
    data = build(random.choice, products=products)
    items: list[tuple[str, ...]] = []
    reserved: list[tuple[str, ...]] = []
    for sku, product in list(data["products"].items()):
        plain = random.random() < 0.5
        for source, item in product.get("sources", {}).items():
            status = random.choice(STATUSES)[item.pop("status", "in_stock")]
            items.append((source, sku, number(item.pop("quantity"), random), status))
        for stock, table in product.get("stocks", {}).items():
            reserved.append((sku, stock, number(table.get("reserved", 0), random)))
        stocks = product.pop("stocks", {})
        if plain:
            product.clear()
        if held_in_store and stocks:
            product["stocks"] = stocks
        if plain and random.random() < 0.5:
            del data["products"][sku]
    if random.random() < 0.5:
        items += random.sample(items, len(items) // 50)
    if respelled:
        items = [(spelled(source, random), spelled(sku, random), *rest) for source, sku, *rest in items]
        reserved = [(spelled(sku, random), *rest) for sku, *rest in reserved]
    random.shuffle(items)
    (folder / "store.toml").write_text(text_of(with_schedule(data, random)), encoding="utf-8")
    write(
        folder / "quantities.csv",
        ("source_code", "sku", "quantity", "status"),
        items[len(items) // 20 :],
        random,
        packed,
    )
    if not held_in_store:
        write(folder / "reserved.csv", ("sku", "stock", "reserved"), reserved, random, packed)


def spelled(name: str, random: Random) -> str:
    """The name, or in one of five cases another spelling of it."""
    if random.random() < 0.8:
        return name
    other = "".join(random.choice((char.upper(), char.lower())) for char in name)
    return other if case_folded(other) == case_folded(name) else name


def number(exact: Any, random: Random) -> str:
    """A number in one of the spellings that are read exactly."""
    plain = f"{Decimal(exact):f}"
    padded = f"{Decimal(exact):.4f}"
    return random.choice((plain, padded, padded, f"+{plain}" if not plain.startswith("-") else plain, f"{padded}00"))


def write(path: Path, header: tuple[str, ...], rows: Sequence[tuple[str, ...]], random: Random, packed: bool) -> None:
    """Write rows with one of the three delimiters, the columns in any order, some of the files compressed."""
    order = random.sample(range(len(header)), len(header))
    out = io.StringIO()
    writer = csv.writer(out, delimiter=random.choice(",;\t"), lineterminator=random.choice(("\n", "\r\n")))
    writer.writerow([*(header[place] for place in order), "note"])
    writer.writerows([*(row[place] for place in order), "a, b;\tc"] for row in rows)
    content = out.getvalue().encode()
    path.write_bytes(gzip.compress(content) if packed and random.random() < 0.3 else content)


def answers(text: str) -> list[list[str]]:
    """The rows of answers in an order of their own, without the name that `product list` has."""
    header, *rows = csv.reader(io.StringIO(text))
    places = [header.index(column) for column in COLUMNS.split(",")]
    return sorted([row[place] for place in places] for row in rows)
