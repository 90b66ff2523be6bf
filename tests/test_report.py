"""`backorderctl report`: the table, the documents, and the HTML page as text; what a browser shows of it is tested in
test_report_page."""

import csv
import json
import sys
import tomllib
from collections import Counter
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from conftest import Ran, Run
from hypothesis import HealthCheck, given, settings
from stores import stores, toml_text
from terminals import on_a_terminal

DATA = Path(__file__).parent / "data" / "report"
VOID = {"link", "meta", "rect"}
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "attribute": '"><img src=x onerror=alert(1)>',
    "right to left": "\u202egnp.exe",
    "template": "{{ 7 * 7 }} {% raw %}",
    "entity": "&lt;b&gt; & 'x'",
    "escape": "\x1b[31mred",
}


class Page(HTMLParser):
    """The elements and the text of a page; AssertionError when tags do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data if self._open and self._open[-1] != "style" else ""


@pytest.fixture
def store_of_totals(folder: Path) -> Path:
    path = folder / "store.toml"
    path.write_bytes((DATA / "store.toml").read_bytes())
    return path


def html(run: Run, *words: str) -> str:
    pytest.importorskip("jinja2")
    ran = run("report", "-o", "html", *words)
    assert (ran.status, ran.err) == (0, "")
    return ran.out


def today(name: str) -> str:
    return (DATA / name).read_text(encoding="utf-8").replace("TODAY", date.today().isoformat())


def test_the_whole_table(run: Run, store_of_totals: Path) -> None:
    shown, found, rules = run("report").out.partition("\nFound by check\n")
    assert (shown, found) == (today("table.txt"), "\nFound by check\n")
    assert rules.splitlines()[0] == "code   severity  findings  rule"


def test_the_whole_json(run: Run, store_of_totals: Path) -> None:
    ran = run("report", "-o", "json")
    report = json.loads(ran.out)
    assert Counter(row["code"] for row in json.loads(run("check", "-o", "json").out)["findings"]) == Counter(
        {row["code"]: row["count"] for row in report["findings"]}
    )
    assert (ran.status, ran.err, report | {"findings": []}) == (0, "", json.loads(today("report.json")))


def test_the_table_has_the_severity_of_the_worst_finding_of_a_rule(run: Run, folder: Path) -> None:
    plan = 'version = 1\n[global]\nbackorders = "no"\n[sources.a]\n[products.P]\nout_of_stock_threshold = -5\n'
    Path("store.toml").write_text(plan + "sources.a.quantity = 1\n")
    assert run("report").out.endswith("\nBO103  info             1  limit-without-backorders\n")
    assert run("check").err == "1 finding: 1 info\n"


def test_csv_has_a_row_for_every_value_of_the_json(run: Run, store_of_totals: Path) -> None:
    report = json.loads(run("report", "-o", "json").out)
    rows = list(csv.DictReader(StringIO(run("report", "-o", "csv").out)))
    assert rows[0] == {"list": "at", "stock": "", "source": "", "sku": "", "key": "at", "value": report["at"]}
    assert Counter(row["key"] for row in rows if row["list"] == "findings") == Counter(
        row["code"] for row in report["findings"]
    )
    assert [row for row in rows if row["list"] == "pools" and row["source"] == "berlin"] == [
        {"list": "pools", "stock": "eu", "source": "berlin", "sku": "", "key": key, "value": value}
        for key, value in [
            ("products", "3"), ("quantity", "-10"), ("on_hand", "25"), ("reserve", "0"), ("backorderable", "70"),
            ("unlimited", "1"),
        ]
    ]  # fmt: skip
    eu = {row["key"]: row["value"] for row in rows if row["list"] == "stocks" and row["stock"] == "eu"}
    assert (eu["owed"], eu["used"], eu["out_of_stock.reserve_reached"]) == ("81", "0.6847", "1")
    card = {row["key"]: row["value"] for row in rows if row["list"] == "unlimited" and row["sku"] == "card"}
    assert (card["owed"], card["salable"], card["used"]) == ("5", "unlimited", "")


def test_sums_are_those_of_the_product_list_also_for_a_stock(run: Run, store_of_totals: Path) -> None:
    for words in ((), ("--stock", "eu")):
        listed = json.loads(run("product", "list", "-o", "json", *words).out)["products"]
        for stock in json.loads(run("report", "-o", "json", *words).out)["stocks"]:
            rows = [row for row in listed if row["stock"] == stock["stock"]]
            assert stock["products"] == len(rows)
            for name in ("quantity", "reserved", "on_hand", "backorderable"):
                assert stock[name] == sum(row[name] or 0 for row in rows)


def test_one_stock_has_no_row_for_the_others(run: Run, store_of_totals: Path) -> None:
    report = json.loads(run("report", "--stock", "us", "-o", "json").out)
    assert [stock["stock"] for stock in report["stocks"]] == ["us"]
    assert run("report", "--stock", "us").out.splitlines()[0] == f"store.toml on {date.today()}, stock us only"


def test_the_report_is_for_the_day_that_is_named(run: Run, store_of_totals: Path) -> None:
    with store_of_totals.open("a") as file:
        file.write('\n[[schedule]]\nfrom = 2030-01-01\nproduct = "bag"\nout_of_stock_threshold = 0\n')
    now, then = (json.loads(run("report", "-o", "json", *words).out) for words in ((), ("--at", "2030-01-01")))
    assert (now["stocks"][0]["unlimited"], then["stocks"][0]["unlimited"]) == (2, 3)
    assert then["at"] == "2030-01-01"


SCHEDULE = """
[[schedule]]
from = 2030-01-01
until = 2030-01-31
product = "bag"
reason = "until the container arrives"
out_of_stock_threshold = -99
backorders = "inherit"
[[schedule]]
from = 2030-02-01
source = "lyon"
enabled = false
"""


def test_the_next_scheduled_changes_are_listed(run: Run, store_of_totals: Path) -> None:
    with store_of_totals.open("a") as file:
        file.write(SCHEDULE)
    agenda = json.loads(run("report", "-o", "json").out)["agenda"]
    assert [(each["date"], each["event"], each["scope"]) for each in agenda] == [
        ("2030-01-01", "begins", "product"),
        ("2030-02-01", "ends", "product"),
        ("2030-02-01", "begins", "source"),
    ]
    assert agenda[0] == {
        "date": "2030-01-01", "event": "begins", "scope": "product", "stock": None, "source": None, "product": "bag",
        "values": {"out_of_stock_threshold": -99, "backorders": "inherit"}, "reason": "until the container arrives",
        "products": 1,
    }  # fmt: skip
    assert (
        """
