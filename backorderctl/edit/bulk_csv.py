"""Many changes in one table, as a spreadsheet holds them: a row names a place, a key and a value."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from typing import NamedTuple

from backorderctl.edit import operations
from backorderctl.errors import BackorderctlError, InvalidFile, Mismatch, Problem, nearest
from backorderctl.policy import viewpoints
from backorderctl.store import fields, model, quantity, settings
from backorderctl.store.model import Path, Place, Store
from backorderctl.store.settings import Scope
from backorderctl.toml.change import REMOVED, Change, Removed
from backorderctl.toml.change import Value as TomlValue

COLUMNS = ("product", "source", "stock", "key", "value")
"""The columns of the table, which may stand in any order."""
INHERIT = "inherit"
"""The value that takes a value away."""
QUANTITY, STATUS, RESERVED, NAME = "quantity", "status", "reserved", "name"
OWN_KEYS = (QUANTITY, STATUS, RESERVED, NAME)
"""The keys that are no settings."""

Value = TomlValue | Removed


class ChangeRow(NamedTuple):
    """One row: `number` counts the rows below the header from 1, `line` is the line of the file on which it ends."""

    number: int
    line: int
    product: str
    source: str
    stock: str
    key: str
    value: str


def rows(text: str, name: str) -> list[ChangeRow]:
    """The rows of a CSV file whose header names the columns, with comma, semicolon or tab; InvalidFile otherwise."""
    lines = list(StringIO(text.removeprefix("\ufeff"), newline=""))  # a name may hold what `splitlines` breaks at
    delimiter = max(",;\t", key=lines[0].count) if lines else ","
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        header = [cell.strip().casefold() for cell in next(reader, [])]
        cells = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise InvalidFile(name, [Problem(f"expected CSV, got {error}", reader.line_num)]) from None
    problems = [*_header_problems(header), *_ragged(cells, len(header))]
    if problems:
        raise InvalidFile(name, problems)
    places = [header.index(column) if column in header else None for column in COLUMNS]
    return [
        ChangeRow(number, line, *("" if place is None else row[place].strip() for place in places))
        for number, (line, row) in enumerate(cells, 1)
    ]


def apply(store: Store, sheet: Iterable[ChangeRow], name: str, *, create: bool = False) -> operations.Changes:
    """The changes that the rows ask for, all of them; InvalidFile with every row that cannot be done.

    A row without a value leaves what is there. A quantity makes a source item that is not there, and with `create` any
    row makes a product that is not there.
    """
    told = [row for row in sheet if row.value]
    placed = {(row.product, row.source) for row in told if _key(row) == QUANTITY}
    wanted: dict[Path, Value] = {}
    problems = []
    for row in told:
        try:
            path, value = _change(store, row, placed, create=create)
            if path in wanted:
                raise BackorderctlError(f"expected {model.dotted_path(path)} once, got it again")
            wanted[path] = value
        except (BackorderctlError, Mismatch) as error:
            problems.append(Problem(f"row {row.number}: {error}", row.line))
    if problems:
        raise InvalidFile(name, problems)
    return list(_changes(store, wanted))


def exported_rows(store: Store) -> Iterator[Sequence[str]]:
    """The cells of the rows that give an empty store of the same sources and stocks all that this one has.

    A product that says nothing has a row all the same, which only makes it.
    """
    yield from _cells(("", "", ""), {}, store.settings)
    for stock in store.stocks.values():
        yield from _cells(("", "", stock.code), {NAME: stock.name}, stock.settings)
    for source in store.sources.values():
        yield from _cells(("", source.code, ""), {NAME: source.name}, source.settings)
    for product in store.products.values():
        yield from _product_cells(product)


def _product_cells(product: model.Product) -> Iterator[Sequence[str]]:
    yield from _cells((product.sku, "", ""), {NAME: product.name}, product.settings)
    for stock, units in product.reserved.items():
        yield from _cells((product.sku, "", stock), {RESERVED: quantity.format_quantity(units)}, {})
    for source, item in product.items.items():
        status = None if item.status is fields.StockStatus.IN_STOCK else item.status.value
        own = {QUANTITY: quantity.format_quantity(item.quantity), STATUS: status}
        yield from _cells((product.sku, source, ""), own, item.settings)
    for source, chosen in product.item_policies.items():
        yield from _cells((product.sku, source, ""), {QUANTITY: INHERIT}, chosen)
    if not (product.name or product.settings or product.reserved or product.items or product.item_policies):
        yield (product.sku, "", "", next(iter(settings.SETTINGS)), INHERIT)


def _cells(
    where: tuple[str, str, str], own: Mapping[str, str | None], chosen: settings.Settings
) -> Iterator[Sequence[str]]:
    yield from ((*where, key, value) for key, value in own.items() if value)
    yield from ((*where, key, settings.format_value(value)) for key, value in chosen.items())


def _header_problems(header: Sequence[str]) -> Iterator[Problem]:
    for name in dict.fromkeys(header):
        if name not in COLUMNS:
            close = nearest(name, COLUMNS)
            hint = f"; did you mean {close!r}?" if close else ""
            yield Problem(f"expected columns {', '.join(COLUMNS)}, got {name!r}{hint}", 1)
        elif header.count(name) > 1:
            yield Problem(f"expected each column once, got {name!r} twice", 1)
    yield from (Problem(f"expected a column {name!r}, got none", 1) for name in COLUMNS[3:] if name not in header)


def _ragged(cells: Sequence[tuple[int, Sequence[str]]], width: int) -> Iterator[Problem]:
    for number, (line, row) in enumerate(cells, 1):
        if len(row) != width:
            yield Problem(f"row {number}: expected {width} cells, got {len(row)}", line)


def _key(row: ChangeRow) -> str:
    return row.key.replace("-", "_").casefold()


def _change(store: Store, row: ChangeRow, placed: set[tuple[str, str]], *, create: bool) -> tuple[Path, Value]:
    """Where the row's value goes, and the value."""
    _check_names(store, row, create=create)
    key = _key(row)
    if row.product and row.stock:
        return _reservation(row, key)
    place = _place(store, row, placed)
    if key in OWN_KEYS:
        return (*place.path, key), _own_value(place, key, row.value)
    setting = settings.SETTINGS.get(key)
    if setting is None:
        raise BackorderctlError(
            f"key: expected {', '.join((*OWN_KEYS, *settings.SETTINGS))}, got {row.key!r}{_suggestion(key)}"
        )
    viewpoints.check_scope(place, setting.key)
    inherited = row.value.casefold() == INHERIT
    return (*place.path, setting.key), REMOVED if inherited else operations.toml(setting.kind.parse(row.value))


