"""The command that makes several edits at once."""

from collections.abc import Sequence, Set

from backorderctl.check.registry import ValueEdit
from backorderctl.errors import CommandLine
from backorderctl.store.model import Place, Values
from backorderctl.store.settings import format_value
from backorderctl.store.sku import matches


def bulk_command(store: Values, edits: Sequence[ValueEdit]) -> CommandLine | None:
    """One command that makes exactly these edits: of one place, or of the products that a glob matches; or None."""
    first = edits[0]
    alike = {(edit.key, edit.value, edit.place._replace(product=None)) for edit in edits}
    if len(alike) > 1:
        return None
    verb = "unset" if first.value is None else "set"
    names = (first.key,) if first.value is None else (first.key, format_value(first.value))
    if len(edits) == 1:
        return CommandLine(("config", verb), names, scope_options(first.place))
    source = first.place.source
    known = [
        sku for sku, product in store.products.items() if source is None or product.item_settings(source) is not None
    ]
    glob = matching_glob({str(edit.place.product) for edit in edits}, known)
    if glob is None:
        return None
    return CommandLine(("config", verb), names, (("--match", glob), *((("--source", source),) if source else ())))


def matching_glob(skus: set[str], known: Sequence[str]) -> str | None:
    """A glob that matches exactly these of the known SKUs; None where no beginning or end sets them apart."""
    if len(skus) == len(known):
        return "*"
    start = _common_beginning(skus)
    end = _common_beginning({sku[::-1] for sku in skus})[::-1]
    for parts in ((start, ""), ("", end), (start, end)):
        glob = "*".join("".join(f"[{char}]" if char in "*?[" else char for char in part) for part in parts)
        if glob != "*" and {sku for sku in known if matches(sku, glob)} == skus:
            return glob
    return None


def _common_beginning(names: Set[str]) -> str:
    first, last = min(names), max(names)
    return first[
        : next((n for n, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    ]


def scope_options(place: Place) -> tuple[tuple[str, str], ...]:
    """The options that name a place on the command line."""
    options = (("--stock", place.stock), ("--product", place.product), ("--source", place.source))
    return tuple((option, name) for option, name in options if name is not None)
