"""A file of policy tests as typed tests, each problem with its line: `store.test.toml` beside `store.toml`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cache, partial
from typing import Any

from backorderctl.errors import BackorderctlError, InvalidFile, Mismatch, Problem, did_you_mean, read_each
from backorderctl.policy.expectations import Expected, parse_expected
from backorderctl.policy.policy_test import Given, GivenItem, InvalidTest, PolicyTest, fields_of
from backorderctl.store import scalars
from backorderctl.store.model import Values
from backorderctl.store.scalars import StockStatus, toml_repr
from backorderctl.toml.change import KeyPath
from backorderctl.toml.line_numbers import Lines
from backorderctl.toml.notation import Data, dotted_path, parse

SUFFIX = ".test.toml"
"""How the name of a test file ends; the part before it, with `.toml`, is the name of its store."""


def tests_beside(store: str) -> str:
    """The path of the test file of a store file: `X.test.toml` of `X.toml`."""
    return store.removesuffix(".toml") + SUFFIX


def store_beside(tests: str) -> str:
    """The path of the store file of a test file; BackorderctlError when its name does not say it."""
    if not tests.endswith(SUFFIX) or tests == SUFFIX:
        raise BackorderctlError(f"{tests}: expected a name such as store{SUFFIX}, or the store file with -f")
    return tests.removesuffix(SUFFIX) + ".toml"


def names(text: str) -> list[str]:
    """The names of the tests in a file, as far as they can be read."""
    tables = parse(text, "").get("test")
    found = (table.get("name") for table in tables if isinstance(table, dict)) if isinstance(tables, list) else ()
    return [name for name in found if isinstance(name, str)]


def read_tests(text: str, file: str, store: Values) -> tuple[PolicyTest | InvalidTest, ...]:
    """The tests of a file in their order, each name checked against the store.

    InvalidFile when the text is not TOML or not a list of tests; what is wrong within a test is that test's, and an
    unknown key beside the tests one of the file's name.
    """
    data = parse(text, file)
    lines = Lines(text)
    tables = data.get("test", [])
    problems: _Problems = [((key,), _unknown(key, ("test",), "a test file")) for key in data if key != "test"]
    unknown = tuple(_located(lines, *problem) for problem in problems)
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problems.append((("test",), "expected [[test]], an array of tables, got another value"))
    elif not tables:
        problems.append((("test",), "expected at least one [[test]], got none"))
    if len(problems) > len(unknown):
        raise InvalidFile(file, [_located(lines, *problem) for problem in problems])
    lines_of_names: dict[str, int] = {}
    tests = [_test(table, number, lines, lines_of_names, store) for number, table in enumerate(tables)]
    return (*([InvalidTest(file, None, unknown)] if unknown else ()), *tests)


_Problems = list[tuple[KeyPath, str]]


def _test(table: Data, number: int, lines: Lines, names: dict[str, int], store: Values) -> PolicyTest | InvalidTest:
    path: KeyPath = ("test", number)
    line = lines.line(path)
    found: _Problems = []
    own = dict(_typed(table, KEYS, found, "a test"))
    given = dict(_typed(own.get("given", {}), GIVEN_KEYS, found, "given", "given"))
    items = dict(_items(given["sources"], found)) if "sources" in given else None
    found += _contradictions(table)
    found += _unknown_names(table, given.get("sources", ()), store)
    found += _unrelated(own, store)
    name = str(own.get("name", f"test {number + 1}"))
    if name in names:
        found.append((("name",), f"expected a name of its own, got that of the test on line {names[name]}"))
    names.setdefault(name, line or 0)
    expect = dict(_expectations(own, table, found))
    if found:
        problems = (_located(lines, (*path, *inner), message) for inner, message in found)
        return InvalidTest(name, line, tuple(sorted(problems, key=lambda problem: problem.line or 0)))
    named = (own["product"],) if "product" in own else own.get("products")
    return PolicyTest(
        name=name,
        line=line,
        products=named,
        match=own.get("match"),
        exclude=own.get("except", ()),
        stock=own.get("stock"),
        source=own.get("source"),
        order=own.get("order"),
        given=Given(given.get("reserved"), items),
        at=own.get("at"),
        expect=expect,
        allow_empty=own.get("allow_empty", False),
    )


def _typed(
    table: Mapping[str, Any], keys: Mapping[str, Callable[[Any], Any]], problems: _Problems, title: str, *path: str
) -> Iterator[tuple[str, Any]]:
    """The keys of a table with their typed values; what does not fit goes to `problems`."""
    for key, raw in table.items():
        if key not in keys:
            problems.append(((*path, key), _unknown(key, keys, title)))
            continue
        try:
            value = keys[key](raw)
        except* Mismatch as mismatches:
            problems += [((*path, key), str(mismatch)) for mismatch in mismatches.exceptions]
        else:
            yield key, value


def _contradictions(table: Data) -> Iterator[tuple[KeyPath, str]]:
    """Keys that contradict each other, and keys without one that they need."""
    for key in ("name", "expect"):
        if key not in table:
            yield (key,), "expected a value, got none"
    named = [key for key in ("product", "products", "match") if key in table]
    if len(named) != 1:
        got = " and ".join(named) or "none of them"
        yield (named[-1] if named else "product",), f"expected one of product, products and match, got {got}"
    if "except" in table and "match" not in table:
        yield ("except",), "expected beside match, got it without"
    if "order" in table and "source" in table:
        yield ("order",), "expected without source, got both: an order is for a product in a stock"


def _unknown_names(table: Data, given: Iterable[str], store: Values) -> Iterator[tuple[KeyPath, str]]:
    """Names that the store does not have, also beside values of the wrong kind; `given` are those of given sources."""
    kinds = (("product", store.products), ("stock", store.stocks), ("source", store.sources))
    named: list[tuple[KeyPath, str, Iterable[str], list[Any]]]
    named = [((kind,), kind, names, [table.get(kind)]) for kind, names in kinds]
    products = table.get("products")
    named += [(("products",), "product", store.products, products if isinstance(products, list) else [])]
    named += [(("given", "sources", code), "source", store.sources, [code]) for code in given]
    for path, kind, names, found in named:
        for name in dict.fromkeys(each for each in found if isinstance(each, str)):
            if name not in names:
                yield path, f"expected a {kind} of the store, got {toml_repr(name)}{did_you_mean(name, names)}"


def _unrelated(own: Mapping[str, Any], store: Values) -> Iterator[tuple[KeyPath, str]]:
    """A source that the stock does not sell from."""
    source, stock = own.get("source"), own.get("stock")
    if source in store.sources and stock in store.stocks and source not in store.stocks[str(stock)].sources:
        yield ("source",), f"expected a source of stock {toml_repr(stock)}, got {toml_repr(source)}"


def _expectations(own: Mapping[str, Any], table: Data, problems: _Problems) -> Iterator[tuple[str, Expected]]:
    expect = own.get("expect", {})
    readers = _readers(order="order" in table, source="source" in table)
    if "expect" in own and not expect:
        problems.append((("expect",), "expected at least one field, got an empty table"))
    return _typed(expect, readers, problems, "expect", "expect")


@cache
def _readers(*, order: bool, source: bool) -> Mapping[str, Callable[[Any], Expected]]:
    fields = fields_of(order=order, source=source)
    return {key: partial(parse_expected, field.values) for key, field in fields.items()}


def _unknown(key: str, keys: Mapping[str, Any] | tuple[str, ...], title: str) -> str:
    return f"expected a key of {title}, got {toml_repr(key)}{did_you_mean(key, keys)}"


def _located(lines: Lines, path: KeyPath, message: str) -> Problem:
    """The problem at its line, or at that of the nearest table around it."""
    line = next((line for end in range(len(path), 0, -1) if (line := lines.line(path[:end])) is not None), None)
    return Problem(f"{dotted_path(path)}: {message}", line)


def _table(raw: Any) -> Data:
    if isinstance(raw, dict):
        return raw
    raise Mismatch("a table", toml_repr(raw))


def _name(raw: Any) -> str:
    if scalars.words(raw).strip():
        return str(raw)
    raise Mismatch("a name", toml_repr(raw))


def _names(raw: Any) -> tuple[str, ...]:
    if isinstance(raw, list) and raw:
        return tuple(dict.fromkeys(read_each(scalars.words, raw)))
    raise Mismatch("an array of strings", "an empty array" if raw == [] else toml_repr(raw))


def _order(raw: Any) -> Decimal:
    units = scalars.quantity_from_toml(raw)
    if units <= 0:
        raise Mismatch("a number above 0", toml_repr(raw))
    return units


def _items(table: Data, problems: _Problems) -> Iterator[tuple[str, GivenItem]]:
    """The source items that a test assumes: each is a quantity, or a table of a quantity and a status."""
    path = ("given", "sources")
    for code, raw in table.items():
        if not isinstance(raw, dict):
            for _, units in _typed({code: raw}, {code: ITEM_KEYS["quantity"]}, problems, "", *path):
                yield code, GivenItem(units, StockStatus.IN_STOCK)
            continue
        item = dict(_typed(raw, ITEM_KEYS, problems, "a source item", *path, code))
        if "quantity" in item:
            yield code, GivenItem(item["quantity"], item.get("status", StockStatus.IN_STOCK))
        elif "quantity" not in raw:
            problems.append(((*path, code, "quantity"), "expected a value, got none"))


KEYS: Mapping[str, Callable[[Any], Any]] = {
    "name": _name,
    "product": scalars.words,
    "products": _names,
    "match": scalars.words,
    "except": _names,
    "stock": scalars.words,
    "source": scalars.words,
    "order": _order,
    "given": _table,
    "at": scalars.day,
    "expect": _table,
    "allow_empty": scalars.boolean,
}
"""What reads the value of each key of a test."""
GIVEN_KEYS: Mapping[str, Callable[[Any], Any]] = {"reserved": scalars.reserved, "sources": _table}
"""What reads the value of each key of `given`."""
ITEM_KEYS: Mapping[str, Callable[[Any], Any]] = {"quantity": scalars.quantity_from_toml, "status": scalars.status}
"""What reads the value of each key of a source item of `given.sources`."""
