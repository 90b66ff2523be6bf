"""The recipes for CI, tried in real git repositories: the shell lines, the workflow and the hook of docs/ci.md."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import git
from pages import ROOT, block

CLEAN = 'version = 1\n\n[sources.main]\n\n[products."24-MB01".sources.main]\nquantity = 5\n'
PROMISE = '[[test]]\nname = "a limit"\nmatch = "*"\nexpect = { unlimited = false }\n'
ENVIRONMENT = {
    "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
    "LC_ALL": "C.UTF-8",
    "BACKORDERCTL_FILE": "store.toml",
}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of a shop's repository, on a branch of its own."""
    origin = tmp_path / "origin"
    origin.mkdir()
    git(origin, "init", "-q", "-b", "main")
    (origin / "store.toml").write_text(CLEAN)
    (origin / "store.test.toml").write_text(PROMISE)
    git(origin, "add", ".")
    git(origin, "commit", "-qm", "one")
    git(tmp_path, "clone", "-q", str(origin), "clone")
    git(tmp_path / "clone", "checkout", "-qb", "change")
    return tmp_path / "clone"


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )


def workflow_lines() -> list[str]:
    """The commands of this program that the workflow runs."""
    return re.findall(r"run: (backorderctl .*)", block("docs/ci.md", "workflow"))


def test_the_workflow_passes_on_a_clean_store_and_shows_no_change(clone: Path) -> None:
    ran = [shell(line, clone) for line in workflow_lines()]
    assert [each.returncode for each in ran] == [0, 0, 0, 0]
    assert ran[-1].stdout == "no effective change\n"
    assert '"version": "2.1.0"' in (clone / "findings.sarif").read_text()
    assert 'failures="0"' in (clone / "policy-tests.xml").read_text()


def test_the_workflow_annotates_what_is_wrong(clone: Path) -> None:
    (clone / "store.toml").write_text(CLEAN + "backorders = 'allow'\n")
    check, test, sarif, diff = (shell(line, clone) for line in workflow_lines())
    assert (check.returncode, test.returncode, sarif.returncode, diff.returncode) == (1, 1, 0, 0)
    assert 'failures="1"' in (clone / "policy-tests.xml").read_text()
    assert check.stdout.startswith("::error file=store.toml,line=7,title=BO101 ")
    assert "BO101" in (clone / "findings.sarif").read_text()
    assert diff.stdout.startswith("1 setting; 1 product: 1 becomes unlimited, 1 starts taking backorders\n")


def test_the_gitlab_job_writes_the_report_that_it_names(clone: Path) -> None:
    job = block("docs/ci.md", "gitlab")
    lines = re.findall(r"^    - (backorderctl .*)$", job, re.MULTILINE)
    assert [shell(line, clone).returncode for line in lines] == [0, 0]
    [report] = re.findall(r"junit: (.+)$", job, re.MULTILINE)
    assert (clone / report).read_text().startswith("<?xml ")


def test_the_shell_lines_pass_on_a_clean_store(clone: Path) -> None:
    ran = shell(block("docs/ci.md", "shell"), clone)
    assert (ran.returncode, ran.stdout, ran.stderr) == (
        0,
        "cannot sell ten bags\nno effective change\n",
        "no findings\n",
    )
    assert '"salable": 5' in (clone / "offer.json").read_text()
    assert (clone / "low.csv").read_text().count("\n") == 1


def test_the_shell_lines_stop_at_an_error(clone: Path) -> None:
    (clone / "store.toml").write_text(CLEAN + "backorders = 'allow'\n")
    assert shell(block("docs/ci.md", "shell"), clone).returncode == 1
    assert not (clone / "offer.json").exists()


def test_the_shell_lines_fail_when_something_changes_in_effect(clone: Path) -> None:
    (clone / "store.toml").write_text(CLEAN.replace("quantity = 5", "quantity = 4"))
    assert shell(block("docs/ci.md", "shell"), clone).returncode == 1
    assert (clone / "offer.json").exists()


def test_the_hook_checks_the_store_files_that_it_is_given(clone: Path) -> None:
    assert "- id: backorderctl-check\n" in block("docs/ci.md", "hook")
    hook = hook_named("backorderctl-check")
    assert hook["language"] == "python"
    (clone / "shop").mkdir()
    (clone / "shop" / "store.toml").write_text(CLEAN + "backorders = 'allow'\n")
    (clone / "restore.toml").write_text("")
    git(clone, "add", ".")
    files = subprocess.run(["git", "ls-files"], cwd=clone, capture_output=True, text=True, check=True).stdout.split()
    given = [name for name in files if re.search(hook["files"], name)]
    assert given == ["shop/store.toml", "store.toml"]
    ran = shell(f"{hook['entry']} {shlex.join(given)}", clone)
    assert ran.returncode == 1
    assert "shop/store.toml:7" in ran.stdout
    assert shell(f"{hook['entry']} store.toml", clone).returncode == 0


def test_the_hook_tests_the_store_when_a_toml_file_changes(clone: Path) -> None:
    assert "- id: backorderctl-test " in block("docs/ci.md", "hook")
    hook = hook_named("backorderctl-test")
    assert (hook["language"], hook["pass_filenames"]) == ("python", "false")
    assert all(re.search(hook["files"], name) for name in ("store.toml", "store.test.toml", "shops/one.toml"))
    assert shell(hook["entry"], clone).returncode == 0
    (clone / "store.toml").write_text(CLEAN + "backorders = 'allow'\n")
    assert shell(hook["entry"], clone).returncode == 1
    (clone / "store.test.toml").unlink()
    ran = shell(hook["entry"], clone)
    assert (ran.returncode, ran.stderr) == (0, "store.test.toml: no such file, so there is nothing to test\n")


def hook_named(name: str) -> dict[str, str]:
    """The keys of one hook that this repository offers."""
    [hook] = re.findall(rf"^- id: {name}\n((?:  .*\n)+)", (ROOT / ".pre-commit-hooks.yaml").read_text(), re.MULTILINE)
    return dict(re.findall(r"^  (\w+): (.*)$", hook, re.MULTILINE))
