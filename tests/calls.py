"""How far a command reaches: the files whose functions it runs, and the layers that it imports. Not a test.

    python tests/calls.py [-v]        # with -v also the names of the files

A stranger who follows a command reads the files that it runs. Bodies of modules and classes do not count, nor do
comprehensions in them. The layer `errors` may be imported and not run: it is for when something goes wrong.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
COMMANDS = {
    "product show": (15, ["product", "show", "24-MB01"]),
    "config set": (20, ["config", "set", "backorders", "allow"]),
    "import magento": (24, ["import", "magento", "-f", "new.toml", "--products", "products.csv"]),
}
"""The usual commands, each with the most files that it should run."""

CHILD = """
import inspect, json, sys

files = set()

def is_body(code):  # of a module or class, not of a function
    return not code.co_flags & inspect.CO_OPTIMIZED

def profile(frame, event, argument):
    code = frame.f_code
    inline = code.co_name in ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>") and is_body(frame.f_back.f_code)
    if event == "call" and not is_body(code) and not inline:
        files.add(code.co_filename)

sys.setprofile(profile)
from backorderctl.cli import main
status = main(sys.argv[1:])
sys.setprofile(None)
print(json.dumps({"status": status, "files": sorted(files), "modules": sorted(sys.modules)}), file=sys.stderr)
"""


def main(arguments: list[str]) -> None:
    """Print a line for each command."""
    for name, (most, words) in COMMANDS.items():
        files, modules = reached(words)
        layers = {file.partition("/")[0] for file in files if "/" in file}
        idle = sorted({module.split(".")[1] for module in modules if "." in module} - layers - {"errors"})
        print(
            f"{name:14}  {len(files)} files, at most {most}; imports and does not run: {', '.join(idle) or 'nothing'}"
        )
        if "-v" in arguments:
            print("".join(f"    {file}\n" for file in files), end="")


def reached(words: list[str]) -> tuple[list[str], list[str]]:
    """The files of the package whose functions the command runs, and the modules of the package that it imports."""
    with tempfile.TemporaryDirectory() as folder:
        for path in (ROOT / "examples" / "store.toml", *(ROOT / "examples" / "magento").iterdir()):
            shutil.copy(path, folder)
        ran = subprocess.run(
            [sys.executable, "-c", CHILD, *words], cwd=folder, capture_output=True, text=True, check=True
        )
    said = json.loads(ran.stderr.splitlines()[-1])
    assert said["status"] == 0, ran.stderr
    package = f"{ROOT / 'backorderctl'}/"
    files = [file.removeprefix(package) for file in said["files"] if file.startswith(package)]
    return files, [module for module in said["modules"] if module.startswith("backorderctl")]


if __name__ == "__main__":
    main(sys.argv[1:])
