"""What each command prints in each format is what its golden document holds (`tests/golden.py`)."""

import golden
import pytest

COMMANDS = golden.commands()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_prints_its_golden_document(name: str) -> None:
    on_a_terminal = name.startswith(golden.SCREEN)
    assert golden.document(COMMANDS[name], on_a_terminal=on_a_terminal) == (golden.GOLDEN / f"{name}.txt").read_bytes()


def test_every_golden_document_belongs_to_a_command_and_format() -> None:
    assert {path.stem for path in golden.GOLDEN.glob("*.txt")} == set(COMMANDS)
