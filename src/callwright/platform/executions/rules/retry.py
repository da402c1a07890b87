"""Whether a call is made again, and when (``retry_config``, contract 11.1). Pure: what was locked and read meanwhile is the caller's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from callwright.domain.errors import BadInputError
from callwright.domain.fields import Fields, word, wrong
from callwright.domain.limits import MAX_CALL_RETRIES
from callwright.domain.settings.kinds import SWITCH, whole
from callwright.domain.settings.setting import Kind, setting
from callwright.platform.executions.rules.execution import CHAT, Execution, Phase, Status

RETRIED_STATUSES = ("no-answer", "busy", "failed", "error")
"""What ``retry_on_statuses`` may name."""
DEFAULT_STATUSES = RETRIED_STATUSES[:3]
DEFAULT_INTERVALS_MINUTES = (30, 60, 120)
DEFAULT_RETRIES = 3
_MOST_MINUTES = 10_080

NEVER = "never"
"""The retry class of a cause after which the same call cannot end otherwise (``platform.executions.rules.causes.RETRY_CLASSES``)."""
RETRY_CLASS = "retry_class"
"""Key of the record: the retry class of the cause by which the attempt ended. Without it, the status is the class."""
RETRY_AT = "retry_at"
"""Key of the record, and ``callwright.retry_at``: when the next attempt is due after the status that the attempt ended with."""
ENDS_AS = "ends_as"
"""Key of the record of an answered attempt: the status it has after its post-call work, if not ``completed``."""
STOP_REQUESTED = "stop_requested"
"""Key of the options: somebody wants the live call to end, or one that a process has taken not to be dialled. It holds who (``by``) and
why (``reason``)."""
STOPPED_BY = "API Request"
STOP_REASON = "stopped_by_api"
BATCH_STOP_REASON = "batch_stopped_by_api"
LOST_CLAIMS = "lost_claims"
"""Key of the options: how many processes died that had taken the call and not dialled it."""
RETRIES_STOPPED = "retries_stopped"
"""Key of the options: the agent's calls were stopped while this one was live. It goes on, and is not made again."""


def _statuses(given: Fields, name: str) -> tuple[str, ...]:
    listed = given.list(name) or []
    for index, status in enumerate(listed):
        if status not in RETRIED_STATUSES:
            path = f"{given.at(name)}[{index}]"
            told = word(status, set(Status), path)
            raise wrong(path, f"one of {', '.join(RETRIED_STATUSES)}", status, BadInputError, told=told)
    return tuple(listed)


def _minutes(given: Fields, name: str) -> tuple[int, ...] | None:
    listed = given.list(name) or []
    each = Fields({f"[{index}]": one for index, one in enumerate(listed)}, given.at(name), BadInputError)
    return tuple(each.whole(index, DEFAULT_INTERVALS_MINUTES[0], 1, _MOST_MINUTES) for index in each.value) or None


_STATUSES = {"type": "array", "items": {"type": "string", "enum": list(RETRIED_STATUSES)}}
_MINUTES = {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": _MOST_MINUTES}}


@dataclass(frozen=True, slots=True)
class RetryConfig:
    """Whether and when an unanswered call is tried again."""

    retry_on_statuses: tuple[str, ...] = setting(
        "retry.retry_on_statuses",
        Kind("statuses", _STATUSES, _statuses),
        list(DEFAULT_STATUSES),
        absent=DEFAULT_STATUSES,
    )
    retry_intervals_minutes: tuple[int, ...] = setting(
        "retry.retry_intervals_minutes",
        Kind("minutes", _MINUTES, _minutes),
        list(DEFAULT_INTERVALS_MINUTES),
        absent=DEFAULT_INTERVALS_MINUTES,
    )
    enabled: bool = setting("retry.enabled", SWITCH, False)
    max_retries: int = setting("retry.max_retries", whole(1, MAX_CALL_RETRIES), DEFAULT_RETRIES)
    retry_on_voicemail: bool = setting("retry.retry_on_voicemail", SWITCH, False)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """A ``retry_config`` that is enabled. The n-th interval is the time before the n-th retry; the last one repeats."""

    max_retries: int
    statuses: frozenset[str]
    on_voicemail: bool
    intervals: tuple[timedelta, ...]

    def wait(self, end: AttemptEnd, retries: int) -> timedelta | None:
        """The time from the end of an attempt to the next one, after ``retries`` were made already. None: there is no next one."""
        if retries >= self.max_retries:
            return None
        if end.status == Status.COMPLETED:
            wanted = self.on_voicemail and end.voicemail
        else:
            wanted = end.status in self.statuses and end.retry_class != NEVER
        return self.intervals[min(retries, len(self.intervals) - 1)] if wanted else None


@dataclass(frozen=True, slots=True)
class AttemptEnd:
    """How an attempt ended: its status, the retry class of the cause, and whether a machine answered."""

    status: str
    retry_class: str
    voicemail: bool = False


def policy_of(config: Mapping[str, Any] | None) -> RetryPolicy | None:
    """The policy of a stored ``retry_config``; None when there is none or it is not enabled."""
    if not config or not config.get("enabled"):
        return None
    minutes = config.get("retry_intervals_minutes") or DEFAULT_INTERVALS_MINUTES
    statuses = config.get("retry_on_statuses")
    return RetryPolicy(
        max_retries=int(config.get("max_retries", DEFAULT_RETRIES)),
        statuses=frozenset(DEFAULT_STATUSES if statuses is None else statuses),
        on_voicemail=bool(config.get("retry_on_voicemail")),
        intervals=tuple(timedelta(minutes=each) for each in minutes),
    )


def wait_before_retry(execution: Execution, status: str, record: Mapping[str, Any]) -> timedelta | None:
    """The time until the next attempt of ``execution``, whose present one ends with ``status`` and ``record``. None: there is no next one.
    Calls that come in and chats are never made again, nor is a call that somebody stopped, or whose caller is called back."""
    policy = policy_of(execution.options.get("retry_config"))
    if policy is None or execution.direction != "outbound" or execution.carrier == CHAT or is_stopped(execution):
        return None
    if (record.get("callback") or {}).get("execution_id"):
        return None
    end = AttemptEnd(status, str(record.get(RETRY_CLASS) or status), record.get("answered_by_voice_mail") is True)
    return policy.wait(end, execution.retry_count)


def awaits_retry(execution: Execution) -> bool:
    """Whether ``execution`` is to be made again as soon as the post-call work of its answered attempt is done."""
    record = execution.record
    status = str(record.get(ENDS_AS) or Status.COMPLETED)
    return execution.phase is Phase.FINISHING and wait_before_retry(execution, status, record) is not None


def is_stopped(execution: Execution) -> bool:
    """Whether a request that came during the attempt forbids another one."""
    return STOP_REQUESTED in execution.options or RETRIES_STOPPED in execution.options
