"""What changes in effect between two stores."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Run, git
from hypothesis import given
from stores import built, figures, stores

from backorderctl.policy.diff import difference
from backorderctl.policy.evaluate import evaluate_all


@given(stores())
def test_a_store_does_not_differ_from_itself(data: dict[str, Any]) -> None:
    found = difference(built(data), built(data))
    assert (found.settings, found.products) == ((), ())
    assert found.summary == "no effective change"


@given(stores(), stores())
def test_the_products_that_differ_are_those_whose_figures_do(one: dict[str, Any], other: dict[str, Any]) -> None:
    old, new = built(one), built(other)
    before = {(answer.product.sku, answer.stock): figures(answer) for answer in evaluate_all(old)}
    after = {(answer.product.sku, answer.stock): figures(answer) for answer in evaluate_all(new)}
    both = old.products.keys() & new.products.keys()
    expected = {at for at in before.keys() | after.keys() if at[0] in both and before.get(at) != after.get(at)}
    found = difference(old, new)
    assert expected <= {(change.sku, change.stock) for change in found.products}
    assert {change.sku for change in found.products if change.field == "product"} == old.products.keys() ^ new.products


def test_order_comments_and_formatting_are_no_change(run: Run, store_file: Path) -> None:
    old = store_file.read_text()
    blocks = old.split("\n\n")
    Path("new.toml").write_text("\n\n".join([blocks[0], *reversed(blocks[1:])]).replace("= 25", "=   25.0 # goods"))
    assert run("diff", "store.toml", "new.toml", "--exit-code") == (0, "no effective change\n", "")
    assert run("diff", "store.toml", "store.toml", "--exit-code") == (0, "no effective change\n", "")


def test_a_global_value_is_one_setting_and_its_consequences_are_products(run: Run, store_file: Path) -> None:
    Path("old.toml").write_text(store_file.read_text().replace("out_of_stock_threshold = -50\n", ""))
    text = Path("old.toml").read_text()
    Path("new.toml").write_text(text.replace('"notify"', '"notify"\nout_of_stock_threshold = -40'))
    assert run("diff", "old.toml", "new.toml") == (
        0,
        "1 setting; 1 product: 1 is no longer unlimited\n"
        "\n"
        "setting at  key                     old      new  products\n"
        "global      out_of_stock_threshold  not set  -40         1\n"
        "\n"
        "sku      stock    field          old        new\n"
        "24-MB01  default  backorderable  unlimited  40\n"
        "24-MB01  default  salable        unlimited  65\n",
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
            {"sku": "24-MB01", "stock": "default", "field": "backorderable", "old": "unlimited", "new": 40},
            {"sku": "24-MB01", "stock": "default", "field": "salable", "old": "unlimited", "new": 65},
        ],
    }


@pytest.mark.usefixtures("store_file")
def test_a_product_that_came_or_went_is_one_row(run: Run) -> None:
    Path("new.toml").write_text("version = 1\n[sources.main]\n[products.NEW]\n")
    rows = json.loads(run("diff", "store.toml", "new.toml", "-o", "json").out)["products"]
    assert rows == [
        {"sku": "NEW", "stock": None, "field": "product", "old": None, "new": "added"},
        {"sku": "24-MB01", "stock": None, "field": "product", "old": None, "new": "removed"},
    ]


def test_a_stock_that_no_longer_reaches_a_product_does_not_bring_it_back(run: Run, folder: Path) -> None:
    stock = "version = 1\n[sources.a]\n[sources.b]\n[stocks.eu]\nsources = {}\n[products.X.sources.a]\nquantity = 0\n"
    Path("old.toml").write_text(stock.format("['a']"))
    Path("new.toml").write_text(stock.format("['b']"))
    ran = run("diff", "old.toml", "new.toml")
    assert ran.out.splitlines()[0] == "1 setting; 1 product: 1 goes out of stock"


def test_many_products_are_counted_and_listed_on_demand(run: Run, folder: Path) -> None:
    products = "".join(f"[products.P{number}.sources.a]\nquantity = 1\n" for number in range(30))
    Path("old.toml").write_text("version = 1\n[sources.a]\n" + products)
    Path("new.toml").write_text("version = 1\n[sources.a]\nenabled = false\n" + products)
    short = run("diff", "old.toml", "new.toml").out
    assert short.startswith("1 setting; 30 products: 30 go out of stock\n")
    assert short.endswith("\n30 products change: --all lists them\n")
    assert "P29  default  status" in run("diff", "old.toml", "new.toml", "--all").out


def test_a_side_that_is_no_store_gives_its_problems(run: Run, store_file: Path) -> None:
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
def test_a_side_can_be_a_revision(run: Run) -> None:
    changed = run("diff", "git:HEAD~1", "--exit-code")
    assert (changed.status, changed.out.splitlines()[0]) == (1, "1 setting; 1 product")
    assert run("diff", "git:main", "store.toml", "--exit-code").status == 0
    assert run("diff", "git:main~1:store.toml", "git:main:store.toml", "--exit-code").status == 1


def test_a_path_of_a_revision_is_relative_to_here(run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "sub").mkdir()
    monkeypatch.chdir(repository / "sub")
    assert run("diff", "git:HEAD:../store.toml", "../store.toml", "--exit-code").status == 0
    assert run("diff", "git:HEAD", str(repository / "store.toml"), "--exit-code").status == 0


@pytest.mark.usefixtures("repository")
def test_a_revision_that_is_not_there_is_said_in_gits_words(run: Run) -> None:
    assert run("diff", "git:nope") == (2, "", "Error: git:nope: git: invalid object name 'nope'\n")
    assert run("diff", "git:") == (2, "", "Error: git:: expected git:REV or git:REV:PATH\n")
    ran = run("diff", "git:HEAD:other.toml")
    assert ran.status == 2
    assert "other.toml" in ran.err
    assert run("diff", "git:--output=x").status == 2
    assert not Path("x:store.toml").exists()


def test_a_shallow_clone_says_what_helps(run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert run("diff", "git:HEAD") == (2, "", "Error: git: not found; a side git:REV is read with it\n")
