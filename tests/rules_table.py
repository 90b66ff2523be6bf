"""The table of rules in docs/check.md: `python tests/rules_table.py` writes there what the registry says."""

import re
from pathlib import Path

from backorderctl.check.rules import RULES

PAGE = Path(__file__).parent.parent / "docs" / "check.md"


def table() -> str:
    rows = ["| code | name | kind | severity | finds | what to do |", "| --- | --- | --- | --- | --- | --- |"]
    rows += [
        f"| `{rule.code}` | `{rule.name}` | {rule.kind} | {rule.severity} | {rule.reason} | {rule.remedy} |"
        for rule in RULES.values()
    ]
    return "\n".join(rows) + "\n"


def main() -> None:
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(
        re.sub(r"\| code \| name \|.*?\n(?=\n)", lambda _: table(), text, flags=re.DOTALL), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
