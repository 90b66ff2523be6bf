"""Runs all tests under coverage and keeps which of them ran each line of the package, for `sample.py`."""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest


class Recorder:
    """The plugin of pytest that notes what each test runs and how long it takes; a test that fails has no seconds."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self.measured = measured
        self.seconds: dict[str, float] = defaultdict(float)
        self.failing: set[str] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Give what runs from here the name of the test, of which parameters are no part."""
        self.measured.switch_context(item.nodeid.partition("[")[0])
        result = yield
        self.measured.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up a test's set-up, call and end, of all its parameters."""
        test = report.nodeid.partition("[")[0]
        self.seconds[test] += report.duration
        if report.failed:
            self.failing.add(test)


def record() -> None:
    """Write the file that the command line names, with the digest that it names; -1 for a test is an import."""
    path, digest = sys.argv[1:]
    root = Path(path).parent
    measured = coverage.Coverage(data_file=None, source=[str(root / "backorderctl")], config_file=False)
    recorder = Recorder(measured)
    measured.start()
    pytest.main(["tests", "-p", "no:cacheprovider", "--hypothesis-profile=ci"], plugins=[recorder])
    measured.stop()
    data = measured.get_data()
    numbers = {test: number for number, test in enumerate(recorder.seconds)}
    lines = {
        Path(file).relative_to(root / "backorderctl").as_posix(): {
            line: [numbers.get(test, -1) for test in tests] for line, tests in data.contexts_by_lineno(file).items()
        }
        for file in data.measured_files()
    }
    seconds = [(test, None if test in recorder.failing else spent) for test, spent in recorder.seconds.items()]
    kept = {"digest": digest, "tests": seconds, "lines": lines}
    Path(path).write_text(json.dumps(kept), encoding="utf-8")
