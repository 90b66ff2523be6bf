"""Tables and texts at every width: which columns are given up, what is shortened or folded, and colours."""

from decimal import Decimal
from io import StringIO

import pytest

from backorderctl.output.format import UNLIMITED, Output
from backorderctl.output.listing import Listing, show, show_one
from backorderctl.output.table import Column, Style, Terminal, draw, folded, shortened, terminal

COLUMNS = (
    Column("sku", shorten=True),
    Column("note", rank=9),
    Column("reason", rank=1),
    Column("empty", rank=1),
    Column("salable", number=True),
    Column("secret", hidden=True),
)
ROWS = [("24-MB01", "made to order", "sold out", None, 7, "x"), ("24-MB02", None, None, None, 1000, "x")]


class Tty(StringIO):
    """A terminal whose screen can be read."""

    def isatty(self) -> bool:
        return True


def drawn(width: int | None, columns: tuple[Column, ...] = COLUMNS, *, coloured: bool = False) -> str:
    out = StringIO()
    draw(Terminal(out, width, coloured=coloured), columns, ROWS)
    return out.getvalue()


def test_a_wide_table_shows_all_columns_that_have_something_to_say() -> None:
    assert drawn(80) == drawn(None) == (
        "sku      note           reason    salable\n"
        "24-MB01  made to order  sold out        7\n"
        "24-MB02                              1000\n"
    )  # fmt: skip


def test_the_column_of_the_highest_rank_is_given_up_first() -> None:
    columns = tuple(Column("n" * 40, rank=each.rank) if each.name == "note" else each for each in COLUMNS)
    assert drawn(62, columns) == (
        "sku      reason    salable\n"
        "24-MB01  sold out        7\n"
        "24-MB02               1000\n"
        "(nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn: no room at this\n"
        "width; -o csv has all)\n"
    )  # fmt: skip


def test_a_narrow_terminal_shows_blocks_without_empty_cells() -> None:
    assert drawn(30) == (
        "sku      24-MB01\n"
        "note     made to order\n"
        "reason   sold out\n"
        "salable  7\n"
        "\n"
        "sku      24-MB02\n"
        "salable  1000\n"
    )  # fmt: skip


def test_columns_without_rank_are_never_given_up() -> None:
    columns = tuple(Column(each.name * 9, number=each.number) for each in COLUMNS)
    assert drawn(70, columns).startswith(f"{'sku' * 9}\n  24-MB01\n{'note' * 9}\n  made to order\n")


def test_names_are_shortened_before_a_column_is_given_up() -> None:
    long = (Column("name", shorten=True), Column("reason", rank=1))
    out = StringIO()
    draw(Terminal(out, 60, coloured=False), long, [("n" * 70, "sold out")])
    assert out.getvalue() == f"{'name':<50}  reason\n{'n' * 47}...  sold out\n"


def test_a_coloured_terminal_has_a_bold_header_and_nothing_else_changes() -> None:
    plain = drawn(80)
    header, _, rows = plain.partition("\n")
    assert drawn(80, coloured=True) == f"\x1b[1m{header}\x1b[0m\n{rows}"


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "unknown"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_terminal_is_coloured_unless_the_environment_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], coloured: bool
) -> None:
    for name in ("TERM", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**environment, "COLUMNS": "44"}.items():
        monkeypatch.setenv(name, value)
    assert terminal(Tty()).coloured is coloured
    assert terminal(Tty()).width == 44
    assert (terminal(StringIO()).coloured, terminal(StringIO()).width) == (False, None)


def test_a_line_has_no_blanks_at_its_end_and_no_style_without_colours() -> None:
    out = StringIO()
    Terminal(out, 40, coloured=False).line("a  ", Style.RED)
    Terminal(out, 40, coloured=True).line("b  ", Style.RED)
    assert out.getvalue() == "a\n\x1b[31mb\x1b[0m\n"


def test_texts_are_shortened_and_folded_by_columns_not_by_characters() -> None:
    assert shortened("日本茶の店", 10, mark="…") == "日本茶の店"
    assert shortened("日本茶の店", 9, mark="…") == "日本茶の…"
    assert shortened("abcdef", 6, mark="...") == "abcdef"
    assert shortened("abcdefg", 6, mark="...") == "abc..."
    assert list(folded("one two  three", 9)) == ["one two", "three"]
    assert list(folded("one two three", 9)) == ["one two", "three"]
    assert list(folded("abcdefghij", 4)) == ["abcd", "efgh", "ij"]


def test_the_answer_for_one_thing_leaves_out_what_is_empty() -> None:
    listing = Listing("sources", (Column("source"), Column("name"), Column("stocks")), [("main", None, ())])
    out = StringIO()
    show_one(listing, Output.TABLE, out)
    assert out.getvalue() == "source  main\n"


def test_json_has_hidden_columns_a_head_and_no_word_for_unlimited() -> None:
    rows = [(Decimal("25.0"), UNLIMITED), (Decimal("0.5"), None)]
    listing = Listing("steps", (Column("sold"), Column("salable", hidden=True)), rows)
    out = StringIO()
    show(listing, Output.JSON, out, head={"sku": "A"})
    first, second = '{"sold": 25, "salable": null}', '{"sold": 0.5, "salable": null}'
    assert out.getvalue() == f'{{"sku": "A", "steps": [\n{first},\n{second}\n]}}\n'


def test_csv_is_data_in_a_file_and_harmless_on_a_terminal() -> None:
    listing = Listing("names", (Column("name"),), [("\x1b[31mred",)])
    file, tty = StringIO(), Tty()
    show(listing, Output.CSV, file, head=None)
    show(listing, Output.CSV, tty, head=None)
    assert file.getvalue() == "name\n\x1b[31mred\n"
    assert tty.getvalue() == "name\n\\x1b[31mred\n"
