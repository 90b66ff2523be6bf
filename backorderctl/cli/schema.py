"""`backorderctl schema`: the JSON Schema of the store file."""

import sys

from backorderctl.cli.command import Command, noun
from backorderctl.cli.reading import PlainOptions, with_options
from backorderctl.output import table
from backorderctl.store.json_schema import json_schema

app = noun("")


@app.command(cls=Command)
@with_options
def schema(options: PlainOptions) -> None:
    """Print the JSON Schema of the store file, for editors that check TOML."""
    sys.stdout.write(table.dumps(json_schema(), indent=2) + "\n")
