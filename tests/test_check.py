"""The rules of `check`: what each finds and leaves alone, how findings are grouped and accepted."""

from copy import deepcopy
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import naive
import pytest
from stores import QUANTITIES, RESERVED, seeded_stores
from test_evaluate import built

from backorderctl.check import check
from backorderctl.check.findings import Finding, problems
from backorderctl.check.rules import RULES
from backorderctl.errors import InvalidFile
from backorderctl.reading import parse
from backorderctl.settings import Scope

DATA = Path(__file__).parent / "data" / "check"
TODAY = date(2026, 12, 24)


def found(text: str, *, today: date = TODAY) -> list[Finding]:
    """What is wrong in a store file."""
    try:
        store = parse(text.encode(), "store.toml")
    except InvalidFile as failure:
        return problems(failure, "store.toml")
    return check(store, today=today)


def told(text: str, *, today: date = TODAY) -> list[str]:
    """The findings, a line each."""
    return [f"{each.code} {each.message}" for each in found(text, today=today)]


@pytest.mark.parametrize("code", RULES)
def test_a_rule_finds_what_it_is_about(code: str) -> None:
    text = (DATA / f"{code}-bad.toml").read_text(encoding="utf-8")
    place, message = (line.removeprefix("# ") for line in text.splitlines()[:2])
    [finding] = found(text)
    assert f"{finding.code} {finding.severity}, line {finding.line}, {finding.scope or 'nowhere'}" == place
    assert finding.message == message
    assert finding.severity == RULES[code].severity


@pytest.mark.parametrize("code", RULES)
def test_a_rule_leaves_alone_what_is_meant(code: str) -> None:
    assert found((DATA / f"{code}-good.toml").read_text(encoding="utf-8")) == []


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
