"""The two rules that do not look at a store: one is found in reading the file, the other among its accepts."""

from backorderctl.check.registry import REGISTERED, Rule, RuleKind
from backorderctl.check.violation import Severity

UNREADABLE = Rule(
    code="BO001",
    name="unreadable-file",
    severity=Severity.ERROR,
    kind=RuleKind.POLICY,
    reason="The file cannot be read, or is not a store file.",
    remedy="Correct what the message names; nothing else of the file is checked until then.",
)
UNSOUND_ACCEPT = Rule(
    code="BO901",
    name="unsound-accept",
    severity=Severity.WARNING,
    kind=RuleKind.POLICY,
    reason="An accepted finding has no reason, is past its date, names no rule, or matches nothing.",
    remedy="Correct or remove the accept.",
)
REGISTERED.update({each.code: each for each in (UNREADABLE, UNSOUND_ACCEPT)})
