"""Completion in the real shells, in a terminal in which TAB and Enter are pressed: what arrives is the name."""

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from select import select

import pytest
from conftest import Run
from hypothesis import given
from hypothesis import strategies as st
from processes import ended

from backorderctl.cli.completion import _in_bash, _split
from backorderctl.cli.completion_scripts import SCRIPTS

NAMES = (
    *("aa plain", "ab'quote", 'ac"double', "ad$(touch RUN)", "ae`touch RUN`", "af\\$(touch RUN)", "ag!!", "ah*"),
    *("ai[a-z]?", "aj\nline", "ak\x1b[2J", "al;touch RUN", "am{a,b}", "an~", "ao#x", "ap:q", "aq=r", "ar&&touch RUN"),
    *("as\\", "at'\\''$(touch RUN)", "au\u200b", "av\u00e9 \u65e5", "aw'!'x", "ax>RUN", "ay%", "az$HOME", "-b c"),
)
PROGRAM = """#!{python}
import json, os, sys
if "_BACKORDERCTL_COMPLETE" in os.environ:
    from backorderctl.cli import run
    run()
with open({log!r}, "a") as log:
    print(json.dumps(sys.argv[1:]), file=log)
"""
START = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i"],
}
OLD_BASH = """_backorderctl_completion() {
    local IFS=$'\\n'
    COMPREPLY=( $( env COMP_WORDS="${COMP_WORDS[*]}" \\
                   COMP_CWORD=$COMP_CWORD \\
                   _BACKORDERCTL_COMPLETE=complete_bash $1 ) )
    return 0
}
complete -o default -F _backorderctl_completion backorderctl
"""
OLD_ZSH = """_backorderctl_completion() {
  eval $(env _TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" _BACKORDERCTL_COMPLETE=complete_zsh backorderctl)
}
compdef _backorderctl_completion backorderctl
"""
OLD_FISH = (
    'complete --command backorderctl --no-files --arguments "(env _BACKORDERCTL_COMPLETE=complete_fish '
    '_TYPER_COMPLETE_FISH_ACTION=get-args _TYPER_COMPLETE_ARGS=(commandline -cp) backorderctl)" '
    '--condition "env _BACKORDERCTL_COMPLETE=complete_fish _TYPER_COMPLETE_FISH_ACTION=is-args '
    '_TYPER_COMPLETE_ARGS=(commandline -cp) backorderctl"\n'
)
OLD = {"bash": OLD_BASH, "zsh": OLD_ZSH, "fish": OLD_FISH}

shells = pytest.mark.parametrize(
    "shell",
    [
        pytest.param(shell, marks=pytest.mark.skipif(not shutil.which(shell), reason=f"{shell} is not installed"))
        for shell in SCRIPTS
    ],
)


