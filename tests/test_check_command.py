"""`check` on the command line: files, rules that are chosen, exit statuses, and the five shapes of an answer."""

import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rules_table
from conftest import Run

from backorderctl.check.rules import RULES

ROOT = Path(__file__).parent.parent

WRONG = """\
version = 1

[global]
backorders = "notify"
only_x_left_threshold = 5

[sources.main]

[products.A.sources.main]
quantity = 25

[products."x: 100%, [y]\\u001b"]
out_of_stock_threshold = 5

[products."x: 100%, [y]\\u001b".sources.main]
quantity = 25
"""
UNLIMITED = "global: backorders are on and unlimited: the threshold in force is 0, from the default; 1 product: A"
IGNORED = r"product x: 100%, [y]\x1b: the reserve is ignored: backorders are on (from global) and unlimited (reserve 5)"
NEVER = (
    "global: only_x_left_threshold = 5 can never show: what it reaches is unlimited; 2 products: A, x: 100%, [y]\\x1b; "
    r"the hint changes only_x_left_threshold (salable quantity: A stays unlimited, x: 100%, [y]\x1b stays unlimited)"
)
HINT = "backorderctl config unset only_x_left_threshold"
NO_PLACE = {"stock": None, "source": None, "product": None}
INVALID = "version = 2\n[global]\nbackorder = true\n"


@pytest.fixture
def wrong(folder: Path) -> Path:
    """A store file with two errors and an info."""
    path = folder / "store.toml"
    path.write_text(WRONG, encoding="utf-8")
    return path


def test_findings_of_one_rule_are_in_the_order_of_the_file(folder: Path, run: Run) -> None:
    """Also where the file has its products above what they inherit from."""
    (folder / "store.toml").write_text(
        """\
version = 1

[products.A.sources.c]
quantity = 3

[products.B]
only_x_left_threshold = 5
out_of_stock_threshold = 5

[products.B.sources.c]
quantity = 3

[sources.c]
out_of_stock_threshold = 4

[global]
backorders = "allow"
only_x_left_threshold = 7
""",
        encoding="utf-8",
    )
    found = json.loads(run("check", "-o", "json").out)["findings"]
    lines = [(each["code"], each["line"]) for each in found]
    assert lines == [("BO102", 8), ("BO102", 14), ("BO107", 7), ("BO107", 18)]


@pytest.mark.usefixtures("wrong")
def test_a_table_names_what_is_wrong_where_and_what_to_type(run: Run) -> None:
    assert run("check") == (
        1,
        f"error BO101 store.toml:4 {UNLIMITED}\n"
        f"error BO102 store.toml:13 {IGNORED}\n"
        f"info  BO107 store.toml:5 {NEVER}\n"
        f"            {HINT}\n",
        "3 findings: 2 errors, 1 info\n",
    )


@pytest.mark.usefixtures("wrong")
def test_json_has_every_key(run: Run) -> None:
    ran = run("check", "-q", "-o", "json", "--select", "BO101,BO102")
    assert (ran.status, ran.err) == (1, "")
    assert json.loads(ran.out) == {
        "findings": [
            {
                "code": "BO101",
                "severity": "error",
                "message": UNLIMITED,
                "file": "store.toml",
                "line": 4,
                "scope": "global",
                "stock": None,
                "source": None,
                "product": None,
                "key": "backorders",
                "count": 1,
                "hint": None,
                "since": None,
                "places": [{**NO_PLACE, "scope": "global", "line": 4, "since": None}],
            },
            {
                "code": "BO102",
                "severity": "error",
                "message": IGNORED.replace(r"\x1b", "\x1b"),
                "file": "store.toml",
                "line": 13,
                "scope": "product",
                "stock": None,
                "source": None,
                "product": "x: 100%, [y]\x1b",
                "key": "out_of_stock_threshold",
                "count": 1,
                "hint": None,
                "since": None,
                "places": [{**NO_PLACE, "scope": "product", "product": "x: 100%, [y]\x1b", "line": 13, "since": None}],
            },
        ]
    }


@pytest.mark.usefixtures("wrong")
def test_csv_has_one_row_for_each_finding(run: Run) -> None:
    assert run("check", "-q", "-o", "csv", "--ignore", "BO102") == (
        1,
        "code,severity,message,file,line,scope,stock,source,product,key,count,hint,since\n"
        f'BO101,error,"{UNLIMITED}",store.toml,4,global,,,,backorders,1,,\n'
        f'BO107,info,"{NEVER}",store.toml,5,global,,,,only_x_left_threshold,2,{HINT},\n'.replace(r"\x1b", "\x1b"),
        "",
    )


