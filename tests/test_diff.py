"""What changes in effect between two stores."""

import json
from collections import Counter
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import pytest
from conftest import Run, git
from hypothesis import given
from stores import built, figures, seeded_stores, stores

from backorderctl.output.diff import difference_summary
from backorderctl.policy.diff import Difference, difference
from backorderctl.policy.evaluate import evaluate_all


@given(stores())
def test_a_store_does_not_differ_from_itself(data: dict[str, Any]) -> None:
    found = difference(built(data), built(data))
    assert (found.settings, found.products) == ((), ())
    assert difference_summary(found) == "no effective change"


@given(stores(), stores())
def test_the_products_that_differ_are_those_whose_figures_do(one: dict[str, Any], other: dict[str, Any]) -> None:
    old, new = built(one), built(other)
    found = difference(old, new)
    renamed = {str(change.old): str(change.new) for change in found.settings if change.key == "code"}
    before = {
        (answer.product.sku, renamed.get(str(answer.stock), answer.stock)): figures(answer)
        for answer in evaluate_all(old)
    }
    after = {(answer.product.sku, answer.stock): figures(answer) for answer in evaluate_all(new)}
    both = old.products.keys() & new.products.keys()
    expected = {at for at in before.keys() | after.keys() if at[0] in both and before.get(at) != after.get(at)}
    assert expected <= {(change.sku, change.stock) for change in found.products}
    whole = {change.sku for change in found.products for field in change.fields if field.field == "product"}
    assert whole == old.products.keys() ^ new.products


def test_order_comments_and_formatting_are_no_change(run: Run, store_file: Path) -> None:
    old = store_file.read_text()
    blocks = old.split("\n\n")
    Path("new.toml").write_text("\n\n".join([blocks[0], *reversed(blocks[1:])]).replace("= 25", "=   25.0 # goods"))
    assert run("diff", "store.toml", "new.toml", "--exit-code") == (0, "no effective change\n", "")
    assert run("diff", "store.toml", "store.toml", "--exit-code") == (0, "no effective change\n", "")


def test_a_global_value_is_one_setting_and_its_consequences_are_products(run: Run, store_file: Path) -> None:
    Path("old.toml").write_text(
        store_file.read_text()
        .replace("out_of_stock_threshold = -50\n", "")
        .replace("out_of_stock_threshold = -20\n", "")
    )
    text = Path("old.toml").read_text()
    Path("new.toml").write_text(text.replace('"notify"', '"notify"\nout_of_stock_threshold = -40'))
    assert run("diff", "old.toml", "new.toml") == (
        0,
        "1 setting; 1 product: 1 is no longer unlimited\n"
        "\n"
        "setting at  key                     old      new  products\n"
        "global      out_of_stock_threshold  not set  -40         1\n"
        "\n"
        "sku      stock    change\n"
        "24-MB01  default  salable unlimited -> 65  backorderable unlimited -> 40\n",
        "",
    )
    ran = run("diff", "old.toml", "new.toml", "-o", "json", "--exit-code")
    assert ran.status == 1
    assert json.loads(ran.out) == {
        "settings": [
            {
                "scope": "global",
                "stock": None,
                "source": None,
                "product": None,
                "key": "out_of_stock_threshold",
                "old": None,
                "new": -40,
            }
        ],
        "products": [
            {
                "sku": "24-MB01",
                "stock": "default",
                "field": "backorderable",
                "old": "unlimited",
                "new": 40,
                "source": None,
            },
            {"sku": "24-MB01", "stock": "default", "field": "salable", "old": "unlimited", "new": 65, "source": None},
        ],
        "schedule": [],
        "unreached": [],
    }


@pytest.mark.usefixtures("store_file")
def test_an_added_or_removed_product_is_one_row(run: Run) -> None:
    Path("new.toml").write_text("version = 1\n[sources.main]\n[products.NEW]\n")
    rows = json.loads(run("diff", "store.toml", "new.toml", "-o", "json").out)["products"]
    assert rows == [
        {"sku": "NEW", "stock": None, "field": "product", "old": None, "new": "added", "source": None},
        {"sku": "24-MB01", "stock": None, "field": "product", "old": None, "new": "removed", "source": None},
    ]


