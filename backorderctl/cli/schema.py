"""`backorderctl schema`: the JSON Schema of the store file."""

import sys

from backorderctl.cli.options import Command, QuietOption, noun
from backorderctl.schema import json_schema
from backorderctl.view import listing

app = noun("")


@app.command(cls=Command)
def schema(quiet: QuietOption = False) -> None:
    """Print the JSON Schema of the store file, for editors that check TOML."""
    sys.stdout.write(listing.dumps(json_schema(), indent=2) + "\n")
