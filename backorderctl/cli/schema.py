"""`backorderctl schema`: the JSON Schemas of the store file and of test files."""

import sys
from typing import Annotated

import typer

from backorderctl.cli.app import Command, PlainOptions, noun, with_options
from backorderctl.output import listing
from backorderctl.policy.policy_test import policy_test_schema
from backorderctl.store.json_schema import json_schema

app = noun("")


@app.command(cls=Command)
@with_options
def schema(
    options: PlainOptions,
    tests: Annotated[bool, typer.Option("--tests", help="The schema of test files instead.")] = False,
) -> None:
    """Print the JSON Schema of the store file, for editors.

    With --tests that of test files.
    """
    sys.stdout.write(listing.dumps(policy_test_schema() if tests else json_schema(), indent=2) + "\n")
