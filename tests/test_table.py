"""Tables on terminals of any width, and their colours."""

import io
import re
from collections.abc import Iterator, Sequence
from typing import TextIO

import pytest

from backorderctl.output.format import Cell
from backorderctl.output.listing import Listing, arranged
from backorderctl.output.table import KEY, Column, Style, Terminal, draw, folded, shortened, terminal, width_of

COLUMNS = (
    Column("sku"),
    Column("name", rank=3, shorten=True),
    Column("stock", rank=KEY),
    Column("reason", rank=2),
    Column("units", number=True),
    Column("secret", hidden=True),
)
ROWS = (
    ("24-MB01", "Joust Duffle Bag", "eu", "sold_out", 1234567, "x"),
    ("M", "Größe 日本茶", None, None, 5, "x"),
)


class Stream(io.StringIO):
    """A stream in memory that says what it is."""

    def __init__(self, encoding: str = "utf-8", *, is_terminal: bool = True) -> None:
        super().__init__()
        self._encoding, self._is_terminal = encoding, is_terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._is_terminal


def drawn(
    width: int | None,
    columns: Sequence[Column] = COLUMNS,
    rows: Sequence[Sequence[Cell]] = ROWS,
    out: TextIO | None = None,
) -> list[str]:
    out = out or Stream()
    draw(Terminal(out, width, coloured=False), columns, rows)
    assert isinstance(out, io.StringIO)
    return out.getvalue().splitlines()


def test_without_a_terminal_nothing_is_cropped() -> None:
    assert drawn(None) == [
        "sku      name              stock  reason      units",
        "24-MB01  Joust Duffle Bag  eu     sold_out  1234567",
        "M        Größe 日本茶                             5",
    ]


def test_names_are_shortened_before_a_column_is_left_out() -> None:
    assert drawn(45, rows=ROWS[:1]) == [
        "sku      name        stock  reason      units",
        "24-MB01  Joust Duf…  eu     sold_out  1234567",
    ]
    assert drawn(45, rows=ROWS[:1], out=Stream("ascii"))[1] == "24-MB01  Joust D...  eu     sold_out  1234567"


def test_columns_are_left_out_by_rank_but_never_numbers_and_keys() -> None:
    wide = (*COLUMNS[:4], Column("units", number=True), Column("more", rank=1))
    rows = [(*row[:5], "m" * 30) for row in ROWS]
    assert drawn(60, wide, rows) == [
        "sku      stock    units  more",
        f"24-MB01  eu     1234567  {'m' * 30}",
        f"M                     5  {'m' * 30}",
        "(name, reason: no room at this width; -o csv has all)",
    ]


def test_what_does_not_fit_becomes_blocks() -> None:
    assert drawn(30) == [
        "sku     24-MB01",
        "name    Joust Duffle Bag",
        "stock   eu",
        "reason  sold_out",
        "units   1234567",
        "",
        "sku     M",
        "name    Größe 日本茶",
        "units   5",
    ]
    assert drawn(12, rows=[("24-MB01", "Joust Duffle Bag", None, None, 5, "x")]) == [
        "sku",
        "  24-MB01",
        "name",
        "  Joust",
        "  Duffle Bag",
        "units   5",
    ]
    wide = (Column("key"), Column("value"))
    assert drawn(80, wide, [("k", "v" * 80)])[0] == "key    k"


def test_a_folded_text_stays_in_its_column() -> None:
    columns = (Column("sku"), Column("change", fold=True))
    assert drawn(38, columns, [("A", "status in_stock -> out_of_stock  salable 50 -> 0")]) == [
        "sku  change",
        "A    status in_stock -> out_of_stock",
        "     salable 50 -> 0",
    ]


def test_a_row_that_can_be_read_only_once_is_kept() -> None:
    def once() -> Iterator[Sequence[Cell]]:
        yield from ROWS

    out = Stream()
    draw(Terminal(out, None, coloured=False), COLUMNS, once())
    assert len(out.getvalue().splitlines()) == 3


def test_colour_is_only_beside_the_text() -> None:
    columns = (Column("status", style=lambda row: Style.RED if row[0] == "out" else None), Column("n", number=True))
    out = Stream()
    draw(Terminal(out, 80, coloured=True), columns, [("out", 1), ("in", 20)])
    assert out.getvalue().splitlines() == [
        "\x1b[1mstatus   n\x1b[0m",
        "\x1b[31mout   \x1b[0m   1",
        "in      20",
    ]


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({}, False),
    ],
)
def test_no_color_and_a_dumb_terminal_are_honoured(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], coloured: bool
) -> None:
    for name in ("TERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**environment, "COLUMNS": "44"}.items():
        monkeypatch.setenv(name, value)
    screen = terminal(Stream())
    assert (screen.width, screen.coloured) == (44, coloured)


def test_a_file_has_no_width_and_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "44")
    screen = terminal(Stream(is_terminal=False))
    assert (screen.width, screen.coloured) == (None, False)


def test_texts_are_cut_and_folded_by_what_they_take_on_a_terminal() -> None:
    assert width_of("日本茶") == 6
    assert shortened("日本茶日本茶", 7, mark="…") == "日本茶…"
    assert list(folded("日本茶日本茶", 7)) == ["日本茶", "日本茶"]
    assert list(folded("one two  three", 8)) == ["one two", "three"]
    assert list(folded("one two three", 8)) == ["one two", "three"]
    assert list(folded("onetwothree", 4)) == ["onet", "woth", "ree"]
    assert list(folded("", 4)) == [""]


def test_chosen_columns_keep_their_colours() -> None:
    columns = (
        Column("sku"),
        Column("stock"),
        Column("status", style=lambda row: Style.RED if row[2] == "no" else None),
    )
    listing = Listing("products", columns, [("A", "s", "no"), ("B", "s", "yes")])
    for chosen in (("status", "sku"), ("status",), ("sku", "stock", "status")):
        out = io.StringIO()
        arrangement = arranged(listing, columns=chosen)
        draw(Terminal(out, 80, coloured=True), arrangement.columns, arrangement.rows)
        assert out.getvalue().count("\x1b[31m") == 1
        assert "\x1b[31mno" in out.getvalue()


@pytest.mark.parametrize("width", [80, 30, 14])
def test_differences_are_coloured_at_any_width(width: int) -> None:
    columns = (
        Column("setting"),
        Column("old", style=lambda _: Style.RED),
        Column("new", style=lambda row: Style.GREEN if row[0] else None),
    )
    out = io.StringIO()
    draw(Terminal(out, width, coloured=True), columns, [("backorders of a product", "allow", "notify customers")])
    shown = out.getvalue()
    assert "\x1b[31mallow" in shown
    assert "\x1b[32mnotify" in shown
    plain = io.StringIO()
    draw(Terminal(plain, width, coloured=False), columns, [("backorders of a product", "allow", "notify customers")])
    assert re.sub(r"\x1b\[\d*m", "", shown) == plain.getvalue()
