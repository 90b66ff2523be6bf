"""The sums and chains: they come to the same figures as `product show`, always."""

import io
import json
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from hypothesis import given
from stores import built, seeded_stores, stores, toml_text

from backorderctl.policy.evaluate import Salability, evaluate_all
from backorderctl.policy.explain import Term, terms
from backorderctl.policy.viewpoints import all_chains
from backorderctl.store.settings import OF_ITEMS, SETTINGS, Scope


@given(stores())
def test_every_line_of_the_sum_is_correct(data: dict[str, Any]) -> None:
    for answer in evaluate_all(built(data)):
        for term in terms(answer):
            if term.result is not None:
                assert reckoned(term.expression) == term.result


@given(stores())
def test_the_sum_ends_with_the_salable_quantity_and_contains_all_its_figures(data: dict[str, Any]) -> None:
    for answer in evaluate_all(built(data)):
        lines = list(terms(answer))
        if not answer.pools:
            assert lines == []
            continue
        assert lines[-1].name == "salable"
        assert lines[-1].result == answer.salable
        assert lines[-1].sources == tuple(item.source for item in answer.items if item.excluded is None)
        assert last(lines, "on_hand", "on_hand_left") == answer.on_hand
        if answer.backorderable is not None:
            expected = answer.backorderable
            assert last(lines, "backorderable", "backorderable_left", default=Decimal(0)) == expected


SHELF: dict[str, Any] = {"quantity": 5}
ALLOWED = {"backorders": "allow", "out_of_stock_threshold": -5, **SHELF}


@pytest.mark.parametrize(
    ("items", "reserved", "expected"),
    [
        (
            {"a": {"out_of_stock_threshold": 5, **SHELF}},
            0,
            ["quantity: 5", "threshold: max(5, 0)", "on_hand: 5 - 5", "salable: 0 + 0"],
        ),
        (
            {"a": {"out_of_stock_threshold": 6, **SHELF}},
            0,
            ["quantity: 5", "threshold: max(6, 0)", "on_hand: max(5 - 6, 0)", "salable: 0 + 0"],
        ),
        (
            {"a": ALLOWED},
            7,
            [
                "quantity: 5",
                "threshold: min(-5, 0)",
                "on_hand: 5 - 0",
                "salable: 5 - (-5)",
                "backorderable: 10 - 5",
                "on_hand_left: max(5 - 7, 0)",
                "reserved_from_backorderable: 7 - 5",
                "backorderable_left: 5 - 2",
                "salable: 0 + 3",
            ],
        ),
        (
            {"a": SHELF, "b": {"backorders": "allow", **SHELF}},
            0,
            [
                "quantity: 5",
                "threshold: max(0, 0)",
                "on_hand: 5 - 0",
                "quantity: 5",
                "threshold: min(0, 0)",
                "on_hand: 5 - 0",
                "backorderable: backorders are on and the threshold is 0",
                "on_hand: 5 + 5",
                "salable: a pool without a limit",
            ],
        ),
    ],
    ids=["all is reserve", "the reserve is larger", "one limited pool", "one pool has no limit"],
)
def test_the_sum_has_no_line_that_says_nothing(
    items: dict[str, dict[str, Any]], reserved: int, expected: list[str]
) -> None:
    product = {"sources": items, "stocks": {"default": {"reserved": reserved}}}
    store = built({"version": 1, "sources": {"a": {}, "b": {}}, "products": {"X": product}})
    [answer] = evaluate_all(store)
    assert [f"{term.name}: {term.expression}" for term in terms(answer)] == expected


@given(stores())
def test_the_winner_of_every_chain_is_what_is_in_force(data: dict[str, Any]) -> None:
    store = built(data)
    for answer in evaluate_all(store):
        for key, chain in all_chains(store, answer):
            [winner] = [step for step in chain.steps if step.wins]
            shown = chosen(answer, key, chain.seen.source) if answer.stock else chain.values[key]
            assert (winner.place, winner.value) == (shown.origin, shown.value)
            assert all(step.value is None for step in chain.steps[: chain.steps.index(winner)])