@pytest.mark.usefixtures("wrong")
def test_github_gets_workflow_commands_that_no_name_can_break(run: Run) -> None:
    Path("a,b:100%.toml").write_text("version = 1\n[sources.a]\n[products.B]\n[products.C.sources.a]\nquantity = 1\n")
    assert run("check", "-q", "store.toml", "a,b:100%.toml", "-o", "github") == (
        1,
        f"::error file=store.toml,line=4,title=BO101 unlimited-by-accident::{UNLIMITED}\n"
        f"::error file=store.toml,line=13,title=BO102 ignored-reserve::{IGNORED.replace('%', '%25')}\n"
        f"::notice file=store.toml,line=5,title=BO107 only-x-left-never-shows::{NEVER.replace('%', '%25')}%0A{HINT}\n"
        "::notice file=a%2Cb%3A100%25.toml,line=3,title=BO201 no-source-item::product B: no source item\n",
        "",
    )


@pytest.mark.parametrize("output", ["table", "json", "csv", "github", "sarif"])
def test_a_file_without_findings_gives_an_empty_answer(run: Run, store_file: Path, output: str) -> None:
    ran = run("check", "-o", output)
    assert (ran.status, ran.err) == (0, "no findings\n")
    empty = {
        "json": '{"findings": []}\n',
        "csv": "code,severity,message,file,line,scope,stock,source,product,key,count,hint,since\n",
    }
    assert output == "sarif" or ran.out == empty.get(output, "")


@pytest.mark.usefixtures("store_file")
def test_problems_of_a_file_are_findings_and_other_files_are_still_checked(run: Run, wrong: Path) -> None:
    Path("bad.toml").write_text(INVALID)
    ran = run("check", "bad.toml", "none.toml", "store.toml", "--select", "BO101", "--fail-level", "never")
    assert ran == (
        2,
        "error BO001 bad.toml:1 version: expected 1, got 2\n"
        "error BO001 bad.toml:3 global.backorder: expected a key of [global], got 'backorder'; "
        "did you mean 'backorders'?\n"
        "\n"
        "error BO001 none.toml no such file\n"
        "\n"
        f"error BO101 store.toml:4 {UNLIMITED}\n",
        "4 findings: 4 errors\n",
    )


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("csv", 'BO001,error,"version: expected 1, got 2",bad.toml,1,,,,,,1,,\n'),
        ("github", "::error file=bad.toml,line=1,title=BO001 unreadable-file::version: expected 1, got 2\n"),
        (
            "json",
            '{"code": "BO001", "severity": "error", "message": "version: expected 1, got 2", "file": "bad.toml"',
        ),
        ("sarif", '"text": "version: expected 1, got 2"'),
        ("table", "error BO001 bad.toml:1 version: expected 1, got 2\n"),
    ],
)
def test_an_invalid_file_is_reported_in_every_format(run: Run, folder: Path, output: str, expected: str) -> None:
    Path("bad.toml").write_text(INVALID)
    ran = run("check", "bad.toml", "-q", "-o", output)
    assert (ran.status, ran.err) == (2, "")
    assert expected in ran.out


def test_standard_input_is_a_file_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "sys.stdin",
        io.TextIOWrapper(io.BytesIO(b"version = 1\n[sources.a]\n[products.B]\n[products.C.sources.a]\nquantity = 1\n")),
    )
    assert run("check", "-", "-") == (
        0,
        "info BO201 <stdin>:3 product B: no source item\n",
        "1 finding: 1 info\n",
    )


@pytest.mark.usefixtures("wrong")
@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--ignore", "BO1"], 0),
        (["--ignore", "BO101,BO102", "--fail-level", "info"], 1),
        (["--ignore", "bo101, bo102"], 0),
        (["--ignore", "BO101", "--ignore", "BO102"], 0),
        (["--select", "BO101", "--fail-level", "error"], 1),
        (["--select", "BO1", "--ignore", "BO10"], 0),
        (["--select", "BO2"], 0),
        (["--fail-level", "never"], 0),
    ],
    ids=str,
)
def test_the_exit_status_depends_on_the_findings_that_are_chosen(run: Run, words: list[str], status: int) -> None:
    assert run("check", "-q", *words).status == status


