"""Times in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callwright.insight.humanized import ago

NOW = datetime(2026, 3, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),
        (0, "just now"),
        (1, "1 second ago"),
        (59, "59 seconds ago"),
        (300, "5 minutes ago"),
        (3_600, "1 hour ago"),
        (3 * 86_400, "3 days ago"),
        (40 * 86_400, "1 month ago"),
        (800 * 86_400, "2 years ago"),
    ],
)
def test_how_long_ago_it_was(seconds: int, words: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == words
