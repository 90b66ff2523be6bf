"""Findings as a SARIF 2.1.0 log (OASIS Standard, 27 March 2020), which code hosts show beside the lines."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from backorderctl.check.findings import Finding, FoundAt, LocatedFinding
from backorderctl.check.registry import Rule, Severity
from backorderctl.check.rules import RULES
from backorderctl.output.finding_text import message_and_hint
from backorderctl.output.format import describe_place_in_full

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "finding/v2"

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def log(found: Sequence[LocatedFinding], *, complete: bool) -> dict[str, Any]:
    """The whole log, with every rule; its invocation did not succeed unless it is `complete`."""
    run = {
        "tool": {"driver": _driver()},
        "invocations": [{"executionSuccessful": complete}],
        "results": list(_results(found)),
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _driver() -> dict[str, Any]:
    from importlib.metadata import version

    return {"name": "backorderctl", "version": version("backorderctl"), "rules": [_rule(row) for row in RULES.values()]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.name.replace("-", " ")},
        "fullDescription": {"text": rule.reason},
        "help": {"text": rule.remedy},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _results(found: Iterable[LocatedFinding]) -> Iterator[dict[str, Any]]:
    indices = {code: index for index, code in enumerate(RULES)}
    seen: Counter[str] = Counter()
    for file, finding in found:
        fingerprint = _fingerprint(file, finding)
        seen[fingerprint] += 1
        yield {
            "ruleId": finding.code,
            "ruleIndex": indices[finding.code],
            "level": _LEVELS[finding.severity],
            "message": {"text": message_and_hint(finding)},
            "locations": [{"physicalLocation": _location(file, finding.line)}],
            "relatedLocations": [
                {"physicalLocation": _location(file, found_at.line), "message": {"text": _place(found_at)}}
                for found_at in finding.places
            ],
            "partialFingerprints": {FINGERPRINT: f"{fingerprint}:{seen[fingerprint]}"},
        }


def _place(found_at: FoundAt) -> str:
    return describe_place_in_full(found_at.place)


def _location(file: str, line: int | None) -> dict[str, Any]:
    artifact = {"artifactLocation": {"uri": _uri(file)}}
    return artifact if line is None else {**artifact, "region": {"startLine": line}}


def _uri(file: str) -> str:
    """The file as a URI reference, relative to here where it lies below."""
    from urllib.parse import quote

    path = Path(file)
    if path.is_absolute():
        try:
            path = path.relative_to(Path.cwd())
        except ValueError:
            return path.as_uri()
    return quote(os.fsencode(path.as_posix()))


def _fingerprint(file: str, finding: Finding) -> str:
    """What stays the same when lines move or other products join; of a file's own problems, what they say."""
    from hashlib import sha256

    place = (finding.message,) if finding.place is None else finding.place._replace(product=None)
    parts = (file, finding.code, finding.key, *place)
    return sha256("\0".join(part or "" for part in parts).encode(errors="surrogateescape")).hexdigest()[:32]