def toml(name: str) -> str:
    return json.dumps(name, ensure_ascii=True).replace("\\u", "\\u")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a store file, and with a program that completes as ours does and else writes down its words."""
    products = "".join(f"[products.{toml(name)}]\n" for name in NAMES)
    (tmp_path / "store.toml").write_text(f"version = 1\n[sources.berlin]\n{products}", encoding="utf-8")
    program = tmp_path / "bin" / "backorderctl"
    program.parent.mkdir()
    program.write_text(PROGRAM.format(python=sys.executable, log=str(tmp_path / "log")))
    program.chmod(0o755)
    (tmp_path / "log").touch()
    return tmp_path


@contextmanager
def terminal(shell: str, home: Path, script: str) -> Iterator[Callable[[str], list[str]]]:
    """A shell in which keys are pressed; gives the words that the program gets."""
    (home / "script").write_text(script)
    environment = {
        "HOME": str(home),
        "PATH": f"{home / 'bin'}:{os.environ['PATH']}",
        "TERM": "dumb",
        "LC_ALL": "C.UTF-8",
        "PS1": "> ",
        "HISTFILE": "",
        "XDG_CONFIG_HOME": str(home),
        "XDG_DATA_HOME": str(home),
    }
    child, screen = pty.fork()
    if not child:
        os.chdir(home)
        os.execvpe(START[shell][0], START[shell], environment)

    def press(keys: str) -> list[str]:
        before = len((home / "log").read_text().splitlines())
        os.write(screen, keys.encode())
        end, shown = time.monotonic() + 30, b""
        while len(lines := (home / "log").read_text().splitlines()) == before:
            assert time.monotonic() < end, shown.decode(errors="replace")
            if select([screen], [], [], 0.05)[0]:
                shown += os.read(screen, 1 << 16)
        words: list[str] = json.loads(lines[-1])
        return words

    first = "autoload -U compinit; compinit -D; " if shell == "zsh" else ""
    try:
        press(f"{first}. ./script; backorderctl ready\r")
        yield press
    finally:
        os.kill(child, signal.SIGKILL)
        ended(child)
        os.close(screen)


@shells
def test_a_name_arrives_as_it_is_and_nothing_runs(shell: str, home: Path) -> None:
    with terminal(shell, home, SCRIPTS[shell]) as press:
        for name in NAMES:
            assert press(f"backorderctl config get x --product {name[:2]}\t\r") == [
                *("config", "get", "x", "--product", name)
            ]
        assert press("backorderctl rep\t--source=be\t\r") == ["report", "--source=berlin"]
    assert not (home / "RUN").exists()


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
def test_zsh_completes_the_first_time_when_it_loads_the_installed_file(home: Path) -> None:
    (home / "functions").mkdir()
    (home / "functions" / "_backorderctl").write_text(SCRIPTS["zsh"])
    with terminal("zsh", home, "fpath+=~/functions; autoload -Uz compinit; compinit -D\n") as press:
        assert press("backorderctl product show aa\t\r") == ["product", "show", "aa plain"]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("'aa p\t", "aa plain"),
        ('"aa\t', "aa plain"),
        ("aa\\ pl\t", "aa plain"),
        ("'ad\t", "ad$(touch RUN)"),
        ('"ad\t', "ad$(touch RUN)"),
        ("'ab\t", "ab'quote"),
        ('"ag\t', "ag!!"),
        ('"ac\t', 'ac"double'),
        ("ap:\t", "ap:q"),
        ("'aj\t", "aj\nline"),
        ('"as\t', "as\\"),
    ],
)
def test_bash_takes_names_that_are_begun_in_quotes(home: Path, typed: str, name: str) -> None:
    with terminal("bash", home, SCRIPTS["bash"]) as press:
        assert press(f"backorderctl product show {typed}\r") == ["product", "show", name]
    assert not (home / "RUN").exists()


@pytest.mark.parametrize("menu", [False, True])
def test_several_names_in_bash_are_completed_as_far_as_they_are_alike(home: Path, menu: bool) -> None:
    (home / "store.toml").write_text("version = 1\n[products.'x $(touch RUN)']\n[products.'x $(touch RUN2)']\n")
    bind = "bind 'TAB:menu-complete'\n" if menu else ""
    with terminal("bash", home, bind + SCRIPTS["bash"]) as press:
        words = press("backorderctl product show x\t\t\t\r")
    assert words[2] in ("x $(touch RUN", "x $(touch RUN)", "x $(touch RUN2)")
    assert not (home / "RUN").exists()


@shells
def test_scripts_that_were_installed_earlier_run_nothing(shell: str, home: Path) -> None:
    with terminal(shell, home, OLD[shell]) as press:
        assert press("backorderctl source show ber\t\r") == ["source", "show", "berlin"]
        for name in ("ad", "ae", "af", "ah", "al"):
            assert press(f"backorderctl product show {name}\t\r") == ["product", "show", name]
    assert not (home / "RUN").exists()


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_what_bash_gets_is_one_word_again(name: str) -> None:
    quoted = _in_bash(name, "")
    words = subprocess.run(["bash", "-c", f"printf '%s\\0' {quoted}"], capture_output=True, check=True).stdout
    assert words.decode() == f"{name}\0"
    if name.isascii():
        assert _split(quoted) == ([name], "")


def asked(run: Run, monkeypatch: pytest.MonkeyPatch, *words: str) -> list[str]:
    monkeypatch.setenv("_BACKORDERCTL_COMPLETE", "zsh")
    ran = run(*words)
    assert (ran.status, ran.err) == (0, "")
    return ran.out.split("\0")[:-1]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["product", "sho"], ["", "show"]),
        (["conf"], ["", "config"]),
        (["help", "config", "unse"], ["", "unset"]),
        (["product", "list", "--low"], ["", "--low-stock"]),
        (["product", "list", "-o", "j"], ["", "json"]),
        (["product", "list", "-o=j"], ["", "-o=json"]),
        (["product", "list", "--columns", "sku,sto"], ["", "sku,stock"]),
        (["product", "list", "--columns", "sku,sk"], [""]),
        (["product", "list", "--sort", "res"], ["", "reserved"]),
        (["product", "list", "--sort", "-res"], ["", "-reserved"]),
        (["check", "--only", "pol"], ["", "policy"]),
        (["check", "--select", "BO101,BO102,BO10"], ["", *(f"BO101,BO102,BO10{n}" for n in range(3, 10))]),
        (["check", "--ignore", "BO101"], ["", "BO101"]),
        (["-f", ""], ["files"]),
        (["-f", "store.toml", "source", "show", ""], ["", "main"]),
        (["source", "show", "main", ""], [""]),
        (["diff", ""], ["files"]),
        (["config", "set", "backorders", "n"], ["", "no", "notify"]),
        (["config", "set", "backorders=al"], ["", "backorders=allow"]),
        (["no such", ""], [""]),
    ],
    ids=" ".join,
)
def test_what_is_offered(
    run: Run, store_file: Path, monkeypatch: pytest.MonkeyPatch, words: Sequence[str], offered: Sequence[str]
) -> None:
    assert store_file.exists()
    assert asked(run, monkeypatch, *words) == [*offered]


def test_revisions_are_offered_after_git(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x")
    for words in (("init", "-q", "-b", "main"), ("commit", "-q", "--allow-empty", "-m", "x"), ("tag", "v1.2")):
        subprocess.run(["git", *identity, *words], cwd=folder, check=True)
    for command in (["diff"], ["report", "-f"]):
        assert asked(run, monkeypatch, *command, "git:") == ["", "git:HEAD", "git:main", "git:v1.2"]
    assert asked(run, monkeypatch, "diff", "git:v") == ["", "git:v1.2"]


@shells
def test_the_script_is_installed_for_the_shell(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    starts = {"bash": ".bashrc", "zsh": ".zshrc"}
    if shell in starts:
        (tmp_path / starts[shell]).write_bytes(b"alias a=\xff")
    for _ in range(2):
        ran = run("--install-completion", shell)
        place = ran.out.removesuffix(": written; it takes effect in a new shell\n")
        assert (ran.status, ran.err, Path(place).read_text()) == (0, "", SCRIPTS[shell])
    assert run("--show-completion", shell).out == SCRIPTS[shell]
    if shell in starts:
        lines = (tmp_path / starts[shell]).read_bytes().split(b"\n")
        assert (lines[0], len(lines), lines[-1]) == (b"alias a=\xff", 3, b"")


def test_the_shell_is_the_one_in_which_the_command_is_typed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    in_bash = ["bash", "-c", f"'{sys.executable}' -m backorderctl --show-completion; true"]
    assert subprocess.run(in_bash, capture_output=True, text=True, check=True).stdout == SCRIPTS["bash"]
    monkeypatch.setattr(os, "getppid", os.getpid)  # no shell: what the user logs in with
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert run("--show-completion").out == SCRIPTS["fish"]
    monkeypatch.setenv("SHELL", "/bin/csh")
    assert run("--show-completion") == (2, "", "Error: completion: expected bash, zsh or fish, got 'csh'\n")
