"""Completion in bash, zsh and fish: what to offer, and how each shell takes names of any kind.

A name may hold whatever a shell would split, expand or run. zsh and fish quote what they insert, bash does not.
"""

import os
import re
from collections.abc import Sequence
from typing import Any

import typer
import typer.core

from backorderctl.cli.app import FILE_METAVARS, in_usual_order, root_command
from backorderctl.cli.completion_scripts import SCRIPTS
from backorderctl.errors import BackorderctlError, Mismatch
from backorderctl.files.access import PREFIX

FILES, NO_BLANK = "files", "no blank"
"""The first field of an answer: the shell shall offer files; no blank after what it inserts. Else it is empty."""
_EARLIER = re.compile(r"[\w./+@%,-]+", re.ASCII)
"""What scripts that were installed earlier can take without harm: they split, expand or run all else."""
_AS_IT_IS = frozenset("_./+@%,-:=")


def answer(request: str, words: Sequence[str]) -> str:
    """What a shell gets that asks for completions in a way of its own; BackorderctlError for another request."""
    way, _, shell = request.rpartition("_")
    if shell in SCRIPTS and way == "source":
        return SCRIPTS[shell]
    if shell in SCRIPTS and way == "complete":
        return _for_an_earlier_script(shell)
    if request == "bash" and len(words) == 2:
        return _for_bash(*words)
    if request not in ("zsh", "fish") or not words:
        raise BackorderctlError("_BACKORDERCTL_COMPLETE: expected the words of a command line from the shell")
    typed = words[-1] if request == "zsh" else _split(words[-1])[0][-1]
    first, names = offered(words[:-1], typed)
    # The end keeps line ends of the last name, which the shell takes away.
    return "\0".join([first, *(name for name in names if request == "zsh" or "\t" not in name), "end"])


def offered(before: Sequence[str], typed: str) -> tuple[str, list[str]]:
    """The first field of the answer, and the words that the last one of a command line may become, as they are."""
    context, words = _context(before)
    if context is None:
        return "", []
    parameter, begun = _parameter(context, words, typed)
    if parameter is None:
        names = _names(context, typed)
    else:
        head = typed.removesuffix(begun)
        names = [head + item.value for item in parameter.shell_complete(context, begun)]
        if parameter.metavar in FILE_METAVARS and not begun.startswith(PREFIX):
            return FILES, names
    names = [name for name in dict.fromkeys(names) if name.startswith(typed)]
    return NO_BLANK if names and all(name.endswith("=") for name in names) else "", names


def _context(words: Sequence[str]) -> tuple[Any, list[str]]:
    """The command that words lead to, with what it has been given so far, and its own words; None for no command."""
    rest = in_usual_order([word for word in words if word != "help"])
    command: Any = root_command()
    context = command.make_context("backorderctl", [], resilient_parsing=True)
    while rest and not rest[0].startswith("-") and isinstance(command, typer.core.TyperGroup):
        verb = command.get_command(context, rest[0])
        if verb is None:
            return None, rest
        name, command, rest = rest[0], verb, rest[1:]
        own = [] if isinstance(command, typer.core.TyperGroup) else [*rest]
        try:
            context = command.make_context(name, own, parent=context, resilient_parsing=True)
        except (typer.TyperException, BackorderctlError, Mismatch):  # what is typed so far is no command yet
            context = command.make_context(name, [], parent=context, resilient_parsing=True)
    return context, rest


def _names(context: Any, typed: str) -> list[str]:
    """The options of a command where one is begun, else the verbs of a noun."""
    if typed.startswith("-"):
        parameters = [parameter for parameter in context.command.get_params(context) if not parameter.hidden]
        return [option for parameter in parameters for option in (*parameter.opts, *parameter.secondary_opts)]
    return list(context.command.list_commands(context)) if hasattr(context.command, "list_commands") else []


