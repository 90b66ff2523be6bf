"""The bar of long work: where somebody watches a terminal, and nowhere else."""

import io
import re
from contextlib import redirect_stderr
from pathlib import Path

import pytest

from backorderctl.cli import main
from backorderctl.output import progress

CHANGES = "product,key,value\n24-MB01,backorders,allow\n"
PRODUCTS = "sku,out_of_stock_qty,use_config_min_qty\n24-MB01,-7,0\n"
STAGES = ("reading", "preparing the changes", "editing", "checking")


class Terminal(io.StringIO):
    """Standard error as a terminal that remembers all that was drawn."""

    def isatty(self) -> bool:
        return True

    def reconfigure(self, **_: object) -> None:
        """What the command line asks of its streams."""

    def lines(self) -> list[str]:
        """What was drawn, without the marks that move and colour."""
        return [line.strip() for line in re.split(r"[\r\n]", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.getvalue()))]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal at which even the shortest work is long."""
    err = Terminal()
    monkeypatch.setattr(progress, "LONG_WORK", 0)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    return err


def seen(terminal: Terminal, store_file: Path, *words: str) -> None:
    """Run a command line that succeeds, on files beside the store file, at the terminal."""
    store_file.with_name("changes.csv").write_text(CHANGES)
    store_file.with_name("products.csv").write_text(PRODUCTS)
    with redirect_stderr(terminal):
        assert main(words) == 0


@pytest.mark.parametrize(
    "words", [("config", "apply", "changes.csv"), ("import", "magento", "--products", "products.csv", "--take-policy")]
)
def test_a_long_write_shows_its_parts_in_their_order(
    words: tuple[str, ...], store_file: Path, terminal: Terminal
) -> None:
    seen(terminal, store_file, *words)
    drawn = [line for line in terminal.lines() if line.startswith("store.toml: ")]
    told = [stage for stage in STAGES if any(line.startswith(f"store.toml: {stage} ━") for line in drawn)]
    assert tuple(told) == STAGES
    assert terminal.getvalue().count("\x1b[?25l") == terminal.getvalue().count("\x1b[?25h")  # the cursor is back


def test_a_long_file_shows_how_far_it_is_read(terminal: Terminal) -> None:
    with progress.progress_bar(200, terminal) as tell:
        for done in (50, 100, 200):
            tell("products.csv: reading", done)
    assert any(line.startswith("products.csv: reading ━") for line in terminal.lines())


@pytest.mark.parametrize("words", [("-q",), ()])
def test_no_progress_bar_without_a_terminal(
    words: tuple[str, ...], store_file: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not words:
        monkeypatch.setattr(terminal, "isatty", lambda: False)
        monkeypatch.setenv("FORCE_COLOR", "1")  # as services that run CI do: Rich then draws into a pipe, too
    seen(terminal, store_file, "config", "apply", "changes.csv", *words)
    assert terminal.getvalue() == ("" if words else "1 row applied\n")


def test_no_progress_bar_for_short_work(store_file: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LONG_WORK", 60)
    seen(terminal, store_file, "config", "apply", "changes.csv")
    assert terminal.getvalue() == "1 row applied\n"
