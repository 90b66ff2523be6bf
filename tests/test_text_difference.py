"""The unified difference of two texts."""

import difflib
import io
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from backorderctl.output import text_difference
from backorderctl.output.text_difference import CONTEXT, edits

# Few different lines, so that they repeat, beside some that are unique.
LINES = st.lists(st.sampled_from(["", "quantity = 1", "quantity = 2", *(f"[products.{sku}]" for sku in "ABCDEFGH")]))


def shown(old: Sequence[str], new: Sequence[str]) -> list[str]:
    out = io.StringIO()
    before, after = ("".join(f"{line}\n" for line in lines) for lines in (old, new))
    text_difference.show_text_difference(before, after, "store.toml", out)
    return out.getvalue().splitlines()


def patched(old: Sequence[str], difference: Sequence[str]) -> list[str]:
    """The new lines, from the old ones and a unified difference, by the line numbers and lengths of its hunks."""
    lines: list[str] = []
    at = 0
    for line in difference[2:]:
        if line.startswith("@@"):
            first, _, length = line.split()[1][1:].partition(",")
            start = int(first) - (length != "0")
            lines += old[at:start]
            at = start
        elif line.startswith("+"):
            lines.append(line[1:])
        else:
            assert old[at] == line[1:]
            at += 1
            lines += [line[1:]] if line.startswith(" ") else []
    return [*lines, *old[at:]]


@given(LINES, LINES)
def test_the_difference_turns_the_old_text_into_the_new_one(old: list[str], new: list[str]) -> None:
    assert patched(old, shown(old, new)) == new


@given(LINES, LINES)
def test_edits_are_in_order_and_no_longer_than_the_texts(old: list[str], new: list[str]) -> None:
    found = list(edits(old, new))
    ends = [(0, 0), *((edit.last, edit.new_last) for edit in found)]
    for edit, (end, new_end) in zip(found, ends, strict=False):
        assert old[end : edit.first] == new[new_end : edit.new_first]
        assert (edit.first, edit.new_first) != (edit.last, edit.new_last)


def test_a_small_change_is_shown_as_difflib_shows_it() -> None:
    old = [f"line {number}" for number in range(40)]
    new = [*old[:5], "five", *old[6:20], *old[22:], "the end"]
    expected = list(difflib.unified_diff(old, new, "store.toml", "store.toml", n=CONTEXT, lineterm=""))
    assert shown(old, new) == expected
    assert shown([], new[:2]) == ["--- store.toml", "+++ store.toml", "@@ -0,0 +1,2 @@", "+line 0", "+line 1"]
    assert shown(old, old) == []


def test_a_table_that_is_added_to_an_array_is_shown_alone() -> None:
    """Its header is the same as that of the tables that stay, which anchors neither of them."""
    old = ["[[accept]]", 'rule = "BO102"', ""]
    new = [*old, "[[accept]]", 'rule = "BO105"', ""]
    assert [line for line in shown(old, new)[3:] if line[0] != " "] == ["+[[accept]]", '+rule = "BO105"', "+"]
    assert [line for line in shown(new, old)[3:] if line[0] != " "] == ["-[[accept]]", '-rule = "BO105"', "-"]


def test_what_could_move_or_colour_a_terminal_is_escaped() -> None:
    old = ['name = "a"', 'name = "b"']
    assert shown(old, [*old, 'name = "\x1b[31m\u202e"'])[-1] == r'+name = "\x1b[31m\u202e"'
    assert shown(['name = "\x1b"', *old], old)[3] == r'-name = "\x1b"'


def test_a_long_stretch_of_repeated_lines_is_replaced_as_a_whole() -> None:
    """As difflib would take minutes for it."""
    old, new = ["a", "b"] * 20_000, ["b", "c", "c"] * 20_000
    assert len(list(edits(old, new))) == 1
