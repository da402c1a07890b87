"""No tracked file names a package host in a lock, a weight or a wheel; the requirement files are hashed."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_no_host_and_hashes_everything(lock):
    text = lock.read_text()
    assert re.findall(r"https?://|--(?:index-url|extra-index-url|find-links)", text) == []
    pinned = re.split(r"^(?=[A-Za-z0-9][\w.\[\]-]*==)", text, flags=re.MULTILINE)[1:]
    assert pinned
    assert [entry.split()[0] for entry in pinned if "--hash=sha256:" not in entry] == []


def test_no_weights_wheels_or_build_outputs_are_tracked():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    assert [
        name for name in tracked if re.search(r"\.(onnx|gguf|bin|pt|whl|so)$|(^|/)(node_modules|dist)/", name)
    ] == []
