"""What the suite found, printed at its end: the functional matrix row by row, and the figures that tests noted (``figure``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pytest

FIGURE = "figure"
MATRIX: Mapping[str, tuple[str, ...]] = {
    "inbound, sound both ways, the phone hangs up, X-header seen": ("they_talk_and_the_phone_hangs_up",),
    "outbound, sound both ways, the platform hangs up, X-header sent": ("they_talk_and_the_agent_hangs_up",),
    "keys in (RFC 4733)": ("test_keys_the_phone_presses_reach_the_agent",),
    "keys out (RFC 4733)": ("test_keys_we_press_reach_the_phone",),
    "outbound, 486 Busy Here": ("ends_the_call_with_its_cause[486",),
    "outbound, 480 Temporarily Unavailable": ("ends_the_call_with_its_cause[480",),
    "outbound, 603 Decline": ("ends_the_call_with_its_cause[603",),
    "outbound, 404 Not Found": ("ends_the_call_with_its_cause[404",),
    "no answer: CANCEL, 487": ("test_a_call_nobody_takes_is_cancelled",),
    "a host that does not exist": ("test_a_host_that_does_not_exist_ends_the_call",),
    "inbound, refused with 486, 603, 404, 480": ("test_a_call_that_comes_in_is_refused_as_wanted",),
    "blind transfer": ("test_a_blind_transfer_sends_the_far_end_to_the_target",),
    "blind transfer, target busy: the call goes on": ("test_a_transfer_to_a_busy_target_keeps_the_call",),
    "attended transfer": ("test_an_attended_transfer_joins_the_two",),
}
"""Rows of the functional matrix with SIPp as the phone, and the tests behind each."""
COUNTED = {"kill -9 of gateway, server and phones": "test_whatever_is_killed_every_call_ends"}


def lines(reports: Iterable[pytest.TestReport]) -> Iterator[str]:
    """The summary of the tests that ran."""
    calls = [one for one in reports if one.when == "call" or one.outcome == "failed"]
    rows = [(row, _outcome(calls, parts)) for row, parts in MATRIX.items()]
    if any(outcome for _, outcome in rows):
        yield f"SIPp matrix: {sum(outcome == 'pass' for _, outcome in rows)} of {len(rows)} rows"
        yield from (f"  {outcome or 'not run':<8}{row}" for row, outcome in rows)
    for name, part in COUNTED.items():
        run = [one for one in calls if part in one.nodeid]
        if run:
            yield f"{name}: {sum(one.passed for one in run)} of {len({one.nodeid for one in run})}"
    for one in calls:
        yield from (str(text) for name, text in one.user_properties if name == FIGURE)


def _outcome(calls: list[pytest.TestReport], parts: tuple[str, ...]) -> str:
    run = [one for one in calls if any(part in one.nodeid for part in parts)]
    return "" if not run else "pass" if all(one.passed for one in run) else "FAIL"
