"""What was read of quantities from outside: a line a file for people, and a key of the document for programs."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TextIO, cast

from backorderctl.output import listing
from backorderctl.output.format import counted
from backorderctl.rows.replace_quantities import Replaced
from backorderctl.rows.rows_read import FileRead
from backorderctl.store.scalars import toml_repr

QUANTITIES_KEY = "quantities"
"""The key of a JSON document that says where its quantities come from."""


def quantities_notes(read: Replaced) -> Iterator[str]:
    """What a person should know before trusting an answer: half a file looks like an empty warehouse."""
    for file in read.files:
        yield _file_note(file, read.only)
    if read.without_row:
        yield f"{counted(read.without_row, 'product')} of the store file without a row"
    if read.unknown:
        yield f"{counted(read.unknown, 'SKU')} not in the store file: without settings of their own"
    if read.unknown_reserved:
        yield unknown_reserved_note(read.unknown_reserved)
    if read.sums_above_zero:
        yield sums_above_zero_note(len(read.sums_above_zero), read.sums_above_zero[0])
    if read.respelled:
        yield respelled_note(read.respelled)
    if read.repeated:
        yield repeated_note(read.repeated)
    if read.other_sources:
        yield f"{counted(read.other_sources, 'row')} of other sources left out"
    if read.foreign:
        yield f"{counted(read.foreign, 'row')} of sources and stocks that only the other side declares left out"


def _file_note(file: FileRead, only: str | None) -> str:
    checked = counted(file.rows, "row") if only is None else f"only the rows of {only} were checked"
    ignored = f"; columns ignored: {', '.join(file.ignored)}" if file.ignored else ""
    return f"{file.file}: {checked}{ignored}"


def repeated_note(rows: int) -> str:
    """What to say of rows that were not counted again."""
    return f"{counted(rows, 'row')} repeated, with the same quantity and status"


def respelled_note(respelled: Mapping[str, str]) -> str:
    """What to say of names that are spelled otherwise than as they are shown."""
    return first_respelled_note(len(respelled), next(iter(respelled.items())))


def first_respelled_note(count: int, first: tuple[str, str]) -> str:
    """The same of so many names, of which only the first is known."""
    name, shown = map(toml_repr, first)
    return f"{counted(count, 'name')} in another spelling: {name} as {shown}" + (", ..." if count > 1 else "")


def respelled_document(respelled: Mapping[str, str]) -> dict[str, Any]:
    """The same as JSON."""
    first = next(({"name": name, "as": shown} for name, shown in respelled.items()), None)
    return {"count": len(respelled), "first": first}


def unknown_reserved_note(number: int) -> str:
    """What to say of reservations that no answer counts."""
    are = "is" if number == 1 else "are"
    return f"{counted(number, 'SKU')} with reservations {are} in no row and not in the store file: left out"


def sums_above_zero_note(number: int, first: tuple[str, str]) -> str:
    """What to say of reservations that would add goods, which are left out with the refused rows."""
    sku, stock = first
    return f"{counted(number, 'sum')} of reservations above 0 counted as 0, the first {toml_repr(sku)} in stock {stock}"


def quantities_document(read: Replaced) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "files": [{"file": file.file, "rows": file.rows, "ignored": file.ignored} for file in read.files],
        "only": read.only,
        "products_without_row": read.without_row,
        "unknown_skus": read.unknown,
        "unknown_reserved_skus": read.unknown_reserved,
        "sums_above_zero": len(read.sums_above_zero),
        "other_sources": read.other_sources,
        "left_out": read.foreign,
        "repeated": read.repeated,
        "respelled": respelled_document(read.respelled),
        "refused": len(read.refused),
    }


def adding_quantities(out: TextIO, read: Callable[[], list[Replaced]]) -> TextIO:
    """A stream for one JSON object, which adds the key `quantities` in front of the object's own.

    `read` is asked when the object begins: by then the files have been read.
    """
    return cast("TextIO", _DocumentWithQuantities(out, read))


class _DocumentWithQuantities:
    def __init__(self, out: TextIO, read: Callable[[], list[Replaced]]) -> None:
        self._out = out
        self._read = read
        self._begun = False

    def __getattr__(self, name: str) -> Any:
        """Everything but writing is as the stream has it."""
        return getattr(self._out, name)

    def write(self, text: str) -> int:
        """Write a piece of the object."""
        if text and not self._begun:
            self._begun = True
            text = self._with_key(text)
        return self._out.write(text)

    def writelines(self, pieces: Iterable[str]) -> None:
        """Write several pieces of the object."""
        for piece in pieces:
            self.write(piece)

    def _with_key(self, text: str) -> str:
        read = [quantities_document(each) for each in self._read()]
        if not read or not text.startswith("{"):
            return text
        rest = text[1:].lstrip()
        separator = "" if rest.startswith("}") else ",\n"
        return f'{{"{QUANTITIES_KEY}": {listing.dumps(read[0] if len(read) == 1 else read)}{separator}{rest}'
