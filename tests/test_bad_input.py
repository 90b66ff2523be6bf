"""Bad input, each tried through the command line: a clear error that says where, exit status 2, nothing lost."""

import sys
from pathlib import Path

import pytest
from conftest import Run

HEAD = "version = 1\n[sources.main]\n[sources.lyon]\n[stocks.eu]\nsources = ['main', 'lyon']\n"
PROBLEMS = {
    "an empty file": ("", "store.toml: version: expected version = 1, got none"),
    "another version": ("version = 2\n", "store.toml:1: version: expected 1, got 2"),
    "a version that is no number": ("version = '1'\n", "store.toml:1: version: expected 1, got '1'"),
    "an unknown table": (
        "version = 1\n[product.X]\n",
        "store.toml:2: product: expected a key of the top level, got 'product'; did you mean 'products'?",
    ),
    "an unknown key": (
        "version = 1\n[global]\nbackorder = 'no'\n",
        "store.toml:3: global.backorder: expected a key of [global], got 'backorder'; did you mean 'backorders'?",
    ),
    "a key of another table": (
        "version = 1\n[sources.main]\nmanage_stock = true\n",
        "store.toml:3: sources.main.manage_stock: expected at global, stock or product, got it at a source",
    ),
    "a string for a number": (
        "version = 1\n[global]\nout_of_stock_threshold = '5'\n",
        "store.toml:3: global.out_of_stock_threshold: expected a number, got '5'",
    ),
    "a boolean for a number": (
        "version = 1\n[global]\nout_of_stock_threshold = true\n",
        "store.toml:3: global.out_of_stock_threshold: expected a number, got true",
    ),
    "an array for a number": (
        "version = 1\n[global]\nout_of_stock_threshold = [1]\n",
        "store.toml:3: global.out_of_stock_threshold: expected a number, got an array",
    ),
    "a date for a number": (
        "version = 1\n[global]\nout_of_stock_threshold = 2026-01-01\n",
        "store.toml:3: global.out_of_stock_threshold: expected a number, got 2026-01-01",
    ),
    "a table for a number": (
        "version = 1\n[global]\nout_of_stock_threshold = { x = 1 }\n",
        "store.toml:3: global.out_of_stock_threshold: expected a number, got a table",
    ),
    "nan": (
        "version = 1\n[global]\nout_of_stock_threshold = nan\n",
        "store.toml:3: global.out_of_stock_threshold: expected a number, got nan",
    ),
    "minus infinity": (
        "version = 1\n[global]\nout_of_stock_threshold = -inf\n",
        "store.toml:3: global.out_of_stock_threshold: expected a number, got -inf",
    ),
    "five decimals": (
        "version = 1\n[global]\nout_of_stock_threshold = 0.00001\n",
        "store.toml:3: global.out_of_stock_threshold: expected a number of at most 4 decimal places, got 0.00001",
    ),
    "thirteen digits": (
        "version = 1\n[global]\nout_of_stock_threshold = 1234567890123\n",
        "store.toml:3: global.out_of_stock_threshold: "
        "expected a number of at most 8 digits before the point, got 1234567890123",
    ),
    "below the minimum": (
        "version = 1\n[global]\nonly_x_left_threshold = -1\n",
        "store.toml:3: global.only_x_left_threshold: expected 0 or more, got -1",
    ),
    "a word that is none": (
        "version = 1\n[global]\nbackorders = 'maybe'\n",
        "store.toml:3: global.backorders: expected no, allow or notify, got 'maybe'",
    ),
    "a label in the file": (
        "version = 1\n[global]\nbackorders = 'No Backorders'\n",
        "store.toml:3: global.backorders: expected no, allow or notify, got 'No Backorders'",
    ),
    "an unknown source of a product": (
        HEAD + "[products.X.sources.mian]\nquantity = 1\n",
        "store.toml:6: products.X.sources.mian: expected a source of the file, got 'mian'; did you mean 'main'?",
    ),
    "an unknown source of a stock": (
        "version = 1\n[sources.main]\n[stocks.eu]\nsources = ['mian']\n",
        "store.toml:4: stocks.eu.sources: expected a source of the file, got 'mian'; did you mean 'main'?",
    ),
    "an unknown stock of a product": (
        HEAD + "[products.X.stocks.us]\nreserved = 1\n",
        "store.toml:6: products.X.stocks.us: expected a stock of the file, got 'us'",
    ),
    "a status without a quantity": (
        HEAD + "[products.X.sources.main]\nstatus = 'in_stock'\n",
        "store.toml:7: products.X.sources.main.status: expected a quantity beside it, got none",
    ),
    "a status that is none": (
        HEAD + "[products.X.sources.main]\nquantity = 1\nstatus = 'sold'\n",
        "store.toml:8: products.X.sources.main.status: expected in_stock or out_of_stock, got 'sold'",
    ),
    "a status in capitals": (
        HEAD + "[products.X.sources.main]\nquantity = 1\nstatus = 'IN_STOCK'\n",
        "store.toml:8: products.X.sources.main.status: expected in_stock or out_of_stock, got 'IN_STOCK'",
    ),
    "a version that is true": ("version = true\n", "store.toml:1: version: expected 1, got true"),
    "an accept at an unknown source": (
        HEAD + "[[check.accept]]\ncode = 'BO101'\nreason = 'x'\nsource = 'mian'\n",
        "store.toml:9: check.accept[0].source: expected a source of the file, got 'mian'; did you mean 'main'?",
    ),
    "an accept in an unknown stock": (
        HEAD + "[[check.accept]]\ncode = 'BO101'\nreason = 'x'\nstock = 'us'\n",
        "store.toml:9: check.accept[0].stock: expected a stock of the file, got 'us'",
    ),
    "an accepted drift at an unknown stock": (
        HEAD + "[[drift.accept]]\nproduct = 'X'\nreason = 'x'\nstock = 'us'\n",
        "store.toml:9: drift.accept[0].stock: expected a stock of the file, got 'us'",
    ),
    "a negative reservation": (
        HEAD + "[products.X.stocks.eu]\nreserved = -1\n",
        "store.toml:7: products.X.stocks.eu.reserved: expected 0 or more, got -1",
    ),
    "a SKU with a blank at its end": (
        HEAD + '[products."X "]\n',
        "store.toml:6: products.\"X \": expected a SKU without blanks at either end, got 'X '",
    ),
    "an empty SKU": (HEAD + '[products.""]\n', 'store.toml:6: products."": expected a SKU, got an empty string'),
    "a code with a blank": (
        "version = 1\n[sources.'a b']\n",
        "store.toml:2: sources.\"a b\": expected a code of letters, digits, '_', '-' and '.', got 'a b'",
    ),
    "a source twice": (
        "version = 1\n[sources.main]\n[stocks.eu]\nsources = ['main', 'main']\n",
        "store.toml:4: stocks.eu.sources: expected an array of different strings, got 'main' twice",
    ),
    "a table that is a number": ("version = 1\nglobal = 1\n", "store.toml:2: global: expected a table, got 1"),
    "products that are a number": ("version = 1\nproducts = 1\n", "store.toml:2: products: expected a table, got 1"),
    "a date with a time": (
        "version = 1\n[[check.accept]]\ncode = 'BO101'\nreason = 'x'\nuntil = 2026-12-24T00:00:00\n",
        "store.toml:5: check.accept[0].until: expected a date such as 2026-12-24, got 2026-12-24 00:00:00",
    ),
}


