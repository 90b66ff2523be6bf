"""config.sh of an export: what it sets in Magento's configuration, and what it checks there."""

import subprocess
from pathlib import Path

import pytest
from conftest import Run

PATH = "cataloginventory/item_options/"
MAGENTO = """#!/bin/sh
# A Magento whose configuration is the lines of `stored`, and `locked` those of app/etc/config.php.
stored() { cat locked; while read -r line; do grep -q "^${line%% *} " locked || echo "$line"; done < stored; }
case "$1 $2" in
    "config:set --")
        if grep -q "^$3 " locked; then echo "The value you set has already been locked"; exit 0; fi
        grep -v "^$3 " stored > new; echo "$3 - $4" >> new; mv new stored ;;
    "config:show ")
        stored ;;
    "config:show "*)
        # As in ConfigShowCommand::execute, where empty('0') is true.
        found=$(stored | sed -n "s|^$2 - ||p")
        case $found in "" | 0) echo "Configuration for path: \\"$2\\" doesn't exist"; exit 1 ;; esac
        echo "$found" ;;
esac
"""
ITEM = "[sources.default]\n[products.X.sources.default]\nquantity = 1\n"


@pytest.fixture
def shop(folder: Path) -> Path:
    """A folder with a Magento of defaults."""
    (folder / "bin").mkdir()
    (folder / "bin" / "magento").write_text(MAGENTO)
    (folder / "bin" / "magento").chmod(0o755)
    (folder / "stored").write_text("web/unsecure/base_url - https://shop.test/\n")
    (folder / "locked").write_text("")
    return folder


def written(folder: Path, general: str, name: str = "store.toml") -> None:
    (folder / name).write_text(f"version = 1\n[global]\n{general}{ITEM}")


def run_script() -> tuple[int, str]:
    ran = subprocess.run(["sh", "out/config.sh"], capture_output=True, text=True, check=False, timeout=20)
    return ran.returncode, ran.stderr


def sets() -> list[str]:
    """What config.sh sets, without the command and the common path."""
    lines = Path("out/config.sh").read_text().splitlines()
    assert lines[0] == "set -e"
    return [line.split(" -- ")[1].removeprefix(PATH) for line in lines if line.startswith("bin/magento config:set")]


def exported(run: Run, *words: str) -> str:
    ran = run("export", "magento", "all", "--to", "out", *words)
    assert ran.status == 0, ran.err
    return ran.err


def test_only_what_global_sets_is_set(shop: Path, run: Run) -> None:
    written(shop, "backorders = 'notify'\nonly_x_left_threshold = 5\n")
    exported(run, "--assume-defaults")
    assert sets() == ["backorders 2", "cataloginventory/options/stock_threshold_qty 5"]
    assert run_script() == (0, "")
    assert f"{PATH}backorders - 2" in (shop / "stored").read_text()
    assert "min_qty" not in (shop / "stored").read_text()


def test_a_key_that_global_no_longer_sets_gets_magentos_default(shop: Path, run: Run) -> None:
    every = "notify_for_quantity_below = 1\nmanage_stock = true\nbackorders = 'notify'\n"
    written(shop, every + "out_of_stock_threshold = -50\n", "old.toml")
    written(shop, every)
    exported(run, "--since", "old.toml")
    assert sets() == ["backorders 2", "min_qty 0", "notify_stock_qty 1", "manage_stock 1"]


@pytest.mark.parametrize("command", [("products",), ("all", "--to", "out")], ids=" ".join)
def test_what_products_inherit_unanswered_is_refused(shop: Path, run: Run, command: tuple[str, ...]) -> None:
    written(shop, "backorders = 'notify'\nmanage_stock = true\n")
    assert run("export", "magento", *command) == (
        1,
        "",
        "Error: 1 product inherits out_of_stock_threshold and notify_for_quantity_below, which [global] does not set: "
        "expected --config FILE, --explicit or --assume-defaults, got none of them\nHint: --explicit\n",
    )
    assert not (shop / "out").exists()
    (shop / "c.csv").write_text(f"path,value\n{PATH}min_qty,0\n")
    for answer in (("--explicit",), ("--assume-defaults",), ("--config", "c.csv")):
        assert run("export", "magento", *command, *answer).status == 0
    assert run("export", "magento", *command, "--assume-defaults", "--config", "c.csv") == (
        2,
        "",
        "Error: --assume-defaults: expected alone, got it beside --config\n",
    )


def test_what_no_product_inherits_needs_no_answer(shop: Path, run: Run) -> None:
    (shop / "store.toml").write_text(
        f"version = 1\n{ITEM}[products.X]\nbackorders = 'no'\nout_of_stock_threshold = 0\n"
        "notify_for_quantity_below = 1\nmanage_stock = true\n"
    )
    exported(run)
    assert not (shop / "out" / "config.sh").exists()


def test_a_new_store_file_needs_no_answer(shop: Path, run: Run) -> None:
    assert run("init").status == 0
    assert run("product", "add", "X", "--source", "main", "--quantity", "1").status == 0
    exported(run)
    assert len(sets()) == 5
    assert run_script() == (0, "")


@pytest.mark.parametrize(
    ("path", "stored", "status"),
    [
        ("backorders", "2", 1),
        ("manage_stock", "0", 1),
        ("manage_stock", "1.0000", 0),
        ("min_qty", "0.0000", 0),
        ("min_qty", "-0.5", 1),
        ("notify_stock_qty", "7", 1),
        ("max_sale_qty", "7", 0),
    ],
)
def test_what_is_assumed_is_checked_where_nothing_is_set(
    shop: Path, run: Run, path: str, stored: str, status: int
) -> None:
    written(shop, "")
    exported(run, "--assume-defaults")
    assert sets() == []
    with (shop / "stored").open("a") as file:
        file.write(f"{PATH}{path} - {stored}\n")
    expected = {"backorders": "0", "manage_stock": "1", "min_qty": "0", "notify_stock_qty": "1"}.get(path)
    said = f"{PATH}{path}: expected {expected}, got '{stored}': import nothing before Magento has the value\n"
    assert run_script() == (status, said if status else "")


def test_a_locked_value_fails_the_script(shop: Path, run: Run) -> None:
    written(shop, "backorders = 'notify'\nmanage_stock = false\nonly_x_left_threshold = 3\n")
    exported(run, "--explicit")
    assert run_script() == (0, "")
    (shop / "locked").write_text(f"{PATH}manage_stock - 1\n")
    assert run_script() == (
        1,
        f"{PATH}manage_stock: expected 0, got '1': import nothing before Magento has the value\n",
    )


def test_a_script_that_cannot_run_magento_stops(shop: Path, run: Run) -> None:
    for general in ("backorders = 'no'\n", ""):
        written(shop, general)
        exported(run, "--assume-defaults")
        (shop / "bin" / "magento").unlink(missing_ok=True)
        assert run_script()[0] != 0
