"""The commands that write and read a store file, through the command line: status, stdout and stderr whole."""

import json
import shlex
import subprocess
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLES, Run

SHOP = """\
version = 1

[global]
backorders = "no"  # for now

[stocks.eu]
sources = ["berlin", "lyon"]

[stocks.us]
sources = ["nyc", "lyon"]
out_of_stock_threshold = -5

[sources.berlin]

[sources.lyon]
backorders = "notify"

[sources.nyc]
enabled = false

[products."24-MB01"]
name = "Joust Duffle Bag"

[products."24-MB01".sources.berlin]
quantity = 25

[products."24-MB01".sources.lyon]
quantity = 4
out_of_stock_threshold = -10

[products."24-MB01".stocks.eu]
reserved = 3
"""


@pytest.fixture
def shop(folder: Path) -> Path:
    path = folder / "store.toml"
    path.write_text(SHOP)
    return path


def data(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(), parse_float=Decimal)


WRITES = {
    "a global value": (
        ("config", "set", "backorders", "notify"),
        "global: backorders = notify (was no)",
        ('backorders = "no"  # for now', 'backorders = "notify"  # for now'),
    ),
    "a negative number as typed": (
        ("config", "set", "out_of_stock_threshold", "-50"),
        "global: out_of_stock_threshold = -50 (was not set)\n"
        "not reached: stock us keeps -5 (0 products); 1 product keeps its own value",
        ("# for now\n", "# for now\nout_of_stock_threshold = -50\n"),
    ),
    "a key with dashes and the Admin's label": (
        ("config", "set", "backorders", "ALLOW QTY BELOW 0", "--source", "berlin"),
        "source berlin: backorders = allow (was not set)",
        ("[sources.berlin]\n", '[sources.berlin]\nbackorders = "allow"\n'),
    ),
    "Magento's number": (
        ("config", "set", "backorders", "2", "--product", "24-MB01"),
        "product 24-MB01: backorders = notify (was not set)",
        ('Duffle Bag"\n', 'Duffle Bag"\nbackorders = "notify"\n'),
    ),
    "a source item's value": (
        ("config", "set", "notify-for-quantity-below", "0.5", "--product", "24-MB01", "--source", "berlin"),
        "24-MB01 at berlin: notify_for_quantity_below = 0.5 (was not set)",
        ("quantity = 25\n", "quantity = 25\nnotify_for_quantity_below = 0.5\n"),
    ),
    "several settings in one write": (
        ("config", "set", "--stock", "us", "backorders=allow", "backorder_limit=20"),
        "stock us: backorders = allow (was not set)\nstock us: out_of_stock_threshold = -20 (was -5)\n"
        "backorders not reached: source lyon keeps notify (1 product)\n"
        "out_of_stock_threshold not reached: 1 product keeps its own value",
        ("out_of_stock_threshold = -5\n", 'out_of_stock_threshold = -20\nbackorders = "allow"\n'),
    ),
    "a limit where backorders are on": (
        ("config", "set", "backorder_limit", "unlimited", "--source", "lyon"),
        "source lyon: out_of_stock_threshold = 0 (was not set)\nnot reached: 1 product keeps its own value",
        ('backorders = "notify"\n', 'backorders = "notify"\nout_of_stock_threshold = 0\n'),
    ),
    "the last value of a stock goes and the stock stays": (
        ("config", "unset", "out_of_stock_threshold", "--stock", "us"),
        "stock us: out_of_stock_threshold is no longer set\nnot reached: 1 product keeps its own value",
        ("out_of_stock_threshold = -5\n", ""),
    ),
    "the last global value takes the table along": (
        ("config", "unset", "backorders"),
        "global: backorders is no longer set\nnot reached: source lyon keeps notify (1 product)",
        ('[global]\nbackorders = "no"  # for now\n\n', ""),
    ),
    "a new source": (
        ("source", "add", "rome", "--name", "Rome"),
        "source rome: added",
        ("enabled = false\n", 'enabled = false\n\n[sources.rome]\nname = "Rome"\n'),
    ),
    "a source that is enabled": (
        ("source", "enable", "nyc"),
        "source nyc: enabled",
        ("enabled = false", "enabled = true"),
    ),
    "a source that is disabled": (
        ("source", "disable", "berlin"),
        "source berlin: disabled",
        ("[sources.berlin]\n", "[sources.berlin]\nenabled = false\n"),
    ),
    "a source that nothing needs": (
        ("source", "remove", "nyc", "--cascade"),
        "source nyc: removed",
        ("\n[sources.nyc]\nenabled = false\n", ""),
        ('["nyc", "lyon"]', '["lyon"]'),
    ),
    "a stock with a channel": (
        ("stock", "set", "eu", "--channel", "eu_website"),
        "stock eu: changed",
        ('["berlin", "lyon"]\n', '["berlin", "lyon"]\nchannels = ["eu_website"]\n'),
    ),
    "a stock that sells from one source more": (
        ("stock", "link", "eu", "nyc"),
        "stock eu: linked to nyc",
        ('["berlin", "lyon"]', '["berlin", "lyon", "nyc"]'),
    ),
    "a product": (
        ("product", "add", "24-MB02"),
        "product 24-MB02: added",
        ("reserved = 3\n", 'reserved = 3\n\n[products."24-MB02"]\n'),
    ),
    "a product's name": (
        ("product", "set", "24-MB01", "--name", "Joust"),
        "product 24-MB01: named 'Joust'",
        ('"Joust Duffle Bag"', '"Joust"'),
    ),
    "a quantity": (
        ("product", "assign", "24-MB01", "lyon", "--quantity", "-3.5"),
        "24-MB01 at lyon: assigned",
        ("quantity = 4\n", "quantity = -3.5\n"),
    ),
    "a new source item": (
        ("product", "assign", "24-MB01", "nyc", "--quantity", "1", "--status", "out_of_stock"),
        "24-MB01 at nyc: assigned",
        (
            "reserved = 3\n",
            'reserved = 3\n\n[products."24-MB01".sources.nyc]\nquantity = 1\nstatus = "out_of_stock"\n',
        ),
    ),
    "a source item that goes": (
        ("product", "unassign", "24-MB01", "berlin"),
        "24-MB01 at berlin: no longer assigned",
        ('[products."24-MB01".sources.berlin]\nquantity = 25\n\n', ""),
    ),
    "a reservation": (
        ("product", "reserve", "24-MB01", "7", "--stock", "eu"),
        "product 24-MB01: 7 reserved",
        ("reserved = 3", "reserved = 7"),
    ),
    "no reservation": (
        ("product", "reserve", "24-MB01", "0", "--stock", "eu"),
        "product 24-MB01: 0 reserved",
        ('\n[products."24-MB01".stocks.eu]\nreserved = 3\n', ""),
    ),
}


