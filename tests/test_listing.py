"""What every answer is written with."""

import json

from backorderctl.output.listing import dumps


def test_an_indented_document_is_json_whatever_the_names() -> None:
    document = {"name": "Größe \x1b\u202e\n日本茶", "rows": [1, 2]}
    text = dumps(document, indent=2)
    assert json.loads(text) == document
    assert text.splitlines()[0] == "{"
    assert "\x1b" not in text
    assert "\u202e" not in text
