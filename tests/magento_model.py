"""A small Magento: what its imports make of configuration, products and stock sources, and what it then sells.

Written from Magento's classes, independently of the exports (Open Source 2.4, Inventory of 2024-10). It knows nothing
of stores, settings and scopes.
"""

import csv
import io
import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

from backorderctl.policy.evaluate import Salability, evaluate, evaluate_at
from backorderctl.policy.orders import order_from
from backorderctl.store.model import Product, Store

STEP = Decimal("0.0001")
ZERO = Decimal(0)
ITEM_OPTIONS = "cataloginventory/item_options/"
DEFAULTS = {"manage_stock": "1", "backorders": "0", "min_qty": "0", "notify_stock_qty": "1"}
COLUMNS = {
    "manage_stock": ("manage_stock", "use_config_manage_stock"),
    "backorders": ("allow_backorders", "use_config_backorders"),
    "min_qty": ("out_of_stock_qty", "use_config_min_qty"),
    "notify_stock_qty": ("notify_on_stock_below", "use_config_notify_stock_qty"),
}
NEW = {
    "manage_stock": "1",
    "backorders": "0",
    "min_qty": "0",
    "notify_stock_qty": "1",
    "qty": "0",
    "is_in_stock": "1",
    "auto": "0",
} | {flag: "1" for _, flag in COLUMNS.values()}
"""The stock item of a product that is new (Import/Product.php, defaultStockData)."""


class Answer(NamedTuple):
    """What an order gets; `salable` is None without limit, the rest None for an order that is refused."""

    salable: Decimal | None
    ships_now: Decimal | None
    backordered: Decimal | None
    notice: Decimal | None


REFUSED = Answer(ZERO, None, None, None)


class Policy(NamedTuple):
    """The three values in force for one product, the threshold as it is stored."""

    manage_stock: bool
    backorders: int
    min_qty: Decimal

    @property
    def adapted(self) -> Decimal:
        """AdaptMinQtyToBackordersPlugin::afterGetMinQty."""
        return min(self.min_qty, ZERO) if self.backorders else max(self.min_qty, ZERO)

    def answer(self, counting: Sequence[Decimal], linked: int, reserved: Decimal, n: Decimal) -> Answer:
        """GetProductSalableQty, IsProductSalableConditionChain, BackorderNotifyCustomerCondition."""
        if not self.manage_stock:
            return Answer(None, n, ZERO, None) if linked else REFUSED
        if not counting:
            return REFUSED
        net = sum(counting, ZERO) - reserved
        unlimited = self.backorders and self.min_qty >= 0
        salable = None if unlimited else max(net - self.adapted, ZERO)
        if salable is not None and n > salable:
            return Answer(salable, None, None, None)
        backordered = max(n - max(net, ZERO), ZERO)
        told = backordered if backordered and self.backorders == 2 else None
        return Answer(salable, n - backordered, backordered, told)

    def shown_in_stock(self, counting: Sequence[Decimal], reserved: Decimal) -> bool:
        """What the index says: it compares with the threshold as it is stored (IsStockItemSalableConditionChain)."""
        net = sum(counting, ZERO) - reserved
        return not self.manage_stock or bool(self.backorders and self.min_qty >= 0) or net - self.min_qty > 0

    def verified(self, qty: Decimal) -> bool:
        """StockStateProvider::verifyStock, with AdaptVerifyStockToNegativeMinQtyPlugin."""
        if not self.manage_stock:
            return True
        if not self.backorders:
            return qty > self.adapted
        return not (self.adapted < 0 and qty < self.adapted)


