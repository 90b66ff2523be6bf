"""What each command changes in a store file: one function a command, from a StoreFile to the changes of its text."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from backorderctl.errors import BackorderctlError, CommandLine, Mismatch
from backorderctl.policy.default_source import linkable
from backorderctl.store import model, scalars
from backorderctl.store.model import DEFAULT_STOCK, Accept, Place, StoreFile, Values, settings_at, with_values
from backorderctl.store.scalars import StockStatus
from backorderctl.store.settings import BACKORDERS, Backorders, Scope, Value
from backorderctl.store.sku import case_folded
from backorderctl.toml.change import REMOVED, Change, KeyPath, TomlValue
from backorderctl.toml.notation import as_parsed

Changes = Sequence[Change]


def set_values(store: StoreFile, places: Iterable[Place], values: Mapping[str, Value]) -> Changes:
    """Each setting gets its value at each of `places`.

    BackorderctlError where one of them has no such setting or the file no such place.
    """
    written = {key: as_parsed(value) for key, value in values.items()}
    changes: list[Change] = []
    for place in places:
        for key in values:
            model.check_scope(place, key)
        if place.scope is Scope.STOCK:
            _declared(store, str(place.stock))
        changes += [Change((*place.path, key), value) for key, value in written.items()]
    return changes


def unset(store: StoreFile, place: Place, key: str) -> Changes:
    """The setting is inherited again; no change where it was not set."""
    model.check_scope(place, key)
    if key not in settings_at(store, place):
        return []
    return [Change((*place.path, key), REMOVED, prune=place.scope is Scope.GLOBAL)]


def check_limit(store: Values, place: Place) -> None:
    """BackorderctlError unless some viewpoint of `place` takes backorders, without which a limit on them means
    nothing.
    """
    if not backorders_somewhere(store, place):
        expected = f"expected {BACKORDERS.key} to be on there"
        raise BackorderctlError(f"backorder_limit: {expected}, got {Backorders.NO.value!r}")


def limitable(
    store: StoreFile, scopes: Sequence[Place], values: Mapping[str, Value]
) -> tuple[Sequence[Place], Sequence[Place]]:
    """The scopes that take backorders somewhere once they have these values, and those that do not."""
    after = with_values(store, dict.fromkeys(scopes, values))
    limited = {scope for scope in scopes if backorders_somewhere(after, scope)}
    return [scope for scope in scopes if scope in limited], [scope for scope in scopes if scope not in limited]


def backorders_somewhere(store: Values, place: Place) -> bool:
    """Whether some viewpoint of `place` takes backorders."""
    from backorderctl.policy import viewpoints
    from backorderctl.policy.evaluate import takes_backorders

    words = (seen.value.value for seen in viewpoints.values_seen(store, place, BACKORDERS.key))
    return any(isinstance(word, Backorders) and takes_backorders(word) for word in words)


def add_source(store: StoreFile, code: str, *, name: str | None, enabled: bool) -> Changes:
    """A new source; BackorderctlError when the code is not valid or is taken."""
    _new("source", code, store.sources)
    return [Change(("sources", code), _given(name=name, enabled=None if enabled else False))]


def enable_source(store: StoreFile, code: str, *, enabled: bool) -> Changes:
    """The source's goods count, or no longer do."""
    if model.source_named(store, code).enabled == enabled:
        return []
    return [Change(("sources", code, "enabled"), enabled)]


def remove_source(store: StoreFile, code: str, *, cascade: bool) -> Changes:
    """Remove the source, with `cascade` also all that uses it; BackorderctlError when it is in use otherwise."""
    model.source_named(store, code)
    stocks = [stock for stock in store.stocks.values() if stock.declared and code in stock.sources]
    products = [product.sku for product in store.products.values() if product.item_settings(code) is not None]
    references = _references(store, source=code)
    if not cascade:
        _refuse_used(f"source {code!r}", references, stocks=len(stocks), products=len(products))
    return [
        *(change for stock in stocks for change in unlink(store, stock.code, [code])),
        *(Change(("products", sku, "sources", code), REMOVED) for sku in products),
        *_removed(references),
        Change(("sources", code), REMOVED),
    ]