def test_a_warning_fails_unless_errors_alone_are_to(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_text("version = 1\n[global]\nmanage_stock = false\n[sources.main]\n")
    assert run("check").err == "1 finding: 1 warning\n"
    assert [run("check", *words).status for words in ((), ("--fail-level", "error"))] == [1, 0]


@pytest.mark.usefixtures("wrong")
@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--select", "BO1O1"], "Error: --select: unknown rule 'BO1O1'\nHint: did you mean 'BO112'?\n"),
        (["--ignore", "BO101,"], "Error: --ignore: unknown rule ''\n"),
        (["--only", "polcy"], "Error: --only: expected policy, stock, style, got 'polcy'\nHint: policy\n"),
        (
            ["--only", "stock", "--select", "BO1"],
            "Error: --select: expected without --only, got both: it replaces the kinds of rules\n",
        ),
        (["--rules", "-o", "sarif"], "Error: --rules: expected table, json, csv, got sarif\n"),
    ],
    ids=str,
)
def test_what_cannot_be_chosen_is_an_error(run: Run, words: list[str], error: str) -> None:
    assert run("check", *words) == (2, "", error)


@pytest.mark.usefixtures("wrong")
def test_the_format_can_come_from_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKORDERCTL_OUTPUT", "github")
    assert run("check").out.startswith("::error file=store.toml")


@pytest.mark.usefixtures("folder")
def test_a_hint_can_be_typed_as_it_is_shown(run: Run) -> None:
    Path("my shop.toml").write_text(WRONG.replace("[sources.main]", "[sources.main]\nnotify_for_quantity_below = 1"))
    [hint] = [each["hint"] for each in findings(run, "my shop.toml", "--select", "BO301")]
    assert hint == "backorderctl config unset notify_for_quantity_below --source main -f 'my shop.toml'"


