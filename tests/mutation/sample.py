"""Makes random small errors in a copy of the tree, as people make them, and looks whether a test fails.

    python tests/mutation/sample.py --count 40 --seed N [LAYER...]

A layer is a folder of the package; without one, all are sampled. Only the tests that execute the changed line run. One
run of all tests under coverage finds them; `.contexts.json` keeps them until the code or a test changes. A line that
runs only at import or in a child process gets the tests that run or import its module, or start a process, and is
reported apart. An error with which the module cannot be imported is not counted.
"""

import argparse
import ast
import difflib
import hashlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from run import COPIES, ROOT, copied, failed, replaced

PACKAGE = ROOT / "backorderctl"
CACHE = ROOT / ".contexts.json"
EDGES: dict[type[ast.cmpop], str] = {ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">"}
FIRST = 100
"""So many of the quickest tests run before all others: most errors are noticed by them."""


class Span(NamedTuple):
    """A part of a file's text and what replaces it; its first and last line, and the first of its statement."""

    start: int
    end: int
    new: str
    first: int
    last: int
    outer: int


@dataclass(frozen=True, slots=True)
class Mutation:
    """One error in a file of the package."""

    layer: str
    file: str
    span: Span
    operator: str

    def text(self) -> str:
        """The text of the file with the error."""
        old = (PACKAGE / self.file).read_bytes()
        return (old[: self.span.start] + self.span.new.encode() + old[self.span.end :]).decode()

    def diff(self) -> str:
        """The error as a small diff."""
        lines = (PACKAGE / self.file).read_text(encoding="utf-8").splitlines(), self.text().splitlines()
        place = f"{self.file}:{self.span.first}"
        return "\n".join(difflib.unified_diff(*lines, place, self.operator, n=1, lineterm=""))


class Contexts(NamedTuple):
    """The seconds of each test that passes, all tests, and which of them ran each line; -1 is an import."""

    seconds: dict[str, float]
    tests: list[tuple[str, float | None]]
    lines: dict[str, dict[str, list[int]]]

    def of_lines(self, file: str, first: int, last: int) -> set[str]:
        """The tests that ran one of the lines."""
        of_file = self.lines.get(file, {})
        return {self.name(test) for line in range(first, last + 1) for test in of_file.get(str(line), [])}

    def of_file(self, file: str) -> set[str]:
        """The tests that ran some line of a file."""
        return {self.name(test) for tests in self.lines.get(file, {}).values() for test in set(tests)}

    def name(self, test: int) -> str:
        """The name of a test, "" for an import."""
        return self.tests[test][0] if test >= 0 else ""


def main(arguments: list[str]) -> int:
    """Sample each layer and print what survived; 0 however much did."""
    layers = sorted(path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.rglob("*.py")))
    parser = argparse.ArgumentParser(prog="sample.py", description="Makes random errors; prints those no test notices.")
    parser.add_argument("--count", type=int, default=40, help="errors for each layer (40)")
    parser.add_argument("--seed", type=int, required=True, help="the same seed makes the same errors of the same code")
    parser.add_argument("layers", nargs="*", metavar="LAYER", help=", ".join(layers))
    options = parser.parse_args(arguments)
    if unknown := set(options.layers) - set(layers):
        parser.error(f"expected {', '.join(layers)}, got '{min(unknown)}'")
    contexts = contexts_of_tests()
    kinds = ("killed", "survived", "apart killed", "apart survived", "not counted")
    counts = {layer: dict.fromkeys(kinds, 0) for layer in options.layers or layers}
    with tempfile.TemporaryDirectory(prefix="sample-") as scratch, ThreadPoolExecutor(COPIES) as pool:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(COPIES):
            copies.put(copied(Path(scratch) / str(number)))

        def run(mutation: Mutation) -> str:
            copy = copies.get()
            try:
                return outcome(copy, mutation, contexts)
            finally:
                copies.put(copy)

        sampled = [error for layer in counts for error in sample(layer, options.count, options.seed)]
        for mutation, kind in zip(sampled, pool.map(run, sampled), strict=True):
            counts[mutation.layer][kind] += 1
            if kind.endswith("survived"):
                print(f"{kind}\n{mutation.diff()}\n", flush=True)
    print(f"{'layer':10}", *(f"{kind:>14}" for kind in kinds), f"{'share':>6}")
    total = {kind: sum(layer[kind] for layer in counts.values()) for kind in kinds}
    for layer, row in [*counts.items(), ("all", total)]:
        killed, survived = (row[kind] + row[f"apart {kind}"] for kind in ("killed", "survived"))
        share = f"{100 * killed / (killed + survived):.0f} %" if killed + survived else "-"
        print(f"{layer:10}", *(f"{row[kind]:14}" for kind in kinds), f"{share:>6}")
    return 0


