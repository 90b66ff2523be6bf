"""Rules of `check` at their edges: small stores that differ in one thing from what a rule finds or leaves alone."""

import pytest
from checking import found

from backorderctl.output.finding_text import findings_summary, message

MAIN = "[sources.main]\n[products.A.sources.main]\n"
TWO_SOURCES = "[products.A.sources.a]\nquantity = 1\n[products.A.sources.b]\nquantity = 1\n"


def edge(name: str, text: str, *expected: str) -> object:
    return pytest.param(f"version = 1\n{text}", list(expected), id=name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        edge(
            "an inherited reserve is not unlimited by accident",
            '[global]\nout_of_stock_threshold = 5\n[sources.main]\nbackorders = "allow"\n'
            "[products.A.sources.main]\nquantity = 9\n",
            "BO102 source main",
        ),
        edge(
            "an item with a limit beside one without",
            '[sources.a]\nbackorders = "allow"\n[sources.b]\nbackorders = "allow"\nout_of_stock_threshold = -5\n'
            + TWO_SOURCES,
            "BO101 source a",
        ),
        edge(
            "a product that one of two stocks can sell is not out of stock",
            '[global]\nbackorders = "allow"\nout_of_stock_threshold = -5\n[stocks.eu]\nsources = ["a"]\n'
            '[stocks.us]\nsources = ["b"]\n[sources.a]\n[sources.b]\n'
            '[products.A.sources.a]\nquantity = 1\nstatus = "out_of_stock"\n[products.A.sources.b]\nquantity = 1\n',
        ),
        edge(
            "an empty shelf beside one whose goods are reserve",
            "[sources.a]\nout_of_stock_threshold = 5\n[sources.b]\nout_of_stock_threshold = 4\n"
            "[products.A.sources.a]\nquantity = 0\n[products.A.sources.b]\nquantity = 3\n"
            "[global]\nnotify_for_quantity_below = 9\n",
            "BO105 source b",
        ),
        edge(
            "an order needs all goods that are reserve",
            f"[global]\nout_of_stock_threshold = 5\nnotify_for_quantity_below = 9\n{MAIN}quantity = 3\n"
            "[products.A.stocks.default]\nreserved = 3\n",
        ),
        edge(
            "the default notice below a reserve", f"[global]\nout_of_stock_threshold = 5\n{MAIN}quantity = 25\n"
        ),
        edge(
            "a notice at the very threshold",
            f"[global]\nout_of_stock_threshold = 5\nnotify_for_quantity_below = 5\n{MAIN}quantity = 25\n",
        ),
        edge(
            "an item whose quantity is elsewhere, beside one with a quantity",
            f"{MAIN}quantity = 1\n"
            '[products.B.sources.main]\nbackorders = "notify"\nout_of_stock_threshold = -5\n',
        ),
        edge(
            "a reserve beside an allowance",
            '[global]\nbackorders = "notify"\nout_of_stock_threshold = -50\n'
            '[sources.a]\nbackorders = "no"\nout_of_stock_threshold = 5\nnotify_for_quantity_below = 9\n'
            "[sources.b]\n[products.A.sources.a]\nquantity = 10\n[products.A.sources.b]\nquantity = 10\n",
        ),
        edge("a quantity of zero is not negative", f"{MAIN}quantity = 0\n"),
        edge("an item whose quantity is elsewhere", f'{MAIN}backorders = "notify"\nout_of_stock_threshold = -5\n'),
        edge(
            "a value that repeats the one of one stock and overrides that of another",
            '[stocks.eu]\nsources = ["main"]\nbackorders = "allow"\n[stocks.us]\nsources = ["main"]\n'
            '[sources.main]\nbackorders = "no"\n[products.A.sources.main]\nquantity = 1\n',
            "BO204 source main",
            "BO302 stock eu",
        ),
        edge(
            "findings of one rule are in the order of their lines, not of their scopes",
            "[products.A]\nout_of_stock_threshold = -5\n[products.A.sources.main]\nquantity = 1\n"
            "[products.B.sources.main]\nquantity = 1\n[sources.main]\nout_of_stock_threshold = -7\n",
            "BO103 product A",
            "BO103 source main",
        ),
    ],
)  # fmt: skip
def test_a_rule_at_its_edge(text: str, expected: list[str]) -> None:
    assert [f"{each.code} {message(each).partition(':')[0]}" for each in found(text)] == expected