def findings(run: Run, *words: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = json.loads(run("check", "-o", "json", *words).out)["findings"]
    return answer


@pytest.mark.usefixtures("folder")
def test_rules_are_listed(run: Run) -> None:
    rows = json.loads(run("check", "--rules", "-o", "json").out)["rules"]
    assert [(row["code"], row["name"]) for row in rows] == [(rule.code, rule.name) for rule in RULES.values()]
    assert run("check", "--rules", "-o", "csv").out.splitlines()[0] == "code,name,severity,kind,reason,remedy"
    page = run("check", "--rules").out
    assert page.startswith(
        "BO001 unreadable-file (policy, error)\n  finds  The file cannot be read, or is not a store file.\n"
    )


def test_rules_have_names_that_can_be_typed_and_sentences_that_can_be_read() -> None:
    for code, rule in RULES.items():
        assert re.fullmatch(r"BO\d{3}", code)
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
        assert rule.reason.endswith(".")
        assert rule.remedy.endswith(".")
    assert len({rule.name for rule in RULES.values()}) == len(RULES)


def test_the_page_about_check_lists_the_rules() -> None:
    assert rules_table.table() in rules_table.PAGE.read_text(encoding="utf-8")


def sarif(run: Run, *words: str) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(run("check", "-q", "-o", "sarif", *words).out)
    assert list(violations(log)) == []
    return log


def violations(log: dict[str, Any]) -> Iterator[str]:
    """What SARIF 2.1.0 demands of the parts that we write and the log does not have."""
    if log["version"] != "2.1.0" or not log["$schema"].endswith("sarif-schema-2.1.0.json"):
        yield "version"
    for run in log["runs"]:
        driver = run["tool"]["driver"]
        if not isinstance(driver["name"], str):
            yield "tool.driver.name"
        ids = [rule["id"] for rule in driver["rules"]]
        for rule in driver["rules"]:
            texts = [rule[name]["text"] for name in ("shortDescription", "fullDescription", "help")]
            if not all(texts) or rule["defaultConfiguration"]["level"] not in LEVELS:
                yield f"rule {rule['id']}"
        if any(type(each["executionSuccessful"]) is not bool for each in run["invocations"]):
            yield "invocations"
        for result in run["results"]:
            yield from (f"result {word}" for word in wrong_of_result(result, ids))


LEVELS = ("none", "note", "warning", "error")


def wrong_of_result(result: dict[str, Any], ids: list[str]) -> Iterator[str]:
    if ids[result["ruleIndex"]] != result["ruleId"] or result["level"] not in LEVELS:
        yield "rule"
    if not result["message"]["text"]:
        yield "message"
    [location] = result["locations"]
    physical = location["physicalLocation"]
    if not re.fullmatch(r"[A-Za-z0-9._~/:%-]+", physical["artifactLocation"]["uri"]):
        yield "uri"
    if "region" in physical and physical["region"]["startLine"] < 1:
        yield "region"
    if not all(isinstance(value, str) for value in result["partialFingerprints"].values()):
        yield "partialFingerprints"


@pytest.mark.usefixtures("wrong")
def test_sarif_has_all_the_rules_and_every_finding_at_its_line(run: Run) -> None:
    [sarif_run] = sarif(run)["runs"]
    assert [rule["id"] for rule in sarif_run["tool"]["driver"]["rules"]] == list(RULES)
    assert sarif_run["invocations"] == [{"executionSuccessful": True}]
    first = sarif_run["results"][0]
    assert (first["ruleId"], first["level"]) == ("BO101", "error")
    assert first["message"] == {"text": UNLIMITED}
    assert first["locations"] == [
        {"physicalLocation": {"artifactLocation": {"uri": "store.toml"}, "region": {"startLine": 4}}}
    ]
    last = sarif_run["results"][-1]
    assert last["level"] == "note"
    assert last["message"]["text"] == f"{NEVER}\n{HINT}".replace(r"\x1b", "\x1b")


@pytest.mark.usefixtures("store_file")
def test_sarif_of_a_clean_file_still_lists_the_rules(run: Run) -> None:
    [sarif_run] = sarif(run)["runs"]
    assert sarif_run["results"] == []
    assert len(sarif_run["tool"]["driver"]["rules"]) == len(RULES)


@pytest.mark.usefixtures("folder")
def test_sarif_says_when_a_file_could_not_be_read(run: Run) -> None:
    [sarif_run] = sarif(run, "none.toml")["runs"]
    assert sarif_run["invocations"] == [{"executionSuccessful": False}]
    [result] = sarif_run["results"]
    assert result["locations"] == [{"physicalLocation": {"artifactLocation": {"uri": "none.toml"}}}]


def test_sarif_names_files_relative_to_here(run: Run, wrong: Path) -> None:
    (wrong.parent / "süd shop").mkdir()
    inside = wrong.parent / "süd shop" / "store.toml"
    inside.write_text(WRONG)

    def uri(path: str) -> str:
        first = sarif(run, path)["runs"][0]["results"][0]
        return str(first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])

    assert uri(str(inside)) == uri("süd shop/store.toml") == "s%C3%BCd%20shop/store.toml"
    assert uri("a:b.toml") == "a%3Ab.toml"
    assert uri("/nowhere/store.toml") == "file:///nowhere/store.toml"


def test_a_sarif_fingerprint_outlives_a_move_in_the_file(run: Run, wrong: Path) -> None:
    before = sarif(run)["runs"][0]["results"]
    wrong.write_text("# moved\n\n" + WRONG + "\n[products.B.sources.main]\nquantity = 1\n", encoding="utf-8")
    after = sarif(run)["runs"][0]["results"]
    prints = [each["partialFingerprints"] for each in after]
    assert prints == [each["partialFingerprints"] for each in before]
    assert len({str(each) for each in prints}) == len(prints)
    assert before != after


def test_the_hook_of_pre_commit_checks_the_files_of_a_commit(wrong: Path) -> None:
    text = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    first = text.split("\n- ")[0]
    hook = dict(line.lstrip("- ").split(": ", 1) for line in first.splitlines())
    assert (hook["id"], hook["language"], hook["pass_filenames"]) == ("backorderctl-check", "python", "true")
    folder = wrong.parent
    (folder / "shops").mkdir()
    (folder / "shops" / "store.toml").write_text("version = 1\n")
    (folder / "pyproject.toml").write_text("")
    (folder / "my-store.toml").write_text("")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run(["git", "add", "."], cwd=folder, check=True)
    listed = subprocess.run(["git", "ls-files", "-c"], cwd=folder, check=True, capture_output=True, text=True)
    files = [name for name in listed.stdout.splitlines() if re.search(hook["files"], name)]
    assert files == ["shops/store.toml", "store.toml"]
    entry = [str(Path(sys.executable).parent / hook["entry"].split()[0]), *hook["entry"].split()[1:]]
    ran = subprocess.run([*entry, *files], cwd=folder, capture_output=True, text=True, env={"PATH": os.environ["PATH"]})
    assert (ran.returncode, ran.stderr) == (1, "3 findings: 2 errors, 1 info\n")
    assert ran.stdout.startswith(f"error BO101 store.toml:4 {UNLIMITED}\n")


