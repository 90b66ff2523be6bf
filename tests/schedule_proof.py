"""Every command on a day, against the file that somebody has edited by hand for that day.

`python tests/schedule_proof.py [COUNT]` compares so many random stores and days, 10,000 unless told otherwise. Left out
are the commands that show the text of the file: check, agenda, schedule, export csv, and config with --all or --own.
"""

import csv
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Collection, Sequence
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
    "source show -o json -- {source}",
    "stock show -o json -- {stock}",
    "config get -o json backorders",
    "config get -o json notify_for_quantity_below --source={source}",
    "config get -o json out_of_stock_threshold --product={sku}",
    "config explain -o json backorders --product={sku}",
    "config explain -o json manage_stock --product={sku}",
    "order check -o json -- {sku} 7",
    "order simulate -o json -- {sku}",
    "report -o json",
    "diff -o json {plain} {file}",
    "test -o json {tests}",
    "drift -o json --stock={stock} {salable}",
    "export magento products --approximate safe",
    "export magento low-quantity",
    "export magento stock-sources",
    "export magento config --format json",
    "export magento all --approximate safe --to {to}",
    "export sql --dialect duckdb --to {to}",
)
SLOW_COMMANDS = ("evaluate -o json --summary --to {to}.csv {rows}",)
SLOW = 10
"""Commands that start an engine are compared for one store in so many."""
OF_THE_TEXT = {"report": ("agenda", "findings"), "diff": ("settings", "unreached")}
"""What of a command's answer is about the text of the file: its entries, and what is written in it."""
PROGRAM = typer.main.get_command(app)
SCHEDULE_ONLY = "as of "
"""How the line begins that only a file with a schedule has on stderr."""


class Answer(NamedTuple):
    """What a command line gave and wrote, without the lines of the file and its schedule."""

    status: int
    out: Any
    err: str
    files: dict[str, str]


class Files(NamedTuple):
    """The files that commands read beside the store, and where they write."""

    plain: Path
    rows: Path
    salable: Path
    tests: Path
    to: Path


def compare(count: int, seed: int, folder: Path) -> int:
    """Compare every command on so many random stores and days; how many answers were compared. AssertionError with
    the store when two differ."""
    random = Random(seed)
    scheduled, edited = folder / "scheduled.toml", folder / "edited.toml"
    files = Files(*(folder / name for name in ("plain.toml", "rows.csv", "salable.csv", "store.test.toml", "to")))
    compared = 0
    for number, plain in enumerate(seeded_stores(count, seed=seed)):
        data = with_schedule(plain, random)
        day = FIRST + timedelta(days=random.randrange(-1, DAYS + 2))
        scheduled.write_text(text_of(data), encoding="utf-8")
        edited.write_text(text_of(by_hand(data, day)), encoding="utf-8")
        write_files(files, plain, day, random)
        names = {**names_in(plain), **{name: str(path) for name, path in files._asdict().items()}}
        for command in COMMANDS if number % SLOW else (*COMMANDS, *SLOW_COMMANDS):
            ours, by_editing = (answer(command, names, file, day) for file in (scheduled, edited))
            assert ours == by_editing, f"{command} --at {day}\n{text_of(data)}\n{ours}\n{by_editing}"
            compared += 1
        if number % 1_000 == 999:
            print(f"{number + 1:,} stores: {compared:,} answers", file=sys.stderr, flush=True)
    return compared


def names_in(plain: dict[str, Any]) -> dict[str, str]:
    """A product, source and stock of the store."""
    default = {"default": None}
    return {
        "sku": next(iter(plain["products"])),
        "source": next(iter(plain.get("sources", default))),
        "stock": next(iter(plain.get("stocks") or default)),
    }


def write_files(files: Files, plain: dict[str, Any], day: date, random: Random) -> None:
    """Quantities, answers of Magento and a test of policy for the products of the store."""
    files.plain.write_text(text_of(plain), encoding="utf-8")
    items = [(code, sku) for sku, each in plain["products"].items() for code in each.get("sources", {})]
    with (
        files.rows.open("w", encoding="utf-8", newline="") as rows,
        files.salable.open("w", encoding="utf-8") as salable,
    ):
        writer = csv.writer(rows)
        writer.writerow(("source_code", "sku", "quantity"))
        writer.writerows((code, sku, random.choice((-5, 0, 7, 60))) for code, sku in items)
        writer = csv.writer(salable)
        writer.writerow(("sku", "qty", "is_salable"))
        writer.writerows((sku, random.choice((0, 10, 60)), random.randint(0, 1)) for sku in plain["products"])
    files.tests.write_text(
        f'[[test]]\nname = "salable"\nmatch = "*"\nat = {day}\nexpect = {{ salable = {{ min = 5, max = 60 }} }}\n',
        encoding="utf-8",
    )


def answer(command: str, names: dict[str, str], file: Path, day: date) -> Answer:
    """What the command gives for the file on the day."""
    words = [word.format(**names, file=file) for word in command.split()]
    end = words.index("--") if "--" in words else len(words)
    line = [*words[:end], "-f", str(file), "--at", str(day), *words[end:]]
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stdout(out), redirect_stderr(err):
        status = run(line)
    text = written(out).replace(str(file), "FILE")
    said = [line for line in written(err).replace(str(file), "FILE").splitlines() if not line.startswith(SCHEDULE_ONLY)]
    left_out = OF_THE_TEXT.get(words[0], ())
    document = without_places(json.loads(text), left_out) if text.startswith("{") else text
    return Answer(status, document, "\n".join(said), taken(Path(names["to"])))


def taken(to: Path) -> dict[str, str]:
    """The files that a command has written, which are gone then; the answers of `evaluate` come in no order."""
    answers = to.with_suffix(".csv")
    found = {path.name: path.read_text(encoding="utf-8") for path in to.glob("**/*") if path.is_file()}
    if answers.exists():
        found[answers.name] = "".join(sorted(answers.read_text(encoding="utf-8").splitlines(keepends=True)))
    shutil.rmtree(to, ignore_errors=True)
    answers.unlink(missing_ok=True)
    return found


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


def without_places(document: Any, left_out: Collection[str] = ()) -> Any:
    """The JSON document without where in the file any value is, and without some of its members."""
    if isinstance(document, dict):
        names = document.keys() - {"file", "line", "schedule", *left_out}
        return {key: without_places(document[key]) for key in document if key in names}
    return [without_places(value) for value in document] if isinstance(document, list) else document


if __name__ == "__main__":
    os.environ["COLUMNS"] = "80"
    with tempfile.TemporaryDirectory() as name:
        print(f"{compare(int((sys.argv[1:] or ['10000'])[0]), 14, Path(name)):,} answers are equal")