def chosen(answer: Salability, key: str, source: str | None) -> Any:
    """The value in force as `product show` has it."""
    if key not in OF_ITEMS or source is None:
        return answer.settings[key]
    return next(item.settings[key] for item in answer.items if item.source == source)


def last(lines: list[Term], *names: str, default: Decimal | None = None) -> Decimal | None:
    """The last figure under one of the names, of the product where it has one, else of its only pool."""
    found = [line.result for line in lines if line.name in names]
    return found[-1] if found else default


def reckoned(expression: str) -> Decimal:
    """The expression as arithmetic, exactly."""
    assert re.fullmatch(r"[-+0-9., ()minax]+", expression)
    exact = re.sub(r"\d+(\.\d+)?", lambda number: f"Decimal('{number[0]}')", expression)
    return Decimal(eval(exact, {"Decimal": Decimal, "min": min, "max": max}))


@pytest.mark.usefixtures("store_file")
def test_config_explain_shows_the_winning_level_and_its_effect(run: Run) -> None:
    ran = run("config", "explain", "out-of-stock-threshold", "--product", "24-MB01")
    assert ran == (
        0,
        "out_of_stock_threshold at main in stock default: -50 (at most 50 backordered)\n"
        "    source item    not set\n"
        "->  product        -50      store.toml:16\n"
        "    source main    not set\n"
        "    stock default  not set\n"
        "    global         -20      store.toml:6\n"
        "    default        0\n",
        "",
    )


@pytest.mark.usefixtures("store_file")
def test_product_explain_shows_the_calculation(run: Run) -> None:
    ran = run("product", "explain", "24-MB01")
    assert (ran.status, ran.err) == (0, "")
    assert "    salable        25 - (-50) = 75\n" in ran.out
    assert "    salable        25 + 50 = 75\n" in ran.out
    assert "Together\n    salable " in ran.out
    assert "threshold -50 from product, line 16; backorders are on" in ran.out


@pytest.mark.usefixtures("store_file")
@pytest.mark.parametrize("output", ["json", "csv"])
def test_explanations_as_json_and_csv(run: Run, output: str) -> None:
    chains = run("config", "explain", "backorders", "--product", "24-MB01", "-o", output)
    sums = run("product", "explain", "24-MB01", "-o", output)
    assert (chains.status, sums.status) == (0, 0)
    if output == "json":
        [chain] = json.loads(chains.out)["chains"]
        assert chain["value"] == "notify"
        assert [level["scope"] for level in chain["levels"] if level["wins"]] == ["global"]
        assert json.loads(sums.out)["stocks"][0]["terms"][-1]["result"] == 75
    else:
        assert chains.out.splitlines()[0].startswith("key,stock,source,value,effective,note,scope,")
        assert sums.out.splitlines()[-1] == "24-MB01,default,,salable,main,25 + 50,75,false"


def test_an_explanation_has_the_figures_of_the_page(run: Run, folder: Path) -> None:
    for data in seeded_stores(20, seed=31):
        Path("store.toml").write_text(toml_text(data), encoding="utf-8")
        for sku in data["products"]:
            explained, shown = (
                json.loads(run("product", verb, "-o", "json", "--", sku).out)["stocks"] for verb in ("explain", "show")
            )
            common = explained[0].keys() & shown[0].keys() - {"sources"}
            assert {"status", "reason", "reserved", "on_hand", "backorderable", "salable", "unlimited"} <= common
            assert [{key: each[key] for key in common} for each in explained] == [
                {key: each[key] for key in common} for each in shown
            ]


RESERVED = """version = 1
[global]
backorders = "allow"
out_of_stock_threshold = -10
[sources.a]
[products.X]
out_of_stock_threshold = -4
[products.X.sources.a]
quantity = 14.5
[products.X.stocks.default]
reserved = {}
"""


