"""A second import: what an export would give Magento anyway changes nothing, and policy is replaced only when asked."""

import shutil
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from conftest import Run
from stores import seeded_stores, toml_text

PRODUCTS = (
    "sku,product_type,qty,allow_backorders,use_config_backorders,out_of_stock_qty,use_config_min_qty,is_in_stock\n"
)
SHOP = """version = 1
[global]
backorders = "notify"
out_of_stock_threshold = -50
notify_for_quantity_below = 1
only_x_left_threshold = 0
manage_stock = true
[sources.main]
out_of_stock_threshold = -20
[sources.other]
[stocks.eu]
sources = ["main", "other"]
[products.A.sources.main]
quantity = 5
"""


@pytest.fixture
def shop(folder: Path) -> Path:
    (folder / "store.toml").write_text(SHOP)
    return folder


def imported(run: Run, rows: str, *words: str) -> tuple[int, list[str]]:
    Path("p.csv").write_text(PRODUCTS + rows)
    ran = run("import", "magento", "--products", "p.csv", *words)
    return ran.status, ran.err.splitlines()


def changes_of_policy(folder: Path) -> str:
    """The lines of the store file that it had not at first."""
    return "".join(line for line in (folder / "store.toml").read_text().splitlines(True) if line not in SHOP)


@pytest.mark.parametrize(
    ("row", "differs"),
    [
        ("A,simple,,2,0,-20.0000,0,", None),
        ("A,simple,,2,1,-20.0000,0,", None),
        ("A,simple,,2,0,-50.0000,1,", "out_of_stock_threshold of 'A' -20, in Magento -50"),
        ("A,simple,,1,0,-20.0000,0,", "backorders of 'A' notify, in Magento allow"),
        ("A,simple,,0,0,0.0000,0,", "backorders of 'A' notify, in Magento no"),
    ],
)
def test_a_row_is_compared_with_what_would_be_exported(shop: Path, run: Run, row: str, differs: str | None) -> None:
    status, said = imported(run, f"{row}\n")
    if differs is None:
        assert (status, said[0]) == (0, "store.toml: imported already: nothing to change")
        assert "        1 product as the store file has it" in said
        return
    assert (status, said[-1]) == (1, "Hint: --keep-policy")
    assert f"in Magento (first: {differs}): expected --keep-policy or --take-policy, got neither" in said[0]
    assert (shop / "store.toml").read_text() == SHOP


def test_goods_alone_are_taken_where_policy_is_kept(shop: Path, run: Run) -> None:
    rows = "A,simple,,0,0,0,0,\nB,simple,3,2,0,-5,0,1\n"
    status, said = imported(run, rows, "--keep-policy")
    assert status == 0
    assert "        1 new product with a policy of its own in Magento: not taken (first: 'B' at line 3)" in said
    assert changes_of_policy(shop) == "[sources.default]\n[products.B.sources.default]\nquantity = 3\n"


def test_magentos_policy_is_taken_where_it_differs(shop: Path, run: Run) -> None:
    assert imported(run, "A,simple,,2,0,-30,0,\n", "--take-policy")[0] == 0
    assert changes_of_policy(shop) == "[products.A]\nout_of_stock_threshold = -30\n"


def test_both_answers_at_once_are_refused(shop: Path, run: Run) -> None:
    assert imported(run, "A,simple,,2,0,-30,0,\n", "--take-policy", "--keep-policy") == (
        2,
        ["Error: --keep-policy: expected alone, got it beside --take-policy"],
    )


def test_values_that_nothing_sets_are_taken_without_a_word(folder: Path, run: Run) -> None:
    (folder / "store.toml").write_text("version = 1\n[products.A]\n")
    assert imported(run, "A,simple,,2,0,-30,0,\n")[0] == 0
    assert 'backorders = "notify"\nout_of_stock_threshold = -30\n' in (folder / "store.toml").read_text()


@pytest.mark.parametrize(
    ("shown", "differs"),
    [
        ("backorders - 2", "out_of_stock_threshold of [global] -50, in Magento 0"),
        ("backorders - 2\ncataloginventory/item_options/min_qty - -50.0000", None),
        ("backorders - 0\ncataloginventory/item_options/min_qty - -50", "backorders of [global] notify, in Magento no"),
    ],
)
def test_a_configuration_is_compared_with_what_would_be_exported(
    shop: Path, run: Run, shown: str, differs: str | None
) -> None:
    (shop / "c").write_text(f"cataloginventory/item_options/{shown}\n")
    ran = run("import", "magento", "--config", "c")
    if differs is None:
        assert (ran.status, ran.err.splitlines()[0]) == (0, "store.toml: imported already: nothing to change")
        return
    assert ran.status == 1
    assert ran.err.startswith(f"Error: 1 value of the store file differs in Magento (first: {differs})")
    assert run("import", "magento", "--config", "c", "--keep-policy", "-q").status in (0, 1)
    assert (shop / "store.toml").read_text() == SHOP
    assert run("import", "magento", "--config", "c", "--take-policy").status == 0
    assert run("import", "magento", "--config", "c").status == 0