@pytest.mark.parametrize("case", WRITES.values(), ids=WRITES)
def test_a_write_changes_only_what_it_was_asked_to(run: Run, shop: Path, case: Any) -> None:
    words, said, *changes = case
    expected = SHOP
    for old, new in changes:
        assert expected.count(old) == 1, old
        expected = expected.replace(old, new)
    dry = run(*words, "--dry-run")
    assert (dry.status, dry.err) == (0, "")
    assert dry.out.startswith("--- store.toml\n+++ store.toml\n@@ ")
    assert shop.read_text() == SHOP
    assert run(*words) == (0, "", said + "\n")
    assert shop.read_text() == expected
    shop.write_text(SHOP)
    assert run(*words, "--quiet") == (0, "", "")
    assert shop.read_text() == expected


UNCHANGED = {
    "a value that is set already": ("config", "set", "backorders", "no"),
    "a source that is disabled already": ("source", "disable", "nyc"),
    "a source that is linked already": ("stock", "link", "eu", "lyon"),
    "a source that is not linked": ("stock", "unlink", "eu", "nyc"),
    "a quantity that is there already": ("product", "assign", "24-MB01", "berlin", "--quantity", "25.0"),
    "a name that it has already": ("product", "set", "24-MB01", "--name", "Joust Duffle Bag"),
    "a reservation that it has already": ("product", "reserve", "24-MB01", "3", "--stock", "eu"),
}


@pytest.mark.parametrize("words", UNCHANGED.values(), ids=UNCHANGED)
def test_a_write_that_changes_nothing_does_not_touch_the_file(run: Run, shop: Path, words: tuple[str, ...]) -> None:
    before = shop.stat()
    assert run(*words).status == 0
    after = shop.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_unset_has_status_1_where_nothing_is_set(run: Run, shop: Path) -> None:
    ran = run("config", "unset", "backorders", "--product", "24-MB01")
    assert ran == (1, "", "product 24-MB01: backorders is not set there\n")
    assert shop.read_text() == SHOP


