#!/usr/bin/env python3
"""Print what a test run spent: tests tried again with the reason, the ten slowest files, and the sum of real-time waiting.

The argument is the folder in which `tests/time_spent.py` left its files. Waiting is time in which neither the test's process nor a
child it ended was computing: sleeping, listening in real time, or waiting for a server that goes on running.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

SLOWEST = 10


def slowest_files(runs: Iterable[Mapping[str, Any]]) -> list[str]:
    """Returns the table, line by line. Each run is what `tests/time_spent.py` describes."""
    spent: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0])
    for run in runs:
        for node_id, (taken_s, waited_s) in run["tests"].items():
            row = spent[node_id.partition("::")[0]]
            row[0] += taken_s
            row[1] += waited_s
            row[2] += 1
    rows = sorted(spent.items(), key=lambda row: -row[1][0])
    taken_s, waited_s, tests = (sum(row[i] for row in spent.values()) for i in range(3))
    lines = [f"{taken:8.1f} {waited:8.1f} {count:6.0f}  {file}" for file, (taken, waited, count) in rows[:SLOWEST]]
    return [
        " seconds  waiting  tests  slowest files",
        *lines,
        f"{taken_s:8.1f} {waited_s:8.1f} {tests:6.0f}  all {len(spent)} files, over all workers",
    ]


def retries(runs: Iterable[Mapping[str, Any]]) -> list[str]:
    """Returns a line for each test that was tried again."""
    return [f"TRIED AGAIN {node_id}: {reason}" for run in runs for node_id, reason in run["retries"]]


def main(arguments: list[str]) -> int:
    """Print both. The argument is the folder."""
    runs = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(Path(arguments[0]).glob("*.json"))]
    for line in [*retries(runs), *slowest_files(runs)]:
        sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
