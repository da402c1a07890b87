"""A test that needs a phone, a browser or a voice may be skipped at a desk, and fails in CI."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RULE = Path(__file__).resolve().parents[1] / "never_skipped.py"


def outcome_of_a_skip(folder, mark, ci):
    """Run one skipped test with that mark under the project's rule and give pytest's exit code."""
    shutil.copy(RULE, folder / "conftest.py")
    (folder / "test_it.py").write_text(
        f"import pytest\n\n@pytest.mark.{mark}\ndef test_it():\n    pytest.skip('there is no such program')\n"
    )
    (folder / "pytest.ini").write_text(f"[pytest]\nmarkers =\n    {mark}: what it needs\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
    environment = {**os.environ, "CI": ci}
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)
    return run.returncode, run.stdout


@pytest.mark.parametrize("mark", ["phone", "browser", "voice"])
def test_in_ci_a_skip_of_a_marked_test_fails_with_its_reason(tmp_path, mark):
    code, output = outcome_of_a_skip(tmp_path, mark, ci="true")
    assert code == 1
    assert "there is no such program" in output


def test_at_a_desk_a_marked_test_may_be_skipped(tmp_path):
    assert outcome_of_a_skip(tmp_path, "phone", ci="")[0] == 0


def test_in_ci_a_test_without_such_a_mark_may_be_skipped(tmp_path):
    assert outcome_of_a_skip(tmp_path, "slow", ci="true")[0] == 0