def _parameter(context: Any, words: Sequence[str], typed: str) -> tuple[Any, str]:
    """The option or argument that the last word is a value of, and what of the value is typed; None for neither."""
    parameters = [each for each in context.command.get_params(context) if not getattr(each, "hidden", False)]
    options = {name: each for each in parameters for name in each.opts if each.param_type_name == "option"}
    closed = "--" in words
    name, equals, begun = typed.partition("=")
    if not closed and equals and name in options:
        return options[name], begun
    if not closed and words and words[-1] in options and not options[words[-1]].is_flag:
        return options[words[-1]], typed
    if typed.startswith("-") and not closed:
        return None, typed
    for parameter in parameters:
        source = context.get_parameter_source(parameter.name)
        is_open = parameter.nargs == -1 or source is None or source.name != "COMMANDLINE"
        if parameter.param_type_name == "argument" and is_open:
            return parameter, typed
    return None, typed


def _for_an_earlier_script(shell: str) -> str:
    """The answer for a script of Typer's, without names that it would split, expand or run."""
    try:
        if shell == "bash":
            words, count = _split(os.environ["COMP_WORDS"])[0], int(os.environ["COMP_CWORD"])
            words = [*words, ""][: count + 1]
        else:
            words = _split(os.environ["_TYPER_COMPLETE_ARGS"])[0]
    except (KeyError, ValueError):
        return answer("", ())
    _, names = offered(words[1:-1], words[-1])
    safe = [name for name in names if _EARLIER.fullmatch(name)]
    if shell == "zsh":
        return f"_arguments '*: :(({' '.join(safe)}))'" if safe else "_files"
    if os.environ.get("_TYPER_COMPLETE_FISH_ACTION") == "is-args" and not safe:
        raise SystemExit(1)
    return "\n".join(safe)


def _for_bash(line: str, replaced: str) -> str:
    """The answer for a line up to the cursor, of which bash replaces the end `replaced` by what it gets.

    Bash inserts what all names begin with alike, as they are written here. So this is worked out before they are
    quoted, and an empty name keeps bash from it where nothing is left to insert.
    """
    words, quote = _split(line)
    *before, typed = words[1:]
    kept = _split(line.removesuffix(replaced))[0][-1] if typed else ""
    first, names = offered(before, typed)
    alike = _alike(names)
    if len(names) > 1 and len(alike) > len(typed):
        first, names = NO_BLANK, [alike]
    written = [_in_bash(name[len(kept) :], quote) for name in names]
    if len(written) > 1 and _alike(written) != replaced:
        written.append("")
    return "\n".join([first, *written])


def _alike(names: Sequence[str]) -> str:
    """What all names begin with."""
    first, last = min(names, default=""), max(names, default="")
    length = next((at for at, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))
    return first[:length]


def _split(line: str) -> tuple[list[str], str]:
    """The words of a line in the notation of a POSIX shell and of `$'...'`, and the quote that is open at its end.

    The last word is the one that is being typed, empty after a blank.
    """
    words: list[str] = []
    word, quote, position = "", "", 0
    token = re.compile(r"\$'|\\x[0-9a-f]{2}|\\.|.", re.DOTALL)
    while match := token.match(line, position):
        text, position = match[0], match.end()
        if quote == "$'" and text.startswith("\\x"):
            word += chr(int(text[2:], 16))
        elif not quote and text.isspace():
            words, word = [*words, word] if word or line[match.start() - 1] in "'\"" else words, ""
        elif text == quote[-1:] or (not quote and text in ("'", '"', "$'")):
            quote = "" if quote else text
        elif text[0] == "\\" and len(text) > 1 and quote != "'":
            word += text[1:] if quote != '"' or text[1] in '$`"\\\n' else text
        else:
            word += text
    return [*words, word], quote


def _in_bash(text: str, quote: str) -> str:
    """Text as it is typed in bash, behind an open quote or none.

    Bash closes the quote, but not where it takes the last character for its end.
    """
    written = "".join(_character(character, quote[-1:]) for character in text)
    return written + quote[-1:] if quote and written.endswith(quote[-1:]) else written


def _character(character: str, quote: str) -> str:
    if not character.isprintable():
        escaped = "".join(f"\\x{byte:02x}" for byte in character.encode(errors="surrogateescape"))
        return f"{quote}$'{escaped}'{quote}"
    if quote == "'":
        return "'\\''" if character == "'" else character
    if quote == '"':
        return f'"\\{character}"' if character == "!" else f"\\{character}" if character in '$`"\\' else character
    return character if character.isalnum() or character in _AS_IT_IS else f"\\{character}"
