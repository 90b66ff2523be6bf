"""Writing several files into one folder: all of them, or none."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from backorderctl.errors import BackorderctlError


def write_folder(folder: str, files: Mapping[str, bytes]) -> None:
    """Write these files into the folder, which is made if it is missing; its other files stay.

    BackorderctlError when there is something else of that name; OSError, with the folder as it was, when a file cannot
    be written.
    """
    target = Path(folder)
    if target.exists() and not target.is_dir():
        raise BackorderctlError(f"{folder}: expected a folder, got a file")
    if not target.parent.is_dir():
        raise BackorderctlError(f"{folder}: expected a folder in one that exists, got none")
    for name in files:
        if (target / name).is_dir():
            raise BackorderctlError(f"{target / name}: expected a file, got a folder")
    with _staging(target) as staging:
        for name, content in files.items():
            (staging / name).write_bytes(content)
        if not target.exists():
            staging.chmod(0o777 & ~_umask())
            staging.rename(target)
        else:
            _replace(target, staging, list(files))


@contextmanager
def _staging(target: Path) -> Iterator[Path]:
    """A folder beside the target, which is gone afterwards unless it has become the target."""
    staging = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _replace(target: Path, staging: Path, names: list[str]) -> None:
    """Move the new files into the target and the old ones out; when one cannot be moved, all are moved back."""
    old = staging / "old"
    old.mkdir()
    moved: list[str] = []
    try:
        for name in names:
            if (target / name).exists():
                (target / name).rename(old / name)
            moved.append(name)
            (staging / name).rename(target / name)
    except OSError:
        for name in moved:
            with suppress(FileNotFoundError):
                (target / name).rename(staging / name)
            with suppress(FileNotFoundError):
                (old / name).rename(target / name)
        raise


def _umask() -> int:
    """The permissions that new files of this process do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
