"""Random TOML documents in every shape that a store file can have, each line known by the table that it belongs to."""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

Path = tuple[str, ...]

# Keys as written, with what they stand for.
KEYS = {
    "X": "X",
    '"24-MB01"': "24-MB01",
    "'C:\\d'": "C:\\d",
    '"a.b"': "a.b",
    '"]#["': "]#[",
    '"caf\\u00e9 \\"x\\""': 'café "x"',
    '""': "",
    "24": "24",
    "'[red]'": "[red]",
}
VALUES = [
    "1",
    "-50",
    "2.5",
    "true",
    "'it \"is\"'",
    '"no"',
    '"a # b"',
    "2027-03-31",
    "1979-05-27 07:32:00Z",
    '["berlin", "lyon"]',
    '[\n  "berlin", # the main one\n["lyon"],\n["products"]\n]',
    '"""\n[products]\n[global] # no header\nx = 1"""',
    "'''\n[[check.accept]]\n''''",
    '{ a = 1, "b" = [ { c = 2 } ] }',
    "{}",
    "[[], [[1]]]",
]
NAMES = {"name": "name", "backorders": "backorders", '"quoted key"': "quoted key", "'status'": "status", "24": "24"}
COMMENTS = ("# [products.X]", "# x = 1", "  # it's", '# three quotes: """')


class Line(NamedTuple):
    """A header, a key with all its lines, a comment or nothing, and the path of what it names."""

    path: Path
    text: str


class Document(NamedTuple):
    """A document's lines, and what stands before, between and after them."""

    lines: Sequence[Line]
    text: str
    endings: str


def document(random: Random) -> Document:
    """A valid TOML document: headers in any order, dotted keys, inline tables, comments and blank lines."""
    lines = [Line(("version",), "version = 1"), *_keys(random, ())] if random.random() < 0.8 else []
    sections = [*_named(random, "sources"), *_products(random), *_global(random)]
    if random.random() < 0.3:
        random.shuffle(sections)
    inline = _inline(random) if random.random() < 0.3 else []
    lines += [*inline, *(line for section in sections for line in section), *_accepts(random)]
    return _joined(random, [line for each in lines for line in _surrounded(random, each)])


def _joined(random: Random, lines: list[Line]) -> Document:
    endings = random.choice(["\n", "\n", "\r\n", "mixed"])
    text = random.choice(["", "", "\ufeff"])
    for line in lines:
        ending = random.choice(["\n", "\r\n"]) if endings == "mixed" else endings
        text += line.text.replace("\n", "\r\n" if ending == "\r\n" else "\n") + ending
    if random.random() < 0.2:
        text = text.removesuffix("\n").removesuffix("\r")
    return Document(lines, text, endings)


def _surrounded(random: Random, line: Line) -> list[Line]:
    """The line with comments and blank lines before it now and then, which belong to nothing yet."""
    above = [Line((), "") for _ in range(random.choice([0, 0, 0, 1, 2]))]
    if random.random() < 0.15:
        above.append(Line((), random.choice(COMMENTS)))
    return [*above, line]


def _keys(random: Random, table: Path) -> list[Line]:
    names = random.sample(sorted(NAMES), random.randrange(4))
    return [Line((*table, NAMES[name]), _key(random, name)) for name in names]


def _key(random: Random, name: str) -> str:
    indent = random.choice(["", "", "", "  ", "\t"])
    equals = random.choice([" = ", " = ", "=", "   =\t"])
    comment = random.choice(["", "", "", " # why", "\t#"])
    return f"{indent}{name}{equals}{random.choice(VALUES)}{comment}"


def _header(random: Random, parts: Sequence[str]) -> str:
    indent, blank = random.choice([("", ""), ("", ""), ("", ""), ("  ", ""), ("", " ")])
    dot = f"{blank}.{blank}"
    return f"{indent}[{blank}{dot.join(parts)}{blank}]{random.choice(['', '', ' # of it'])}"


def _section(random: Random, parts: Sequence[str]) -> list[Line]:
    table = tuple(KEYS.get(part, part.strip('"')) for part in parts)
    return [Line(table, _header(random, parts)), *_keys(random, table)]


def _named(random: Random, family: str) -> list[list[Line]]:
    return [_section(random, [family, name]) for name in random.sample(["berlin", "lyon", '"24"'], random.randrange(4))]


def _global(random: Random) -> list[list[Line]]:
    return [_section(random, ["global"])] if random.random() < 0.5 else []


def _products(random: Random) -> list[list[Line]]:
    sections = []
    for key in random.sample(sorted(KEYS), random.randrange(4)):
        items = random.sample(["berlin", "lyon"], random.randrange(3))
        tables = [["products", key, "sources", item] for item in items]
        if random.random() < 0.7 or not tables:
            tables.insert(0, ["products", key])
        elif random.random() < 0.3:
            tables = [["products", key, "sources"], *tables]
        sections += [_section(random, table) for table in tables]
        if random.random() < 0.2 and tables[0] == ["products", key]:
            sections[-len(tables)] += [
                Line((*sections[-len(tables)][0].path, "stocks", "eu", "reserved"), _key(random, "stocks.eu.reserved"))
            ]
    return sections


def _inline(random: Random) -> list[Line]:
    return random.choice(
        [
            [Line(("zoo",), "zoo = { X = { name = 'x' }, Y = {} }")],
            [Line(("zoo", "X"), "zoo.X = { name = 'x' } # inline"), Line(("zoo", "Y", "name"), "zoo.Y.name = 1")],
            [
                Line(("zoo", "X", "name"), "zoo . X.name = 1"),
                Line(("zoo", "X", "status"), "zoo.X.status = '''\n[zoo]'''"),
                Line(("zoo", "Y"), "zoo.Y = [{ a = 1 }]"),
            ],
        ]
    )


def _accepts(random: Random) -> list[Line]:
    tables = [("check", "accept", str(number)) for number in range(random.choice([0, 0, 1, 2, 3]))]
    return [line for table in tables for line in (Line(table, "[[check.accept]]"), *_keys(random, table))]