@pytest.mark.parametrize(
    ("reserved", "words"),
    [
        ("3", "3, of which 3 from on hand"),
        ("16", "16, of which 14.5 from on hand, 1.5 from backorderable"),
        ("20", "20, of which 14.5 from on hand, 4 from backorderable, 1.5 more than can ship"),
    ],
)
def test_product_explain_says_from_which_goods_the_reserved_units_come(
    run: Run, folder: Path, reserved: str, words: str
) -> None:
    Path("store.toml").write_text(RESERVED.format(reserved))
    lines = [line.split(maxsplit=1) for line in run("product", "explain", "X").out.splitlines() if line.strip()]
    assert ["reserved", words] in lines


def test_product_explain_names_the_lines_of_a_value_and_of_those_it_overrides(run: Run, folder: Path) -> None:
    Path("store.toml").write_text(RESERVED.format(0))
    [line] = [line for line in run("product", "explain", "X").out.splitlines() if "out_of_stock_threshold at" in line]
    won, _, overridden = line.partition("; overrides ")
    assert won == "    out_of_stock_threshold at a: -4 from product, line 7 (at most 4 backordered)"
    assert overridden == "global -10 (line 4), default 0"


def test_the_longest_term_of_a_sum_makes_the_column(run: Run, folder: Path) -> None:
    Path("store.toml").write_text(RESERVED.format(16))
    lines = [line for line in run("product", "explain", "X").out.splitlines() if " = " in line]
    assert "    reserved from backorderable  16 - 14.5 = 1.5" in lines
    assert {line[31:33] for line in lines} == {"  "}


@pytest.mark.usefixtures("store_file")
def test_the_json_of_config_explain_names_the_file(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert json.loads(run("config", "explain", "backorders", "-o", "json").out)["file"] == "store.toml"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(RESERVED.format(1).encode())))
    assert "<stdin>:3" in run("config", "explain", "backorders", "-f", "-").out


@pytest.mark.parametrize(
    ("settings", "key", "note"),
    [
        (
            "manage_stock = false\nout_of_stock_threshold = 5",
            "out_of_stock_threshold",
            "not read: stock is not managed",
        ),
        ("manage_stock = false", "manage_stock", "no quantity counts: unlimited"),
        ("out_of_stock_threshold = 5", "out_of_stock_threshold", "a reserve of 5"),
        ("out_of_stock_threshold = -5", "out_of_stock_threshold", "-5 -> 0: backorders are off"),
        (
            'backorders = "allow"\nout_of_stock_threshold = 5',
            "backorders",
            "+5 -> ignored, backorders are on: unlimited",
        ),
        ('backorders = "allow"\nout_of_stock_threshold = -5', "backorders", "at most 5 backordered"),
        ("notify_for_quantity_below = 2", "notify_for_quantity_below", "low at 2 or less"),
        ("only_x_left_threshold = 0", "only_x_left_threshold", "never shown"),
        ("only_x_left_threshold = 5", "only_x_left_threshold", None),
    ],
)
def test_the_note_says_what_a_value_means(run: Run, folder: Path, settings: str, key: str, note: str) -> None:
    item = "[products.X.sources.main]\nquantity = 1\n"
    (folder / "store.toml").write_text(f"version = 1\n[sources.main]\n[products.X]\n{settings}\n{item}")
    [chain] = json.loads(run("config", "explain", key, "--product", "X", "-o", "json").out)["chains"]
    assert chain["note"] == note


@pytest.mark.usefixtures("store_file")
def test_the_calculation_as_csv(run: Run) -> None:
    assert run("product", "explain", "24-MB01", "-o", "csv").out.splitlines()[:3] == [
        "sku,stock,pool,name,sources,expression,result,unlimited",
        "24-MB01,default,0,quantity,main,25,25,false",
        '24-MB01,default,0,threshold,main,"min(-50, 0)",-50,false',
    ]


@given(stores())
def test_a_chain_shows_only_scopes_that_can_set_the_value(data: dict[str, Any]) -> None:
    store = built(data)
    for answer in evaluate_all(store):
        for key, chain in all_chains(store, answer):
            shown = [level.place.scope for level in chain.steps]
            assert set(shown[:-1]) <= set(SETTINGS[key].scopes)
            assert shown[-1] is Scope.DEFAULT
