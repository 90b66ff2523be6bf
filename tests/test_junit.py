"""The JUnit XML of `backorderctl test`: against the rules that Jenkins and GitLab publish for it."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from conftest import Ran, Run

STORE = Path(__file__).parent / "data" / "policy_tests" / "store.toml"
TESTS = """
[[test]]
name = "kept"
product = "bag"
expect = { unlimited = false }

[[test]]
name = "broken"
match = "*"
expect = { unlimited = false, backorders = "allow" }

[[test]]
name = "invalid"
product = "bagg"
expect = { unlimited = false }
"""

JENKINS: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": ({"testsuite"}, set(), {"name", "time", "tests", "failures", "errors"}),
    "testsuite": (
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
        {"name", "tests", "failures", "errors"},
        {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
    ),
    "testcase": (
        {"skipped", "error", "failure", "system-out", "system-err"},
        {"name"},
        {"time", "classname", "group"},
    ),
    "failure": (set(), set(), {"type", "message"}),
    "error": (set(), set(), {"type", "message"}),
}
"""By element: what may be in it, the attributes that it must have and those that it may (junit-10.xsd of the xUnit
plugin of Jenkins)."""


def check_schema(element: ET.Element) -> None:
    children, required, optional = JENKINS[element.tag]
    assert required <= set(element.attrib) <= required | optional, element.tag
    for child in element:
        assert child.tag in children, f"{child.tag} in {element.tag}"
        check_schema(child)
    if children:
        assert not (element.text or "").strip()


@pytest.fixture
def junit(run: Run, folder: Path) -> ET.Element:
    (folder / "store.toml").write_bytes(STORE.read_bytes())
    (folder / "store.test.toml").write_text(TESTS)
    assert run("test", "--junit", "report.xml").status == 2
    return ET.parse(folder / "report.xml").getroot()


def test_the_file_meets_the_schema_of_jenkins(junit: ET.Element) -> None:
    check_schema(junit)


@pytest.mark.parametrize(
    ("words", "spoil", "counts", "said"),
    [
        (["store.test.toml", "gone.test.toml"], "", ("4", "1", "2"), "gone.test.toml: no such file"),
        ([], "backorders = 'maybe'", ("1", "0", "1"), "global.backorders: expected no, allow or notify, got 'maybe'"),
        (["--quantities", "gone.csv"], "", ("1", "0", "1"), "gone.csv: no such file"),
        (["-f", "alone.toml"], "", ("1", "0", "1"), "alone.test.toml: no such file"),
        (["--filter", "nothing", "kept.test.toml", "-f", "store.toml"], "", ("0", "0", "0"), None),
    ],
    ids=[
        "a test file is missing",
        "the store is invalid",
        "quantities are missing",
        "there are no tests",
        "no test matches",
    ],
)
def test_a_run_that_is_refused_leaves_no_results_of_an_earlier_one(
    run: Run, folder: Path, words: list[str], spoil: str, counts: tuple[str, str, str], said: str | None
) -> None:
    text = STORE.read_text()
    (folder / "store.toml").write_text(text.replace('[global]\nbackorders = "notify"', f"[global]\n{spoil}"))
    (folder / "store.test.toml").write_text(TESTS)
    (folder / "kept.test.toml").write_text(TESTS.partition('[[test]]\nname = "broken"')[0])
    (folder / "alone.toml").write_text(text)
    (folder / "report.xml").write_text("results of an earlier run")
    ran = run("test", "--junit", "report.xml", *words)
    root = ET.parse(folder / "report.xml").getroot()
    check_schema(root)
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == counts
    assert (ran.status, ran.out) == (2 if said else 1, "")
    if said:
        assert f"{said}\n" in ran.err
        assert said in (root.findall(".//error")[-1].text or "")


def test_the_file_has_what_gitlab_tells_tests_apart_by(junit: ET.Element) -> None:
    cases = list(junit.iter("testcase"))
    assert junit.tag == "testsuites"
    assert [(case.get("classname"), case.get("name")) for case in cases] == [
        ("store.test.toml", "kept"),
        ("store.test.toml", "broken"),
        ("store.test.toml", "invalid"),
    ]


def test_the_counts_are_those_of_the_cases(junit: ET.Element) -> None:
    for counted in (junit, *junit):
        assert (counted.get("tests"), counted.get("failures"), counted.get("errors")) == ("3", "1", "1")


def test_failures_and_errors_have_a_message_and_details(junit: ET.Element) -> None:
    [failure], [error] = junit.iter("failure"), junit.iter("error")
    assert failure.get("message") == "bag: backorders: expected allow, got notify and 6 more"
    assert (failure.text or "").splitlines()[0] == (
        "store.test.toml:7: broken: backorders: expected allow, got notify, no (3 of 4 products)"
    )
    assert error.text == (
        "store.test.toml:14: test[2].product: expected a product of the store, got 'bagg'; did you mean 'bag'?"
    )


def test_a_file_that_is_not_toml_is_one_error(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_bytes(STORE.read_bytes())
    (folder / "store.test.toml").write_text("[[test\n")
    assert run("test", "--junit", "report.xml").status == 2
    root = ET.parse(folder / "report.xml").getroot()
    check_schema(root)
    assert [case.get("name") for case in root.iter("testcase")] == ["store.test.toml"]
    assert len(list(root.iter("error"))) == 1


@pytest.mark.parametrize(
    "name", ["<&>'\\\"]]>", "\\u001b[31m", "\\u0000", "\\ud7ff\\uffff\\ufffe", "\\u202e", "a\\nb\\tc", "🎒"]
)
def test_any_name_is_well_formed(run: Run, folder: Path, name: str) -> None:
    (folder / "store.toml").write_bytes(STORE.read_bytes())
    text = f'[[test]]\nname = "x{name}"\nmatch = "*"\nexpect = {{ unlimited = false, name = "{name}" }}\n'
    (folder / "store.test.toml").write_text(text, encoding="utf-8")
    assert run("test", "--junit", "report.xml").status == 1
    root = ET.parse(folder / "report.xml").getroot()
    check_schema(root)
    assert len(list(root.iter("failure"))) == 1


def test_nothing_that_is_read_is_overwritten(run: Run, folder: Path) -> None:
    (folder / "store.toml").write_bytes(STORE.read_bytes())
    (folder / "store.test.toml").write_text(TESTS)
    for name in ("store.toml", "store.test.toml"):
        assert run("test", "--junit", name) == Ran(
            2, "", f"Error: --junit {name}: expected another file, got one that this command reads\n"
        )
    assert (folder / "store.toml").read_bytes() == STORE.read_bytes()
