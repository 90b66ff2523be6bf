"""The history of a store file: what each commit changes in effect, and which one set each value in force."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, TextIO

from backorderctl.files.git_history import Version
from backorderctl.output import diff, listing
from backorderctl.output.effects import NAMED, describe_effects, describe_value
from backorderctl.output.entries import describe_values
from backorderctl.output.format import Cell, Output, counted, describe_days, describe_place_in_full
from backorderctl.output.listing import Listing
from backorderctl.output.table import KEY, Column
from backorderctl.policy.diff import NO_DIFFERENCE, Difference, EntryChange, SettingChange
from backorderctl.policy.history import Blamed, HistoryStep
from backorderctl.store.model import ScheduleEntry

MOST_CAUSES = 2
"""So many settings of a commit are written out in a row; the others are counted."""
NOT_COMMITTED = "not committed"
_LOG = (
    Column("commit", rank=KEY),
    Column("date", rank=KEY),
    Column("author"),
    Column("settings", number=True),
    Column("products", number=True),
    Column("change", fold=True),
)
_OF_COMMIT = ("commit", "date", "author", "subject")
_BLAME = (
    Column("key", rank=KEY),
    Column("value"),
    Column("stock", rank=1),
    Column("source", rank=1),
    Column("from"),
    *map(Column, _OF_COMMIT),
)


def show_log(
    steps: Iterable[HistoryStep],
    output: Output,
    out: TextIO,
    *,
    limit: int | None,
    branch: Callable[[Version], list[str]],
) -> int:
    """Write a row for each step that changes something in effect, at most `limit`; give how many others there are.

    `branch` names the commits that a merge brought in.
    """
    others = 0

    def effective() -> Iterator[HistoryStep]:
        nonlocal others
        shown = 0
        for step in steps:
            if step.error is None and not step.difference:
                others += 1
                continue
            yield step
            shown += 1
            if shown == limit:
                return

    match output:
        case Output.JSON:
            _json(effective(), out, lambda: others, branch)
        case Output.CSV:
            columns = tuple(map(Column, (*_OF_COMMIT, *diff.CSV_COLUMNS)))
            listing.show(Listing("changes", columns, _csv_rows(effective())), output, out)
        case _:
            listing.show(Listing("commits", _LOG, list(map(_row, effective()))), output, out)
    return others


def _row(step: HistoryStep) -> tuple[Cell, ...]:
    commit = step.version.commit
    head = (commit.short, str(step.day), commit.author)
    if step.difference is None:
        return (*head, None, None, f"not a valid store file: {step.error}")
    difference = step.difference
    skus = {change.sku for change in _products(difference)}
    return (
        *head,
        len(difference.settings) + len(difference.schedule),
        len(skus),
        describe_change(difference, first=step.is_first),
    )


def _products(difference: Difference) -> Iterator[Any]:
    """The changes of products, those on the first days of entries included."""
    yield from difference.products
    for entry in difference.schedule:
        yield from entry.effect.products


def describe_change(difference: Difference, *, first: bool = False) -> str:
    """A difference in one line: its causes and what follows; of a first version, the number of products."""
    if first:
        return f"first version: {counted(len({change.sku for change in difference.products}), 'product')}"
    effects = list(describe_effects(difference.products))
    if _of_one_product(difference):
        causes = ", ".join(f"{each.key} {_before_and_after(each)}" for each in difference.settings)
        return f"{effects[0]} ({causes})" + "".join(f"; {effect}" for effect in effects[1:])
    parts = list(map(_cause, difference.settings[:MOST_CAUSES]))
    if more := len(difference.settings) - MOST_CAUSES:
        parts += [f"{counted(more, 'more setting')}"] if more > 0 else []
    consequences = [", ".join(effects)] if effects else []
    return "; ".join([*parts, *consequences, *map(_scheduled, difference.schedule)])


def _of_one_product(difference: Difference) -> bool:
    """Whether a few settings of one product change it in one stock, which is said shortest."""
    settings, products = difference.settings, difference.products
    if difference.schedule or len(products) != 1 or not 0 < len(settings) <= MOST_CAUSES:
        return False
    return all(each.place.product == products[0].sku and each.place.source is None for each in settings)


def _cause(change: SettingChange) -> str:
    return f"{describe_place_in_full(change.place)} {change.key}: {_before_and_after(change)}"


def _before_and_after(change: SettingChange) -> str:
    return f"{describe_value(change.old)} -> {describe_value(change.new)}"


def _scheduled(change: EntryChange) -> str:
    """An entry of the schedule and the products that it changes on its first day."""
    if change.new is None:
        words = f"no longer scheduled: {_entry(change.old)}" if change.old else ""
    else:
        was = f" (was {_entry(change.old)})" if change.old else ""
        words = f"schedule: {_entry(change.new)}{was}"
    skus = list(dict.fromkeys(product.sku for product in change.effect.products))
    if not skus:
        return words
    named = ", ".join(skus) if len(skus) <= NAMED - 1 else f"{skus[0]} and {len(skus) - 1} more"
    return f"{words}; {named} {'then' if change.new else f'from {change.day}'}"


def _entry(entry: ScheduleEntry) -> str:
    return f"{describe_place_in_full(entry.place)} {describe_values(entry)}, {describe_days(entry)}"


def _csv_rows(steps: Iterable[HistoryStep]) -> Iterator[tuple[Cell, ...]]:
    for step in steps:
        head = _of_commit(step)
        if step.difference is None:
            yield (*head, "error", *(None,) * (len(diff.CSV_COLUMNS) - 2), step.error)
        else:
            yield from ((*head, *row) for row in diff.csv_rows(step.difference))


def _of_commit(step: HistoryStep) -> tuple[Cell, ...]:
    commit = step.version.commit
    return (commit.name, str(step.day), commit.author, commit.subject)


def _json(
    steps: Iterable[HistoryStep], out: TextIO, others: Callable[[], int], branch: Callable[[Version], list[str]]
) -> None:
    out.write('{"commits": [')
    separator = "\n"
    for step in steps:
        head = dict(zip(_OF_COMMIT, _of_commit(step), strict=True)) | {"branch": branch(step.version)}
        out.write(separator + listing.dumps(head)[:-1] + f', "error": {listing.dumps(step.error)}, ')
        diff.write_difference(step.difference or NO_DIFFERENCE, out)
        out.write("}")
        separator = ",\n"
    out.write(("\n" if separator != "\n" else "") + f'], "text_only": {others()}}}\n')


def show_blame(values: Iterable[Blamed], output: Output, out: TextIO) -> None:
    """Write a row for each value in force, with the commit that put it in force."""
    rows = list(map(partial(_blame_row, output=output), values))
    listing.show(Listing("values", _BLAME, rows), output, out)


def _blame_row(blamed: Blamed, output: Output) -> tuple[Cell, ...]:
    seen, version = blamed.seen, blamed.version
    place = seen.value.origin
    origin: Cell = describe_place_in_full(place)
    if output is Output.JSON:
        origin = {"scope": str(place.scope), "stock": place.stock, "source": place.source, "product": place.product}
    if version is None:
        commit: tuple[Cell, ...] = (NOT_COMMITTED if output is Output.TABLE else None, None, None, None)
    else:
        made = version.commit
        commit = (made.short if output is Output.TABLE else made.name, str(blamed.day), made.author, made.subject)
    return (seen.value.key, seen.value.value, seen.stock, seen.source, origin, *commit)
