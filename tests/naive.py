"""The rules of evaluation a second time, slow and obvious, on plain parsed TOML: what the evaluator is compared with.

A store is what `tomllib.loads(text, parse_float=Decimal)` gives. Nothing here imports the package. Answers have the
shape of the JSON of `product show` and `order check`, with Decimal for numbers and no `line` in an origin.
Comments that begin with `Choice:` mark where the written rules leave room, and what is taken here.
"""

from copy import deepcopy
from decimal import Decimal
from math import gcd
from typing import Any

DEFAULTS: dict[str, Any] = {
    "backorders": "no",
    "out_of_stock_threshold": Decimal(0),
    "notify_for_quantity_below": Decimal(1),
    "only_x_left_threshold": Decimal(0),
    "manage_stock": True,
}
ZERO = Decimal(0)


def show(data: dict[str, Any], sku: str) -> list[dict[str, Any]]:
    """One entry for each stock, in file order, that links one of the product's sources; else one with stock None."""
    items = data["products"][sku].get("sources", {})
    entries = []
    for stock, linked in all_stocks(data).items():
        if any(source in items for source in linked):
            entries.append(look(data, sku, stock))
    if not entries:
        entries.append(look(data, sku, None))
    return entries


def order(data: dict[str, Any], sku: str, stock: str | None, n: Decimal) -> dict[str, Any]:
    """What an order for n units gets."""
    # Choice: a stock that links none of the product's sources answers as a product without sources does: no_sources.
    entry = look(data, sku, stock)
    # Choice: of a product that is out of stock nothing is sold, not even 0 units: so Magento answers, too.
    out_of_stock = entry["status"] == "out_of_stock"
    answer: dict[str, Any] = {
        "requested": n,
        "accepted": not out_of_stock and (entry["unlimited"] or n <= entry["salable"]),
        "reason": None,
        "salable": entry["salable"],
        "unlimited": entry["unlimited"],
        "ships_now": None,
        "backordered": None,
        "payment": None,
        "order_status": None,
        "shipment": None,
        "customer_notice": None,
    }
    if not answer["accepted"]:
        answer["reason"] = entry["reason"] if out_of_stock else "exceeds_salable"
        return answer

    managed = entry["settings"]["manage_stock"]["value"]
    answer["ships_now"] = min(n, entry["on_hand"]) if managed else n
    answer["backordered"] = n - answer["ships_now"]
    if answer["backordered"] == 0:
        answer["shipment"] = "immediate"
        return answer

    answer["payment"] = "authorized_and_captured"
    answer["order_status"] = "unchanged"
    answer["shipment"] = "on_hold" if answer["ships_now"] == 0 else "partly_on_hold"
    # Choice: "any counting item" is any in the stock, also one whose own allowance is used up.
    for source in entry["sources"]:
        if source["counts"] and source["settings"]["backorders"]["value"] == "notify":
            answer["customer_notice"] = answer["backordered"]
    return answer


def life(data: dict[str, Any], sku: str, stock: str | None, step: Decimal | None = None) -> list[dict[str, Any]]:
    """Every event and the units sold at which it begins, found by selling `step` units at a time (by default `grain`).

    The cost is one whole evaluation a step: look at `grain` and the salable quantity before asking.
    """
    step = step or grain(data, sku, stock)
    start = look(data, sku, stock)
    if not start["settings"]["manage_stock"]["value"] and start["unlimited"]:
        return []
    began: list[dict[str, Any]] = []
    sold = ZERO
    while True:
        for event, source in events_at(data, sku, stock, sold):
            if not any(known["event"] == event and known["source"] == source for known in began):
                began.append({"sold": sold, "event": event, "source": source})
        # Choice: nothing can begin after the end. Past out_of_stock nothing is sold; past the last unit on hand of an
        # unlimited product nothing ships, so no quantity falls any further.
        if any(known["event"] in ("out_of_stock", "unlimited") for known in began):
            return began
        sold += step


def events_at(data: dict[str, Any], sku: str, stock: str | None, sold: Decimal) -> list[tuple[str, str | None]]:
    """What holds once so many units are sold and shipped as far as goods go: events with their source, if any."""
    # Choice: events that begin together stand in this order: low_stock in the stock's order of sources,
    # backorders_begin, only_x_left, then out_of_stock or unlimited.
    after = look(ship(data, sku, stock, sold), sku, stock)
    # Choice: the reservations are shipped before the first unit is sold, so a source can be low at 0 here while `show`,
    # where what is reserved still counts, says that it is not.
    events: list[tuple[str, str | None]] = [
        ("low_stock", source["source"]) for source in after["sources"] if source["low_stock"]
    ]
    # Choice: an event that holds at once begins at 0, backorders_begin too when nothing is on hand from the start.
    if after["status"] == "backorder":
        events.append(("backorders_begin", None))
    if after["only_x_left"] is not None:
        events.append(("only_x_left", None))
    if after["status"] == "out_of_stock":
        events.append(("out_of_stock", None))
    if after["status"] == "backorder" and after["unlimited"]:
        events.append(("unlimited", None))
    return events


