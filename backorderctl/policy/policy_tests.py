"""Run policy tests: every product that a test is about, on every day that it is judged on."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from backorderctl.policy.evaluate import Salability, evaluate_at, evaluate_each
from backorderctl.policy.expectations import Expected, Found, Tested, met
from backorderctl.policy.orders import order_from
from backorderctl.policy.policy_test import Given, InvalidTest, PolicyTest
from backorderctl.store.model import Product, SourceItem, Store, stocks_of
from backorderctl.store.sku import matches


@dataclass(frozen=True, slots=True)
class Failure:
    """One value that was not expected: of which product, at which source if it is an item's, and on which day."""

    answer: Salability
    source: str | None
    at: date
    field: str
    expected: Expected
    found: Found


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a test went. `products` is how many it looked at; with `errors` it is invalid, and nothing is known."""

    test: PolicyTest | InvalidTest
    products: int = 0
    failures: Sequence[Failure] = ()
    errors: Sequence[str] = ()

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.failures and not self.errors


def run_policy_tests(
    tests: Sequence[PolicyTest | InvalidTest], store_at: Callable[[date], Store], days: Sequence[date]
) -> list[Outcome]:
    """The results in the order of the tests; one that names no day is judged on each of `days`."""
    runs = [_Run(test) for test in tests if isinstance(test, PolicyTest)]
    for day in sorted({*days, *(each.test.at for each in runs if each.test.at is not None)}):
        due = [each for each in runs if (day in days if each.test.at is None else day == each.test.at)]
        _run_day(due, store_at(day), day)
    done = iter(runs)
    return [_invalid(test) if isinstance(test, InvalidTest) else next(done).result() for test in tests]


@dataclass(slots=True)
class _Run:
    """What is known of a test while the days go by."""

    test: PolicyTest
    skus: set[str] = field(default_factory=set)
    failures: list[Failure] = field(default_factory=list)
    ambiguous: str | None = None

    def result(self) -> Outcome:
        """The result; an error where nothing was looked at."""
        test = self.test
        if self.ambiguous is not None:
            return Outcome(test, errors=(self.ambiguous,))
        if not self.skus and not test.allow_empty:
            return Outcome(test, errors=(_nothing_found(test),))
        return Outcome(test, len(self.skus), tuple(self.failures))


def _invalid(test: InvalidTest) -> Outcome:
    return Outcome(test, errors=tuple(problem.message for problem in test.problems))


def _nothing_found(test: PolicyTest) -> str:
    what = f"match {test.match!r}" if test.match is not None else ", ".join(map(repr, test.products or ()))
    if test.exclude:
        what += f" except {', '.join(map(repr, test.exclude))}"
    where = [f"{kind} {code!r}" for kind, code in (("stock", test.stock), ("source", test.source)) if code is not None]
    place = " in " + " at ".join(where) if where else ""
    return f"expected at least one product, found none for {what}{place}; allow_empty = true allows that"


def _run_day(runs: Sequence[_Run], store: Store, day: date) -> None:
    """Judge the tests on one day; a product as the store has it is evaluated once for all of them."""
    needed: list[Product] = []
    places: dict[str, int] = {}
    looked_at: list[tuple[_Run, int]] = []
    for each in runs:
        for product in _products(each.test, store):
            if each.test.given == Given():
                place = places.setdefault(product.sku, len(needed))
            else:
                place, product = len(needed), _assumed(product, each, store)
            if place == len(needed):
                needed.append(product)
            looked_at.append((each, place))
    answers = list(evaluate_each(store, needed))
    for each, place in looked_at:
        _judge(each, needed[place], answers[place], store, day)


def _products(test: PolicyTest, store: Store) -> Iterator[Product]:
    if test.products is not None:
        yield from (store.products[sku] for sku in test.products)
        return
    for sku, product in store.products.items():
        if matches(sku, test.match or "") and not any(matches(sku, glob) for glob in test.exclude):
            yield product


def _assumed(product: Product, run: _Run, store: Store) -> Product:
    """The product with what the test assumes; a source item keeps the settings that it has in the store."""
    given = run.test.given
    if given.sources is not None:
        items = {code: SourceItem(*item, product.item_settings(code) or {}) for code, item in given.sources.items()}
        product = product._replace(items=items)
    if given.reserved is not None and (stock := _one_stock(product, run, store)) is not None:
        product = product._replace(reserved={**product.reserved, stock: given.reserved})
    return product._replace()


def _one_stock(product: Product, run: _Run, store: Store) -> str | None:
    """The stock that the test names, or the only candidate; None, and noted in `run`, where there are several."""
    if run.test.stock is not None:
        return run.test.stock
    reaching = stocks_of(store, product)
    candidates = reaching or list(store.stocks)
    if len(candidates) == 1:
        return candidates[0]
    where = "several" if reaching else "none"
    run.ambiguous = f"expected a stock, as {product.sku!r} is in {where}: {', '.join(candidates)}"
    return None


def _judge(run: _Run, product: Product, answers: Sequence[Salability], store: Store, day: date) -> None:
    """Note what is not as expected of one product."""
    for subject in _subjects(run, product, answers, store):
        run.skus.add(product.sku)
        for name, expected in run.test.expect.items():
            for source, found in run.test.fields[name].readings(subject):
                if not met(expected, found):
                    at_source = run.test.source or source
                    run.failures.append(Failure(subject.answer, at_source, day, name, expected, found))


def _subjects(run: _Run, product: Product, answers: Sequence[Salability], store: Store) -> Iterator[Tested]:
    """What the test looks at: an order, the source item, or the product in every stock."""
    test = run.test
    if test.order is not None:
        stock = _one_stock(product, run, store)
        if stock is not None:
            answer = next((each for each in answers if each.stock == stock), None)
            if answer is None:  # as `order check --stock` has it
                only = replace(store, products={product.sku: product})
                answer = evaluate_at(only, product.sku, store.stocks[stock])
            yield Tested(answer, order=order_from(answer, test.order))
        return
    for answer in answers:
        if test.stock in (None, answer.stock):
            if test.source is None:
                yield Tested(answer)
            else:
                yield from (Tested(answer, item) for item in answer.items if item.source == test.source)
