"""The pages of the documentation, and what happens when their examples are run.

Every page is followed from top to bottom in a folder of its own that holds a copy of `examples/`:

- a `console` block is a session: each line that begins with `$ ` is run by bash (lines that begin with `> ` continue
  it), and below it stands what it prints;
- a block after `<!-- file NAME -->` is saved under that name, for the sessions below it to use;
- a `toml` block without a name is a store file, or a piece to be added to `examples/store.toml`, and must be valid.

A block after any other `<!-- NAME -->` belongs to the one test, or to the part of CI, listed in `NAMED`.

    python tests/pages.py        # writes into every page what its sessions print now
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from backorderctl.store.load import load

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
NAMED = {
    "main job": ".ci/run",
    "tests": ".ci/run",
    "shell": "tests/test_recipes.py",
    "workflow": "tests/test_recipes.py",
    "gitlab": "tests/test_recipes.py",
    "hook": "tests/test_recipes.py",
    "magento queries": "tests/prove_sql.py",
    "notebook": "tests/test_library.py",
}
BLOCK = re.compile(
    r"^(?:<!-- (?P<name>.+) -->\n)?```(?P<language>.*)\n(?P<text>(?s:.*?))^```$", re.MULTILINE
)  # fmt: skip
COMMAND = re.compile(r"^\$ (.*(?:\n> .*)*)$", re.MULTILINE)


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def block(page_name: str, name: str) -> str:
    """The text of the block with that name on that page."""
    [found] = [each["text"] for each in BLOCK.finditer(page(page_name)) if each["name"] == name]
    return str(found)


def followed(text: str, folder: Path) -> str:
    """The page again, with what its sessions print when they are run in `folder`."""
    shutil.copytree(ROOT / "examples", folder / "examples")

    def follow(found: re.Match[str]) -> str:
        example, name = found["text"], found["name"] or ""
        if name.startswith("file "):
            (folder / name.removeprefix("file ")).write_text(example, encoding="utf-8")
        elif found["language"] == "console":
            return found[0].replace(example, session(example, folder))
        elif found["language"] == "toml":
            check_store(example, folder)
        return found[0]

    return BLOCK.sub(follow, text)


def session(text: str, folder: Path) -> str:
    """The session again, with what its commands print now."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = {"PATH": path, "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    printed, status = "", 0
    for command in COMMAND.findall(text):
        printed += f"$ {command}\n"
        if command == "echo $?":
            printed += f"{status}\n"
            continue
        ran = subprocess.run(
            ["bash", "-c", command.replace("\n> ", "\n")],
            cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        status = ran.returncode
        printed += ran.stdout
    return printed


def check_store(example: str, folder: Path) -> None:
    """Read an example of a store file, which may be a piece of one."""
    whole = example if example.startswith("version = ") else (ROOT / "examples" / "store.toml").read_text() + example
    path = folder / "example of the page.toml"
    path.write_text(whole, encoding="utf-8")
    load(str(path))
    path.unlink()


def main() -> None:
    for path in PAGES:
        with tempfile.TemporaryDirectory() as folder:
            path.write_text(followed(path.read_text(encoding="utf-8"), Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    main()
