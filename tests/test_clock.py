"""One command is about one day from start to end, however the clock moves while it runs."""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import count
from pathlib import Path
from typing import ClassVar

import pytest
from conftest import EXAMPLES, Ran, Run

import backorderctl
from backorderctl.cli import app

MIDNIGHT = datetime(2026, 12, 23, 23, 0, tzinfo=UTC)
"""The beginning of 24 December in the time zone of the example, where the shop stops taking backorders."""


class Clock(datetime):
    """A clock that moves by a step whenever it has been read."""

    first: ClassVar[datetime]
    step: ClassVar[timedelta]
    readings: ClassVar["count[int]"]

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Clock":
        moved = (cls.first + next(cls.readings) * cls.step).astimezone(tz)
        return cls(*moved.timetuple()[:6], tzinfo=tz)


COMMANDS = {
    "a list": ("product", "list"),
    "what is wrong": ("check", "--only", "policy,stock,style"),
    "several files": ("check", "store.toml", "other.toml"),
    "the agenda": ("agenda", "--until", "+20d"),
    "a report": ("report",),
    "two sides of a difference": ("diff", "other.toml", "--at-new", "+1d"),
    "the schedule": ("schedule", "list"),
    "what is past": ("schedule", "prune"),
    "policy tests": ("test", "store.test.toml"),
    "a write that is overridden": ("config", "set", "backorders", "allow"),
    "a write for some days": (
        "config",
        "set",
        "backorders",
        "no",
        "--source",
        "lyon",
        "--from",
        "today",
        "--until",
        "+1d",
    ),
    "a dry run": ("source", "disable", "lyon", "-n"),
    "an accept": ("accept", "add", "BO104", "--reason", "sold out", "--until", "today"),
    "an export": ("export", "magento", "stock-sources"),
    "a difference from Magento": ("drift", "salable.csv"),
    "quantities of any size": ("evaluate", "rows.csv", "--summary"),
}


def on_a_clock(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], step: timedelta
) -> tuple[Ran, int, bytes]:
    """What a command says that begins a second before midnight, how often it reads the clock, and the file after."""
    for name in ("store.toml", "other.toml"):
        (folder / name).write_bytes((EXAMPLES / "christmas.toml").read_bytes())
    test = '[[test]]\nname = "salable"\nmatch = "*"\nexpect = { salable = { min = 50 } }\n'
    (folder / "store.test.toml").write_text(test, encoding="utf-8")
    (folder / "salable.csv").write_text("sku,qty,is_salable\n24-MB01,75,1\n", encoding="utf-8")
    (folder / "rows.csv").write_text("source_code,sku,quantity\nberlin,24-MB01,25\nlyon,24-MB02,4\n", encoding="utf-8")
    readings = count()
    clock = type("Clock", (Clock,), {"first": MIDNIGHT - timedelta(seconds=1), "step": step, "readings": readings})
    with monkeypatch.context() as patched:
        patched.setattr(app, "datetime", clock)
        ran = run(*words)
    return ran, next(readings), (folder / "store.toml").read_bytes()


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_a_command_is_about_the_day_on_which_it_began(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """The clock stands, then passes midnight and goes back a day: the command says the same and reads it once."""
    still, forward, back = (
        on_a_clock(run, folder, monkeypatch, words, step)
        for step in (timedelta(0), timedelta(days=1), timedelta(days=-1))
    )
    assert still == forward == back
    assert still[0].status in (0, 1)
    assert still[1] == 1


def test_midnight_is_another_day(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without this, the clock could stand without any effect."""
    before, _, _ = on_a_clock(run, folder, monkeypatch, ("product", "list"), timedelta(0))
    monkeypatch.setattr("test_clock.MIDNIGHT", MIDNIGHT + timedelta(seconds=1))
    after, _, _ = on_a_clock(run, folder, monkeypatch, ("product", "list"), timedelta(0))
    assert before.out != after.out


def test_the_clock_is_read_in_one_place_for_commands_and_one_for_callers_from_python() -> None:
    readers = re.compile(r"\b(?:now|utcnow|today|time|localtime|gmtime|fromtimestamp)\(\)|datetime\.now\(")
    package = Path(backorderctl.__file__).parent
    found = [
        (path.relative_to(package).as_posix(), line.strip())
        for path in package.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if readers.search(line) and not line.lstrip().startswith("def ")
    ]
    assert sorted(found) == [
        ("cli/app.py", "return datetime.now(UTC)"),
        ("library.py", "return local_day(datetime.now(UTC), file.timezone)"),
    ]


@pytest.mark.parametrize("package", [True, False], ids=["with the package tzdata", "without it"])
def test_time_zones_where_the_system_has_none(folder: Path, package: bool) -> None:
    """tzdata is a dependency for such systems; where even that was left out, the message says what to install."""
    (folder / "store.toml").write_bytes((EXAMPLES / "christmas.toml").read_bytes())
    code = "import sys\nif sys.argv.pop(1) == 'False': sys.modules['tzdata'] = None\n"
    code += "from backorderctl.cli import run\nrun()"
    words = ("config", "get", "backorders", "--product", "24-MB01", "--at", "2026-12-24")
    ran = subprocess.run(
        [sys.executable, "-c", code, str(package), *words], env={"PYTHONTZPATH": ""}, capture_output=True, text=True
    )
    expected = "expected a system with time zones or the Python package tzdata, got neither"
    refused = f"Error: store.toml:3: timezone: {expected}\n"
    assert (ran.returncode, ran.stdout, ran.stderr) == ((0, "no\n", "") if package else (2, "", refused))
