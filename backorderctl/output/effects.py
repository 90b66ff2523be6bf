"""What a change means for products, in words: each change by itself, and what happens to how many."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal

from backorderctl.output.format import Cell, counted, plain_text
from backorderctl.policy.product_changes import Consequence, FieldChange, ProductChange

NAMED = 3
"""So many products are named in a phrase; of more, only what happens to them is counted."""
_WORDS = {
    Consequence.BECOMES_UNLIMITED: ("becomes unlimited", "become unlimited"),
    Consequence.GOES_OUT_OF_STOCK: ("goes out of stock", "go out of stock"),
    Consequence.REMOVED: ("is removed", "are removed"),
    Consequence.LEAVES_STOCK: ("leaves a stock", "leave a stock"),
    Consequence.NO_LONGER_UNLIMITED: ("is no longer unlimited", "are no longer unlimited"),
    Consequence.STOPS_BACKORDERS: ("stops taking backorders", "stop taking backorders"),
    Consequence.LESS_SALABLE: ("sells less", "sell less"),
    Consequence.NO_LONGER_NOTIFIED: ("no longer notifies customers", "no longer notify customers"),
    Consequence.NOTIFIED: ("notifies customers", "notify customers"),
    Consequence.MORE_SALABLE: ("sells more", "sell more"),
    Consequence.STARTS_BACKORDERS: ("starts taking backorders", "start taking backorders"),
    Consequence.ENTERS_STOCK: ("enters a stock", "enter a stock"),
    Consequence.BACK_IN_STOCK: ("comes back in stock", "come back in stock"),
    Consequence.ADDED: ("is added", "are added"),
}
"""What a summary says of one product and of several; other consequences are no news without their figures."""
_SAID_BY_FIGURES = (Consequence.LESS_SALABLE, Consequence.MORE_SALABLE)
"""What is not said again where each product is named with what can be sold of it."""
_FIRST = ("salable", "backorderable")
"""The fields that are named before the others, which follow in their own order."""


def describe_consequences(products: Iterable[ProductChange], *, but: Collection[Consequence] = ()) -> Iterator[str]:
    """What happens to products in at least one stock, in words, each product counted once a consequence."""
    skus: dict[Consequence, set[str]] = {}
    for change in products:
        for consequence in change.consequences:
            skus.setdefault(consequence, set()).add(change.sku)
    for consequence, (one, several) in _WORDS.items():
        if consequence not in but and (count := len(skus.get(consequence, ()))):
            yield f"{count} {one if count == 1 else several}"


def backorderable_units(products: Iterable[ProductChange]) -> str:
    """By how many units what can be backordered changes in all, where it is limited before and after.

    `-9,812 backorderable units`; nothing where it stays.
    """
    units = Decimal(0)
    for change in products:
        for field, old, new in change.fields:
            if field == "backorderable" and isinstance(old, Decimal) and isinstance(new, Decimal):
                units += new - old
    return f"{'+' if units > 0 else ''}{units.normalize():,f} backorderable units" if units else ""


def field_words(change: ProductChange) -> Iterator[str]:
    """Each field that changes, the status with its reason and what can be sold before the rest."""
    fields = {field.field: field for field in change.fields}
    status = fields.get("status")
    if change.worst in (Consequence.ADDED, Consequence.REMOVED):
        yield str(change.worst)
    elif change.source is not None:
        yield from (f"{field.field} at {change.source} {_before_and_after(field)}" for field in change.fields)
    elif status is not None and None in (status.old, status.new):
        yield _entry_words(change.stock, status, fields["salable"])
    else:
        if status is not None:
            reason = fields.pop("reason", None)
            yield f"status {_before_and_after(status)}{f' ({reason.new})' if reason and reason.new else ''}"
        order = sorted(fields, key=lambda field: _FIRST.index(field) if field in _FIRST else len(_FIRST))
        yield from (f"{field} {_before_and_after(fields[field])}" for field in order if field != "status")


def _entry_words(stock: str | None, status: FieldChange, salable: FieldChange) -> str:
    """That a stock begins or ceases to sell from a source that has the product."""
    if stock is None:
        return "no stock sells it now" if status.old is None else "a stock sells it now"
    if status.old is None:
        return f"enters the stock: {status.new}, salable {plain_text(salable.new)}"
    return f"leaves the stock: was {status.old}, salable {plain_text(salable.old)}"


def _before_and_after(field: FieldChange) -> str:
    """A field before and after: `225 -> 75`."""
    return " -> ".join("none" if value is None else plain_text(value) for value in (field.old, field.new))


def describe_value(value: Cell) -> str:
    """A written value in words; `not set` for none."""
    return "not set" if value is None else plain_text(value)


def describe_effects(products: Sequence[ProductChange]) -> Iterator[str]:
    """What follows for products, in words: each by name where they are few, and what happens to how many."""
    skus = list(dict.fromkeys(change.sku for change in products))
    if len(skus) > NAMED:
        yield from describe_consequences(products)
        yield f"{counted(len(skus), 'product')} in all"
        return
    for change in products:
        stock = f" in {change.stock}" if sum(each.sku == change.sku for each in products) > 1 else ""
        yield f"{change.sku}{stock} {_salable(change)}"
    yield from describe_consequences(products, but=_SAID_BY_FIGURES)


def _salable(change: ProductChange) -> str:
    """What can be sold, or where that stays, whatever else changes."""
    shown = [field for field in change.fields if field.field == "salable"] or change.fields[:1]
    return " ".join(f"{field.field} {_before_and_after(field)}" for field in shown)