def test_a_dry_run_shows_the_text_and_the_effect(run: Run, store_file: Path) -> None:
    assert run("config", "set", "out_of_stock_threshold", "-40", "--product", "24-MB01", "-n") == (
        0,
        "--- store.toml\n"
        "+++ store.toml\n"
        "@@ -13,7 +13,7 @@\n"
        " \n"
        ' [products."24-MB01"]\n'
        ' name = "Joust Duffle Bag"\n'
        "-out_of_stock_threshold = -50\n"
        "+out_of_stock_threshold = -40\n"
        " \n"
        ' [products."24-MB01".sources.main]\n'
        " quantity = 25\n"
        "\n"
        "1 setting; 1 product: 1 sells less; -10 backorderable units\n"
        "\n"
        "setting at       key                     old  new  products\n"
        "product 24-MB01  out_of_stock_threshold  -50  -40         1\n"
        "\n"
        "sku      stock    change\n"
        "24-MB01  default  salable 75 -> 65  backorderable 50 -> 40\n",
        "",
    )
    assert store_file.read_bytes() == (EXAMPLES / "store.toml").read_bytes()


def test_the_first_stock_links_every_source_and_takes_over_the_reservations(run: Run, store_file: Path) -> None:
    assert run("product", "reserve", "24-MB01", "3").status == 0
    before = json.loads(run("product", "show", "24-MB01", "-o", "json").out)["stocks"][0]
    assert run("stock", "add", "web", "--channel", "base") == (0, "", "stock web: added\n")
    stored = data(store_file)
    assert stored["stocks"] == {"web": {"sources": ["main"], "channels": ["base"]}}
    assert stored["products"]["24-MB01"]["stocks"] == {"web": {"reserved": 3}}
    after = json.loads(run("product", "show", "24-MB01", "-o", "json").out)["stocks"][0]
    assert (after["stock"], after["salable"], before["salable"]) == ("web", 72, 72)
    assert run("stock", "add", "shop").status == 0
    assert data(store_file)["stocks"]["shop"] == {"sources": []}
    assert run("stock", "remove", "web") == (
        2,
        "",
        "Error: stock 'web' is still used by 1 product\nHint: --cascade\n",
    )
    assert run("stock", "remove", "web", "--cascade").status == 0
    assert "stocks" not in data(store_file)["products"]["24-MB01"]


def test_a_product_stays_when_its_only_source_item_is_removed(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_text("version = 1\n[sources.a]\n[products.X.sources.a]\nquantity = 1\n")
    assert run("product", "unassign", "X", "a").status == 0
    assert data(folder / "store.toml")["products"] == {"X": {}}


GETS = {
    ("backorders",): "no",
    ("backorders", "--stock", "us"): "no",
    ("backorders", "--source", "lyon"): "notify",
    ("out_of_stock_threshold", "--stock", "us"): "-5",
    ("out_of_stock_threshold", "--source", "nyc"): "-5",
    ("out_of_stock_threshold", "--source", "berlin", "--stock", "eu"): "0",
    ("out_of_stock_threshold", "--product", "24-MB01", "--source", "lyon"): "-10",
    ("out-of-stock-threshold", "--product", "24-MB01", "--source", "berlin"): "0",
    ("only_x_left_threshold", "--product", "24-MB01"): "0",
    ("manage_stock", "--product", "24-MB01", "--stock", "us"): "true",
    ("out_of_stock_threshold", "--stock", "us", "--own"): "-5",
}


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(("words", "value"), GETS.items(), ids=[" ".join(words) for words in GETS])
def test_get_prints_the_bare_value_in_force(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], value: str
) -> None:
    monkeypatch.setenv("BACKORDERCTL_OUTPUT", "json")
    assert run("config", "get", *words) == (0, value + "\n", "")


