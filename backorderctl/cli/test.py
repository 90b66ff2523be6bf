"""`backorderctl test`: whether the policy keeps the promises of its test file."""

import os
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from fnmatch import fnmatchcase
from typing import Annotated, NamedTuple

import typer

from backorderctl.cli.app import DEFAULT_FILE, STANDARD_INPUT, Command, noun, say_error, with_options
from backorderctl.cli.reading import AnswerOptions, path_of, read_input
from backorderctl.cli.target import refuse_overwriting_input
from backorderctl.errors import ANSWER_IS_NO, COMMAND_FAILED, BackorderctlError, CommandLine, InvalidFile
from backorderctl.files import access, atomic_file, git_revision
from backorderctl.files.access import is_side
from backorderctl.output import policy_tests as view
from backorderctl.output.policy_tests import FileResult
from backorderctl.policy.policy_test import InvalidTest
from backorderctl.policy.policy_test_file import SUFFIX, names, read_tests, store_beside, tests_beside
from backorderctl.policy.policy_tests import Outcome, run_policy_tests
from backorderctl.store.schedule import days_of_change

app = noun("")


class _Paths(NamedTuple):
    """A test file and the store file that it is about."""

    tests: str
    store: str


def complete_test_name(ctx: typer.Context, incomplete: str) -> list[str]:
    """The names of the tests in the files that are typed, or in the one of the store; none that cannot be read."""
    try:
        paths = _paths(ctx.params.get("files") or [], ctx.params.get("file") or DEFAULT_FILE, chosen=False)
        data = [access.read_text(each.tests) for each in paths]
    except (BackorderctlError, OSError):
        return []
    return [name for text in data for name in names(text) if name.startswith(incomplete)]


@app.command("test", cls=Command)
@with_options
def run_tests(
    options: AnswerOptions,
    context: typer.Context,
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE]...", help=f"Test files; else the one of the store, X{SUFFIX} of X.toml."),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(
            "--filter", metavar="GLOB", help="Only tests whose name matches.", autocompletion=complete_test_name
        ),
    ] = None,
    if_present: Annotated[
        bool, typer.Option("--if-present", help="Pass where the store has no test file beside it.")
    ] = False,
    junit: Annotated[
        str | None, typer.Option("--junit", metavar="FILE", help="Also write the results as JUnit XML.")
    ] = None,
) -> None:
    """Run policy tests. Exit status 1 when one fails, 2 when a file or a test is invalid.

    The store of X.test.toml is X.toml beside it, or the one that -f names.
    """
    source = context.get_parameter_source("file")
    paths = _paths(files or [], options.file, chosen=source is not None and source.name == "COMMANDLINE")
    options.read_once(*(path for each in paths for path in each))
    if junit is not None:
        refuse_overwriting_input("--junit", junit, [path for each in paths for path in each])
    results: list[FileResult] = []
    if if_present and not files and not any(os.path.lexists(each.tests) for each in paths):
        options.say(f"{paths[0].tests}: no such file, so there is nothing to test")
        return
    for each in paths:
        try:
            results += _results(options, each, only, named=bool(files))
        except BackorderctlError as failure:
            unknown = Outcome(InvalidTest(each.tests, None, ()), errors=(failure.message,))
            _write_junit(junit, [*results, FileResult(each.tests, unknown, date.min)])
            raise
    _write_junit(junit, results)
    if not results:
        options.say(f"no test matches {only!r}")
        raise typer.Exit(ANSWER_IS_NO)
    for line in view.error_lines(results):
        say_error(line)
    view.show_tests(results, options.output, sys.stdout)
    if any(each.result.errors for each in results):
        raise typer.Exit(COMMAND_FAILED)
    if any(each.result.failures for each in results):
        raise typer.Exit(ANSWER_IS_NO)


def _write_junit(to: str | None, results: Sequence[FileResult]) -> None:
    """Write the results, also of a run that ends early: those of an earlier one must not be taken for them."""
    if to is not None:
        from backorderctl.output.junit import junit_report

        atomic_file.replace_bytes(to, junit_report(results).encode())


def _paths(files: Sequence[str], store: str, *, chosen: bool) -> list[_Paths]:
    """Each test file with its store: the one that was `chosen` with -f, else the one beside it."""
    if files:
        return [_Paths(file, store if chosen else store_beside(file)) for file in dict.fromkeys(files)]
    if store == STANDARD_INPUT:
        raise BackorderctlError("-f -: expected the name of a test file beside it, got none")
    in_full = git_revision.name(store, default_path=path_of("")) if is_side(store) else store
    return [_Paths(tests_beside(in_full), in_full)]


def _results(options: AnswerOptions, paths: _Paths, only: str | None, *, named: bool) -> Iterator[FileResult]:
    """The results of one file, which may be `named` on the command line; where it is no file of tests, why."""
    missing = paths.tests != STANDARD_INPUT and not is_side(paths.tests) and not os.path.lexists(paths.tests)
    if missing and (named or os.path.lexists(paths.store)):  # rather than that its store is missing
        hint = None if named else CommandLine(("init", "--tests"))
        raise BackorderctlError(f"{paths.tests}: no such file", hint=hint)
    store = options.live(options.written(paths.store))
    today = options.day(store)
    name = "<stdin>" if paths.tests == STANDARD_INPUT else paths.tests
    try:
        tests = read_tests(read_input(paths.tests), name, store)
    except InvalidFile as failure:
        unread = InvalidTest(name, None, failure.problems)
        yield FileResult(name, Outcome(unread, errors=tuple(problem.message for problem in failure.problems)), today)
        return
    wanted = [test for test in tests if isinstance(test, InvalidTest) or only is None or fnmatchcase(test.name, only)]
    days = [today, *days_of_change(store.schedule, after=today)]
    for result in run_policy_tests(wanted, store.on, days):
        yield FileResult(name, result, today)