@dataclass
class Shop:
    """One Magento: its configuration, the stock items of its products, and its source items by source and SKU."""

    config: dict[str, str] = field(default_factory=lambda: dict(DEFAULTS))
    stock_items: dict[str, dict[str, str]] = field(default_factory=dict)
    source_items: dict[tuple[str, str], tuple[int, Decimal]] = field(default_factory=dict)

    def run(self, commands: str) -> bool:
        """A script of config:set that checks what is then in force; False where that is something else."""
        right = True
        for line in commands.splitlines():
            if line.startswith("bin/magento config:set "):
                program, command, dashes, path, value = shlex.split(line)
                assert (program, command, dashes) == ("bin/magento", "config:set", "--")
                if path.startswith(ITEM_OPTIONS):
                    self.config[path.removeprefix(ITEM_OPTIONS)] = value
                self._update_items()
            elif line.startswith("expect cata"):
                _, path, value, _ = shlex.split(line)
                found = self.config[path.removeprefix(ITEM_OPTIONS)] if path.startswith(ITEM_OPTIONS) else value
                right &= Decimal(found) == Decimal(value)
        return right

    def _update_items(self) -> None:
        """Stock::updateSetOutOfStock and updateSetInStock, which config:set runs for cataloginventory."""
        for sku, item in self.stock_items.items():
            policy, quantity = self.policy(sku), Decimal(item["qty"])
            if policy.manage_stock and quantity <= policy.min_qty and not policy.backorders:
                if item["is_in_stock"] == "1":
                    item |= {"is_in_stock": "0", "auto": "1"}
            elif policy.manage_stock and quantity > policy.min_qty and item["auto"] == "1":
                item["is_in_stock"] = "1"

    def import_products(self, table: str) -> None:
        """The product import, Add/Update: Import/Product.php and SourceItemImporter::afterProcess."""
        for row in csv.DictReader(io.StringIO(table)):
            sku = row["sku"]
            new = sku not in self.stock_items
            item = self.stock_items.setdefault(sku, dict(NEW))
            for name, (column, flag) in COLUMNS.items():
                if column in row:
                    item[name] = row[column].strip()
                    item[flag] = row[flag]
            item |= {name: row[name].strip() for name in ("qty", "is_in_stock") if name in row}
            verified = self.policy(sku).verified(Decimal(item["qty"]))
            item |= {"is_in_stock": item["is_in_stock"] if verified else "0", "auto": str(int(not verified))}
            if new or row.get("qty") or ("default", sku) in self.source_items:
                self.source_items["default", sku] = int(item["is_in_stock"]), Decimal(item["qty"])

    def import_stock_sources(self, table: str) -> None:
        """The stock_sources import, Add/Update; the item at `default` is that of the legacy stock item.

        Its status there only where verifyStock holds (SetDataToLegacyCatalogInventoryAtSourceItemsSavePlugin).
        """
        for row in csv.DictReader(io.StringIO(table)):
            quantity = Decimal(row["quantity"].strip())
            self.source_items[row["source_code"], row["sku"]] = int(row["status"]), quantity
            if row["source_code"] == "default":
                on_sale = row["status"] == "1" and self.policy(row["sku"]).verified(quantity)
                self.stock_items[row["sku"]] |= {"qty": str(quantity), "is_in_stock": str(int(on_sale))}

    def create_products(self, products: Mapping[str, Mapping[str, str]], *, single_source: bool) -> None:
        """Products that are new: one gets an item at `default` only where that is the only source, or with a qty."""
        for sku, fields in products.items():
            out = io.StringIO()
            writer = csv.writer(out)
            writer.writerows([["sku", *fields], [sku, *fields.values()]])
            self.import_products(out.getvalue())
            if not single_source and fields.get("qty", "0") == "0":
                self.unassign(sku, "default")

    def unassign(self, sku: str, source: str) -> None:
        """Delete a source item; that at `default` is that of the legacy stock item."""
        self.source_items.pop((source, sku), None)
        if source == "default":
            self.stock_items[sku] |= {"qty": "0", "is_in_stock": "0"}

    def post_low_quantities(self, payload: str) -> None:
        """POST /V1/inventory/low-quantity-notification, which sets the legacy stock item for `default`, too.

        Where `default` is not the only source.
        """
        for row in json.loads(payload, parse_float=Decimal)["sourceItemConfigurations"]:
            if row["source_code"] == "default":
                low = row["notify_stock_qty"]
                values = {"notify_stock_qty": str(low), "use_config_notify_stock_qty": str(int(low == 0))}
                self.stock_items[row["sku"]] |= values

    def policy(self, sku: str) -> Policy:
        """What is in force for a product."""
        item = self.stock_items[sku]
        values = {name: self.config[name] if item[flag] == "1" else item[name] for name, (_, flag) in COLUMNS.items()}
        return Policy(
            Decimal(values["manage_stock"]) == 1, int(Decimal(values["backorders"])), Decimal(values["min_qty"])
        )

    def counting(self, sku: str, sources: Mapping[str, bool]) -> tuple[list[Decimal], int]:
        """The quantities that count in a stock of these sources (each enabled or not), and how many items it has."""
        items = [(at, *self.source_items[at, sku]) for at in sources if (at, sku) in self.source_items]
        return [quantity for at, status, quantity in items if status and sources[at]], len(items)


def ours(answer: Salability, n: Decimal) -> Answer:
    asked = order_from(answer, n)
    return Answer(answer.salable, asked.ships_now, asked.backordered, asked.customer_notice)


def limits(store: Store) -> Iterator[Decimal]:
    """Quantities on and beside the thresholds of a store."""
    for settings in (store.settings, *(source.settings for source in store.sources.values())):
        limit = abs(Decimal(str(settings.get("out_of_stock_threshold", 3))))
        yield from (limit, limit + 1, limit + STEP, max(limit - STEP, ZERO))


def variations(store: Store, product: Product, stock: str | None, count: int, random: Random) -> Iterator[Salability]:
    """Our answers in the stock for quantities of 0 or more and reservations of every size, on and beside each limit."""
    if stock is None:
        yield evaluate(store, product.sku)[0]
        return
    numbers = [ZERO, Decimal(1000), *limits(store)]
    for _ in range(count):
        items = {code: item._replace(quantity=random.choice(numbers)) for code, item in product.items.items()}
        reserved = random.choice([ZERO, random.choice(numbers), Decimal(random.randrange(300))])
        changed = product._replace(items=items, reserved={stock: reserved})
        yield answer_of(store, changed, stock)


def answer_of(store: Store, product: Product, stock: str) -> Salability:
    """Our answer for a product in place of the store's."""
    return evaluate_at(replace(store, products={product.sku: product}), product.sku, store.stocks[stock])


def orders(answer: Salability) -> Iterator[Decimal]:
    """Orders on and beside what is on hand and what is salable."""
    for edge in (answer.on_hand, answer.salable, Decimal(1)):
        if edge is not None:
            yield from (n for n in (edge - STEP, edge, edge + STEP) if n > 0)


def random_config(random: Random) -> dict[str, str]:
    """A configuration of Magento's that has nothing to do with a store."""
    return {
        "manage_stock": random.choice("110"),
        "backorders": random.choice("012"),
        "min_qty": random.choice(["0", "-50", "-10", "5", "-0.5"]),
        "notify_stock_qty": random.choice(["1", "10"]),
    }


def random_stock_item(random: Random) -> dict[str, Any]:
    """What Magento may already have for a product."""
    flags = {flag: random.choice("01") for _, flag in COLUMNS.values()}
    quantity = random.choice(["0", "25", "-3"])
    return {**NEW, **random_config(random), **flags, "qty": quantity, "is_in_stock": random.choice("01")}