@pytest.mark.usefixtures("shop")
def test_get_is_refused_where_several_values_are_in_force(run: Run) -> None:
    assert run("config", "get", "backorders", "--own", "--product", "24-MB01") == (1, "", "")
    assert run("config", "get", "backorders", "--product", "24-MB01", "--stock", "eu") == (
        2,
        "",
        "Error: 24-MB01: backorders differs by source: berlin no, lyon notify\nHint: --source berlin\n",
    )
    assert run("config", "get", "out_of_stock_threshold", "--source", "lyon") == (
        2,
        "",
        "Error: lyon: out_of_stock_threshold differs by stock: eu 0, us -5\nHint: --stock eu\n",
    )
    assert run("config", "get", "backorders", "--source", "nyc", "--stock", "eu").status == 2
    assert run("config", "get", "backorders", "--product", "24-MB01", "--source", "nyc") == (
        2,
        "",
        "Error: product '24-MB01' is not at source 'nyc', but at berlin, lyon\n",
    )


@pytest.mark.usefixtures("shop")
def test_get_as_json_has_the_origin(run: Run) -> None:
    ran = run("config", "get", "backorders", "--source", "lyon", "-o", "json")
    expected = {"key": "backorders", "value": "notify", "scope": "source", "stock": None, "source": "lyon"}
    assert json.loads(ran.out) == expected | {"product": None, "line": 16, "schedule": None}


@pytest.mark.usefixtures("shop")
def test_list_shows_where_each_value_comes_from(run: Run) -> None:
    rows = json.loads(run("config", "list", "--all", "-o", "json").out)["settings"]
    assert [(row["key"], row["value"], row["scope"], row["line"]) for row in rows] == [
        ("backorders", "no", "global", 4),
        ("out_of_stock_threshold", -5, "stock", 11),
        ("backorders", "notify", "source", 16),
        ("out_of_stock_threshold", -10, "source_item", 29),
    ]
    own = json.loads(run("config", "list", "--own", "--stock", "us", "-o", "json").out)["settings"]
    assert [row["value"] for row in own] == [-5]
    seen = json.loads(run("config", "list", "--product", "24-MB01", "-o", "json").out)["settings"]
    assert [(row["value"], row["at_source"], row["seen_from"]) for row in seen if row["key"] == "backorders"] == [
        ("no", "berlin", "eu"),
        ("notify", "lyon", "eu"),
        ("notify", "lyon", "us"),
    ]


@pytest.mark.usefixtures("shop")
def test_a_product_appears_under_every_stock_that_reaches_it(run: Run) -> None:
    assert run("product", "list", "-o", "csv") == (
        0,
        "sku,name,stock,status,reason,quantity,reserved,on_hand,backorderable,salable,unlimited,only_x_left,low_stock\n"
        "24-MB01,Joust Duffle Bag,eu,in_stock,,29,3,26,10,36,false,,false\n"
        "24-MB01,Joust Duffle Bag,us,in_stock,,4,0,4,10,14,false,,false\n",
        "",
    )
    assert run("product", "list", "--by-source", "--source", "lyon", "--stock", "us", "-o", "csv") == (
        0,
        "sku,source,stock,quantity,status,counts,excluded,backorders,out_of_stock_threshold,"
        "notify_for_quantity_below,low_stock\n"
        "24-MB01,lyon,us,4,in_stock,true,,notify,-10,1,false\n",
        "",
    )
    for nothing in (("--status", "out_of_stock"), ("--low-stock",), ("--match", "X*")):
        assert json.loads(run("product", "list", *nothing, "-o", "json").out) == {"products": []}