def sample(layer: str, count: int, seed: int) -> list[Mutation]:
    """Errors of a layer: an operator is drawn first, so that the frequent ones do not crowd out the others."""
    places: dict[str, list[Mutation]] = defaultdict(list)
    modules = [(path, ast.parse(path.read_bytes())) for path in sorted(PACKAGE.rglob("*.py"))]
    neighbours = dict(neighbouring_fields([tree for _, tree in modules]))
    for path, tree in modules:
        file = path.relative_to(PACKAGE)
        if file.parts[0] == layer:
            for operator, span in errors(path.read_bytes(), tree, neighbours):
                places[operator].append(Mutation(layer, file.as_posix(), span, operator))
    drawn: list[Mutation] = []
    chance = random.Random(f"{seed} {layer}")
    while places and len(drawn) < count:
        operator = chance.choice(sorted(places))
        drawn.append(places[operator].pop(chance.randrange(len(places[operator]))))
        if not places[operator]:
            del places[operator]
    return drawn


def neighbouring_fields(trees: list[ast.Module]) -> Iterator[tuple[str, str]]:
    """Each field and one of the same type that every class with the first has, too."""
    alike: dict[str, list[list[str]]] = defaultdict(list)
    for node in (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        of_type: dict[str, list[str]] = defaultdict(list)
        for field in node.body:
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                of_type[ast.unparse(field.annotation)].append(field.target.id)
        for names in of_type.values():
            for place, name in enumerate(names):
                alike[name].append(names[place + 1 :] + names[:place])
    for name, classes in alike.items():
        if common := [other for other in classes[0] if all(other in others for others in classes)]:
            yield name, common[0]


def errors(text: bytes, tree: ast.Module, neighbours: dict[str, str]) -> Iterator[tuple[str, Span]]:
    """Each error that can be made in a module, with the name of its operator."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def start(node: ast.expr) -> int:
        return starts[node.lineno - 1] + node.col_offset

    def end(node: ast.expr) -> int:
        return starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)

    def source(node: ast.expr) -> str:
        return text[start(node) : end(node)].decode()

    for node, outer in executed(tree):

        def changed(first: int, last: int, new: str, node: ast.expr = node, outer: int = outer) -> Span:
            return Span(first, last, new, node.lineno, node.end_lineno or node.lineno, outer)

        match node:
            case ast.Compare(left=left, ops=operators, comparators=right):
                for (before, after), operator in zip(pairwise([left, *right]), operators, strict=True):
                    if edge := EDGES.get(type(operator)):
                        between = re.sub("[<>]=?", edge, text[end(before) : start(after)].decode())
                        yield "edge", changed(end(before), start(after), between)
            case ast.BoolOp(values=clauses):
                for dropped in clauses:
                    rest = [clause for clause in clauses if clause is not dropped]
                    new = ast.unparse(ast.BoolOp(node.op, rest)) if len(rest) > 1 else f"({ast.unparse(rest[0])})"
                    yield "clause", changed(start(node), end(node), new)
            case ast.Constant(value=bool(flag)):
                yield "default", changed(start(node), end(node), str(not flag))
            case ast.Constant(value=int(number)):
                yield "number", changed(start(node), end(node), str(number + 1))
                yield "number", changed(start(node), end(node), str(number - 1) if number else "-1")
            case ast.Attribute(attr=name, ctx=ast.Load()) if name in neighbours:
                yield "attribute", changed(end(node) - len(name), end(node), neighbours[name])
            case ast.Call(func=ast.Name(id="sorted") as function, keywords=[]):
                yield "sort key", changed(start(function), end(function), "list")
        for keyword in node.keywords if isinstance(node, ast.Call) else []:
            if keyword.arg in ("key", "default", "reverse"):
                comma = text[: text.rindex(keyword.arg.encode(), 0, start(keyword.value))].rstrip()
                if comma.endswith(b","):
                    yield "sort key", changed(len(comma) - 1, end(keyword.value), "")
        for kind, row in rows(node):
            for one, other in pairwise(row):
                if type(one) is type(other) and source(one) != source(other) and not isinstance(one, ast.Starred):
                    both = source(other) + text[end(one) : start(other)].decode() + source(one)
                    yield f"{kind} swapped", changed(start(one), end(other), both)
                    if kind in ("column", "value"):
                        yield f"{kind} of its neighbour", changed(start(one), end(one), source(other))


def rows(node: ast.expr) -> Iterator[tuple[str, list[ast.expr]]]:
    """What stands side by side in an expression and can be taken for its neighbour."""
    match node:
        case ast.Call(args=items):
            yield "argument", items
        case ast.Tuple(elts=items, ctx=ast.Load()) | ast.List(elts=items, ctx=ast.Load()):
            yield "column", items
        case ast.Dict(keys=keys, values=items):
            yield "key", [key for key in keys if key]
            yield "value", items


def executed(node: ast.AST, outer: int = 1) -> Iterator[tuple[ast.expr, int]]:
    """The expressions of a module with the first line of their statement, decorators and types left out.

    Those within f-strings are left out, too: before Python 3.12, they have no true position.
    """
    match node:
        case ast.JoinedStr() | ast.keyword(arg="strict") | ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return
        case ast.Assign(value=ast.Subscript(slice=ast.Tuple())):
            return
    if isinstance(node, ast.expr):
        yield node, outer
    outer = node.lineno if isinstance(node, ast.stmt) else outer
    for name, value in ast.iter_fields(node):
        if name not in ("annotation", "returns", "decorator_list", "type_params"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from executed(child, outer)


def outcome(copy: Path, mutation: Mutation, contexts: Contexts) -> str:
    """What the tests make of an error, made in the copy and taken back."""
    path = copy / "backorderctl" / mutation.file
    text = path.read_text(encoding="utf-8")
    tests, apart = tests_for(mutation, contexts)
    try:
        replaced(path, mutation.text())
        module = ".".join(["backorderctl", *Path(mutation.file).with_suffix("").parts])
        python = copy / ".venv" / "bin" / "python"
        imported = [str(python), "-c", f"import {module.removesuffix('.__init__')}, backorderctl.cli"]
        if subprocess.run(imported, cwd=copy, capture_output=True, check=False).returncode:
            return "not counted"
        quickest = sorted(tests, key=contexts.seconds.__getitem__)
        noticed = any(noticed_by(copy, part) for part in (quickest[:FIRST], quickest[FIRST:]) if part)
    finally:
        replaced(path, text)
    return ("apart " if apart else "") + ("killed" if noticed else "survived")


def noticed_by(copy: Path, tests: list[str]) -> bool:
    """Whether one of the tests fails."""
    names = copy / ".tests"
    names.write_text("\n".join(tests))
    return failed(copy, ["--hypothesis-profile=ci", f"@{names}"]) is not None


def tests_for(mutation: Mutation, contexts: Contexts) -> tuple[set[str], bool]:
    """The tests that can notice an error, and whether they were guessed, because none is known to run the line."""
    file, span = mutation.file, mutation.span
    passing = contexts.seconds.keys()
    for first in (span.first, span.outer):
        if direct := contexts.of_lines(file, first, span.last) & passing:
            return direct, False
    at_import = bool(contexts.of_lines(file, span.outer, span.last))
    module = Path(mutation.file).stem
    words = rf"import .*\b{module}\b|\.{module} import" + ("" if at_import else "|import subprocess|from processes")
    importing = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests").glob("test_*.py")
        if re.search(words, path.read_text(encoding="utf-8"))
    }
    running = contexts.of_file(file)
    return {test for test in passing if test in running or test.partition("::")[0] in importing}, True


def contexts_of_tests() -> Contexts:
    """What the run under coverage found, made again where the code or a test has changed since."""
    digest = hashlib.sha256()
    for path in sorted([*PACKAGE.rglob("*.py"), *(ROOT / "tests").glob("*.py")]):
        digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    kept = json.loads(CACHE.read_text(encoding="utf-8")) if CACHE.exists() else {}
    if kept.get("digest") != digest.hexdigest():
        print("running all tests under coverage, once", file=sys.stderr)
        began = time.monotonic()
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent), "COVERAGE_CORE": "ctrace"}
        environment.pop("PYTEST_ADDOPTS", None)
        command = [sys.executable, "-c", "import recording; recording.record()", str(CACHE), digest.hexdigest()]
        subprocess.run(command, cwd=ROOT, env=environment, stdout=sys.stderr, check=True)
        kept = json.loads(CACHE.read_text(encoding="utf-8"))
        print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    tests = kept["tests"]
    return Contexts({test: seconds for test, seconds in tests if seconds is not None}, tests, kept["lines"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
