"""Speed, as ratios of runs that take turns: `python tests/benchmarks.py [NAME...]`. Not a test: machines are noisy."""

import csv
import gc
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random

from conftest import git

from backorderctl.policy.evaluate import evaluate_all
from backorderctl.store.load import build

ROOT = Path(__file__).parent.parent
BACKORDERCTL = str(Path(sys.executable).with_name("backorderctl"))
BARE = """
import typer
app = typer.Typer(add_completion=True, pretty_exceptions_enable=False)
noun = typer.Typer()
@noun.command()
def get(key: str) -> None: print("no")
@noun.command()
def other() -> None: ...
app.add_typer(noun, name="config")
app()
"""
"""A Typer app of one noun and two verbs that does nothing."""

PARSE = "import sys, tomllib, decimal; tomllib.load(open(sys.argv[1], 'rb'), parse_float=decimal.Decimal)"
WHOLE_FILE = """
import sys, tomlkit
text = open(sys.argv[1]).read()
document = tomlkit.parse(text)
document["products"]["SKU-000401"]["out_of_stock_threshold"] = -1
open(sys.argv[1] + ".new", "w").write(tomlkit.dumps(document))
"""
DICT_READER = """
import csv, sys
with open(sys.argv[1], encoding="utf-8", newline="") as file:
    for row in csv.DictReader(file): pass
"""
READ = """
import sys, duckdb
duckdb.execute("SET threads = 2")
query = "SELECT sum(quantity), max(sku), max(source_code), sum(status) FROM read_csv(?)"
duckdb.execute(query, [sys.argv[1]]).fetchall()
"""
READER = """
import csv, sys
with open(sys.argv[1], encoding="utf-8", newline="") as file:
    for row in csv.reader(file): pass
"""
PANDAS = """
import sys, pandas
rows = pandas.read_csv(sys.argv[1], dtype={"sku": str, "source_code": str})
rows = rows[rows.status == 1]
left = rows.groupby("sku", as_index=False).quantity.sum()
left["salable"] = (left.quantity + 50).clip(lower=0)
left["status"] = "out_of_stock"
left.loc[left.salable > 0, "status"] = "backorder"
left.loc[left.quantity > 0, "status"] = "in_stock"
left.to_csv(sys.argv[2], index=False)
"""
"""What a person might write for a store with one threshold and no settings of products, without any check."""
WITHOUT_FAST = "import sys; sys.modules['toml_rs'] = None; from backorderctl.cli import run; run()"
BOUNDS = {
    ("fast", 10_000): (0.6, 1 / 12),
    ("fast", 100_000): (0.35, 1 / 25),
    ("tomllib", 10_000): (1.6, 1 / 5),
    ("tomllib", 100_000): (1.5, 1 / 5),
}
COUNTER = count(100)


def main() -> None:
    wanted = sys.argv[1:] or list(BENCHMARKS)
    with tempfile.TemporaryDirectory() as folder:
        for name in wanted:
            for line in BENCHMARKS[name](Path(folder)):
                print(f"{name:<12} {line}", flush=True)


def start(folder: Path) -> Iterator[str]:
    """What a command on a small file costs, against a Typer app that does nothing."""
    bare = folder / "bare.py"
    bare.write_text(BARE)
    file = ("-f", str(ROOT / "examples" / "store.toml"))
    get = command("config", "get", "out_of_stock_threshold", *file)
    show = command("product", "show", "24-MB01", *file)
    yield ratio("config get / bare Typer app", get, program(sys.executable, str(bare), "config", "get", "x"), 1.35)
    yield ratio(
        "product show -o json / config get", command("product", "show", "24-MB01", *file, "-o", "json"), get, 1.5
    )
    yield ratio("product show / config get", show, get, 2.2)


