"""Many changes in one CSV table: each row names a product, source or stock, a key and its new value."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from io import StringIO
from typing import NamedTuple

from backorderctl.edit import operations
from backorderctl.errors import BackorderctlError, InvalidFile, Mismatch, Problem, did_you_mean
from backorderctl.rows.delimited import CELL_LIMIT, csv_problem
from backorderctl.rows.names import KnownNames
from backorderctl.rows.spreadsheet import protected, unprotected
from backorderctl.store import fields, model, scalars, settings
from backorderctl.store.model import Place, StoreFile, Values
from backorderctl.store.settings import INHERIT, Scope
from backorderctl.toml.change import REMOVED, Change, KeyPath, Removed, TomlValue
from backorderctl.toml.notation import as_parsed, dotted_path

CHANGE_COLUMNS = ("product", "source", "stock", "key", "value")
"""The columns of the table, in any order."""
_QUANTITY, _STATUS, _RESERVED, _NAME = "quantity", "status", "reserved", "name"
OWN_KEYS = (_QUANTITY, _STATUS, _RESERVED, _NAME)
"""The keys that are not settings."""

NewValue = TomlValue | Removed


class ChangeRow(NamedTuple):
    """One row; `number` counts from 1 below the header, and `line` is the last line of the row in the file."""

    number: int
    line: int
    product: str
    source: str
    stock: str
    key: str
    value: str


def rows(text: str, name: str) -> list[ChangeRow]:
    """The rows of a CSV file whose header names the columns, separated by comma, semicolon or tab.

    InvalidFile, with every problem, when the text is not such a table.
    """
    lines = list(StringIO(text.removeprefix("\ufeff"), newline=""))  # `splitlines` would also break inside names
    delimiter = max(",;\t", key=lines[0].count) if lines else ","
    csv.field_size_limit(CELL_LIMIT)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        header = [cell.strip().casefold() for cell in next(reader, [])]
        cells = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise InvalidFile(name, [Problem(csv_problem(error), reader.line_num)]) from None
    problems = [*_header_problems(header), *_ragged(cells, len(header))]
    if problems:
        raise InvalidFile(name, problems)
    places = [header.index(column) if column in header else None for column in CHANGE_COLUMNS]
    return [
        ChangeRow(number, line, *("" if place is None else unprotected(row[place].strip()) for place in places))
        for number, (line, row) in enumerate(cells, 1)
    ]


def respelled(store: StoreFile, sheet: Iterable[ChangeRow], name: str) -> tuple[list[ChangeRow], Mapping[str, str]]:
    """The rows with products and sources as the store spells them, and the spellings that were other ones.

    InvalidFile with every row whose product or source could be several.
    """
    products, sources = KnownNames(store.products), KnownNames(store.sources)
    named: list[ChangeRow] = []
    problems = []
    for row in sheet:
        try:
            product = products[row.product] if row.product else ""
            source = sources[row.source] if row.source else ""
            named.append(row._replace(product=product, source=source))
        except Mismatch as mismatch:
            problems.append(Problem(f"row {row.number}: {mismatch}", row.line))
    if problems:
        raise InvalidFile(name, problems)
    return named, products.respelled | sources.respelled


def apply(store: StoreFile, sheet: Iterable[ChangeRow], name: str, *, create: bool = False) -> operations.Changes:
    """The changes that the rows ask for, all of them; InvalidFile with every row that cannot be applied.

    A row without a value changes nothing. A row with a quantity creates the source item if it does not exist. With
    `create`, a row of any kind creates its product if it does not exist.
    """
    filled = [row for row in sheet if row.value]
    with_quantity = {(row.product, row.source) for row in filled if _key(row) == _QUANTITY}

    def check(row: ChangeRow) -> None:
        _check_names(store, row, create=create)
        _check_place(store, row, with_quantity)

    wanted, problems = _wanted(filled, check)
    if problems:
        raise InvalidFile(name, problems, hint=None if create else _create_hint(store, filled))
    return list(_changes(store, wanted))


def can_apply(sheet: Iterable[ChangeRow]) -> bool:
    """Whether there can be a store to which the rows are applied: each asks for what its columns allow, and once."""
    _, problems = _wanted((row for row in sheet if row.value), lambda _: None)
    return not problems


def _wanted(
    rows: Iterable[ChangeRow], check: Callable[[ChangeRow], None]
) -> tuple[dict[KeyPath, NewValue], list[Problem]]:
    """The value of each path, and what is wrong with rows, also what `check` raises for one."""
    wanted: dict[KeyPath, NewValue] = {}
    problems = []
    for row in rows:
        try:
            check(row)
            path, value = _change(row)
        except (BackorderctlError, Mismatch) as error:
            problems.append(Problem(f"row {row.number}: {error}", row.line))
            continue
        if path in wanted:
            problems.append(Problem(f"row {row.number}: expected {dotted_path(path)} once, got it again", row.line))
        wanted[path] = value
    return wanted, problems


def _create_hint(store: StoreFile, rows: Iterable[ChangeRow]) -> str | None:
    """The option that adds the products missing from the store, with their number; None where none is missing."""
    unknown = {row.product for row in rows if row.product} - store.products.keys()
    if not unknown:
        return None
    return f"--create adds {'the new product' if len(unknown) == 1 else f'the {len(unknown)} new products'}"


def exported_rows(store: Values) -> Iterator[Sequence[str]]:
    """The cells of the rows from which `apply` restores everything in a store that has the same sources and stocks.

    A product that sets nothing still has one row, which creates it.
    """
    yield from _cells(("", "", ""), {}, store.settings)
    for stock in store.stocks.values():
        yield from _cells(("", "", stock.code), {_NAME: stock.name}, stock.settings)
    for source in store.sources.values():
        yield from _cells(("", source.code, ""), {_NAME: source.name}, source.settings)
    for product in store.products.values():
        yield from _product_cells(product)


def _product_cells(product: model.Product) -> Iterator[Sequence[str]]:
    yield from _cells((product.sku, "", ""), {_NAME: product.name}, product.settings)
    for stock, units in product.reserved.items():
        yield from _cells((product.sku, "", stock), {_RESERVED: scalars.format_quantity(units)}, {})
    for source, item in product.items.items():
        status = None if item.status is scalars.StockStatus.IN_STOCK else item.status.value
        own = {_QUANTITY: scalars.format_quantity(item.quantity), _STATUS: status}
        yield from _cells((product.sku, source, ""), own, item.settings)
    for source, chosen in product.item_policies.items():
        yield from _cells((product.sku, source, ""), {_QUANTITY: INHERIT}, chosen)
    if not (product.name or product.settings or product.reserved or product.items or product.item_policies):
        yield (product.sku, "", "", next(iter(settings.SETTINGS)), INHERIT)


def _cells(
    where: tuple[str, str, str], own: Mapping[str, str | None], chosen: settings.Settings
) -> Iterator[Sequence[str]]:
    names = tuple(map(protected, where))
    yield from ((*names, key, protected(value) if key == _NAME else value) for key, value in own.items() if value)
    yield from ((*names, key, settings.format_value(value)) for key, value in chosen.items())


def _header_problems(header: Sequence[str]) -> Iterator[Problem]:
    for name in dict.fromkeys(header):
        if name not in CHANGE_COLUMNS:
            yield Problem(
                f"expected columns {', '.join(CHANGE_COLUMNS)}, got {name!r}{did_you_mean(name, CHANGE_COLUMNS)}", 1
            )
        elif header.count(name) > 1:
            yield Problem(f"expected each column once, got {name!r} twice", 1)
    yield from (
        Problem(f"expected a column {name!r}, got none", 1) for name in CHANGE_COLUMNS[3:] if name not in header
    )


def _ragged(cells: Sequence[tuple[int, Sequence[str]]], width: int) -> Iterator[Problem]:
    for number, (line, row) in enumerate(cells, 1):
        if len(row) != width:
            yield Problem(f"row {number}: expected {width} cells, got {len(row)}", line)


class _Target(NamedTuple):
    """Where a row's value goes, and how it is read."""

    path: KeyPath
    parse: Callable[[str], NewValue]


