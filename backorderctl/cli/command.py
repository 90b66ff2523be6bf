"""How a command parses its words: negative numbers are arguments, and an option that holds one value is given once."""

import re
from collections.abc import Sequence
from typing import Any

import typer
import typer.core

from backorderctl.errors import BackorderctlError

HELP = {"help_option_names": ["-h", "--help"]}

SHIELD = "\u2060"
"""Stands before a negative number while Typer parses: an invisible character that no name begins with."""

_NEGATIVE = re.compile(r"-[\d.]")


class Command(typer.core.TyperCommand):
    """A command to which a negative number is an argument like any other, and which takes an option's value once."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as Typer does, with negative numbers shielded from being taken for options."""
        shielded = [SHIELD + arg if _NEGATIVE.match(arg) else arg for arg in args]
        if not ctx.resilient_parsing:
            _once(self.make_parser(ctx).parse_args([*shielded])[2])
        rest = super().parse_args(ctx, shielded)
        ctx.params = {name: _unshielded(value) for name, value in ctx.params.items()}
        return rest

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples of the command, each on a line of its own."""
        from backorderctl.cli.examples import EXAMPLES

        super().format_epilog(ctx, formatter)
        program, _, command = ctx.command_path.partition(" ")
        if examples := EXAMPLES.get(command):
            with formatter.section("Examples"):
                for example in examples:
                    formatter.write(f"  {program} {example}\n")


def _once(given: Sequence[Any]) -> None:
    """BackorderctlError when an option that holds one value is given several: Typer would take the last without a
    word."""
    for option in given:
        one_value = option.param_type_name == "option" and not (option.multiple or option.is_flag)
        if one_value and given.count(option) > 1:
            raise BackorderctlError(f"{option.opts[0]}: expected once, got it {given.count(option)} times")


def noun(help_text: str) -> typer.Typer:
    """The Typer of one noun."""
    return typer.Typer(help=help_text, rich_markup_mode=None, context_settings=HELP, add_completion=False)


def _unshielded(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(map(_unshielded, value))
    return value.removeprefix(SHIELD) if type(value) is str else value
