"""`log` and `blame`: what each commit changed in effect, and which one put a value in force."""

import json
import os
import re
import subprocess
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from conftest import Run, git
from stores import seeded_stores, toml_text

from backorderctl.files.git_history import Version, blobs, history_of
from backorderctl.policy import history
from backorderctl.policy.compare import compare
from backorderctl.policy.history import StoreVersions
from backorderctl.policy.viewpoints import all_in_force
from backorderctl.store.load import load_bytes
from backorderctl.store.model import Place, StoreFile
from backorderctl.store.settings import Scope

FIRST = """version = 1
[global]
backorders = "notify"
out_of_stock_threshold = -50
[sources.main]
[products.A]
name = "Bag"
[products.A.sources.main]
quantity = 25
"""


@pytest.fixture
def repository(folder: Path) -> Path:
    git(folder, "init", "-q", "-b", "main")
    return folder


def commit(folder: Path, text: str | None, subject: str, *, day: str = "2026-11-02T10:00:00+01:00", **env: str) -> None:
    """Commit all that is there, with `text` as the store file."""
    if text is not None:
        (folder / "store.toml").write_text(text)
    git(folder, "add", "-A")
    environment = {"GIT_COMMITTER_DATE": day, "GIT_AUTHOR_DATE": day, **env}
    os.environ.update(environment)
    try:
        git(folder, "commit", "-q", "--allow-empty", "-m", subject)
    finally:
        for name in environment:
            del os.environ[name]


def head(folder: Path, revision: str = "HEAD") -> str:
    words = ["git", "rev-parse", "--short=7", revision]
    return subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def rows(run: Run, *words: str) -> list[dict[str, Any]]:
    ran = run("log", *words, "-o", "json")
    assert ran.status == 0, ran.err
    commits: list[dict[str, Any]] = json.loads(ran.out)["commits"]
    return commits


def test_a_row_a_commit_that_changes_something_in_effect(run: Run, repository: Path) -> None:
    commit(repository, FIRST, "first")
    commit(
        repository, FIRST.replace('name = "Bag"', "out_of_stock_threshold = -40"), "lower", day="2026-11-18T10:00+01"
    )
    text = (repository / "store.toml").read_text()
    commit(repository, text + "# a remark\n", "remark", day="2026-11-19T10:00+01")
    commit(repository, text.replace('"notify"', '"no"'), "stop", day="2026-11-20T10:00+01")
    ran = run("log")
    assert ran.status == 0
    assert ran.out.splitlines() == [
        "commit   date        author  settings  products  change",
        f"{head(repository)}  2026-11-20  shop           1         1  "
        "global backorders: notify -> no; A salable 65 -> 25, 1 stops taking backorders",
        f"{head(repository, 'HEAD~2')}  2026-11-18  shop           1         1  A salable 75 -> 65 "
        "(out_of_stock_threshold not set -> -40)",
        f"{head(repository, 'HEAD~3')}  2026-11-02  shop           3         1  first version: 1 product",
    ]
    assert ran.err == "1 more commit changed nothing in effect\n"
    document = json.loads(run("log", "-o", "json").out)
    assert document["text_only"] == 1
    assert document["commits"][0]["settings"][0]["new"] == "no"
    assert run("log", "-o", "csv").out.splitlines()[1].endswith(",stop,setting,,global,,,,backorders,notify,no")
    assert [row["subject"] for row in rows(run, "--limit", "2")] == ["stop", "lower"]


def test_an_invalid_version_is_a_row_and_passed_over(run: Run, repository: Path) -> None:
    commit(repository, FIRST, "first")
    commit(repository, "version = 2\n", "broken")
    commit(repository, FIRST.replace("-50", "-49"), "mended")
    found = rows(run)
    assert [(row["subject"], row["error"]) for row in found] == [
        ("mended", None),
        ("broken", "store.toml:1: version: expected 1, got 2"),
        ("first", None),
    ]
    assert [(change["old"], change["new"]) for change in found[0]["settings"]] == [(-50, -49)]