@pytest.mark.parametrize(("text", "said"), PROBLEMS.values(), ids=PROBLEMS)
def test_an_invalid_file_is_refused_with_the_line_and_path_of_each_problem(
    run: Run, folder: Path, text: str, said: str
) -> None:
    (folder / "store.toml").write_text(text, encoding="utf-8")
    for words in (("product", "list"), ("config", "set", "backorders", "no")):
        assert run(*words) == (2, "", f"Error: {said}\n")
    assert (folder / "store.toml").read_text(encoding="utf-8") == text


def test_all_problems_of_a_file_are_reported_in_the_order_of_lines(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_text(
        "version = 1\n[products.X]\nbackorders = 'yes'\n[global]\nmanage_stock = 1\n[sources.a]\nenable = true\n"
    )
    ran = run("product", "show", "X")
    assert ran == (
        2,
        "",
        "Error: store.toml:3: products.X.backorders: expected no, allow or notify, got 'yes'\n"
        "Error: store.toml:5: global.manage_stock: expected true or false, got 1\n"
        "Error: store.toml:7: sources.a.enable: expected a key of a source, got 'enable'; did you mean 'enabled'?\n",
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("version = 1\n[global\n", "store.toml:2:8:"),
        ("version = 1\n[global]\nbackorders = no\n", "store.toml:3:14:"),
        ('version = 1\n[products.X]\n[products."X"]\n', "store.toml:3:"),
        ("version = 1\nversion = 1\n", "store.toml:2:"),
        ("version = 1\nname = 'a\n", "store.toml:3:1:"),
    ],
)
def test_a_syntax_error_has_line_and_column(run: Run, folder: Path, text: str, place: str) -> None:
    (folder / "store.toml").write_text(text)
    ran = run("config", "get", "backorders")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"Error: {place}")
    assert "Traceback" not in ran.err


