"""The command line as a process: its signals, its streams, its errors and its exit status. Commands are loaded last."""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False  # from typing it would take longer than all that happens before signals are handled
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Sequence
    from types import FrameType
    from typing import Any, NoReturn

    import typer

    from backorderctl.errors import BackorderctlError

else:
    import _signal as signal  # `signal` imports for five milliseconds more, in which no signal is handled

DONE = 0
INTERRUPTED = 130
COMPLETION_VARIABLE = "_BACKORDERCTL_COMPLETE"
"""The environment variable with which a shell asks for completions."""
_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_AGAIN = 0.001
"""Seconds after which an interrupt is repeated that came where Python cannot raise an exception."""


def run() -> NoReturn:
    """The console script. A signal ends it with status 130, at any moment, without a traceback or a temporary file."""
    _on_signals(_leave)  # there is nothing to clean up yet
    gc.disable()  # one command does not live long enough to repay looking for garbage among 100,000 products
    import backorderctl.cli.app  # noqa: F401, so that while it is loaded a signal still has nothing to clean up

    ending = _Ending()
    sys.unraisablehook = ending.repeat
    try:
        _on_signals(ending.interrupt)
        status = main(sys.argv[1:])
        ending.is_over = True
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


def _on_signals(action: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    """What the signals do that ask a program to end; what the caller has set to be ignored stays ignored."""
    for each in _ENDING:
        if signal.getsignal(each) != signal.SIG_IGN:
            signal.signal(each, action)


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)


class _Ending:
    """What happens once a signal asks the program to end."""

    def __init__(self) -> None:
        self.is_requested = False
        self.is_over = False

    def interrupt(self, _number: int, _frame: FrameType | None) -> None:
        """Interrupt the command, so that it cleans up; nothing once it is over, as there is nothing to clean up."""
        if self.is_over:
            return
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


def main(arguments: Sequence[str]) -> int:
    """Run one command line in this process and return its exit status.

    The answer goes to stdout, all messages and errors to stderr.
    """
    from backorderctl.cli.app import safe_messages

    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        _encode(stream)
    with safe_messages():
        return _run(arguments)


def _open_closed_streams() -> None:
    """Let a stream that the shell has closed (`>&-`) lead nowhere."""
    from pathlib import Path

    nowhere = Path(os.devnull)
    sys.stdin = sys.stdin or nowhere.open(encoding="utf-8")
    sys.stdout = sys.stdout or nowhere.open("w", encoding="utf-8")
    sys.stderr = sys.stderr or nowhere.open("w", encoding="utf-8")


def _encode(stream: Any) -> None:
    """Let a stream have UTF-8 where no person reads it, unless $PYTHONIOENCODING says otherwise.

    A terminal of another encoding shows escapes. In a file they would be the same text as a name with a backslash.
    """
    if stream is sys.stderr or stream.isatty():
        stream.reconfigure(errors="backslashreplace")
    elif not os.environ.get("PYTHONIOENCODING"):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _run(arguments: Sequence[str]) -> int:
    import typer

    from backorderctl.cli.app import in_usual_order, root_command
    from backorderctl.errors import BackorderctlError

    request = os.environ.pop(COMPLETION_VARIABLE, None)
    try:
        if request is not None:
            from backorderctl.cli.completion import answer

            status = print(answer(request, arguments), end="")
        else:
            status = root_command()(in_usual_order(arguments), prog_name="backorderctl", standalone_mode=False)
        sys.stdout.flush()
    except SystemExit as leaving:  # how Typer leaves when it meets a closed pipe
        return _reader_gone() if isinstance(leaving.__context__, BrokenPipeError) else int(leaving.code or DONE)
    except BrokenPipeError:
        return _reader_gone()
    except (BackorderctlError, typer.TyperException, OSError) as error:
        return _failed(error)
    except MemoryError:
        failure = BackorderctlError("not enough memory")
    except UnicodeEncodeError as error:
        failure = BackorderctlError(f"standard output: cannot write {error.object[error.start]!r} as {error.encoding}")
    else:
        return status or DONE
    return _failed(failure)  # only now is the memory free that the command has used


def _failed(error: BackorderctlError | typer.TyperException | OSError) -> int:
    """Say what went wrong, and what to type where there is such a thing."""
    import typer

    from backorderctl.cli.app import say, say_error
    from backorderctl.errors import COMMAND_FAILED, BackorderctlError, system_reason
    from backorderctl.output.format import format_hint

    match error:
        case BackorderctlError():
            message, hint, status = error.message, error.hint, error.status
        case typer.TyperException():
            message, hint, status = *_usage(error), COMMAND_FAILED
        case OSError():
            name = f"{error.filename}: " if error.filename else ""
            message, hint, status = name + system_reason(error), None, COMMAND_FAILED
    say_error(message)
    if hint:
        say(f"Hint: {format_hint(hint)}", quiet=False)
    return status


def _usage(error: typer.TyperException) -> tuple[str, str | None]:
    """Typer's message in the words of ours: lower case, no final period, the suggestion apart."""
    from backorderctl.cli.app import without_shield

    message, _, suggestion = without_shield(error.format_message()).partition(" Did you mean ")
    message = message.partition(" (Possible options:")[0].replace("\n\t", " ").replace(". Choose from: ", ", one of ")
    context = getattr(error, "ctx", None)
    mistyped = getattr(error, "option_name", None)
    if mistyped and hasattr(error, "possibilities") and context is not None:
        hint = _option_hint(mistyped, context.command)
    else:
        nearest = suggestion.rstrip("?").split(", ")[0]
        hint = f"did you mean {nearest}?" if nearest else None
    if context is not None and "'rename'" in message and _can_set_a_name(context.command):
        hint = f"{context.command_path} set --name"
    if hint is None and context is not None:
        hint = f"{context.command_path} --help"
    return message[:1].lower() + message[1:].rstrip("."), hint


def _option_hint(mistyped: str, command: typer.core.TyperCommand) -> str | None:
    """The format that was meant, `-o json` for `--json`, or the option with the nearest name, dashes apart."""
    from backorderctl.errors import nearest

    word = mistyped.lstrip("-")
    options = {name.lstrip("-"): name for parameter in command.params for name in parameter.opts if name[:2] == "--"}
    formats = next((parameter.type for parameter in command.params if parameter.name == "output"), None)
    if word in getattr(formats, "choices", ()):
        return f"-o {word}"
    close = nearest(word, options)
    return f"did you mean {options[close]}?" if close else None


def _can_set_a_name(noun: object) -> bool:
    """Whether the noun has a verb `set` that gives it another name."""
    verb = getattr(noun, "commands", {}).get("set")
    return verb is not None and any(parameter.name == "name" for parameter in verb.params)


def _reader_gone() -> int:
    """A closed pipe is no error: whoever read has read enough. What is still buffered goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE
