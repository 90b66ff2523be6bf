"""`backorderctl schema`: the JSON Schemas of the store file, of test files and of answers."""

import sys
from typing import Annotated

import typer

from backorderctl.cli.app import Command, PlainOptions, noun, with_options
from backorderctl.errors import BackorderctlError
from backorderctl.output import listing
from backorderctl.output.product import answers_schema
from backorderctl.policy.policy_test import policy_test_schema
from backorderctl.store.json_schema import json_schema

app = noun("")


@app.command(cls=Command)
@with_options
def schema(
    options: PlainOptions,
    tests: Annotated[bool, typer.Option("--tests", help="The schema of test files instead.")] = False,
    answers: Annotated[bool, typer.Option("--answers", help="The schema of `product list -o json` instead.")] = False,
) -> None:
    """Print the JSON Schema of the store file, for editors.

    With --tests that of test files, with --answers that of what `product list` and `evaluate` answer.
    """
    if tests and answers:
        raise BackorderctlError("expected --tests or --answers, got both")
    document = policy_test_schema() if tests else answers_schema() if answers else json_schema()
    sys.stdout.write(listing.dumps(document, indent=2) + "\n")