def test_a_stock_that_no_longer_reaches_a_product_does_not_bring_it_back(run: Run, folder: Path) -> None:
    stock = "version = 1\n[sources.a]\n[sources.b]\n[stocks.eu]\nsources = {}\n[products.X.sources.a]\nquantity = 0\n"
    Path("old.toml").write_text(stock.format("['a']"))
    Path("new.toml").write_text(stock.format("['b']"))
    assert run("diff", "old.toml", "new.toml").out == (
        "1 setting; 1 product: 1 leaves a stock\n"
        "\n"
        "setting at  key      old  new  products\n"
        "stock eu    sources  a    b           1\n"
        "\n"
        "sku  stock  change\n"
        "X    eu     leaves the stock: was out_of_stock, salable 0\n"
        "X           no stock sells it now\n"
    )
    bring_back = run("diff", "new.toml", "old.toml").out.splitlines()
    assert bring_back[-2:] == [
        "X           a stock sells it now",
        "X    eu     enters the stock: out_of_stock, salable 0",
    ]


SHOP = """version = 1
[global]
backorders = "{backorders}"
out_of_stock_threshold = {limit}
[sources.a]
[sources.closed]
enabled = false
[products.BAG.sources.a]
quantity = 5
[products.BAG.sources.closed]
quantity = {closed}
[products.CUP.sources.a]
quantity = {cups}
[products.DISH.sources.a]
quantity = 7
"""


def shop(backorders: str = "notify", limit: int = -50, closed: int = 3, cups: int = 2) -> str:
    return SHOP.format(backorders=backorders, limit=limit, closed=closed, cups=cups)


def between(run: Run, old: str, new: str, *words: str) -> list[str]:
    """The lines of `diff` between two texts."""
    Path("old.toml").write_text(old)
    Path("new.toml").write_text(new)
    return run("diff", "old.toml", "new.toml", *words).out.splitlines()


def test_that_customers_are_no_longer_notified_is_a_change_of_every_product(run: Run, folder: Path) -> None:
    lines = between(run, shop(), shop(backorders="allow"))
    assert lines[0] == "1 setting; 3 products: 3 no longer notify customers"
    assert lines[-1] == "DISH  default  customer_notice true -> false"
    assert between(run, shop(backorders="allow"), shop())[0] == "1 setting; 3 products: 3 notify customers"
    turned_off = between(run, shop(), shop(backorders="no"), "-o", "csv")
    assert "product,BAG,,default,,,backorderable,50,0" in turned_off
    assert not [line for line in turned_off if "customer_notice" in line]


def test_a_quantity_that_does_not_count_is_shown_at_its_source(run: Run, folder: Path) -> None:
    assert between(run, shop(), shop(closed=30)) == [
        "0 settings; 1 product",
        "",
        "sku  stock  change",
        "BAG         quantity at closed 3 -> 30",
    ]
    rows = json.loads("\n".join(between(run, shop(), shop(closed=30), "-o", "json")))["products"]
    assert rows == [{"sku": "BAG", "stock": None, "field": "quantity", "old": 3, "new": 30, "source": "closed"}]
    assert between(run, shop(), shop(closed=30), "-o", "csv")[1:] == ["product,BAG,,,closed,,quantity,3,30"]
    assert run("diff", "old.toml", "new.toml", "--exit-code").status == 1


def test_a_quantity_that_a_stock_shows_is_not_shown_again_at_its_source(run: Run, folder: Path) -> None:
    assert between(run, shop(), shop(cups=9))[2:] == [
        "sku  stock    change",
        "CUP  default  salable 52 -> 59  quantity 2 -> 9  on_hand 2 -> 9",
    ]


def test_goods_that_move_between_the_sources_of_one_pool_are_shown(run: Run, folder: Path) -> None:
    two = "version = 1\n[sources.a]\n[sources.b]\n[products.X.sources]\na.quantity = {}\nb.quantity = {}\n"
    assert between(run, two.format(5, 3), two.format(3, 5))[-2:] == [
        "X           quantity at a 5 -> 3",
        "X           quantity at b 3 -> 5",
    ]


