"""Stores with a few bytes changed, and what every command must hold to for any of them."""

from collections.abc import Iterator
from random import Random

from stores import seeded_stores, toml_text

COMMANDS = (
    ("product", "list"),
    ("check", "-q"),
    ("product", "show", "A"),
    ("check", "-q", "-o", "github"),
    ("config", "list", "--all"),
    ("product", "list", "-o", "json"),
)
CONTROL = {chr(code) for code in (*range(32), 127, *range(128, 160))} - {"\n"}
PIECES = (
    b"[",
    b"]",
    b"=",
    b'"',
    b"'",
    b"\n",
    b"\x1b[31m",
    b"\x00",
    b"\xff",
    b"\r",
    b"nan",
    b"1e999",
    b"'''",
    b"{",
    b".",
    b"\\u202e",
)


def mutated_stores(count: int, *, seed: int) -> Iterator[bytes]:
    """The bytes of random stores, changed in one to four places."""
    random = Random(seed)
    for data in seeded_stores(count, seed=seed + 1):
        content = bytearray(toml_text(data).encode())
        for _ in range(random.randint(1, 4)):
            at = random.randrange(len(content))
            content[at : at + random.choice((0, 0, 1, 5))] = random.choice(PIECES)
        yield bytes(content)


def check_answer(words: tuple[str, ...], status: int, out: str, err: str) -> None:
    """Assert that a command has answered or refused: with a status of its own and no control character."""
    assert status in ((0, 1, 2) if words[0] == "check" else (0, 2))
    assert words[0] == "check" or (status == 2) == err.startswith("Error: ")
    assert not CONTROL & {*out, *err}
