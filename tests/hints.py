"""The promise of hints: whichever of those of one run are typed, in whatever order, what the messages say comes true.

Random stores are checked with all rules. Each hint alone, every pair, random subsets and all hints are applied to the
parsed file; all answers, values in force, errors and warnings are compared with those before.

    python tests/hints.py [STORES]        # proves it for so many stores of each shape, by default 2,000
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from decimal import Decimal
from fnmatch import fnmatchcase
from itertools import combinations
from random import Random
from typing import Any

import naive
from checking import TODAY
from store_shapes import shaped_stores
from stores import built_file, seeded_stores

from backorderctl.check import findings_of
from backorderctl.check.findings import Finding
from backorderctl.check.registry import Severity
from backorderctl.check.rules import RULES
from backorderctl.errors import CommandLine

Data = dict[str, Any]
"""A store as its TOML is parsed."""


def hinted(data: Data) -> list[Finding]:
    return [each for each in findings_of(built_file(data), today=TODAY, codes=RULES) if each.hint]


def typed(data: Data, hints: Iterable[CommandLine]) -> Data:
    """The store after these hints, which are `config set` and `config unset` of one scope or of a glob."""
    left = deepcopy(data)
    for hint in hints:
        assert hint.verb[0] == "config"
        for table in tables(left, dict(hint.options)):
            if hint.verb[1] == "unset":
                del table[hint.names[0]]
            else:
                table[hint.names[0]] = Decimal(hint.names[1])
    return left


def tables(data: Data, options: dict[str, str]) -> list[Data]:
    stock, source = options.get("--stock"), options.get("--source")
    product, glob = options.get("--product"), options.get("--match")
    if stock:
        return [data["stocks"][stock]]
    if product is None and glob is None:
        return [data["sources"][source]] if source else [data["global"]]
    skus = [product] if glob is None else [sku for sku in data["products"] if fnmatchcase(sku, glob)]
    products = [data["products"][sku] for sku in skus]
    return [each["sources"][source] for each in products if source in each.get("sources", {})] if source else products


def answers(data: Data) -> dict[tuple[str, str | None], Any]:
    """All that is in force and all quantities, but not where they come from."""
    return {(sku, entry["stock"]): bare(entry) for sku in data["products"] for entry in naive.show(data, sku)}


def bare(entry: Data) -> Data:
    pools = sorted((pool["sources"], pool["quantity"], pool["effective"]) for pool in entry["pools"])
    sources = [{**each, "settings": values(each["settings"])} for each in entry["sources"]]
    return {**entry, "settings": values(entry["settings"]), "sources": sources, "pools": pools}


def values(settings: Data) -> Data:
    return {key: setting["value"] for key, setting in settings.items()}


def troubles(data: Data) -> set[tuple[object, ...]]:
    """The errors and warnings, one for each place and product; a needless accept does not count."""
    return {
        (each.code, place.place, each.key, example.sku if example else None)
        for each in findings_of(built_file(data), today=TODAY, codes=RULES)
        if each.severity is not Severity.INFO and each.code != "BO901"
        for place in each.places
        for example in (each.examples or (None,))
    }


def assert_safe(data: Data, chosen: Sequence[Finding], before: Any, known: set[tuple[object, ...]]) -> None:
    after_data = typed(data, [each.hint for each in chosen if isinstance(each.hint, CommandLine)])
    after = answers(after_data)
    only = next(iter(data.get("stocks") or {"default": {}}))
    effects = [effect for each in chosen for effect in each.effects]
    stated = {(each.sku, each.stock if (each.sku, each.stock) in before else only): each for each in effects}
    messages = [each.message for each in chosen]
    assert after.keys() == before.keys(), messages
    for at, answer in after.items():
        if at in stated:
            assert (before[at]["salable"], answer["salable"]) == (stated[at].before, stated[at].after), (at, messages)
        else:
            assert answer == before[at], (at, messages)
    assert troubles(after_data) <= known, (messages, troubles(after_data) - known)


def subsets(found: Sequence[Finding], random: Random) -> Iterable[tuple[Finding, ...]]:
    """Each hint alone, every pair, some random subsets in any order, and all."""
    yield from combinations(found, 1)
    yield from combinations(found, 2)
    for _ in range(3 if len(found) > 2 else 0):
        yield tuple(random.sample(found, random.randint(2, len(found))))
    yield tuple(found)


def prove(stores: Callable[..., Iterator[Data]], count: int, seed: int) -> "Counter[str]":
    """Prove the promise for so many stores, and count what was tried."""
    random, seen = Random(seed), Counter[str]()
    for data in stores(count, seed=seed):
        found = hinted(data)
        seen["stores"] += 1
        seen["hints"] += len(found)
        seen["changing hints"] += sum(bool(each.effects) for each in found)
        before, known = answers(data), troubles(data)
        for chosen in subsets(found, random) if found else ():
            seen["subsets"] += 1
            assert_safe(data, chosen, before, known)
    return seen


def counted(seen: "Counter[str]") -> str:
    return ", ".join(f"{number:,} {name}" for name, number in seen.items())


if __name__ == "__main__":
    for shape in (seeded_stores, shaped_stores):
        print(counted(prove(shape, int(sys.argv[1]) if len(sys.argv) > 1 else 2000, seed=10)), flush=True)
