"""What becomes of a report: a test that needs a phone, a browser or a voice may be skipped at a desk, never in CI."""

import os
import unittest
from collections.abc import Generator

import pytest

from callwright.domain.text import whole_text

NEVER_SKIPPED_IN_CI = ("phone", "browser", "voice", "cloud", "image")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip of a marked test into a failure where CI=true: there the software is expected to be present.

    ``unittest.SkipTest`` fails nothing: a contract suite leaves out what a plugin does not offer.
    """
    left_out = call.excinfo is not None and isinstance(call.excinfo.value, unittest.SkipTest)
    report = yield
    marks = [name for name in NEVER_SKIPPED_IN_CI if item.get_closest_marker(name)]
    if report.skipped and not left_out and not hasattr(report, "wasxfail") and marks and os.environ.get("CI") == "true":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"a test marked {', '.join(marks)} was skipped with CI=true: {reason}"
    # What a test printed may hold what no encoding takes (tests about such text do); a worker could not send it.
    report.sections = [(title, whole_text(text)) for title, text in report.sections]
    return report