def evaluate(folder: Path) -> Iterator[str]:
    """Evaluating every product of a store in memory, against parsing its file."""
    each: list[float] = []
    for products in (1_000, 10_000, 100_000):
        text = generated(products, sources=3)
        data = tomllib.loads(text, parse_float=Decimal)
        store = build(data, file="store.toml", text=text)
        runs = 5 if products < 100_000 else 2
        evaluated = seconds(lambda store=store: sum(1 for _ in evaluate_all(store)), runs)  # type: ignore[misc]
        parsed = seconds(lambda text=text: tomllib.loads(text, parse_float=Decimal), runs)  # type: ignore[misc]
        each.append(evaluated / products)
        yield f"evaluate / parse, {products:>7,} products x 3 sources: {evaluated / parsed:.2f} (at most 1)"
    yield f"a product among 100,000 / among 1,000: {each[-1] / each[0]:.2f}"


def large(folder: Path) -> Iterator[str]:
    """A large file: reading one product and writing one value, with and without the extra `fast`."""
    for products, runs in ((10_000, 5), (100_000, 2)):
        path = folder / "large.toml"
        path.write_text(generated(products, every=4))
        parse = program(sys.executable, "-c", PARSE, str(path))
        whole = once(program(sys.executable, "-c", WHOLE_FILE, str(path)))
        for name, base in (("fast", (BACKORDERCTL,)), ("tomllib", (sys.executable, "-c", WITHOUT_FAST))):
            bounds = BOUNDS[name, products]
            show = program(*base, "product", "show", "SKU-000400", "-f", str(path))
            yield ratio(f"product show, {products:,} products, {name} / parse only", show, parse, bounds[0], runs)
            written = min(once(changing(base, path)) for _ in range(runs))
            title = f"config set, {products:,} products, {name} / whole file by tomlkit"
            yield f"{title}: {written / whole:.3f} (at most {bounds[1]:.3f})"
            yield f"config set, {products:,} products, {name}: {peak(changing(base, path))} MiB at the peak"
            apply = applying(base, path, folder / "changes.csv")
            yield ratio(f"apply of 1,000 / config set, {products:,}, {name}", apply, changing(base, path), 3, runs)


def changing(base: tuple[str, ...], path: Path) -> Callable[[], object]:
    """A `config set` that sets another value each time."""

    def run() -> None:
        value = f"-{next(COUNTER)}"
        program(
            *base, "config", "set", "out_of_stock_threshold", value, "--product", "SKU-000401", "-f", str(path), "-q"
        )()

    return run


def applying(base: tuple[str, ...], path: Path, table: Path) -> Callable[[], object]:
    """A `config apply` of 1,000 products that sets another value each time."""

    def run() -> None:
        value = next(COUNTER)
        rows = (f"SKU-{number:06},out_of_stock_threshold,-{value}\n" for number in range(0, 5_000, 5))
        table.write_text("product,key,value\n" + "".join(rows))
        program(*base, "config", "apply", str(table), "-f", str(path), "-q")()

    return run


def peak(run: Callable[[], object]) -> int:
    """The peak memory of the largest process, in MiB, measured in a process of its own."""
    child = os.fork()
    if not child:
        run()
        os._exit(min(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 12, 255))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) * 4


def lists(folder: Path) -> Iterator[str]:
    """What `diff` and `check` cost against lists of 1,861 and of 10,000 products, and against parsing."""
    path, other = folder / "one.toml", folder / "other.toml"
    for products in (1_861, 10_000):
        path.write_text(generated(products, sources=1))
        other.write_text(path.read_text().replace("-50", "-40"))
        listing = command("product", "list", "-o", "json", "-f", str(path))
        both = command("diff", str(path), str(other), "-o", "json")
        yield ratio(f"diff -o json / product list -o json, {products:,} products", both, listing, 4)
        checked = tolerant(BACKORDERCTL, "check", "-o", "json", "-f", str(path))
        yield ratio(f"check -o json / product list -o json, {products:,} products", checked, listing, 1.5)
    path.write_text(generated(10_000, every=4))
    parse = program(sys.executable, "-c", PARSE, str(path))
    for name, base, bound in (("fast", (BACKORDERCTL,), 2), ("tomllib", (sys.executable, "-c", WITHOUT_FAST), 3)):
        yield ratio(
            f"check, 10,000 products, {name} / parse only", tolerant(*base, "check", "-f", str(path)), parse, bound
        )