@pytest.mark.parametrize("code", ["BO106", "BO107", "BO301", "BO302", "BO303"])
def test_typing_the_hint_ends_the_finding(run: Run, folder: Path, code: str) -> None:
    Path("store.toml").write_bytes((ROOT / "tests" / "data" / "check" / f"{code}-bad.toml").read_bytes())
    [finding] = findings(run, "--select", code)
    words = shlex.split(finding["hint"])
    assert words[0] == "backorderctl"
    assert run(*words[1:], "-q") == (0, "", "")
    assert findings(run, "--select", code) == []


KINDS = (
    WRONG + "[products.A]\nnotify_for_quantity_below = 1\n[products.Z.sources.main]\nquantity = -3\nbackorders = 'no'\n"
)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ([], ["BO101", "BO102", "BO108"]),
        (["--only", "policy"], ["BO101", "BO102"]),
        (["--only", "stock,style"], ["BO108", "BO301"]),
        (["--only", "stock", "--only", "Style"], ["BO108", "BO301"]),
        (["--only", "policy", "--ignore", "BO10"], []),
        (["--select", "BO3"], ["BO301"]),
    ],
    ids=str,
)
def test_rules_are_chosen_by_kind_or_by_code(run: Run, words: list[str], codes: list[str]) -> None:
    Path("store.toml").write_text(KINDS)
    assert [each["code"] for each in findings(run, *words)] == codes


@pytest.mark.usefixtures("folder")
def test_a_file_that_is_invalid_is_found_whichever_rules_are_chosen(run: Run) -> None:
    Path("store.toml").write_text(INVALID)
    for words in (["--only", "stock"], ["--select", "BO1"], ["--ignore", "BO0"]):
        assert [each["code"] for each in findings(run, *words)] == ["BO001", "BO001"]


LUMA = ROOT / "examples" / "luma.toml"
NAMES = (("products", "-sample"), ("stock-sources", ""))


@pytest.mark.usefixtures("folder")
def test_a_good_catalogue_and_imports_have_no_finding(run: Run) -> None:
    assert run("check", str(LUMA)) == (0, "", "no findings\n")
    magento = ROOT / "tests" / "data" / "magento"
    products, stock_sources = (str(magento / f"{name}-luma{end}.csv") for name, end in NAMES)
    links = ("--link", "us=us_store,us_warehouse", "--link", "default=default")
    assert run("import", "magento", "--products", products, "--stock-sources", stock_sources, *links, "-q").status == 0
    assert run("check") == (0, "", "no findings\n")


@pytest.mark.usefixtures("folder")
def test_a_catalogue_that_becomes_unlimited_is_one_finding_with_the_number_of_products(run: Run) -> None:
    Path("store.toml").write_text(
        LUMA.read_text(encoding="utf-8").replace('[global]\nbackorders = "no"', '[global]\nbackorders = "notify"')
    )
    [finding] = findings(run)
    assert (finding["code"], finding["severity"]) == ("BO109", "warning")
    assert finding["message"].startswith("global: the threshold 0 makes backorders unlimited; ")


def test_all_lists_every_place_of_a_finding(run: Run, folder: Path) -> None:
    products = "".join(f"[products.P{number}.sources.a]\nquantity = -1\n" for number in range(5))
    (folder / "store.toml").write_text(f"version = 1\n[sources.a]\n{products}")
    listed = run("check", "--select", "BO108", "--all").out.splitlines()
    assert [line.split() for line in listed[1:]] == [
        [f"store.toml:{4 + 2 * number}", f"P{number}", "at", "a"] for number in range(5)
    ]
    assert len(run("check", "--select", "BO108").out.splitlines()) == 1
    [result] = json.loads(run("check", "--select", "BO108", "-o", "sarif").out)["runs"][0]["results"]
    assert [place["message"]["text"] for place in result["relatedLocations"]] == [f"P{n} at a" for n in range(5)]
    assert [place["physicalLocation"]["region"]["startLine"] for place in result["relatedLocations"]] == [
        4,
        6,
        8,
        10,
        12,
    ]
