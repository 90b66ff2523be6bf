"""Hints say what helps with the request, and never reverse it."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Run
from terminals import on_a_terminal

from backorderctl.errors import CommandLine
from backorderctl.output.format import format_command


@pytest.fixture(autouse=True)
def shop(store_file: Path) -> Path:
    return store_file


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("product unassign 24-MB01 lyon", ["Error: product '24-MB01' is not at source 'lyon', but at main"]),
        ("product rename 24-MB01 Bag", ["Error: no such command 'rename'", "Hint: backorderctl product set --name"]),
        ("source rename lyon Shop", ["Error: no such command 'rename'", "Hint: backorderctl source set --name"]),
        ("init", ["Error: store.toml: file exists"]),
        (
            "config unset backorder_limit",
            [
                "Error: backorder_limit: expected a setting; only config set takes backorder_limit",
                "Hint: out_of_stock_threshold",
            ],
        ),
    ],
)
def test_a_hint_never_reverses_the_request(run: Run, shop: Path, words: str, said: list[str]) -> None:
    shop.write_text(shop.read_text() + "\n[sources.lyon]\n")
    before = shop.read_bytes()
    ran = run(*words.split())
    assert (ran.status, ran.out, ran.err.splitlines()) == (2, "", said)
    assert shop.read_bytes() == before


def test_unknown_products_of_a_table_name_create_once(run: Run) -> None:
    Path("changes.csv").write_text("product,key,value\nA,backorders,no\nB,backorders,no\nA,name,x\n")
    lines = run("config", "apply", "changes.csv").err.splitlines()
    assert lines[:1] == ["Error: changes.csv:2: row 1: unknown product 'A'"]
    assert lines[3:] == ["Hint: --create adds the 2 new products"]
    Path("changes.csv").write_text("product,key,value\nA,backorders,no\n")
    assert run("config", "apply", "changes.csv").err.endswith("Hint: --create adds the new product\n")
    Path("changes.csv").write_text("product,key,value\n24-MB01,backorders,maybe\n")
    assert "Hint" not in run("config", "apply", "changes.csv").err


def test_a_word_without_quotes_is_shown_with_them(run: Run, shop: Path) -> None:
    for value in ("no", "notify # as before", "not now"):
        shop.write_text(f"version = 1\n[global]\nbackorders = {value}\n")
        word = value.partition(" #")[0]
        assert f'; a word is quoted: backorders = "{word}"\n' in run("config", "list").err
    shop.write_text("version = 1\n[global]\nmanage_stock = [\n")
    assert "a word is quoted" not in run("config", "list").err


def test_a_missing_version_is_spelled_out(run: Run, shop: Path) -> None:
    shop.write_text("[global]\n")
    assert run("config", "list").err == "Error: store.toml: version: expected version = 1, got none\n"


def test_an_order_may_be_larger_than_any_quantity_of_the_file(run: Run) -> None:
    assert run("config", "set", "out_of_stock_threshold", "0", "--product", "24-MB01", "-q").status == 0
    answer = json.loads(run("order", "check", "24-MB01", "123456789012.5", "-o", "json").out)
    assert (answer["accepted"], answer["backordered"]) == (True, 123456788987.5)
    assert run("order", "check", "24-MB01", "123456789012.50001").status == 2
    assert run("order", "check", "24-MB01", "1" * 21).status == 2


def git(*words: str) -> None:
    identity = ("-c", "user.name=shop", "-c", "user.email=shop@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *words], check=True, capture_output=True)


def test_a_revision_without_its_prefix_is_recognised(run: Run) -> None:
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    assert run("diff", "HEAD") == (2, "", "Error: HEAD: no such file\nHint: git:HEAD\n")
    assert run("diff", "old.toml").err.startswith("Error: old.toml: no such file\n")


def test_a_file_that_is_new_is_compared_with_an_empty_store(run: Run, shop: Path) -> None:
    Path("README").write_text("x")
    git("init", "-q", "-b", "main")
    git("add", "README")
    git("commit", "-q", "-m", "one")
    ran = run("diff", "git:main", "--exit-code")
    assert ran.status == 1
    assert ran.err == "git:main: store.toml is not in this revision; compared with an empty store\n"
    assert ran.out.splitlines()[0] == "7 settings; 1 product: 1 is added"
    assert run("diff", "git:main:store.toml").status == 2
    assert run("diff", "git:nope").status == 2


@pytest.mark.parametrize("columns", ["40", "80"])
def test_a_hint_is_one_line_however_narrow_the_terminal(
    folder: Path, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    """Of a command that is broken in two, the first half is another command."""
    Path("a store with a long name.toml").write_text(
        'version = 1\n[global]\nbackorders = "notify"\nout_of_stock_threshold = -50\n[sources.a]\n[sources.main]\n'
        "out_of_stock_threshold = -50\n[products.A.sources.a]\nquantity = 8\n"
        "[products.A.sources.main]\nquantity = 12\n"
    )
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("TERM", "dumb")
    *_, last = on_a_terminal("check", "-f", "a store with a long name.toml", status=1)
    hint = "backorderctl config unset out_of_stock_threshold --source main -f 'a store with a long name.toml'"
    assert last.strip() == hint


def test_the_hint_for_a_file_names_it_where_the_command_would_choose_another(
    run: Run, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKORDERCTL_FILE", "env.toml")
    text = 'version = 1\n[global]\nbackorders = "no"\n[sources.a]\nbackorders = "no"\n'
    for path in (shop, Path("env.toml")):
        path.write_text(text)
    unset = "backorderctl config unset backorders --source a"
    assert f" {unset} -f store.toml\n" in run("check", "store.toml", "--select", "BO3").out
    assert f" {unset}\n" in run("check", "--select", "BO3").out


def test_what_comes_from_standard_input_gets_no_command(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'version = 1\n[global]\nbackorders = "no"\n[sources.a]\nbackorders = "no"\n'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    ran = run("check", "-", "--select", "BO3")
    assert ("BO301" in ran.out, "backorderctl" in ran.out) == (True, False)


def test_a_name_that_looks_like_an_option_is_a_name(run: Run, folder: Path) -> None:
    Path("other.toml").write_text(
        'version = 1\n[global]\nbackorders = "notify"\n[sources.a]\n[products."-f"]\nbackorders = "notify"\n'
        "out_of_stock_threshold = -5\n[products.-f.sources.a]\nquantity = 1\n"
    )
    ran = run("check", "other.toml", "--select", "BO301")
    assert "backorderctl config unset backorders --product -f -f other.toml\n" in ran.out
    assert run("config", "unset", "backorders", "--product", "-f", "-f", "other.toml").status == 0


def test_a_name_that_begins_with_a_dash_comes_after_all_options() -> None:
    command = CommandLine(("stock", "add"), ("-x",), (("-f", "my store.toml"),))
    assert format_command(command) == "backorderctl stock add -f 'my store.toml' -- -x"
    assert format_command(command._replace(names=("-5",))) == "backorderctl stock add -5 -f 'my store.toml'"


def test_a_later_day_gives_no_hints_for_today(run: Run, folder: Path) -> None:
    Path("store.toml").write_text(
        'version = 1\n[global]\nbackorders = "notify"\nout_of_stock_threshold = -50\n[sources.a]\n[products.A]\n'
        "out_of_stock_threshold = -50\n[products.A.sources.a]\nquantity = 3\n"
        '[[schedule]]\nuntil = 2099-12-31\nreason = "fair"\nout_of_stock_threshold = -30\n'
    )
    ran = run("check", "--select", "BO301", "--at", "2100-02-01", "-q")
    assert ("BO301" in ran.out, "backorderctl" in ran.out) == (True, False)


def test_a_hint_leaves_alone_what_is_in_force_once_a_quantity_comes_from_outside(run: Run, folder: Path) -> None:
    Path("store.toml").write_text(
        'version = 1\n[global]\nbackorders = "notify"\nout_of_stock_threshold = -50\n[sources.main]\n'
        'backorders = "no"\n[sources.two]\n[products.P]\nbackorders = "notify"\n[products.P.sources.main]\n'
        "notify_for_quantity_below = 4\n"
        "[products.P.sources.two]\nquantity = 3\n"
    )
    ran = run("check", "--select", "BO301")
    assert ("BO301" in ran.out, "backorderctl" in ran.out) == (True, False)


def test_a_glob_beside_a_source_does_not_reach_items_without_a_quantity(run: Run, folder: Path) -> None:
    items = "".join(f'[products.{sku}.sources.main]\nquantity = 1\nbackorders = "notify"\n' for sku in "AB")
    Path("store.toml").write_text(
        f'version = 1\n[global]\nbackorders = "notify"\nout_of_stock_threshold = -5\n[sources.main]\n{items}'
        '[products.C.sources.main]\nbackorders = "no"\n'
    )
    ran = run("check", "--select", "BO301")
    assert ("BO301" in ran.out, "--match" in ran.out) == (True, False)


def test_a_product_in_no_stock_is_not_said_to_be_in_several(run: Run, folder: Path) -> None:
    Path("store.toml").write_text(
        'version = 1\n[stocks.eu]\nsources = ["a"]\n[stocks.us]\nsources = ["a"]\n[sources.a]\n[products.B]\n'
    )
    ran = run("product", "reserve", "B", "5")
    assert ran == (2, "", "Error: 'B' is in no stock, and none of eu, us was named by --stock\n")


def test_rename_suggests_nothing_for_a_noun_without_a_name(run: Run, shop: Path) -> None:
    assert "set --name" not in run("config", "rename", "x").err
    assert "backorderctl source set --name" in run("source", "rename", "x").err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("BO901",), "BO901: its findings cannot be accepted; they have to be mended"),
        (("BO001",), "BO001: its findings cannot be accepted; they have to be mended"),
        (("BO101", "--match", ""), "--match: expected a glob such as 'WS-*', got an empty string"),
    ],
)
def test_what_no_accept_can_do_is_refused(run: Run, shop: Path, words: tuple[str, ...], said: str) -> None:
    assert run("accept", "add", *words, "--reason", "x") == (2, "", f"Error: {said}\n")


def test_an_accept_that_has_ended_is_refused(run: Run, shop: Path) -> None:
    ran = run("accept", "add", "BO101", "--reason", "x", "--until", "2020-01-01")
    assert (ran.status, ran.err.endswith("or later, got 2020-01-01\n")) == (2, True)


def test_every_stock_of_a_finding_is_named(run: Run, folder: Path) -> None:
    Path("store.toml").write_text(
        'version = 1\n[stocks.eu]\nsources = ["a"]\n[stocks.us]\nsources = ["b"]\n[sources.a]\n[sources.b]\n'
        "[products.A.sources.a]\nquantity = 10\n[products.A.sources.b]\nquantity = 10\n"
        "[products.A.stocks.eu]\nreserved = 11\n[products.A.stocks.us]\nreserved = 9000\n"
    )
    ran = run("check", "--select", "BO111", "-o", "json")
    [finding] = json.loads(ran.out)["findings"]
    assert [place["line"] for place in finding["places"]] == [13, 15]
    assert "in eu; 8990 cannot ship in us" in finding["message"]


def test_reserved_units_are_found_where_all_goods_are_at_sources_in_no_stock(run: Run, folder: Path) -> None:
    Path("store.toml").write_text(
        'version = 1\n[stocks.eu]\nsources = ["a"]\n[sources.a]\n[sources.z]\n[products.A.sources.z]\nquantity = 1\n'
        "[products.A.stocks.eu]\nreserved = 1\n"
    )
    assert "BO206" in run("check", "--select", "BO206").out


def test_quantities_from_outside_give_no_hints_for_the_store_file(run: Run, folder: Path) -> None:
    Path("store.toml").write_text(
        'version = 1\n[global]\nbackorders = "notify"\nout_of_stock_threshold = -50\n[sources.one]\n[sources.two]\n'
        'backorders = "no"\n[products.P]\nbackorders = "notify"\n[products.P.sources.two]\nquantity = 3\n'
    )
    Path("q.csv").write_text("source_code,sku,quantity\none,P,3\n")
    ran = run("check", "--quantities", "q.csv", "--allow-missing", "--select", "BO301")
    assert ("BO301" in ran.out, "backorderctl" in ran.out) == (True, False)
