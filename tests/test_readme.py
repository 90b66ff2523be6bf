"""The README: every session in it runs, in one folder from top to bottom, and prints what it says."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)


def test_every_session_of_the_readme_prints_what_it_says(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    said = BLOCK.findall(text)
    assert said
    assert [session(block, tmp_path) for block in said] == said


def session(block: str, folder: Path) -> str:
    """The block again, with what its commands print now."""
    if not (folder / "examples").exists():
        shutil.copytree(ROOT / "examples", folder / "examples")
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = {"PATH": path, "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    return "".join(f"$ {command}\n{ran}" for command, ran in outputs(block, folder, environment))


def outputs(block: str, folder: Path, environment: dict[str, str]) -> Iterator[tuple[str, str]]:
    status = 0
    for command in re.findall(r"^\$ (.*)$", block, re.MULTILINE):
        if command == "echo $?":
            yield command, f"{status}\n"
            continue
        ran = subprocess.run(
            ["bash", "-c", command], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, check=False,
        )  # fmt: skip
        status = ran.returncode
        yield command, ran.stdout


def renewed(text: str, folder: Path) -> str:
    """The README with what its sessions print now: `python tests/test_readme.py` writes it."""
    return BLOCK.sub(lambda found: session(found[0], folder), text)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        README.write_text(renewed(README.read_text(encoding="utf-8"), Path(scratch)), encoding="utf-8")