def previews(folder: Path) -> Iterator[str]:
    """What a dry run of a change of every product costs against a list of all of them, and `diff` of as many new."""
    path, empty = folder / "one.toml", folder / "empty.toml"
    empty.write_text(generated(0))
    for products, runs in ((1_000, 9), (10_000, 5), (100_000, 3)):
        path.write_text(generated(products))
        file = ("-f", str(path))
        listing = command("product", "list", "-o", "csv", *file)
        dry_run = command("config", "set", "backorders", "no", "--match", "*", "-n", *file)
        added = command("diff", str(empty), str(path))
        yield ratio(f"-n of every product / product list -o csv, {products:,} products", dry_run, listing, 4, runs)
        yield ratio(f"diff against {products:,} new products / product list -o csv", added, listing, 4, runs)


def tables(folder: Path) -> Iterator[str]:
    """A table of 50,000 rows against its CSV."""
    path = folder / "one.toml"
    path.write_text(generated(50_000))
    drawn = command("product", "list", "-f", str(path))
    written = command("product", "list", "-o", "csv", "-f", str(path))
    yield ratio("product list / product list -o csv, 50,000 products", drawn, written, 3, 3)
    yield f"the same, peak memory: {peak(drawn)} / {peak(written)} MiB (at most 1.1)"


def reports(folder: Path) -> Iterator[str]:
    """What the page of `report` costs against the list, and 10,000 policy tests against `check`, of 10,000 products."""
    path, tests = folder / "shop.toml", folder / "shop.test.toml"
    path.write_text(generated(10_000))
    promise = "order = 1\nexpect = { accepted = true, salable = { max = 200 } }\n"
    tests.write_text("".join(f'[[test]]\nname = "{n}"\nproduct = "SKU-{n:06}"\n{promise}\n' for n in range(10_000)))
    listing = command("product", "list", "-o", "json", "-f", str(path))
    page = command("report", "-o", "html", "-f", str(path))
    yield ratio("report -o html / product list -o json, 10,000 products", page, listing, 4, 7)
    for name, base in (("fast", (BACKORDERCTL,)), ("tomllib", (sys.executable, "-c", WITHOUT_FAST))):
        tested, checked = program(*base, "test", str(tests)), tolerant(*base, "check", "-f", str(path))
        yield ratio(f"10,000 tests / check, 10,000 products, {name}", tested, checked, 2, 7)


LOAD_ALL = """
import subprocess, sys
from backorderctl.store.load import load_bytes
git = ["git", "-C", sys.argv[1]]
names = subprocess.run([*git, "rev-list", "HEAD"], capture_output=True, text=True, check=True).stdout.split()
for name in names:
    load_bytes(subprocess.run([*git, "show", f"{name}:store.toml"], capture_output=True, check=True).stdout, name)
"""


def history(folder: Path) -> Iterator[str]:
    """The history of 100 commits of 10,000 products, of which each changes 20, against loading each of the files."""
    path, random = folder / "store.toml", Random(29)
    git(folder, "init", "-q", "-b", "main")
    lines = generated(10_000, sources=1).splitlines()
    thresholds = [number for number, line in enumerate(lines) if line.startswith("out_of_stock_threshold")]
    for number in range(100):
        for place in random.sample(thresholds, min(20, len(thresholds))):
            lines[place] = f"out_of_stock_threshold = -{random.randrange(1, 99)}"
        path.write_text("\n".join(lines) + "\n")
        git(folder, "add", "store.toml")
        git(folder, "commit", "-q", "-m", str(number))
    log = command("log", "-o", "json", "-f", str(path))
    load = program(sys.executable, "-c", LOAD_ALL, str(folder))
    yield ratio("log -o json / loading 100 files", log, load, 0.7, runs=3)
    sku = next(line for line in lines if line.startswith("[products.")).split('"')[1]
    blame = command("blame", "--product", sku, "-f", str(path))
    yield ratio("blame of one product / log -o json", blame, log, 1, runs=3)
    two = command("diff", "git:HEAD~1", "git:HEAD", "-f", str(path))
    yield f"log / diff of two revisions, peak memory: {peak(log) / peak(two):.2f} (at most 1.5)"


