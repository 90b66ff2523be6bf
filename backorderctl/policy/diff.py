"""What changes in effect between two stores: the values that are written, and what follows for each product."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from backorderctl.policy.evaluate import Reason, Salability, Status, evaluate_all
from backorderctl.policy.viewpoints import written_values
from backorderctl.store.model import Place, Store
from backorderctl.store.settings import Scope, Value

UNLIMITED = "unlimited"
Figure = Status | Reason | Decimal | bool | str | None
"""What a field of a product can be; the word for a quantity without limit."""


class SettingChange(NamedTuple):
    """A written value that is another now, None where it is not set; `products` is how many changed ones it reaches."""

    place: Place
    key: str
    old: Value | str | bool | None
    new: Value | str | bool | None
    products: int


class ProductChange(NamedTuple):
    """A figure of a product in a stock that is another now; of one that came or went, that it did."""

    sku: str
    stock: str | None
    field: str
    old: Figure
    new: Figure


class Difference(NamedTuple):
    """All that changes in effect."""

    settings: tuple[SettingChange, ...]
    products: tuple[ProductChange, ...]

    @property
    def summary(self) -> str:
        """The difference in one line."""
        if not self.settings and not self.products:
            return "no effective change"
        products = len({change.sku for change in self.products})
        told = ", ".join(words for words in _consequences(self.products) if words)
        counts = f"{_count(len(self.settings), 'setting')}; {_count(products, 'product')}"
        return f"{counts}: {told}" if told else counts


def difference(old: Store, new: Store) -> Difference:
    """What changes from one store to the other; nothing for another order, comments or formatting."""
    before, after = _answers(old), _answers(new)
    products = tuple(_products(old, new, before, after))
    changed = {change.sku for change in products}
    reached = [answer for answers in (before, after) for (sku, _), answer in answers.items() if sku in changed]
    return Difference(tuple(_settings(old, new, reached)), products)


def _answers(store: Store) -> dict[tuple[str, str | None], Salability]:
    return {(answer.product.sku, answer.stock): answer for answer in evaluate_all(store)}


def _products(
    old: Store,
    new: Store,
    before: Mapping[tuple[str, str | None], Salability],
    after: Mapping[tuple[str, str | None], Salability],
) -> Iterator[ProductChange]:
    for at in {**before, **after}:
        sku, stock = at
        if sku in old.products and sku in new.products:
            was, now = _figures(before.get(at)), _figures(after.get(at))
            if was != now:
                yield from (ProductChange(sku, stock, key, was[key], now[key]) for key in now if was[key] != now[key])
    yield from (ProductChange(sku, None, "product", None, "added") for sku in new.products if sku not in old.products)
    yield from (ProductChange(sku, None, "product", None, "removed") for sku in old.products if sku not in new.products)


def _figures(answer: Salability | None) -> dict[str, Figure]:
    """The figures of a product in a stock; all None in a stock that does not reach it."""
    if answer is None:
        return dict.fromkeys(_FIGURES)
    salable = UNLIMITED if answer.salable is None else answer.salable
    backorderable = UNLIMITED if answer.managed and answer.backorderable is None else answer.backorderable
    return {
        "status": answer.status,
        "reason": answer.reason,
        "quantity": answer.quantity,
        "reserved": answer.reserved,
        "on_hand": answer.on_hand,
        "backorderable": backorderable,
        "salable": salable,
        "only_x_left": answer.only_x_left,
        "low_stock": answer.low_stock,
    }


_FIGURES = (
    "status", "reason", "quantity", "reserved", "on_hand", "backorderable", "salable", "only_x_left", "low_stock",
)  # fmt: skip


def _settings(old: Store, new: Store, reached: list[Salability]) -> Iterator[SettingChange]:
    before, after = _written(old), _written(new)
    for place, key in {**before, **after}:
        was, now = before.get((place, key)), after.get((place, key))
        if was != now or type(was) is not type(now):
            skus = {answer.product.sku for answer in reached if _comes_from(answer, place, key)}
            yield SettingChange(place, key, was, now, len(skus))


def _written(store: Store) -> dict[tuple[Place, str], Value | str | bool]:
    """Every written value, and what the sources and stocks themselves are."""
    found: dict[tuple[Place, str], Value | str | bool] = {
        (value.origin, value.key): value.value for value in written_values(store)
    }
    for source in store.sources.values():
        found[Place(Scope.SOURCE, source=source.code), "enabled"] = source.enabled
    for stock in store.stocks.values():
        if stock.declared:
            found[Place(Scope.STOCK, stock=stock.code), "sources"] = ", ".join(stock.sources)
            found[Place(Scope.STOCK, stock=stock.code), "channels"] = ", ".join(stock.channels)
    return found


def _comes_from(answer: Salability, place: Place, key: str) -> bool:
    """Whether the product's value of the key comes from the place, or the place is one of its stock or sources."""
    if key in answer.settings:
        return any(each[key].origin == place for each in (answer.settings, *(item.settings for item in answer.items)))
    return place.stock == answer.stock if place.stock else any(item.source == place.source for item in answer.items)


def _consequences(changes: tuple[ProductChange, ...]) -> Iterator[str]:
    """What happens to products, in words, each product counted once a kind."""
    kinds: dict[str, set[str]] = {}
    for change in changes:
        kinds.setdefault(_kind(change), set()).add(change.sku)
    for kind, (one, several) in _KINDS.items():
        if count := len(kinds.get(kind, ())):
            yield f"{count} {one if count == 1 else several}"


_KINDS = {
    "unlimited": ("becomes unlimited", "become unlimited"),
    "limited": ("is no longer unlimited", "are no longer unlimited"),
    "out": ("goes out of stock", "go out of stock"),
    "in": ("comes back in stock", "come back in stock"),
    "added": ("is added", "are added"),
    "removed": ("is removed", "are removed"),
}


def _kind(change: ProductChange) -> str:
    match change.field:
        case "salable" if change.new == UNLIMITED:
            return "unlimited"
        case "salable" if change.old == UNLIMITED:
            return "limited"
        case "status" if change.new == Status.OUT_OF_STOCK:
            return "out"
        case "status" if change.old == Status.OUT_OF_STOCK and change.new is not None:
            return "in"
        case "product":
            return str(change.new)
    return ""


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
