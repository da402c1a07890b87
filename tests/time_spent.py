"""Measures where the time of a test run goes, and collects which tests were tried again and why.

With ``CALLWRIGHT_TEST_TIMES=folder`` a run leaves one JSON file there, which ``tools/times.py`` turns into tables.
"""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

FOLDER = "CALLWRIGHT_TEST_TIMES"

_computed_s = pytest.StashKey[float]()


def _cpu_s() -> float:
    """Returns the seconds of computing by this process and by the children it has reaped."""
    spent = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in spent)


def _measured(item: pytest.Item) -> Generator[None, Any, Any]:
    began_s = _cpu_s()
    try:
        return (yield)
    finally:
        item.stash[_computed_s] = _cpu_s() - began_s


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    """Measures a test's set-up."""
    return (yield from _measured(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Measures a test's body."""
    return (yield from _measured(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    """Measures a test's tear-down."""
    return (yield from _measured(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Puts the figure on the report: reports travel from a worker to the process that started it, stashes do not."""
    report = yield
    report.__dict__["computed_s"] = item.stash.get(_computed_s, 0.0)
    return report


class TimeSpent:
    """Collects the reports of a run, in the process that prints its summary."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tests: dict[str, list[float]] = {}
        self._retries: list[list[str]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Adds one phase of one test, or a try that failed and is made again."""
        spent = self._tests.setdefault(report.nodeid, [0.0, 0.0])
        spent[0] += report.duration
        spent[1] += max(0.0, report.duration - getattr(report, "computed_s", 0.0))
        if str(report.outcome) == "rerun":  # of pytest-rerunfailures
            crash = getattr(report.longrepr, "reprcrash", None)
            self._retries.append([report.nodeid, str(crash.message if crash else report.longrepr).splitlines()[0]])

    def pytest_sessionfinish(self) -> None:
        """Writes ``{"tests": {node id: [seconds taken, seconds waited]}, "retries": [[node id, reason]]}``."""
        self._folder.mkdir(parents=True, exist_ok=True)
        found = {"tests": self._tests, "retries": self._retries}
        (self._folder / f"{time.time_ns()}.json").write_text(json.dumps(found), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Starts collecting where a folder is named. Runs that tests start are not part of it."""
    if not hasattr(config, "workerinput") and (folder := os.environ.pop(FOLDER, "")):
        config.pluginmanager.register(TimeSpent(Path(folder)), "time_spent")
