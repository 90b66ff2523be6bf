"""The rules of `check`: what each finds and leaves alone, how findings are grouped and accepted."""

from datetime import date
from pathlib import Path

import pytest
from checking import TODAY, found

from backorderctl.check.rules import RULES
from backorderctl.check.violation import Severity
from backorderctl.store.settings import Scope

DATA = Path(__file__).parent / "data" / "check"


def told(text: str, *, today: date = TODAY) -> list[str]:
    """The findings, a line each."""
    return [f"{each.code} {each.message}" for each in found(text, today=today)]


@pytest.mark.parametrize("code", RULES)
def test_a_rule_finds_its_bad_example(code: str) -> None:
    text = (DATA / f"{code}-bad.toml").read_text(encoding="utf-8")
    place, message = (line.removeprefix("# ") for line in text.splitlines()[:2])
    [finding] = found(text)
    assert f"{finding.code} {finding.severity}, line {finding.line}, {finding.scope or 'nowhere'}" == place
    assert finding.message == message
    assert finding.severity == RULES[code].severity


@pytest.mark.parametrize("code", RULES)
def test_a_rule_finds_nothing_in_its_good_example(code: str) -> None:
    assert found((DATA / f"{code}-good.toml").read_text(encoding="utf-8")) == []


def catalogue(head: str, products: int, item: str = "quantity = 25") -> str:
    """A store file with so many products at one source."""
    tables = "".join(f"\n[products.P{number}.sources.main]\n{item}\n" for number in range(products))
    return f"version = 1\n\n{head}\n[sources.main]\n{tables}"


def test_a_global_mistake_is_one_finding_for_all_products() -> None:
    [finding] = found(catalogue('[global]\nbackorders = "allow"\n', 1800))
    assert (finding.code, finding.line, finding.scope, finding.count) == ("BO101", 4, Scope.GLOBAL, 1800)
    assert finding.message.endswith("; 1800 products: P0, P1, P2 and 1797 more")
    [idle] = found(catalogue("[global]\nout_of_stock_threshold = -50\n", 1800))
    assert (idle.code, idle.scope, idle.count) == ("BO103", Scope.GLOBAL, 1800)


def test_the_same_fault_of_many_products_is_one_finding() -> None:
    text = "version = 1\n[sources.main]\n" + "".join(f"[products.P{number}]\n" for number in range(1800))
    [finding] = found(text)
    assert (finding.code, finding.line, finding.product, finding.count) == ("BO201", 3, None, 1800)
    assert finding.message == "no source item; 1800 products: P0, P1, P2 and 1797 more"
    [oversold] = found(catalogue("", 3, "quantity = -1"))
    assert (oversold.source, oversold.product, oversold.count) == ("main", None, 3)
    assert oversold.message == (
        "source main: the quantity is negative though backorders are off; 3 products: P0 (-1), P1 (-1), P2 (-1)"
    )


def test_findings_are_sorted_by_severity_then_code_then_line() -> None:
    text = catalogue('[global]\nbackorders = "allow"\n', 1) + (
        "[products.B]\n[products.b]\n[products.c]\nout_of_stock_threshold = 5\n[products.C.sources.main]\n"
        "quantity = 1\nout_of_stock_threshold = 3\nnotify_for_quantity_below = 1\n"
    )
    findings = found(text)
    ranks = [(list(Severity).index(each.severity), each.code, each.line) for each in findings]
    assert ranks == sorted(ranks)
    assert [each.code for each in findings] == ["BO101", "BO102", "BO203", "BO203", "BO201", "BO301"]


ACCEPTED = """
[[check.accept]]
code = "BO101"
product = "P1"
reason = "made to order"
until = 2026-12-24
"""


def test_accepting_one_product_removes_it_from_the_finding() -> None:
    [finding] = found(catalogue('[global]\nbackorders = "allow"\n', 3) + ACCEPTED)
    assert finding.message.endswith("; 2 products: P0, P2")


def test_an_accept_holds_on_its_last_day_and_not_after() -> None:
    text = catalogue('[global]\nbackorders = "allow"\n', 3) + ACCEPTED
    late = told(text, today=date(2026, 12, 25))
    assert late[0].endswith("; 3 products: P0, P1, P2")
    assert late[1] == "BO901 product P1: the accept of BO101 is past its date, 2026-12-24"