def test_the_worst_consequence_comes_first(run: Run, folder: Path) -> None:
    old = "version = 1\n[sources.a]\n" + "".join(
        f"[products.{sku}.sources.a]\nquantity = {units}\n"
        for sku, units in {"MORE": 1, "LESS": 9, "LEAST": 90, "GONE": 4, "OUT": 2, "OPEN": 3, "BACK": 0}.items()
    )
    new = old.replace("[products.GONE.sources.a]\nquantity = 4\n", "") + (
        "[products.OPEN]\nbackorders = 'allow'\n[products.NEW]\n"
    )
    for was, now in {"1": "5", "9": "8", "90": "50", "2": "0", "0": "6"}.items():
        new = new.replace(f"quantity = {was}\n", f"quantity = {now}#\n")
    lines = between(run, old, new.replace("#", ""))
    assert lines[0].partition(": ")[2].split(", ") == [
        "1 becomes unlimited",
        "1 goes out of stock",
        "1 is removed",
        "3 sell less",
        "2 sell more",
        "1 starts taking backorders",
        "1 comes back in stock",
        "1 is added",
    ]
    assert [line.split()[0] for line in lines[6:]] == ["OPEN", "OUT", "GONE", "LEAST", "LESS", "MORE", "BACK", "NEW"]


def test_what_was_out_of_stock_does_not_go_out_of_stock(run: Run, folder: Path) -> None:
    old = "version = 1\n[sources.a]\n[products.X.sources.a]\nquantity = 0\n"
    assert between(run, old, old.replace("= 0", "= -3"))[0] == "0 settings; 1 product"


def test_the_first_backorders_are_no_notice_to_customers(run: Run, folder: Path) -> None:
    assert "notify" not in between(run, shop(backorders="no"), shop())[0]
    assert "notify" not in between(run, shop(), shop(backorders="no"))[0]


STOCK = "version = 1\n[sources.a]\n{}[products.X.sources.a]\nquantity = 5\n[products.X.stocks.{}]\nreserved = 1\n"


def stock(code: str, more: str = "", table: str = "[stocks.{}]\nsources = ['a']\nbackorders = 'no'\n") -> str:
    return STOCK.format(table.format(code) + more, code)


def test_a_renamed_stock_is_one_change_of_its_code(run: Run, folder: Path) -> None:
    assert between(run, stock("eu"), stock("europe")) == [
        "1 setting; 0 products",
        "",
        "setting at    key   old  new     products",
        "stock europe  code  eu   europe         0",
    ]
    assert between(run, stock("eu"), stock("europe", "out_of_stock_threshold = 2\n"))[2:] == [
        "setting at    key                     old      new     products",
        "stock europe  code                    eu       europe         0",
        "stock europe  out_of_stock_threshold  not set  2              1",
        "",
        "sku  stock   change",
        "X    europe  salable 4 -> 2  on_hand 4 -> 2",
    ]


def test_the_first_declared_stock_is_the_implicit_one_under_another_code(run: Run, folder: Path) -> None:
    assert between(run, STOCK.format("", "default"), stock("eu", table="[stocks.{}]\nsources = ['a']\n"))[3:] == [
        "stock eu    code  default  eu          0"
    ]


def test_a_stock_with_other_sources_and_channels_is_another_one(run: Run, folder: Path) -> None:
    tables = "[sources.b]\n[stocks.{}]\nsources = [{}]\nchannels = ['{}']\n"
    old, new = stock("eu", tables.format("us", "'b'", "us_site")), stock("eu", tables.format("asia", "", "asia_site"))
    keys = [line.split()[:3] for line in between(run, old, new)[3:]]
    assert keys == [["stock", "us", "sources"], ["stock", "us", "channels"], ["stock", "asia", "sources"],
                    ["stock", "asia", "channels"]]  # fmt: skip
    same = (stock("eu", tables.format(*each, "site")) for each in (("us", "'b'"), ("asia", "")))
    assert {line.split()[2] for line in between(run, *same)[3:]} == {"code", "sources"}


def test_the_channels_of_a_stock_are_a_setting(run: Run, folder: Path) -> None:
    assert between(run, stock("eu"), stock("eu", "channels = ['shop']\n"))[3:] == [
        "stock eu    channels       shop         0"
    ]


