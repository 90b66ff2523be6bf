"""A setting is one row of the table: with that row alone, every command, import and export knows the setting."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from conftest import Ran

import backorderctl
from backorderctl.cli.app import app
from backorderctl.store.settings import Backorders

STORE = """version = 1

[global]
backorders = "notify"
safety_days = 3

[stocks.eu]
sources = ["main"]

[sources.main]
safety_days = 4

[products.A]
safety_days = -5.5
express = false

[products.A.sources.main]
quantity = 3

[products.B]
"""
ROWS = """    for row in (
        BACKORDERS, THRESHOLD, NOTIFY_BELOW, ONLY_X_LEFT, MANAGE_STOCK,
        Setting("safety_days", "Safety Days", number_kind(), Decimal(2), EVERYWHERE,
                "cataloginventory/item_options/safety_days", "safety_days", "use_config_safety_days",
                "safety_days", "made up"),
        Setting("express", "Express", BOOLEAN_KIND, True, WHOLE_PRODUCT,
                "cataloginventory/item_options/express", "express", "use_config_express", "express", "made up"),
        Setting("late_orders", "Late Orders", BACKORDERS_KIND, Backorders.ALLOW, EVERYWHERE,
                "cataloginventory/item_options/late_orders", "late_orders", "use_config_late_orders",
                "late_orders", "made up"),
    )
