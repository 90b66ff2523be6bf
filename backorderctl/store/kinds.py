"""The kinds of values that settings take: how each is typed, read from TOML, described, and written for Magento."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from backorderctl.errors import Mismatch
from backorderctl.store import quantity


class Backorders(StrEnum):
    """What happens when the shelf is empty, in the order of Magento's 0, 1 and 2."""

    NO = "no"
    ALLOW = "allow"
    NOTIFY = "notify"


LABELS = {
    Backorders.NO: "No Backorders",
    Backorders.ALLOW: "Allow Qty Below 0",
    Backorders.NOTIFY: "Allow Qty Below 0 and Notify Customer",
}
"""The Admin's labels of the values of Backorders."""

Value = Backorders | Decimal | bool
V = TypeVar("V", Backorders, Decimal, bool)


class Kind(NamedTuple, Generic[V]):
    """The values a setting takes. Each reader raises Mismatch for anything else.

    `type` names the values for a person, `choices` lists them where there are few. `parse` reads what a person types,
    `from_toml` a parsed TOML value, `from_magento` a cell or configuration value of Magento's, which `config_value` and
    `csv_cell` write. `schema` is the JSON Schema of a value.
    """

    type: str
    choices: tuple[str, ...]
    parse: Callable[[str], V]
    from_toml: Callable[[Any], V]
    from_magento: Callable[[str], V]
    config_value: Callable[[Any], str]
    csv_cell: Callable[[Any], str]
    schema: Mapping[str, Any]


def boolean(raw: Any) -> bool:
    """A parsed TOML boolean; Mismatch otherwise."""
    if isinstance(raw, bool):
        return raw
    raise Mismatch("true or false", quantity.toml_repr(raw))


def _parse_boolean(typed: str) -> bool:
    if (answer := _BOOLEANS_TYPED.get(typed.strip().casefold())) is not None:
        return answer
    raise Mismatch("true or false", repr(typed))


def _backorders(raw: Any) -> Backorders:
    if isinstance(raw, str) and raw in _BACKORDERS:
        return _BACKORDERS[raw]
    raise Mismatch("no, allow or notify", quantity.toml_repr(raw))


def _parse_backorders(typed: str) -> Backorders:
    """Our words, the Admin's labels or Magento's 0, 1 and 2."""
    if (word := _BACKORDERS_TYPED.get(typed.strip().casefold())) is not None:
        return word
    raise Mismatch("no, allow or notify", repr(typed))


def _without_decimals(text: str) -> str:
    """Magento's `1.0000` as 1."""
    return re.sub(r"\.0*$", "", text.strip())


def _magento_number(minimum: Decimal | None, text: str) -> Decimal:
    return quantity.shortest(quantity.parse_quantity(text, minimum=minimum))


def number(*, minimum: Decimal | None = None) -> Kind[Decimal]:
    """Numbers of at most 8 digits and 4 decimals, none below `minimum`."""
    read = partial(quantity.quantity_from_toml, minimum=minimum)
    bounds = {"exclusiveMinimum": -int(quantity.LIMIT)} if minimum is None else {"minimum": int(minimum)}
    return Kind(
        type="number" if minimum is None else f"number, {quantity.format_quantity(minimum)} or more",
        choices=(),
        parse=partial(quantity.parse_quantity, minimum=minimum),
        from_toml=quantity.quantity_from_toml if minimum is None else read,
        from_magento=partial(_magento_number, minimum),
        config_value=quantity.format_quantity,
        csv_cell=quantity.format_magento_number,
        schema={"type": "number", **bounds, "exclusiveMaximum": int(quantity.LIMIT)},
    )


_NUMBERS = {word: str(number) for number, word in enumerate(Backorders)}
_BACKORDERS = {word.value: word for word in Backorders}
_BACKORDERS_TYPED = {
    spelling.casefold(): word for word in Backorders for spelling in (word.value, LABELS[word], _NUMBERS[word])
}
_BOOLEANS_TYPED = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
BACKORDERS = Kind(
    type=", ".join(Backorders),
    choices=tuple(Backorders),
    parse=_parse_backorders,
    from_toml=_backorders,
    from_magento=lambda text: _parse_backorders(_without_decimals(text)),
    config_value=_NUMBERS.__getitem__,
    csv_cell=_NUMBERS.__getitem__,
    schema={"enum": [word.value for word in Backorders]},
)
BOOLEAN = Kind(
    type="true, false",
    choices=("true", "false"),
    parse=_parse_boolean,
    from_toml=boolean,
    from_magento=lambda text: _parse_boolean(_without_decimals(text)),
    config_value="{:d}".format,
    csv_cell="{:d}".format,
    schema={"type": "boolean"},
)


def format_value(value: Value) -> str:
    """The value as it is typed and printed: `notify`, `-50`, `true`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return quantity.format_quantity(value) if isinstance(value, Decimal) else value.value
