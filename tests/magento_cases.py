"""Magento's cases as one store with its quantities in files: a product for each case that the rules admit."""

import csv
import gzip
import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from stores import toml_text

from backorderctl.store.settings import SETTINGS, Backorders

CASES = Path(__file__).parent / "data" / "magento.jsonl.gz"
THEIR_NAMES = dict(
    zip(SETTINGS, ("backorders", "min_qty", "notify_stock_qty", "stock_threshold_qty", "manage_stock"), strict=True)
)
SOURCES = 6
"""So many sources of each kind: no case has more."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What Magento answers for a case; `salable` is None where ours is unlimited."""

    is_salable: bool
    salable: Decimal | None
    only_x_left: bool

    def check(self, row: list[str]) -> None:
        """AssertionError where a row of `product list` says something else."""
        status, salable, only_x_left = row[2], row[8], row[10]
        assert (status != "out_of_stock") == self.is_salable, row
        assert self.salable is None or Decimal(salable) == self.salable, row
        assert bool(only_x_left) == self.only_x_left, row


def write_magento_cases(folder: Path) -> dict[str, Expected]:
    """Write `store.toml`, `quantities.csv` and `reserved.csv`; gives what Magento answers, by the case's SKU."""
    kinds = [(enabled, linked) for enabled in (True, False) for linked in (True, False)]
    codes = {
        (enabled, linked): [f"{'on' if enabled else 'off'}{'' if linked else '-apart'}{n}" for n in range(SOURCES)]
        for enabled, linked in kinds
    }
    products: dict[str, Any] = {}
    items, reserved, expected = [], [], {}
    for case in _admitted():
        given, sku = case["input"], case["id"]
        merged = {name: given["global"].get(name) for name in THEIR_NAMES.values()}
        merged |= {name: value for name, value in given["product"].items() if value is not None}
        products[sku] = settings_from(merged)
        free = {kind: list(names) for kind, names in codes.items()}
        ours = {each["code"]: free[each["enabled"], each["in_stock_link"]].pop(0) for each in given["sources"]}
        for item in given["items"]:
            source = ours[item["source"]]
            items.append((source, sku, item["qty"], item["status"]))
            own = settings_from({"notify_stock_qty": item["notify_stock_qty"]})
            if own:
                products[sku].setdefault("sources", {})[source] = own
        reserved.append((sku, given["reservations"]))
        expected[sku] = _expected(case["expected"])
    linked = [code for kind, names in codes.items() if kind[1] for code in names]
    store = {
        "version": 1,
        "stocks": {"main": {"sources": linked}},
        "sources": {code: {} if kind[0] else {"enabled": False} for kind, names in codes.items() for code in names},
        "products": products,
    }
    (folder / "store.toml").write_text(toml_text(store), encoding="utf-8")
    _write(folder / "quantities.csv", ("source_code", "sku", "quantity", "status"), items)
    _write(folder / "reserved.csv", ("sku", "quantity"), reserved)
    return expected


def magento_salable() -> list[dict[str, Any]]:
    """The items of Magento's own answer for the cases, by SKU."""
    return [
        {
            "sku": case["id"],
            "qty": float(case["expected"]["salable_qty_direct"] or 0),
            "is_salable": case["expected"]["is_salable"],
        }
        for case in _admitted()
    ]


def _admitted() -> list[Any]:
    with gzip.open(CASES, "rt", encoding="utf-8") as lines:
        cases = [json.loads(line, parse_float=Decimal) for line in lines]
    return [case for case in cases if not case.get("artifact") and case["input"]["reservations"] <= 0]


def _expected(theirs: dict[str, Any]) -> Expected:
    salable, managed = theirs["is_salable"], theirs["effective_manage_stock"]
    unlimited = not managed or (theirs["effective_backorders"] and theirs["effective_min_qty"] == 0)
    units = Decimal(max(theirs["salable_qty_direct"], 0)) if salable else Decimal(0)
    shown = bool(salable and managed and theirs["only_x_left_displayed"])
    return Expected(salable, None if salable and unlimited else units, shown)


def settings_from(theirs: dict[str, Any]) -> dict[str, Any]:
    """Our settings, as TOML has them, with the values of Magento's columns."""
    given = {key: theirs.get(name) for key, name in THEIR_NAMES.items()}
    return {key: _value(key, number) for key, number in given.items() if number is not None}


def _value(key: str, number: Any) -> Any:
    match SETTINGS[key].default:
        case Backorders():
            return tuple(Backorders)[number].value
        case bool():
            return bool(number)
    return number


def _write(path: Path, header: tuple[str, ...], rows: list[Any]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