@pytest.mark.parametrize(
    ("accept", "fault"),
    [
        ('code = "BO101"', "global: the accept of BO101 has no reason, and so accepts nothing"),
        ('code = "BO101"\nreason = " "', "global: the accept of BO101 has no reason, and so accepts nothing"),
        ('code = "BO1O1"\nreason = "so"', "global: the accept of BO1O1 names no rule; did you mean 'BO101'?"),
        ('code = "BO102"\nreason = "so"', "global: the accept of BO102 matches nothing"),
        ('code = "BO901"\nreason = "so"', "global: the accept of BO901 matches nothing"),
        ('code = "BO101"\nsource = "back"\nreason = "so"', "source back: the accept of BO101 matches nothing"),
        ('code = "BO101"\nstock = "us"\nreason = "so"', "stock us: the accept of BO101 matches nothing"),
        (
            'code = "BO101"\nproduct = "P-0"\nreason = "so"',
            "product P-0: the accept of BO101 matches nothing: there is no such product; did you mean 'P0'?",
        ),
    ],
    ids=lambda value: value.replace("\n", ", "),
)
def test_an_unsound_accept_accepts_nothing_and_is_a_finding(accept: str, fault: str) -> None:
    stocks = '[stocks.eu]\nsources = ["main"]\n[stocks.us]\nsources = ["back"]\n[sources.back]\n'
    text = catalogue('[global]\nbackorders = "allow"\n' + stocks, 1) + f"[[check.accept]]\n{accept}\n"
    unlimited, unsound = found(text)
    assert (unlimited.code, unlimited.count) == ("BO101", 1)
    assert (unsound.code, unsound.severity, unsound.message) == ("BO901", "warning", fault)
    assert text.splitlines()[(unsound.line or 0) - 1] == "[[check.accept]]"


@pytest.mark.parametrize("names", ['source = "main"', 'stock = "default"', 'source = "main"\nproduct = "P0"', ""])
def test_an_accept_matches_by_what_it_names(names: str) -> None:
    accept = f'[[check.accept]]\ncode = "BO101"\nreason = "so"\n{names}\n'
    assert found(catalogue('[global]\nbackorders = "allow"\n', 1) + accept) == []


def test_policy_without_products_is_checked_and_the_starter_file_has_no_findings() -> None:
    head = "version = 1\n[global]\n"
    assert found(head) == []
    assert found(head + 'backorders = "notify"\nout_of_stock_threshold = -50\n[sources.main]\n') == []
    assert told(head + "out_of_stock_threshold = -50\n") == [
        "BO103 global: the threshold -50 limits nothing: backorders are off for all it reaches"
    ]
    assert found(head + 'out_of_stock_threshold = -50\n[sources.a]\n[sources.b]\nbackorders = "allow"\n') == []
    assert [each.code for each in found(head + 'backorders = "no"\n[sources.main]\n')] == ["BO301"]


def test_a_retired_product_is_info_where_backorders_come_from_a_wider_scope() -> None:
    head = '[global]\nbackorders = "allow"\nout_of_stock_threshold = -50\n'
    [finding] = found(catalogue(head, 3, 'quantity = 0\nstatus = "out_of_stock"'))
    assert (finding.code, finding.severity, finding.scope, finding.count) == ("BO104", "info", "global", 3)
    item = 'quantity = 0\nstatus = "out_of_stock"\nbackorders = "notify"\nout_of_stock_threshold = -5'
    [finding] = found(catalogue("", 1, item))
    assert (finding.code, finding.severity, finding.scope) == ("BO104", "warning", "source_item")


def test_rules_ignore_source_items_at_disabled_sources() -> None:
    text = catalogue("", 1, 'quantity = -5\nbackorders = "allow"')
    codes = [each.code for each in found(text.replace("[sources.main]", "[sources.main]\nenabled = false"))]
    assert codes == ["BO104", "BO202"]


def test_two_sources_that_restate_the_global_limit_are_both_reported() -> None:
    text = 'version = 1\n[global]\nbackorders = "allow"\nout_of_stock_threshold = -50\n' + "".join(
        f"[sources.{code}]\nout_of_stock_threshold = -50\n[products.A.sources.{code}]\nquantity = 10\n" for code in "ab"
    )
    own = "the threshold -50 restates that of global and makes an allowance of its own; 1 product: A (70 becomes 120)"
    assert told(text)[:2] == [f"BO303 source a: {own}", f"BO303 source b: {own}"]
    reserve = text.replace('"allow"', '"no"').replace("-50", "5")
    assert told(reserve)[0].endswith(
        "restates that of global and makes a reserve of its own; 1 product: A (15 becomes 10)"
    )


def test_an_intended_zero_is_not_called_redundant() -> None:
    head = '[global]\nbackorders = "allow"\nout_of_stock_threshold = 0\n'
    assert found(catalogue(head, 1)) == []
    twice = "quantity = 1\nout_of_stock_threshold = 0"
    assert [(each.code, each.scope) for each in found(catalogue(head, 2, twice))] == [
        ("BO301", "source_item"),
        ("BO301", "source_item"),
        ("BO302", "global"),
    ]