def test_a_shared_source_is_a_warning_where_a_reserve_counts_twice() -> None:
    stocks = '[stocks.eu]\nsources = ["main"]\n{}[stocks.us]\nsources = ["main"]\n{}[global]\n'
    rest = f"notify_for_quantity_below = 9\n{MAIN}quantity = 30\n"
    own, other = "out_of_stock_threshold = 5\n", "out_of_stock_threshold = 7\n"
    [once] = found(f"version = 1\n{stocks.format(own, '')}{rest}")
    [twice] = found(f"version = 1\n{stocks.format(own, other)}{rest}")
    assert [(each.code, each.severity) for each in (once, twice)] == [("BO204", "info"), ("BO204", "warning")]


@pytest.mark.parametrize(("products", "hinted"), [(3, True), (4, False)])
def test_a_hint_changes_three_products_at_most(products: int, hinted: bool) -> None:
    items = "".join(
        f"[products.P{number}.sources.a]\nquantity = 8\n[products.P{number}.sources.b]\nquantity = 12\n"
        for number in range(products)
    )
    [finding] = found(
        'version = 1\n[global]\nbackorders = "notify"\nout_of_stock_threshold = -50\n'
        f"[sources.a]\n[sources.b]\nout_of_stock_threshold = -50\n{items}"
    )
    assert (finding.code, finding.hint is not None, len(finding.effects)) == ("BO303", hinted, products * hinted)


@pytest.mark.parametrize(("reserved", "hinted"), [(70, True), (71, False)])
def test_a_hint_that_would_oversell_a_product_is_not_given(reserved: int, hinted: bool) -> None:
    [finding] = found(
        'version = 1\n[global]\nbackorders = "notify"\nout_of_stock_threshold = -50\n'
        "[sources.a]\n[sources.b]\nout_of_stock_threshold = -50\n"
        "[products.P.sources.a]\nquantity = 8\n[products.P.sources.b]\nquantity = 12\n"
        f"[products.P.stocks.default]\nreserved = {reserved}\n"
    )
    assert (finding.code, finding.hint is not None) == ("BO303", hinted)


@pytest.mark.parametrize(("code", "waits"), [("BO105", True), ("BO111", True), ("BO203", False), ("BO303", False)])
def test_an_accept_of_a_stock_rule_may_match_nothing_today(code: str, waits: bool) -> None:
    accept = f'[[check.accept]]\ncode = "{code}"\nproduct = "A"\nreason = "kept for the fair"\n'
    expected = [] if waits else [("BO901", f"the accept of {code} matches nothing")]
    assert [(each.code, each.message) for each in found(f"version = 1\n{MAIN}quantity = 3\n{accept}")] == expected


def test_a_figure_names_its_stock_where_there_are_several() -> None:
    text = "[global]\nout_of_stock_threshold = 5\nnotify_for_quantity_below = 9\n{}" + MAIN + "quantity = 3\n"
    [alone] = found("version = 1\n" + text.format(""))
    stocks = '[stocks.eu]\nsources = ["main"]\n[stocks.us]\nsources = ["main"]\n'
    [shared, first] = found("version = 1\n" + text.format(stocks))
    assert message(alone).endswith("; 1 product: A (3 left, reserve 5)")
    assert (shared.code, first.code) == ("BO204", "BO105")
    assert message(first).endswith("; 1 product: A (3 left, reserve 5 in eu; 3 left, reserve 5 in us)")


def test_three_products_are_named_and_the_others_counted() -> None:
    products = "".join(f"[products.P{number}]\n" for number in range(4))
    [finding] = found(f"version = 1\n{MAIN}quantity = 1\n{products}")
    assert message(finding) == "no source item; 4 products: P0, P1, P2 and 1 more"


def test_a_problem_in_the_text_names_its_column() -> None:
    [finding] = found("version = 1\n[global]\nbackorders = maybe\n")
    said = 'invalid value; a word is quoted: backorders = "maybe" (column 14)'
    assert (finding.code, finding.line, message(finding)) == ("BO001", 3, said)


def test_a_summary_counts_by_severity_and_has_no_plural_of_info() -> None:
    products = "".join(f"[products.{sku}]\n[products.{sku}.sources.main]\nquantity = -1\n" for sku in ("A", "B"))
    restated = '[sources.main]\nbackorders = "no"\n'
    alike = found(f"version = 1\n{restated}[global]\nmanage_stock = true\n{products}[products.a]\n")
    assert findings_summary(alike) == "4 findings: 1 error, 1 warning, 2 info"
    assert findings_summary(alike[:1]) == "1 finding: 1 error"
    assert findings_summary([]) == "no findings"
