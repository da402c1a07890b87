"""A skip of a test that needs a phone, a browser or a voice fails in CI and passes at a desk."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