NEWER = "this is TOML 1.1, and the file is read as TOML 1.0: "


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<<<<<<< HEAD\na = 1\n=======\na = 2\n>>>>>>> theirs\n", "2:1: merge conflict up to line 6: keep one side, "
         "without the lines of <, = and >"),
        ("a = 1\n=======\n", "3:1: a line of a merge conflict"),
        ("[global]\n[sources.a]\n[global]\n", "4:8: table global is already declared, at line 2"),
        ('[products."24-MB01"]\n[products.24-MB01]\n', '3:18: table products."24-MB01" is already declared, at line 2'),
        ("[global]\nbackorders = 'no'\n\nbackorders = 'allow'\n",
         "5:21: key global.backorders is already set, at line 3"),
        ("[sources]\na = { name = 'A' }\n[sources.a]\n", "4:11: table sources.a is already declared, at line 3"),
        ("[products.A]\nname = 'x'\n[products.B]\nname = 'y'\n[products.A.name]\n",
         "6:17: table products.A.name is already declared, at line 3"),
        ("name = \'\'\'a\nb\'\'\'\nname = 'c'\n", "4:11: key name is already set, at line 2"),
        ("[sources]\na = { name = 'A',\n}\n", f"3:18: {NEWER}write an inline table on one line"),
        ("[sources]\na = { name = 'A', }\n", f"3:19: {NEWER}write no comma before the }} of an inline table"),
        ('name = "\\e[1m"\n', f"2:11: {NEWER}write \\e as \\u001b"),
        ('name = "\\x41"\n', f"2:11: {NEWER}write \\x41 as \\u0041"),
        ("at = 10:30\n", f"2:8: {NEWER}write a time with its seconds"),
    ],
)  # fmt: skip
def test_a_syntax_error_names_its_cause_and_both_lines(run: Run, folder: Path, text: str, said: str) -> None:
    (folder / "store.toml").write_text(f"version = 1\n{text}")
    assert run("product", "list") == (2, "", f"Error: store.toml:{said}\n")