def add_stock(
    store: StoreFile, code: str, *, name: str | None, sources: Sequence[str], channels: Sequence[str]
) -> Changes:
    """A new stock. The first links every source unless some are given, and takes over what `default` has reserved.

    What Magento would refuse of its source `default` is not linked unless it is given.
    """
    declared = {stock.code for stock in store.stocks.values() if stock.declared}
    _new("stock", code, declared)
    for source in sources:
        model.source_named(store, source)
    linked = list(dict.fromkeys(sources)) or ([] if declared else linkable(code, list(store.sources)))
    table = _given(name=name, sources=[*linked], channels=[*channels] or None)
    moved = [] if declared or code == DEFAULT_STOCK else _moved_reservations(store, code)
    return [Change(("stocks", code), table), *moved]


def remove_stock(store: StoreFile, code: str, *, cascade: bool) -> Changes:
    """Remove the stock, with `cascade` also all that uses it; BackorderctlError when it is in use otherwise."""
    if not model.stock_named(store, code).declared:
        raise BackorderctlError(f"stock {code!r} is implicit and cannot be removed")
    products = [product.sku for product in store.products.values() if code in product.reserved]
    references = _references(store, stock=code)
    if not cascade:
        _refuse_used(f"stock {code!r}", references, products=len(products))
    return [
        *(Change(("products", sku, "stocks", code), REMOVED) for sku in products),
        *_removed(references),
        Change(("stocks", code), REMOVED),
    ]


def set_stock(store: StoreFile, code: str, *, name: str | None, channels: Sequence[str] | None) -> Changes:
    """A stock's name and sales channels; what is None stays, what is empty goes."""
    stock = _declared(store, code)
    changes = rename(("stocks", code), name, stock.name)
    if channels is not None and tuple(channels) != stock.channels:
        changes.append(Change(("stocks", code, "channels"), list(channels) if channels else REMOVED))
    return changes


def link(store: StoreFile, code: str, sources: Sequence[str]) -> Changes:
    """The stock sells from these sources too, after those that it has."""
    stock = _declared(store, code)
    for source in sources:
        model.source_named(store, source)
    return _linked(store, code, dict.fromkeys((*stock.sources, *sources)))


def unlink(store: StoreFile, code: str, sources: Sequence[str]) -> Changes:
    """The stock no longer sells from these sources."""
    stock = _declared(store, code)
    for source in sources:
        model.source_named(store, source)
    return _linked(store, code, [source for source in stock.sources if source not in sources])


def rename(path: KeyPath, name: str | None, old: str | None) -> list[Change]:
    """A new name for the table at `path`; an empty one removes the name, None leaves it."""
    if name is None or name == (old or ""):
        return []
    return [Change((*path, "name"), name or REMOVED)]


def add_product(store: StoreFile, sku: str, *, name: str | None, item: tuple[str, Decimal] | None = None) -> Changes:
    """A new product, at the source and with the quantity of `item` if given.

    BackorderctlError when the SKU is not valid or is taken, or there is no such source.
    """
    check_sku(sku)
    if sku in store.products:
        raise BackorderctlError(f"product {sku!r} exists")
    check_new_name("product", sku, store.products)
    added = [Change(("products", sku), _given(name=name))]
    if item is None:
        return added
    source, quantity = item
    path = ("products", sku, "sources", model.source_named(store, source).code)
    return [*added, Change(path, _given(quantity=quantity))]


def remove_product(store: StoreFile, sku: str, *, cascade: bool) -> Changes:
    """Remove the product with all that is below it, with `cascade` also the accepts and entries that use it.

    BackorderctlError when some use it otherwise.
    """
    model.product_named(store, sku)
    references = _references(store, product=sku)
    if not cascade:
        _refuse_used(f"product {sku!r}", references)
    return [*_removed(references), Change(("products", sku), REMOVED)]


def assign(store: StoreFile, sku: str, source: str, *, quantity: Decimal | None, status: StockStatus | None) -> Changes:
    """A source item is created, which needs a quantity, or updated; what is None stays."""
    product = model.product_named(store, sku)
    path = ("products", sku, "sources", model.source_named(store, source).code)
    given = _given(quantity=quantity, status=None if status is None else status.value)
    if quantity is None and source not in product.items:
        raise BackorderctlError(f"{sku!r} is not at source {source!r}: expected a quantity", hint="--quantity 0")
    if product.item_settings(source) is None:
        return [Change(path, given)]
    return [Change((*path, key), value) for key, value in given.items()]