def _change(row: ChangeRow) -> tuple[KeyPath, NewValue]:
    """Where the row's value goes, and the value; BackorderctlError or Mismatch when no store can have it there."""
    target = _target(row)
    if row.value.casefold() == INHERIT:
        return target.path, REMOVED
    return target.path, target.parse(row.value)


def _key(row: ChangeRow) -> str:
    return row.key.replace("-", "_").casefold()


def _check_names(store: StoreFile, row: ChangeRow, *, create: bool) -> None:
    if row.product and row.product not in store.products:
        if not create:
            model.require("product", row.product, store.products, suggest=False)
        scalars.sku(row.product)
    if row.source:
        model.require("source", row.source, store.sources, suggest=False)
    if row.stock:
        model.require("stock", row.stock, store.stocks, suggest=False)


def _check_place(store: StoreFile, row: ChangeRow, with_quantity: set[tuple[str, str]]) -> None:
    if row.product and row.source and (row.product, row.source) not in with_quantity:
        model.product_named(store, row.product)
        model.item_place(store, row.product, row.source)
    if row.stock and not (row.product or row.source):
        operations.stock_place(store, row.stock)


def _target(row: ChangeRow) -> _Target:
    key = _key(row)
    if row.source and row.stock:
        raise BackorderctlError("expected a source or a stock, got both")
    if row.product and row.stock:
        if key != _RESERVED:
            raise BackorderctlError(f"expected {_RESERVED} for a product in a stock, got {row.key!r}")
        return _Target(("products", row.product, "stocks", row.stock, _RESERVED), _reserved)
    place = _place(row)
    if key in OWN_KEYS:
        form = fields.FORMS[place.scope]
        if key not in form.own:
            raise BackorderctlError(f"expected a key of {form.title}, got {key!r}")
        return _Target((*place.path, key), _PARSERS[key])
    if key not in settings.SETTINGS:
        expected = (*OWN_KEYS, *settings.SETTINGS)
        raise BackorderctlError(f"key: expected {', '.join(expected)}, got {row.key!r}{did_you_mean(key, expected)}")
    model.check_scope(place, key)
    return _Target((*place.path, key), partial(_setting, settings.SETTINGS[key]))


