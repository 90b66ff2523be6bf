"""The rules of `check`: what each finds and leaves alone, how findings are grouped and accepted."""

from datetime import date
from pathlib import Path

import pytest
from checking import codes, found, lines

from backorderctl.check.registry import Severity
from backorderctl.check.rules import RULES
from backorderctl.errors import CommandLine
from backorderctl.output.finding_text import message
from backorderctl.store.settings import Scope

DATA = Path(__file__).parent / "data" / "check"


@pytest.mark.parametrize("code", RULES)
def test_a_rule_finds_what_it_is_about(code: str) -> None:
    text = (DATA / f"{code}-bad.toml").read_text(encoding="utf-8")
    where, sentence = (line.removeprefix("# ") for line in text.splitlines()[:2])
    [finding] = found(text)
    scope = finding.place.scope if finding.place else "nowhere"
    assert f"{finding.code} {finding.severity}, line {finding.line}, {scope}" == where
    assert message(finding) == sentence
    assert finding.severity == RULES[code].severity


@pytest.mark.parametrize("code", RULES)
def test_a_rule_does_not_report_what_is_intended(code: str) -> None:
    assert found((DATA / f"{code}-good.toml").read_text(encoding="utf-8")) == []


def catalogue(head: str, products: int, item: str = "quantity = 25") -> str:
    """A store file with so many products at one source."""
    tables = "".join(f"\n[products.P{number}.sources.main]\n{item}\n" for number in range(products))
    return f"version = 1\n\n{head}\n[sources.main]\n{tables}"


ALLOW = '[global]\nbackorders = "allow"\n'
LIMITED = ALLOW + "out_of_stock_threshold = -50\n"


def test_a_global_mistake_is_one_finding_however_many_products_it_affects() -> None:
    [finding] = found(catalogue(ALLOW, 1800))
    assert (finding.code, finding.line, finding.count, len(finding.places)) == ("BO101", 4, 1800, 1)
    assert message(finding) == (
        "global: backorders are on and unlimited: the threshold in force is 0, from the default; "
        "1,800 products: P0, P1, P2 and 1,797 more"
    )
    [idle] = found(catalogue("[global]\nout_of_stock_threshold = -50\n", 1800))
    assert (idle.code, idle.count, len(idle.places)) == ("BO103", 1800, 1)


def test_the_same_mistake_of_many_products_is_one_finding_with_all_its_places() -> None:
    own = "".join(f"[products.Q{number}]\nbackorders = 'allow'\nsources.main.quantity = 1\n" for number in range(1800))
    [finding] = found(catalogue("", 1) + own)
    assert (finding.code, finding.severity, finding.count) == ("BO101", "error", 1800)
    assert [place.line for place in finding.places] == [9 + 3 * number for number in range(1800)]
    assert finding.place is not None
    assert (finding.place.scope, finding.place.product, finding.line) == (Scope.PRODUCT, None, 9)
    assert message(finding) == (
        "backorders are on and unlimited: the threshold in force is 0, from the default; "
        "1,800 products: Q0, Q1, Q2 and 1,797 more"
    )


def test_products_whose_values_differ_have_one_cause() -> None:
    reserves = "".join(f"[products.Q{n}]\nout_of_stock_threshold = {n}\nsources.main.quantity = 1\n" for n in (5, 7, 9))
    assert lines(catalogue(LIMITED, 1) + reserves) == [
        "BO102 error the reserve is ignored: backorders are on (from global) and unlimited; "
        "3 products: Q5 (reserve 5), Q7 (reserve 7), Q9 (reserve 9)"
    ]


def test_items_at_one_source_are_grouped_and_those_at_another_are_not() -> None:
    other = "[sources.back]\n[products.Q.sources.back]\nquantity = -2\n"
    assert lines(catalogue("", 3, "quantity = -1") + other) == [
        "BO108 warning items at source main: the quantity is negative though backorders are off; "
        "3 products: P0 (-1), P1 (-1), P2 (-1)",
        "BO108 warning Q at back: the quantity is negative though backorders are off (-2)",
    ]


