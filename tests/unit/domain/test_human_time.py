"""How long ago something was, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callwright.domain.human_time import ago

NOW = datetime(2026, 9, 14, 5, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),
        (0, "just now"),
        (59, "just now"),
        (60, "a minute ago"),
        (300, "5 minutes ago"),
        (3_600, "an hour ago"),
        (2 * 86_400, "2 days ago"),
        (8 * 86_400, "a week ago"),
        (400 * 86_400, "a year ago"),
    ],
)
def test_the_largest_whole_unit_counts(seconds: int, words: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == words
