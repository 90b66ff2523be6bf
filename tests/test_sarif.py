"""Fingerprints of findings in SARIF: equal for the same finding in another revision, different for any other."""

from dataclasses import replace

from checking import found

from backorderctl.check.findings import LocatedFinding
from backorderctl.output import sarif

TEXT = """version = 1
[sources.main]
[products.A]
backorders = "no"
notify_for_quantity_below = 1
[products.A.sources.main]
quantity = 1
"""


def fingerprints(text: str, file: str = "store.toml") -> list[str]:
    log = sarif.log([LocatedFinding(file, each) for each in found(text)], complete=True)
    return [result["partialFingerprints"][sarif.FINGERPRINT] for result in log["runs"][0]["results"]]


def test_findings_that_differ_in_their_key_have_different_fingerprints() -> None:
    keys = fingerprints(TEXT)
    assert len(keys) == len({key.partition(":")[0] for key in keys}) == 2


def test_a_fingerprint_stays_when_another_product_joins() -> None:
    assert fingerprints(
        TEXT + TEXT.partition("[sources.main]\n")[2].replace("products.A", "products.B")
    ) == fingerprints(TEXT)


def test_a_fingerprint_stays_when_lines_move_and_differs_by_file() -> None:
    assert fingerprints(TEXT.replace("[products.A]", "# moved\n[products.A]")) == fingerprints(TEXT)
    assert not set(fingerprints(TEXT, "other.toml")) & set(fingerprints(TEXT))


def test_the_same_finding_twice_in_a_log_is_counted() -> None:
    twice = [LocatedFinding("store.toml", each) for each in (*found(TEXT)[:1], *found(TEXT)[:1])]
    results = sarif.log(twice, complete=False)["runs"][0]["results"]
    one, other = (result["partialFingerprints"][sarif.FINGERPRINT] for result in results)
    assert (one.partition(":")[0], one[-2:], other[-2:]) == (other.partition(":")[0], ":1", ":2")


def test_a_problem_without_a_line_has_no_region() -> None:
    [finding] = found("version = 1\n[global]\nbackorders = 'maybe'\n")
    for line, region in ((3, {"startLine": 3}), (None, None)):
        [result] = sarif.log([LocatedFinding("store.toml", replace(finding, line=line))], complete=False)["runs"][0][
            "results"
        ]
        assert result["locations"][0]["physicalLocation"].get("region") == region
