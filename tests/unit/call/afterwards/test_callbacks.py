"""Call backs whose time passed before the call in which they were asked for was settled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callwright.call.afterwards.callbacks import IN_A_ROW, hindrance, too_late
from callwright.domain.limits import MAX_CALLBACK_LATE_SECONDS, MAX_CALLBACKS_IN_A_ROW
from callwright.insight.callback import Callback
from callwright.platform.executions.rules.execution import CHAT, Execution, Phase, Status

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


def call_from(caller: str, carrier: str = "sip", in_a_row: int = 0) -> Execution:
    names = ("e1", "t", "a1", Status.IN_PROGRESS, Phase.LIVE, "in-progress", 1, "inbound", carrier, "desk", caller)
    return Execution(*names, DUE, DUE, options={IN_A_ROW: in_a_row})


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (call_from("sip:ann@10.0.0.1"), ""),
        (call_from("sip:ann@10.0.0.1", in_a_row=MAX_CALLBACKS_IN_A_ROW), "it was the call back number 5 in a row"),
        (call_from("anonymous"), "there is no number to call"),
        (call_from("sip:anonymous@anonymous.invalid"), "there is no number to call"),
        (call_from("", CHAT), "there is no number to call"),
        (call_from("loopback:demo"), "loopback:demo cannot be called over sip"),
        (call_from("+15550100999"), "+15550100999 cannot be called over sip"),
    ],
)
def test_who_cannot_be_called_back_is_known_before_the_call(call: Execution, why: str) -> None:
    assert hindrance(call) == why