def test_many_changes_are_grouped_counted_and_listed_on_demand(run: Run, folder: Path) -> None:
    products = "".join(f"[products.P{number}.sources.a]\nquantity = {number}\n" for number in range(30))
    old = "version = 1\n[sources.a]\n" + products
    own = "".join(f"[products.P{number}]\nout_of_stock_threshold = 5\n" for number in range(30))
    short = between(run, old, old + own)
    assert short[:7] == [
        "30 settings; 29 products: 5 go out of stock, 29 sell less",
        "",
        "setting at   key                     old      new  products",
        "30 products  out_of_stock_threshold  not set  5          29",
        "",
        "sku  stock    change",
        "P5   default  status in_stock -> out_of_stock (reserve_reached)  salable 5 -> 0  on_hand 5 -> 0",
    ]
    assert short[-1] == "9 more changes: --all lists everything"
    assert len(short) == 6 + 20 + 1
    whole = run("diff", "old.toml", "new.toml", "--all").out.splitlines()
    assert len(whole) == 3 + 30 + 2 + 29
    items = "".join(f"[products.P{number}.sources.a]\nbackorders = 'no'\nquantity = {number}\n" for number in range(30))
    assert "30 products at a  backorders  not set  no" in between(run, old, old.replace(products, items))[3]


def test_comparing_with_an_invalid_file_reports_its_problems(run: Run, store_file: Path) -> None:
    Path("bad.toml").write_text("version = 2\n")
    assert run("diff", "bad.toml", "store.toml") == (2, "", "Error: bad.toml:1: version: expected 1, got 2\n")
    assert run("diff", "store.toml", "bad.toml").status == 2
    assert run("diff", "-", "-") == (2, "", "Error: standard input can be one side only, got it for both\n")


@pytest.fixture
def repository(store_file: Path) -> Path:
    """A repository whose second revision has a threshold of -40."""
    folder = store_file.parent
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "store.toml")
    git(folder, "commit", "-q", "-m", "one")
    store_file.write_text(store_file.read_text().replace("-50", "-40"))
    git(folder, "commit", "-qam", "two")
    return folder


@pytest.mark.usefixtures("repository")
def test_a_file_can_be_compared_with_a_git_revision(run: Run) -> None:
    changed = run("diff", "git:HEAD~1", "--exit-code")
    assert (changed.status, changed.out.splitlines()[0]) == (
        1,
        "1 setting; 1 product: 1 sells less; -10 backorderable units",
    )
    assert run("diff", "git:main", "store.toml", "--exit-code").status == 0
    assert run("diff", "git:main~1:store.toml", "git:main:store.toml", "--exit-code").status == 1


def test_a_path_of_a_revision_is_relative_to_here(run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "sub").mkdir()
    monkeypatch.chdir(repository / "sub")
    assert run("diff", "git:HEAD:../store.toml", "../store.toml", "--exit-code").status == 0
    assert run("diff", "git:HEAD", str(repository / "store.toml"), "--exit-code").status == 0


def test_a_symbolic_link_of_a_revision_is_followed_inside_the_repository(run: Run, repository: Path) -> None:
    (repository / "folder").mkdir()
    links = {"link.toml": "folder/link.toml", "folder/link.toml": "../store.toml", "away.toml": "../away.toml",
             "nowhere.toml": "none.toml", "loop.toml": "loop.toml", "elsewhere": "folder"}  # fmt: skip
    for name, target in links.items():
        (repository / name).symlink_to(target)
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "links")
    for name in ("link.toml", "folder/link.toml", "elsewhere/link.toml"):
        assert run("diff", f"git:HEAD:{name}", "--exit-code") == (0, "no effective change\n", "")
        assert run("diff", "git:HEAD", "-f", name, "--exit-code").status == 0
    for name, said in {
        "away.toml": "a symbolic link out of the repository, to '../away.toml'",
        "nowhere.toml": "a symbolic link that leads to no file in this revision",
        "loop.toml": "a symbolic link that leads to no file in this revision",
        "folder": "expected a file, got a folder",
    }.items():
        assert run("diff", f"git:HEAD:{name}") == (2, "", f"Error: git:HEAD:{name}: {said}\n")
    assert run("diff", "git:HEAD:two\nlines").status == 2


