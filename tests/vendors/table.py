"""Runs the contract suite over every vendor of speech and prints a table of vendors and checks: ``make vendors``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

SUITES = "tests/contract/test_cloud_speech.py"
CHECKS: Mapping[str, tuple[str, ...]] = {
    "streams": (
        "words_are_heard",
        "silence_has",
        "audio_with_one_end",
        "as_long_as",
        "words_lie",
        "warming",
        "calls_do_not",
    ),
    "finalises": ("new_segment", "hints_are", "closed_stream_is_quiet"),
    "cancels": ("cancels_the_clause", "cut_off_ends_soon"),
    "leaves nothing": ("leave_nothing",),
    "hides its key": ("never_told",),
    "usage": ("is_billed", "tells_what_was_used"),
    "settings": ("wrong_settings", "descriptor"),
    "loop": ("hardly_any_time", "not_block"),
    "refused": ("refused_connection",),
    "hang": ("that_hangs",),
    "closed": ("closed_at_once",),
    "reset": ("reset_at_work",),
    "trickle": ("trickle",),
    "garbage": ("garbage",),
    "401": ("refused_key",),
    "429": ("a_limit",),
    "500": ("broken_vendor",),
}
"""Columns, and parts of the names of the tests in them."""


@dataclass
class Table:
    """A plugin of pytest that keeps the outcome of each test of a suite."""

    outcomes: dict[str, dict[str, str]] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep it."""
        _, _, place = report.nodeid.partition("::")
        suite, _, test = place.partition("::")
        if test and (report.when == "call" or report.failed):
            self.outcomes.setdefault(suite, {})[test] = report.outcome

    def __str__(self) -> str:
        lines = [["vendor", *CHECKS]]
        for suite, tests in sorted(self.outcomes.items()):
            lines.append([suite.removeprefix("Test"), *(_cell(tests, parts) for parts in CHECKS.values())])
        widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
        )


def _cell(tests: Mapping[str, str], parts: tuple[str, ...]) -> str:
    found = [outcome for test, outcome in tests.items() if any(part in test for part in parts)]
    if "failed" in found:
        return "FAILED"
    return "ok" if "passed" in found else "-"


def main() -> int:
    """Run the suites; the table is the last thing printed."""
    table = Table()
    code = pytest.main([SUITES, "-q", "-p", "no:cacheprovider", "-k", "Test", *sys.argv[1:]], plugins=[table])
    print(table)  # noqa: T201 - what the command is for
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
