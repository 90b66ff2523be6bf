"""The evaluator against cases worked by hand, which a merchant can check with a pencil."""

import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from stores import ANY_DAY

from backorderctl.policy.evaluate import Salability, evaluate
from backorderctl.policy.orders import order_from
from backorderctl.store.load import load_bytes

WORKED = Path(__file__).parent / "data" / "worked.toml"
CASES = tomllib.loads(WORKED.read_text(encoding="utf-8"), parse_float=Decimal)["case"]
NOTHING = {"reason": "", "only_x_left": "none", "on_hand": "none", "notice": "none"}
"""How the file writes that there is none."""


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_answers_are_those_worked_by_hand(case: dict[str, Any]) -> None:
    store = load_bytes(case["store"].encode(), "store.toml").on(ANY_DAY)
    for expected in case["expect"]:
        answer = only(answer for answer in evaluate(store, expected["sku"]) if answer.stock == expected.get("stock"))
        given = {key: value for key, value in expected.items() if key not in ("sku", "stock", "orders")}
        assert {key: figure(answer, key) for key in given} == given, case["why"]
        for asked in expected.get("orders", ()):
            assert ordered(answer, asked) == asked, case["why"]


def test_there_are_twenty_cases_and_more() -> None:
    assert len(CASES) >= 20


def only(answers: Iterator[Salability]) -> Salability:
    [answer] = answers
    return answer


def figure(answer: Salability, key: str) -> Any:
    """A figure of the answer as the file writes it."""
    match key:
        case "low_stock":
            return [item.source for item in answer.items if item.low_stock]
        case "pools":
            return [list(pool.sources) for pool in answer.pools]
        case "salable" if answer.unlimited:
            return "unlimited"
        case "backorderable" if answer.unlimited:
            return "unlimited" if answer.managed else "none"
    found = getattr(answer, key)
    return NOTHING[key] if found is None else found


def ordered(answer: Salability, asked: dict[str, Any]) -> dict[str, Any]:
    """What the order gets, as far as the file says."""
    got = order_from(answer, Decimal(asked["qty"]))
    figures = {
        "qty": got.requested,
        "accepted": got.accepted,
        "ships_now": got.ships_now,
        "backordered": got.backordered,
        "notice": NOTHING["notice"] if got.customer_notice is None else got.customer_notice,
        "reason": got.reason,
    }
    return {key: figures[key] for key in asked}