def test_product_show_prints_the_documented_json(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_text(
        "version = 1\n\n[global]\nbackorders = 'notify'\nout_of_stock_threshold = -50\nnotify_for_quantity_below = 10\n"
        "only_x_left_threshold = 5\n\n[stocks.eu]\nsources = ['berlin', 'lyon']\nout_of_stock_threshold = -20\n\n"
        "[sources.berlin]\n[sources.lyon]\nbackorders = 'no'\n[products.\"24-MB01\"]\nname = 'Joust Duffle Bag'\n"
        'out_of_stock_threshold = -50\n[products."24-MB01".sources.berlin]\nquantity = 25\n'
        '[products."24-MB01".sources.lyon]\nquantity = 4\nnotify_for_quantity_below = 2\n'
        '[products."24-MB01".stocks.eu]\nreserved = 3\n'
    )
    shown = json.loads(run("product", "show", "24-MB01", "-o", "json").out)
    [stock] = shown["stocks"]
    nowhere = {"stock": None, "source": None, "product": None, "schedule": None}
    assert (shown["sku"], shown["name"]) == ("24-MB01", "Joust Duffle Bag")
    assert {key: stock[key] for key in stock if key not in ("settings", "sources", "pools")} == {
        "stock": "eu",
        "status": "in_stock",
        "reason": None,
        "quantity": 29,
        "reserved": 3,
        "on_hand": 26,
        "backorderable": 50,
        "salable": 76,
        "unlimited": False,
        "only_x_left": None,
        "low_stock": False,
    }
    assert stock["settings"] == {
        "manage_stock": {"value": True, "origin": {"scope": "default", **nowhere, "line": None}},
        "only_x_left_threshold": {"value": 5, "origin": {"scope": "global", **nowhere, "line": 7}},
    }
    product = {**nowhere, "scope": "product", "product": "24-MB01", "line": 18}
    assert stock["sources"][0] == {
        "source": "berlin",
        "quantity": 25,
        "status": "in_stock",
        "counts": True,
        "excluded": None,
        "low_stock": False,
        "settings": {
            "backorders": {"value": "notify", "origin": {"scope": "global", **nowhere, "line": 4}},
            "out_of_stock_threshold": {"value": -50, "effective": -50, "origin": product},
            "notify_for_quantity_below": {"value": 10, "origin": {"scope": "global", **nowhere, "line": 6}},
        },
    }
    assert [source["source"] for source in stock["sources"]] == ["berlin", "lyon"]
    assert stock["pools"][0] == {
        "sources": ["berlin"],
        "backorders": True,
        "threshold": -50,
        "effective": -50,
        "origin": product,
        "quantity": 25,
        "on_hand": 25,
        "backorderable": 50,
        "unlimited": False,
    }


def test_the_page_says_which_values_are_ignored_or_unlimited(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_text(
        "version = 1\n[sources.a]\n[sources.b]\nenabled = false\n[products.X]\nbackorders = 'allow'\n"
        "out_of_stock_threshold = 5\n[products.X.sources.a]\nquantity = 3\n[products.X.sources.b]\nquantity = 9\n"
    )
    shown = run("product", "show", "X").out
    assert "Stock default: In Stock, unlimited\n" in shown
    assert "+5, ignored: backorders are on, unlimited" in shown
    assert "9, does not count: the source is disabled" in shown


@pytest.mark.usefixtures("store_file")
def test_a_narrow_terminal_leaves_columns_out_and_says_which(folder: Path) -> None:
    shown = at_width(folder, 70, "product", "list")
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 70
    assert lines[0].split() == ["sku", "stock", "status", "on_hand", "backorderable", "salable", "low_stock"]
    assert "no room at this width" in " ".join(shown.split())
    assert "\x1b" not in shown


@pytest.mark.usefixtures("store_file")
def test_a_very_narrow_terminal_shows_a_row_as_a_block(folder: Path) -> None:
    assert at_width(folder, 40, "product", "list") == (
        "sku            24-MB01\n"
        "name           Joust Duffle Bag\n"
        "stock          default\n"
        "status         in_stock\n"
        "quantity       25\n"
        "reserved       0\n"
        "on_hand        25\n"
        "backorderable  50\n"
        "salable        75\n"
        "low_stock      false\n"
    )


def at_width(folder: Path, width: int, *words: str) -> str:
    """What a terminal of that width shows."""
    import subprocess
    import sys

    command = [sys.executable, "-c", f"import os,pty; os.environ.update(COLUMNS='{width}', TERM='dumb', NO_COLOR='1');"
               f"pty.spawn([{sys.executable!r}, '-m', 'backorderctl', *{words!r}])"]  # fmt: skip
    shown = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    return shown.replace("\r", "")


@pytest.mark.usefixtures("store_file")
@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_simulated_sales_show_events_at_any_width(folder: Path, width: int) -> None:
    shown = at_width(folder, width, "order", "simulate", "24-MB01")
    for words in ("low stock at main", "backorders begin", '"Only 5 left"', "Out of Stock"):
        assert words in shown
    assert max(map(len, shown.splitlines())) <= width
    assert ("░" in shown) is (width >= 80)


@pytest.mark.parametrize("name", ["store.toml", "luma.toml"])
def test_every_example_is_loaded_listed_shown_and_survives_a_write(run: Run, folder: Path, name: str) -> None:
    original = (EXAMPLES / name).read_bytes()
    (folder / name).write_bytes(original)
    listed = json.loads(run("product", "list", "-f", name, "-o", "json").out)["products"]
    assert listed
    for sku in {row["sku"] for row in listed}:
        assert run("product", "show", sku, "-f", name).status == 0
    value = run("config", "get", "backorders", "-f", name).out.strip()
    assert run("config", "set", "backorders", value, "-f", name).status == 0
    assert (folder / name).read_bytes() == original


def test_init_writes_a_starter_file_and_never_overwrites_another(run: Run, folder: Path) -> None:
    dry = run("init", "-n")
    assert (dry.status, dry.out.splitlines()[:2], list(folder.iterdir())) == (
        0,
        ["--- store.toml", "+++ store.toml"],
        [],
    )
    assert run("init") == (0, "", "store.toml: written\n")
    started = (folder / "store.toml").read_bytes()
    assert run("product", "list", "-o", "json") == (0, '{"products": []}\n', "")
    again = run("init")
    assert (again.status, again.out) == (2, "")
    assert (folder / "store.toml").read_bytes() == started
    assert run("init", "-n")[:2] == (2, "")
    (folder / "store.toml").write_text('version = 1\n[products.P]\nname = "Precious"\n')
    dry = run("init", "--force", "-n")
    assert '-name = "Precious"\n' in dry.out
    assert "1 product: 1 is removed" in dry.out
    (folder / "store.toml").write_text("version = \n")
    assert "-version = \n" in run("init", "--force", "-n").out
    assert run("init", "--force").status == 0
    assert (folder / "store.toml").read_bytes() == started


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("config get backorders --source main --source X", "--source: expected once, got it 2 times"),
        ("product list --match A -o csv --match B", "--match: expected once, got it 2 times"),
        ("config list -f store.toml --file store.toml", "--file: expected once, got it 2 times"),
        ("stock set eu --channel a --no-channels", "--no-channels: expected alone, got it beside --channel"),
        ("stock set eu", "expected --name, --channel or --no-channels, got none of them"),
        ("export csv --to store.toml", "--to store.toml: expected another file, got one that this command reads"),
    ],
)
def test_a_command_line_that_contradicts_itself_is_refused(run: Run, store_file: Path, words: str, said: str) -> None:
    store_file.write_text(store_file.read_text() + "\n[stocks.eu]\nsources = ['main']\n")
    before = store_file.read_bytes()
    assert run(*words.split()) == (2, "", f"Error: {said}\n")
    assert store_file.read_bytes() == before
    assert run("check", "-q", "-q", "--select", "BO101", "--select", "BO102").status in (0, 1)


