"""What a rule finds: one violation, how bad it is, and what to type about it."""

from dataclasses import dataclass
from enum import StrEnum

from backorderctl.store.model import Place
from backorderctl.toml.change import KeyPath


class Severity(StrEnum):
    """How bad a violation is, the worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


Words = tuple[str, ...]
"""A command to type, without the program's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One rule broken once: by the value of `key` at `place`, for a product in a stock at a source.

    `message` is the same for all violations of one cause, `detail` is about this product alone. `severity` is None
    where it is that of the rule. `path` is where the violation is in the file, if not at the key or table of `place`.
    """

    place: Place
    message: str
    key: str | None = None
    stock: str | None = None
    source: str | None = None
    product: str | None = None
    detail: str = ""
    hint: Words = ()
    severity: Severity | None = None
    gather: bool = False
    path: KeyPath | None = None

    @property
    def location(self) -> KeyPath:
        """Where the violation is in the file."""
        if self.path is not None:
            return self.path
        return (*self.place.path, self.key) if self.key else self.place.path
