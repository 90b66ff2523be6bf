"""`drift`: what Magento says otherwise, and whether the cause that made it so is among those that are named."""

import gzip
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from conftest import Run
from magento_cases import magento_salable, write_magento_cases
from stores import build, toml_text

from backorderctl.policy.drift import Cause, CauseKind, LeftOut, comparable, drift
from backorderctl.policy.evaluate import Salability, Status, evaluate_at
from backorderctl.rows.salable_file import SalableRow
from backorderctl.store.load import load_bytes
from backorderctl.store.model import Product, Store
from backorderctl.store.settings import BACKORDERS, THRESHOLD, Backorders

DAY = date(2026, 11, 26)
STORE = """version = 1
[global]
backorders = "notify"
out_of_stock_threshold = -50
[sources.main]
[sources.lyon]
[products.A]
out_of_stock_threshold = -10
[products.A.sources.main]
quantity = 25
[products.A.sources.lyon]
quantity = 4
[products.A.stocks.default]
reserved = 3
[products.B.sources.main]
quantity = 5
[products.unmanaged]
manage_stock = false
[products.unmanaged.sources.main]
quantity = 5
[products.bundle]
"""
HEAD = "sku,qty,is_salable\n"


@pytest.fixture
def files(folder: Path) -> Path:
    (folder / "store.toml").write_text(STORE)
    return folder


def test_what_agrees_is_counted_and_is_no_drift(run: Run, files: Path) -> None:
    items = [
        {"sku": "A", "qty": 36.00000001, "is_salable": True},
        {"sku": "B", "qty": 55, "is_salable": True},
        {"sku": "unmanaged", "qty": 0, "is_salable": True},
        {"sku": "bundle", "qty": 0, "is_salable": True},
        {"sku": "other", "qty": 0, "is_salable": False},
    ]
    pages = [items[:2], items[2:]]
    for number, page in enumerate(pages):
        (files / f"{number}.json").write_text(json.dumps({"items": page, "search_criteria": {}, "total_count": 5}))
    assert run("drift", "0.json", "1.json") == (
        0,
        "",
        "2 products compared, 0 with drift\n"
        "1 product whose stock is not managed: left out\n"
        "1 product without a source item, such as composites: left out\n"
        "1 product that only Magento has: left out\n",
    )
    ran = run("drift", "0.json", "-o", "json", "-q")
    left_out, respelled = {"only_in_store": 1, "not_given": 3}, {"count": 0, "first": None}
    assert json.loads(ran.out) == {"drift": [], "compared": 2, "left_out": left_out, "respelled": respelled}
    assert run("drift", "0.json").err.splitlines()[-1] == "3 products that Magento counts and no file has: left out"


@pytest.mark.parametrize("total", ["5", "5.0", '"5"', "0.5e1"])
def test_products_that_no_page_has_are_counted_however_their_number_is_written(
    run: Run, files: Path, total: str
) -> None:
    (files / "magento.json").write_text(f'{{"items": [], "total_count": {total}}}')
    assert json.loads(run("drift", "magento.json", "-o", "json").out)["left_out"]["not_given"] == 5


CAUSES = {
    "reservations": ("A,39,1", "reservations are not counted"),
    "a threshold": ("A,76,1", "out_of_stock_threshold -50; out_of_stock_threshold inherited"),
    "backorders": ("A,26,1", "out_of_stock_threshold 0; backorders no"),
    "a source that is not linked": ("A,32,1", "link of source lyon; state of source lyon"),
    "a stale index": ("A,36,0", "stale index"),
    "nothing that is known": ("A,35.5,1", "unexplained"),
}


@pytest.mark.parametrize(("row", "causes"), CAUSES.values(), ids=CAUSES)
def test_a_cause_is_named(run: Run, files: Path, row: str, causes: str) -> None:
    (files / "magento.csv").write_text(HEAD + row + "\n")
    ran = run("drift", "magento.csv", "-o", "csv", "-q")
    _, number, flag = row.split(",")
    salable = "true" if flag == "1" else "false"
    assert (ran.status, ran.err) == (1, "")
    header, found = ran.out.splitlines()
    assert header == "sku,stock,ours,magento,ours_salable,magento_salable,causes"
    assert found == f"A,default,36,{number},true,{salable},{causes}"