def test_findings_are_sorted_by_severity_then_code_then_line() -> None:
    text = catalogue(ALLOW, 1) + (
        "[products.B]\n[products.b]\n[products.c]\nout_of_stock_threshold = 5\nsources.main.quantity = 1\n"
        "[products.C.sources.main]\nquantity = 1\nbackorders = 'no'\nout_of_stock_threshold = 3\n"
        "notify_for_quantity_below = 1\n"
    )
    findings = found(text)
    ranks = [(list(Severity).index(each.severity), each.code, each.line) for each in findings]
    assert ranks == sorted(ranks)
    assert [each.code for each in findings] == ["BO101", "BO102", "BO203", "BO106", "BO105", "BO201", "BO301"]


ACCEPTED = """
[[check.accept]]
code = "BO101"
product = "P1"
reason = "made to order"
until = 2026-12-24
"""


def test_an_accept_of_one_product_takes_it_out_of_the_group() -> None:
    [finding] = lines(catalogue(ALLOW, 3) + ACCEPTED)
    assert finding.endswith("; 2 products: P0, P2")


def test_an_accept_holds_on_its_last_day_and_not_after() -> None:
    text = catalogue('[global]\nbackorders = "allow"\n', 3) + ACCEPTED
    late = lines(text, today=date(2026, 12, 25))
    assert late[0].endswith("; 3 products: P0, P1, P2")
    assert late[1] == "BO901 warning product P1: the accept of BO101 is past its date, 2026-12-24"


