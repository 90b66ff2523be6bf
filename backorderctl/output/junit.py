"""Results of policy tests as JUnit XML, as GitLab, Jenkins and Azure read it.

The elements and attributes are those of the schema of Jenkins (junit-10.xsd of its xUnit plugin), of which the others
read a part: the schema knows neither file nor line of a test case, so that these are in the text.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from backorderctl.output.format import printable
from backorderctl.output.policy_tests import FileResult, error_lines, expected_words, failure_lines, found_words
from backorderctl.policy.policy_tests import Outcome

_NOT_XML = re.compile("[\ufffe\uffff]")
"""What XML 1.0 does not allow and a terminal does not mind."""


def junit_report(results: Sequence[FileResult]) -> str:
    """The whole file: a suite for each test file, in which the class name of each case is the file's name."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="backorderctl test"{_counts(results)}>']
    for file, group in groupby(results, key=lambda each: each.file):
        suite = list(group)
        lines.append(f"  <testsuite name={_attribute(file)} file={_attribute(file)}{_counts(suite)}>")
        lines += [line for each in suite for line in _case(each)]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _counts(results: Sequence[FileResult]) -> str:
    failures = sum(bool(each.result.failures) for each in results)
    errors = sum(bool(each.result.errors) for each in results)
    return f' tests="{len(results)}" failures="{failures}" errors="{errors}"'


def _case(each: FileResult) -> Iterator[str]:
    file, result, today = each
    start = f"    <testcase classname={_attribute(file)} name={_attribute(result.test.name)}"
    if result.passed:
        yield f"{start}/>"
        return
    kind = "error" if result.errors else "failure"
    message = "; ".join(result.errors) or _message(result)
    details = [*error_lines([each]), *failure_lines(file, result, today)] or result.errors
    yield f"{start}>"
    yield f'      <{kind} message={_attribute(message)} type="{kind}">' + "\n".join(map(_text, details)) + f"</{kind}>"
    yield "    </testcase>"


def _message(result: Outcome) -> str:
    first = result.failures[0]
    more = f" and {len(result.failures) - 1} more" if len(result.failures) > 1 else ""
    return (
        f"{first.answer.product.sku}: {first.field}: expected {expected_words(first.expected)}, "
        f"got {found_words(first.found)}{more}"
    )


def _attribute(text: str) -> str:
    return quoteattr(_NOT_XML.sub("\ufffd", printable(text)))


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", printable(text)))