def test_an_index_of_the_quantities_before_is_stale(run: Run, files: Path) -> None:
    (files / "live.csv").write_text("source_code,sku,quantity\nmain,A,2\nlyon,A,4\n")
    (files / "magento.csv").write_text(HEAD + "A,36,1\n")
    ran = run("drift", "magento.csv", "--quantities", "live.csv", "-o", "json", "-q")
    [found] = json.loads(ran.out)["drift"]
    assert (found["ours"], found["magento"]) == (13, 36)
    assert {"cause": "stale_index", "value": None, "source": None} in found["causes"]


def test_drift_can_be_tolerated_and_accepted(run: Run, files: Path) -> None:
    (files / "magento.csv").write_text(HEAD + "A,35.5,1\n")
    assert run("drift", "magento.csv", "--tolerance", "0.5").status == 0
    assert run("drift", "magento.csv", "--tolerance", "0.4").status == 1
    accept = "[[drift.accept]]\nmatch = 'A*'\nstock = 'default'\nuntil = 2026-12-31\n"
    (files / "store.toml").write_text(STORE + accept + "reason = 'sold by hand'\n")
    ran = run("drift", "magento.csv", "--at", "2026-12-31")
    assert (ran.status, "1 product whose drift is accepted: left out\n" in ran.err) == (0, True)
    ran = run("drift", "magento.csv", "--at", "2027-01-01")
    assert (ran.status, ran.err.splitlines()[0]) == (
        1,
        "drift.accept[0]: accepts nothing, as it has no reason or is past its date",
    )
    (files / "store.toml").write_text(STORE + accept)
    assert run("drift", "magento.csv", "--at", "2026-12-31").status == 1
    (files / "store.toml").write_text(STORE + "[[drift.accept]]\nstock = 'defualt'\n")
    assert run("drift", "magento.csv").err == (
        "Error: store.toml:23: drift.accept[0].stock: expected a stock of the file, got 'defualt'; "
        "did you mean 'default'?\n"
    )


BAD = {
    "no columns": ("sku\nA\n", "magento.csv:1: expected columns 'qty' and 'is_salable', got sku"),
    "no number": (HEAD + "A,x,1\n", "magento.csv: record 1: qty: expected a number, got 'x'"),
    "bytes that are no text": ('{"items": "\udcff"}', "magento.csv: expected UTF-8, got byte 0xff"),
    "a digit group": (HEAD + "A,1_000,1\n", "magento.csv: record 1: qty: expected a number, got '1_000'"),
    "a number that no sum can be": (
        HEAD + "A,1e30,1\n",
        "magento.csv: record 1: qty: expected a number of at most 14 digits before the point, got '1e30'",
    ),
    "such a number in JSON": (
        '{"items": [{"sku": "A", "qty": -1e14, "is_salable": true}]}',
        "magento.csv: record 1: qty: expected a number of at most 14 digits before the point, got -1e14",
    ),
    "brackets without end": (
        "[" * 100_000,
        "magento.csv: expected JSON or CSV: too many brackets in each other",
    ),
    "no flag": (HEAD + "A,1,maybe\n", "magento.csv: record 1: is_salable: expected true or false, got 'maybe'"),
    "a product twice": (HEAD + "A,1,1\nA,1,1\n", "magento.csv: record 2: 'A': expected once, got it again"),
    "no items": ('{"message": "no"}', "magento.csv: expected an object with items, got none"),
    "a flag of another kind": (
        '{"items": [{"sku": "A", "qty": 1, "is_salable": null}]}',
        "magento.csv: record 1: is_salable: expected true or false, got null",
    ),
    "a long flag": (
        HEAD + f"A,1,{'x' * 100}\n",
        f"magento.csv: record 1: is_salable: expected true or false, got '{'x' * 56}...",
    ),
    "a number for a SKU": (
        '{"items": [{"sku": 5, "qty": 1, "is_salable": true}]}',
        "magento.csv: record 1: sku: expected a SKU, got 5",
    ),
    "a number of many digits": (
        f'{{"items": [{{"sku": "A", "qty": {"9" * 5000}, "is_salable": true}}]}}',
        f"magento.csv: record 1: qty: expected a number of at most 14 digits before the point, got {'9' * 56}...",
    ),
    "a large exponent": (
        HEAD + f"A,1e{'9' * 20},1\n",
        f"magento.csv: record 1: qty: expected a number, got '1e{'9' * 20}'",
    ),
    "a total that is no number": (
        '{"items": [], "total_count": true}',
        "magento.csv: total_count: expected a number, got true",
    ),
    "a total that is not whole": (
        '{"items": [], "total_count": 5.5}',
        "magento.csv: total_count: expected a whole number, 0 or more, got 5.5",
    ),
    "a total below 0": (
        '{"items": [], "total_count": -1}',
        "magento.csv: total_count: expected a whole number, 0 or more, got -1",
    ),
    "an item without a number": (
        '{"items": [{"sku": "A"}]}',
        "magento.csv: record 1: expected sku, qty and is_salable",
    ),
}