def test_the_first_version_may_be_invalid(run: Run, repository: Path) -> None:
    commit(repository, "version = 2\n", "broken")
    commit(repository, FIRST, "first")
    found = rows(run)
    assert [row["subject"] for row in found] == ["first", "broken"]
    assert found[0]["products"] == [
        {"sku": "A", "stock": None, "field": "product", "old": None, "new": "added", "source": None}
    ]


def test_a_renamed_file_is_followed_and_a_copied_one_is_not(run: Run, repository: Path) -> None:
    commit(repository, FIRST, "first")
    (repository / "store.toml").rename(repository / "shop.toml")
    commit(repository, None, "rename")
    commit(repository, None, "empty")
    (repository / "copy.toml").write_text((repository / "shop.toml").read_text())
    commit(repository, None, "copy")
    assert [row["subject"] for row in rows(run, "-f", "shop.toml")] == ["first"]
    assert json.loads(run("log", "-f", "shop.toml", "-o", "json").out)["text_only"] == 1
    assert [row["subject"] for row in rows(run, "-f", "copy.toml")] == ["copy"]


def test_a_file_that_replaces_another_says_where_to_look(run: Run, repository: Path) -> None:
    (repository / "old.toml").write_text("version = 1\n")
    commit(repository, None, "old")
    (repository / "old.toml").unlink()
    commit(repository, FIRST + "\n# " + "x" * 900, "new")
    name = head(repository)
    ran = run("log")
    assert ran.err == f"the history ends at {name}, which also removed git:{name}~1:old.toml\n"
    assert run("log", "-q").err == ""


def test_a_file_that_was_removed_begins_anew(run: Run, repository: Path) -> None:
    commit(repository, FIRST, "first")
    (repository / "store.toml").unlink()
    commit(repository, None, "removed")
    assert run("log") == (2, "", "Error: store.toml: is not in HEAD\n")
    assert [row["subject"] for row in rows(run, "-f", "git:HEAD~1")] == ["first"]
    commit(repository, FIRST, "again")
    assert [row["subject"] for row in rows(run)] == ["again"]


def test_a_merged_branch_is_one_step(run: Run, repository: Path) -> None:
    commit(repository, FIRST, "first")
    git(repository, "checkout", "-qb", "branch")
    commit(repository, FIRST.replace("-50", "-49"), "one")
    commit(repository, FIRST.replace("-50", "-48"), "two")
    git(repository, "checkout", "-q", "main")
    (repository / "other").write_text("")
    commit(repository, None, "elsewhere")
    git(repository, "merge", "-q", "--no-ff", "-m", "merge", "branch")
    merged, first = rows(run)
    assert (merged["subject"], first["subject"]) == ("merge", "first")
    names = [name[:7] for name in merged["branch"]]
    assert names == [head(repository, "branch"), head(repository, "branch~1")]
    assert first["branch"] == []
    assert [(change["old"], change["new"]) for change in merged["settings"]] == [(-50, -48)]


def test_a_day_is_that_of_the_stores_time_zone_or_of_the_commit(run: Run, repository: Path) -> None:
    commit(repository, FIRST, "own offset", day="2026-11-02T23:30:00-08:00")
    zoned = FIRST.replace("version = 1", 'version = 1\ntimezone = "Europe/Berlin"')
    commit(repository, zoned.replace("-50", "-49"), "zone", day="2026-11-02T23:30:00-08:00")
    assert [row["date"] for row in rows(run)] == ["2026-11-03", "2026-11-02"]


