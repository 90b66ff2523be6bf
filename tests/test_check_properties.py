"""What holds for the findings of every store."""

from copy import deepcopy
from random import Random
from typing import Any

import naive
from checking import found
from hints import answers, hinted, typed
from stores import QUANTITIES, RESERVED, seeded_stores, toml_text

from backorderctl.check.registry import Severity
from backorderctl.check.rules import RULES
from backorderctl.errors import CommandLine
from backorderctl.output.finding_text import message
from backorderctl.store.settings import Scope


def test_every_store_can_be_checked_and_every_finding_has_its_places() -> None:
    codes = set()
    for data in seeded_stores(500, seed=5):
        for finding in found(toml_text(data)):
            codes.add(finding.code)
            assert finding.severity in (RULES[finding.code].severity, Severity.INFO)
            assert finding.count >= max(len({example.sku for example in finding.examples}), 1)
            assert len(set(finding.places)) == len(finding.places) >= 1
            assert all(each.line or each.place.stock == "default" for each in finding.places)
            assert "None" not in message(finding)
            assert "\n" not in message(finding)
    assert codes == set(RULES) - {"BO001", "BO205", "BO207", "BO401", "BO402", "BO403", "BO901"}


def test_what_is_unlimited_by_accident_or_store_wide_is_unlimited() -> None:
    for data in seeded_stores(150, seed=6):
        for finding in found(toml_text(data)):
            if finding.code in ("BO101", "BO102", "BO109"):
                for example in finding.examples:
                    assert any(entry["unlimited"] for entry in naive.show(data, example.sku))


def test_what_is_oversold_cannot_ship_however_many_are_backordered() -> None:
    oversold = 0
    for data in seeded_stores(300, seed=7):
        findings = [each for each in found(toml_text(data)) if each.code == "BO111"]
        reported = {example.sku for each in findings for example in each.examples}
        assert reported == {sku for sku in data["products"] if any(map(naive.short, naive.show(data, sku)))}
        oversold += len(reported)
    assert oversold > 30


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


def test_a_neutral_hint_is_neutral_whatever_the_quantities() -> None:
    random, neutral = Random(3), 0
    for data in seeded_stores(150, seed=3):
        days = [data, *(restocked(data, random) for _ in range(2))]
        for finding in hinted(data):
            if not finding.effects and isinstance(finding.hint, CommandLine):
                neutral += 1
                for day in days:
                    assert answers(typed(day, [finding.hint])) == answers(day), message(finding)
    assert neutral > 100


def test_a_value_called_never_in_force_is_the_origin_of_no_value() -> None:
    judged = 0
    for data in seeded_stores(200, seed=4):
        for finding in found(toml_text(data)):
            if finding.code == "BO302":
                judged += len(finding.places)
                assert not {each.place for each in finding.places} & origins(data, str(finding.key))
    assert judged > 70


def origins(data: dict[str, Any], key: str) -> set[tuple[Any, ...]]:
    """The places from which a setting is in force for some product."""
    entries = [entry for sku in data["products"] for entry in naive.show(data, sku)]
    settings = [each["settings"] for entry in entries for each in (entry, *entry["sources"])]
    found_at = [each[key]["origin"] for each in settings if key in each]
    return {(Scope(each["scope"]), each["stock"], each["source"], each["product"]) for each in found_at}
