"""`check` looks at a coming day only as far as it differs: against a check of every day as a whole."""

from copy import deepcopy
from datetime import timedelta
from random import Random

import pytest
from schedules import FIRST, with_schedule
from stores import seeded_stores

from backorderctl.check import DEFAULT_CODES, findings_of, findings_on, running
from backorderctl.check.context import Context
from backorderctl.check.days import contexts
from backorderctl.check.rules import RULES
from backorderctl.errors import CommandLine
from backorderctl.store.load import build, load_bytes
from backorderctl.store.model import StoreFile
from backorderctl.store.schedule import days_of_change

TODAY = FIRST - timedelta(days=2)


def scheduled_stores(count: int, seed: int) -> list[StoreFile]:
    """Stores whose entries are for products and source items, but for one in some."""
    random = Random(seed)
    stores = []
    for data in seeded_stores(count, seed=seed):
        wide = random.random() < 0.3
        several = with_schedule(data, random, count=12)
        several["schedule"] = [entry for entry in several["schedule"] if wide or "product" in entry]
        stores.append(build(deepcopy(several), file="store.toml", text=""))
    return stores


@pytest.mark.parametrize("codes", [DEFAULT_CODES, frozenset(RULES)], ids=["the default rules", "all rules"])
def test_findings_are_those_of_a_check_of_every_whole_day(codes: frozenset[str]) -> None:
    findings = hints = later = 0
    for store in scheduled_stores(400, seed=41):
        days = (TODAY, *days_of_change(store.schedule, after=TODAY))
        whole = [Context(store, store.on(day)) for day in days]
        found = findings_of(store, today=TODAY, codes=codes)
        assert found == findings_on(store, whole, codes)
        findings += len(found)
        hints += sum(each.hint is not None for each in found)
        later += sum(each.since is not None for each in found)
    assert min(findings, later) > 100
    assert hints > 50


def test_a_day_looks_at_what_its_entries_reach() -> None:
    rules = running(DEFAULT_CODES)
    parts = 0
    for store in scheduled_stores(100, seed=42):
        for context in contexts(store, rules, today=TODAY):
            parts += not context.is_whole
            if not context.is_whole:
                named = {entry.place.product for entry in store.schedule}
                assert context.products.keys() <= named
    assert parts > 300


SHARED = """version = 1
[global]
backorders = "notify"
out_of_stock_threshold = -50
[sources.main]
[sources.lyon]
out_of_stock_threshold = -50
[products.A.sources.main]
quantity = 1
[products.A.sources.lyon]
quantity = 1
[products.B.sources.main]
quantity = 1
[products.B.sources.lyon]
quantity = 1
"""
CLOSED = '[[schedule]]\nfrom = 2028-02-01\nproduct = "A"\nbackorders = "no"\nreason = "why"\n'


def test_a_hint_that_changes_answers_is_given_where_it_does_the_same_on_every_day() -> None:
    today, coming = (
        findings_of(load_bytes(text.encode(), "store.toml"), today=TODAY) for text in (SHARED, SHARED + CLOSED)
    )
    unset = CommandLine(("config", "unset"), ("out_of_stock_threshold",), (("--source", "lyon"),))
    assert [(each.code, each.hint) for each in today] == [("BO303", unset)]
    assert [(each.code, each.hint) for each in coming] == [("BO303", None)]


def test_a_hint_is_about_written_values_alone() -> None:
    """What an entry writes on a later day is a finding of its own, and no command of `config` removes it."""
    text = (
        "version = 1\n[global]\nmanage_stock = false\n[sources.main]\n[products.A1.sources.main]\nquantity = 1\n"
        "[products.A2]\nonly_x_left_threshold = 1\n[products.A2.sources.main]\nquantity = 1\n"
        f'[[schedule]]\nfrom = {FIRST}\nproduct = "A1"\nonly_x_left_threshold = 5\n'
    )
    store = load_bytes(text.encode(), "store.toml")
    written, planned = [each for each in findings_of(store, today=TODAY) if each.code == "BO107"]
    assert written.hint == CommandLine(("config", "unset"), ("only_x_left_threshold",), (("--product", "A2"),))
    assert (written.since, [effect.sku for effect in written.effects]) == (None, ["A2"])
    assert (str(planned.since), planned.hint) == (str(FIRST), None)


def test_rules_about_stock_judge_today_alone() -> None:
    text = """version = 1
[global]
backorders = "notify"
out_of_stock_threshold = -5
[sources.berlin]
[sources.lyon]
[products.X.sources.lyon]
quantity = 10
[products.X.stocks.default]
reserved = 3
[products.Y.sources.berlin]
quantity = 0
[products.Y.stocks.default]
reserved = 9
[[schedule]]
from = 2028-12-24
until = 2029-01-02
source = "lyon"
reason = "closed"
enabled = false
"""
    [oversold] = findings_of(load_bytes(text.encode(), "store.toml"), today=TODAY)
    assert (oversold.code, [example.sku for example in oversold.examples], oversold.since) == ("BO111", ["Y"], None)
