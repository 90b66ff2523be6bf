"""The proofs of reliability in full: `python tests/stress.py [--share 0.1] [NAME...]`. CI runs a tenth of them.

Each prints what it counted. A failed assertion ends it with a traceback and status 1.
"""

import argparse
import io
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from importlib.util import find_spec
from math import ceil
from pathlib import Path

from mutants import COMMANDS, check_answer, mutated_stores
from processes import ended, start
from stores import seeded_stores, toml_text

from backorderctl.cli import main as run_command
from backorderctl.store.load import load

BACKORDERCTL = (str(Path(sys.executable).with_name("backorderctl")),)
WITHOUT_FAST = (
    *(sys.executable, "-c"),
    "import sys; sys.modules['toml_rs'] = None; from backorderctl.cli import run; run()",
)
HEAD = "version = 1\n\n[sources.main]\n"
WRITERS = 200
CHANGES = "product,source,stock,key,value\n" + "".join(f"P{number},,,backorders,allow\n" for number in range(100))
PRODUCTS = "sku,name,qty,allow_backorders\n" + "".join(f"N{number},Bag,{number},1\n" for number in range(200))


def shop(products: int) -> str:
    return HEAD + "".join(f"\n[products.P{number}]\n" for number in range(products))


def kills(share: float) -> Iterator[str]:
    """Kill the installed command at random moments of its life: the file is the old one or the new one, whole."""
    Path("changes.csv").write_text(CHANGES)
    Path("products.csv").write_text(PRODUCTS)
    commands = {
        "set": ("config", "set", "backorders", "no"),
        "apply": ("config", "apply", "changes.csv"),
        "import": ("import", "magento", "--products", "products.csv"),
    }
    store, before = Path("store.toml"), shop(2_000)
    for name, words in commands.items():
        store.write_text(before)
        begun = time.monotonic()
        subprocess.run([*BACKORDERCTL, *words, "-q"], check=True)
        life, after = time.monotonic() - begun, store.read_text()
        count, found, strays = ceil(1_000 * share / len(commands)), Counter[str](), set[str]()
        while found.total() < count:
            store.write_text(before)
            child = subprocess.Popen([*BACKORDERCTL, *words, "-q"])
            delay = random.uniform(0.3, 1.1) * life
            time.sleep(delay)
            child.send_signal(signal.SIGKILL)
            ended_before = child.wait() == 0
            text = store.read_text()
            assert text in (before, after), "torn"
            # A busy machine makes a life longer: the measure of it follows.
            life = delay if ended_before else life * 1.02
            if not ended_before:
                found["new" if text == after else "old"] += 1
            strays.update(os.listdir())  # noqa: PTH208
        store.write_text(before)
        subprocess.run([*BACKORDERCTL, *words, "-q"], check=True)
        left = sorted(os.listdir())  # noqa: PTH208
        assert left == ["changes.csv", "products.csv", "store.toml"]
        yield (
            f"{count} kills of `{name}`: {found['old']} left the old file, {found['new']} the new one, 0 a torn one; "
            f"the next write removed what {len(strays.difference(left))} of them left behind"
        )


def writers(share: float) -> Iterator[str]:
    """Real processes that write to one file at once: all of them succeed, with the default of --wait."""
    assert find_spec("toml_rs"), "both parsers are proved: install the extra fast"
    store = Path("store.toml")
    for products in (WRITERS, 10_000) if share == 1 else (WRITERS,):
        for parser, command in (("toml_rs", BACKORDERCTL), ("tomllib", WITHOUT_FAST)):
            store.write_text(shop(products))
            change = (*command, "config", "set", "backorders", "allow", "-q", "--product")
            start_up = processor_seconds([(*command, "config", "keys")] * 5)
            one = processor_seconds([(*change, f"P{number}") for number in range(5)])
            bound = 1.3 * (WRITERS * max(one - start_up, 0.01) + WRITERS / 2 * start_up)
            for _ in range(max(1, round(3 * share))):
                store.write_text(shop(products))
                begun = time.monotonic()
                children = [subprocess.Popen((*change, f"P{number}")) for number in range(WRITERS)]
                assert [child.wait() for child in children] == [0] * WRITERS
                took = time.monotonic() - begun
                assert sum(bool(product.settings) for product in load("store.toml").products.values()) == WRITERS
                assert os.listdir() == ["store.toml"]  # noqa: PTH208
                yield (
                    f"{WRITERS} of {WRITERS} processes succeed with {parser} on {products:,} products: "
                    f"{took:.1f} s (bound on 2 idle cores: {bound:.1f} s)"
                )