"""
OLD_ROWS = "row.key: row for row in (BACKORDERS, THRESHOLD, NOTIFY_BELOW, ONLY_X_LEFT, MANAGE_STOCK)"

COMMANDS = {
    "init": "init -f new.toml",
    "config set": "config set safety_days=7 late_orders=notify --product A",
    "config apply": "config apply changes.csv",
    "config unset": "config unset safety_days",
    "config get": "config get safety-days --product A",
    "config list": "config list -o json",
    "config explain": "config explain safety_days --product A",
    "config keys": "config keys",
    "source list": "source list",
    "source show": "source show main",
    "source add": "source add lyon",
    "source set": "source set main --name Main",
    "source remove": "source remove main --cascade",
    "source enable": "source enable main",
    "source disable": "source disable main",
    "stock list": "stock list",
    "stock show": "stock show eu",
    "stock add": "stock add us",
    "stock set": "stock set eu --name Europe",
    "stock remove": "stock remove eu",
    "stock link": "stock link eu main",
    "stock unlink": "stock unlink eu main",
    "product list": "product list --by-source",
    "product show": "product show A",
    "product explain": "product explain A",
    "product add": "product add C",
    "product set": "product set A --name Bag",
    "product remove": "product remove A",
    "product assign": "product assign B main --quantity 2",
    "product unassign": "product unassign A main",
    "product reserve": "product reserve A 2",
    "order check": "order check A 2",
    "order simulate": "order simulate A",
    "schedule list": "config set safety_days 7 --until 2099-12-31 && schedule list -o csv",
    "schedule remove": "config unset late_orders --product A --from 2099-12-31 && schedule remove 1",
    "schedule prune": "schedule prune",
    "agenda": "config set safety_days 7 --from +3d && agenda",
    "check": "check",
    "accept add": "accept add BO101 --product A --reason tried",
    "accept list": "accept list",
    "accept remove": "accept add BO101 --reason tried && accept remove 1",
    "diff": "diff store.toml store.toml",
    "report": "report",
    "evaluate": "evaluate live.csv --allow-missing --to answers.csv --summary",
    "drift": "drift salable.csv --stock eu",
    "test": "test",
    "import magento": "import magento --products products.csv --config config.csv --take-policy",
    "export sql": "export sql --dialect duckdb --to sql",
    "export magento config": "export magento config",
    "export magento products": "export magento products --assume-defaults",
    "export magento all": "export magento all --to out --assume-defaults",
    "export magento stock-sources": "export magento stock-sources",
    "export magento low-quantity": "export magento low-quantity",
    "export csv": "export csv",
    "schema": "schema",
}
DRIVER = """
import contextlib, io, json, os, pathlib, sys, tempfile
from backorderctl.cli import main
files, lines = json.load(sys.stdin)
answers = []
for line in lines:
    os.chdir(tempfile.mkdtemp(dir=sys.argv[1]))
    for name, text in files.items():
        pathlib.Path(name).write_text(text)
    out, err = (io.TextIOWrapper(io.BytesIO(), write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = [main(words.split()) for words in line.split(" && ")][-1]
    answers.append((status, *(stream.buffer.getvalue().decode() for stream in (out, err))))
sys.__stdout__.write(json.dumps(answers))
"""
FILES = {
    "live.csv": "source_code,sku,quantity\nmain,A,1\n",
    "salable.csv": "sku,qty,is_salable\nA,1,1\n",
    "store.toml": STORE,
    "store.test.toml": '[[test]]\nname = "days"\nproduct = "A"\nexpect = { safety_days = -5.5, express = false }\n',
    "changes.csv": "product,source,key,value\nB,,safety_days,9\nA,main,late_orders,1\n",
    "products.csv": "sku,safety_days,use_config_safety_days,express,late_orders\nB,6.0000,0,1,2\nA,8,1,,\n",
    "config.csv": "path,value\ncataloginventory/item_options/safety_days,12\n",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package whose table of settings has three more rows."""
    copy = tmp_path / "package" / "backorderctl"
    shutil.copytree(Path(backorderctl.__file__).parent, copy)
    table = copy / "store" / "settings.py"
    source = table.read_text(encoding="utf-8")
    assert source.count(OLD_ROWS) == 1
    table.write_text(source.replace(OLD_ROWS, f"row.key: row\n{ROWS}"), encoding="utf-8")
    return copy.parent


def answers(package: Path, *lines: str) -> list[Ran]:
    """What each command line gives in a folder of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BACKORDERCTL")}
    ran = subprocess.run(
        [sys.executable, "-c", DRIVER, str(package)],
        cwd=package,
        env=environment,
        input=json.dumps((FILES, lines)),
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return [Ran(*answer) for answer in json.loads(ran.stdout)]


def leaves(words: str, command: Any) -> Iterator[str]:
    verbs = getattr(command, "commands", {})
    for verb, inner in verbs.items():
        yield from leaves(f"{words} {verb}".strip(), inner)
    if not verbs:
        yield words


def test_every_command_is_tried() -> None:
    needing_a_repository = {"log", "blame"}  # which show what `diff` and `config list` do
    assert {*COMMANDS} | needing_a_repository == {*leaves("", typer.main.get_command(app))}


def test_every_command_runs_with_a_new_setting(package: Path) -> None:
    for line, ran in zip(COMMANDS.values(), answers(package, *COMMANDS.values()), strict=True):
        assert ran.status in (0, 1), (line, ran.err)
        assert not ran.err.startswith("Error"), (line, ran.err)


def test_a_new_setting_is_read_exported_and_imported(package: Path) -> None:
    read = "import magento --products products.csv --config config.csv --take-policy -q && config get "
    assert [ran.out for ran in answers(
        package,
        "config get safety_days --product A",
        "config get safety_days --product A --source main",
        "config get late_orders --product A",
        f"{read} safety_days --product B",
        f"{read} safety_days",
        f"{read} late_orders --product B",
    )] == ["-5.5\n", "-5.5\n", "allow\n", "6\n", "12\n", "notify\n"]  # fmt: skip
    exported, schema, table = answers(package, "export magento products --assume-defaults", "schema", "export csv")
    rows = {row["sku"]: row for row in csv.DictReader(io.StringIO(exported.out))}
    columns = ("safety_days", "use_config_safety_days", "express", "use_config_express", "late_orders")
    assert [rows["A"][name] for name in columns] == [" -5.5000", "0", "0", "0", "1"]
    assert [rows["B"][name] for name in columns] == ["3.0000", "1", "1", "1", "1"]
    assert json.loads(schema.out)["properties"]["global"]["properties"]["late_orders"]["enum"] == list(Backorders)
    assert ",,,safety_days,3\n" in table.out
