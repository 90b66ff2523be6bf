"""What the words of a command line name: a scope, a stock, a quantity, a setting and its value."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from backorderctl.cli.options import BACKORDER_LIMIT
from backorderctl.errors import BackorderctlError, Mismatch
from backorderctl.store import model, scalars, settings
from backorderctl.store.model import Place, Values
from backorderctl.store.settings import THRESHOLD, Scope, Value
from backorderctl.store.sku import matches


def named_place(*, stock: str | None, source: str | None, products: Sequence[str], match: str | None = None) -> Place:
    """The scope that the options name, of the first product where there are several, whether the file has it or not.

    None is global. BackorderctlError for options that exclude each other: --stock must be alone, as for every write.
    """
    for name, given in (("--product", products), ("--stock", stock)):
        if given and match is not None:
            raise BackorderctlError(f"--match: expected alone or with --source, got it beside {name}")
    beside = [name for name, given in (("--source", source is not None), ("--product", bool(products))) if given]
    if stock is not None and beside:
        raise BackorderctlError(f"--stock: expected alone, got it beside {' and '.join(beside)}")
    if stock is not None:
        return Place(Scope.STOCK, stock=stock)
    if products or match is not None:
        scope = Scope.PRODUCT if source is None else Scope.SOURCE_ITEM
        return Place(scope, source=source, product=products[0] if products else None)
    return Place(Scope.GLOBAL) if source is None else Place(Scope.SOURCE, source=source)


def places(
    store: Values, *, stock: str | None, source: str | None, products: Sequence[str], match: str | None
) -> Sequence[Place]:
    """The scopes that the options name, checked to exist: one for each product, each once.

    With `match`, the products that it matches, or their existing items at `source`.
    """
    named = named_place(stock=stock, source=source, products=products, match=match)
    if match is None:
        skus: Sequence[str | None] = list(dict.fromkeys(products)) or [None]
        return [_existing(store, named, sku) for sku in skus]
    matched = [sku for sku in store.products if matches(sku, match)]
    if source is None:
        return [Place(Scope.PRODUCT, product=sku) for sku in matched]
    model.source_named(store, source)
    at_source = (sku for sku in matched if store.products[sku].item_settings(source) is not None)
    return [Place(Scope.SOURCE_ITEM, source=source, product=sku) for sku in at_source]


def _existing(store: Values, named: Place, sku: str | None) -> Place:
    """The named scope, of this product; BackorderctlError when the file does not have it."""
    if named.stock is not None:
        return named._replace(stock=model.stock_named(store, named.stock).code)
    if sku is not None and named.source is not None:
        return model.item_place(store, sku, named.source)
    if sku is not None:
        return named._replace(product=model.product_named(store, sku).sku)
    if named.source is not None:
        return named._replace(source=model.source_named(store, named.source).code)
    return named


def seen_places(
    store: Values, *, stock: str | None, source: str | None, products: Sequence[str]
) -> tuple[Sequence[Place], str | None]:
    """For commands that read: the scopes, one for each product, each once, and the stock from which they are seen.

    That is a stock named beside a product or source.
    """
    seen_from = None
    if stock is not None and (source is not None or products):
        seen_from, stock = model.stock_named(store, stock).code, None
    return places(store, stock=stock, source=source, products=products, match=None), seen_from


def typed_quantity(name: str, typed: str, *, minimum: Decimal | None = None) -> Decimal:
    """A quantity as typed for `name`; BackorderctlError for anything else."""
    try:
        return scalars.parse_quantity(typed, minimum=minimum)
    except Mismatch as mismatch:
        raise BackorderctlError(f"{name}: {mismatch}") from None


def typed_assignments(words: Sequence[str]) -> dict[str, str]:
    """`KEY VALUE` or `KEY=VALUE...` as typed values by key; BackorderctlError for other words or a key twice."""
    if len(words) == 2 and "=" not in words[0]:
        return {_key(words[0]): words[1]}
    typed: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise BackorderctlError(f"{word!r}: expected KEY VALUE, or KEY=VALUE for each of several settings")
        if _key(key) in typed:
            raise BackorderctlError(f"{_key(key)}: expected once, got it twice")
        typed[_key(key)] = value
    if BACKORDER_LIMIT in typed and THRESHOLD.key in typed:
        raise BackorderctlError(f"expected {BACKORDER_LIMIT} or {THRESHOLD.key}, got both: they are one setting")
    return typed


def typed_setting(typed: str) -> settings.AnySetting:
    """The setting that was typed; BackorderctlError for the other way to type the threshold, which only `set` takes."""
    if typed.strip().replace("-", "_") == BACKORDER_LIMIT:
        raise BackorderctlError(f"{typed}: expected a setting; only config set takes {typed}", hint=THRESHOLD.key)
    return settings.setting_named(typed)


def _key(typed: str) -> str:
    if typed.strip().replace("-", "_") == BACKORDER_LIMIT:
        return BACKORDER_LIMIT
    return settings.setting_named(typed).key


def typed_values(typed: Mapping[str, str]) -> dict[str, Value]:
    """The values of typed assignments; BackorderctlError, with the key, for one that its setting does not take."""

    values: dict[str, Value] = {}
    for key, text in typed.items():
        try:
            if key == BACKORDER_LIMIT:
                values[THRESHOLD.key] = settings.limit_threshold(text)
            else:
                values[key] = settings.SETTINGS[key].kind.parse(text)
        except Mismatch as mismatch:
            raise BackorderctlError(f"{key}: {mismatch}") from None
    return values