@pytest.mark.usefixtures("repository")
def test_the_error_of_a_missing_revision_is_that_of_git(run: Run) -> None:
    assert run("diff", "git:nope") == (2, "", "Error: git:nope: git knows no such commit\n")
    assert run("diff", "git:") == (2, "", "Error: git:: expected git:REV or git:REV:PATH\n")
    ran = run("diff", "git:HEAD:other.toml")
    assert ran.status == 2
    assert "other.toml" in ran.err
    assert run("diff", "git:--output=x").status == 2
    assert not Path("x:store.toml").exists()


def test_the_error_of_a_shallow_clone_has_a_hint(run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(repository, "clone", "-q", "--depth", "1", f"file://{repository}", "shallow")
    monkeypatch.chdir(repository / "shallow")
    ran = run("diff", "git:HEAD~1")
    assert ran == (
        2,
        "",
        "Error: git:HEAD~1: this clone is shallow and has no 'HEAD~1'\nHint: git fetch --unshallow\n",
    )


@pytest.mark.usefixtures("store_file")
def test_without_git_or_a_repository_the_error_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(Path.cwd().parent))
    ran = run("diff", "git:HEAD")
    assert ran.status == 2
    assert "not a git repository" in ran.err
    monkeypatch.setenv("PATH", "")
    assert run("diff", "git:HEAD") == (2, "", "Error: git: not found; git:REV is read with it\n")


def test_another_stock_is_no_rename_where_neither_has_a_channel(run: Run, folder: Path) -> None:
    old = "version = 1\n[sources.a]\n[sources.b]\n[stocks.eu]\nsources = ['a']\n[products.X.sources.a]\nquantity = 1\n"
    rows = json.loads(
        "\n".join(
            between(run, old, old.replace("stocks.eu]\nsources = ['a']", "stocks.us]\nsources = ['b']"), "-o", "json")
        )
    )
    assert [row["key"] for row in rows["settings"]] == ["sources", "channels"] * 2


def test_a_product_that_is_no_longer_managed_has_nothing_to_backorder(run: Run, folder: Path) -> None:
    old = 'version = 1\n[global]\nbackorders = "allow"\nout_of_stock_threshold = -5\n[sources.a]\n'
    product = "[products.X]\n{}[products.X.sources.a]\nquantity = 2\n"
    lines = between(run, old + product.format(""), old + product.format("manage_stock = false\n"))
    assert lines[-1] == "X    default  salable 7 -> unlimited  backorderable 5 -> none  on_hand 2 -> none"


MIRROR = {
    "becomes_unlimited": "no_longer_unlimited",
    "goes_out_of_stock": "back_in_stock",
    "removed": "added",
    "leaves_stock": "enters_stock",
    "stops_backorders": "starts_backorders",
    "less_salable": "more_salable",
    "no_longer_notified": "notified",
    "other": "other",
}


def consequences(difference: Difference) -> Counter[tuple[str, str | None, str]]:
    return Counter(
        (change.sku, change.stock or change.source, consequence)
        for change in difference.products
        for consequence in change.consequences
    )


def mirrored(found: Counter[tuple[str, str | None, str]]) -> Counter[tuple[str, str | None, str]]:
    both = MIRROR | {after: before for before, after in MIRROR.items()}
    return Counter({(sku, stock, both[consequence]): count for (sku, stock, consequence), count in found.items()})


def test_the_two_directions_of_a_difference_are_mirror_images() -> None:
    seen: set[str] = set()
    random = Random(61)
    for data in seeded_stores(250, seed=61):
        other = deepcopy(data)
        for product in [*other["products"].values(), other.setdefault("global", {})]:
            if random.random() < 0.4:
                product["backorders"] = random.choice(("no", "allow", "notify"))
            if random.random() < 0.3:
                product["out_of_stock_threshold"] = random.choice((-5, 0, 5))
        old, new = (built(each) for each in (data, other))
        there, back = consequences(difference(old, new)), consequences(difference(new, old))
        assert mirrored(there) == back
        seen |= {consequence for _, _, consequence in there}
    assert seen >= {*MIRROR, *MIRROR.values()} - {"removed", "added", "leaves_stock", "enters_stock"}
