"""Random small stores that the store file allows, and the TOML that says them.

One builder serves both: it takes every decision through `choose`, which a random generator answers in `seeded_stores`
and Hypothesis in `stores`, where the first of the options is the one a failing example shrinks to.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import permutations
from random import Random
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

from backorderctl.policy.evaluate import Salability
from backorderctl.store import load
from backorderctl.store.model import Store, StoreFile

T = TypeVar("T")
Number = int | Decimal


class Choose(Protocol):
    """Picks one of the options."""

    def __call__(self, options: Sequence[T], /) -> T: ...


def decimals(*words: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(word) for word in words)


STOCKS = ("eu", "us", "default", "b2b.nordic", "STOCK-3", "7")
SOURCES = ("berlin", "lyon", "nyc.east", "drop_ship", "Shop-1", "eu", "007")
PLAIN_SKUS = ("A", "24-MB01", "MB_2", "a", "24-MB02")
UGLY_SKUS = (
    "a.b",
    '19" rack',
    "it's",
    "24/MB01",
    "back\\slash",
    "two words",
    "in  side",
    "Größe-ß",
    "日本茶",
    "🎒",
    "👩‍🚀.x",
    "[x]",
    "#5",
    "k = 1",
    "*",
    "24-MB01.sources.berlin",
    '"quoted"',
    "-n",
)
NAMES = ("Joust Duffle Bag", 'The "big" one', "C:\\goods", "Lagerhalle Süd", "[bold]loud[/bold]", "tab\there")

# Small pools, so that values meet: equal thresholds at several scopes, quantities on and beside a limit.
QUANTITIES: tuple[Number, ...] = (0, 10, 5, 25, 1, 2, 11, 40, -5, -1, -10, -60)
QUANTITIES_EXACT = decimals("5.0", "0.5", "0.25", "7.75", "-0.5", "-2.25", "12.3456", "0.0001", "10.0001", "-50.0001")
THRESHOLDS: tuple[Number, ...] = (0, -10, -50, 5, 10, -1)
THRESHOLDS_EXACT = decimals("-10.0", "0.0", "-0.5", "0.25", "-49.9999", "2.5")
NOTIFY: tuple[Number, ...] = (1, 10, 0, 5, 2, 25, -1)
NOTIFY_EXACT = decimals("10.00", "0.25", "0.5", "7.75", "-0.5")
ONLY_X_LEFT: tuple[Number, ...] = (5, 0, 1, 10, 50)
ONLY_X_LEFT_EXACT = decimals("5.0", "0.5", "0.25", "12.3456")
RESERVED: tuple[Number, ...] = (3, 0, 1, 5, 10, 15, 25, 60)
RESERVED_EXACT = decimals("3.0", "0.5", "0.25", "2.25", "10.0001")

ONE_IN_TWO = (False, True)
ONE_IN_FIVE = (False, False, False, False, True)
ONE_IN_TWELVE = (False,) * 11 + (True,)


@st.composite
def stores(draw: st.DrawFn, *, whole: bool = False) -> dict[str, Any]:
    """Stores as `tomllib.loads(text, parse_float=Decimal)` gives them; `whole` keeps every number a whole one."""

    def choose(options: Sequence[T], /) -> T:
        return draw(st.sampled_from(options))

    return build(choose, whole=whole)


def seeded_stores(count: int, seed: int, *, whole: bool = False) -> Iterator[dict[str, Any]]:
    """So many stores of the same kind, fast, and the same ones for the same seed."""
    choose = Random(seed).choice
    for _ in range(count):
        yield build(choose, whole=whole)


def build(choose: Choose, *, whole: bool = False, products: int = 0) -> dict[str, Any]:
    """One store, its tables in the order of the file: version, global, stocks, sources, products (some, or so many)."""

    def pick(numbers: Sequence[Number], exact: Sequence[Number]) -> Number:
        return choose(numbers) if whole or not choose(ONE_IN_FIVE) else choose(exact)

    def settings(*, limits: bool = True, product_as_a_whole: bool = False) -> dict[str, Any]:
        table: dict[str, Any] = {}
        if limits and choose(ONE_IN_TWO):
            table["backorders"] = choose(("allow", "no", "notify"))
        if limits and choose(ONE_IN_TWO):
            table["out_of_stock_threshold"] = pick(THRESHOLDS, THRESHOLDS_EXACT)
        if limits and choose((False, False, True)):
            table["notify_for_quantity_below"] = pick(NOTIFY, NOTIFY_EXACT)
        if product_as_a_whole and choose((False, False, True)):
            table["only_x_left_threshold"] = pick(ONLY_X_LEFT, ONLY_X_LEFT_EXACT)
        if product_as_a_whole and choose(ONE_IN_FIVE):
            table["manage_stock"] = choose((True, True, False))
        return table

    def name() -> dict[str, Any]:
        return {"name": choose(NAMES)} if choose(ONE_IN_FIVE) else {}

    def several(options: Sequence[str], counts: Sequence[int]) -> list[str]:
        left, chosen = list(options), []
        for _ in range(choose(counts)):
            chosen.append(choose(left))
            left.remove(chosen[-1])
        return chosen

    def stock(code: str) -> dict[str, Any]:
        table = name()
        linked = tuple(source for source in source_codes if choose((True, True, True, False)))
        says_none = choose(ONE_IN_TWO)
        if linked or says_none:
            table["sources"] = list(choose(tuple(permutations(linked))))
        if choose(ONE_IN_FIVE):
            table["channels"] = [f"{code}_website", f"{code}_b2b"][: choose((1, 2))]
        # Every other stock sets nothing, so that the scopes around it are heard.
        return table | (settings(product_as_a_whole=True) if choose(ONE_IN_TWO) else {})

    def source() -> dict[str, Any]:
        table = name()
        if choose(ONE_IN_FIVE):
            table["enabled"] = choose((False, False, True))
        return table | (settings() if choose(ONE_IN_TWO) else {})

    def item() -> dict[str, Any]:
        table: dict[str, Any] = {"quantity": pick(QUANTITIES, QUANTITIES_EXACT)}
        if choose(ONE_IN_FIVE):
            table["status"] = choose(("out_of_stock", "in_stock"))
        return table | settings(limits=choose((False, False, True)))

    def product() -> dict[str, Any]:
        table = name() | settings(limits=choose(ONE_IN_TWO), product_as_a_whole=True)
        item_codes = choose(tuple(permutations(source_codes)))
        items = {code: item() for code in item_codes if choose((True, True, True, False))}
        if items:
            table["sources"] = items
        reservations: dict[str, Any] = {}
        for code in stock_codes or ["default"]:
            if choose(ONE_IN_TWO):
                empty = choose(ONE_IN_TWELVE)
                reservations[code] = {} if empty else {"reserved": pick(RESERVED, RESERVED_EXACT)}
        if reservations:
            table["stocks"] = reservations
        return table

    source_codes = several(SOURCES, (1, 2, 2, 3, 4))
    stock_codes = several(STOCKS, (0, 1, 1, 2, 2, 3))
    store: dict[str, Any] = {"version": 1}
    if choose((True, True, False)):
        store["global"] = settings(product_as_a_whole=True)
    if stock_codes:
        store["stocks"] = {code: stock(code) for code in stock_codes}
    store["sources"] = {code: source() for code in source_codes}
    skus = PLAIN_SKUS if choose((True, True, False)) else UGLY_SKUS
    names = [f"{choose(skus)} {number}" for number in range(products)] or several(skus, (1, 1, 2, 3))
    store["products"] = {sku: product() for sku in names}
    return store


ANY_DAY = date(2026, 12, 1)
"""The day of stores without a schedule."""


def built(data: dict[str, Any]) -> Store:
    """What a file with this data would mean on any day; its values have no lines."""
    return built_file(data).on(ANY_DAY)


def built_file(data: dict[str, Any]) -> StoreFile:
    """The store file with this data, as it is written."""
    return load.build(data, file="store.toml", text="")


def figures(answer: Salability) -> tuple[Any, ...]:
    """Status and quantities, without where they come from."""
    return answer[2:10]


def toml_text(data: dict[str, Any]) -> str:
    """The store file that says this: what is not a table first in each table, headers in the order of the data."""
    return "\n".join(table_lines(data, ())).strip("\n") + "\n"


def table_lines(table: dict[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    """The lines of one table; a header only where the tables below do not already say that it exists."""
    own = {key: value for key, value in table.items() if not isinstance(value, dict)}
    if path and (own or not table):
        yield ""
        yield f"[{'.'.join(map(toml_key, path))}]"
    for key, value in own.items():
        yield f"{toml_key(key)} = {toml_value(value)}"
    for key, value in table.items():
        if isinstance(value, dict):
            yield from table_lines(value, (*path, key))


def toml_key(key: str) -> str:
    bare = key != "" and all(char.isascii() and (char.isalnum() or char in "_-") for char in key)
    return key if bare else toml_string(key)


def toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return toml_string(value)
    if isinstance(value, list):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text if "." in text else f"{text}.0"
    if isinstance(value, int):
        return str(value)
    raise TypeError(value)


def toml_string(text: str) -> str:
    """A basic string: quote, backslash and control characters are escaped, everything else stands as it is."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    shown = (char if char.isprintable() or ord(char) > 127 else f"\\u{ord(char):04X}" for char in escaped)
    return f'"{"".join(shown)}"'
