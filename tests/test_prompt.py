"""What the prompt takes: dry runs in every shape, several products, globs to unset, labels of the Admin as keys."""

import io
import json
import sys
from pathlib import Path

import pytest
from conftest import Run

from backorderctl.cli import main

CHANGE = ("config", "set", "out_of_stock_threshold", "-40", "--product", "24-MB01")
MORE = '\n[products.A]\nbackorders = "no"\n[products.B]\nbackorders = "no"\n[products.C]\n'


@pytest.fixture(autouse=True)
def shop(store_file: Path) -> Path:
    store_file.write_text(store_file.read_text() + MORE)
    return store_file


def test_a_dry_run_gives_what_diff_gives(run: Run, shop: Path) -> None:
    before = shop.read_text()
    shown = run(*CHANGE, "-n", "-o", "json")
    csv = run(*CHANGE, "-n", "-o", "csv")
    assert shop.read_text() == before
    assert run(*CHANGE).status == 0
    Path("old.toml").write_text(before)
    assert shown == run("diff", "old.toml", "store.toml", "-o", "json")
    assert csv == run("diff", "old.toml", "store.toml", "-o", "csv")
    assert json.loads(shown.out)["settings"][0]["new"] == -40


def test_a_dry_run_can_exit_with_1_when_anything_changes(run: Run) -> None:
    assert run(*CHANGE, "-n", "--exit-code").status == 1
    assert run(*CHANGE, "-n").status == 0
    assert run("config", "set", "backorders", "notify", "-n", "--exit-code").status == 0
    assert run("product", "set", "24-MB01", "--name", "Bag", "-n", "--exit-code").status == 0


def test_a_dry_run_of_an_import_is_summed_up_whatever_its_exit_status(run: Run) -> None:
    Path("p.csv").write_text("sku,qty\n24-MB01,7\nX,bad\n")
    words = ("import", "magento", "--products", "p.csv", "--skip-bad", "r.csv", "-n")
    shown, exited = run(*words), run(*words, "--exit-code")
    assert (shown.status, exited.status) == (0, 1)
    assert (shown.out, shown.err) == (exited.out, exited.err)
    assert exited.err.startswith("r.csv: 1 row refused, the first at line 3: qty: expected a number, got 'bad'\n")
    assert "        2 product rows\n" in exited.err


def test_a_dry_run_of_init_shows_both_files_whatever_its_exit_status(run: Run, shop: Path) -> None:
    shop.unlink()
    shown, exited = run("init", "--tests", "-n"), run("init", "--tests", "-n", "--exit-code")
    assert (shown.status, exited.status) == (0, 1)
    assert shown.out == exited.out
    assert "+++ store.test.toml\n" in exited.out


@pytest.mark.parametrize("option", ["--exit-code", "--all"])
def test_options_of_a_dry_run_are_refused_without_one(run: Run, shop: Path, option: str) -> None:
    before = shop.read_bytes()
    assert run(*CHANGE, option) == (2, "", f"Error: {option}: expected --dry-run beside it\n")
    assert run("init", "--force", option).status == 2
    assert shop.read_bytes() == before