def ship(data: dict[str, Any], sku: str, stock: str | None, sold: Decimal) -> dict[str, Any]:
    """The store after the product's reservations and then so many sold units were shipped, as far as goods go."""
    before = look(data, sku, stock)
    store = {**data, "products": {**data["products"], sku: deepcopy(data["products"][sku])}}
    product = store["products"][sku]
    to_ship = before["reserved"] + sold
    pool_left = [pool["on_hand"] for pool in before["pools"]]
    # Choice: a source ships what it has, but a pool no more than its on hand: its reserve stays, and goods that make up
    # for a negative quantity in the same pool stay too. What is backordered does not ship, so nothing falls below 0.
    for source in before["sources"]:
        for at, pool in enumerate(before["pools"]):
            if source["source"] in pool["sources"]:
                shipped = min(to_ship, pool_left[at], max(source["quantity"], ZERO))
                product["sources"][source["source"]]["quantity"] = source["quantity"] - shipped
                pool_left[at] -= shipped
                to_ship -= shipped
    if stock is not None:
        product.setdefault("stocks", {}).setdefault(stock, {})["reserved"] = to_ship
    return store


def grain(data: dict[str, Any], sku: str, stock: str | None) -> Decimal:
    """The largest step that divides every number the product's life depends on: no event begins between two steps."""
    entry = look(data, sku, stock)
    numbers = [entry["reserved"], entry["settings"]["only_x_left_threshold"]["value"]]
    for source in entry["sources"]:
        numbers.append(source["quantity"])
        numbers.append(source["settings"]["out_of_stock_threshold"]["value"])
        numbers.append(source["settings"]["notify_for_quantity_below"]["value"])
    return Decimal(gcd(*(int(value * 10000) for value in numbers)) or 10000) / 10000


def look(data: dict[str, Any], sku: str, stock: str | None) -> dict[str, Any]:
    """The product as the stock sees it: one entry of `stocks` in the JSON of `product show`."""
    product = data["products"][sku]
    manage_stock = resolve(data, "manage_stock", ["product", "stock"], sku, stock, None)
    only_x_left = resolve(data, "only_x_left_threshold", ["product", "stock"], sku, stock, None)
    managed = manage_stock["value"]

    linked = [] if stock is None else all_stocks(data)[stock]
    sources = [look_at_source(data, sku, stock, code) for code in linked if code in product.get("sources", {})]
    if not managed:
        for source in sources:
            source["low_stock"] = False
    counting = [source for source in sources if source["counts"]]
    pools = make_pools(counting) if managed else []

    # Choice: the product's quantity is that of the items that count, also when nothing depends on it.
    quantity = sum((source["quantity"] for source in counting), ZERO)
    reserved = ZERO if stock is None else number(product.get("stocks", {}).get(stock, {}).get("reserved", 0))

    on_hand: Decimal | None
    backorderable: Decimal | None
    salable: Decimal | None
    # Choice: without a linked source item manage_stock does not matter: nothing can be sold, and nothing is unlimited.
    if not managed and sources:
        unlimited = True
        on_hand = backorderable = salable = None
        status = "in_stock"
    else:
        unlimited = any(pool["unlimited"] for pool in pools)
        pools_on_hand = sum((pool["on_hand"] for pool in pools), ZERO)
        on_hand = max(pools_on_hand - reserved, ZERO)
        if unlimited:
            backorderable = salable = None
        else:
            pools_backorderable = sum((pool["backorderable"] for pool in pools), ZERO)
            backorderable = max(pools_backorderable - max(reserved - pools_on_hand, ZERO), ZERO)
            salable = on_hand + backorderable
        if on_hand > 0:
            status = "in_stock"
        elif unlimited or salable != 0:
            status = "backorder"
        else:
            status = "out_of_stock"

    shown = None
    if salable is not None and 0 < salable <= only_x_left["value"]:
        shown = salable

    return {
        "stock": stock,
        "status": status,
        "reason": why_out_of_stock(sources, pools, quantity, reserved) if status == "out_of_stock" else None,
        "quantity": quantity,
        "reserved": reserved,
        "on_hand": on_hand,
        "backorderable": backorderable,
        "salable": salable,
        "unlimited": unlimited,
        "only_x_left": shown,
        "low_stock": any(source["low_stock"] for source in sources),
        "settings": {"manage_stock": manage_stock, "only_x_left_threshold": only_x_left},
        "sources": sources,
        "pools": pools,
    }


def why_out_of_stock(
    sources: list[dict[str, Any]], pools: list[dict[str, Any]], quantity: Decimal, reserved: Decimal
) -> str:
    """The first reason that holds for a product of which nothing can be sold."""
    if not sources:
        return "no_sources"
    if not any(source["counts"] for source in sources):
        return "no_source_in_stock"
    # Choice: with nothing salable every allowance is used up, by a negative quantity or by reservations.
    if any(pool["backorders"] for pool in pools):
        return "backorder_limit_reached"
    # Choice: taken as it is written, over all the pools: one oversold source can make this sold_out while another still
    # holds its reserve.
    if quantity > reserved:
        return "reserve_reached"
    return "sold_out"


