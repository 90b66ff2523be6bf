"""The page of one product: the bar, what is ignored, what does not count, and where goods are that no stock sells."""

import csv
import json
import re
from io import StringIO
from pathlib import Path

import pytest
from conftest import Run

from backorderctl.output import product_page
from backorderctl.output.table import Terminal

HEAD = "version = 1\n[sources.main]\n"


def page(run: Run, text: str) -> list[str]:
    Path("store.toml").write_text(text, encoding="utf-8")
    ran = run("product", "show", "X")
    assert (ran.status, ran.err) == (0, "")
    return ran.out.splitlines()


@pytest.mark.parametrize(
    ("quantity", "settings", "cells", "legend"),
    [
        (25, 'backorders = "notify"\nout_of_stock_threshold = -50\n', (19, 37), "█ 25 on hand   ░ 50 backorderable"),
        (1, 'backorders = "notify"\nout_of_stock_threshold = -9999\n', (1, 56), "█ 1 on hand   ░ 9999 backorderable"),
        (5, 'backorders = "allow"\n', (28, 28), "█ 5 on hand   ░ unlimited backorderable"),
        (5, "", (56, 0), "█ 5 on hand"),
    ],
    ids=["shares", "at least one cell", "half is unlimited", "on hand alone"],
)
def test_a_bar_has_the_share_of_each_part(
    run: Run, quantity: int, settings: str, cells: tuple[int, int], legend: str
) -> None:
    lines = page(run, f"{HEAD}[products.X]\n{settings}[products.X.sources.main]\nquantity = {quantity}\n")
    assert lines[3:5] == [f"  {'█' * cells[0]}{'░' * cells[1]}", f"  {legend}"]


def test_a_product_without_counting_goods_has_no_bar(run: Run) -> None:
    item = '[products.X.sources.main]\nquantity = 5\nstatus = "out_of_stock"\nnotify_for_quantity_below = 9\n'
    reserved = "[products.X.stocks.default]\nreserved = 3\n"
    for text in (HEAD + item, HEAD + item + reserved):
        assert page(run, text)[:6] == [
            "X",
            "",
            "Stock default: Out of Stock: no source has it In Stock",
            "",
            "source  setting                    in force                                      from",
            "main    quantity                   5, does not count: marked Out of Stock there  source item",
        ]


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ('backorders = "allow"\nout_of_stock_threshold = 5\n', "+5, ignored: backorders are on, unlimited"),
        ('backorders = "allow"\nout_of_stock_threshold = 0\n', "0, unlimited"),
        ('backorders = "allow"\nout_of_stock_threshold = -5\n', "-5"),
        ("out_of_stock_threshold = -5\n", "-5, read as 0: backorders are off"),
        ("out_of_stock_threshold = 5\n", "+5"),
        ("out_of_stock_threshold = 0\n", "0"),
    ],
)
def test_the_page_says_what_a_threshold_means(run: Run, settings: str, shown: str) -> None:
    lines = page(run, f"{HEAD}[products.X]\n{settings}[products.X.sources.main]\nquantity = 9\n")
    cells = [re.split("  +", line.strip()) for line in lines]
    assert [each[1] for each in cells if each[0] == "out_of_stock_threshold"] == [shown]


def test_low_stock_and_goods_that_no_stock_sells_are_shown(run: Run) -> None:
    stock = '[stocks.eu]\nsources = ["main"]\n[sources.shop]\n'
    items = "[products.X.sources.main]\nquantity = 1\n[products.X.sources.shop]\nquantity = 7\n"
    lines = page(run, HEAD + stock + items)
    assert any(line.startswith("main    quantity                   1, low stock ") for line in lines)
    assert lines[-1] == "Also at shop (7): no stock above sells from there."


def test_only_the_threshold_has_an_effective_value(run: Run) -> None:
    page(run, HEAD + "[products.X]\nout_of_stock_threshold = -5\n[products.X.sources.main]\nquantity = 9\n")
    header, *rows = (line.split(",") for line in run("product", "show", "X", "-o", "csv").out.splitlines())
    effective = {row[header.index("key")]: row[header.index("effective")] for row in rows}
    assert effective.pop("out_of_stock_threshold") == "0"
    assert set(effective.values()) == {""}
    source = json.loads(run("product", "show", "X", "-o", "json").out)["stocks"][0]["sources"][0]
    assert source["settings"]["out_of_stock_threshold"]["effective"] == 0


def test_a_stream_without_block_characters_gets_plain_ones() -> None:
    assert product_page.marks(Terminal(StringIO(), None, coloured=False)) == "#.r"


def test_the_csv_of_an_unlimited_product_says_so_in_every_row(run: Run) -> None:
    text = '[products.X]\nbackorders = "allow"\n[products.X.sources.main]\nquantity = 5\n'
    Path("store.toml").write_text(HEAD + text, encoding="utf-8")
    rows = list(csv.DictReader(StringIO(run("product", "show", "X", "-o", "csv").out)))
    assert {(row["salable"], row["unlimited"]) for row in rows} == {("unlimited", "true")}
