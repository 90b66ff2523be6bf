"""Rules about values that say again what holds anyway, or that nobody hears."""

from collections.abc import Iterator

from backorderctl.check.context import Context, Violation, scope_options
from backorderctl.check.pools import second_allowances, telling
from backorderctl.check.scope_usage import ScopeUsage, has_products, policy_heirs
from backorderctl.policy.resolve import InForce
from backorderctl.store.model import Place
from backorderctl.store.settings import THRESHOLD, format_value


def needless_values(scene: Context, reach: ScopeUsage) -> Iterator[Violation]:
    """BO301, BO302 and BO303: values that change nothing, that win nowhere, and thresholds that are restated.

    Who wins and who would win instead decides it, but for a threshold: an equal one can still make a pool of its own.
    """
    managed = {answer.product.sku for answer in scene.managed}
    restated: list[InForce] = []
    for found in scene.written:
        if found.key == THRESHOLD.key and found.origin.product is not None and found.origin.product not in managed:
            continue
        heirs = reach.heirs.get((found.origin, found.key))
        if heirs is None and has_products(reach, found.origin):
            yield _hit("BO302", found, "wins nowhere: all that it reaches have a value from a narrower scope")
        elif _is_restated(scene, found, heirs or policy_heirs(reach, (found.origin, found.key))):
            restated.append(found)
    yield from _needless(scene, reach, restated)


def _is_restated(scene: Context, found: InForce, heirs: set[Place]) -> bool:
    return bool(heirs) and all(scene.store.set_at(heir)[found.key] == found.value for heir in heirs)


def _needless(scene: Context, reach: ScopeUsage, restated: list[InForce]) -> Iterator[Violation]:
    thresholds = {found.origin for found in restated if found.key == THRESHOLD.key}
    kept = telling(scene, reach, thresholds) if thresholds else set()
    for found in restated:
        if found.key != THRESHOLD.key or found.origin not in kept:
            yield _hit("BO301", found, "changes nothing: it is what would be inherited")
    if thresholds:
        yield from second_allowances(scene, reach, thresholds)


def _hit(code: str, found: InForce, why: str) -> Violation:
    place = found.origin
    says = f"{found.key} = {format_value(found.value)} {why}"
    hint = ("config", "unset", found.key, *scope_options(place))
    return Violation(code, place, says, found.key, place.stock, place.source, place.product, hint=hint)
