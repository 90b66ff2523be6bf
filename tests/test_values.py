"""Values as a file, a person or a previous store give them: what is taken, and what is refused."""

from copy import deepcopy
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stores import built_file, stores

from backorderctl.errors import BackorderctlError, InvalidFile, Mismatch
from backorderctl.store import scalars, settings
from backorderctl.store.load import PreviousBuild, build, load_bytes
from backorderctl.store.model import item_place

DATA: dict[str, Any] = {
    "version": 1,
    "stocks": {"eu": {"sources": ["a"]}, "us": {"sources": []}},
    "sources": {"a": {}, "b": {}},
    "products": {
        "X": {"sources": {"b": {"quantity": 1}}, "stocks": {"us": {"reserved": 1}}},
        "NOWHERE": {},
    },
}
STORE = build(DATA, file="store.toml", text="")


def refused(text: str) -> str:
    with pytest.raises(InvalidFile) as caught:
        load_bytes(text.encode(), "f")
    return caught.value.message


@pytest.mark.parametrize("raw", ["IN_STOCK", "In Stock", "", 1, True])
def test_a_stock_status_in_the_file_is_one_of_two_words(raw: object) -> None:
    with pytest.raises(Mismatch, match="expected in_stock or out_of_stock, got "):
        scalars.status(raw)


@pytest.mark.parametrize("raw", ["NO", "No Backorders", 0, False])
def test_backorders_in_the_file_are_one_of_three_words(raw: object) -> None:
    with pytest.raises(Mismatch, match="expected no, allow or notify, got "):
        settings.BACKORDERS_KIND.from_toml(raw)


@pytest.mark.parametrize("raw", [0, 1, "true"])
def test_a_boolean_in_the_file_is_true_or_false(raw: object) -> None:
    with pytest.raises(Mismatch, match="expected true or false, got "):
        scalars.boolean(raw)


@pytest.mark.parametrize(("typed", "value"), [("yes", True), ("TRUE", True), ("1", True), (" no", False), ("0", False)])
def test_a_boolean_is_typed_in_several_ways(typed: str, value: bool) -> None:
    assert settings.BOOLEAN_KIND.parse(typed) is value


@pytest.mark.parametrize("version", ["true", "1.0", "2", '"1"'])
def test_a_file_of_another_version_is_refused(version: str) -> None:
    assert refused(f"version = {version}\n").startswith("f:1: version: expected 1, got ")


def test_an_accept_names_what_the_file_has() -> None:
    accept = '[[check.accept]]\ncode = "BO101"\nreason = "so"\nsource = "mainn"\nstock = "default"\n'
    assert refused(f"version = 1\n[sources.main]\n{accept}") == (
        "f:6: check.accept[0].source: expected a source of the file, got 'mainn'; did you mean 'main'?"
    )


@pytest.mark.parametrize("gone", [("sources", "b"), ("stocks", "us")])
def test_products_are_read_again_when_a_source_or_stock_is_gone(gone: tuple[str, str]) -> None:
    data = deepcopy(DATA)
    del data[gone[0]][gone[1]]
    with pytest.raises(InvalidFile, match=f"expected a {gone[0].removesuffix('s')} of the file, got '{gone[1]}'"):
        build(data, file="store.toml", text="", known=PreviousBuild(DATA, STORE))


def test_an_unchanged_product_is_not_read_again() -> None:
    data = deepcopy(DATA)
    data["products"]["NOWHERE"] = {"name": "New"}
    new = build(data, file="store.toml", text="", known=PreviousBuild(DATA, STORE))
    assert new.products["X"] is STORE.products["X"]
    assert new.products["NOWHERE"].name == "New"


def test_the_source_items_of_a_product_are_not_read_again_when_it_gets_a_name() -> None:
    data = deepcopy(DATA)
    data["products"]["X"]["name"] = "New"
    new = build(data, file="store.toml", text="", known=PreviousBuild(DATA, STORE))
    assert new.products["X"].items is STORE.products["X"].items
    assert new.products["X"].name == "New"


@given(stores(), st.randoms())
def test_a_store_is_the_same_with_and_without_a_previous_one(data: dict[str, Any], random: Random) -> None:
    changed = deepcopy(data)
    for table in changed["products"].values():
        other = random.choice(list(data["products"].values()))
        for key in table.keys() | other.keys():
            if key in other and random.random() < 0.3:
                table[key] = deepcopy(other[key])
            elif random.random() < 0.1:
                table.pop(key, None)
    assert build(changed, file="store.toml", text="", known=PreviousBuild(data, built_file(data))) == built_file(
        changed
    )


def test_a_product_without_source_items_is_at_no_source() -> None:
    with pytest.raises(BackorderctlError) as caught:
        item_place(STORE, "NOWHERE", "a")
    assert caught.value.message == "product 'NOWHERE' is not at source 'a', but at no source"