def schedules(folder: Path) -> Iterator[str]:
    """What a schedule costs 10,000 products: 1,000 entries of one product or source item each, and 50 global ones."""
    plain, many, wide = folder / "plain.toml", folder / "many.toml", folder / "wide.toml"
    text, first = generated(10_000), date(2027, 1, 1)
    plain.write_text(text)
    many.write_text(text + "".join(map(one_product_entry, range(1_000))))
    days = ((first + timedelta(days=7 * number), first + timedelta(days=7 * number + 3)) for number in range(50))
    entry = '\n[[schedule]]\nfrom = {}\nuntil = {}\nreason = "closed"\nbackorders = "no"\n'
    wide.write_text(text + "".join(entry.format(*each) for each in days))
    listing = command("product", "list", "-o", "json", "-f", str(plain))
    on_day = command("product", "list", "--at", "2027-03-01", "-o", "json", "-f", str(many))
    yield ratio("product list --at, 1,000 entries / without a schedule", on_day, listing, 1.2, 5)
    before = ("--at", "2026-12-31", "-o", "json", "-f")
    year = command("agenda", "--days", "365", *before, str(many))
    yield ratio("agenda of a year, 1,000 entries / product list", year, listing, 10, 5)
    checked = tolerant(BACKORDERCTL, "check", *before, str(many))
    yield ratio("check, 1,000 entries over a year / product list", checked, listing, 5, 5)
    ahead = command("agenda", "--days", "365", *before, str(wide))
    yield ratio("agenda, 50 global entries, 100 days of change / product list", ahead, listing, 100, 1)
    checked = tolerant(BACKORDERCTL, "check", *before, str(wide))
    yield ratio("check, 50 global entries, 100 days of change / product list", checked, listing, 100, 1)


def one_product_entry(number: int) -> str:
    """An entry for one product, or every other time for one of its source items."""
    start = date(2027, 1, 1) + timedelta(days=number * 37 % 360)
    source = f'source = "s{number % 3}"\n' if number % 2 else ""
    days = f"from = {start}\nuntil = {start + timedelta(days=5)}\n"
    product = f'product = "SKU-{number * 7:06}"\n{source}'
    return f'\n[[schedule]]\n{days}{product}reason = "PO {number}"\nout_of_stock_threshold = -{number + 1}\n'


def imports(folder: Path) -> Iterator[str]:
    """Taking in 100,000 product rows of 89 columns, against a process that only reads them with csv.DictReader."""
    table, store = folder / "products.csv", folder / "imported.toml"
    for page, kind in ((600, "rows of 0.9 kB"), (2_000, "rows of 2.3 kB")):  # real exports have 0.9 to 2.5
        catalogue(table, 100_000, page)
        read = program(sys.executable, "-c", DICT_READER, str(table))
        for name, base in (("fast", (BACKORDERCTL,)), ("tomllib", (sys.executable, "-c", WITHOUT_FAST))):
            take = program(*base, "import", "magento", "--products", str(table), "-f", str(store), "-q")

            def anew(take: Callable[[], object] = take) -> None:
                store.unlink(missing_ok=True)
                take()

            yield ratio(f"import, no store file, {kind}, {name} / DictReader", anew, read, 3, 3)
            yield ratio(f"import, nothing new, {kind}, {name} / DictReader", take, read, 3, 3)
            yield f"import, no store file, {kind}, {name}: {peak(anew)} MiB at the peak"


