"""The evaluator: against a second implementation, and what must hold for every store."""

from copy import deepcopy
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import naive
from hypothesis import assume, given
from hypothesis import strategies as st
from stores import built, figures, seeded_stores, stores

from backorderctl.output.product import product_document
from backorderctl.policy.evaluate import Salability, evaluate, evaluate_all, evaluate_at
from backorderctl.policy.orders import Order, order_from
from backorderctl.store.model import Place
from backorderctl.store.settings import BACKORDERS, THRESHOLD, Scope

ORDERS = (Decimal("0.5"), Decimal(1), Decimal(7), Decimal(60))
SEEDED = 4000


def test_a_second_implementation_agrees_on_thousands_of_stores() -> None:
    answers = 0
    for data in seeded_stores(SEEDED, seed=1):
        store = built(data)
        for sku in data["products"]:
            ours = without_lines(product_document(evaluate(store, sku)))["stocks"]
            assert ours == naive.show(data, sku)
            answers += len(ours)
    assert answers > SEEDED


def test_a_second_implementation_agrees_on_what_orders_get() -> None:
    for data in seeded_stores(SEEDED // 4, seed=2):
        store = built(data)
        for answer in evaluate_all(store):
            for requested in ORDERS:
                theirs = naive.order(data, answer.product.sku, answer.stock, requested)
                assert as_json(order_from(answer, requested), answer) == theirs


@given(stores())
def test_the_whole_store_at_once_is_every_product_by_itself(data: dict[str, Any]) -> None:
    store = built(data)
    assert list(evaluate_all(store)) == [answer for sku in store.products for answer in evaluate(store, sku)]


@given(stores())
def test_a_product_threshold_counts_once_in_a_stock_for_each_side_of_backorders(data: dict[str, Any]) -> None:
    for answer in evaluate_all(built(data)):
        pools = [pool for pool in answer.pools if pool.threshold.origin.scope is Scope.PRODUCT]
        assert len(pools) == len({pool.backorders for pool in pools})


@given(stores(), st.data())
def test_a_source_that_does_not_count_changes_no_status_and_no_quantity(
    data: dict[str, Any], draw: st.DataObject
) -> None:
    stock, sku = drawn_item_stock(data, draw)
    before = evaluate_at(built(data), sku, built(data).stocks[stock])
    assume(before.managed and before.items)
    item = {"quantity": Decimal(99)} | draw.draw(st.sampled_from([{"status": "out_of_stock"}, {}]))
    with_source(data, stock, sku, "extra", source={"enabled": "status" in item}, item=item)
    assert figures(evaluate_at(built(data), sku, built(data).stocks[stock])) == figures(before)


@given(stores(), st.data())
def test_splitting_a_source_in_two_changes_nothing_where_nothing_is_set_below_the_stock(
    data: dict[str, Any], draw: st.DataObject
) -> None:
    stock, sku = drawn_item_stock(data, draw)
    for table in (*data["sources"].values(), *data["products"][sku].get("sources", {}).values()):
        for key in (BACKORDERS.key, THRESHOLD.key):
            table.pop(key, None)
    before = evaluate_at(built(data), sku, built(data).stocks[stock])
    items = data["products"][sku].get("sources", {})
    linked = [source for source in naive.all_stocks(data)[stock] if source in items]
    assume(linked)
    code = draw.draw(st.sampled_from(linked))
    half = draw.draw(st.integers(-20, 20))
    items[code]["quantity"] = Decimal(items[code]["quantity"]) - half
    twin = {"quantity": half} | ({"status": items[code]["status"]} if "status" in items[code] else {})
    with_source(data, stock, sku, "twin", source=dict(data["sources"][code]), item=twin)
    assert figures(evaluate_at(built(data), sku, built(data).stocks[stock])) == figures(before)


@given(stores(), st.integers(0, 200))
def test_salable_is_never_negative_and_never_grows_with_what_is_reserved(data: dict[str, Any], more: int) -> None:
    store = built(data)
    for sku in data["products"]:
        for before in evaluate(store, sku):
            if before.stock is None:
                continue
            later = deepcopy(data)
            reservations = later["products"][sku].setdefault("stocks", {}).setdefault(before.stock, {})
            reservations["reserved"] = before.reserved + more
            after = evaluate_at(built(later), sku, built(later).stocks[before.stock])
            assert after.unlimited == before.unlimited
            if before.salable is not None and after.salable is not None:
                assert 0 <= after.salable <= before.salable


@given(stores(), st.data())
def test_removing_what_equals_the_inherited_value_changes_nothing_unless_it_made_a_pool(
    data: dict[str, Any], draw: st.DataObject
) -> None:
    places = overrides(data)
    assume(places)
    table, key, place = draw.draw(st.sampled_from(places))
    before = {(answer.product.sku, answer.stock): answer for answer in evaluate_all(built(data))}
    value = table.pop(key)
    after = {(answer.product.sku, answer.stock): answer for answer in evaluate_all(built(data))}
    assume(before.keys() == after.keys())
    for at, answer in before.items():
        if any(pool.threshold.origin[:4] == place[:4] for pool in answer.pools) and key == THRESHOLD.key:
            continue
        if wins_equal(answer, after[at], key, place, value):
            assert figures(after[at]) == figures(answer)


def wins_equal(answer: Salability, after: Salability, key: str, place: Place, value: Any) -> bool:
    """Whether every value of the key that came from the place is inherited as the same now."""
    one = [answer.settings[key], *(item.settings[key] for item in answer.items if key in item.settings)]
    two = [after.settings[key], *(item.settings[key] for item in after.items if key in item.settings)]
    return (
        all(old.value == new.value for old, new in zip(one, two, strict=True) if old.origin == place)
        and value is not None
    )


def overrides(data: dict[str, Any]) -> list[tuple[dict[str, Any], str, Place]]:
    """Every written setting, as its table, its key and the place it stands at."""
    tables = [(data.get("global", {}), Place(Scope.GLOBAL))]
    tables += [(table, Place(Scope.STOCK, stock=code)) for code, table in data.get("stocks", {}).items()]
    tables += [(table, Place(Scope.SOURCE, source=code)) for code, table in data["sources"].items()]
    for sku, product in data["products"].items():
        tables.append((product, Place(Scope.PRODUCT, product=sku)))
        for code, item in product.get("sources", {}).items():
            tables.append((item, Place(Scope.SOURCE_ITEM, source=code, product=sku)))
    return [(table, key, place) for table, place in tables for key in table if key in naive.DEFAULTS]


def drawn_item_stock(data: dict[str, Any], draw: st.DataObject) -> tuple[str, str]:
    """A stock, and a product to look at in it."""
    return draw.draw(st.sampled_from(list(naive.all_stocks(data)))), draw.draw(st.sampled_from(list(data["products"])))


def with_source(data: dict[str, Any], stock: str, sku: str, code: str, *, source: Any, item: Any) -> None:
    """Add a source to the stock, and the product's item at it."""
    data["sources"][code] = source
    data["products"][sku].setdefault("sources", {})[code] = item
    if stock in data.get("stocks", {}):
        data["stocks"][stock]["sources"] = [*data["stocks"][stock].get("sources", []), code]


def without_lines(document: Any) -> Any:
    """The JSON document without where in the file any value is."""
    if isinstance(document, dict):
        return {key: without_lines(value) for key, value in document.items() if key not in ("line", "schedule")}
    if isinstance(document, list | tuple):
        return [without_lines(value) for value in document]
    return None if getattr(document, "value", None) == "unlimited" else document


def as_json(answer: Order, seen: Salability) -> dict[str, Any]:
    order = asdict(answer)
    del order["answer"]
    return {**order, "unlimited": seen.unlimited}
