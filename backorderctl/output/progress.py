"""A progress bar for long work, on a terminal."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from time import monotonic
from typing import TextIO

from backorderctl.output.format import printable

LONG_WORK = 0.5
"""Seconds after which a bar appears."""

Tell = Callable[[str, int], None]
"""Reports progress: called with what is being done now, and how much of the total is done."""


@contextmanager
def progress_bar(total: int, err: TextIO) -> Iterator[Tell]:
    """A function to report progress; it draws a bar on the terminal `err` once the work takes long."""
    begun = monotonic()
    with ExitStack() as shown:
        bar: Tell | None = None

        def tell(words: str, done: int) -> None:
            nonlocal bar
            if bar is None and monotonic() - begun >= LONG_WORK:
                bar = shown.enter_context(_bar(words, total, err))
            if bar is not None:
                bar(words, done)

        yield tell


@contextmanager
def _bar(words: str, total: int, err: TextIO) -> Iterator[Tell]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=err), transient=True) as bar:
        task = bar.add_task(printable(words), total=total)

        def tell(words: str, done: int) -> None:
            news = printable(words) != bar.tasks[task].description
            bar.update(task, description=printable(words), completed=done, refresh=news)

        yield tell
