"""What changes in effect: a summary, the settings, and what follows for the products."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TextIO, TypeVar

from backorderctl.output import listing
from backorderctl.output.effects import (
    backorderable_units,
    describe_consequences,
    describe_effects,
    describe_value,
    field_words,
)
from backorderctl.output.entries import describe_entry, entry_terms
from backorderctl.output.format import Cell, Output, counted, describe_place_in_full, printable
from backorderctl.output.listing import Listing
from backorderctl.output.settings import describe_unreached, unreached_document
from backorderctl.output.table import Column, Style
from backorderctl.policy.diff import Difference, EntryChange, SettingChange
from backorderctl.policy.product_changes import Consequence, ProductChange, worst_first
from backorderctl.store.settings import Scope

Drawn = TypeVar("Drawn")
"""What a row of a table is made of."""

MOST_LISTED = 20
"""So many settings and products are listed without being asked for."""

_SETTINGS = ("scope", "stock", "source", "product", "key", "old", "new")
CSV_COLUMNS = ("kind", "sku", *_SETTINGS[:4], "field", "old", "new")
_SETTING_COLUMNS = (
    Column("setting at"),
    Column("key"),
    Column("old", style=lambda _: Style.RED),
    Column("new", style=lambda _: Style.GREEN),
    Column("products", number=True, rank=1),
)
_ENTRY_COLUMNS = (Column("schedule"), Column("entry", fold=True), Column("effect", fold=True))
_PRODUCT_COLUMNS = (
    Column("sku"),
    Column("stock"),
    Column("change", fold=True, style=lambda row: _STYLES.get(row[-1])),
    Column("consequence", hidden=True),
)
_STYLES: dict[Cell, Style] = {
    **dict.fromkeys(
        (
            Consequence.BECOMES_UNLIMITED,
            Consequence.GOES_OUT_OF_STOCK,
            Consequence.REMOVED,
            Consequence.LEAVES_STOCK,
            Consequence.STOPS_BACKORDERS,
            Consequence.LESS_SALABLE,
        ),
        Style.RED,
    ),
    **dict.fromkeys(
        (
            Consequence.MORE_SALABLE,
            Consequence.STARTS_BACKORDERS,
            Consequence.BACK_IN_STOCK,
            Consequence.ENTERS_STOCK,
        ),
        Style.GREEN,
    ),
}


def show_difference(difference: Difference, output: Output, out: TextIO, *, everything: bool = False) -> None:
    """Write the difference; a table lists many settings and products only with `everything`."""
    match output:
        case Output.JSON:
            _json(difference, out)
        case Output.CSV:
            listing.show(Listing("changes", tuple(map(Column, CSV_COLUMNS)), csv_rows(difference)), output, out)
        case Output.TABLE:
            _page(difference, out, everything=everything)


def csv_rows(difference: Difference) -> Iterator[tuple[Cell, ...]]:
    """A row for each setting and for each field of a product, as in CSV_COLUMNS."""
    yield from map(_setting_row, difference.settings)
    yield from _product_rows(difference.products)
    yield from map(_entry_row, difference.schedule)


def difference_summary(difference: Difference) -> str:
    """The difference in one line."""
    if not difference:
        return "no effective change"
    products = {change.sku for change in difference.products}
    counts = [counted(len(difference.settings), "setting")]
    if difference.schedule:
        counts.append(counted(len(difference.schedule), "schedule entry"))
    counts.append(counted(len(products), "product"))
    consequences = ", ".join(describe_consequences(difference.products))
    summary = "; ".join(counts) + (f": {consequences}" if consequences else "")
    return "; ".join(filter(None, (summary, backorderable_units(difference.products))))


def _json(difference: Difference, out: TextIO) -> None:
    out.write("{")
    write_difference(difference, out)
    out.write("}\n")


def difference_document(difference: Difference) -> dict[str, object]:
    """The same in memory."""
    return {
        "settings": list(_setting_documents(difference)),
        "products": list(_product_documents(difference)),
        "schedule": list(map(_entry_document, difference.schedule)),
        "unreached": list(map(unreached_document, difference.unreached)),
    }


def write_difference(difference: Difference, out: TextIO) -> None:
    """Write the whole difference as members of a JSON object."""
    write_documents(difference, out)
    out.write(',\n"schedule": ')
    _write_rows((listing.dumps(_entry_document(each)) for each in difference.schedule), out)
    out.write(',\n"unreached": ')
    _write_rows((listing.dumps(unreached_document(each)) for each in difference.unreached), out)


def write_documents(difference: Difference, out: TextIO) -> None:
    """Write the rows of settings and products as members of a JSON object."""
    out.write('"settings": ')
    _write_rows(map(listing.dumps, _setting_documents(difference)), out)
    out.write(',\n"products": ')
    _write_rows(_product_texts(difference), out)


def _setting_documents(difference: Difference) -> Iterator[dict[str, Any]]:
    return (
        dict(zip(_SETTINGS, (*change.place, change.key, change.old, change.new), strict=True))
        for change in difference.settings
    )


def _product_documents(difference: Difference) -> Iterator[dict[str, Any]]:
    return (
        {"sku": change.sku, "stock": change.stock, **field._asdict(), "source": change.source}
        for change in difference.products
        for field in change.fields
    )


def _product_texts(difference: Difference) -> Iterator[str]:
    """The same as JSON texts: what the fields of a product have in common is encoded once, as most rows are these."""
    for change in difference.products:
        begin = f'{{"sku": {listing.dumps(change.sku)}, "stock": {listing.dumps(change.stock)}, "field": '
        end = f', "source": {listing.dumps(change.source)}}}'
        for field, old, new in change.fields:
            yield f'{begin}"{field}", "old": {listing.dumps(old)}, "new": {listing.dumps(new)}{end}'


def _entry_document(change: EntryChange) -> dict[str, Any]:
    """An entry that changes, as JSON has it, with the rows of what follows on its first coming day."""
    return {
        "change": _entry_event(change),
        "old": change.old and entry_terms(change.old),
        "new": change.new and entry_terms(change.new),
        "day": change.day and str(change.day),
        "settings": list(_setting_documents(change.effect)),
        "products": list(_product_documents(change.effect)),
    }


def _entry_row(change: EntryChange) -> tuple[Cell, ...]:
    entries = (change.old, change.new)
    place = next(entry.place for entry in entries if entry is not None)
    return ("schedule", None, *place, _entry_event(change), *(entry and describe_entry(entry) for entry in entries))


def _entry_event(change: EntryChange) -> str:
    if change.old is None:
        return "added"
    return "removed" if change.new is None else "changed"


def _write_rows(rows: Iterable[str], out: TextIO) -> None:
    separator = "["
    for row in rows:
        out.write(separator + row)
        separator = ",\n"
    out.write("[]" if separator == "[" else "]")


def _setting_row(change: SettingChange) -> tuple[Cell, ...]:
    return ("setting", None, *change.place, change.key, change.old, change.new)


def _product_rows(products: Iterable[ProductChange]) -> Iterator[tuple[Cell, ...]]:
    for change in products:
        for field in change.fields:
            yield ("product", change.sku, None, change.stock, change.source, None, *field)


def _page(difference: Difference, out: TextIO, *, everything: bool) -> None:
    out.write(printable(difference_summary(difference)) + "\n")
    few = everything or len(difference.settings) <= MOST_LISTED
    settings = list(map(_setting_cells, difference.settings)) if few else _grouped(difference.settings)
    _section("setting", _SETTING_COLUMNS, settings, tuple, out, everything=everything)
    out.writelines(printable(sentence) + "\n" for sentence in describe_unreached(difference.unreached))
    products = worst_first(difference.products)
    _section("change", _PRODUCT_COLUMNS, products, _product_cells, out, everything=everything)
    _section("schedule entry", _ENTRY_COLUMNS, difference.schedule, _entry_cells, out, everything=everything)


def _section(
    noun: str,
    columns: tuple[Column, ...],
    changes: Sequence[Drawn],
    cells: Callable[[Drawn], tuple[Cell, ...]],
    out: TextIO,
    *,
    everything: bool,
) -> None:
    """A table of the changes, and how many it leaves out; nothing where there are none."""
    if not changes:
        return
    out.write("\n")
    listed = changes if everything else changes[:MOST_LISTED]
    listing.show(Listing(noun, columns, [cells(change) for change in listed]), Output.TABLE, out)
    if more := len(changes) - len(listed):
        out.write(f"{counted(more, f'more {noun}')}: --all lists everything\n")


def _entry_cells(change: EntryChange) -> tuple[Cell, ...]:
    """An entry that changes, and what follows on its first coming day."""
    entries = [describe_entry(entry) for entry in (change.old, change.new) if entry is not None]
    effect = f"{change.day}: {'; '.join(describe_effects(change.effect.products)) or 'no product changes'}"
    return (_entry_event(change), " -> ".join(entries), effect if change.day else "changes nothing")


def _setting_cells(change: SettingChange) -> tuple[Cell, ...]:
    return _setting_line(describe_place_in_full(change.place), change, change.products)


def _setting_line(where: str, change: SettingChange, products: int) -> tuple[Cell, ...]:
    return (where, change.key, describe_value(change.old), describe_value(change.new), products)


def _grouped(changes: Sequence[SettingChange]) -> list[tuple[Cell, ...]]:
    """A line for each change, and one for all products or source items with the same change."""
    groups: dict[object, list[SettingChange]] = {}
    for number, change in enumerate(changes):
        same = (change.place.scope, change.place.source, change.key, change.old, change.new)
        groups.setdefault(same if change.place.product else number, []).append(change)
    return [
        _setting_line(_describe_group(group), group[0], sum(change.products for change in group))
        for group in groups.values()
    ]


def _describe_group(group: Sequence[SettingChange]) -> str:
    place = group[0].place
    if len(group) == 1:
        return describe_place_in_full(place)
    products = counted(len(group), "product")
    return products if place.scope is Scope.PRODUCT else f"{products} at {place.source}"


def _product_cells(change: ProductChange) -> tuple[Cell, ...]:
    return (change.sku, change.stock, "  ".join(field_words(change)), change.worst)