def processor_seconds(commands: Sequence[Sequence[str]]) -> float:
    """The processor time of a command, the median of several that do the same work."""
    times = []
    for words in commands:
        before = os.times()
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        after = os.times()
        times.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return sorted(times)[len(times) // 2]


def edits(share: float) -> Iterator[str]:
    """Edit randomly formatted stores: the result is what the same edit makes of the plain text, and comments stay."""
    count, changed = round(5_000 * share), 0
    chance = random.Random(5)
    for data in seeded_stores(count, seed=6):
        plain = toml_text(data)
        text = formatted(chance, plain)
        words = edit_of(chance, data)
        results = []
        for each in (plain, text):
            Path("store.toml").write_bytes(each.encode())
            status, _, err = answered(words)
            assert status in (0, 1, 2), err
            results.append((status, load("store.toml")))
        assert results[0] == results[1], (words, text)
        edited = Path("store.toml").read_bytes().decode()
        changed += edited != text
        if words[1] not in ("remove", "unassign"):
            assert [line for line in edited.split("\n") if line.lstrip().startswith("#")] == [
                line for line in text.split("\n") if line.lstrip().startswith("#")
            ], (words, text)
    assert changed > count / 3
    yield f"{count} formatted documents edited through the command line: {changed} changed, all as their plain text"


def formatted(chance: random.Random, plain: str) -> str:
    """The same store with other blanks, comments, blank lines and line ends."""
    lines = []
    for line in plain.splitlines():
        lines += [""] * chance.choice([0, 0, 0, 1, 2])
        if chance.random() < 0.1:
            lines.append(chance.choice(["# why", "  # [products.X]", '# """', "#"]))
        if line.startswith("["):
            line = chance.choice(["", "  "]) + line + chance.choice(["", "", " # a table", "\t#"])
        elif " = " in line and chance.random() < 0.5:
            key, _, value = line.partition(" = ")
            line = f"{key}{chance.choice(['=', '  = ', chr(9) + '=' + chr(9)])}{value}{chance.choice(['', ' # a key'])}"
        lines.append(line)
    end = chance.choice(["\n", "\n", "\r\n"])
    mark: str = chance.choice(["", "", "\ufeff"])
    return mark + end.join([*lines, ""])


def edit_of(chance: random.Random, data: dict[str, object]) -> tuple[str, ...]:
    """A command that changes something, mostly of the store."""

    def one(family: str) -> str:
        names = data.get(family)
        chosen: str = chance.choice([*names, "none"] if isinstance(names, dict) and names else ["none"])
        return chosen

    product, source, stock = one("products"), one("sources"), one("stocks")
    return chance.choice(
        [
            ("config", "set", "backorders", chance.choice(["no", "allow", "notify"])),
            ("config", "set", "out_of_stock_threshold", "-7", "--product", product),
            ("config", "set", "backorders", "allow", "--stock", stock),
            ("config", "set", "backorders", "no", "--product", product, "--source", source),
            ("config", "unset", "backorders"),
            ("config", "unset", "backorders", "--product", product),
            ("product", "add", "NEW", "--name", "a 'new' one"),
            ("product", "remove", "--", product),
            ("product", "assign", product, source, "--quantity", "3"),
            ("product", "unassign", product, source),
            ("product", "set", product, "--name", "other"),
            ("source", "add", "new"),
            ("source", "disable", source),
            ("source", "remove", source, "--cascade"),
            ("stock", "add", "new"),
            ("stock", "remove", stock, "--cascade"),
        ]
    )


def mutants(share: float) -> Iterator[str]:
    """Show mutated stores with the reading commands: an answer or an error, no traceback, no control character."""
    workers = os.cpu_count() or 1
    each = round(100_000 * share / workers)

    def work(number: int) -> Callable[[], None]:
        def read() -> None:
            with tempfile.TemporaryDirectory() as folder:
                os.chdir(folder)
                for count, content in enumerate(mutated_stores(each, seed=1000 * number)):
                    Path("store.toml").write_bytes(content)
                    words = COMMANDS[count % len(COMMANDS)]
                    try:
                        check_answer(words, *answered(words))
                    except BaseException:
                        print(f"{words}: {content!r}", file=sys.stderr)
                        raise

        return read

    children = [start(work(number)) for number in range(1, workers + 1)]
    assert [ended(child) for child in children] == [0] * workers
    yield f"{each * workers:,} mutated stores: an answer or an error each"


def answered(words: tuple[str, ...]) -> tuple[int, str, str]:
    """Status, stdout and stderr of a command line that runs in this process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="", write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        status = run_command(words)
    for stream in (out, err):
        stream.seek(0)
    return status, out.read(), err.read()


PROOFS: dict[str, Callable[[float], Iterator[str]]] = {
    "kills": kills,
    "writers": writers,
    "edits": edits,
    "mutants": mutants,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="how much of each proof to run, from 0 to 1")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(PROOFS)}; all by default")
    arguments = parser.parse_args()
    for name in arguments.names or PROOFS:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            for line in PROOFS[name](arguments.share):
                print(line, flush=True)
            os.chdir("/")


if __name__ == "__main__":
    main()