def test_the_page_shows_goods_that_no_stock_sells(run: Run, folder: Path) -> None:
    attic = "version = 1\n[sources.a]\n[sources.attic]\n[stocks.s]\nsources = ['a']\n"
    (folder / "store.toml").write_text(attic + "[products.D.sources.attic]\nquantity = 9\n")
    shown = run("product", "show", "D").out
    assert "In no stock: Out of Stock: no stock sells from a source that has it\n" in shown
    assert "Also at attic (9): no stock above sells from there.\n" in shown


def test_hints_can_be_pasted_whatever_the_sku(run: Run, folder: Path) -> None:
    item = "[products.'-x y'.sources.a]\nquantity = 3\nnotify_for_quantity_below = 1\n"
    (folder / "o.toml").write_text(f"version = 1\n[sources.a]\n{item}")
    found = run("check", "-f", "o.toml", "-o", "json", "--only", "style")
    [hint] = [finding["hint"] for finding in json.loads(found.out)["findings"]]
    assert hint == "backorderctl config unset notify_for_quantity_below --product '-x y' --source a -f o.toml"
    assert run(*shlex.split(hint)[1:]).status == 0


@pytest.mark.parametrize(
    "sku", ["a\nb", "it's \x1b[31mred", "\u202eb\\x", "a\x85b", "1\u200b23", "🧦\x01", "two words"]
)
def test_a_shell_gets_the_word_that_a_hint_means(run: Run, folder: Path, sku: str) -> None:
    item = f"[products.{json.dumps(sku, ensure_ascii=False)}.sources.a]\nquantity = 3\nnotify_for_quantity_below = 1\n"
    (folder / "o.toml").write_text(f"version = 1\n[sources.a]\n{item}")
    shown = run("check", "-f", "o.toml", "--only", "style").out
    [hint] = [line.strip() for line in shown.splitlines() if line.startswith(" ")]
    words = hint.removeprefix("backorderctl ")
    given = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {words}"], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"}
    )
    typed = given.stdout.decode().removesuffix("\0").split("\0")
    assert sku in typed
    assert run(*typed).status == 0