def catalogue(path: Path, products: int, page: int) -> None:
    """A product CSV of 89 columns; the descriptions are `page` characters of HTML."""
    names = ("sku", "name", "description", "qty", "is_in_stock", "allow_backorders", "use_config_backorders")
    header = (*names, "out_of_stock_qty", "use_config_min_qty", *(f"attribute_{number}" for number in range(80)))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for number in range(products):
            html = ('<p class="wide">A bag,\r\n' * (page // 24)) + str(number)
            own = (f"SKU-{number:06}", f"Bag {number}", html, f"{number % 500}.0000", 1, number % 3, number % 2)
            writer.writerow((*own, " -50.0000", number % 2, *("simple", "", "1") * 26, "", ""))


def generated(products: int, *, sources: int = 3, every: int = 1) -> str:
    """A store file; one in `every` products has source items."""
    codes = [f"s{number}" for number in range(sources)]
    parts = ['version = 1\n\n[global]\nbackorders = "notify"\nout_of_stock_threshold = -50\n']
    parts += [f"\n[sources.{code}]\n" for code in codes]
    for number in range(products):
        parts.append(f'\n[products."SKU-{number:06}"]\nname = "Product {number}"\n')
        if number % 3 == 0:
            parts.append("out_of_stock_threshold = -20\n")
        if number % every == 0:
            for code in codes:
                parts.append(f'\n[products."SKU-{number:06}".sources.{code}]\nquantity = {number % 50}\n')
    return "".join(parts)


def bulk(folder: Path) -> Iterator[str]:
    """Answers for 10 million rows, against DuckDB reading the same file, and any command on a million of them."""
    rows, answers = folder / "rows.csv", folder / "answers.parquet"
    quantity_rows(rows, 10_000_000)
    read = program(sys.executable, "-c", READ, str(rows))
    for stocks, bound in ((1, 4.5), (2, 5.5)):
        store = folder / f"store-{stocks}.toml"
        store.write_text(bulk_policy(stocks))
        run = command("evaluate", str(rows), "-f", str(store), "--to", str(answers), "-q")
        yield ratio(f"evaluate, 10 M rows of CSV, {stocks} stock(s) / reading them", run, read, bound, 5)
        yield f"evaluate, 10 M rows of CSV, {stocks} stock(s): {peak(run)} MiB at the peak (at most 768)"
    store = folder / "store-1.toml"
    with_pandas = program(sys.executable, "-c", PANDAS, str(rows), str(answers))
    run = command("evaluate", str(rows), "-f", str(store), "--to", str(answers), "-q")
    yield ratio("evaluate, 10 M rows of CSV / a pandas script", run, with_pandas, 0.5, 3)
    quantity_rows(rows, 1_000_000)
    read = program(sys.executable, "-c", READER, str(rows))
    for words, bound in ((("product", "show", "SKU-00001234"), 1.5), (("product", "list", "-o", "csv"), 10)):
        shown = command(*words, "-f", str(store), "--quantities", str(rows), "-q")
        yield ratio(f"{' '.join(words)} --quantities, 1 M rows / csv.reader", shown, read, bound, 5)


def bulk_large(folder: Path) -> Iterator[str]:
    """A hundred million rows of Parquet in 1 GB of memory, against a tenth of them."""
    import duckdb

    store, answers = folder / "store.toml", folder / "answers.parquet"
    store.write_text(bulk_policy(1))
    runs = []
    for millions in (10, 100):
        path = folder / f"{millions}.parquet"
        cells = (
            "'s' || (i % 5) AS source_code, 'SKU-' || lpad((i // 5)::VARCHAR, 8, '0') AS sku, "
            "((i * 7) % 505 - 5)::DECIMAL(12, 4) AS quantity, (i % 17 <> 0)::INTEGER AS status"
        )
        duckdb.execute(f"COPY (SELECT {cells} FROM range({millions} * 1000000) t(i)) TO '{path}'")
        runs.append(command("evaluate", str(path), "-f", str(store), "--to", str(answers), "--memory", "1GB", "-q"))
    ten, hundred = runs
    yield ratio("evaluate, 100 M rows of Parquet / 10 M", hundred, ten, 18, 1)
    yield f"evaluate, 100 M rows of Parquet, --memory 1GB: {peak(hundred)} MiB at the peak (at most 1024)"


def bulk_spark(folder: Path) -> Iterator[str]:
    """The same 10 million rows on a local Spark: its time is stated, not bounded."""
    rows, store = folder / "rows.csv", folder / "store.toml"
    quantity_rows(rows, 10_000_000)
    store.write_text(bulk_policy(1))
    run = command(
        "evaluate", str(rows), "-f", str(store), "--to", str(folder / "answers.csv"), "--engine", "spark", "-q"
    )
    yield f"evaluate --engine spark, 10 M rows of CSV: {once(run):.0f} s"


def quantity_rows(path: Path, rows: int) -> None:
    """A CSV file of so many source items, five of each product, as Magento writes them."""
    cells = [f"{number}.0000" for number in range(-5, 500)]
    with path.open("w", encoding="utf-8") as out:
        out.write("source_code,sku,quantity,status\n")
        for sku in range(rows // 5):
            out.writelines(
                f"s{source},SKU-{sku:08},{cells[(sku * 7 + source * 13) % 505]},{int((sku + source) % 17 > 0)}\n"
                for source in range(5)
            )


def bulk_policy(stocks: int) -> str:
    """A store file with five sources and 20,000 products with settings of their own."""
    parts = ['version = 1\n[global]\nbackorders = "notify"\nout_of_stock_threshold = -50\n']
    parts += [f"[sources.s{source}]\n" for source in range(5)]
    if stocks > 1:
        parts.append('[stocks.eu]\nsources = ["s0", "s1", "s2", "s3"]\n')
        parts.append('[stocks.us]\nsources = ["s2", "s3", "s4"]\nbackorders = "no"\n')
    parts += [f"[products.SKU-{n * 97:08}]\nout_of_stock_threshold = -{n % 50 + 1}\n" for n in range(20_000)]
    return "".join(parts)


def command(*words: str) -> Callable[[], object]:
    return program(BACKORDERCTL, *words)


def tolerant(*words: str) -> Callable[[], object]:
    """A command whose answer may be no."""
    return program("sh", "-c", '"$@" || [ $? -eq 1 ]', "sh", *words)


def program(*words: str) -> Callable[[], object]:
    # An installed program is compiled once, and writes what it prints in blocks; so must this one.
    unusual = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
    environment = {name: value for name, value in os.environ.items() if name not in unusual}
    return lambda: subprocess.run(
        words, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def seconds(run: Callable[[], object], runs: int) -> float:
    """The median of some runs, the collector off as in the program."""
    gc.disable()
    try:
        return statistics.median(once(run) for _ in range(runs))
    finally:
        gc.enable()


def once(run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def ratio(title: str, one: Callable[[], object], other: Callable[[], object], bound: float, runs: int = 15) -> str:
    """The median ratio of runs that take turns."""
    once(one), once(other)
    ratios = [once(one) / once(other) for _ in range(runs)]
    return f"{title}: {statistics.median(ratios):.2f} (at most {bound})"


BENCHMARKS: dict[str, Callable[[Path], Iterator[str]]] = {
    "start": start,
    "evaluate": evaluate,
    "large": large,
    "lists": lists,
    "previews": previews,
    "tables": tables,
    "reports": reports,
    "history": history,
    "schedules": schedules,
    "imports": imports,
    "bulk": bulk,
    "bulk-large": bulk_large,
    "bulk-spark": bulk_spark,
}


if __name__ == "__main__":
    main()
