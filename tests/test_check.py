"""The rules of `check`: what each finds and leaves alone, how findings are grouped and accepted."""

from datetime import date
from pathlib import Path

import pytest

from backorderctl.check import check
from backorderctl.check.findings import Finding, problems
from backorderctl.check.rules import RULES
from backorderctl.errors import InvalidFile
from backorderctl.reading import parse

DATA = Path(__file__).parent / "data" / "check"
TODAY = date(2026, 12, 24)


def found(text: str, *, today: date = TODAY) -> list[Finding]:
    """What is wrong in a store file."""
    try:
        store = parse(text.encode(), "store.toml")
    except InvalidFile as failure:
        return problems(failure, "store.toml")
    return check(store, today=today)


def told(text: str, *, today: date = TODAY) -> list[str]:
    """The findings, a line each."""
    return [f"{each.code} {each.message}" for each in found(text, today=today)]


@pytest.mark.parametrize("code", RULES)
def test_a_rule_finds_what_it_is_about(code: str) -> None:
    text = (DATA / f"{code}-bad.toml").read_text(encoding="utf-8")
    place, message = (line.removeprefix("# ") for line in text.splitlines()[:2])
    [finding] = found(text)
    assert f"{finding.code} {finding.severity}, line {finding.line}, {finding.scope or 'nowhere'}" == place
    assert finding.message == message
    assert finding.severity == RULES[code].severity


@pytest.mark.parametrize("code", RULES)
def test_a_rule_leaves_alone_what_is_meant(code: str) -> None:
    assert found((DATA / f"{code}-good.toml").read_text(encoding="utf-8")) == []
