"""What every answer is written with."""

import json
from decimal import Decimal

from backorderctl.output.listing import dumps


def test_an_indented_document_is_json_whatever_the_names() -> None:
    document = {"name": "Größe \x1b\u202e\n日本茶", "rows": [1, 2]}
    text = dumps(document, indent=2)
    assert json.loads(text) == document
    assert text.splitlines()[0] == "{"
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_a_quantity_is_the_shortest_number_that_is_exact() -> None:
    """A whole one has no decimal point, which a reader of integers would refuse."""
    quantities = {"whole": Decimal("25.0000"), "part": Decimal("0.5000"), "most": Decimal("99999999.9999")}
    assert dumps(quantities) == '{"whole": 25, "part": 0.5, "most": 99999999.9999}'
    assert [dumps(each) for each in quantities.values()] == ["25", "0.5", "99999999.9999"]
