"""Exported policy, run by Magento's formula, against our own answers: equal where claimed, refused only in need."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

import pytest
from stores import seeded_stores

from backorderctl.magento import export_products
from backorderctl.magento.policy_export import Approximate, Compiled, Policy, compiled
from backorderctl.policy.evaluate import Salability, evaluate, evaluate_at
from backorderctl.policy.orders import order
from backorderctl.store.load import build
from backorderctl.store.model import Product, Store
from backorderctl.toml.line_numbers import Lines

STORES = 1500
STEP = Decimal("0.0001")


class Answer(NamedTuple):
    """What an order gets; `salable` is None without limit, the rest None for an order that is refused."""

    salable: Decimal | None
    ships_now: Decimal | None
    backordered: Decimal | None
    notice: Decimal | None


class Magento(NamedTuple):
    """The three values that Magento's stock item configuration gives for one product."""

    manage_stock: bool
    backorders: int
    min_qty: Decimal

    def answer(self, counting: list[Decimal], linked: int, reserved: Decimal, n: Decimal) -> Answer:
        """GetProductSalableQty, IsSalableWithReservationsCondition, BackorderNotifyCustomerCondition and the index."""
        if not self.manage_stock:
            return Answer(None, n, Decimal(0), None) if linked else Answer(Decimal(0), None, None, None)
        if not counting:
            return Answer(Decimal(0), None, None, None)
        net = sum(counting) - reserved
        salable: Decimal | None
        if self.backorders and self.min_qty >= 0:
            salable = None
        else:
            min_qty = min(self.min_qty, Decimal(0)) if self.backorders else max(self.min_qty, Decimal(0))
            salable = max(net - min_qty, Decimal(0))
        if salable is not None and n > salable:
            return Answer(salable, None, None, None)
        backordered = max(n - max(net, Decimal(0)), Decimal(0))
        return Answer(
            salable, n - backordered, backordered, backordered if backordered and self.backorders == 2 else None
        )


def store_of(data: dict[str, Any]) -> Store:
    return build(data, file="store.toml", lines=Lines(""))


def exported(store: Store, policies: Iterable[tuple[Product, Policy]]) -> dict[str, Magento]:
    """The rows of the product CSV as Magento reads them, with our [global] as its configuration."""
    out = io.StringIO()
    export_products.write_products(store, policies, out)
    config = {
        "manage_stock": str(int(bool(store.settings.get("manage_stock", True)))),
        "allow_backorders": str(["no", "allow", "notify"].index(str(store.settings.get("backorders", "no")))),
        "out_of_stock_qty": str(store.settings.get("out_of_stock_threshold", 0)),
    }
    flags = {column: f"use_config_{column}" for column in config} | {
        "allow_backorders": "use_config_backorders",
        "out_of_stock_qty": "use_config_min_qty",
    }
    rows = {}
    for row in csv.DictReader(io.StringIO(out.getvalue())):
        cells = {column: config[column] if row[flag] == "1" else row[column] for column, flag in flags.items()}
        rows[row["sku"]] = Magento(
            cells["manage_stock"] == "1", int(cells["allow_backorders"]), Decimal(cells["out_of_stock_qty"].strip())
        )
    return rows


def ours(answer: Salability, n: Decimal) -> Answer:
    asked = order(answer, n)
    return Answer(answer.salable, asked.ships_now, asked.backordered, asked.customer_notice)


def theirs(magento: Magento, answer: Salability, n: Decimal) -> Answer:
    counting = [item.quantity for item in answer.items if item.counts]
    return magento.answer(counting, len(answer.items), answer.reserved, n)


def variations(store: Store, product: Product, stock: str | None, count: int, random: Random) -> Iterator[Salability]:
    """Our answers in the stock for quantities of 0 or more and reservations of every size, on and beside each limit."""
    if stock is None:
        yield evaluate(store, product.sku)[0]
        return
    numbers = [Decimal(0), Decimal(1000), *_limits(store)]
    for _ in range(count):
        items = {code: item._replace(quantity=random.choice(numbers)) for code, item in product.items.items()}
        reserved = random.choice([Decimal(0), random.choice(numbers), Decimal(random.randrange(300))])
        changed = product._replace(items=items, reserved={stock: reserved})
        other = replace(store, products={product.sku: changed})
        yield evaluate_at(other, product.sku, store.stocks[stock])


def _limits(store: Store) -> Iterator[Decimal]:
    for settings in (store.settings, *(source.settings for source in store.sources.values())):
        limit = abs(Decimal(str(settings.get("out_of_stock_threshold", 3))))
        yield from (limit, limit + 1, limit + STEP, max(limit - STEP, Decimal(0)))


def orders(answer: Salability) -> Iterator[Decimal]:
    """Orders on and beside what is on hand and what is salable."""
    for edge in (answer.on_hand, answer.salable, Decimal(1)):
        if edge is not None:
            yield from (n for n in (edge - STEP, edge, edge + STEP) if n > 0)


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
        other = replace(store, products={product.sku: product._replace(items=items, reserved={})})
        answer = evaluate_at(other, product.sku, store.stocks[stock])
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
