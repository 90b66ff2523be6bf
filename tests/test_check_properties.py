"""What holds for the findings of every store, by the naive evaluator."""

from copy import deepcopy
from random import Random
from typing import Any

import naive
from checking import TODAY, found
from stores import QUANTITIES, RESERVED, built, seeded_stores, toml_text

from backorderctl.check import check
from backorderctl.check.findings import Finding
from backorderctl.check.rules import RULES
from backorderctl.check.violation import Severity
from backorderctl.store.settings import Scope


def test_every_store_can_be_checked_and_every_finding_has_its_place() -> None:
    codes = set()
    for data in seeded_stores(1500, seed=5):
        text = toml_text(data)
        for finding in found(text):
            codes.add(finding.code)
            assert finding.severity in (RULES[finding.code].severity, Severity.INFO)
            assert finding.count >= 1
            assert finding.line or finding.stock == "default"
            assert "None" not in finding.message
            assert "\n" not in finding.message
    assert codes == set(RULES) - {"BO001", "BO901"}


def test_a_product_that_is_unlimited_by_accident_is_unlimited() -> None:
    seen = 0
    for data in seeded_stores(300, seed=6):
        for finding in check(built(data), today=TODAY):
            if finding.code in ("BO101", "BO102") and finding.product is not None:
                assert any(entry["unlimited"] for entry in naive.show(data, finding.product))
                seen += 1
    assert seen > 50


def without(data: dict[str, Any], finding: Finding) -> dict[str, Any]:
    """The store without the value that a finding names."""
    left = deepcopy(data)
    table = {
        Scope.GLOBAL: lambda: left["global"],
        Scope.STOCK: lambda: left["stocks"][finding.stock],
        Scope.SOURCE: lambda: left["sources"][finding.source],
        Scope.PRODUCT: lambda: left["products"][finding.product],
        Scope.SOURCE_ITEM: lambda: left["products"][finding.product]["sources"][finding.source],
    }[finding.scope or Scope.DEFAULT]()
    del table[finding.key]
    return left


def restocked(data: dict[str, Any], random: Random) -> dict[str, Any]:
    """The same policy on another day: other quantities, other orders, other items on sale."""
    left = deepcopy(data)
    for product in left["products"].values():
        for item in product.get("sources", {}).values():
            item["quantity"] = random.choice(QUANTITIES)
            item["status"] = random.choice(("in_stock", "in_stock", "out_of_stock"))
        for reservation in product.get("stocks", {}).values():
            reservation["reserved"] = random.choice(RESERVED)
    return left


def in_effect(data: dict[str, Any]) -> Any:
    """All that is in force and all quantities, but not where they come from."""
    return [[_bare(entry) for entry in naive.show(data, sku)] for sku in data["products"]]


def _bare(entry: dict[str, Any]) -> Any:
    pools = sorted((pool["sources"], pool["quantity"], pool["effective"]) for pool in entry["pools"])
    sources = [{**each, "settings": _values(each["settings"])} for each in entry["sources"]]
    return {**entry, "settings": _values(entry["settings"]), "sources": sources, "pools": pools}


def _values(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: setting["value"] for key, setting in settings.items()}


def test_a_redundant_override_can_go_whatever_the_quantities() -> None:
    random, redundant = Random(3), 0
    for data in seeded_stores(1000, seed=3):
        other_days = [data, *(restocked(data, random) for _ in range(3))]
        for finding in check(built(data), today=TODAY):
            if finding.code in ("BO301", "BO302"):
                redundant += 1
                for day in other_days:
                    assert in_effect(without(day, finding)) == in_effect(day), finding.message
    assert redundant > 500
