"""Files of refused rows, for people who go on without them."""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from backorderctl.cli.reading import StoreOptions
from backorderctl.cli.target import encoded_export, refuse_overwriting_input
from backorderctl.output.format import counted
from backorderctl.store.delimited import Refused, write_rejects
from backorderctl.store.rows_read import FileRead
from backorderctl.toml import atomic_file

_KIND = re.compile(r"(\.(csv|tsv|parquet))?(\.gz)?$", re.IGNORECASE)
"""What the name of a file ends in, by its kind."""


def rejects_names(files: Iterable[str]) -> dict[str, str]:
    """A name for the refused rows of each file: its own without what it ends in, with a number where two are alike."""
    names: dict[str, str] = {}
    for file in dict.fromkeys(files):
        own = _KIND.sub("", Path(file).name).strip("<>")
        alike = (own, *(f"{own}-{number}" for number in range(2, len(names) + 2)))
        names[file] = next(name for name in alike if name not in names.values())
    return names


def write_refused(
    refused: Iterable[Refused], files: Sequence[FileRead], targets: Mapping[str, str], options: StoreOptions
) -> None:
    """Write the refused rows of each file to its own of `targets`, in the order of their numbers."""
    headers = {file.file: file.header for file in files}
    rows: dict[str, list[Refused]] = {file: [] for file in headers}
    for row in refused:
        rows[row.file].append(row)
    for file, of_file in rows.items():
        if not of_file:
            continue
        first, *_ = of_file = sorted(of_file, key=lambda row: row.number)
        target = targets[file]
        refuse_overwriting_input("--skip-bad", target, [options.file, *headers])
        out = io.StringIO()
        write_rejects(headers[file], of_file, out)
        atomic_file.replace_bytes(target, encoded_export(out.getvalue(), target))
        told = f"{counted(len(of_file), 'row')} refused, the first at line {first.line}: {first.reason}"
        options.say(f"{target}: {told}")
