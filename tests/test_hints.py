"""The promise of hints on some hundred random stores; `python tests/hints.py` proves it for thousands."""

from typing import Any

import pytest
from hints import counted, prove
from store_shapes import shaped_stores
from stores import seeded_stores


@pytest.mark.parametrize(("stores", "count"), [(seeded_stores, 200), (shaped_stores, 50)], ids=["any", "shaped"])
def test_any_subset_of_the_hints_does_what_the_messages_say(
    stores: Any, count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = prove(stores, count, seed=10)
    with capsys.disabled():
        print(f"\n{counted(seen)}", end=" ")
    assert seen["hints"] > count
    assert seen["changing hints"] > 3
