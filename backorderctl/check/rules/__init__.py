"""The rules: every module of this package registers its own, and `RULES` has them all."""

from importlib import import_module
from pkgutil import iter_modules

from backorderctl.check.registry import REGISTERED, Rule
from backorderctl.errors import BackorderctlError, suggestion

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

RULES: dict[str, Rule] = dict(sorted(REGISTERED.items()))
"""Every rule by its code, in the order of the codes."""


def codes_beginning(option: str, typed: str) -> tuple[str, ...]:
    """The codes that begin as typed for the option (`BO101`, `BO1`).

    BackorderctlError with the nearest code when none does.
    """
    begun = typed.strip().upper()
    codes = tuple(code for code in RULES if begun and code.startswith(begun))
    if not codes:
        raise BackorderctlError(f"{option}: unknown rule {typed.strip()!r}", hint=suggestion(begun, RULES))
    return codes
