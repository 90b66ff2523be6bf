"""Accepts on the command line: they are appended and removed, all else in the file stays."""

import json
from pathlib import Path

import pytest
from conftest import Run

SHOP = """version = 1  # a comment

[stocks.eu]
sources = ["main"]

[sources.main]

[products.WS-1]
backorders = "allow"
sources.main.quantity = 1

[products.WS-2]
backorders = "allow"
sources.main.quantity = 1

[products.Q]
backorders = "allow"
sources.main.quantity = 1
"""
ACCEPT = """
[[check.accept]]
code = "BO101"
match = "WS-*"
reason = "made to order"
"""


@pytest.fixture
def shop(folder: Path) -> Path:
    path = folder / "store.toml"
    path.write_text(SHOP)
    return path


def products(run: Run) -> list[str]:
    """The SKUs of which `check` says that they are unlimited by accident."""
    findings = json.loads(run("check", "-q", "-o", "json", "--select", "BO101").out)["findings"]
    return [place["product"] for finding in findings for place in finding["places"]]


def test_an_accept_of_a_glob_takes_its_products_out_of_the_finding(run: Run, shop: Path) -> None:
    assert products(run) == ["WS-1", "WS-2", "Q"]
    assert run("accept", "add", "bo101", "--match", "WS-*", "--reason", "made to order") == (
        0, "", "accepted BO101 for products WS-* (accept 1)\n",
    )  # fmt: skip
    assert shop.read_text() == SHOP + ACCEPT
    assert products(run) == ["Q"]


def test_accepts_are_listed_and_removed_by_number(run: Run, shop: Path) -> None:
    shop.write_text(SHOP + ACCEPT)
    words = ("accept", "add", "BO108", "--stock", "eu", "--source", "main", "--product", "Q", "--reason", "so")
    ran = run(*words, "--until", "2027-03-31")
    assert ran.err == "accepted BO108 for stock eu, source main, product Q, until 2027-03-31 (accept 2)\n"
    [_, second] = json.loads(run("accept", "list", "-o", "json").out)["accepts"]
    assert second == {
        "number": 2, "code": "BO108", "stock": "eu", "source": "main", "product": "Q", "match": None, "reason": "so",
        "until": "2027-03-31", "line": 25,
    }  # fmt: skip
    assert run("accept", "remove", "2", "1") == (
        0,
        "",
        "accept 1 removed: BO101 for products WS-*\n"
        "accept 2 removed: BO108 for stock eu, source main, product Q, until 2027-03-31\n",
    )
    assert shop.read_text() == SHOP


def test_a_dry_run_shows_the_accept_and_writes_nothing(run: Run, shop: Path) -> None:
    ran = run("accept", "add", "BO101", "--reason", "so", "-n")
    assert (ran.status, ran.err) == (0, "")
    assert '+[[check.accept]]\n+code = "BO101"\n+reason = "so"\n' in ran.out
    assert shop.read_text() == SHOP


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["BO1O1", "--reason", "so"], "Error: unknown rule 'BO1O1'\nHint: did you mean 'BO112'?\n"),
        (["BO101", "--reason", " "], "Error: --reason: expected why the finding is intended, got an empty string\n"),
        (["BO101"], "Error: missing option '--reason'\nHint: backorderctl accept add --help\n"),
        (["BO101", "--reason", "so", "--stock", "us"], "Error: unknown stock 'us', expected eu\n"),
        (
            ["BO101", "--reason", "so", "--source", "mian"],
            "Error: unknown source 'mian', expected main\nHint: did you mean 'main'?\n",
        ),
        (["BO101", "--reason", "so", "--product", "WS1"], "Error: unknown product 'WS1'\nHint: did you mean 'WS-1'?\n"),
        (
            ["BO101", "--reason", "so", "--product", "Q", "--match", "*"],
            "Error: --match: expected without --product, got both\n",
        ),
        (
            ["BO101", "--reason", "so", "--until", "soon"],
            "Error: --until: expected today, a date such as 2026-12-01, or +30d, got 'soon'\n",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_accepted_is_refused(run: Run, shop: Path, words: list[str], error: str) -> None:
    assert run("accept", "add", *words) == (2, "", error)
    assert shop.read_text() == SHOP


@pytest.mark.usefixtures("shop")
def test_an_accept_that_is_not_there_cannot_be_removed(run: Run) -> None:
    hint = "Hint: backorderctl accept list\n"
    assert run("accept", "remove", "1") == (
        2,
        "",
        f"Error: accept: expected no number, as the list is empty, got 1\n{hint}",
    )


def test_a_product_and_a_glob_in_one_accept_are_invalid(run: Run, shop: Path) -> None:
    shop.write_text(SHOP + ACCEPT + 'product = "Q"\n')
    ran = run("accept", "list")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "Error: store.toml:22: check.accept[0].match: expected product or match, got both\n"
