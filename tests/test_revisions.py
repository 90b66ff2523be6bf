"""A store file in a revision of git: read by every command that reads, without network, and never taken for absent."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import Ran, Run

FIRST = 'version = 1\n[global]\nbackorders = "no"\n[sources.main]\n[products.A.sources.main]\nquantity = 3\n'
SECOND = FIRST.replace("no", "allow").replace("3", "4")
CHECKS = Path(__file__).parent / "data" / "check"
READS = (
    *("agenda", "blame", "check", "config explain backorders", "config get backorders", "config list"),
    *("diff git:HEAD~1", "export csv", "export magento config", "log", "order check A 1", "order simulate A"),
    *(
        "product explain A",
        "product list",
        "product show A",
        "report",
        "schedule list",
        "source list",
        "source show main",
    ),
    *("stock list", "stock show default", "export magento all --to out", "export sql --dialect postgres --to out"),
)
WRITES = (
    *("config set backorders no", "config set backorders no -n", "config unset backorders", "init", "init --force"),
    *("product add B", "source add berlin", "stock add eu", "schedule prune", "accept add BO101 --reason x"),
    *("config apply changes.csv", "import magento --products products.csv"),
)


def git(*words: str) -> str:
    identity = ("-c", "user.name=shop", "-c", "user.email=shop@example.com", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *identity, *words], check=True, capture_output=True, text=True).stdout


def commit(text: str, name: str = "store.toml") -> None:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(text)
    git("add", name)
    git("commit", "-qm", "x")


@pytest.fixture
def repository(folder: Path) -> Path:
    """Two commits of a store file, and a third version that is not committed."""
    git("init", "-q", "-b", "main")
    git("config", "uploadpack.allowFilter", "true")
    commit(FIRST)
    commit(SECOND)
    Path("store.toml").write_text("not TOML")
    return folder


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("words", READS)
def test_a_command_that_reads_takes_a_revision(run: Run, words: str) -> None:
    ran = run(*words.split(), "-f", "git:HEAD~0:store.toml")
    assert ran.status in (0, 1), ran.err
    shutil.rmtree("out", ignore_errors=True)
    assert run(*words.split(), "-f", "git:HEAD").status == ran.status


@pytest.mark.usefixtures("repository")
def test_the_revision_that_is_named_is_read(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("config", "get", "backorders", "-f", "git:HEAD").out == "allow\n"
    assert run("config", "get", "backorders", "-f", "git:main~1:store.toml").out == "no\n"
    assert run("-f", "git:HEAD~1", "config", "get", "backorders").out == "no\n"
    monkeypatch.setenv("BACKORDERCTL_FILE", "git:HEAD~1")
    assert run("config", "get", "backorders").out == "no\n"
    assert run("diff", "git:HEAD~1", "git:HEAD", "--exit-code").status == 1
    monkeypatch.setenv("BACKORDERCTL_FILE", "other.toml")
    assert run("config", "get", "backorders", "-f", "git:HEAD").err == (
        "Error: git:HEAD: other.toml is not in this revision\n"
    )


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("words", WRITES)
def test_a_command_that_writes_refuses_a_revision(run: Run, words: str) -> None:
    Path("changes.csv").write_text("product,source,stock,key,value\n,,,backorders,allow\n")
    Path("products.csv").write_text("sku\nB\n")
    refusal = "Error: git:HEAD: cannot write: a revision of git can only be read\n"
    assert run(*words.split(), "-f", "git:HEAD") == (2, "", refusal)


@pytest.mark.usefixtures("repository")
def test_no_hint_about_a_revision_writes(run: Run) -> None:
    commit((CHECKS / "BO107-bad.toml").read_text(), "bad.toml")
    assert '"hint": "backorderctl' in run("check", "bad.toml", "-o", "json").out
    assert '"hint": "backorderctl' not in run("check", "-f", "git:HEAD:bad.toml", "-o", "json").out
    assert "Hint" not in run("test", "-f", "git:HEAD").err


@pytest.mark.usefixtures("repository")
def test_the_tests_of_a_revision_are_those_beside_its_store(run: Run) -> None:
    commit('version = 1\n[[test]]\nname = "old"\nproduct = "A"\nexpect = { salable = 3 }\n', "store.test.toml")
    Path("store.test.toml").write_text("not TOML")
    ran = run("test", "-f", "git:HEAD:store.toml")
    assert "git:HEAD:store.test.toml" in ran.out + ran.err
    assert run("test", "-f", "git:HEAD~1") == Ran(
        2, "", "Error: git:HEAD~1:store.test.toml: store.test.toml is not in this revision\n"
    )


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("file", "error"),
    [
        ("git:", "git:: expected git:REV or git:REV:PATH"),
        ("git:nope", "git:nope: git knows no such commit"),
        ("git:--all", "git:--all: git knows no such commit"),
        ("git:HEAD:none.toml", "git:HEAD:none.toml: none.toml is not in this revision"),
        ("git:HEAD@{1999-01-01 10:00}", "git:HEAD@{1999-01-01 10:00}: the reflog does not go back so far"),
        ("git:HEAD:../x", "git:HEAD:../x: git: ./../x: './../x' is outside repository at '{folder}'"),
    ],
)
def test_a_revision_that_cannot_be_read(run: Run, repository: Path, file: str, error: str) -> None:
    ran = run("product", "list", "-f", file)
    error = error.replace("{folder}", str(repository))
    assert (ran.status, ran.out, ran.err.splitlines()[0]) == (2, "", f"Error: {error}")


def test_a_colon_in_braces_belongs_to_the_revision(run: Run, repository: Path) -> None:
    assert run("config", "get", "backorders", "-f", "git:HEAD^{/x: y}").err.endswith("git knows no such commit\n")
    git("commit", "-q", "--allow-empty", "-m", "fix: it")
    assert run("config", "get", "backorders", "-f", "git:HEAD^{/fix: it}:store.toml").out == "allow\n"


# What git cannot read is not absent, and nothing is started to get it


def no_programs(folder: Path) -> list[str]:
    """Configure programs that leave a mark; gives the marks there are."""
    for key in ("core.sshCommand", "core.fsmonitor", "core.alternateRefsCommand", "core.pager", "diff.external"):
        git("--git-dir", str(folder), "config", key, f"touch '{folder}/ran-{key}'; false")
    return [path.name for path in folder.iterdir() if path.name.startswith("ran-")]


@pytest.mark.parametrize("kept", ["blob:none", "tree:0"])
@pytest.mark.parametrize("remote", ["ssh", "gone"])
def test_a_partial_clone_is_named_and_asks_no_server(
    run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch, kept: str, remote: str
) -> None:
    clone = repository / "clone"
    git("clone", "-q", f"--filter={kept}", f"file://{repository}", str(clone))
    if remote == "ssh":
        git("-C", str(clone), "remote", "set-url", "origin", "ssh://example.invalid/shop")
    else:
        (repository / ".git").rename(repository / "gone")
    monkeypatch.chdir(clone)
    no_programs(clone / ".git")
    for words in (("diff", "git:HEAD~1", "git:HEAD"), ("product", "list", "-f", "git:HEAD~1"), ("diff", "git:HEAD~1")):
        ran = run(*words)
        assert (ran.status, ran.out) == (2, "")
        assert ran.err.startswith("Error: git:HEAD~1: this clone is partial and lacks ")
        assert ran.err.endswith("\nHint: git fetch --refetch --no-filter\n")
    assert no_programs(clone / ".git") == []


@pytest.mark.parametrize("kind", ["blob", "tree"])
def test_a_damaged_repository_is_not_one_without_the_file(run: Run, repository: Path, kind: str) -> None:
    name = git("rev-parse", "HEAD~1:store.toml" if kind == "blob" else "HEAD~1^{tree}").strip()
    (repository / ".git" / "objects" / name[:2] / name[2:]).unlink()
    ran = run("diff", "git:HEAD~1", "git:HEAD")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("Error: git:HEAD~1: ")


def test_a_repository_inside_another_configures_nothing(
    run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = repository / "bare"
    git("clone", "-q", "--bare", "--filter=blob:none", f"file://{repository}", str(bare))
    git("--git-dir", str(bare), "remote", "set-url", "origin", "ssh://example.invalid/shop")
    no_programs(bare)
    monkeypatch.chdir(bare)
    ran = run("product", "list", "-f", "git:HEAD")
    assert (ran.status, ran.out) == (2, "")
    assert "bareRepository" in ran.err
    assert no_programs(bare) == []


@pytest.mark.parametrize("words", [("diff", "git:HEAD~1"), ("product", "list", "-f", "git:HEAD~1")])
def test_a_shallow_clone_is_named(
    run: Run, repository: Path, monkeypatch: pytest.MonkeyPatch, words: Sequence[str]
) -> None:
    git("clone", "-q", "--depth", "1", f"file://{repository}", "shallow")
    monkeypatch.chdir("shallow")
    said = "Error: git:HEAD~1: this clone is shallow and has no 'HEAD~1'\nHint: git fetch --unshallow\n"
    assert run(*words) == (2, "", said)