def test_the_error_of_an_unreadable_file_says_why(run: Run, folder: Path) -> None:
    assert run("product", "list") == (2, "", "Error: store.toml: no such file\nHint: backorderctl init\n")
    for command in (("product", "list"), ("config", "unset", "backorders"), ("config", "unset", "backorders", "-n")):
        ran = run(*command, "-f", "eu store.toml")
        assert ran.err == "Error: eu store.toml: no such file\nHint: backorderctl init -f 'eu store.toml'\n"
    assert run("diff", "eu store.toml", "store.toml").err == "Error: eu store.toml: no such file\n"
    (folder / "store.toml").mkdir()
    assert run("product", "list") == (2, "", "Error: store.toml: cannot read: is a directory\n")
    (folder / "latin.toml").write_bytes(b"version = 1\n# caf\xe9\n")
    assert run("product", "list", "-f", "latin.toml") == (
        2,
        "",
        "Error: latin.toml:2:6: expected UTF-8, got byte 0xe9\n",
    )


UGLY = ["a.b", 'say "hi"', "a/b", "two\nlines", "🧦", "[red]", "\x1b[31mred", "it's", "a\\b", "-5", "ключ", "x" * 300]


@pytest.mark.parametrize("sku", UGLY)
def test_any_sku_survives_a_write(run: Run, store_file: Path, sku: str) -> None:
    assert run("product", "add", "--name", sku, "--", sku).status == 0
    assert run("product", "assign", "--quantity", "3", "--", sku, "main").status == 0
    listed = run("product", "list", "-o", "csv", "--match", sku.replace("[", "[[]"))
    assert (listed.status, listed.err) == (0, "")
    for output in ("table", "json", "csv"):
        shown = run("product", "show", "-o", output, "--", sku)
        assert shown.status == 0
        assert output == "csv" or "\x1b" not in shown.out
    assert run("product", "remove", "--", sku).status == 0
    assert store_file.read_bytes().count(b"[products") == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("product", "show", "24-MB02"), "unknown product '24-MB02'\nHint: did you mean '24-MB01'?"),
        (("source", "show", "mian"), "unknown source 'mian', expected main\nHint: did you mean 'main'?"),
        (("stock", "show", "defualt"), "unknown stock 'defualt', expected default\nHint: did you mean 'default'?"),
        (
            ("config", "set", "backorders", "allow", "--prodct", "X"),
            "no such option: --prodct\nHint: did you mean --product?",
        ),
        (
            ("config", "set", "backorders", "allow", "--product", "24-mb01"),
            "unknown product '24-mb01'\nHint: did you mean '24-MB01'?",
        ),
        (("config", "sett", "backorders", "allow"), "no such command 'sett'\nHint: did you mean 'set'?"),
        (
            ("config", "set", "backorders", "allow", "--stock", "default", "--source", "main"),
            "--stock: expected alone, got it beside --source",
        ),
        (
            ("config", "set", "manage_stock", "false", "--source", "main"),
            "manage_stock: expected at global, stock or product, got it at source",
        ),
        (
            ("config", "set", "backorder", "allow"),
            "setting 'backorder': expected one of backorders, out_of_stock_threshold, notify_for_quantity_below, "
            "only_x_left_threshold, manage_stock\nHint: backorders",
        ),
        (("config", "set", "backorders", "maybe"), "backorders: expected no, allow or notify, got 'maybe'"),
        (("config", "set", "only_x_left_threshold", "-5"), "only_x_left_threshold: expected 0 or more, got -5"),
        (("config", "set", "out_of_stock_threshold", "1e3"), "out_of_stock_threshold: expected a number, got '1e3'"),
        (
            ("config", "set", "out_of_stock_threshold", "0.12345"),
            "out_of_stock_threshold: expected a number of at most 4 decimal places, got 0.12345",
        ),
        (
            ("config", "set", "backorders"),
            "'backorders': expected KEY VALUE, or KEY=VALUE for each of several settings",
        ),
        (("config", "set", "backorders=no", "backorders=allow"), "backorders: expected once, got it twice"),
        (
            ("config", "set", "backorder_limit=5", "out_of_stock_threshold=-5"),
            "expected backorder_limit or out_of_stock_threshold, got both: they are one setting",
        ),
        (("config", "set", "backorder_limit", "none"), "backorder_limit: expected a number, or unlimited, got 'none'"),
        (
            ("config", "set", "backorder_limit", "0"),
            "backorder_limit: expected a number above 0 or unlimited (for none at all: backorders no), got '0'",
        ),
        (
            ("config", "set", "backorders=no", "backorder_limit=5"),
            "backorder_limit: expected backorders to be on there, got 'no'",
        ),
        (
            ("config", "set", "backorders", "no", "--stock", "default"),
            "stock 'default' is implicit and not in the file; declare it first\nHint: backorderctl stock add default",
        ),
        (("config", "set", "backorders", "no", "-f", "-"), "standard input cannot be written\nHint: -f store.toml"),
        (("source", "add", "main"), "source 'main' exists"),
        (("source", "add", "a b"), "source: expected a code of letters, digits, '_', '-' and '.', got 'a b'"),
        (("product", "add", "24-MB01"), "product '24-MB01' exists"),
        (("product", "add", ""), "product: expected a SKU, got an empty string"),
        (("product", "reserve", "24-MB01", "-1"), "reserved: expected 0 or more, got -1"),
        (("product", "assign", "24-MB01", "main", "--quantity", "x"), "quantity: expected a number, got 'x'"),
        (("source", "remove", "main"), "source 'main' is still used by 1 product\nHint: --cascade"),
        (("product", "list", "--status", "gone"), None),
        (("product", "show"), "missing argument 'SKU'\nHint: backorderctl product show --help"),
        (
            ("export", "sql", "--to", "sql"),
            "missing option '--dialect', one of duckdb, spark, postgres, mysql\nHint: backorderctl export sql --help",
        ),
        (("config",), "missing command\nHint: backorderctl config --help"),
    ],
)
def test_an_invalid_command_is_refused_and_leaves_the_file_alone(
    run: Run, store_file: Path, words: tuple[str, ...], said: str | None
) -> None:
    before, changed = store_file.read_bytes(), store_file.stat().st_mtime_ns
    ran = run(*words)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("Error: ")
    if said is not None:
        assert ran.err == f"Error: {said}\n"
    assert (store_file.read_bytes(), store_file.stat().st_mtime_ns) == (before, changed)
    assert list(store_file.parent.iterdir()) == [store_file]


