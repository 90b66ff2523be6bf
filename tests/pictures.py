"""The pictures of the README: `python tests/pictures.py STORE`, with the extra `browser` and Chromium.

`docs/report.svg` is what a terminal of 80 columns shows of `backorderctl report`, `docs/report.png` the upper part of
the page that the same command writes with `-o html`.
"""

import os
import pty
import re
import subprocess
import sys
import tempfile
from contextlib import suppress
from io import StringIO
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.text import Text

DOCS = Path(__file__).parent.parent / "docs"
COLUMNS = 80


def main() -> None:
    store = Path(sys.argv[1])
    command = ("report", "-f", store.name)
    (DOCS / "report.svg").write_text(terminal_picture(command, store.parent), encoding="utf-8")
    page_picture(command, store.parent, DOCS / "report.png")


def terminal_picture(command: tuple[str, ...], folder: Path) -> str:
    """A command and what it shows on a terminal, as an SVG that asks for no font from the network."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text(f"$ backorderctl {' '.join(command)}", style="bold green"))
    console.print(Text.from_ansi(on_a_terminal(command, folder)), end="")
    return re.sub(r"@font-face \{.*?\}\n*", "", console.export_svg(title="backorderctl report"), flags=re.DOTALL)


def on_a_terminal(command: tuple[str, ...], folder: Path) -> str:
    """What the command prints on a terminal of so many columns, with its colours."""
    screen, terminal = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    words = [sys.executable, "-m", "backorderctl", *command]
    shown = b""
    with subprocess.Popen(words, cwd=folder, env=environment, stdout=terminal):
        os.close(terminal)
        with suppress(OSError):  # how Linux reports that the terminal is closed
            while chunk := os.read(screen, 1 << 16):
                shown += chunk
    os.close(screen)
    return shown.decode().replace("\r\n", "\n")


def page_picture(command: tuple[str, ...], folder: Path, picture: Path) -> None:
    """The upper part of the page, as a browser shows it."""
    words = [sys.executable, "-m", "backorderctl", *command, "-o", "html"]
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as driver:
        page = Path(scratch) / "report.html"
        page.write_bytes(subprocess.run(words, cwd=folder, check=True, stdout=subprocess.PIPE).stdout)
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        shown = browser.new_page(viewport={"width": 1000, "height": 1020}, color_scheme="light")
        shown.goto(page.as_uri())
        shown.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    main()