def test_the_schema_knows_every_key(run: Run) -> None:
    schema = json.loads(run("schema").out)
    product = schema["properties"]["products"]["additionalProperties"]
    assert product["properties"]["backorders"]["enum"] == ["no", "allow", "notify"]
    assert product["additionalProperties"] is False
    item = product["properties"]["sources"]["additionalProperties"]
    assert item["properties"]["status"]["default"] == "in_stock"
    assert item["dependentRequired"] == {"status": ["quantity"]}
    assert schema["properties"]["global"]["properties"]["only_x_left_threshold"]["minimum"] == 0
    entry = schema["properties"]["schedule"]["items"]
    own = {"from", "until", "stock", "source", "product", "reason", "enabled"}
    assert set(entry["properties"]) == own | set(schema["properties"]["global"]["properties"])
    assert entry["anyOf"] == [{"required": ["from"]}, {"required": ["until"]}]
    allowed = entry["properties"]["backorders"]["anyOf"]
    assert [allowed[0]["enum"], allowed[1]] == [["no", "allow", "notify"], {"const": "inherit"}]


def test_keys_lists_every_setting(run: Run) -> None:
    keys = json.loads(run("config", "keys", "-o", "json").out)["keys"]
    assert keys[0]["key"] == "backorders"
    assert keys[1]["database_column"] == "min_qty"
    assert keys[3]["csv_column"] is None
    assert run("config", "keys").out.startswith("backorders\n  Admin    Backorders\n")


def test_standard_input_can_be_read(run: Run, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    import io
    import sys

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SHOP.encode())))
    assert run("config", "get", "backorders", "-f", "-") == (0, "no\n", "")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"version = 3\n")))
    assert run("config", "get", "backorders", "-f", "-").err == "Error: <stdin>:1: version: expected 1, got 3\n"


def test_the_file_and_the_output_can_come_from_the_environment(
    run: Run, monkeypatch: pytest.MonkeyPatch, shop: Path
) -> None:
    shop.rename("other.toml")
    monkeypatch.setenv("BACKORDERCTL_FILE", "other.toml")
    monkeypatch.setenv("BACKORDERCTL_OUTPUT", "csv")
    assert run("source", "list").out.startswith("source,name,enabled,stocks,products,")
    assert run("source", "show", "lyon", "-o", "table").out.startswith("source    ")


def test_a_limit_for_many_leaves_out_what_takes_no_backorders(run: Run, folder: Path) -> None:
    """It must not advise turning backorders on: that would open a warehouse that is closed to them."""
    text = (
        'version = 1\n[global]\nbackorders = "notify"\nout_of_stock_threshold = -5\n[sources.berlin]\n[sources.lyon]\n'
        'backorders = "no"\n[products.BOTH.sources.berlin]\nquantity = 3\n[products.BOTH.sources.lyon]\nquantity = 4\n'
        "[products.ONLYLYON.sources.lyon]\nquantity = 4\n"
    )
    path = folder / "store.toml"
    path.write_text(text)
    ran = run("config", "set", "backorder_limit", "40", "--match", "*")
    assert (ran.status, ran.out) == (0, "")
    assert ran.err.splitlines() == [
        "left out, as nothing there takes backorders: 1 product: ONLYLYON",
        "* (1): out_of_stock_threshold = -40 (was not set)",
    ]
    own = ["[products.BOTH]", "out_of_stock_threshold = -40"]
    assert [line for line in path.read_text().splitlines() if line and line not in own] == text.splitlines()
    path.write_text(text)
    ran = run("config", "set", "backorder_limit", "40", "--match", "ONLY*")
    assert ran == (1, "", "left out, as nothing there takes backorders: 1 product: ONLYLYON\n")
    assert path.read_text() == text
    assert run("config", "set", "backorders=allow", "backorder_limit=40", "--match", "*").status == 0
    assert path.read_text().count("out_of_stock_threshold = -40") == 2
