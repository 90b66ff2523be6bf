"""The files that an import or export reads beside the store file, one of which may be standard input."""

import io
from collections.abc import Sequence

from backorderctl.cli.command import STANDARD_INPUT
from backorderctl.cli.reading import read_standard_input
from backorderctl.errors import BackorderctlError
from backorderctl.magento.csv_reader import UTF_8, Input, file_input
from backorderctl.toml.file_access import MAX_SIZE


def once_standard_input(*paths: str | None) -> Sequence[str | None]:
    """These paths; BackorderctlError when more than one of them is standard input."""
    if paths.count(STANDARD_INPUT) > 1:
        raise BackorderctlError("standard input can be one file only, got it for several")
    return paths


def opened(path: str, *, encoding: str = UTF_8, limit: int = MAX_SIZE) -> Input:
    """The file at `path`, or all that standard input has, for `-`, as an input."""
    if path != STANDARD_INPUT:
        return file_input(path, encoding=encoding, limit=limit)
    content = read_standard_input(limit=limit)
    return Input(name="<stdin>", open=lambda: io.BufferedReader(io.BytesIO(content)), encoding=encoding, limit=limit)