def test_a_sku_that_is_too_long_for_magento_is_an_error() -> None:
    [finding] = found(f"version = 1\n[sources.a]\n[products.{'A' * 65}.sources.a]\nquantity = 1\n")
    assert finding.message.endswith(": the SKU has 65 characters; Magento takes 64 at most")


HEAD = "version = 1\n"
OUT = 'status = "out_of_stock"\n'


def two(first: str, second: str, *, head: str = "", a: str = "", b: str = "") -> str:
    """A store file with product P at two sources."""
    items = f"[products.P.sources.a]\nquantity = 10\n{first}\n[products.P.sources.b]\nquantity = 10\n{second}\n"
    return f"{HEAD}{head}\n[sources.a]\n{a}\n[sources.b]\n{b}\n{items}"


def codes(text: str) -> list[str]:
    return [each.code for each in found(text)]


def test_only_a_source_item_that_counts_is_unlimited_by_accident() -> None:
    meant = '[global]\nbackorders = "allow"\nout_of_stock_threshold = 0\n'
    assert codes(two("", 'backorders = "notify"', head=meant)) == ["BO101"]
    assert codes(two("", 'backorders = "notify"\n' + OUT, head=meant)) == []


def test_a_product_that_does_not_count_would_be_unlimited_too() -> None:
    head = '[global]\nbackorders = "allow"\nout_of_stock_threshold = 0\nonly_x_left_threshold = 5\n'
    limited = "out_of_stock_threshold = -5\n"
    retired = "[products.Q.sources.main]\nquantity = 0\n" + OUT
    assert codes(catalogue(head, 1) + retired) == ["BO104", "BO107"]
    assert codes(catalogue(head, 1) + retired + limited) == ["BO104"]


def test_backorders_that_a_product_sets_itself_are_not_reported_for_a_wider_scope() -> None:
    head = '[global]\nbackorders = "allow"\nout_of_stock_threshold = -5\n'
    [finding] = found(two(OUT, OUT + 'backorders = "notify"', head=head))
    assert (finding.severity, finding.scope, finding.source) == ("warning", "source_item", "b")


def test_a_notice_at_the_threshold_itself_is_in_time() -> None:
    item = "quantity = 9\nout_of_stock_threshold = 5\nnotify_for_quantity_below = "
    assert codes(catalogue("", 1, item + "5")) == []
    assert codes(catalogue("", 1, item + "4.9999")) == ["BO106"]


def test_what_one_stock_may_owe_is_not_oversold() -> None:
    stocks = '[stocks.eu]\nsources = ["main"]\n[stocks.us]\nsources = ["main"]\n'
    assert codes(catalogue(stocks, 1, "quantity = -1")) == ["BO108", "BO204"]
    stocks += 'backorders = "allow"\nout_of_stock_threshold = -5\n'
    assert codes(catalogue(stocks, 1, "quantity = -1")) == ["BO204"]


def test_a_disabled_source_is_not_called_shared() -> None:
    stocks = '[stocks.eu]\nsources = ["a", "b"]\n[stocks.us]\nsources = ["a", "b"]\n'
    assert [each.source for each in found(two("", "", head=stocks))] == ["a", "b"]
    assert [each.source for each in found(two("", "", head=stocks, b="enabled = false"))] == ["a"]


def test_a_second_allowance_is_one_that_can_be_used_beside_the_first() -> None:
    limited = '[global]\nbackorders = "allow"\nout_of_stock_threshold = -5\n'
    again = "out_of_stock_threshold = -5\n"
    assert codes(two("", "", head=limited, b=again)) == ["BO303"]
    assert codes(two(OUT, "", head=limited, b=again)) == []
    third = "[sources.c]\nout_of_stock_threshold = -7\n[products.P.sources.c]\nquantity = 1\n"
    assert codes(two(OUT, "", head=limited, b=again) + third) == []
    assert codes(two("", 'backorders = "no"', head=limited, b=again)) == ["BO103", "BO301"]
    off = "[global]\nout_of_stock_threshold = 0\n"
    assert codes(two("", "", head=off, b="out_of_stock_threshold = 0")) == ["BO301"]
    unlimited = "[sources.c]\nout_of_stock_threshold = 0\n[products.P.sources.c]\nquantity = 1\nbackorders = 'notify'\n"
    assert "BO303" not in codes(two("", "", head=limited, b=again) + unlimited)


def test_a_value_that_no_product_uses_yet_is_not_called_redundant() -> None:
    limited = '[global]\nbackorders = "allow"\nout_of_stock_threshold = -5\n'
    nobody = "[sources.c]\nout_of_stock_threshold = -5\n"
    assert codes(two("", "", head=limited) + nobody) == []
    assert codes(two("", "", head=limited) + "[products.Q]\nbackorders = 'allow'\n") == ["BO201"]
