"""What no store file can make valid is refused at once, also while another process holds the lock of the file."""

import fcntl
from collections.abc import Iterator
from pathlib import Path
from shlex import split

import pytest
from conftest import Run

ROWS = {
    "value.csv": "product,key,value\n24-MB01,backorders,maybe\n24-MB02,backorders,no\n",
    "key.csv": "product,key,value\n24-MB01,backorder,no\n",
    "scope.csv": "source,key,value\nmain,manage_stock,yes\n",
    "own.csv": "product,key,value\n,quantity,3\n",
    "both.csv": "source,stock,key,value\nmain,default,backorders,no\n",
    "stock.csv": "product,stock,key,value\n24-MB01,default,backorders,no\n",
    "twice.csv": "product,key,value\n24-MB01,backorders,no\n24-MB01,backorders,allow\n",
}
REFUSED = {
    "config set backorders maybe": "backorders: expected no, allow or notify, got 'maybe'",
    "config set backorders no --stock eu --source main": "--stock: expected alone, got it beside --source",
    "config set backorders no --stock eu --source a --product b": "--stock: expected alone, got it beside --source "
    "and --product",
    "config set backorders no --match 'A*' --product A": "--match: expected alone or with --source, got it beside "
    "--product",
    "config set backorders no --match 'A*' --stock eu": "--match: expected alone or with --source, got it beside "
    "--stock",
    "config set manage_stock true --source main": "manage_stock: expected at global, stock or "
    "product, got it at source",
    "config set manage_stock=true backorders=no --product A --source main": "manage_stock: expected at global, stock "
    "or product, got it at source item",
    "config set manage_stock true --match 'A*' --source main": "manage_stock: expected at global, stock or product, "
    "got it at source item",
    "config set backorders no --from soon": "--from: expected today, a date such as 2026-12-01, or +30d, got 'soon'",
    "config set backorders no --from 2030-01-02 --until 2030-01-01": "until: expected a day on or after 2030-01-02, "
    "got 2030-01-01",
    "config set backorders no --from today --reason ' '": "--reason: expected why it is scheduled, got an empty string",
    "config set backorders no --reason why": "--reason: expected beside --from or --until, got it alone",
    "config unset backorders --stock eu --source main": "--stock: expected alone, got it beside --source",
    "config unset manage_stock --source main": "manage_stock: expected at global, stock or product, got it at source",
    "config unset backorders --from 2030-13-01": "--from: expected today, a date such as 2026-12-01, or +30d, got "
    "'2030-13-01'",
    "config unset backorders --reason why": "--reason: expected beside --from or --until, got it alone",
    "config apply value.csv": "value.csv:2: row 1: expected no, allow or notify, got 'maybe'\n"
    "Error: value.csv:3: row 2: unknown product '24-MB02'",
    "config apply key.csv": "key.csv:2: row 1: key: expected quantity, status, reserved, name, backorders, "
    "out_of_stock_threshold, notify_for_quantity_below, only_x_left_threshold, manage_stock, got 'backorder'; did you "
    "mean 'backorders'?",
    "config apply scope.csv": "scope.csv:2: row 1: manage_stock: expected at global, stock or "
    "product, got it at source",
    "config apply own.csv": "own.csv:2: row 1: expected a key of [global], got 'quantity'",
    "config apply both.csv": "both.csv:2: row 1: expected a source or a stock, got both",
    "config apply stock.csv": "stock.csv:2: row 1: expected reserved for a product in a stock, got 'backorders'",
    "config apply twice.csv": 'twice.csv:3: row 2: expected products."24-MB01".backorders once, got it again',
    "source add 'a b'": "source: expected a code of letters, digits, '_', '-' and '.', got 'a b'",
    "source disable main --from soon": "--from: expected today, a date such as 2026-12-01, or +30d, got 'soon'",
    "source enable main --from +2d --until today": "until: expected a day on or after ",
    "stock add ''": "stock: expected a code of letters, digits, '_', '-' and '.', got ''",
    "product add ' x'": "product: expected a SKU without blanks at either end, got ' x'",
    "product add x --source main --quantity many": "quantity: expected a number, got 'many'",
    "product reserve 24-MB01 -3": "reserved: expected 0 or more, got -3",
    "schedule remove 0": "N: expected a whole number, 1 or more, got '0'",
    "schedule remove -- -1": "N: expected a whole number, 1 or more, got '-1'",
    "accept add BO101 --reason why --match 'A*' --product A": "--match: expected without --product, got both",
    "accept add BO101 --reason why --until never": "--until: expected today, a date such as 2026-12-01, or +30d, got "
    "'never'",
    "accept remove one": "N: expected a whole number, 1 or more, got 'one'",
    "import magento --link 'a b=main'": "--link: expected a code of letters, digits, '_', '-' and '.', got 'a b'",
    "import magento --products none.csv": "none.csv: no such file",
    "init": "store.toml: file exists",
}


@pytest.fixture
def held(store_file: Path) -> Iterator[None]:
    """The store file, locked by somebody else."""
    for name, text in ROWS.items():
        Path(name).write_text(text)
    with store_file.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("words", REFUSED)
def test_what_needs_no_file_is_refused_before_the_queue(run: Run, words: str) -> None:
    ran = run(*split(words), "--wait", "0")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"Error: {REFUSED[words]}"), ran.err


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(
    "words", ["config set backorders no", "config unset backorders", "product add x", "schedule remove 1"]
)
def test_what_needs_the_file_waits_for_it(run: Run, words: str) -> None:
    assert run(*split(words), "--wait", "0").err.startswith("Error: store.toml: locked by process ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("config list -o -1", "invalid value for '--output' / '-o': '-1' is not one of 'table', 'json', 'csv'"),
        ("agenda --days -1", "--days: expected a whole number, 0 or more, got '-1'"),
        ("report --top -1", "--top: expected a whole number, 0 or more, got '-1'"),
        ("product list --limit 12345678901", "--limit: expected a whole number, 0 or more, got '12345678901'"),
        ("source set -1 -2 --name x", "got unexpected extra argument(s) (-2)"),
    ],
)
def test_a_refused_negative_number_is_quoted_as_it_was_typed(run: Run, store_file: Path, words: str, said: str) -> None:
    assert store_file.exists()
    assert run(*split(words)).err.startswith(f"Error: {said}"), run(*split(words)).err


@pytest.mark.parametrize("variables", [{}, {"COMP_WORDS": "backorderctl con", "COMP_CWORD": "x"}], ids=str)
def test_a_completion_without_its_words_is_an_error(
    run: Run, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name, value in {"_BACKORDERCTL_COMPLETE": "complete_bash", **variables}.items():
        monkeypatch.setenv(name, value)
    said = "Error: _BACKORDERCTL_COMPLETE: expected the words of a command line from the shell\n"
    assert run() == (2, "", said)
