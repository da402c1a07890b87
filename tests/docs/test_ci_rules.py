"""A skip of a test that needs a phone, a browser or a voice fails in CI and passes at a desk. Workers share the tests out by their cost."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.shares import shared_out

RULE = Path(__file__).resolve().parents[1] / "never_skipped.py"


@pytest.mark.parametrize("ci", ["true", ""])
def test_only_in_ci_a_skip_of_a_marked_test_fails_with_its_reason(tmp_path, ci):
    shutil.copy(RULE, tmp_path / "conftest.py")
    marks = ["phone", "browser", "voice", "slow"]
    (tmp_path / "test_it.py").write_text(
        "import unittest\nimport pytest\n"
        "@pytest.mark.voice\ndef test_offered():\n    raise unittest.SkipTest('the plugin does not offer it')\n"
        + "".join(f"@pytest.mark.{m}\ndef test_{m}():\n    pytest.skip('there is no such program')\n" for m in marks)
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n" + "".join(f"    {m}: what it needs\n" for m in marks))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    environment = {**os.environ, "CI": ci}
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert ("3 failed, 2 skipped" in run.stdout) == bool(ci)
    assert ("5 skipped" in run.stdout) == (not ci)
    assert run.stdout.count("a test marked voice was skipped with CI=true: Skipped: there is no such program") == (
        2 if ci else 0
    ), "in its failure and in the summary"


def test_each_worker_begins_with_slow_files_and_no_file_is_torn():
    counts = {
        "tests/unit/a.py": 9,
        "tests/docs/b.py": 2,
        "tests/phone/c.py": 3,
        "tests/phone/d.py": 2,
        "tests/unit/e.py": 4,
    }
    tests = [f"{file}::test_{number}" for file, count in counts.items() for number in range(count)]
    listed = [tests[at].partition("::")[0] for at in shared_out(tests, 2)]
    assert [*dict.fromkeys(listed)] == [
        *("tests/phone/c.py", "tests/unit/a.py"),
        *("tests/phone/d.py", "tests/docs/b.py", "tests/unit/e.py"),
    ]
    assert Counter(listed) == counts
