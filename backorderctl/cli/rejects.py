"""Files of refused rows, for people who go on without them."""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from backorderctl.cli.app import say
from backorderctl.cli.target import encoded_export, remove_old_rejects
from backorderctl.files import atomic_file
from backorderctl.output.format import counted
from backorderctl.rows.delimited import Refused, write_rejects

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
    refused: Iterable[Refused],
    headers: Mapping[str, Sequence[str]],
    targets: Mapping[str, str],
    *,
    quiet: bool,
    old: Iterable[str] = (),
) -> None:
    """Write the refused rows of each file to its own of `targets`, in the order of their numbers.

    Of the files `old`, which an earlier run may have written, those to which no rows go are removed.
    """
    rows: dict[str, list[Refused]] = {}
    for row in refused:
        rows.setdefault(row.file, []).append(row)
    for file, of_file in rows.items():
        target, of_file = targets[file], sorted(of_file, key=lambda row: row.number)
        out = io.StringIO()
        write_rejects(headers[file], of_file, out)
        atomic_file.replace_bytes(target, encoded_export(out.getvalue(), target))
        told = f"{counted(len(of_file), 'row')} refused, the first at line {of_file[0].line}: {of_file[0].reason}"
        say(f"{target}: {told}", quiet=quiet)
    for target in sorted(set(old) - {targets[file] for file in rows}):
        remove_old_rejects(target, quiet=quiet)
