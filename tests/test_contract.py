"""What holds the house together: import directions, key names in one place, documented commands, light start-up."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import typer.main
from pages import ROOT, page

from backorderctl.cli.app import app
from backorderctl.store.settings import SETTINGS, format_value

PACKAGE = ROOT / "backorderctl"
LAYERS = re.findall(r"^\| `(\w+)` \|", page("ARCHITECTURE.md"), re.MULTILINE)
"""From the ground up, as ARCHITECTURE.md lists them: a layer imports from those before it."""
ONLY_IN = {
    "typer": "cli",
    "rich": "output",
    "tomlkit": "toml",
    "tomllib": "toml",
    "toml_rs": "toml",
    "jinja2": "output",
}
NAMES_OF_SEVERAL = {
    "TYPE_CHECKING": "a constant of type checkers; importing it from typing would take too long where it is defined",
}
"""The names that several modules may define, with the reason."""
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py").replace("__main__", "cli")


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            inner = node.module == "backorderctl"
            yield from (f"backorderctl.{alias.name}" for alias in node.names) if inner else (str(node.module),)


def test_the_architecture_lists_every_layer() -> None:
    folders = [path.parent.name for path in PACKAGE.glob("*/__init__.py")]
    assert sorted(LAYERS) == sorted(["errors", "library", *folders])


def test_the_architecture_names_modules_that_exist() -> None:
    named = re.findall(r"\b([a-z]+)[./]([a-z_]+)(?:\.py)?(?=`|  | -|,| )", page("ARCHITECTURE.md"))
    modules = {("/".join(path.relative_to(PACKAGE).parts)).removesuffix(".py") for path in PACKAGE.rglob("*.py")}
    others = {"store/toml", "cli/main"}
    assert {"/".join(each) for each in named if each[0] in LAYERS} - others <= modules


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_the_layers_below_its_own(path: Path) -> None:
    allowed = LAYERS[: LAYERS.index(layer(path)) + 1]
    for name in imported(path):
        top, _, rest = name.partition(".")
        if top == "backorderctl":
            assert rest.split(".")[0] in allowed, f"{path} imports {name}"
        assert layer(path) == ONLY_IN.get(top, layer(path)), f"{path} imports {name}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in MODULES}
    graph = {name: {each for each in targets(path) if each in names and each != name} for name, path in names.items()}
    TopologicalSorter(graph).prepare()


def targets(path: Path) -> Iterator[str]:
    """The modules that a module imports, inside functions and for type checking too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_keys_are_literals_only_in_the_settings_table(path: Path) -> None:
    constants = [
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Constant)
    ]
    named = [f"{path.name}:{node.lineno}" for node in constants if node.value in SETTINGS]
    assert not named or path == PACKAGE / "store" / "settings.py"


def test_a_name_is_defined_in_one_module() -> None:
    found: dict[str, list[str]] = {}
    for path in [*MODULES, PACKAGE / "__init__.py"]:
        for name in dict.fromkeys(defined(ast.parse(path.read_text(encoding="utf-8")))):
            found.setdefault(name, []).append(str(path.relative_to(PACKAGE)))
    several = {name: paths for name, paths in found.items() if len(paths) > 1 and name not in NAMES_OF_SEVERAL}
    assert several == {}


def defined(tree: ast.Module) -> Iterator[str]:
    """The public names that a module defines; not its commands, named after what they do, nor their Typer `app`."""
    for node in tree.body:
        names: list[str] = []
        match node:
            case ast.Assign():
                names = [leaf.id for target in node.targets for leaf in ast.walk(target) if isinstance(leaf, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names = [name]
            case ast.FunctionDef() | ast.ClassDef() if "@app." not in ast.unparse(node):
                names = [node.name]
        yield from (name for name in names if not name.startswith("_") and name != "app")


def test_the_settings_page_has_the_table_of_the_settings() -> None:
    lines = ["| key | in the Admin | values | default | may be set at | Magento's config path | CSV columns |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- |")
    for row in SETTINGS.values():
        columns = ", ".join(f"`{column}`" for column in (row.csv_column, row.use_config_column) if column)
        default = format_value(row.default)
        scopes = ", ".join(row.scopes).replace("_", " ")
        lines.append(
            f"| `{row.key}` | {row.label} | {row.kind.type} | {default} | {scopes} "
            f"| `{row.config_path}` | {columns or 'none'} |"
        )
    assert "\n".join(lines) in page("docs/settings.md")


def commands() -> Iterator[str]:
    root = typer.main.get_command(app)
    for noun, command in root.commands.items():  # type: ignore[attr-defined]
        yield from below(noun, command)


def below(words: str, command: Any) -> Iterator[str]:
    """The command itself, or every one below it."""
    verbs = getattr(command, "commands", {})
    for verb, inner in verbs.items():
        yield from below(f"{words} {verb}", inner)
    if not verbs:
        yield words


@pytest.mark.parametrize("command", list(commands()))
def test_every_command_is_documented_and_has_help(command: str) -> None:
    assert f"`{command}" in page("docs/commands.md")
    words = [sys.executable, "-m", "backorderctl", *command.split(), "--help"]
    shown = subprocess.run(words, capture_output=True, text=True, check=True)
    assert shown.stdout.startswith(f"Usage: backorderctl {command} ")


def test_config_get_starts_without_the_heavy_libraries(tmp_path: Path) -> None:
    (tmp_path / "store.toml").write_text("version = 1\n", encoding="utf-8")
    code = (
        "import sys; from backorderctl.cli import main; assert main(['config', 'get', 'backorders']) == 0;"
        "heavy = {'rich', 'tomlkit', 'pydantic', 'csv', 'json'};"
        "print(sorted({name.split('.')[0] for name in sys.modules} & heavy))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout == "no\n[]\n"


def test_ci_installs_the_versions_of_the_constraints_by_their_hashes() -> None:
    def pinned(file: str) -> dict[str, str]:
        text = (ROOT / file).read_text(encoding="utf-8")
        found = re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE)
        return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}

    hashed = pinned(".ci/requirements.txt")
    assert pinned("constraints.txt").items() <= hashed.items()
    assert {"hatchling", "editables", "setuptools", "pyspark"} <= hashed.keys()
    text = (ROOT / ".ci" / "requirements.txt").read_text(encoding="utf-8")
    assert text.count("--hash=sha256:") >= len(hashed)
    assert not re.search(r"==\S+( ;[^\\\n]*)?\n(?!    --hash)", text)


def test_the_recipes_install_all_that_is_needed_by_its_hashes() -> None:
    def blocks(file: str) -> dict[str, str]:
        text = (ROOT / ".ci" / file).read_text(encoding="utf-8")
        found = re.finditer(r"^([\w.-]+)==.*\n(?:    --hash=.*\n)+", text, re.MULTILINE)
        return {re.sub(r"[-_.]+", "-", match[1]).lower(): match[0] for match in found}

    installed, hashed = blocks("install.txt"), blocks("requirements.txt")
    assert installed.items() <= hashed.items()
    needed, known = ["backorderctl"], {"hatchling"}
    while needed:
        name = needed.pop()
        known.add(re.sub(r"[-_.]+", "-", name).lower())
        words = [word for word in metadata.requires(name) or () if ";" not in word]  # neither extras nor other systems
        needed += [word for text in words for word in re.findall(r"^[\w.-]+", text)]
    assert known - {"backorderctl"} <= installed.keys()


def test_no_page_installs_this_package_from_an_index() -> None:
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *PACKAGE.rglob("*.py")]:
        assert not re.search(r"pip install\s+['\"]?backorderctl", path.read_text(encoding="utf-8")), path