def unassign(store: StoreFile, sku: str, source: str, *, cascade: bool) -> Changes:
    """Remove the source item, with `cascade` also the accepts and entries that use it.

    BackorderctlError when there is no such item, and when some use it otherwise.
    """
    model.item_place(store, sku, source)
    references = _references(store, product=sku, source=source)
    if not cascade:
        _refuse_used(f"{sku!r} at source {source!r}", references)
    return [*_removed(references), Change(("products", sku, "sources", source), REMOVED)]


def reserve(store: StoreFile, sku: str, quantity: Decimal, *, stock: str) -> Changes:
    """The total of units reserved in the stock; 0 removes it."""
    product = model.product_named(store, sku)
    path = ("products", sku, "stocks", model.stock_named(store, stock).code, "reserved")
    if quantity:
        return [Change(path, quantity)]
    return [Change(path, REMOVED, prune=True)] if stock in product.reserved else []


def stock_place(store: StoreFile, code: str) -> Place:
    """A stock that is in the file; BackorderctlError with what to type when it is not."""
    return Place(Scope.STOCK, stock=_declared(store, code).code)


def _given(**values: TomlValue | None) -> dict[str, TomlValue]:
    return {key: value for key, value in values.items() if value is not None and value != ""}


def check_code(kind: str, code: str) -> None:
    """BackorderctlError for what cannot be the code of a source or stock."""
    try:
        scalars.code(code)
    except Mismatch as mismatch:
        raise BackorderctlError(f"{kind}: {mismatch}") from None


def check_sku(sku: str) -> None:
    """BackorderctlError for what cannot be a SKU."""
    try:
        scalars.sku(sku)
    except Mismatch as mismatch:
        raise BackorderctlError(f"product: {mismatch}") from None


def _new(kind: str, code: str, taken: Iterable[str]) -> None:
    check_code(kind, code)
    if code in taken:
        raise BackorderctlError(f"{kind} {code!r} exists")
    if kind != "stock":
        check_new_name(kind, code, taken)


def check_new_name(kind: str, name: str, taken: Iterable[str]) -> None:
    """BackorderctlError when a new SKU or source code is another spelling of one that exists."""
    same = next((each for each in taken if case_folded(each) == case_folded(name)), None)
    if same is not None:
        raise BackorderctlError(f"{kind} {name!r}: {same!r} exists, which Magento takes for the same {kind}")


def _declared(store: StoreFile, code: str) -> model.Stock:
    stock = model.stock_named(store, code)
    if not stock.declared:
        raise BackorderctlError(
            f"stock {code!r} is implicit and not in the file; declare it first",
            hint=CommandLine(("stock", "add"), (code,)),
        )
    return stock


def _linked(store: StoreFile, code: str, sources: Iterable[str]) -> Changes:
    linked = tuple(sources)
    return [] if linked == store.stocks[code].sources else [Change(("stocks", code, "sources"), list(linked))]


def _moved_reservations(store: StoreFile, code: str) -> list[Change]:
    moved = []
    for product in store.products.values():
        if DEFAULT_STOCK in product.reserved:
            moved.append(Change(("products", product.sku, "stocks", DEFAULT_STOCK), REMOVED))
            moved.append(Change(("products", product.sku, "stocks", code, "reserved"), product.reserved[DEFAULT_STOCK]))
    return moved


class _References(NamedTuple):
    """The numbers of the accepts and of the schedule's entries that refer to a stock, source or product."""

    accepts: list[int]
    entries: list[int]


def _references(store: StoreFile, **names: str) -> _References:
    """Those that refer to all of `names`, each given by its kind: stock, source or product."""

    def refers(each: Accept | Place) -> bool:
        return all(getattr(each, kind) == name for kind, name in names.items())

    accepts = [number for number, accept in enumerate(store.accepts) if refers(accept)]
    return _References(accepts, [entry.number for entry in store.schedule if refers(entry.place)])


def _removed(references: _References) -> list[Change]:
    return [
        *(Change(("check", "accept", number), REMOVED) for number in reversed(references.accepts)),
        *(Change(("schedule", number), REMOVED) for number in reversed(references.entries)),
    ]


def _refuse_used(name: str, references: _References, *, stocks: int = 0, products: int = 0) -> None:
    counts = {
        ("stock", "stocks"): stocks,
        ("product", "products"): products,
        ("accept", "accepts"): len(references.accepts),
        ("schedule entry", "schedule entries"): len(references.entries),
    }
    users = [f"{count} {one if count == 1 else several}" for (one, several), count in counts.items() if count]
    if users:
        raise BackorderctlError(f"{name} is still used by {' and '.join(users)}", hint="--cascade")
