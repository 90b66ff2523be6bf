"""Exported policy, run by Magento's formula, against our own answers: equal where claimed, refused only in need."""

import io
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from magento_model import Answer, Shop, answer_of, orders, ours, variations
from magento_model import Policy as Magento
from stores import built, seeded_stores

from backorderctl.magento import export_products
from backorderctl.magento.policy_export import Approximate, Compiled, Policy, compiled
from backorderctl.policy.evaluate import Salability
from backorderctl.store.model import Product, Store

STORES = 1500
NAMES = {"out_of_stock_threshold": "min_qty", "notify_for_quantity_below": "notify_stock_qty"}


def store_of(data: dict[str, Any]) -> Store:
    return built(data)


def exported(store: Store, policies: Iterable[tuple[Product, Policy]]) -> dict[str, Magento]:
    """The rows of the product CSV as Magento reads them, with our [global] as its configuration."""
    out, shop = io.StringIO(), Shop()
    rows = export_products.product_rows(store, policies, export_products.as_global(store, ()))
    export_products.write_products(rows, out)
    for key, value in store.settings.items():
        words = {"no": "0", "allow": "1", "notify": "2", "True": "1", "False": "0"}
        shop.config[NAMES.get(key, key)] = words.get(str(value), str(value))
    shop.import_products(out.getvalue())
    return {sku: shop.policy(sku) for sku in shop.stock_items}


def theirs(magento: Magento, answer: Salability, n: Decimal) -> Answer:
    counting = [item.quantity for item in answer.items if item.counts]
    return magento.answer(counting, len(answer.items), answer.reserved, n)


def stocks_of(each: Compiled) -> list[str | None]:
    return [need.answer.stock for need in each.needs]


def every_compiled(count: int, seed: int) -> Iterator[tuple[Store, list[Compiled]]]:
    for data in seeded_stores(count, seed):
        store = store_of(data)
        for stock in (None, *store.stocks):
            yield store, list(compiled(store, stock=stock))


def test_exported_rows_that_are_called_exact_give_the_same_answers(capsys: pytest.CaptureFixture[str]) -> None:
    random, seen = Random(1), Counter[str]()
    for store, all_compiled in every_compiled(STORES, seed=11):
        claimed = [each for each in all_compiled if each.exact]
        policies = [(each.product, policy) for each in claimed if (policy := each.policy(None))]
        assert len(policies) == len(claimed)
        rows = exported(store, policies)
        seen["refused"] += len(all_compiled) - len(claimed)
        for each in claimed:
            seen["claimed"] += 1
            seen["several pools"] += any(len(need.answer.pools) > 1 for need in each.needs)
            seen["several stocks"] += len(each.needs) > 1
            for stock in stocks_of(each):
                for answer in variations(store, each.product, stock, 6, random):
                    for n in orders(answer):
                        assert theirs(rows[each.product.sku], answer, n) == ours(answer, n), (each, answer, n)
                        seen["answers"] += 1
    with capsys.disabled():
        print(f"\n{STORES} stores: {dict(seen)}")
    assert seen["claimed"] > 2 * STORES
    assert min(seen["several pools"], seen["several stocks"], seen["refused"]) > STORES / 10


def test_safe_never_sells_more_and_generous_never_less(capsys: pytest.CaptureFixture[str]) -> None:
    random, seen = Random(2), Counter[str]()
    for store, all_compiled in every_compiled(STORES, seed=12):
        inexact = [each for each in all_compiled if not each.exact]
        rows = {
            how: exported(store, [(each.product, policy) for each in inexact if (policy := each.policy(how))])
            for how in Approximate
        }
        for each in inexact:
            for stock in stocks_of(each):
                for answer in variations(store, each.product, stock, 8, random):
                    sku, mine = each.product.sku, bounded(answer.salable)
                    safe = bounded(theirs(rows[Approximate.SAFE][sku], answer, Decimal(1)).salable)
                    generous = bounded(theirs(rows[Approximate.GENEROUS][sku], answer, Decimal(1)).salable)
                    assert safe <= mine <= generous, (each, answer)
                    seen["answers"] += 1
                    seen["safe is less"] += safe < mine
                    seen["generous is more"] += generous > mine
    with capsys.disabled():
        print(f"\n{STORES} stores: {dict(seen)}")
    assert min(seen["safe is less"], seen["generous is more"]) > 500


def test_no_pair_of_magento_values_gives_the_answers_of_a_refused_product(capsys: pytest.CaptureFixture[str]) -> None:
    random, refused, shown = Random(3), 0, 0
    for store, all_compiled in every_compiled(STORES, seed=13):
        for each in all_compiled:
            if not each.exact:
                refused += 1
                answers = [
                    answer
                    for stock in map(str, stocks_of(each))
                    for answers in (
                        corners(store, each.product, stock),
                        variations(store, each.product, stock, 40, random),
                    )
                    for answer in answers
                ]
                shown += not any(all(does(pair, a) for a in answers) for pair in possible(answers))
    with capsys.disabled():
        print(f"\n{shown} of {refused} refusals shown to be needed by quantities that no pair answers")
    assert refused > 400
    assert shown == refused


def test_no_pair_comes_closer_than_safe_and_generous() -> None:
    compared = 0
    for store, all_compiled in every_compiled(STORES, seed=14):
        for each in all_compiled:
            if each.exact or not all(need.binding for need in each.needs):
                continue
            answers = [answer for stock in stocks_of(each) for answer in corners(store, each.product, str(stock))]
            floors = [answer.quantity - answer.salable for answer in answers if answer.salable]
            if len(floors) == len(answers):
                assert each.safe is not None
                assert (min(floors), max(floors)) == (each.generous.threshold, each.safe.threshold)
                compared += 1
    assert compared > 200


def corners(store: Store, product: Product, stock: str) -> Iterator[Salability]:
    """Our answers with plenty at every source, and with plenty at one source and nothing at the others."""
    plenty = dict.fromkeys(product.items, Decimal(1000))
    for units in (plenty, *({**dict.fromkeys(product.items, Decimal(0)), code: Decimal(1000)} for code in plenty)):
        items = {code: item._replace(quantity=units[code]) for code, item in product.items.items()}
        answer = answer_of(store, product._replace(items=items, reserved={}), stock)
        if answer.quantity:
            yield answer


def possible(answers: list[Salability]) -> list[Magento]:
    """Every pair that is not out at once: a limited salable quantity above 0 leaves but one floor."""
    floors = {a.quantity - a.reserved - a.salable for a in answers if a.salable}
    limited = [Magento(True, words if floor < 0 else 0, floor) for floor in floors for words in (1, 2)]
    return [*limited, Magento(True, 1, Decimal(0)), Magento(True, 2, Decimal(0)), Magento(False, 0, Decimal(0))]


def does(pair: Magento, answer: Salability) -> bool:
    return all(theirs(pair, answer, n) == ours(answer, n) for n in orders(answer))


def bounded(salable: Decimal | None) -> Decimal:
    return Decimal("Infinity") if salable is None else salable