@pytest.mark.parametrize(("content", "said"), BAD.values(), ids=BAD)
def test_what_is_no_answer_of_magento_is_refused(run: Run, files: Path, content: str, said: str) -> None:
    (files / "magento.csv").write_text(content, encoding="utf-8", errors="surrogateescape")
    assert run("drift", "magento.csv") == (2, "", f"Error: {said}\n")


def test_an_answer_on_one_line_of_any_length_is_read_packed_or_not(run: Run, files: Path) -> None:
    items = [{"sku": f"S{number}", "qty": 9999999999999.5, "is_salable": True} for number in range(300_000)]
    content = json.dumps({"items": [{"sku": "A", "qty": 1e-4, "is_salable": True}, *items]}).encode()
    assert len(content) > 1 << 24
    (files / "magento.json").write_bytes(b"\xef\xbb\xbf\n " + content)
    (files / "magento.json.gz").write_bytes(gzip.compress(content, 1))
    for name in ("magento.json", "magento.json.gz"):
        ran = run("drift", name)
        assert (ran.status, ran.err.splitlines()[0]) == (1, "1 product compared, 1 with drift")
    assert run("drift", "magento.json", "--max-size", "1MiB").err == (
        "Error: magento.json: cannot read: expected at most 1 MiB, got more\n"
    )


@pytest.mark.parametrize("content", [HEAD + "A,36,1\n", '{"items": [{"sku": "A", "qty": 36, "is_salable": true}]}'])
def test_an_answer_comes_through_a_pipe(run: Run, files: Path, content: str) -> None:
    reading, writing = os.pipe()
    os.write(writing, content.encode())
    os.close(writing)
    try:
        assert run("drift", f"/dev/fd/{reading}").err.splitlines()[0] == "1 product compared, 0 with drift"
    finally:
        os.close(reading)


def test_one_of_several_stocks_has_to_be_named(run: Run, files: Path) -> None:
    text = STORE.replace("[products.A.stocks.default]", "[products.A.stocks.eu]")
    (files / "store.toml").write_text(text + "[stocks.eu]\nsources = ['main']\n[stocks.us]\nsources = ['lyon']\n")
    (files / "magento.csv").write_text(HEAD + "A,32,1\n")
    assert run("drift", "magento.csv").err == "Error: --stock: expected one of eu, us, got none\nHint: --stock eu\n"
    assert run("drift", "magento.csv", "--stock", "eu").status == 0


def test_no_drift_on_the_cases_of_magento_itself(run: Run, folder: Path) -> None:
    cases = len(write_magento_cases(folder))
    (folder / "magento.json").write_text(json.dumps({"items": magento_salable()}))
    words = ("--quantities", "quantities.csv", "--reserved", "reserved.csv", "--allow-missing")
    ran = run("drift", "magento.json", *words, "-o", "json", "-q")
    report = json.loads(ran.out)
    assert (ran.status, report["drift"]) == (0, [])
    assert report["compared"] + sum(report["left_out"].values()) == cases == 989
    assert report["compared"] > 600


Injection = Callable[[Random, Store, Salability], tuple[Store, Cause] | None]


def without_reservations(random: Random, store: Store, answer: Salability) -> tuple[Store, Cause] | None:
    return with_product(store, answer.product._replace(reserved={})), Cause(CauseKind.RESERVATIONS)


