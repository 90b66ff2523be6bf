"""Single values: quantities at the limits of DECIMAL(12,4): what is read, what is refused, and how they are printed."""

from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from backorderctl.errors import Mismatch
from backorderctl.store.scalars import format_quantity, parse_quantity, quantity_from_toml, toml_repr

LIMIT = 100_000_000


@pytest.mark.parametrize("raw", [LIMIT - 1, 1 - LIMIT, Decimal("99999999.9999"), Decimal("-99999999.9999"), 0])
def test_the_largest_quantities_are_read(raw: int | Decimal) -> None:
    assert quantity_from_toml(raw) == raw


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (LIMIT, "expected a number of at most 8 digits before the point, got 100000000"),
        (-LIMIT, "expected a number of at most 8 digits before the point, got -100000000"),
        (Decimal(LIMIT), "expected a number of at most 8 digits before the point, got 100000000"),
        (Decimal(-LIMIT), "expected a number of at most 8 digits before the point, got -100000000"),
        (10**40, "expected a number of at most 8 digits before the point, got a number of more than 40 digits"),
        (Decimal("0.00001"), "expected a number of at most 4 decimal places, got 0.00001"),
        (Decimal("inf"), "expected a number, got inf"),
        (Decimal("nan"), "expected a number, got nan"),
        (True, "expected a number, got true"),
        ("5", "expected a number, got '5'"),
    ],
    ids=repr,
)
def test_a_number_that_magento_cannot_hold_is_refused(raw: Any, message: str) -> None:
    with pytest.raises(Mismatch) as caught:
        quantity_from_toml(raw)
    assert str(caught.value) == message


def test_a_minimum_is_the_least_that_is_read() -> None:
    assert quantity_from_toml(0, minimum=Decimal(0)) == 0
    assert parse_quantity("0", minimum=Decimal(0)) == 0
    for read in (partial(quantity_from_toml, -1), partial(parse_quantity, "-1")):
        with pytest.raises(Mismatch, match="expected 0 or more, got -1"):
            read(minimum=Decimal(0))


@pytest.mark.parametrize("typed", ["1e3", "", "1,5", "5x", "0x10", "1_000", "٣", "--5"])
def test_only_plain_decimal_numbers_are_typed(typed: str) -> None:
    with pytest.raises(Mismatch):
        parse_quantity(typed)


@pytest.mark.parametrize(("typed", "printed"), [(" -50 ", "-50"), ("+5.", "5"), (".25", "0.25"), ("1.5000", "1.5")])
def test_a_typed_number_is_printed_in_its_shortest_form(typed: str, printed: str) -> None:
    assert format_quantity(parse_quantity(typed)) == printed


def test_zero_has_no_sign_and_large_numbers_have_no_exponent() -> None:
    assert str(quantity_from_toml(Decimal("-0.0"))) == "0.0"
    assert format_quantity(Decimal("-0.0")) == "0"
    assert format_quantity(Decimal("1E+7")) == "10000000"


def test_a_long_value_is_quoted_on_one_line() -> None:
    assert toml_repr("x" * 58) == "'" + "x" * 58 + "'"
    assert toml_repr("x" * 59) == "'" + "x" * 56 + "..."
    assert toml_repr([1]) == "an array"
    assert toml_repr({}) == "a table"
