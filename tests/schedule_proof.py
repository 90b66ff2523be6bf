"""Every command on a day, against the file that somebody has edited by hand for that day.

`python tests/schedule_proof.py [COUNT]` compares so many random stores and days, 10,000 unless told otherwise.
"""

import io
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import typer.main
from schedules import DAYS, FIRST, by_hand, text_of, with_schedule
from stores import seeded_stores

from backorderctl.cli.app import app
from backorderctl.errors import BackorderctlError

COMMANDS = (
    "product list -o json",
    "product list -o json --by-source",
    "product show -o json -- {sku}",
    "product explain -o json -- {sku}",
    "source list -o json",
    "stock list -o json",
    "config list -o json",
    "config list -o json --product={sku}",
    "config get -o json backorders",
    "config get -o json out_of_stock_threshold --product={sku}",
    "config explain -o json backorders --product={sku}",
    "config explain -o json manage_stock --product={sku}",
    "order check -o json -- {sku} 7",
    "order simulate -o json -- {sku}",
    "export magento products --approximate safe",
    "export magento low-quantity",
    "export magento stock-sources",
)
PROGRAM = typer.main.get_command(app)
SCHEDULE_ONLY = "as of "
"""How the line begins that only a file with a schedule has on stderr."""


class Answer(NamedTuple):
    """What a command line gave, without the lines of the file and its schedule."""

    status: int
    out: Any
    err: str


def compare(count: int, seed: int, folder: Path) -> int:
    """Compare every command on so many random stores and days; how many answers were compared. AssertionError with
    the store when two differ."""
    random = Random(seed)
    scheduled, edited = folder / "scheduled.toml", folder / "edited.toml"
    compared = 0
    for plain in seeded_stores(count, seed=seed):
        data = with_schedule(plain, random)
        day = FIRST + timedelta(days=random.randrange(-1, DAYS + 2))
        scheduled.write_text(text_of(data), encoding="utf-8")
        edited.write_text(text_of(by_hand(data, day)), encoding="utf-8")
        sku = next(iter(data["products"]))
        for command in COMMANDS:
            words = [word.format(sku=sku) for word in command.split()]
            ours, by_editing = answer(words, scheduled, day), answer(words, edited, day)
            assert ours == by_editing, f"{command} --at {day}\n{text_of(data)}\n{ours}\n{by_editing}"
            compared += 1
    return compared


def answer(words: Sequence[str], file: Path, day: date) -> Answer:
    """What the command gives for the file on the day."""
    end = words.index("--") if "--" in words else len(words)
    line = [*words[:end], "-f", str(file), "--at", str(day), *words[end:]]
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stdout(out), redirect_stderr(err):
        status = run(line)
    text = written(out)
    said = [line for line in written(err).replace(str(file), "FILE").splitlines() if not line.startswith(SCHEDULE_ONLY)]
    return Answer(status, without_places(json.loads(text)) if text.startswith("{") else text, "\n".join(said))


def run(line: Sequence[str]) -> int:
    """`main`, but for its building of every command anew, which would take most of the time."""
    try:
        return PROGRAM.main(list(line), standalone_mode=False) or 0
    except BackorderctlError as error:
        print(error.message, error.hint, file=sys.stderr)
        return error.status


def written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()


def without_places(document: Any) -> Any:
    """The JSON document without where in the file any value is."""
    if isinstance(document, dict):
        return {
            key: without_places(value) for key, value in document.items() if key not in ("file", "line", "schedule")
        }
    return [without_places(value) for value in document] if isinstance(document, list) else document


if __name__ == "__main__":
    os.environ["COLUMNS"] = "80"
    with tempfile.TemporaryDirectory() as name:
        print(f"{compare(int((sys.argv[1:] or ['10000'])[0]), 14, Path(name)):,} answers are equal")