def test_since_and_until_name_the_first_instant_of_a_day_or_a_revision(run: Run, repository: Path) -> None:
    for number, day in enumerate(("01", "02", "03", "04")):
        commit(repository, FIRST.replace("-50", f"-{40 + number}"), day, day=f"2026-11-{day}T00:00:00+00:00")
    assert [row["subject"] for row in rows(run, "--since", "2026-11-02")] == ["04", "03", "02"]
    assert [row["subject"] for row in rows(run, "--until", "2026-11-03")] == ["02", "01"]
    assert [row["subject"] for row in rows(run, "--since", "git:HEAD~2", "--until", "git:HEAD~1")] == ["03"]
    assert [row["subject"] for row in rows(run, "--since", "2020-01-01")] == ["04", "03", "02", "01"]
    assert rows(run, "--since", "2027-01-01") == []
    message = "Error: --until: expected a later day, got '2020-01-01': the first commit is younger\n"
    assert run("log", "--until", "2020-01-01") == (2, "", message)
    assert run("log", "--since", "yesterday").status == 2


def test_a_skewed_clock_ends_a_range_where_it_is_first_before_the_day(run: Run, repository: Path) -> None:
    commit(repository, FIRST, "first", day="2026-11-05T00:00:00+00:00")
    (repository / "other").write_text("")
    commit(repository, None, "skewed", day="2026-10-01T00:00:00+00:00")
    commit(repository, FIRST.replace("-50", "-49"), "second", day="2026-11-06T00:00:00+00:00")
    assert [row["subject"] for row in rows(run, "--since", "2026-11-04")] == ["second"]


def test_one_product_has_the_steps_that_change_it_and_their_causes(run: Run, repository: Path) -> None:
    two = FIRST + "[products.B]\nout_of_stock_threshold = -5\n[products.B.sources.main]\nquantity = 3\n"
    commit(repository, two, "first")
    commit(repository, two.replace("-50", "-49"), "global")
    commit(repository, two.replace("-50", "-49").replace("-5\n", "-4\n"), "B")
    later = '[[schedule]]\nfrom = 2026-12-24\nproduct = "A"\nreason = "x"\nbackorders = "no"\n'
    commit(repository, (repository / "store.toml").read_text() + later, "plan")
    found = rows(run, "--product", "A")
    assert [row["subject"] for row in found] == ["plan", "global", "first"]
    assert found[1]["settings"] == [
        {"scope": "global", "stock": None, "source": None, "product": None, "key": "out_of_stock_threshold",
         "old": -50, "new": -49},
    ]  # fmt: skip
    assert {product["sku"] for row in found for product in row["products"]} == {"A"}
    assert [row["subject"] for row in rows(run, "--product", "B")] == ["B", "first"]
    assert (
        run("log", "--product", "A")
        .out.splitlines()[1]
        .endswith("schedule: product A backorders no, from 2026-12-24; A then")
    )


