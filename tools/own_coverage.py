#!/usr/bin/env python3
"""Reduce the coverage data of a whole test run to what `gates.py` judges, and write build/coverage/coverage.json.

A pure package is measured by its own unit tests alone (tests/unit/<package>/), everything else by all tests. The data file must hold
contexts: `pytest --cov --cov-context=test`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import coverage
import gates
import layers

AT_IMPORT = "^$"


def count(data_file: Path, contexts: list[str] | None) -> dict[str, tuple[int, int]]:
    """Module path -> covered and all statements and branches, over the tests whose names match the contexts."""
    run = coverage.Coverage(data_file=str(data_file))
    run.load()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        run.json_report(outfile=str(report), contexts=contexts, ignore_errors=True)
        files: dict[str, Any] = json.loads(report.read_text())["files"]
    result = {}
    for path, entry in files.items():
        s = entry["summary"]
        result[path] = (s["covered_lines"] + s["covered_branches"], s["num_statements"] + s["num_branches"])
    return result


def belongs(path: str, package: str) -> bool:
    """Whether a module path is the package (a row of the import table) or lies in it."""
    return layers.matches(path.removeprefix("src/callwright/").removesuffix(".py").replace("/", "."), package)


def add(counts: list[tuple[int, int]]) -> tuple[int, int]:
    """Sum covered and all."""
    return sum(c for c, _ in counts), sum(t for _, t in counts)


def main(arguments: list[str]) -> int:
    """Write the reduced counts. The argument is the coverage data file."""
    data_file = Path(arguments[0])
    everything = count(data_file, None)
    pure = {}
    for package in layers.PURE:
        folder = package.partition(".")[0]
        own = count(data_file, [AT_IMPORT, f"^tests/unit/{folder}/"])
        pure[package] = add([counts for path, counts in own.items() if belongs(path, package)])
    rest = add([counts for path, counts in everything.items() if not any(belongs(path, p) for p in layers.PURE)])
    results = {"pure": pure, "rest": rest}
    Path(gates.MEASURED, "coverage.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