def look_at_source(data: dict[str, Any], sku: str, stock: str | None, source: str) -> dict[str, Any]:
    """One source item as the stock sees it, low_stock as for a managed product."""
    item = data["products"][sku]["sources"][source]
    levels = ["source_item", "product", "source", "stock"]
    backorders = resolve(data, "backorders", levels, sku, stock, source)
    threshold = resolve(data, "out_of_stock_threshold", levels, sku, stock, source)
    notify = resolve(data, "notify_for_quantity_below", levels, sku, stock, source)
    effective = max(threshold["value"], ZERO) if backorders["value"] == "no" else min(threshold["value"], ZERO)

    quantity = number(item["quantity"])
    status = item.get("status", "in_stock")
    # Choice: an item marked out of stock at a disabled source is excluded for the source: it is the wider cause.
    if not data["sources"][source].get("enabled", True):
        excluded = "source_disabled"
    elif status == "out_of_stock":
        excluded = "out_of_stock"
    else:
        excluded = None
    return {
        "source": source,
        "quantity": quantity,
        "status": status,
        "counts": excluded is None,
        "excluded": excluded,
        "low_stock": excluded is None and quantity <= notify["value"],
        "settings": {
            "backorders": backorders,
            "out_of_stock_threshold": {
                "value": threshold["value"],
                "effective": effective,
                "origin": threshold["origin"],
            },
            "notify_for_quantity_below": notify,
        },
    }


def make_pools(counting: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The pools of a managed product, in the order in which their first sources appear."""
    pools: list[dict[str, Any]] = []
    for source in counting:
        threshold = source["settings"]["out_of_stock_threshold"]
        backorders = source["settings"]["backorders"]["value"] != "no"
        for pool in pools:
            if pool["origin"] == threshold["origin"] and pool["backorders"] == backorders:
                pool["sources"].append(source["source"])
                pool["quantity"] += source["quantity"]
                break
        else:
            pools.append(
                {
                    "sources": [source["source"]],
                    "backorders": backorders,
                    "threshold": threshold["value"],
                    "effective": threshold["effective"],
                    "origin": threshold["origin"],
                    "quantity": source["quantity"],
                }
            )
    for pool in pools:
        quantity, effective = pool["quantity"], pool["effective"]
        pool["on_hand"] = max(quantity - max(effective, ZERO), ZERO)
        pool["unlimited"] = pool["backorders"] and effective == 0
        pool["backorderable"] = None if pool["unlimited"] else max(quantity - effective, ZERO) - pool["on_hand"]
    return pools


def resolve(
    data: dict[str, Any], key: str, levels: list[str], sku: str, stock: str | None, source: str | None
) -> dict[str, Any]:
    """The value of a setting and its origin: the first of the levels that sets it, then global, then the default."""
    product = data["products"][sku]
    tables: dict[str, dict[str, Any]] = {
        "source_item": product.get("sources", {}).get(source, {}),
        "product": product,
        "source": data.get("sources", {}).get(source, {}),
        # A store without stocks has nowhere to set anything for its one stock.
        "stock": data.get("stocks", {}).get(stock, {}),
        "global": data.get("global", {}),
        "default": DEFAULTS,
    }
    for scope in [*levels, "global", "default"]:
        if key in tables[scope]:
            value = tables[scope][key]
            return {
                "value": value if isinstance(value, bool | str) else number(value),
                "origin": {
                    "scope": scope,
                    "stock": stock if scope == "stock" else None,
                    "source": source if scope in ("source", "source_item") else None,
                    "product": sku if scope in ("product", "source_item") else None,
                },
            }
    raise KeyError(key)


def short(entry: dict[str, Any]) -> Decimal:
    """The units that can never ship of what `show` says of a product in a stock."""
    beyond_limits, could_ship, unlimited = Decimal(0), Decimal(0), False
    for pool in entry["pools"]:
        if not pool["backorders"]:
            could_ship += pool["quantity"] if pool["quantity"] > 0 else 0
        elif pool["effective"] == 0:
            unlimited = True
        elif pool["quantity"] < pool["effective"]:
            beyond_limits += pool["effective"] - pool["quantity"]
        else:
            could_ship += pool["quantity"] - pool["effective"]
    if entry["on_hand"] is None:
        return Decimal(0)
    reserved = Decimal(0) if unlimited or entry["reserved"] < could_ship else entry["reserved"] - could_ship
    return beyond_limits + reserved


def all_stocks(data: dict[str, Any]) -> dict[str, list[str]]:
    """The sources each stock links, in its order; without any stock, `default` links every source in file order."""
    # Choice: an empty [stocks] declares no stock.
    if not data.get("stocks"):
        return {"default": list(data.get("sources", {}))}
    return {code: list(stock.get("sources", [])) for code, stock in data["stocks"].items()}


def number(value: Any) -> Decimal:
    """A TOML number, whole or not, as a Decimal."""
    return Decimal(value)