def test_a_shallow_clone_says_where_its_history_ends(
    run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        commit(repository, FIRST.replace("-50", f"-{40 + number}"), str(number))
    git(repository, "clone", "-q", "--depth", "2", f"file://{repository}", "shallow")
    monkeypatch.chdir(repository / "shallow")
    ran = run("log")
    assert [line.split()[0] for line in ran.out.splitlines()[1:]] == [head(repository)]
    assert ran.err == f"the history ends at {head(repository, 'HEAD~1')}: this clone is shallow\n"


def test_content_that_a_partial_clone_lacks_is_an_error(
    run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repository, FIRST, "first")
    commit(repository, FIRST.replace("-50", "-49"), "second")
    git(repository, "config", "uploadpack.allowFilter", "true")
    git(repository, "clone", "-q", "--filter=blob:none", f"file://{repository}", "partial")
    (repository / ".git").rename(repository / "gone")
    monkeypatch.chdir(repository / "partial")
    ran = run("log")
    assert (ran.status, ran.out) == (2, "")
    assert re.search(
        r": this clone is partial and lacks the content of the file \(blob [0-9a-f]{7}\)\nHint: git fetch --refetch",
        ran.err,
    )


def test_where_there_is_no_history(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(folder.parent))
    (folder / "store.toml").write_text(FIRST)
    assert run("log") == (2, "", "Error: store.toml: expected a file in a git repository, got one in none\n")
    git(folder, "init", "-q", "-b", "main")
    assert run("log") == (2, "", "Error: git:HEAD: git knows no such commit\n")
    assert run("log", "-f", "-") == (2, "", "Error: -f: expected a file in a git repository, got standard input\n")
    assert run("blame", "-f", "-").status == 2


def test_blame_names_the_commit_that_put_each_value_in_force(run: Run, repository: Path) -> None:
    own = FIRST.replace('name = "Bag"', 'name = "Bag"\nout_of_stock_threshold = -50')
    commit(repository, own, "first")
    commit(repository, FIRST, "own value removed")
    commit(repository, FIRST + "# remark\n", "remark")
    (repository / "store.toml").write_text(FIRST.replace('"notify"', '"allow"'))
    found = json.loads(run("blame", "--product", "A", "-o", "json").out)["values"]
    subjects = {row["key"]: row["subject"] for row in found}
    assert subjects["out_of_stock_threshold"] == "own value removed"
    assert subjects["backorders"] is None
    assert subjects["manage_stock"] == "first"
    assert "not committed" in run("blame", "backorders").out


@pytest.mark.parametrize("seed", range(12))
def test_random_histories_add_up_and_blame_is_that_of_a_slow_version(
    seed: int, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Edits in effect and of text alone, invalid states, renames, copies, merges, and skewed clocks."""
    git(folder, "init", "-q", "-b", "main")
    name = _random_history(folder, Random(seed))
    walk = history_of(name, default_path=name)
    with blobs(walk.folder) as contents:
        versions = list(walk.versions())
        stores = [_store(version, contents.content(str(version.blob), "x")) for version in versions]
        steps = list(history.steps(iter(versions), StoreVersions(contents), inside=walk.names_since(None)))
    assert [step.version for step in steps] == versions
    assert [step.difference is None for step in steps] == [store is None for store in stores]
    valid = [store for store in stores if store is not None]
    day = date(2026, 12, 1)
    pairs = zip(valid, [*valid[1:], load_bytes(b"version = 1\n", "")], strict=True)
    assert [step.difference for step in steps if step.difference is not None] == [
        compare(old, new, old_day=step_day, new_day=step_day)
        for (new, old), step_day in zip(pairs, (step.day for step in steps if step.difference is not None), strict=True)
    ]
    newest = valid[0]
    for place in (Place(Scope.GLOBAL), *(Place(Scope.PRODUCT, product=sku) for sku in newest.products)):
        with blobs(walk.folder) as contents:
            fast = list(history.blame(newest, walk.versions(), StoreVersions(contents), place, day=day))
        assert {(row.seen.value.key, row.seen.stock, row.seen.source): row.version for row in fast} == _slow_blame(
            versions, stores, place, day
        )


def _slow_blame(
    versions: list[Version], stores: list[StoreFile | None], place: Place, day: date
) -> dict[tuple[str, str | None, str | None], Version]:
    """Every file evaluated whole on that day, from the oldest to the newest."""
    last: dict[tuple[str, str | None, str | None], tuple[object, Version]] = {}
    for version, store in reversed(list(zip(versions, stores, strict=True))):
        if store is None:
            continue
        now = {}
        if place.product is None or place.product in store.products:
            for seen in all_in_force(store.on(day), place):
                pair = (seen.value.value, seen.value.origin)
                key = (seen.value.key, seen.stock, seen.source)
                now[key] = last[key] if key in last and last[key][0] == pair else (pair, version)
        last = now
    return {key: version for key, (_, version) in last.items()}


def _store(version: Version, content: bytes) -> StoreFile | None:
    try:
        return load_bytes(content, version.path)
    except Exception:
        return None


def _random_history(folder: Path, random: Random) -> str:
    """Commits of random stores; the name of the file at the end."""
    name = "store.toml"
    states = list(seeded_stores(4, random.randrange(1 << 30)))
    when = datetime.fromisoformat("2026-06-01T12:00:00+00:00")
    for number in range(random.randrange(5, 14)):
        when += timedelta(hours=random.choice((-30, 5, 40)))
        day = f"{when:%Y-%m-%dT%H:%M:%S}{random.choice(('+00:00', '-11:00', '+14:00'))}"
        kind = (
            random.choice(("edit", "edit", "edit", "text", "invalid", "rename", "copy", "merge")) if number else "edit"
        )
        path = folder / name
        match kind:
            case "edit":
                path.write_text(toml_text(random.choice(states)))
            case "text":
                path.write_text(path.read_text() + "\n# remark\n")
            case "invalid":
                path.write_text("version = 2\n")
            case "rename":
                name = f"store{number}.toml"
                path.rename(folder / name)
            case "copy":
                (folder / f"copy{number}.toml").write_text(path.read_text())
            case "merge":
                git(folder, "checkout", "-qb", f"branch{number}")
                path.write_text(toml_text(random.choice(states)))
                commit(folder, None, "on a branch", day=day)
                git(folder, "checkout", "-q", "main")
                (folder / f"other{number}").write_text("")
                commit(folder, None, "elsewhere", day=day)
                git(folder, "merge", "-q", "--no-ff", "-m", "merge", f"branch{number}")
                continue
        commit(folder, None, kind, day=day)
    path = folder / name
    path.write_text(toml_text(states[0]))
    commit(folder, None, "last")
    return name


def test_odd_repositories_have_a_history_like_any_other(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Objects named by SHA-256, a second work tree, a submodule, and a name with blanks, quotes and line ends."""
    git(folder, "init", "-q", "-b", "main", "--object-format=sha256", "long")
    commit(folder / "long", FIRST, "first")
    monkeypatch.chdir(folder / "long")
    assert [row["subject"] for row in rows(run)] == ["first"]
    git(folder / "long", "worktree", "add", "-q", "../second", "-b", "second")
    monkeypatch.chdir(folder / "second")
    commit(folder / "second", FIRST.replace("-50", "-49"), "in a work tree")
    assert [row["subject"] for row in rows(run)] == ["in a work tree", "first"]
    git(folder, "init", "-q", "-b", "main", "inner")
    commit(folder / "inner", FIRST, "inner")
    git(folder, "init", "-q", "-b", "main", "outer")
    git(folder / "outer", "-c", "protocol.file.allow=always", "submodule", "add", "-q", "../inner", "shop")
    commit(folder / "outer", None, "outer")
    monkeypatch.chdir(folder / "outer" / "shop")
    assert [row["subject"] for row in rows(run)] == ["inner"]
    monkeypatch.chdir(folder / "inner")
    name = "a 'shop'\nof \"two\" lines.toml"
    (folder / "inner" / name).write_text(FIRST)
    commit(folder / "inner", None, "odd name")
    assert [row["subject"] for row in rows(run, "-f", name)] == ["odd name"]
    (folder / "inner" / "below").mkdir()
    monkeypatch.chdir(folder / "inner" / "below")
    assert [row["subject"] for row in rows(run, "-f", "../store.toml")] == ["inner"]


def test_commits_that_do_not_touch_the_file_are_not_looked_at(run: Run, repository: Path) -> None:
    commit(repository, FIRST, "first")
    commits = "".join(
        f"commit refs/heads/main\ncommitter shop <shop@example.com> {1_800_000_000 + number} +0000\ndata 1\nx\n"
        + ("from refs/heads/main^0\n" if number == 0 else "")
        for number in range(3000)
    )
    subprocess.run(["git", "fast-import", "--quiet"], cwd=repository, input=commits, text=True, check=True)
    commit(repository, FIRST.replace("-50", "-49"), "last", day="2030-01-01T00:00:00+00:00")
    assert [row["subject"] for row in rows(run)] == ["last", "first"]
    assert [row["subject"] for row in rows(run, "--since", "2027-02-01")] == ["last"]


def test_a_bare_repository_inside_another_one_configures_nothing(
    run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repository, FIRST, "first")
    git(repository, "init", "-q", "--bare", "trap")
    (repository / "trap" / "store.toml").write_text(FIRST)
    monkeypatch.chdir(repository / "trap")
    ran = run("log")
    assert (ran.status, ran.out) == (2, "")
