"""Where Magento has another policy than an export of the store file would give it: both compared in effect."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from operator import eq
from typing import NamedTuple

from backorderctl.magento.columns import Inherited, SettingCell, Unmarked
from backorderctl.magento.export_config import exported_configuration
from backorderctl.magento.policy_export import Policy, compile_product
from backorderctl.magento.report import OtherInMagento
from backorderctl.policy.evaluate import Salability, effective_threshold, evaluate_each, takes_backorders
from backorderctl.store.model import Product, Store
from backorderctl.store.settings import (
    BACKORDERS,
    DEFAULTS,
    MANAGE_STOCK,
    THRESHOLD,
    Backorders,
    Scope,
    Settings,
    Value,
)


class RowCells(NamedTuple):
    """The cells of a product's settings in a product CSV."""

    product: Product
    cells: Mapping[str, SettingCell]


def differences(
    stores: Sequence[Store], rows: Sequence[RowCells], configuration: Settings
) -> Iterator[tuple[str, Sequence[OtherInMagento], frozenset[str]]]:
    """Of each product: its SKU, how Magento differs, and the keys that anything in the store file sets for it.

    Magento agrees when it has what any of the stores exports, exact or approximated, in all stocks or for one of them.
    Of Magento's `configuration` the keys that are not known are as each store exports them.
    """
    answers = [evaluate_each(store, [store.products[row.product.sku] for row in rows]) for store in stores]
    configurations = [{**exported_configuration(store), **configuration} for store in stores]
    for row, *found in zip(rows, *answers, strict=True):
        first: list[OtherInMagento] | None = None
        for store, magentos_configuration, in_stocks in zip(stores, configurations, found, strict=True):
            product = store.products[row.product.sku]
            magentos = dict(_in_magento(row, magentos_configuration))
            own = {**exported_configuration(store), **product.settings}
            for policy in _policies(product, in_stocks):
                differing = list(_differing(product.sku, policy, own, magentos))
                first = differing if first is None or not differing else first
        yield row.product.sku, first or [], _written(found[0])


def configuration_differences(stores: Sequence[Store], configuration: Settings) -> Iterator[OtherInMagento]:
    """The values of [global] that Magento has otherwise, in effect, than any of the stores exports them."""
    exported = [exported_configuration(store) for store in stores]
    for key, magentos in configuration.items():
        in_magento = [_effective(key, {**values, **configuration}) for values in exported]
        ours = [_effective(key, values) for values in exported]
        same = magentos == stores[-1].settings.get(key) or any(map(eq, ours, in_magento))
        if key in stores[-1].settings and not same:
            yield OtherInMagento(key, None, exported[0][key], magentos)


def _effective(key: str, values: Settings) -> Value:
    """A global value; a threshold as it is in effect with the backorders beside it."""
    value, backorders = values[key], values[BACKORDERS.key]
    if key == THRESHOLD.key and isinstance(value, Decimal) and isinstance(backorders, Backorders):
        return effective_threshold(value, backorders=takes_backorders(backorders))
    return value


def _in_magento(row: RowCells, configuration: Settings) -> Iterator[tuple[str, Value]]:
    """The values that are in force in Magento, of the settings that its row has cells for."""
    for key, cell in row.cells.items():
        match cell:
            case Inherited():
                yield key, configuration[key]
            case Unmarked():
                if key in row.product.settings:
                    yield key, cell.value
            case _:
                yield key, cell


def _policies(product: Product, answers: Sequence[Salability]) -> Iterator[Policy]:
    """What an export may give to Magento for a product, the best first."""
    compiled = compile_product(product, answers)
    yield from (policy for policy in (compiled.safe, compiled.generous) if policy is not None)
    if len(answers) > 1 and not compiled.exact:
        for answer in answers:
            yield from _policies(product, [answer])


def _differing(sku: str, policy: Policy, own: Settings, magentos: Settings) -> Iterator[OtherInMagento]:
    managed = magentos.get(MANAGE_STOCK.key, policy.managed)
    if managed != policy.managed:
        yield OtherInMagento(MANAGE_STOCK.key, sku, policy.managed, managed)
    backorders = magentos.get(BACKORDERS.key, policy.backorders)
    if managed or policy.managed:
        if backorders != policy.backorders:
            yield OtherInMagento(BACKORDERS.key, sku, policy.backorders, backorders)
        threshold = magentos.get(THRESHOLD.key)
        if isinstance(threshold, Decimal) and isinstance(backorders, Backorders):
            effective = effective_threshold(threshold, backorders=takes_backorders(backorders))
            if effective != policy.threshold:
                yield OtherInMagento(THRESHOLD.key, sku, policy.threshold, threshold)
    for key, value in magentos.items():
        if key not in (MANAGE_STOCK.key, BACKORDERS.key, THRESHOLD.key) and value != own[key]:
            yield OtherInMagento(key, sku, own[key], value)


def _written(answers: Iterable[Salability]) -> frozenset[str]:
    """The keys whose value in force anything sets, so that it is not our default."""
    places = [values for answer in answers for values in (answer.settings, *(item.settings for item in answer.items))]
    return frozenset(key for key in DEFAULTS if any(values[key].origin.scope is not Scope.DEFAULT for values in places))
