"""The documentation: every page is linked from the README, and every example in it works as printed."""

import re
from pathlib import Path

import pytest
from pages import BLOCK, NAMED, PAGES, ROOT, followed, page


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_session_prints_what_the_page_shows(path: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert followed(text, tmp_path) == text


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_example_is_run_by_a_test(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("```") == 2 * len(BLOCK.findall(text))
    for found in BLOCK.finditer(text):
        name, language = found["name"] or "", found["language"]
        assert language in ("console", "toml") or name.startswith("file ") or name in NAMED, found[0]


@pytest.mark.parametrize(("name", "user"), NAMED.items())
def test_a_named_example_is_used_where_the_list_says(name: str, user: str) -> None:
    assert name in (ROOT / user).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PAGES[1:], ids=lambda path: path.name)
def test_the_readme_links_every_page(path: Path) -> None:
    assert f"(docs/{path.name})" in page("README.md")


@pytest.mark.parametrize("path", [*PAGES, *ROOT.glob("C*.md"), *ROOT.glob("A*.md")], ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target
