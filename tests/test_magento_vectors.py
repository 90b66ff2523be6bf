"""The evaluator against Magento Inventory's own classes and index query: every case that the rules admit."""

import gzip
import json
from collections import Counter
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any

import pytest
from magento_cases import settings_from
from stores import built

from backorderctl.policy.evaluate import Status, effective_threshold, evaluate_at, takes_backorders
from backorderctl.policy.orders import order_from
from backorderctl.policy.resolve import in_force, value_of
from backorderctl.store.model import Store
from backorderctl.store.scalars import STEP, ZERO
from backorderctl.store.settings import BACKORDERS, THRESHOLD

CASES = Path(__file__).parent / "data" / "magento.jsonl.gz"


def test_the_answers_are_those_of_magento(capsys: pytest.CaptureFixture[str]) -> None:
    compared: Counter[str] = Counter()
    cases = 0
    with gzip.open(CASES, "rt", encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line, parse_float=Decimal)
            if case.get("artifact") or case["input"]["reservations"] > 0:
                continue
            cases += 1
            ours, theirs = _ours(case["input"]), _theirs(case["input"], case["expected"])
            for name, answer in theirs.items():
                assert ours[name] == answer, f"{case['id']}: {name}"
                compared[name] += 1
    with capsys.disabled():
        print(f"\n{cases} cases, {compared.total()} answers compared: {dict(compared)}")
    assert cases == 989
    assert compared == {
        "effective threshold": 989,
        "is salable": 989,
        "order accepted": 989,
        "only x left": 989,
        "backordered": 523,
        "salable": 657,
    }


def _ours(given: dict[str, Any]) -> dict[str, Any]:
    store = _store(given)
    answer = evaluate_at(store, "X", store.stocks["main"])
    asked = order_from(answer, Decimal(given["requested_qty"]).quantize(STEP, ROUND_DOWN))
    values = in_force(store, stock="main", product="X")
    backorders = takes_backorders(value_of(values, BACKORDERS))
    return {
        "effective threshold": effective_threshold(value_of(values, THRESHOLD), backorders=backorders),
        "is salable": answer.status is not Status.OUT_OF_STOCK,
        "order accepted": asked.accepted,
        "backordered": asked.backordered,
        "salable": answer.salable,
        "only x left": answer.only_x_left is not None,
    }


def _theirs(given: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """Magento's answers in our words, where both have one: an unlimited product has no salable quantity of ours."""
    salable = expected["is_salable"]
    managed = expected["effective_manage_stock"]
    answers = {
        "effective threshold": expected["effective_min_qty"],
        "is salable": salable,
        "order accepted": expected["add_to_cart"]["ok"],
        "only x left": bool(salable and managed and expected["only_x_left_displayed"]),
    }
    if expected["add_to_cart"]["ok"]:
        answers["backordered"] = expected["backorder_qty"]
    unlimited = not managed or (expected["effective_backorders"] and expected["effective_min_qty"] == 0)
    if not salable or not unlimited:
        answers["salable"] = max(expected["salable_qty_direct"], ZERO) if salable else ZERO
    return answers


def _store(given: dict[str, Any]) -> Store:
    sources = [source["code"] for source in given["sources"]]
    data = {
        "version": 1,
        "global": settings_from(given["global"]),
        "sources": {source["code"]: {"enabled": source["enabled"]} for source in given["sources"]},
        "stocks": {"main": {"sources": [source["code"] for source in given["sources"] if source["in_stock_link"]]}},
        "products": {
            "X": {
                **settings_from(given["product"]),
                "sources": {item["source"]: _item(item) for item in given["items"]},
                "stocks": {"main": {"reserved": -given["reservations"]}},
            }
        },
    }
    assert len(sources) == len(set(sources))
    return built(data)


def _item(item: dict[str, Any]) -> dict[str, Any]:
    status = "in_stock" if item["status"] else "out_of_stock"
    return {"quantity": item["qty"], "status": status, **settings_from({"notify_stock_qty": item["notify_stock_qty"]})}