def test_control_characters_in_names_never_reach_the_terminal(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_text(
        'version = 1\n[sources.main]\n[products."\\u001b[2J\\u202e"]\nname = "\\u0007[bold]x[/bold]\\u009b"\n'
    )
    for words in (("product", "list"), ("product", "show", "\x1b[2J\u202e"), ("product", "show", "\x1b[2J")):
        ran = run(*words)
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(ran.out + ran.err)
    assert "[bold]x[/bold]" in run("product", "list").out


def test_a_closed_pipe_is_no_error(folder: Path) -> None:
    import subprocess

    products = "".join(f"[products.P{number}]\n" for number in range(5000))
    (folder / "store.toml").write_text("version = 1\n" + products)
    command = f"{sys.executable} -m backorderctl product list -o csv | head -n 1; echo ${{PIPESTATUS[0]}}"
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert (ran.stdout.splitlines()[-1], ran.stderr) == ("0", "")


@pytest.mark.parametrize(
    "words",
    [
        ("export", "magento", "products", "--since", "nope.toml"),
        ("export", "magento", "products", "--config", "nope.toml"),
        ("export", "magento", "all", "--to", "out", "--since", "nope.toml"),
        ("import", "magento", "--products", "nope.toml"),
        ("config", "apply", "nope.toml"),
        ("diff", "nope.toml"),
        ("diff", "store.toml", "nope.toml"),
        ("product", "list", "--quantities", "nope.toml"),
        ("product", "list", "--reserved", "nope.toml"),
        ("drift", "nope.toml"),
        ("test", "nope.test.toml"),
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("store_file")
def test_a_missing_input_has_no_hint_to_make_a_store(run: Run, words: tuple[str, ...]) -> None:
    ran = run(*words)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == f"Error: {words[-1]}: no such file\n"


@pytest.mark.usefixtures("store_file")
def test_a_missing_store_file_is_made_by_init(run: Run) -> None:
    for words in (["config", "list"], ["diff", "store.toml"], ["check"], ["config", "set", "backorders", "no"]):
        ran = run(*words, "-f", "s.toml")
        assert (ran.status, "backorderctl init -f s.toml" in ran.out + ran.err) == (2, True)


@pytest.mark.usefixtures("store_file")
@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("product", "list", "-f", ""), "--file"),
        (("-f", "", "product", "list"), "--file"),
        (("product", "list", "--quantities", ""), "--quantities"),
        (("product", "list", "--reserved", ""), "--reserved"),
        (("product", "list", "--quantities", "q.csv", "--skip-bad", ""), "--skip-bad"),
        (("evaluate", "q.csv", "--to", ""), "--to"),
        (("evaluate", ""), "QUANTITIES"),
        (("evaluate", "q.csv", "--reserved", ""), "--reserved"),
        (("export", "sql", "--dialect", "duckdb", "--to", ""), "--to"),
        (("export", "csv", "--to", ""), "--to"),
        (("export", "magento", "all", "--to", ""), "--to"),
        (("export", "magento", "products", "--since", ""), "--since"),
        (("export", "magento", "products", "--config", ""), "--config"),
        (("import", "magento", "--products", ""), "--products"),
        (("import", "magento", "--products", "q.csv", "--skip-bad", ""), "--skip-bad"),
        (("config", "apply", ""), "CHANGES.csv"),
        (("check", "store.toml", ""), "FILE"),
        (("diff", ""), "OLD"),
        (("diff", "store.toml", ""), "NEW"),
        (("drift", ""), "SALABLE"),
        (("test", "--junit", ""), "--junit"),
        (("test", ""), "FILE"),
    ],
    ids=str,
)
def test_an_empty_name_of_a_file_is_refused_wherever_one_is_taken(run: Run, words: tuple[str, ...], name: str) -> None:
    """A shell gives one for a variable that is not set; as if not given, other quantities would be answered for."""
    Path("q.csv").write_text("source_code,sku,quantity\nmain,24-MB01,x\n")
    before = sorted(Path().iterdir())
    assert run(*words) == (2, "", f"Error: {name}: expected the name of a file or folder, got ''\n")
    assert sorted(Path().iterdir()) == before


