"""A bar that shows how far long work has come, where somebody watches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from backorderctl.view.words import printable

LONG = 4_000_000
"""Bytes that take long enough to want a bar."""


@contextmanager
def progress(title: str, total: int, err: TextIO) -> Iterator[Callable[[int], None]]:
    """A function to tell how many of `total` bytes are done; it draws a bar on a terminal when they are many."""
    if total < LONG or not err.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(printable(title), markup=False), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=err), transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda done: bar.update(task, completed=done)