def test_a_dry_run_lists_everything_on_demand(run: Run, shop: Path) -> None:
    own = "".join(f"[products.P{number}.sources.main]\nquantity = 1\n" for number in range(30))
    shop.write_text(shop.read_text() + own)
    words = ("config", "set", "out_of_stock_threshold", "-5", "--match", "P*", "-n")
    assert run(*words).out.endswith("\n10 more changes: --all lists everything\n")
    assert "more changes" not in run(*words, "--all").out


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_a_dry_run_can_change_standard_input(run: Run, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = run(*CHANGE, "-n")
    text = shop.read_text()
    shop.unlink()
    typed(monkeypatch, text)
    ran = run(*CHANGE, "-n", "-f", "-")
    assert ran == (0, expected.out.replace("store.toml", "<stdin>"), "")
    typed(monkeypatch, "version = 2\n")
    assert run(*CHANGE, "-n", "-f", "-").err == "Error: <stdin>:1: version: expected 1, got 2\n"
    typed(monkeypatch, text)
    assert run(*CHANGE, "-f", "-").err.startswith("Error: standard input cannot be written\n")
    ran = run("config", "apply", "-", "-n", "-f", "-")
    assert ran == (2, "", "Error: standard input can be one file only, got it for both\n")


def test_several_products_are_changed_in_one_write(run: Run) -> None:
    ran = run("config", "set", "backorders", "allow", "--product", "A", "--product", "C", "--product", "A")
    assert ran == (
        0,
        "",
        "product A: backorders = allow (was no)\nproduct C: backorders = allow (was not set)\n",
    )
    ran = run("config", "unset", "backorders", "--product", "A", "--product", "24-MB01")
    assert ran == (0, "", "product A: backorders is no longer set\n")
    ran = run("config", "unset", "backorders", "--product", "A", "--product", "24-MB01")
    assert ran == (1, "", "product A: backorders is not set there\nproduct 24-MB01: backorders is not set there\n")
    assert run("config", "set", "backorders", "no", "--product", "A", "--product", "X").status == 2


def test_several_products_are_read_in_one_call(run: Run) -> None:
    several = ("--product", "C", "--product", "A", "--product", "C")
    assert run("config", "get", "backorders", *several) == (0, "C\tnotify\nA\tno\n", "")
    assert run("config", "get", "backorders", *several, "--own") == (0, "A\tno\n", "")
    assert run("config", "get", "manage_stock", *several, "--own") == (1, "", "")
    assert run("config", "get", "backorders", "--product", "A", "--product", "A") == (0, "no\n", "")
    assert run("config", "get", "backorders", *several, "-o", "csv").out == (
        "key,value,scope,stock,source,product,line,schedule,of_product\n"
        "backorders,notify,global,,,,5,,C\n"
        "backorders,no,product,,,A,22,,A\n"
    )
    rows = json.loads(run("config", "get", "backorders", *several, "-o", "json").out)["settings"]
    assert [(row["of_product"], row["value"], row["product"]) for row in rows] == [
        ("C", "notify", None),
        ("A", "no", "A"),
    ]
    assert run("config", "get", "backorders", "--product", "A", "--product", "X").status == 2
    assert run("config", "get", "backorders", *several, "--stock", "default").out == "C\tnotify\nA\tno\n"


def test_several_products_are_listed_with_the_product_of_each_value(run: Run) -> None:
    several = ("--product", "A", "--product", "C")
    rows = json.loads(run("config", "list", *several, "-o", "json").out)["settings"]
    assert [(row["of_product"], row["value"]) for row in rows if row["key"] == "backorders"] == [
        ("A", "no"),
        ("C", "notify"),
    ]
    assert json.loads(run("config", "list", "-o", "json").out)["settings"][0]["of_product"] is None
    header, first, *_ = run("config", "list", *several).out.splitlines()
    assert (header.split()[-1], first.split()[-1]) == ("of_product", "A")
    assert "of_product" not in run("config", "list", "--product", "A").out
    own = run("config", "list", *several, "--product", "B", "--own", "-o", "json")
    assert [row["product"] for row in json.loads(own.out)["settings"]] == ["A", "B"]
    assert run("config", "list", "--all", *several).status == 2


def test_several_products_are_explained_one_after_the_other(run: Run) -> None:
    several = ("--product", "A", "--product", "C")
    heads = [line for line in run("config", "explain", "backorders", *several).out.splitlines() if ": " in line]
    assert heads == [
        "product A: backorders: no",
        "product C: backorders: notify (at most 20 backordered)",
    ]
    document = json.loads(run("config", "explain", "backorders", *several, "-o", "json").out)
    assert [chain["product"] for chain in document["chains"]] == ["A", "C"]
    rows = run("config", "explain", "backorders", *several, "-o", "csv").out.splitlines()
    assert {row.rpartition(",")[2] for row in rows[1:]} == {"A", "C"}
    assert "product A" not in run("config", "explain", "backorders", "--product", "A").out


def test_a_glob_unsets_a_value(run: Run) -> None:
    assert run("config", "unset", "backorders", "--match", "[AB]") == (
        0,
        "",
        "[AB] (2): backorders is no longer set\n",
    )
    assert run("config", "unset", "backorders", "--match", "*").status == 1
    assert run("config", "unset", "backorders", "--match", "X*") == (1, "", "no product matches 'X*'\n")
    assert run("config", "unset", "backorders", "--match", "*", "--product", "A").status == 2


@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("Out-of-Stock Threshold", "-20"),
        ("backorders", "notify"),
        ("NOTIFY FOR QUANTITY BELOW", "10"),
        ("Only X left Threshold", "5"),
        ("Manage Stock", "true"),
        ("manage-stock", "true"),
    ],
)
def test_a_key_may_be_typed_as_in_the_admin(run: Run, label: str, value: str) -> None:
    assert run("config", "get", label) == (0, f"{value}\n", "")


def test_a_label_with_a_value_is_set(run: Run) -> None:
    assert run("config", "set", "Out-of-Stock Threshold=-5", "Backorders=Allow Qty Below 0").status == 0
    assert run("config", "get", "out_of_stock_threshold").out == "-5\n"
    assert run("config", "get", "Out-of-Stok Threshold").err.endswith("Hint: out_of_stock_threshold\n")


class Screen(io.TextIOWrapper):
    """A stream that says that it is a terminal."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)

    def isatty(self) -> bool:
        return True

    def shown(self) -> str:
        """All that has been written."""
        self.seek(0)
        return self.read()


def shown_error(monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    """What a terminal shows of an error."""
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    assert main(words) == 2
    return screen.shown()


def test_errors_are_red_where_the_terminal_has_colours(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.setenv("TERM", "xterm")
    words = ("config", "get", "backorder")
    red = shown_error(monkeypatch, *words)
    assert red.startswith("\x1b[31mError:\x1b[0m setting 'backorder': expected one of backorders, ")
    assert red.endswith("\nHint: backorders\n")
    plain = red.replace("\x1b[31m", "").replace("\x1b[0m", "")
    monkeypatch.setenv("NO_COLOR", "1")
    assert shown_error(monkeypatch, *words) == plain
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert shown_error(monkeypatch, *words) == plain
    monkeypatch.undo()
    assert run(*words).err == plain


def test_a_write_says_that_another_name_of_the_file_keeps_the_old_text(run: Run, store_file: Path) -> None:
    other = store_file.with_name("other.toml")
    other.hardlink_to(store_file)
    old = store_file.read_text()
    assert run("config", "set", "backorders", "no").err == (
        "Warning: store.toml had 2 hard links; the others keep the old text\nglobal: backorders = no (was notify)\n"
    )
    assert other.read_text() == old != store_file.read_text()
