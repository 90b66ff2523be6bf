"""Random schedules for random stores, and a second, plain way to say what a store file means on a day."""

from copy import deepcopy
from datetime import date, timedelta
from random import Random
from typing import Any

from stores import THRESHOLDS, toml_text, toml_value

# Around a leap day, a change of clocks and two turns of the year, so that entries begin and end on the same days.
FIRST = date(2027, 12, 28)
DAYS = 100
WHOLE_PRODUCT = ("only_x_left_threshold", "manage_stock")
VALUES: dict[str, tuple[Any, ...]] = {
    "backorders": ("no", "allow", "notify", "inherit"),
    "out_of_stock_threshold": (*THRESHOLDS, "inherit"),
    "notify_for_quantity_below": (0, 5, 25, "inherit"),
    "only_x_left_threshold": (0, 5, 50, "inherit"),
    "manage_stock": (True, False, "inherit"),
}


def with_schedule(data: dict[str, Any], random: Random, count: int = 6) -> dict[str, Any]:
    """The store with so many entries at the most: what would overlap another is left out."""
    schedule: list[dict[str, Any]] = []
    for _ in range(random.randint(1, count)):
        entry = random_entry(data, random)
        if not any(overlaps(entry, other) for other in schedule):
            schedule.append(entry)
    random.shuffle(schedule)
    return {**data, "schedule": schedule}


def random_entry(data: dict[str, Any], random: Random) -> dict[str, Any]:
    scope = random.choice(scopes(data))
    keys = [key for key in VALUES if key not in WHOLE_PRODUCT or "source" not in scope]
    values = {key: random.choice(VALUES[key]) for key in random.sample(keys, random.randint(1, 2))}
    if set(scope) == {"source"} and random.random() < 0.5:
        values["enabled"] = random.random() < 0.5
    return {**random_days(random), **scope, **values}


def random_days(random: Random) -> dict[str, Any]:
    start = FIRST + timedelta(days=random.randrange(DAYS))
    until = start + timedelta(days=random.choice((0, 0, 1, 5, 30)))
    ends: dict[str, Any] = {"from": start, "until": until}
    dropped = random.choice((None, None, None, "from", "until"))
    return {key: day for key, day in ends.items() if key != dropped}


def scopes(data: dict[str, Any]) -> list[dict[str, str]]:
    """Every scope that an entry can name in the store."""
    products = data.get("products", {})
    return [
        {},
        *({"stock": code} for code in data.get("stocks", {})),
        *({"source": code} for code in data.get("sources", {})),
        *({"product": sku} for sku in products),
        *({"product": sku, "source": code} for sku, each in products.items() for code in each.get("sources", {})),
    ]


def scope(entry: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(entry.get(kind) for kind in ("stock", "source", "product"))


def overlaps(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two entries set one key of one scope on one day, tried day by day."""
    same = set(one) & set(other) & {*VALUES, "enabled"} if scope(one) == scope(other) else ()
    days = (FIRST + timedelta(days=number) for number in range(-1, DAYS + 32))
    return bool(same) and any(is_on(one, day) and is_on(other, day) for day in days)


def is_on(entry: dict[str, Any], day: date) -> bool:
    return bool(entry.get("from", day) <= day <= entry.get("until", day))


def by_hand(data: dict[str, Any], day: date) -> dict[str, Any]:
    """The store whose file somebody has edited for this day: without a schedule, its values written at their scopes."""
    edited = deepcopy({key: table for key, table in data.items() if key != "schedule"})
    for entry in data["schedule"]:
        if is_on(entry, day):
            table = table_of(edited, entry)
            for key in entry.keys() & {*VALUES, "enabled"}:
                if entry[key] == "inherit":
                    table.pop(key, None)
                else:
                    table[key] = entry[key]
    return edited


def table_of(data: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    stock, source, product = scope(entry)
    path = ["global"]
    if stock:
        path = ["stocks", stock]
    elif product:
        path = ["products", product, *(["sources", source] if source else [])]
    elif source:
        path = ["sources", source]
    for part in path:
        data = data.setdefault(part, {})
    return data


def text_of(data: dict[str, Any]) -> str:
    """The store file that says this, its schedule last."""
    tables = {key: table for key, table in data.items() if key != "schedule"}
    return toml_text(tables) + "".join(map(entry_text, data.get("schedule", [])))


def entry_text(entry: dict[str, Any]) -> str:
    lines = (f"{key} = {value if isinstance(value, date) else toml_value(value)}" for key, value in entry.items())
    return "\n[[schedule]]\n" + "\n".join(lines) + "\n"