def test_both_the_scheduled_and_the_written_value_are_the_store_files(shop: Path, run: Run) -> None:
    with (shop / "store.toml").open("a") as file:
        file.write("[[schedule]]\nfrom = 2020-01-01\nreason = 'x'\nbackorders = 'no'\n")
    for row, status in (("A,simple,,2,0,-20,0,", 0), ("A,simple,,0,0,0,0,", 0), ("A,simple,,1,0,-20,0,", 1)):
        assert imported(run, f"{row}\n")[0] == status, row


def test_what_is_assumed_of_the_configuration_is_said_once(folder: Path, run: Run) -> None:
    rows = "A,simple,0,2,1,-30,1,1\nB,simple,5,2,1,-30,0,1\nC,simple,5,2,0,-30,0,1\n"
    said = imported(run, rows)[1]
    assert (
        "        2 products use the configuration's backorders and out_of_stock_threshold, and no configuration is "
        "given: Magento's defaults are taken (no, 0); --config FILE gives it"
    ) in said
    (folder / "shown").write_text("cataloginventory/options/can_subtract - 1\n")
    (folder / "part.csv").write_text("path,value\ncataloginventory/item_options/backorders,2\n")
    assert "taken (no, 0)" not in "".join(imported(run, rows, "--config", "shown", "-f", "b.toml")[1])
    partial = imported(run, rows, "--config", "part.csv", "-f", "c.toml")[1]
    assert (
        "        1 product uses the configuration's out_of_stock_threshold, and the configuration that is given does "
        "not have it: Magento's defaults are taken (0); --config FILE gives it"
    ) in partial
    (folder / "store.toml").write_text(SHOP)
    assert "no configuration" not in "".join(imported(run, rows)[1])


@pytest.mark.parametrize("approximate", ["safe", "generous"])
def test_an_import_after_an_export_is_empty(
    folder: Path, run: Run, approximate: str, capsys: pytest.CaptureFixture[str]
) -> None:
    seen, random = Counter[str](), Random(approximate)
    for data in seeded_stores(120, seed=71):
        if "global" in data or random.random() < 0.5:
            data.setdefault("global", {}).setdefault("backorders", random.choice(["no", "allow", "notify"]))
        (folder / "store.toml").write_text(toml_text(data), encoding="utf-8")
        shutil.rmtree("out", ignore_errors=True)
        answer = random.choice(["--explicit", "--assume-defaults"])
        if run("export", "magento", "all", "--to", "out", "--approximate", approximate, answer, "-q").status:
            seen["refused"] += 1
            continue
        options = {"--products": "products.csv", "--stock-sources": "stock_sources.csv", "--config": "config.sh"}
        words = [word for option, name in options.items() for word in (option, f"out/{name}") if is_worth(name)]
        ran = run("import", "magento", *words)
        assert ran.status == 0, (ran.err, data)
        assert ran.err.startswith("store.toml: imported already: nothing to change\n"), (ran.err, data)
        seen["empty"] += 1
    with capsys.disabled():
        print(f"\n{approximate}: {dict(seen)}")
    assert seen["empty"] > 40


def is_worth(name: str) -> bool:
    """Whether a file of the export has anything to import."""
    path = Path("out") / name
    return path.exists() and (name != "config.sh" or "config:set -- " in path.read_text())


def test_a_row_of_nothing_at_default_is_taken_where_the_product_is_new(shop: Path, run: Run) -> None:
    (shop / "s.csv").write_text("source_code,sku,status,quantity\ndefault,A,0,0\ndefault,NEW,0,0\n")
    assert run("import", "magento", "--stock-sources", "s.csv").status == 0
    added = '[sources.default]\n[products.NEW.sources.default]\nquantity = 0\nstatus = "out_of_stock"\n'
    assert changes_of_policy(shop).replace("\n\n", "\n") == added
    (shop / "s.csv").write_text("source_code,sku,status,quantity\ndefault,A,1,0\n")
    assert run("import", "magento", "--stock-sources", "s.csv").status == 0
    assert "[products.A.sources.default]\nquantity = 0\n" in (shop / "store.toml").read_text()
