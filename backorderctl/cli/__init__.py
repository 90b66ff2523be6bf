"""The command line as a process: its signals, its streams and its exit status. The commands are loaded last."""

from __future__ import annotations

import gc
import os
import signal
import sys

TYPE_CHECKING = False  # from typing it would take longer than all that happens before signals are handled
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType
    from typing import Any, NoReturn

INTERRUPTED = 130
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_AGAIN = 0.001
"""Seconds after which an interrupt is repeated that came where Python cannot raise an exception."""


def run() -> NoReturn:
    """The console script. A signal ends it with status 130, at any moment, without a traceback or a temporary file."""
    _on_signals(_leave)  # there is nothing to clean up yet
    gc.disable()  # one command does not live long enough to repay looking for garbage among 100,000 products
    from backorderctl.cli.app import answer

    ending = _Ending()
    sys.unraisablehook = ending.repeat
    try:
        _on_signals(ending.interrupt)
        status = answer(sys.argv[1:])
    except BaseException:  # an interrupt of an import may come as another exception
        if not ending.is_requested:
            raise
        status = INTERRUPTED
    _on_signals(signal.SIG_IGN)
    for stream in filter(None, (sys.stdout, sys.stderr)):  # an interrupt can come before closed ones are opened
        try:
            stream.flush()
        except OSError:  # of the answer it has been said; what nobody can be told changes no status
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    gc.freeze()  # nor to repay the search that Python makes before it leaves, a sixth of what a command costs
    sys.exit(status)


def main(arguments: Sequence[str]) -> int:
    """Run one command line in this process and return its exit status."""
    from backorderctl.cli.app import answer

    return answer(arguments)


def _on_signals(action: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    """What the signals do that ask a program to end; what the caller has set to be ignored stays ignored."""
    for each in _ENDING:
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, action)


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)


class _Ending:
    """What happens once a signal asks the program to end."""

    def __init__(self) -> None:
        self.is_requested = False

    def interrupt(self, _number: int, _frame: FrameType | None) -> None:
        """Interrupt the command, so that it cleans up."""
        self.is_requested = True
        _on_signals(signal.SIG_IGN)  # a second one would interrupt the cleaning up
        raise KeyboardInterrupt

    def repeat(self, unraisable: Any) -> None:
        """Interrupt the command again after an interrupt in a callback, where Python ignores exceptions."""
        if isinstance(unraisable.exc_value, KeyboardInterrupt):
            signal.signal(signal.SIGALRM, self.interrupt)
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)
        else:
            sys.__unraisablehook__(unraisable)