def _suggestion(key: str) -> str:
    close = nearest(key, (*OWN_KEYS, *settings.SETTINGS))
    return f"; did you mean {close!r}?" if close else ""


def _check_names(store: Store, row: ChangeRow, *, create: bool) -> None:
    if row.product and row.product not in store.products:
        if not create:
            model.product_named(store, row.product)
        fields.sku(row.product)
    if row.source:
        model.source_named(store, row.source)
    if row.stock:
        model.stock_named(store, row.stock)
        if row.source:
            raise BackorderctlError("expected a source or a stock, got both")


def _reservation(row: ChangeRow, key: str) -> tuple[Path, Value]:
    if key != RESERVED:
        raise BackorderctlError(f"expected {RESERVED} for a product in a stock, got {row.key!r}")
    path = ("products", row.product, "stocks", row.stock, RESERVED)
    if row.value == INHERIT:
        return path, REMOVED
    return path, quantity.parse_quantity(row.value, minimum=quantity.ZERO) or REMOVED


def _place(store: Store, row: ChangeRow, placed: set[tuple[str, str]]) -> Place:
    if row.product and row.source:
        if (row.product, row.source) not in placed:
            model.product_named(store, row.product)
            return model.item_place(store, row.product, row.source)
        return Place(Scope.SOURCE_ITEM, source=row.source, product=row.product)
    if row.product:
        return Place(Scope.PRODUCT, product=row.product)
    if row.source:
        return Place(Scope.SOURCE, source=row.source)
    return operations.stock_place(store, row.stock) if row.stock else Place(Scope.GLOBAL)


def _own_value(place: Place, key: str, typed: str) -> Value:
    own = fields.FORMS[place.scope].own
    if key not in own:
        raise BackorderctlError(f"expected a key of {fields.FORMS[place.scope].title}, got {key!r}")
    if typed == INHERIT:
        return REMOVED
    if key == QUANTITY:
        return quantity.parse_quantity(typed)
    return operations.toml(fields.status(typed)) if key == STATUS else typed


def _changes(store: Store, wanted: dict[Path, Value]) -> Iterator[Change]:
    """The changes by table: a table that is not there is written whole, products before their source items."""
    tables: dict[Path, dict[str, Value]] = {}
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


def _is_new(store: Store, path: Path) -> bool:
    """Whether the path is a product or source item that is not in the file."""
    if path[0] != "products" or path[2:3] == ("stocks",):
        return False
    product = store.products.get(str(path[1]))
    return product is None or (len(path) == 4 and product.item_settings(str(path[3])) is None)