What changes next
date        event   change                                              effect
2030-01-01  begins  product bag out_of_stock_threshold: not set -> -99  bag salable 35 -> 84
2030-01-01  begins  product bag backorders: no change
"""
        in run("report").out
    )
    assert "1 February 2030 begins: source lyon enabled: true -> false" in " ".join(Page(html(run)).text.split())
    assert "agenda,,lyon,,2030-02-01 begins enabled,false\n" in run("report", "-o", "csv").out
    later = json.loads(run("report", "-o", "json", "--at", "2030-01-31").out)["agenda"]
    assert [each["date"] for each in later] == ["2030-02-01", "2030-02-01"]


def test_at_most_ten_scheduled_changes_are_listed(run: Run, store_of_totals: Path) -> None:
    with store_of_totals.open("a") as file:
        file.write('\n[[schedule]]\nuntil = 2039-01-01\nproduct = "mug"\nnotify_for_quantity_below = 1\n')
        for month in range(1, 13):
            days = f"from = 2031-{month:02}-01\nuntil = 2031-{month:02}-02"
            file.write(f'\n[[schedule]]\n{days}\nstock = "eu"\nbackorders = "no"\n')
    agenda = json.loads(run("report", "-o", "json").out)["agenda"]
    assert [each["date"] for each in agenda] == [f"2031-{month:02}-{day:02}" for month in range(1, 6) for day in (1, 3)]


def test_quantities_from_outside_are_reported(run: Run, store_of_totals: Path) -> None:
    (store_of_totals.parent / "live.csv").write_text("source_code,sku,quantity\nberlin,bag,4\nlyon,bag,0\n")
    ran = run("report", "--quantities", "live.csv", "-o", "json", "-q")
    assert (json.loads(ran.out)["stocks"][0]["owed"], ran.err) == (36, "")


def test_top_cuts_every_list_of_products(run: Run, store_of_totals: Path) -> None:
    report = json.loads(run("report", "--top", "1", "-o", "json").out)
    assert [len(report[name]) for name in ("owed", "nearest", "unlimited", "oversold")] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--stock", "eo"), "Error: unknown stock 'eo', expected eu or us\n"),
        (
            ("--source", "lion"),
            "Error: unknown source 'lion', expected berlin, lyon or empty\nHint: did you mean 'lyon'?\n",
        ),
    ],
)
def test_unknown_names_are_refused(run: Run, store_of_totals: Path, words: tuple[str, ...], message: str) -> None:
    assert run("report", *words) == Ran(2, "", message)


def test_a_terminal_of_80_columns(store_of_totals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    lines = on_a_terminal("report")
    assert max(map(len, lines)) <= 80
    assert lines[: lines.index("Found by check") - 1] == today("table.txt").splitlines()


def test_the_page_has_its_sections_in_order_and_a_sentence_above_each_picture(run: Run, store_of_totals: Path) -> None:
    page = Page(html(run))
    names = [tag for tag, _ in page.tags]
    assert names.count("h1") == 1
    sections = [attributes["id"] for tag, attributes in page.tags if tag == "section"]
    assert sections == ["owed", "risk", "unlimited", "agenda", "findings", "figures"]
    figures = [number for number, name in enumerate(names) if name == "figure"]
    assert len(figures) == 9
    assert all(names[number + 1] == "figcaption" for number in figures)


def test_the_page_says_every_number_as_text(run: Run, store_of_totals: Path) -> None:
    text = " ".join(Page(html(run)).text.split())
    for words in (
        "81 units are owed on 4 products. 1 product is oversold, and 2 sell without a limit.",
        "76 of the 111 units that may be owed are owed now",
        "eu 68% used 76 owed 35 can still be backordered",
        "mug stock eu 60 owed",
        "10 of 60 units",
        "2 out of stock (1 at the backorder limit; 1 down to the reserve)",
        "download stock eu stock is not managed",
        "BO105 all goods reserved",
        "Kept as reserve 4",
    ):
        assert words in text


def test_the_page_works_without_network_and_scripts(run: Run, store_of_totals: Path) -> None:
    source = html(run)
    tags = Page(source).tags
    assert not {"script", "img", "iframe", "object", "embed", "video", "audio"} & {tag for tag, _ in tags}
    links = [value for _, attributes in tags for name, value in attributes.items() if name in ("href", "src", "action")]
    assert all(link and (link.startswith("#") or link == "data:,") for link in links)
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]
    assert "url(" not in source
    assert "@import" not in source


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_hostile_names_are_shown_as_text(run: Run, folder: Path, name: str) -> None:
    data = tomllib.loads((DATA / "store.toml").read_text())
    data["products"][name] = {**data["products"].pop("mug"), "name": name}
    (folder / "store.toml").write_text(toml_text(data))
    page = Page(html(run))
    assert not {"script", "img", "b"} & {tag for tag, _ in page.tags}
    shown = name.replace("\u202e", "\\u202e").replace("\x1b", "\\x1b")
    assert page.text.count(shown) >= 2
    assert "\u202e" not in page.text


def test_names_are_cut_at_80_characters(run: Run, folder: Path) -> None:
    data = tomllib.loads((DATA / "store.toml").read_text())
    data["products"]["S" * 10_000] = {**data["products"].pop("mug"), "name": "N" * 10_000}
    (folder / "store.toml").write_text(toml_text(data))
    source = html(run)
    assert "S" * 79 + "…" in source
    assert "N" * 79 + "…" in source
    assert "S" * 80 not in source
    assert "N" * 80 not in source
    assert "S" * 10_000 in run("report", "-o", "json").out


def test_the_page_of_10_000_products_has_at_most_300_kilobytes(run: Run, folder: Path) -> None:
    text = ['version = 1\n[global]\nbackorders = "notify"\nout_of_stock_threshold = -9\n[sources.a]\n[sources.b]\n']
    text += [
        f'[products."SKU-{number:05}"]\nname = "{"&" * 100}"\n'
        f'[products."SKU-{number:05}".sources.{"ab"[number % 2]}]\nquantity = {number % 23 - 11}\n'
        for number in range(10_000)
    ]
    (folder / "store.toml").write_text("".join(text))
    assert len(html(run).encode()) < 300_000


AT_A_SOURCE = "[sources.s]\n[products.A.sources.s]\nquantity = "
ON = '[global]\nbackorders = "allow"\n'
FEW = {
    "an empty store": "",
    "only products that are nowhere": "[products.A]",
    "only unmanaged products": f"[global]\nmanage_stock = false\n{AT_A_SOURCE}3",
    "only unlimited products": f"{ON}{AT_A_SOURCE}0",
    "the largest quantity": f"{AT_A_SOURCE}99999999.9999",
    "the smallest quantity": f"{ON}out_of_stock_threshold = -1\n{AT_A_SOURCE}-99999999.9999",
}


@pytest.mark.parametrize("output", ["table", "json", "csv", "html"])
@pytest.mark.parametrize("text", FEW.values(), ids=FEW)
def test_a_report_without_figures_and_with_extreme_ones(run: Run, folder: Path, text: str, output: str) -> None:
    if output == "html":
        pytest.importorskip("jinja2")
    (folder / "store.toml").write_text(f"version = 1\n{text}\n")
    ran = run("report", "-o", output)
    assert (ran.status, ran.err) == (0, "")
    assert "99999999" not in text or "99999999.9999" in ran.out.replace(",", "")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(data=stores())
def test_every_store_has_a_page_with_bars_that_fit(run: Run, folder: Path, data: dict[str, Any]) -> None:
    (folder / "store.toml").write_text(toml_text(data))
    for tag, attributes in Page(html(run)).tags:
        if tag == "rect":
            length = Decimal((attributes["width"] or "").removesuffix("%"))
            start = Decimal((attributes.get("x") or "0%").removesuffix("%"))
            assert length > 0
            assert start + length <= Decimal("100.02")


def test_without_jinja2_the_page_says_what_to_install(
    run: Run, store_of_totals: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert run("report", "-o", "html") == Ran(
        2, "", "Error: -o html: expected Jinja2, which is not installed\nHint: pip install jinja2\n"
    )


def test_a_product_in_three_stocks_is_one_product(run: Run, folder: Path) -> None:
    stocks = "".join(f'[stocks.{code}]\nsources = ["berlin"]\n' for code in "abc")
    reserved = "".join(f"[products.X.stocks.{code}]\nreserved = 5\n" for code in "abc")
    (folder / "store.toml").write_text(
        'version = 1\n[global]\nbackorders = "notify"\n[sources.berlin]\n'
        f"{stocks}[products.X.sources.berlin]\nquantity = 3\n{reserved}"
    )
    headline = run("report").out.splitlines()[1]
    assert headline == "6 units owed on 1 product, 0 more could be; 0 oversold; 1 without a limit"
    document = json.loads(run("report", "-o", "json").out)
    assert document["products"] == {"products": 1, "in_stock": 0, "owing": 1, "unlimited": 1, "oversold": 0}
    page = html(run)
    assert "6 units are owed on 1 product. No product is oversold, and 1 sells without a limit." in page
    assert "1 of 1 product can be ordered without a limit" in page


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=stores())
def test_the_counts_of_products_are_those_of_the_product_list(run: Run, folder: Path, data: dict[str, Any]) -> None:
    """Each number of products is a count of SKUs, made from the list and from its filters."""
    (folder / "store.toml").write_text(toml_text(data), encoding="utf-8")

    def skus(*words: str) -> set[str]:
        return {row["sku"] for row in json.loads(run("product", "list", "-o", "json", *words).out)["products"]}

    counts = json.loads(run("report", "-q", "-o", "json").out)["products"]
    assert counts["products"] == len(skus())
    assert counts["in_stock"] == len(skus("--status", "in_stock"))
    assert counts["unlimited"] == len(skus("--unlimited"))
    assert counts["oversold"] == len(skus("--oversold"))
    findings = json.loads(run("check", "-q", "--select", "BO111", "-o", "json").out)["findings"]
    assert {place["product"] for finding in findings for place in finding["places"]} == skus("--oversold")


def test_units_of_a_source_are_that_sources_alone(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_text(
        'version = 1\n[global]\nbackorders = "notify"\nout_of_stock_threshold = -5\n[sources.berlin]\n[sources.lyon]\n'
        "[products.P.sources.berlin]\nquantity = 1000\n[products.P.sources.lyon]\nquantity = 1\n"
        "[products.Q.sources.berlin]\nquantity = 3\n"
    )
    lines = run("report", "--source", "lyon").out.splitlines()
    assert lines[0] == f"store.toml on {date.today()}, source lyon only: its units, and what its pools owe and may owe"
    assert "  units: 1 on hand, 0 reserved, 0 kept as reserve" in lines
    [stock] = json.loads(run("report", "--source", "lyon", "-o", "json").out)["stocks"]
    assert (stock["products"], stock["quantity"], stock["on_hand"], stock["backorderable"]) == (1, 1, 1, 5)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=stores())
def test_the_units_of_a_source_are_those_of_its_items(run: Run, folder: Path, data: dict[str, Any]) -> None:
    (folder / "store.toml").write_text(toml_text(data), encoding="utf-8")
    items = json.loads(run("product", "list", "--by-source", "-o", "json").out)["source_items"]
    for code in data["sources"]:
        stocks = json.loads(run("report", "-q", "--source", code, "-o", "json").out)["stocks"]
        for stock in stocks:
            here = [
                item for item in items if (item["source"], item["stock"]) == (code, stock["stock"]) and item["counts"]
            ]
            assert stock["quantity"] == pytest.approx(sum(item["quantity"] for item in here))
            assert stock["on_hand"] <= sum(max(item["quantity"], 0) for item in here)
