"""One command line: its noun is looked up, its module loaded, and every error reported in one place."""

import importlib
import os
import sys
from collections.abc import Iterator, MutableMapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core
import typer.main

from backorderctl.cli.command import HELP, without_shield
from backorderctl.cli.reading import safe_messages, say, say_error
from backorderctl.errors import COMMAND_FAILED, BackorderctlError, system_reason
from backorderctl.output.format import format_hint

DONE = 0
COMPLETION_VARIABLE = "_BACKORDERCTL_COMPLETE"
"""The environment variable with which a shell asks for completions, beside others of its own."""
NOUNS = (
    "init",
    "config",
    "source",
    "stock",
    "product",
    "order",
    "schedule",
    "agenda",
    "check",
    "accept",
    "test",
    "diff",
    "report",
    "evaluate",
    "drift",
    "import",
    "export",
    "schema",
)
"""The words after `backorderctl`, in the order of the help, each the module that has its commands."""
_MODULES = {"import": "importing", "export": "exporting"}
"""The modules that do not have their noun's name: `import` is a word of Python's own."""


class _Modules(MutableMapping[str, Any]):
    """The commands by noun, each built when it is asked for: building them all is most of what start-up costs."""

    def __init__(self) -> None:
        self._built: dict[str, Any] = {}

    def __getitem__(self, noun: str) -> Any:
        if noun not in self._built:
            if noun not in NOUNS:
                raise KeyError(noun)
            module = importlib.import_module(f"backorderctl.cli.{_MODULES.get(noun, noun)}")
            self._built[noun] = typer.main.get_command(module.app)
            self._built[noun].name = noun
        return self._built[noun]

    def __setitem__(self, noun: str, command: Any) -> None:
        self._built[noun] = command

    def __delitem__(self, noun: str) -> None:
        del self._built[noun]

    def __iter__(self) -> Iterator[str]:
        return iter(NOUNS)

    def __len__(self) -> int:
        return len(NOUNS)


class _Nouns(typer.core.TyperGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Modules()


app = typer.Typer(
    cls=_Nouns,
    invoke_without_command=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=HELP,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print("backorderctl", version("backorderctl"))
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", is_eager=True, callback=_version)
    ] = False,
    file: Annotated[
        str | None, typer.Option("--file", "-f", metavar="FILE", help="The store file; also after the noun and verb.")
    ] = None,
) -> None:
    """Backorder policy as code: one TOML file says what may be sold when the shelf is empty, where and how many.

    The store file is that of -f FILE, else $BACKORDERCTL_FILE, else ./store.toml. `backorderctl help NOUN VERB` shows
    what a command does, with examples.
    """
    if context.invoked_subcommand is None:
        print(context.get_help())


def answer(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status; the answer goes to stdout, all messages and errors to stderr."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    with safe_messages():
        return _run(arguments)


def _run(arguments: Sequence[str]) -> int:
    try:
        status = app(_in_usual_order(arguments), prog_name="backorderctl", standalone_mode=False)
        sys.stdout.flush()
    except SystemExit as leaving:  # how Typer leaves when it meets a closed pipe
        return _reader_gone() if isinstance(leaving.__context__, BrokenPipeError) else int(leaving.code or DONE)
    except BrokenPipeError:
        return _reader_gone()
    except (BackorderctlError, typer.TyperException, OSError) as error:
        return _failed(error)
    except (KeyError, ValueError):
        if COMPLETION_VARIABLE not in os.environ:
            raise
        failure = BackorderctlError(f"{COMPLETION_VARIABLE}: expected the words of a command line from the shell")
    except MemoryError:
        failure = BackorderctlError("not enough memory")
    else:
        return status or DONE
    return _failed(failure)  # only now is the memory free that the command has used


def _in_usual_order(arguments: Sequence[str]) -> list[str]:
    """`help NOUN VERB` as `NOUN VERB --help`, and a store file that is named before the noun after it."""
    words, file = list(arguments), []
    while words and words[0].startswith(("-f", "--file")):
        length = 2 if words[0] in ("-f", "--file") else 1
        file += words[:length]
        words = words[length:]
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    if not words or words[0].startswith("-"):
        return [*file, *words]
    end = words.index("--") if "--" in words else len(words)
    return [*words[:end], *file, *words[end:]]


def _failed(error: BackorderctlError | typer.TyperException | OSError) -> int:
    """Say what went wrong, and what to type where there is such a thing."""
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
    message, _, suggestion = without_shield(error.format_message()).partition(" Did you mean ")
    message = message.partition(" (Possible options:")[0].replace("\n\t", " ").replace(". Choose from: ", ", one of ")
    options = getattr(error, "possibilities", None)
    context = getattr(error, "ctx", None)
    nearest = options[0] if options else suggestion.rstrip("?").split(", ")[0]
    hint = f"did you mean {nearest}?" if nearest else None
    if context is not None and "'rename'" in message and _can_set_a_name(context.command):
        hint = f"{context.command_path} set --name"
    if hint is None and context is not None:
        hint = f"{context.command_path} --help"
    return message[:1].lower() + message[1:].rstrip("."), hint


def _can_set_a_name(noun: object) -> bool:
    """Whether the noun has a verb `set` that gives it another name."""
    verb = getattr(noun, "commands", {}).get("set")
    return verb is not None and any(parameter.name == "name" for parameter in verb.params)


def _open_closed_streams() -> None:
    """Let a stream that the shell has closed (`>&-`) lead nowhere."""
    nowhere = Path(os.devnull)
    sys.stdin = sys.stdin or nowhere.open(encoding="utf-8")
    sys.stdout = sys.stdout or nowhere.open("w", encoding="utf-8")
    sys.stderr = sys.stderr or nowhere.open("w", encoding="utf-8")


def _reader_gone() -> int:
    """A closed pipe is no error: whoever read has read enough. What is still buffered goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE
