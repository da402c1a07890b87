"""Whether a call is made again, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rows import execution_row, ringing_row

from callwright.domain.limits import MAX_CALL_RETRIES
from callwright.platform.executions.rules.causes import CAUSES, RETRY_CLASSES
from callwright.platform.executions.rules.execution import CHAT, TERMINAL, Execution, Status
from callwright.platform.executions.rules.retry import (
    NEVER,
    RETRIED_STATUSES,
    RETRIES_STOPPED,
    RETRY_CLASS,
    STOP_REQUESTED,
    policy_of,
    wait_before_retry,
)

ON = {"enabled": True}


def call(config: dict[str, Any] | None = None, retries: int = 0, **changes: Any) -> Execution:
    """A call with a ``retry_config`` after so many retries."""
    options = {"retry_config": ON if config is None else config}
    return replace(execution_row(), options=options, retry_count=retries, **changes)


def minutes(execution: Execution, status: str, **record: Any) -> float | None:
    wait = wait_before_retry(execution, status, record)
    return None if wait is None else wait / timedelta(minutes=1)


@pytest.mark.parametrize(
    ("config", "retries", "status", "record", "wait"),
    [
        # Off, or not there.
        ({}, 0, "no-answer", {}, None),
        ({"enabled": False}, 0, "no-answer", {}, None),
        ({"max_retries": 3}, 0, "no-answer", {}, None),
        # The defaults of the contract: no answer, busy and failed; after 30, 60 and 120 minutes.
        (ON, 0, "no-answer", {}, 30),
        (ON, 1, "busy", {}, 60),
        (ON, 2, "failed", {}, 120),
        (ON, 3, "no-answer", {}, None),
        (ON, 0, "error", {}, None),
        ({**ON, "retry_on_statuses": ["error"]}, 0, "error", {}, 30),
        ({**ON, "retry_on_statuses": ["error"]}, 0, "busy", {}, None),
        ({**ON, "retry_on_statuses": []}, 0, "no-answer", {}, None),
        # The last interval repeats.
        ({**ON, "retry_intervals_minutes": [5]}, 2, "busy", {}, 5),
        ({**ON, "retry_intervals_minutes": [5, 7]}, 0, "busy", {}, 5),
        ({**ON, "retry_intervals_minutes": [5, 7]}, 2, "busy", {}, 7),
        ({**ON, "retry_intervals_minutes": [1, 2, 3, 4]}, 1, "busy", {}, 2),
        # At most so many.
        ({**ON, "max_retries": 1}, 0, "busy", {}, 30),
        ({**ON, "max_retries": 1}, 1, "busy", {}, None),
        # The class of the cause.
        (ON, 0, "failed", {RETRY_CLASS: "failed"}, 30),
        (ON, 0, "failed", {RETRY_CLASS: "never"}, None),
        # A machine.
        (ON, 0, "completed", {"answered_by_voice_mail": True}, None),
        ({**ON, "retry_on_voicemail": True}, 0, "completed", {"answered_by_voice_mail": True}, 30),
        ({**ON, "retry_on_voicemail": True}, 0, "completed", {"answered_by_voice_mail": False}, None),
        ({**ON, "retry_on_voicemail": True}, 0, "completed", {"answered_by_voice_mail": None}, None),
        ({**ON, "retry_on_voicemail": True}, 3, "completed", {"answered_by_voice_mail": True}, None),
        # Whoever asked for a call back gets that call.
        ({**ON, "retry_on_statuses": ["error"]}, 0, "error", {"callback": {"execution_id": "call-2"}}, None),
        ({**ON, "retry_on_statuses": ["error"]}, 0, "error", {"callback": {"execution_id": None}}, 30),
        # Never.
        (ON, 0, "canceled", {}, None),
        (ON, 0, "stopped", {}, None),
        (ON, 0, "balance-low", {}, None),
    ],
)
def test_a_call_is_made_again_as_its_configuration_says(
    config: dict[str, Any], retries: int, status: str, record: dict[str, Any], wait: float | None
) -> None:
    assert minutes(call(config, retries), status, **record) == wait


def test_calls_that_come_in_and_chats_are_never_made_again() -> None:
    options = {"retry_config": {**ON, "retry_on_voicemail": True}}
    assert minutes(replace(ringing_row(), options=options), "no-answer") is None
    assert minutes(call(carrier=CHAT), "failed") is None
    assert minutes(replace(execution_row(), options={}), "no-answer") is None


@pytest.mark.parametrize("key", [STOP_REQUESTED, RETRIES_STOPPED])
def test_a_call_that_was_stopped_meanwhile_is_not_made_again(key: str) -> None:
    stopped = replace(call(), options={"retry_config": ON, key: True})
    assert minutes(stopped, "no-answer") is None


def test_every_cause_is_of_a_class_that_the_policy_knows() -> None:
    assert {cause.retry for cause in CAUSES.values()} <= RETRY_CLASSES == {*RETRIED_STATUSES, NEVER}
    for cause in CAUSES.values():
        assert cause.retry in (NEVER, cause.status.value), cause.key


CONFIGS = st.fixed_dictionaries(
    {},
    optional={
        "enabled": st.booleans(),
        "max_retries": st.integers(1, MAX_CALL_RETRIES),
        "retry_on_statuses": st.lists(st.sampled_from(RETRIED_STATUSES)),
        "retry_on_voicemail": st.booleans(),
        "retry_intervals_minutes": st.lists(st.integers(1, 10_080), min_size=1, max_size=5),
    },
)
ENDS = st.lists(
    st.tuples(
        st.sampled_from(sorted(TERMINAL)),
        st.none() | st.sampled_from(sorted(RETRY_CLASSES)),
        st.none() | st.booleans(),
    ),
    min_size=8,
    max_size=8,
)


@given(config=CONFIGS, ends=ENDS)
def test_whatever_happens_a_call_comes_to_its_end(
    config: dict[str, Any], ends: list[tuple[Status, str | None, bool | None]]
) -> None:
    made = call(config)
    policy = policy_of(config)
    for status, retry_class, voicemail in ends:
        record = {RETRY_CLASS: retry_class, "answered_by_voice_mail": voicemail}
        wait = wait_before_retry(made, status.value, record)
        if wait is None:
            break
        assert policy is not None
        assert config["enabled"]
        assert wait == policy.intervals[min(made.retry_count, len(policy.intervals) - 1)] >= timedelta(minutes=1)
        assert (status is Status.COMPLETED) == (status not in RETRIED_STATUSES)
        assert status is not Status.COMPLETED or (voicemail and config["retry_on_voicemail"])
        assert status is Status.COMPLETED or (status in policy.statuses and retry_class != NEVER)
        made = replace(made, retry_count=made.retry_count + 1)
    assert made.retry_count <= (policy.max_retries if policy else 0) <= MAX_CALL_RETRIES
