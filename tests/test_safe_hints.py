"""Hints say what helps with the request, and never reverse it."""

import json
import subprocess
from pathlib import Path

import pytest
from conftest import Run


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
                "Error: backorder_limit: expected a setting, as only config set takes this",
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
    assert ran.out.splitlines()[0] == "5 settings; 1 product: 1 is added"
    assert run("diff", "git:main:store.toml").status == 2
    assert run("diff", "git:nope").status == 2