def other_threshold(random: Random, store: Store, answer: Salability) -> tuple[Store, Cause] | None:
    value = random.choice(sorted(written(store, THRESHOLD.key)) or [Decimal(0)])
    return with_product(store, setting(answer.product, THRESHOLD.key, value)), Cause(CauseKind.THRESHOLD, value)


def other_backorders(random: Random, store: Store, answer: Salability) -> tuple[Store, Cause] | None:
    value = random.choice(sorted(written(store, BACKORDERS.key)) or [Backorders.NO])
    return with_product(store, setting(answer.product, BACKORDERS.key, value)), Cause(CauseKind.BACKORDERS, value)


def not_linked(random: Random, store: Store, answer: Salability) -> tuple[Store, Cause] | None:
    source = random.choice(answer.items).source
    stock = store.stocks[str(answer.stock)]
    left = stock._replace(sources=tuple(code for code in stock.sources if code != source))
    return replace(store, stocks={**store.stocks, stock.code: left}), Cause(CauseKind.SOURCE_NOT_LINKED, source=source)


def not_enabled(random: Random, store: Store, answer: Salability) -> tuple[Store, Cause] | None:
    source = random.choice(answer.items).source
    other = store.sources[source]._replace(enabled=not store.sources[source].enabled)
    return replace(store, sources={**store.sources, source: other}), Cause(CauseKind.SOURCE_NOT_ENABLED, source=source)


INJECTIONS: tuple[Injection, ...] = (without_reservations, other_threshold, other_backorders, not_linked, not_enabled)


@pytest.mark.parametrize("inject", INJECTIONS, ids=lambda each: each.__name__)
def test_the_true_cause_is_among_those_that_are_named(inject: Injection) -> None:
    differing = named = 0
    for random, store, answer in random_answers(600):
        theirs, cause = inject(random, store, answer) or (store, Cause(CauseKind.STALE_INDEX))
        there = evaluate_at(theirs, answer.product.sku, theirs.stocks[str(answer.stock)])
        if not there.managed:
            continue
        row = SalableRow(answer.product.sku, comparable(there), there.status is not Status.OUT_OF_STOCK)
        report = drift(store, str(answer.stock), {row.sku: row})
        if report.left_out.get(LeftOut.UNMANAGED) or not report.drift:
            continue
        differing += 1
        named += any(same(cause, found) for found in report.drift[0].causes)
    assert differing > 30
    assert named >= 0.95 * differing


def test_a_stale_index_is_named_for_a_flag_that_is_wrong() -> None:
    for _, store, answer in random_answers(200):
        if answer.managed:
            row = SalableRow(answer.product.sku, comparable(answer), answer.status is Status.OUT_OF_STOCK)
            [found] = drift(store, str(answer.stock), {row.sku: row}).drift
            assert Cause(CauseKind.STALE_INDEX) in found.causes


def same(cause: Cause, found: Cause) -> bool:
    """Whether a cause is the one that is meant; a value that a wider scope gives is told as inherited, too."""
    return cause == found or (cause.kind is found.kind and found.value is None and found.source is None)


def random_answers(count: int) -> Iterator[tuple[Random, Store, Salability]]:
    random = Random(11)
    for _ in range(count):
        store = load_bytes(toml_text(build(random.choice)).encode(), "store.toml").on(DAY)
        for product in store.products.values():
            for code, stock in store.stocks.items():
                if not product.items.keys().isdisjoint(stock.sources):
                    yield random, store, evaluate_at(store, product.sku, store.stocks[code])


def with_product(store: Store, product: Product) -> Store:
    return replace(store, products={**store.products, product.sku: product})


def setting(product: Product, key: str, value: Any) -> Product:
    items = {
        source: item._replace(settings={name: each for name, each in item.settings.items() if name != key})
        for source, item in product.items.items()
    }
    return product._replace(settings={**product.settings, key: value}, items=items)


def written(store: Store, key: str) -> set[Any]:
    tables = [store.settings]
    tables += [stock.settings for stock in store.stocks.values()]
    tables += [source.settings for source in store.sources.values()]
    for product in store.products.values():
        tables += [product.settings, *(item.settings for item in product.items.values())]
    return {table[key] for table in tables if key in table}
