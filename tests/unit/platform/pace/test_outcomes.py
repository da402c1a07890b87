"""When a batch pauses by itself, and how few calls of batches begin while live audio is late."""

from __future__ import annotations

import pytest

from callwright.domain.limits import LATE_AUDIO_MS, TOO_LATE_AUDIO_MS
from callwright.platform.executions.rules.causes import CAUSES
from callwright.platform.executions.rules.execution import Phase, Status, status_of
from callwright.platform.pace.rules.outcomes import (
    CONTACT_CODES,
    FAILED_OUTCOMES,
    UNCOUNTED_OUTCOMES,
    BatchAllowance,
    Outcomes,
    batch_calls_per_second,
    trips,
)
from callwright.platform.pace.rules.policy import Breaker


@pytest.mark.parametrize(
    ("ended", "failed", "paused"),
    [(19, 19, False), (20, 9, False), (20, 10, True), (500, 249, False), (500, 250, True)],
)
def test_the_breaker_needs_enough_attempts_and_enough_failures(ended: int, failed: int, paused: bool) -> None:
    assert (trips(Breaker(), Outcomes(ended, failed)) is not None) is paused
    assert trips(Breaker(enabled=False), Outcomes(ended, failed)) is None


def test_the_breaker_says_why() -> None:
    why = trips(Breaker(failure_share=0.3, window_seconds=60), Outcomes(40, 13))
    assert why == "13 of 40 attempts failed within 60 seconds; the breaker allows less than 30%"


def test_a_poor_list_is_no_failure_of_ours_and_a_broken_carrier_is() -> None:
    spared = {key for key, cause in CAUSES.items() if cause.outcome in FAILED_OUTCOMES and cause.code in CONTACT_CODES}
    assert {"unallocated_number", "invalid_number", "number_changed", "unwanted"} <= spared
    assert spared.isdisjoint(
        {"congestion", "carrier_error", "credentials_refused", "blocked", "no_route", "trunk_unusable"}
    )
    known = {status.value for status in Status}
    assert {status_of(Phase.DONE, outcome).value for outcome in FAILED_OUTCOMES} <= known
    assert set(UNCOUNTED_OUTCOMES) - known == {"unknown"}


@pytest.mark.parametrize(
    ("late_ms", "most"),
    [(0, None), (LATE_AUDIO_MS - 1, None), (LATE_AUDIO_MS, 1), (TOO_LATE_AUDIO_MS - 1, 1), (TOO_LATE_AUDIO_MS, 0)],
)
def test_late_audio_slows_batches_and_then_holds_them(late_ms: int, most: int | None) -> None:
    assert batch_calls_per_second(late_ms) == most


def test_an_allowance_is_for_a_second() -> None:
    allowance = BatchAllowance()
    assert allowance.left(0, 0) is None
    assert allowance.left(LATE_AUDIO_MS, 10) == 1
    allowance.use(1)
    assert allowance.left(LATE_AUDIO_MS, 999_999) == 0
    assert allowance.left(LATE_AUDIO_MS, 1_000_000) == 1
    allowance.use(3)
    assert allowance.left(TOO_LATE_AUDIO_MS, 1_500_000) == 0