@pytest.mark.parametrize(
    ("accept", "fault"),
    [
        ('code = "BO101"', "global: the accept of BO101 has no reason, and so accepts nothing"),
        ('code = "BO101"\nreason = " "', "global: the accept of BO101 has no reason, and so accepts nothing"),
        ('code = "BO1O1"\nreason = "so"', "global: the accept of BO1O1 names no rule; did you mean 'BO112'?"),
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
    assert (unsound.code, unsound.severity, message(unsound)) == ("BO901", "warning", fault)
    assert text.splitlines()[(unsound.line or 0) - 1] == "[[check.accept]]"


@pytest.mark.parametrize("names", ['source = "main"', 'stock = "default"', 'source = "main"\nproduct = "P0"', ""])
def test_an_accept_matches_by_what_it_names(names: str) -> None:
    accept = f'[[check.accept]]\ncode = "BO101"\nreason = "so"\n{names}\n'
    assert found(catalogue('[global]\nbackorders = "allow"\n', 1) + accept) == []


def test_policy_without_products_is_checked_and_a_starter_has_no_finding() -> None:
    head = "version = 1\n[global]\n"
    assert found(head) == []
    assert found(head + 'backorders = "notify"\nout_of_stock_threshold = -50\n[sources.main]\n') == []
    assert lines(head + "out_of_stock_threshold = -50\n") == [
        "BO103 warning global: out_of_stock_threshold = -50 limits nothing: backorders are off wherever it is in force"
    ]
    assert found(head + 'out_of_stock_threshold = -50\n[sources.a]\n[sources.b]\nbackorders = "allow"\n') == []
    assert found(head + "out_of_stock_threshold = 0\n[sources.main]\n") == []
    off_at_one = 'out_of_stock_threshold = -50\n[sources.a]\n[sources.b]\nbackorders = "no"\n'
    assert [each.severity for each in found(head + off_at_one) if each.code == "BO103"] == [Severity.INFO]
    assert found(head + 'backorders = "no"\n[sources.main]\n') == []
    assert found("version = 1\n[sources.main]\n[products.A]\nbackorders = 'allow'\n") == []


def test_limits_that_wait_for_backorders_to_be_turned_on_are_a_plan() -> None:
    example = (Path(__file__).parent.parent / "examples" / "store.toml").read_text(encoding="utf-8")
    off = example.replace('backorders = "notify"', 'backorders = "no"')
    assert off != example
    assert {each.severity for each in found(off) if each.code == "BO103"} == {Severity.INFO}
    assert {each.severity for each in found(off)} == {Severity.INFO}


def test_a_limit_while_backorders_are_off_by_default_is_a_warning_unless_some_no_is_written() -> None:
    limit = "[global]\nout_of_stock_threshold = -50\n"
    assert [each.severity for each in found(two("", "", head=limit))] == ["warning"]
    assert [each.severity for each in found(two('backorders = "no"', "", head=limit)) if each.code == "BO103"] == [
        "info"
    ]
    assert codes(two('backorders = "notify"', "", head=limit)) == []


def test_a_limit_is_no_longer_suggested_to_be_turned_on_for_products_with_a_reserve() -> None:
    text = catalogue("[global]\nout_of_stock_threshold = -50\n", 1) + "[products.P0]\nout_of_stock_threshold = 5\n"
    [finding] = found(text.replace("[products.P0.", "[products.P1.") + "sources.main.quantity = 9\n")
    assert (finding.code, finding.hint) == ("BO103", None)


def test_a_retired_product_is_info_where_backorders_come_from_a_wider_scope() -> None:
    [finding] = found(catalogue(LIMITED, 3, 'quantity = 0\nstatus = "out_of_stock"'))
    assert (finding.code, finding.severity, finding.count) == ("BO104", "info", 3)
    item = 'quantity = 0\nstatus = "out_of_stock"\nbackorders = "notify"\nout_of_stock_threshold = -5'
    [finding] = found(catalogue("", 1, item))
    assert (finding.code, finding.severity) == ("BO104", "warning")


STOCKS = '[stocks.eu]\nsources = ["a"]\n[stocks.us]\nsources = ["b"]\n'


def test_a_product_that_counts_elsewhere_is_judged_in_one_stock_only_by_what_its_items_set() -> None:
    limit = STOCKS + "[global]\nout_of_stock_threshold = -5\n"
    assert codes(two("", OUT + 'backorders = "notify"', head=limit)) == ["BO104"]
    assert lines(two("backorders = 'notify'", OUT + "backorders = 'notify'", head=limit)) == [
        "BO104 warning P at b: backorders are on, but no source item is In Stock at an enabled source of stock us: "
        "out of stock"
    ]
    wider = STOCKS + '[global]\nbackorders = "notify"\nout_of_stock_threshold = -5\n'
    assert codes(two("", OUT, head=wider)) == []


def test_what_is_at_a_disabled_source_counts_for_no_rule() -> None:
    text = catalogue("", 1, 'quantity = -5\nbackorders = "allow"')
    assert codes(text.replace("[sources.main]", "[sources.main]\nenabled = false")) == ["BO104", "BO202"]
    text = catalogue("", 1, "quantity = -5")
    assert codes(text.replace("[sources.main]", "[sources.main]\nenabled = false")) == ["BO202"]


def test_negative_goods_that_are_marked_out_of_stock_are_found() -> None:
    assert codes(catalogue("", 1, "quantity = -5\n" + OUT)) == ["BO108"]


def test_negative_goods_are_found_where_one_of_several_stocks_takes_no_backorders() -> None:
    stocks = '[stocks.eu]\nsources = ["main"]\n[stocks.us]\nsources = ["main"]\n'
    assert codes(catalogue(stocks, 1, "quantity = -1")) == ["BO108", "BO204"]
    one = stocks + 'backorders = "allow"\nout_of_stock_threshold = -5\n'
    assert codes(catalogue(one, 1, "quantity = -1")) == ["BO108", "BO204"]
    both = stocks + '[global]\nbackorders = "allow"\nout_of_stock_threshold = -5\n'
    assert codes(catalogue(both, 1, "quantity = -1")) == ["BO204"]


def test_two_sources_that_repeat_the_global_limit_make_two_allowances() -> None:
    text = 'version = 1\n[global]\nbackorders = "allow"\nout_of_stock_threshold = -50\n' + "".join(
        f"[sources.{code}]\nout_of_stock_threshold = -50\n[products.A.sources.{code}]\nquantity = 10\n" for code in "ab"
    )
    assert lines(text)[:2] == [
        "BO303 warning source a: out_of_stock_threshold = -50 adds to -50 of source b, line 10: allowance 100; "
        "1 product: A",
        "BO303 warning source b: out_of_stock_threshold = -50 adds to -50 of source a, line 6: allowance 100; "
        "1 product: A",
    ]
    reserve = text.replace('"allow"', '"no"').replace("-50", "5")
    assert "source b, line 10: reserve 10; 1 product: A" in lines(reserve)[0]


def test_thresholds_of_two_levels_that_differ_add_up_too() -> None:
    assert lines(two("", "", head=LIMITED, b="out_of_stock_threshold = -49")) == [
        "BO303 info source b: out_of_stock_threshold = -49 adds to -50 of global, line 4: allowance 99; 1 product: P"
    ]
    assert codes(two("", "", a="out_of_stock_threshold = -10", b="out_of_stock_threshold = -10", head=ALLOW)) == []


def test_an_item_that_repeats_its_product_states_what_its_removal_really_gives() -> None:
    text = "version = 1\n[global]\nbackorders = 'notify'\n"
    text += "[sources.a]\n[sources.b]\nout_of_stock_threshold = -50\n[sources.c]\n"
    text += "[products.P]\nout_of_stock_threshold = -50\nsources.a.quantity = 10\nsources.b.quantity = 10\n"
    text += "[products.P.sources.c]\nquantity = 10\nout_of_stock_threshold = -50\n"
    assert lines(text) == [
        "BO303 warning P at c: out_of_stock_threshold adds to that of the product: two allowances "
        "(-50 on line 14 and -50 on line 9: 100); "
        "the hint changes out_of_stock_threshold (salable quantity: P 130 -> 80)",
    ]


def test_the_wider_of_two_thresholds_is_not_said_to_add_to_the_narrower() -> None:
    item = "out_of_stock_threshold = -50"
    text = two("", item, head=LIMITED) + "[products.P]\nout_of_stock_threshold = -50\n"
    assert [(each.code, each.place and each.place.scope) for each in found(text) if each.code == "BO303"] == [
        ("BO303", Scope.SOURCE_ITEM)
    ]


def test_values_that_repeat_each_other_are_not_all_removed() -> None:
    text = "version = 1\n[global]\nbackorders = 'notify'\nout_of_stock_threshold = -50\n"
    text += "[sources.main]\nbackorders = 'notify'\n[products.A.sources.main]\nquantity = 3\n"
    hints = {each.code: each.hint for each in found(text)}
    assert hints == {
        "BO301": CommandLine(("config", "unset"), ("backorders",), (("--source", "main"),)),
        "BO302": None,
    }


def test_an_intended_zero_is_not_called_redundant() -> None:
    everywhere = ALLOW + "out_of_stock_threshold = 0\n"
    assert codes(catalogue(everywhere, 1)) == ["BO109"]
    assert codes(catalogue(everywhere, 2, "quantity = 1\nout_of_stock_threshold = 0")) == []


def test_a_sku_that_is_too_long_for_magento_is_an_error() -> None:
    [line] = lines(f"version = 1\n[sources.a]\n[products.{'A' * 65}.sources.a]\nquantity = 1\n")
    assert line == f"BO203 error product {'A' * 65}: the SKU has more than 64 characters (65)"


@pytest.mark.parametrize(
    ("one", "other"), [("Größe", "GRÖSSE"), ("Cafe\u0301", "café"), ("ﬁ-1", "FI-1"), ("A", "\uff41")]
)
def test_names_that_the_database_merges_are_an_error(one: str, other: str) -> None:
    products = "".join(f'[products."{sku}".sources.a]\nquantity = 1\n' for sku in (one, other))
    assert [each.code for each in found(f"version = 1\n[sources.a]\n{products}")] == ["BO203"]


def test_source_codes_that_the_database_merges_are_an_error() -> None:
    assert lines("version = 1\n[sources.Main]\n[sources.main]\n") == [
        "BO203 error source main: Magento's database takes the code for that of Main"
    ]


def test_units_reserved_in_a_stock_without_source_are_not_said_to_be_oversold_too() -> None:
    reserved = "[products.P.stocks.us]\nreserved = 2\n"
    text = "version = 1\n" + STOCKS + "[sources.a]\n[sources.b]\n[products.P.sources.a]\nquantity = 1\n"
    assert codes(text + reserved) == ["BO206"]


def test_what_could_ship_counts_limits_and_no_reserve() -> None:
    def oversold(item: str, reserved: int, head: str = "") -> list[str]:
        text = catalogue(head, 1, item) + f"[products.P0.stocks.default]\nreserved = {reserved}\n"
        return [each.code for each in found(text) if each.code == "BO111"]

    assert oversold("quantity = 10", 10) == []
    assert oversold("quantity = 10", 11) == ["BO111"]
    assert oversold("quantity = 10\nout_of_stock_threshold = 4", 10) == []
    assert oversold("quantity = 10", 60, LIMITED) == []
    assert oversold("quantity = 10", 61, LIMITED) == ["BO111"]
    assert oversold("quantity = 10", 99, ALLOW) == []


def test_an_item_at_a_source_in_no_stock_has_a_true_reason() -> None:
    text = "version = 1\n[stocks.eu]\nsources = ['a']\n[sources.a]\n[sources.b]\nenabled = false\n"
    text += (
        "[products.P.sources.a]\nquantity = 1\n[products.P.sources.b]\nquantity = 1\nnotify_for_quantity_below = 5\n"
    )
    assert lines(text) == [
        "BO302 info P at b: notify_for_quantity_below is in force nowhere: no stock sells from source b (5)"
    ]


def test_a_stock_without_sources_puts_no_value_in_force() -> None:
    text = "version = 1\n[stocks.eu]\nsources = []\nbackorders = 'no'\n"
    assert lines(text) == [
        "BO202 warning stock eu: no enabled source: nothing is sold from it",
        "BO302 info stock eu: backorders = no is in force nowhere: the stock links no source",
    ]


def test_only_x_left_says_why_it_never_shows() -> None:
    shown = "[global]\nonly_x_left_threshold = 5\n"
    unmanaged = "[products.Q]\nmanage_stock = false\nsources.main.quantity = 1\n"
    free = "[products.R]\nbackorders = 'allow'\nout_of_stock_threshold = 0\nsources.main.quantity = 1\n"
    only = catalogue(shown, 0) + unmanaged
    assert "what it reaches is not managed" in lines(only)[0]
    assert "what it reaches is unlimited or not managed" in lines(only + free)[0]
    assert codes(only + free + "[products.S.sources.main]\nquantity = 1\n") == []


HEAD = "version = 1\n"
OUT = 'status = "out_of_stock"\n'


def two(first: str, second: str, *, head: str = "", a: str = "", b: str = "") -> str:
    """A store file with product P at two sources."""
    items = f"[products.P.sources.a]\nquantity = 10\n{first}\n[products.P.sources.b]\nquantity = 10\n{second}\n"
    return f"{HEAD}{head}\n[sources.a]\n{a}\n[sources.b]\n{b}\n{items}"


def test_only_a_source_item_that_counts_is_unlimited_by_accident() -> None:
    meant = '[global]\nbackorders = "allow"\n'
    zero = "out_of_stock_threshold = 0"
    assert codes(two("", 'backorders = "notify"', head=meant, a=zero)) == ["BO101"]
    assert codes(two("", 'backorders = "notify"\n' + OUT, head=meant, a=zero)) == []


def test_a_product_that_turns_backorders_on_is_not_reported_for_a_wider_scope() -> None:
    head = '[global]\nbackorders = "allow"\nout_of_stock_threshold = -5\n'
    [finding] = found(two(OUT, OUT + 'backorders = "notify"', head=head))
    assert finding.place is not None
    assert (finding.severity, finding.place.scope, finding.place.source) == ("warning", "source_item", "b")


def test_a_notice_at_the_quantity_that_is_out_of_stock_is_in_time() -> None:
    item = "quantity = 9\nout_of_stock_threshold = 5\nnotify_for_quantity_below = "
    assert codes(catalogue("", 1, item + "5")) == []
    assert codes(catalogue("", 1, item + "4.9999")) == ["BO106"]


def test_a_disabled_source_shares_nothing() -> None:
    stocks = '[stocks.eu]\nsources = ["a", "b"]\n[stocks.us]\nsources = ["a", "b"]\n'
    assert [each.place.source for each in found(two("", "", head=stocks)) if each.place] == ["a", "b"]
    disabled = found(two("", "", head=stocks, b="enabled = false"))
    assert [each.place.source for each in disabled if each.place] == ["a"]


def test_a_second_allowance_is_one_that_can_be_used_beside_the_first() -> None:
    limited = '[global]\nbackorders = "allow"\nout_of_stock_threshold = -5\n'
    again = "out_of_stock_threshold = -5\n"
    assert codes(two("", "", head=limited, b=again)) == ["BO303"]
    assert codes(two(OUT, "", head=limited, b=again)) == []
    assert codes(two("", 'backorders = "no"', head=limited, b=again)) == ["BO103", "BO301"]
    unlimited = "[sources.c]\nout_of_stock_threshold = 0\n[products.P.sources.c]\nquantity = 1\nbackorders = 'notify'\n"
    assert "BO303" not in codes(two("", "", head=limited, b=again) + unlimited)


def test_what_has_no_product_yet_is_not_called_needless() -> None:
    limited = '[global]\nbackorders = "allow"\nout_of_stock_threshold = -5\n'
    nobody = "[sources.c]\nout_of_stock_threshold = -5\n"
    assert codes(two("", "", head=limited) + nobody) == []
    assert codes(two("", "", head=limited) + "[products.Q]\nbackorders = 'allow'\n") == ["BO201", "BO301"]


def test_a_bulk_hint_names_a_glob_that_matches_exactly_the_products() -> None:
    own = "".join(f"[products.'WS-{n}']\nnotify_for_quantity_below = 1\nsources.main.quantity = 2\n" for n in range(4))
    [finding] = found(catalogue("", 1) + own)
    assert finding.hint == CommandLine(("config", "unset"), ("notify_for_quantity_below",), (("--match", "WS-*"),))
    [finding] = found(catalogue("", 1) + own + "[products.'WS-5'.sources.main]\nquantity = 2\n")
    assert (finding.count, finding.hint) == (4, None)


SCHEDULED = """
[[schedule]]
from = 2027-01-05
until = 2027-01-09
backorders = "allow"
reason = "sale"
"""


def test_a_finding_of_a_coming_day_says_from_which_day_on_it_holds() -> None:
    assert lines(catalogue("", 1) + SCHEDULED) == [
        "BO101 error global: backorders are on and unlimited: the threshold in force is 0, from the default, "
        "from 2027-01-05 on; 1 product: P0"
    ]
    assert lines(catalogue("", 1) + SCHEDULED, today=date(2027, 1, 5))[0].endswith("from the default; 1 product: P0")
    past = ["BO401 info global: the last day of the entry was 2027-01-09"]
    assert lines(catalogue("", 1) + SCHEDULED, today=date(2027, 1, 10)) == past


def test_a_hint_that_would_change_an_answer_on_a_coming_day_is_left_out() -> None:
    item = "[products.Q.sources.main]\nquantity = 1\nbackorders = 'no'\n"
    text = catalogue('[global]\nbackorders = "no"\n', 1) + item
    assert [each.hint for each in found(text)] == [
        CommandLine(("config", "unset"), ("backorders",), (("--product", "Q"), ("--source", "main")))
    ]
    assert [(each.code, each.hint) for each in found(text + SCHEDULED) if each.code == "BO301"] == [("BO301", None)]


def test_a_finding_of_a_coming_day_is_accepted_until_its_accept_ends() -> None:
    accept = '[[check.accept]]\ncode = "BO101"\nreason = "so"\nuntil = '
    assert lines(catalogue("", 1) + SCHEDULED + accept + "2027-01-05\n") == []
    assert [each.code for each in found(catalogue("", 1) + SCHEDULED + accept + "2027-01-04\n")] == ["BO101", "BO901"]


def test_no_hint_is_given_that_goods_from_outside_would_feel() -> None:
    """Its fallback looks unused, or equal, only as long as no feed brings goods."""
    policy_only = "[stocks.eu]\nsources = ['a']\nmanage_stock = false\n[sources.a]\n[products.X]\nmanage_stock = true\n"
    text = f"version = 1\n{policy_only}[products.X.sources.a]\nnotify_for_quantity_below = 5\n"
    assert [each.code for each in found(text) if each.key == "manage_stock" and each.hint] == []
    assert "BO301" not in [each.code for each in found(text)]
    unused = "version = 1\n[global]\nbackorders = 'allow'\nout_of_stock_threshold = -5\n[sources.a]\n[products.X]\n"
    unused += "out_of_stock_threshold = -9\nsources.a.quantity = 3\n"
    assert "BO302" not in [each.code for each in found(unused)]
