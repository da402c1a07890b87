"""Prints which share of small changes to the conversation core its unit tests notice: `make mutate` (SAMPLE=60, SEED=1).

mutmut changes the functions of `callwright.conversation`, one place at a time. A sample drawn from the seed is run against
`tests/unit/conversation`. Everything happens in a copy below build/mutate; the checkout stays as it is.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "mutate"
CONFIGURATION = """[tool.mutmut]
source_paths = ["src"]
only_mutate = ["src/callwright/conversation/*.py"]
also_copy = ["proof"]
pytest_add_cli_args_test_selection = ["tests/unit/conversation"]
use_git_change_detection = false

[tool.pytest.ini_options]
pythonpath = ["."]
addopts = ["-p", "no:cacheprovider", "--import-mode=importlib"]
"""
SURVIVED, UNTESTED = 0, 33
"""mutmut's exit codes of mutants that no test noticed; any other says that one did, or never came to an end."""


def copy_checkout() -> None:
    """Make build/mutate anew."""
    shutil.rmtree(WORK, ignore_errors=True)
    for folder in ("src", "proof", "tests"):
        shutil.copytree(ROOT / folder, WORK / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (WORK / "pyproject.toml").write_text(CONFIGURATION, encoding="utf-8")


def mutmut(*names: str) -> str:
    """Run these mutants; returns what mutmut prints."""
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "2", *names]
    return subprocess.run(command, cwd=WORK, check=False, capture_output=True, text=True).stdout


def results() -> dict[str, int | None]:
    """Mutant -> mutmut's exit code, None where it was not run."""
    metas = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(WORK.glob("mutants/**/*.meta"))]
    return {name: code for meta in metas for name, code in meta["exit_code_by_key"].items()}


def main() -> int:
    """The command. Exit status 1 when mutmut could not run; a low kill rate is no failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=60, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    options = parser.parse_args()
    copy_checkout()
    # mutmut has no command that only lists the mutants: this run makes them, and ends because none has the name.
    printed = mutmut("none")
    names = sorted(results())
    chosen = Random(options.seed).sample(names, min(options.sample, len(names)))
    printed = mutmut(*chosen) if chosen else printed
    codes = results()
    if not chosen or any(codes[name] is None for name in chosen):
        sys.stderr.write(printed)
        return 1
    alive = [name for name in sorted(chosen) if codes[name] in (SURVIVED, UNTESTED)]
    killed = len(chosen) - len(alive)
    lines = [f"{'survived' if codes[name] == SURVIVED else 'untested'}  {name}" for name in alive]
    verdict = f"killed {killed} of {len(chosen)} ({killed / len(chosen):.0%})"
    sys.stdout.write("\n".join([*lines, f"{verdict}, drawn from {len(names)}, seed {options.seed}"]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
