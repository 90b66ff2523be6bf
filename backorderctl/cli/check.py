"""`backorderctl check`: policy that is valid but wrong."""

import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, NamedTuple

import typer

from backorderctl import library
from backorderctl.check import DEFAULT_CODES
from backorderctl.check.findings import Finding, LocatedFinding, problems
from backorderctl.check.registry import RuleKind, Severity
from backorderctl.check.rules import RULES, codes_beginning
from backorderctl.cli.app import STANDARD_INPUT, Command, for_file, hint_for, noun, with_options
from backorderctl.cli.options import OUTPUT_VARIABLE, complete_list
from backorderctl.cli.reading import QuantitiesOptions
from backorderctl.errors import ANSWER_IS_NO, COMMAND_FAILED, BackorderctlError, CommandLine, Hint, nearest
from backorderctl.output import findings as view
from backorderctl.output.finding_text import findings_summary
from backorderctl.output.findings import FindingFormat
from backorderctl.output.format import Output

app = noun("")


class FailLevel(StrEnum):
    """The least severity that makes the exit status 1."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    NEVER = "never"


class _Checked(NamedTuple):
    """What is wrong with one file, and whether it could be read as a store."""

    file: str
    findings: list[Finding]
    readable: bool


@dataclass(frozen=True, slots=True)
class CheckOptions(QuantitiesOptions):
    """The options of `check`, which has formats of its own."""

    output: Annotated[
        FindingFormat,
        typer.Option("--output", "-o", envvar=OUTPUT_VARIABLE, show_envvar=False, help="The format of the answer."),
    ] = FindingFormat.TABLE

    def in_json(self) -> bool:
        """Whether the answer is a JSON document of ours."""
        return self.output is FindingFormat.JSON


def complete_codes(incomplete: str) -> list[str]:
    """Rules, with commas between them."""
    return complete_list(RULES, incomplete)


def complete_kinds(incomplete: str) -> list[str]:
    """Kinds of rules, with commas between them."""
    return complete_list(RuleKind, incomplete)


@app.command(cls=Command)
@with_options
def check(
    options: CheckOptions,
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE]...", help="Store files; - is standard input; else the store file."),
    ] = None,
    fail_level: Annotated[
        FailLevel, typer.Option("--fail-level", help="The least severity that makes the exit status 1.")
    ] = FailLevel.WARNING,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="KIND,...",
            help="Only rules of these kinds: policy, stock, style. Else policy,stock.",
            autocompletion=complete_kinds,
        ),
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(
            "--select",
            metavar="CODE,...",
            help="Only these rules; BO1 stands for all that begin with it.",
            autocompletion=complete_codes,
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="CODE,...", help="All but these rules.", autocompletion=complete_codes),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="List every place of every finding.")] = False,
    rules: Annotated[bool, typer.Option("--rules", help="List the rules and check nothing.")] = False,
) -> None:
    """Find policy that is valid but wrong. Exit status 1 for findings, 2 when a file is not a store file."""
    if rules:
        view.show_rules(_plain(options.output), sys.stdout)
        return
    codes = _chosen(only, select, ignore)
    paths = dict.fromkeys(files or [options.file])
    options.read_once(*paths)
    checked = [_checked(options, path, codes) for path in paths]
    found = [LocatedFinding(each.file, finding) for each in checked for finding in each.findings]
    complete = all(each.readable for each in checked)
    view.show_findings(found, options.output, sys.stdout, complete=complete, every_place=all_)
    options.say(findings_summary(finding for _, finding in found))
    if not complete:
        raise typer.Exit(COMMAND_FAILED)
    if any(finding.severity in _failing(fail_level) for _, finding in found):
        raise typer.Exit(ANSWER_IS_NO)


def _checked(options: QuantitiesOptions, path: str, codes: Collection[str]) -> _Checked:
    name = "<stdin>" if path == STANDARD_INPUT else path
    try:
        store = options.written(path)
    except BackorderctlError as failure:
        failure.hint = hint_for(failure, options.file)
        return _Checked(name, problems(failure, name), readable=False)
    day = options.day(store)
    live = options.live(store)
    found = [finding for _, finding in library.findings(live, day=day, codes=codes, name=name)]
    if day != options.today(store) or live is not store:
        # What is safe from that day on, or for these quantities, may change an answer today, or for other ones.
        found = [replace(finding, hint=None, effects=()) for finding in found]
    return _Checked(name, [replace(finding, hint=_for(path, finding.hint)) for finding in found], readable=True)


def _for(path: str, hint: Hint | None) -> Hint | None:
    """The command to type for this very file."""
    return for_file(hint, path) if isinstance(hint, CommandLine) else hint


def _chosen(only: Sequence[str] | None, select: Sequence[str] | None, ignore: Sequence[str] | None) -> set[str]:
    """The codes of the rules to report; BackorderctlError for an unknown one, and for both --only and --select."""
    if only is not None and select is not None:
        raise BackorderctlError("--select: expected without --only, got both: it replaces the kinds of rules")
    codes = set(DEFAULT_CODES)
    if only is not None:
        kinds = {_kind(word) for word in _split(only)}
        codes = {code for code, rule in RULES.items() if rule.kind in kinds}
    elif select is not None:
        codes = _codes("--select", select)
    return codes - _codes("--ignore", ignore or ())


def _codes(option: str, typed: Iterable[str]) -> set[str]:
    return {code for word in _split(typed) for code in codes_beginning(option, word)}


def _kind(typed: str) -> RuleKind:
    try:
        return RuleKind(typed.lower())
    except ValueError:
        kinds = ", ".join(RuleKind)
        raise BackorderctlError(f"--only: expected {kinds}, got {typed!r}", hint=nearest(typed, RuleKind)) from None


def _split(typed: Iterable[str]) -> Iterator[str]:
    """The words of an option that is given once with commas, or several times."""
    return (word.strip() for words in typed for word in words.split(","))


def _failing(level: FailLevel) -> tuple[Severity, ...]:
    """The severities that make the exit status 1."""
    severities = tuple(Severity)
    return () if level is FailLevel.NEVER else severities[: severities.index(Severity(level.value)) + 1]


def _plain(output: FindingFormat) -> Output:
    """The shape in which rules are listed; BackorderctlError for those that only findings have."""
    if output in (FindingFormat.GITHUB, FindingFormat.SARIF):
        raise BackorderctlError(f"--rules: expected {', '.join(Output)}, got {output.value}")
    return Output(output.value)
