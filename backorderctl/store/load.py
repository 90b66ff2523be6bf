"""A parsed store file as a frozen StoreFile, or every problem in it at once."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache, partial
from os import PathLike, fspath
from typing import Any, NamedTuple

from backorderctl.errors import InvalidFile, Mismatch, Problem, did_you_mean
from backorderctl.files import access
from backorderctl.store import fields, scalars, settings
from backorderctl.store.fields import Form
from backorderctl.store.model import (
    DEFAULT_STOCK,
    Accept,
    DriftAccept,
    FileText,
    Locations,
    Product,
    Source,
    SourceItem,
    Stock,
    StoreFile,
)
from backorderctl.store.scalars import StockStatus, toml_repr
from backorderctl.store.settings import Settings
from backorderctl.toml.change import KeyPath
from backorderctl.toml.notation import Data, dotted_path, parse

EMPTY_STORE = b"version = 1\n"
"""The file of a store that has nothing."""


def load(path: str | PathLike[str]) -> StoreFile:
    """The store in the file at `path`.

    BackorderctlError when it cannot be read, InvalidFile with all that is wrong in it.
    """
    name = fspath(path)
    return _read(access.read_text(name), name)


def load_bytes(content: bytes, name: str) -> StoreFile:
    """The store in the bytes of a file, called `name` in messages; InvalidFile with every problem in it."""
    return _read(access.decoded(content, name), name)


class PreviousBuild(NamedTuple):
    """A store and the parsed data it was built from, so that unchanged products need not be built again."""

    data: Data
    store: StoreFile


def build(data: Data, *, file: str, text: str, known: PreviousBuild | None = None) -> StoreFile:
    """The store in the parsed TOML data of a text; InvalidFile with every problem, each with its line in `file`."""
    problems: _Problems = []
    where = locations(text)
    store = _store(data, where, known, problems)
    if problems:
        raise InvalidFile(
            file, [Problem(f"{dotted_path(path)}: {message}", _line(where, path)) for path, message in problems]
        )
    return store


def locations(text: str) -> Locations:
    """Where the values are in the text of a store file, as they are written."""
    return Locations(FileText(text))


_Problems = list[tuple[KeyPath, str]]
_Readers = dict[str, tuple[bool, Callable[[Any], Any]]]
_NONE: Mapping[str, Any] = {}


def _read(text: str, name: str) -> StoreFile:
    return build(parse(text, name), file=name, text=text)


def _line(where: Locations, path: KeyPath) -> int | None:
    """The line of the key, or of the table that lacks it."""
    return where.line(path) or (where.line(path[:-1]) if path[:-1] else None)


def _store(data: Data, where: Locations, known: PreviousBuild | None, problems: _Problems) -> StoreFile:
    top, _ = _values(data, (), fields.TOP, problems)
    sources = {
        code: Source(code, own.get("name"), own.get("enabled", True), chosen)
        for code, own, chosen in _family(data, "sources", fields.SOURCE, problems)
    }
    stocks = {
        code: _stock(code, own, chosen, sources, problems)
        for code, own, chosen in _family(data, "stocks", fields.STOCK, problems)
    } or {DEFAULT_STOCK: Stock(DEFAULT_STOCK, None, tuple(sources), (), {}, declared=False)}
    chosen = _values(data.get("global", {}), ("global",), fields.GLOBAL, problems)[1]
    tables = _table(data, "products", (), problems)
    before: Mapping[str, Any] = _NONE
    built: Mapping[str, Product] = _NONE
    if known and known.store.sources.keys() == sources.keys() and known.store.stocks.keys() == stocks.keys():
        before, built = known.data.get("products", {}), known.store.products
    products = {
        sku: built[sku]
        if sku in built and before[sku] == table
        else _product(sku, table, sources, stocks, problems, before.get(sku), built.get(sku))
        for sku, table in tables.items()
    }
    accepts = _accepts(data, sources, stocks, problems)
    drift = _drift_accepts(data, stocks, problems) if "drift" in data else ()
    file = StoreFile(
        chosen, stocks, sources, products, where, accepts, timezone=top.get("timezone"), drift_accepts=drift
    )
    return _scheduled(file, data, problems) if "schedule" in data else file


def _table(parent: Data, key: str, path: KeyPath, problems: _Problems) -> Data:
    table = parent.get(key, {})
    if isinstance(table, dict):
        return table
    problems.append(((*path, key), f"expected a table, got {toml_repr(table)}"))
    return {}


def _family(data: Data, name: str, form: Form, problems: _Problems) -> Iterable[tuple[str, dict[str, Any], Settings]]:
    for code, table in _table(data, name, (), problems).items():
        try:
            scalars.code(code)
        except Mismatch as mismatch:
            problems.append(((name, code), str(mismatch)))
        yield code, *_values(table, (name, code), form, problems)


def _stock(
    code: str, own: dict[str, Any], chosen: Settings, sources: Mapping[str, Source], problems: _Problems
) -> Stock:
    linked = own.get("sources", ())
    for name in linked:
        if name not in sources:
            problems.append((("stocks", code, "sources"), _no_such("source", name, sources, problems)))
    return Stock(code, own.get("name"), linked, own.get("channels", ()), chosen)


def _product(
    sku: str,
    table: Any,
    sources: Mapping[str, Source],
    stocks: Mapping[str, Stock],
    problems: _Problems,
    old_table: Any,
    old: Product | None,
) -> Product:
    """The product; what is as in the table from which it has been built before is that of the `old` product."""
    path = ("products", sku)
    try:
        scalars.sku(sku)
    except Mismatch as mismatch:
        problems.append((path, str(mismatch)))
    own, chosen = _values(table, path, fields.PRODUCT, problems)
    items: Mapping[str, SourceItem] = _NONE
    policies: Mapping[str, Settings] = _NONE
    reserved: Mapping[str, Decimal] = _NONE
    if isinstance(table, dict):
        if old is not None and old_table.get("sources") == table.get("sources"):
            items, policies = old.items, old.item_policies
        elif "sources" in table:
            items, policies = _items(_table(table, "sources", path, problems), (*path, "sources"), sources, problems)
        if "stocks" in table:
            reserved = _reserved(_table(table, "stocks", path, problems), (*path, "stocks"), stocks, problems)
    return Product(sku, own.get("name"), chosen or _NONE, items, reserved, policies)


def _items(
    tables: Data, path: KeyPath, sources: Mapping[str, Source], problems: _Problems
) -> tuple[Mapping[str, SourceItem], Mapping[str, Settings]]:
    """The source items with a quantity, and the settings of those without."""
    items = {}
    policies = {}
    for code, table in tables.items():
        here = (*path, code)
        if code not in sources:
            problems.append((here, _no_such("source", code, sources, problems)))
        own, chosen = _values(table, here, fields.SOURCE_ITEM, problems)
        if "quantity" in own:
            items[code] = SourceItem(own["quantity"], own.get("status", StockStatus.IN_STOCK), chosen or _NONE)
        else:
            policies[code] = chosen or _NONE
            if "status" in own and "quantity" not in table:
                problems.append(((*here, "status"), "expected a quantity beside it, got none"))
    return items, policies or _NONE


def _reserved(tables: Data, path: KeyPath, stocks: Mapping[str, Stock], problems: _Problems) -> dict[str, Decimal]:
    reserved = {}
    for code, table in tables.items():
        here = (*path, code)
        if code not in stocks:
            problems.append((here, _no_such("stock", code, stocks, problems)))
        own, _ = _values(table, here, fields.RESERVATION, problems)
        if own.get("reserved"):
            reserved[code] = own["reserved"]
    return reserved


def _accepts(
    data: Data, sources: Mapping[str, Source], stocks: Mapping[str, Stock], problems: _Problems
) -> tuple[Accept, ...]:
    tables = _accept_tables(data, "check", fields.CHECK, problems)
    return tuple(_accept(table, number, sources, stocks, problems) for number, table in enumerate(tables))


def _accept_tables(data: Data, name: str, form: Form, problems: _Problems) -> list[Any]:
    """The array `accept` of the table `name`."""
    _values(data.get(name, {}), (name,), form, problems)
    tables = data[name].get("accept", []) if isinstance(data.get(name), dict) else []
    if isinstance(tables, list):
        return tables
    problems.append(((name, "accept"), f"expected an array of tables, got {toml_repr(tables)}"))
    return []


def _drift_accepts(data: Data, stocks: Mapping[str, Stock], problems: _Problems) -> tuple[DriftAccept, ...]:
    accepts = []
    for number, table in enumerate(_accept_tables(data, "drift", fields.DRIFT, problems)):
        path = ("drift", "accept", number)
        own, _ = _values(table, path, fields.DRIFT_ACCEPT, problems)
        if "stock" in own and own["stock"] not in stocks:
            problems.append(((*path, "stock"), _no_such("stock", own["stock"], stocks, problems)))
        accepts.append(DriftAccept(*(own.get(name) for name in DriftAccept._fields)))
    return tuple(accepts)


def _accept(
    table: Any, number: int, sources: Mapping[str, Source], stocks: Mapping[str, Stock], problems: _Problems
) -> Accept:
    path = ("check", "accept", number)
    own, _ = _values(table, path, fields.ACCEPT, problems)
    for kind, names in (("source", sources), ("stock", stocks)):
        if kind in own and own[kind] not in names:
            problems.append(((*path, kind), _no_such(kind, own[kind], names, problems)))
    if "product" in own and "match" in own:
        problems.append(((*path, "match"), "expected product or match, got both"))
    named = {key: own.get(key) for key in Accept._fields if key != "code"}
    return Accept(own.get("code", ""), **named)


def _scheduled(store: StoreFile, data: Data, problems: _Problems) -> StoreFile:
    """The store with its schedule; an entry with an invalid value is not checked further."""
    from backorderctl.store import schedule

    tables = data["schedule"]
    if not isinstance(tables, list):
        problems.append((("schedule",), f"expected an array of tables, got {toml_repr(tables)}"))
        return store
    sound: list[schedule.ScheduleTable] = []
    for number, table in enumerate(tables):
        before = len(problems)
        own, chosen = _values(table, ("schedule", number), fields.SCHEDULE, problems)
        problems += (((*("schedule", number), kind), message) for kind, message in _undeclared(store, own, problems))
        if len(problems) == before:
            sound.append((number, own, chosen))
    return replace(store, schedule=schedule.entries(sound, store, problems))


def _undeclared(store: StoreFile, own: Mapping[str, Any], problems: _Problems) -> Iterable[tuple[str, str]]:
    """The unknown names of an entry, and an invalid scope, each with its key."""
    stock, source, product = (own.get(kind) for kind in ("stock", "source", "product"))
    if stock is not None and (source is not None or product is not None):
        yield "stock", f"expected alone, got it beside {'product' if source is None else 'source'}"
    declared = [code for code, each in store.stocks.items() if each.declared]
    for kind, name, names in (
        ("stock", stock, declared),
        ("source", source, store.sources),
        ("product", product, store.products),
    ):
        if name is not None and name not in names:
            yield kind, _no_such(kind, name, names, problems)
    both = source in store.sources and product in store.products
    if both and store.products[str(product)].item_settings(str(source)) is None:
        yield "source", f"expected a source of product {toml_repr(product)} in the file, got {toml_repr(source)}"


def _no_such(kind: str, name: str, names: Iterable[str], problems: _Problems) -> str:
    return f"expected a {kind} of the file, got {toml_repr(name)}{did_you_mean(name, names, after=len(problems))}"


def _values(raw: Any, path: KeyPath, form: Form, problems: _Problems) -> tuple[dict[str, Any], Settings]:
    """A table's own keys and its settings, typed; what does not fit goes to `problems`."""
    if type(raw) is not dict:
        problems.append((path, f"expected a table, got {toml_repr(raw)}"))
        return {}, {}
    own: dict[str, Any] = {}
    chosen: dict[str, settings.Value] = {}
    readers, needed = _reading(form)
    for key, value in raw.items():
        if (entry := readers.get(key)) is None:
            if key not in form.tables:
                problems.append(((*path, key), _unknown(key, form)))
            continue
        is_setting, reader = entry
        try:
            (chosen if is_setting else own)[key] = reader(value)
        except Mismatch as mismatch:
            problems.append(((*path, key), str(mismatch)))
    for key in needed:
        if key not in raw:
            expected = "version = 1" if key == "version" else "a value"
            problems.append(((*path, key), f"expected {expected}, got none"))
    return own, chosen


@cache
def _reading(form: Form) -> tuple[_Readers, tuple[str, ...]]:
    """How the value of each key of a table is read, and whether it is a setting; and the keys that it must have."""
    readers: _Readers = {key: (False, field.read) for key, field in form.own.items()}
    for key, setting in form.settings.items():
        read = setting.kind.from_toml
        readers[key] = (True, partial(_or_inherit, read) if form.may_inherit else read)
    return readers, tuple(key for key, field in form.own.items() if field.needed)


def _or_inherit(read: Callable[[Any], settings.Value], raw: Any) -> settings.Value | None:
    """The value of a setting in an entry of the schedule: None for `inherit`."""
    if raw == settings.INHERIT:
        return None
    try:
        return read(raw)
    except Mismatch as mismatch:
        raise Mismatch(f"{mismatch.expected}, or {settings.INHERIT}", mismatch.found) from None


def _unknown(key: str, form: Form) -> str:
    if key in settings.SETTINGS:
        scopes = settings.SETTINGS[key].scope_words
        return f"expected at {scopes}, got it at {form.title}"
    names = [*form.own, *form.settings, *form.tables]
    return f"expected a key of {form.title}, got {toml_repr(key)}{did_you_mean(key, names)}"
