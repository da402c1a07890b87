"""``callwright bench``, as the owner of a machine runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.real_time


@pytest.mark.long
def test_it_measures_and_names_a_limit(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "callwright", "bench", "--most", "2", "--seconds", "20", "--vad", "energy", "--json"],
        cwd=tmp_path, env={**os.environ, "CALLWRIGHT_DATA": str(tmp_path / "untouched")},
        capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip
    said = json.loads(ran.stdout)
    rest, step = said["steps"]
    assert (rest["calls"], step["calls"]) == (0, 2)
    assert step["turns"] >= 1
    assert step["core"] > rest["core"] > 0
    assert {bound["name"] for bound in said["bounds"]} == {
        "processor", "memory", "file descriptors", "database connections", "pacing",
    }  # fmt: skip
    assert not (tmp_path / "untouched").exists()


def test_it_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "callwright", "bench", "--most", "0"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode != 0
    assert "--most: 0 is not between 1 and 2000" in ran.stderr
