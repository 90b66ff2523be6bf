"""Makes each small error of `mutations.toml` in a copy of the tree and looks whether a test fails.

    python tests/mutation/run.py [--likely] [WORD...]

Without a WORD every mutation is made; with some, those that have one of them in their name or file. The tests that are
likely to notice an error run first, all others only if those pass; `--likely` leaves the others out. Two copies work at
the same time, after one has shown that the tests pass without any error. Exit status 1 when an error goes unnoticed
that is not listed as equivalent.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).parents[2]
LIST = Path(__file__).with_name("mutations.toml")
COPIES = 2
MOST_SECONDS = 900
"""A run of tests that takes longer has met an endless loop: the error is noticed."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One error: `old` occurs once in `file`; with a reason in `equivalent`, `new` makes no difference to a user."""

    file: str
    name: str
    old: str
    new: str
    equivalent: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the tests made of a mutation; `killer` is the first test that failed, None when all passed."""

    mutation: Mutation
    killer: str | None
    seconds: float


def main(arguments: list[str]) -> int:
    """Run the mutations that the arguments name; 0 when every one is noticed."""
    only_likely = "--likely" in arguments
    words = [word for word in arguments if not word.startswith("-")]
    listed = tomllib.loads(LIST.read_text(encoding="utf-8"))
    mutations = [
        Mutation(file, name, *texts) for file, errors in listed["mutations"].items() for name, texts in errors.items()
    ]
    if wrong := list(problems(mutations)):
        print("\n".join(wrong), file=sys.stderr)
        return 2
    chosen = [each for each in mutations if not words or any(word in each.name + each.file for word in words)]
    real = [each for each in chosen if not each.equivalent]
    with tempfile.TemporaryDirectory(prefix="mutation-") as scratch:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(COPIES):
            copies.put(copied(Path(scratch) / str(number)))
        tests = {test for each in real for test in likely(listed["likely"], each.file)} if only_likely else {"tests"}
        if real and tests and (broken := failed(Path(scratch) / "0", sorted(tests))):
            print(f"expected tests that pass without any error, got one that fails: {broken}", file=sys.stderr)
            return 2

        def run(mutation: Mutation) -> Outcome:
            copy = copies.get()
            try:
                return outcome(copy, mutation, likely(listed["likely"], mutation.file), only_likely=only_likely)
            finally:
                copies.put(copy)

        with ThreadPoolExecutor(COPIES) as pool:
            survivors = [each.mutation for each in pool.map(run, real) if not shown(each)]
    for each in chosen:
        if each.equivalent:
            print(f"equivalent  {each.file}: {each.name}: {each.equivalent}")
    killed = len(real) - len(survivors)
    share = 100 * killed / len(chosen) if chosen else 100
    print(f"{killed} of {len(chosen)} killed ({share:.1f} %), {len(survivors)} survived, "
          f"{len(chosen) - len(real)} listed as equivalent")  # fmt: skip
    return 1 if survivors else 0


def problems(mutations: list[Mutation]) -> list[str]:
    """What is wrong with the list: old texts that do not occur once, and new ones that are not Python."""
    wrong = []
    for each in mutations:
        path = ROOT / "backorderctl" / each.file
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if (count := text.count(each.old)) != 1:
            wrong.append(f"{each.file}: {each.name}: expected the old text once, found it {count} times")
        if count != 1 or path.suffix != ".py":
            continue
        try:
            compile(text.replace(each.old, each.new), each.file, "exec")
        except SyntaxError as error:
            wrong.append(f"{each.file}: {each.name}: the new text is not Python: {error}")
    return wrong


def likely(tests: dict[str, list[str]], file: str) -> list[str]:
    """The test files for the longest beginning of the file's name that the list has."""
    beginnings = [beginning for beginning in tests if file.startswith(beginning)]
    return [f"tests/{name}.py" for name in tests[max(beginnings, key=len)]] if beginnings else []


def copied(folder: Path) -> Path:
    """A copy of the tree with an environment of its own, in which the copied package takes the place of this one."""
    of_git = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(of_git, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    for name in filter(lambda name: (ROOT / name).exists(), listed):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / ".venv"], check=True)
    [packages] = (folder / ".venv" / "lib").glob("python*/site-packages")
    # The path of this environment is added without its own .pth files, so that its editable install does not count.
    (packages / "copy.pth").write_text(f"{folder}\n{sysconfig.get_path('purelib')}\n")
    command = folder / ".venv" / "bin" / "backorderctl"
    command.write_text(f"#!{command.with_name('python')}\nfrom backorderctl.cli import run\nrun()\n")
    command.chmod(0o755)
    return folder


def outcome(copy: Path, mutation: Mutation, first: list[str], *, only_likely: bool) -> Outcome:
    """What the tests say of the mutation, made in the copy and taken back."""
    path = copy / "backorderctl" / mutation.file
    text = path.read_text(encoding="utf-8")
    began = time.monotonic()
    try:
        replaced(path, text.replace(mutation.old, mutation.new))
        killer = failed(copy, first) if first else None
        if killer is None and not only_likely:
            killer = failed(copy, ["tests", *(f"--ignore={name}" for name in first)])
    finally:
        replaced(path, text)
    return Outcome(mutation, killer, time.monotonic() - began)


def replaced(path: Path, text: str) -> None:
    """Write the text of a module, and forget what was compiled of it: two texts may have the same size and second."""
    path.write_text(text, encoding="utf-8")
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
        compiled.unlink()


def failed(copy: Path, tests: list[str]) -> str | None:
    """The first of the tests that fails, or None."""
    command = [str(copy / ".venv" / "bin" / "python"), "-m", "pytest", "-x", "-p", "no:cacheprovider", *tests]
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTEST_ADDOPTS")}
    try:
        ran = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=MOST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no end in {MOST_SECONDS} s"
    if ran.returncode == 0:
        return None
    found = re.search(r"^(?:FAILED|ERROR) tests/(.+?)(?: - |$)", ran.stdout, re.MULTILINE)
    return found[1] if found else f"pytest ended with {ran.returncode}"


def shown(each: Outcome) -> bool:
    """Print an outcome; whether the mutation was killed."""
    word = "survived  " if each.killer is None else "killed    "
    by = f" by {each.killer}" if each.killer else ""
    print(f"{word}  {each.mutation.file}: {each.mutation.name}{by} ({each.seconds:.0f} s)", flush=True)
    return each.killer is not None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
