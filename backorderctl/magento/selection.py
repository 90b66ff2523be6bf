"""The rows of an export: one for every product and source item, or only those that differ from an older store's."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from backorderctl.magento.columns import OF_MAGENTO
from backorderctl.magento.export_config import exported_configuration
from backorderctl.magento.export_products import ExportRow, Inheritance, changed_rows, product_rows
from backorderctl.magento.export_sources import SourceItemRow, changed_items, rows_at_default, source_item_rows
from backorderctl.magento.policy_export import Approximate, Compiled, Policy, compiled
from backorderctl.store.model import Product, Store
from backorderctl.store.settings import SETTINGS


@dataclass(frozen=True, slots=True)
class Export:
    """What Magento is to have of a store: a policy for each product but the `refused` ones, and every source item.

    `approximated` are the policies that are not exact. `at_default` are rows for products whose stock is managed and
    that are not at Magento's source `default`. `unanswered` is how many products inherit which keys, where
    nobody says what Magento's configuration has.
    """

    store: Store
    policies: Sequence[tuple[Product, Policy]]
    approximated: Sequence[tuple[Compiled, Policy]]
    refused: Sequence[Compiled]
    rows: Sequence[ExportRow]
    items: Sequence[SourceItemRow]
    at_default: Sequence[SourceItemRow]
    unanswered: tuple[int, Collection[str]]

    @property
    def inherited(self) -> set[str]:
        """The keys that any product inherits from Magento's configuration."""
        return {key for row in self.rows for key in row.inherited}


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows to write, and the SKUs and source items that an older store has and the store has no longer.

    `inheriting` are the SKUs that inherit a value of [global] that is another one in the older store, `configuration`
    the settings of which this is so and that no row can hold.
    """

    rows: Sequence[ExportRow]
    items: Sequence[SourceItemRow]
    gone: Sequence[str] = ()
    gone_items: Sequence[SourceItemRow] = ()
    inheriting: Sequence[str] = ()
    configuration: Sequence[str] = ()


def export(
    store: Store,
    inheritance: Inheritance,
    *,
    stock: str | None,
    approximate: Approximate | None,
    quantities: bool = False,
) -> Export:
    """The export of a store, for `stock` or for all stocks where that is None or not one of its own."""
    policies: list[tuple[Product, Policy]] = []
    approximated: list[tuple[Compiled, Policy]] = []
    refused: list[Compiled] = []
    for each in compiled(store, stock=stock if stock in store.stocks else None):
        policy = each.policy(approximate)
        if policy is None:
            refused.append(each)
            continue
        policies.append((each.product, policy))
        if not each.exact:
            approximated.append((each, policy))
    rows = list(product_rows(store, policies, inheritance, quantities=quantities))
    return Export(
        store=store,
        policies=policies,
        approximated=approximated,
        refused=refused,
        rows=rows,
        items=list(source_item_rows(store)),
        at_default=list(rows_at_default(store, [each.sku for each, policy in policies if policy.managed])),
        unanswered=_unanswered(rows, inheritance),
    )


def _unanswered(rows: Sequence[ExportRow], inheritance: Inheritance) -> tuple[int, Collection[str]]:
    keys = {key for row in rows for key in row.inherited & inheritance.unknown}
    products = sum(not row.inherited.isdisjoint(inheritance.unknown) for row in rows)
    return products, [key for key in SETTINGS if key in keys]


def select_rows(new: Export, old: Export | None) -> Selection:
    """All rows of an export, or those that differ from an older one's."""
    items = [*new.items, *new.at_default]
    if old is None:
        return Selection(new.rows, items)
    rows = list(changed_rows(new.rows, old.rows))
    return Selection(
        rows=rows,
        items=list(changed_items(items, [*old.items, *old.at_default], written={row.sku for row in rows})),
        gone=[sku for sku in old.store.products if sku not in new.store.products],
        gone_items=gone_items(items, old.items),
        inheriting=list(_inheriting_changes(new, old)),
        configuration=[
            key
            for key, value in exported_configuration(new.store).items()
            if SETTINGS[key].csv_column is None and value != exported_configuration(old.store)[key]
        ],
    )


def _inheriting_changes(new: Export, old: Export) -> Iterator[str]:
    values, older = exported_configuration(new.store), exported_configuration(old.store)
    changed = [place for place, row in enumerate(OF_MAGENTO) if values[row.key] != older[row.key]]
    for row in new.rows if changed else ():
        in_force = row.in_force[-len(OF_MAGENTO) :]
        if any(in_force[place] is None for place in changed):
            yield row.sku


def gone_items(items: Sequence[SourceItemRow], old: Sequence[SourceItemRow]) -> list[SourceItemRow]:
    """The source items of an older store that the store has no longer."""
    kept = {(row.source, row.sku) for row in items}
    return [row for row in old if (row.source, row.sku) not in kept]
