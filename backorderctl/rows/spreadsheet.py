"""Text cells that a spreadsheet takes for formulas: written with an apostrophe before them, and read without it.

The characters are those of OWASP's page on CSV injection. The change is lossless: exactly one apostrophe is added, and
taken off.
"""

import re

_FORMULA = re.compile(r"'*+[=+\-@\t\r\n]")


def is_formula(text: str) -> bool:
    """Whether a spreadsheet may take the text for a formula, or it is read back as such a text."""
    return _FORMULA.match(text) is not None


def protected(text: str) -> str:
    """The text as a spreadsheet shows it without calculating."""
    return f"'{text}" if is_formula(text) else text


def unprotected(text: str) -> str:
    """The text that `protected` was given."""
    return text[1:] if text.startswith("'") and is_formula(text) else text
