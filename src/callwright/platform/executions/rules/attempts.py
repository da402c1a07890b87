"""Attempts of an execution: what is kept of each one after the next has been scheduled.

The columns and the record of an execution tell of its newest attempt. What the attempts before it did, used and cost is in the record under
:data:`EARLIER`, one entry each, oldest first. ``total_cost_nano`` is what all attempts together cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from callwright.platform.executions.rules.execution import Execution

EARLIER = "earlier_attempts"
"""Key of the record: the attempts before the present one (:func:`ended_attempt`)."""

MOST_ATTEMPTS = 1_000
"""The highest number of an attempt that can be asked for. Numbers go beyond 1 + MAX_CALL_RETRIES: an attempt that was given back to the
queue without a dial, because its batch was paused or its hours ended, has a number too."""

_TIMES = ("initiated_at", "ringing_at", "answered_at", "ended_at")
_COLUMNS = ("provider_call_id", "hangup_by", "hangup_reason", "hangup_code", "error_message")
_RECORD = (
    "conversation_ms",
    "transcript",
    "summary",
    "extracted_data",
    "answered_by_voice_mail",
    "recording",
    "usage_breakdown",
    "usage_lines",
    "cost_nano",
    "decision",
)
"""Keys of the record that an entry keeps."""


def earlier_attempts(record: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The entries of the attempts before the present one, oldest first."""
    return record.get(EARLIER) or ()


def ended_attempt(execution: Execution, status: str) -> dict[str, Any]:
    """The entry of the attempt that ``execution`` has just made and that ended with ``status``: ``attempt``, ``status``, ``at`` (its end),
    ``cost`` (nano-cents), times as ISO 8601 texts, how it was hung up, and those keys of its record."""
    at = execution.ended_at or execution.completed_at or execution.updated_at
    times = {name: getattr(execution, name) for name in _TIMES}
    return {
        "attempt": execution.attempt,
        "status": status,
        "at": at.isoformat(),
        "cost": attempt_cost(execution),
        **{name: None if time is None else time.isoformat() for name, time in times.items()},
        **{name: getattr(execution, name) for name in _COLUMNS},
        **{name: execution.record.get(name) for name in _RECORD},
    }


def was_dialled(record: Mapping[str, Any]) -> bool:
    """Whether an attempt before the present one dialled."""
    return any(one["initiated_at"] is not None for one in earlier_attempts(record))


def earlier_cost(record: Mapping[str, Any]) -> int:
    """What the attempts before the present one cost, in nano-cents."""
    return sum(int(one["cost"]) for one in earlier_attempts(record))


def attempt_cost(execution: Execution) -> int:
    """What the present attempt has cost so far, in nano-cents: ``total_cost_nano`` without the attempts before it."""
    return execution.total_cost_nano - earlier_cost(execution.record)


def is_earlier(execution: Execution, attempt: int) -> bool:
    """Whether ``attempt`` is over and another one follows or followed."""
    return any(int(one["attempt"]) == attempt for one in earlier_attempts(execution.record))


def is_between_attempts(execution: Execution) -> bool:
    """Whether the newest attempt of the execution is over and the next one has not begun."""
    return is_earlier(execution, execution.attempt)


def recording_name(attempt: int) -> str:
    """The file of an attempt's recording."""
    return "call.wav" if attempt <= 1 else f"call-{attempt}.wav"


def capture_name(attempt: int) -> str:
    """The file of an attempt's packets."""
    return "call.pcap" if attempt <= 1 else f"call-{attempt}.pcap"


TRANSFER_RECORDING = "transfer.wav"
"""The file of what was said after a transfer, by us of a warm one, else by the carrier: the caller left, the target right."""