def test_an_empty_variable_for_a_file_is_as_one_that_is_not_set(
    run: Run, store_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = run("product", "list")
    for name in ("FILE", "QUANTITIES", "RESERVED"):
        monkeypatch.setenv(f"BACKORDERCTL_{name}", "")
    assert run("product", "list") == listed


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("product", "list", "--json"), "-o json"),
        (("check", "--sarif"), "-o sarif"),
        (("report", "--html"), "-o html"),
        (("product", "list", "--stok"), "did you mean --stock?"),
        (("product", "list", "--xyzzy"), "backorderctl product list --help"),
    ],
)
def test_an_unknown_option_has_the_hint_that_was_meant(run: Run, words: tuple[str, ...], hint: str) -> None:
    assert run(*words) == (2, "", f"Error: no such option: {words[-1]}\nHint: {hint}\n")


def test_a_channel_that_is_typed_for_a_stock_is_told(run: Run, folder: Path) -> None:
    stocks = "".join(f"[stocks.s{number}]\nchannels = ['shop{number}']\n" for number in range(6))
    (folder / "store.toml").write_text(f"version = 1\n[sources.a]\n{stocks}")
    error = "Error: unknown stock 'shop3': that is a channel of stock 's3'\nHint: did you mean 's3'?\n"
    assert run("product", "list", "--stock", "shop3") == (2, "", error)
    assert run("product", "list", "--stock", "xyz").err == "Error: unknown stock 'xyz'\n"
    assert run("source", "show", "xyz").err == "Error: unknown source 'xyz', expected a\n"