def _place(row: ChangeRow) -> Place:
    if row.product and row.source:
        return Place(Scope.SOURCE_ITEM, source=row.source, product=row.product)
    if row.product:
        return Place(Scope.PRODUCT, product=row.product)
    if row.source:
        return Place(Scope.SOURCE, source=row.source)
    return Place(Scope.STOCK, stock=row.stock) if row.stock else Place(Scope.GLOBAL)


def _setting(setting: settings.AnySetting, typed: str) -> NewValue:
    return as_parsed(setting.kind.parse(typed))


def _status(typed: str) -> NewValue:
    return as_parsed(scalars.status(typed))


def _reserved(typed: str) -> NewValue:
    return scalars.parse_quantity(typed, minimum=scalars.ZERO) or REMOVED


_PARSERS: dict[str, Callable[[str], NewValue]] = {
    _QUANTITY: scalars.parse_quantity,
    _STATUS: _status,
    _RESERVED: _reserved,
    _NAME: str,
}


def _changes(store: StoreFile, wanted: dict[KeyPath, NewValue]) -> Iterator[Change]:
    """The changes, table by table: a new table is written whole, and a new product before its source items."""
    tables: dict[KeyPath, dict[str, NewValue]] = {}
    for path, value in wanted.items():
        if path[0] == "products" and path[1] not in store.products:
            tables.setdefault(path[:2], {})
        tables.setdefault(path[:-1], {})[str(path[-1])] = value
    for path, values in tables.items():
        if _is_new(store, path):
            yield Change(path, {key: value for key, value in values.items() if not isinstance(value, Removed)})
        else:
            prune = path == ("global",) or path[2:3] == ("stocks",)
            yield from (Change((*path, key), value, prune=prune) for key, value in values.items())


def _is_new(store: StoreFile, path: KeyPath) -> bool:
    """Whether the path is that of a product or source item that is not in the file yet."""
    if path[0] != "products" or path[2:3] == ("stocks",):
        return False
    product = store.products.get(str(path[1]))
    return product is None or (len(path) == 4 and product.item_settings(str(path[3])) is None)
