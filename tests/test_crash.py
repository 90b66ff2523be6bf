"""A few of the writes of `tests/crash.py`, which .ci/run tries in full."""

import shutil
from pathlib import Path

import pytest
from crash import WRITES, File, Name, Record, contents, crashes, states

needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")


@needs_strace
@pytest.mark.parametrize("name", ["set", "import into a new file", "export csv again", "evaluate"])
def test_every_crash_of_a_write_leaves_the_old_file_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert crashes(name, WRITES[name], tmp_path).startswith(f"{name}: ")


def test_what_is_not_synced_may_be_missing_or_half_there() -> None:
    file = File(writes=[(1, None, b"abcd"), (3, None, b"efgh")], synced=[2])
    assert contents(file, 3) == [b"abcd", b"abcdef", b"abcdefgh"]
    record = Record({"/d": None}, [Name(1, "file", ("/d/t",), "/d", file), Name(4, "rename", ("/d/t", "/d/s"), "/d")])
    found = {tuple(sorted(state.items())) for state in states(record, 4)}
    places = {frozenset(path for path, data in state if data is not None) for state in found}
    assert places == {frozenset(), frozenset(["/d/t"]), frozenset(["/d/s"])}
    record.folders.append((5, "/d"))
    assert {frozenset(path for path, _ in state.items()) for state in states(record, 5)} == {frozenset(["/d", "/d/s"])}
