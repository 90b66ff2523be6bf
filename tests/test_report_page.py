"""The page of `report -o html` in a real browser: Chromium, as Debian has it, on a screen, a phone and paper."""

from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from conftest import Run

playwright = pytest.importorskip("playwright.sync_api")
BROWSER = Path("/usr/bin/chromium")
FLAGS = [
    f"--{flag}"
    for flag in (
        "no-sandbox", "disable-gpu", "no-first-run", "disable-background-networking", "disable-component-update",
        "disable-sync",
    )
]  # fmt: skip
STORE = Path(__file__).parent / "data" / "report" / "store.toml"
HOSTILE = """
[products."<script>document.title='hacked'</script>"]
name = '"><img src=x onerror="document.title=1">'
[products."<script>document.title='hacked'</script>".sources.berlin]
quantity = -90

[products."\\u202Egnp.exe"]
name = "\\u2066\\u202Ereversed\\u2069"
[products."\\u202Egnp.exe".sources.berlin]
quantity = -80

[products.LONG]
name = "%s"
[products.LONG.sources.berlin]
quantity = -70

[[schedule]]
from = 2030-01-01
source = "lyon"
reason = "<b>closed</b>"
enabled = false
"""
SCREENS = [(1280, "light"), (1280, "dark"), (320, "light"), (320, "dark")]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if not BROWSER.exists():
        pytest.skip("no Chromium")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=str(BROWSER), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page_file(run: Run, folder: Path) -> Path:
    """The page of a store with something of everything, and with names that attack a page."""
    (folder / "store.toml").write_text(STORE.read_text() + HOSTILE % ("N" * 10_000), encoding="utf-8")
    ran = run("report", "-o", "html")
    assert (ran.status, ran.err) == (0, "")
    path = folder / "report.html"
    path.write_text(ran.out, encoding="utf-8")
    return path


class Seen:
    """A page in a browser, and everything that it asked for or complained about."""

    def __init__(self, browser: Any, path: Path, width: int, scheme: str) -> None:
        self.noticed: list[str] = []
        self.page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        self.page.on("console", lambda message: self.noticed.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.noticed.append(f"error: {error}"))
        self.page.on("request", lambda request: self.noticed.append(f"request: {request.url}"))
        self.page.goto(path.as_uri())
        self.noticed.remove(f"request: {path.as_uri()}")


@pytest.fixture
def seen(browser: Any, page_file: Path, request: pytest.FixtureRequest) -> Iterator[Seen]:
    shown = Seen(browser, page_file, *request.param)
    yield shown
    shown.page.close()


def each_screen(test: Any) -> Any:
    return pytest.mark.parametrize("seen", SCREENS, ids=lambda screen: f"{screen[0]}-{screen[1]}", indirect=True)(test)


@each_screen
def test_the_page_makes_no_request_and_logs_no_error(seen: Seen) -> None:
    seen.page.wait_for_load_state("networkidle")
    assert seen.noticed == []


@each_screen
def test_nothing_scrolls_sideways(seen: Seen) -> None:
    widths = seen.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1]
    beyond = seen.page.evaluate(
        "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).length"
    )
    assert beyond == 0


@each_screen
def test_the_page_is_accessible(seen: Seen) -> None:
    """WCAG 2.2 AA as axe-core checks it: contrast in both schemes, headings, landmarks, names."""
    axe = resources.files("axe_playwright_python") / "axe.min.js"
    seen.page.evaluate(axe.read_text(encoding="utf-8"))
    found = seen.page.evaluate("tags => axe.run(document, {runOnly: tags})", WCAG)
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]] == []
    assert len(found["passes"]) > 15


@each_screen
def test_hostile_names_are_text(seen: Seen) -> None:
    text = seen.page.inner_text("body")
    assert seen.page.title().startswith("Backorder report: store.toml, ")
    assert "<script>document.title='hacked'</script>" in text
    assert '"><img src=x onerror="document.title=1">' in text
    assert "\\u202egnp.exe" in text
    assert "\\u2066\\u202ereversed\\u2069" in text
    assert "N" * 79 + "…" in text
    assert "<b>closed</b>" in text
    assert not seen.page.query_selector_all("script, img, iframe")


@pytest.mark.parametrize("seen", [(1280, "light")], ids=["keyboard"], indirect=True)
def test_the_keyboard_reaches_every_link_and_shows_where_it_is(seen: Seen) -> None:
    links = seen.page.query_selector_all("a")
    reached = []
    for _ in links:
        seen.page.keyboard.press("Tab")
        outline = "(e => e.tagName + ' ' + e.getAttribute('href') + ' ' + getComputedStyle(e).outlineStyle)"
        reached.append(seen.page.evaluate(f"{outline}(document.activeElement)"))
    assert reached == [f"A {link.get_attribute('href')} solid" for link in links]
    assert all(seen.page.query_selector(str(link.get_attribute("href"))) for link in links)


@pytest.mark.parametrize("seen", [(1280, "dark")], ids=["paper"], indirect=True)
def test_the_printed_page_is_black_on_white_without_a_menu(seen: Seen, tmp_path: Path) -> None:
    seen.page.emulate_media(media="print", color_scheme="dark")
    style = "getComputedStyle(document.body)"
    assert seen.page.evaluate(f"[{style}.backgroundColor, {style}.color]") == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]
    assert not seen.page.is_visible("nav")
    seen.page.pdf(path=str(tmp_path / "report.pdf"), format="A4")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    widths = seen.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1]


@pytest.mark.parametrize("seen", [(1280, "light")], ids=["zoom"], indirect=True)
def test_text_of_twice_the_size_still_fits(seen: Seen) -> None:
    seen.page.add_style_tag(content="html { font-size: 200% }")
    widths = seen.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1]
