"""Call backs whose time passed before the call in which they were asked for was settled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callwright.call.callbacks import too_late
from callwright.domain.limits import MAX_CALLBACK_LATE_SECONDS
from callwright.insight.callback import Callback

#: Twenty o'clock in New York.
DUE = datetime(2026, 11, 25, 20, 0, tzinfo=ZoneInfo("America/New_York"))


def settled(after: timedelta, *, due: datetime = DUE) -> str:
    return too_late(Callback("in an hour", due, hours=(9, 21)), (due + after).astimezone(UTC))


@pytest.mark.parametrize("seconds", [-1, 0, 1, 3_599])
def test_a_call_back_that_is_to_come_or_hardly_late_is_made(seconds: int) -> None:
    assert settled(timedelta(seconds=seconds)) == ""


def test_one_that_is_later_than_the_limit_is_not_made() -> None:
    due = DUE.replace(hour=12)
    assert settled(timedelta(seconds=MAX_CALLBACK_LATE_SECONDS), due=due) == ""
    assert (
        settled(timedelta(seconds=MAX_CALLBACK_LATE_SECONDS + 1), due=due)
        == "the call was settled 60 minutes after that time"
    )


def test_one_that_would_be_made_outside_the_hours_of_calls_is_not() -> None:
    why = "the call was settled after that time, and outside the hours of calls (9 to 21 o'clock)"
    assert settled(timedelta(minutes=20), due=DUE.replace(minute=55)) == why
    assert settled(timedelta(hours=6)) == "the call was settled 360 minutes after that time"


def test_a_wish_without_a_time_is_never_late() -> None:
    assert too_late(Callback("later", None, "no clock time was said"), DUE) == ""
