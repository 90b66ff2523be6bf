"""Results of policy tests: a line for each failure with the arithmetic behind it, JSON and CSV."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, TextIO

from backorderctl.output import listing
from backorderctl.output.explain import pool_sums
from backorderctl.output.format import Cell, Output, plain_text, printable
from backorderctl.output.listing import Listing
from backorderctl.output.table import Column
from backorderctl.policy.evaluate import Salability
from backorderctl.policy.expectations import NULL, Bounds, Expected, Found, OneOf
from backorderctl.policy.policy_test import InvalidTest
from backorderctl.policy.policy_tests import Failure, Outcome

MOST_NAMED = 3
"""So many products, values or days are named; the others are counted."""
_COLUMNS = tuple(
    map(
        Column,
        ("name", "file", "line", "passed", "products", "sku", "stock", "source", "at", "field", "expected", "found",
         "error"),
    )
)  # fmt: skip


class FileResult(NamedTuple):
    """The result of a test, the name of the file that it is in, and the day that was today for its store."""

    file: str
    result: Outcome
    today: date


def show_tests(results: Sequence[FileResult], output: Output, out: TextIO) -> None:
    """Write the results; in a table the tests that passed are only counted."""
    match output:
        case Output.JSON:
            out.write(
                listing.dumps({"tests": [_document(each.file, each.result) for each in results]}, indent=2) + "\n"
            )
        case Output.CSV:
            listing.show(
                Listing("tests", _COLUMNS, (row for each in results for row in _rows(each.file, each.result))),
                output,
                out,
            )
        case Output.TABLE:
            for each in results:
                out.writelines(f"{printable(line)}\n" for line in failure_lines(*each))
            out.write(tests_summary([each.result for each in results]) + "\n")


def failure_lines(file: str, result: Outcome, today: date) -> Iterator[str]:
    """What failed in one test: a line for each field, and below these the sums of some of the products."""
    place = file if result.test.line is None else f"{file}:{result.test.line}"
    by_field: dict[str, list[Failure]] = {}
    for failure in result.failures:
        by_field.setdefault(failure.field, []).append(failure)
    for field, failures in by_field.items():
        failed = len({failure.answer.product.sku for failure in failures})
        yield f"{place}: {result.test.name}: {field}: {_mismatch(failures, today)} ({_part(failed, result.products)})"
    examples = {(failure.answer.product.sku, failure.answer.stock): failure.answer for failure in result.failures}
    for answer in [*examples.values()][:MOST_NAMED]:
        yield from _sum_lines(answer)


def error_lines(results: Sequence[FileResult]) -> Iterator[str]:
    """What is wrong with tests that cannot be run, each with its place."""
    for file, result, _ in results:
        if isinstance(result.test, InvalidTest):
            yield from (problem.at(file) for problem in result.test.problems)
        else:
            place = file if result.test.line is None else f"{file}:{result.test.line}"
            yield from (f"{place}: {result.test.name}: {error}" for error in result.errors)


def tests_summary(results: Sequence[Outcome]) -> str:
    """How the tests went, in one line: `3 tests: 2 passed, 1 failed`."""
    invalid = sum(bool(result.errors) for result in results)
    failed = sum(bool(result.failures) for result in results)
    counts = ((len(results) - failed - invalid, "passed"), (failed, "failed"), (invalid, "invalid"))
    tests = "1 test" if len(results) == 1 else f"{len(results)} tests"
    return f"{tests}: " + ", ".join(f"{number} {word}" for number, word in counts if number)


def expected_words(expected: Expected) -> str:
    """What was expected, in words: `22`, `no or allow`, `at most 500`."""
    if isinstance(expected, OneOf):
        return " or ".join(map(found_words, expected.values))
    bounds = (("at least", expected.least), ("at most", expected.most))
    return " and ".join(f"{words} {plain_text(bound)}" for words, bound in bounds if bound is not None)


def found_words(found: Found) -> str:
    """A value that was found, as a test file writes it."""
    return NULL if found is None else plain_text(found)


def _mismatch(failures: Sequence[Failure], today: date) -> str:
    found = list(dict.fromkeys(found_words(failure.found) for failure in failures))
    named = ", ".join(found[:MOST_NAMED]) + (
        f" and {len(found) - MOST_NAMED} other values" if len(found) > MOST_NAMED else ""
    )
    return f"expected {expected_words(failures[0].expected)}, got {named}{_days(failures, today)}"


def _days(failures: Sequence[Failure], today: date) -> str:
    """On which days it fails, where that is not today alone."""
    days = sorted({failure.at for failure in failures})
    if days == [today]:
        return ""
    return f" on {days[0]}" if len(days) == 1 else f" on {days[0]} and {len(days) - 1} later days"


def _part(failed: int, products: int) -> str:
    return f"{failed} of {products} product" + ("" if products == 1 else "s")


def _sum_lines(answer: Salability) -> Iterator[str]:
    """The product, and its sum from the source items to the salable quantity."""
    yield f"  {answer.product.sku} in " + (f"stock {answer.stock}" if answer.stock else "no stock")
    if not answer.pools:
        unmanaged = answer.items and not answer.managed
        yield "    manage_stock is false: no quantity counts" if unmanaged else "    no source item counts"
    for sums in pool_sums(answer):
        yield from (f"  {line}" for line in sums)


def _document(file: str, result: Outcome) -> dict[str, Any]:
    return {
        "name": result.test.name,
        "file": file,
        "line": result.test.line,
        "passed": result.passed,
        "products": result.products,
        "failures": [_failure(failure) for failure in result.failures],
        "error": "; ".join(result.errors) or None,
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "sku": failure.answer.product.sku,
        "stock": failure.answer.stock,
        "source": failure.source,
        "at": failure.at.isoformat(),
        "field": failure.field,
        "expected": _expected(failure.expected),
        "found": failure.found,
    }


def _expected(expected: Expected) -> Any:
    """What was expected, as the test file writes it."""
    if isinstance(expected, Bounds):
        bounds: Mapping[str, Any] = {"min": expected.least, "max": expected.most}
        return {name: bound for name, bound in bounds.items() if bound is not None}
    values = [NULL if value is None else value for value in expected.values]
    return values[0] if len(values) == 1 else values


def _rows(file: str, result: Outcome) -> Iterator[tuple[Cell, ...]]:
    """A row for each failure, or one for a test without any."""
    head = (result.test.name, file, result.test.line, result.passed, result.products)
    for each in result.failures:
        where = (each.answer.product.sku, each.answer.stock, each.source, each.at.isoformat(), each.field)
        yield (*head, *where, expected_words(each.expected), found_words(each.found), None)
    if not result.failures:
        yield (*head, *(None,) * 7, "; ".join(result.errors) or None)
