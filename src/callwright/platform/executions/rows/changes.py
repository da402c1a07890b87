"""What a change does to an execution's row, decided before anything is written. No I/O here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from callwright.domain.errors import WrongStateError
from callwright.platform.executions.rules.attempts import EARLIER, earlier_attempts, ended_attempt
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import PHASES, STATUS_OF, Execution, Phase, Status, may_follow

TIMES = ("created_at", "initiated_at", "ringing_at", "answered_at", "ended_at", "completed_at")
"""In the order in which they happen; a constraint holds them to it."""

ATTEMPT_COLUMNS = (
    "initiated_at",
    "ringing_at",
    "answered_at",
    "ended_at",
    "provider_call_id",
    "hangup_by",
    "hangup_reason",
    "hangup_code",
)
"""Columns that also tell of the attempt and are written there too."""

CHANGEABLE = frozenset(
    {
        *ATTEMPT_COLUMNS,
        "completed_at",
        "scheduled_at",
        "rescheduled_at",
        "error_message",
        "total_cost_nano",
        "retry_count",
        "carrier",
        "from_number",
        "options",
        "user_data",
    }
)
"""Columns a change may name; status, phase, attempt and owner follow from the phase."""

ATTEMPT_OUTCOME = "attempt_outcome"
"""A column of the attempt only: how it ended, when that differs from the execution's status (``unknown`` for a lost node)."""

_OF_ONE_ATTEMPT = (*ATTEMPT_COLUMNS, "completed_at", "error_message")


@dataclass(frozen=True, slots=True)
class Plan:
    """The columns to write on the execution and on its attempt. ``outcome``: how the attempt ended, None while it goes on. ``again``: the
    execution waits for another attempt. ``stored``: columns of the execution's table that only the storage knows."""

    values: Mapping[str, Any]
    attempt_values: Mapping[str, Any]
    outcome: str | None
    again: bool = False
    stored: Mapping[str, Any] = field(default_factory=dict)

    def then(self, following: Plan) -> Plan:
        """Both as one; ``following`` comes later."""
        return Plan(
            {**self.values, **following.values},
            {**self.attempt_values, **following.attempt_values},
            self.outcome if following.outcome is None else following.outcome,
            self.again or following.again,
            {**self.stored, **following.stored},
        )


@dataclass(frozen=True, slots=True)
class Write:
    """One update of a row. ``rows``: the row after each of the changes it makes, but for ``updated_at``."""

    before: Execution
    plan: Plan
    rows: tuple[Execution, ...]


def writes(before: Execution, changes: Iterable[Change]) -> list[Write]:
    """The updates that make ``changes``, one after the other. Changes that the tables let follow each other at once are made by one update.
    Raises as :func:`plan`."""
    found: list[Write] = []
    row = before
    for change in changes:
        planned = plan(row, change)
        after = _after(row, planned)
        last = found[-1] if found else None
        if last is not None and not last.plan.again and not planned.again and _may_become(last.before, after):
            found[-1] = Write(last.before, last.plan.then(planned), (*last.rows, after))
        else:
            found.append(Write(row, planned, (after,)))
        row = after
    return found


def _after(before: Execution, planned: Plan) -> Execution:
    values = dict(planned.values)
    if "phase" in values:
        values.update(phase=Phase(values["phase"]), status=Status(values["status"]))
    return replace(before, **values)


def _may_become(before: Execution, after: Execution) -> bool:
    phase_may = after.phase is before.phase or after.phase in PHASES[before.phase][0]
    return phase_may and (after.status is before.status or may_follow(before.status, after.status))


def plan(before: Execution, change: Change) -> Plan:
    """What to write for ``change``. Raises WrongStateError when the tables of ``rules.execution`` do not allow it and ValueError for a
    column that is not in CHANGEABLE.

    Times are raised to the one before where a clock of another machine ran ahead, so that a skew never ends a call. An execution that
    waits again (a retry) loses what told of the attempt before: the attempt's own row and its log keep it, and an entry of the record
    (``platform.executions.rules.attempts``). What it cost stays in ``total_cost_nano``.
    """
    given = {name: _storable(value) for name, value in change.columns.items()}
    outcome = given.pop(ATTEMPT_OUTCOME, None)
    unknown = given.keys() - CHANGEABLE
    if unknown:
        raise ValueError(f"a change cannot name these columns: {', '.join(sorted(unknown))}")
    phase, detail, status = _state_after(before, change)
    if PHASES[phase][1] and before.owner is None:
        raise WrongStateError(f"execution {before.id} becomes {phase.value} only by being claimed")
    values: dict[str, Any] = {}
    again = phase is Phase.WAITING and before.phase in (Phase.FINISHING, Phase.DONE)
    if again:
        values.update(dict.fromkeys(_OF_ONE_ATTEMPT))
    values.update(_ordered(before, given, fresh=again))
    # While it waits, no attempt is under way: the row of the last one keeps how that ended.
    attempted = () if before.phase in (Phase.WAITING, Phase.ADMITTED) else ATTEMPT_COLUMNS
    attempt_values = {name: values[name] for name in given if name in attempted}
    if (phase, detail) != (before.phase, before.detail):
        values.update(phase=phase.value, detail=detail, status=status.value)
    if before.owner is not None and not PHASES[phase][1]:
        values["owner"] = None
    if again:
        entry = ended_attempt(before, outcome or before.status.value)
        values["record"] = {EARLIER: [*earlier_attempts(before.record), entry], **change.record}
    elif change.record:
        values["record"] = {**before.record, **change.record}
    ended = _ran_an_attempt(before.phase) and not PHASES[phase][1]
    stored = _stored(before, values, change, again=again)
    return Plan(values, attempt_values, (outcome or status.value) if ended else None, again, stored)


def _stored(before: Execution, values: Mapping[str, Any], change: Change, *, again: bool) -> dict[str, Any]:
    stored: dict[str, Any] = {}
    if change.due_at is not None:
        stored["due_at"] = change.due_at
    elif values.get("phase") == Phase.WAITING or "scheduled_at" in values:
        stored["due_at"] = values.get("scheduled_at", before.scheduled_at)
    if again:
        stored["answered_by_voice_mail"] = None
    if "answered_by_voice_mail" in change.record:
        stored["answered_by_voice_mail"] = bool(change.record["answered_by_voice_mail"])
    return stored


def _storable(value: Any) -> Any:
    """A text without what a column cannot hold, NUL and halves of surrogate pairs: what a provider said must not keep a call from ending.
    JSON keeps everything, as escapes."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _state_after(before: Execution, change: Change) -> tuple[Phase, str, Status]:
    phase = before.phase if change.phase is None else change.phase
    if change.detail is not None:
        detail = change.detail
    else:
        detail = before.detail if change.phase is None else ""
    status = STATUS_OF.get((phase, detail))
    if status is None:
        raise WrongStateError(f"there is no state {phase.value}/{detail or '-'}")
    if phase is not before.phase and phase not in PHASES[before.phase][0]:
        raise WrongStateError(f"execution {before.id} is {before.phase.value} and cannot become {phase.value}")
    if status is not before.status and not may_follow(before.status, status):
        raise WrongStateError(f"execution {before.id} is {before.status.value} and cannot become {status.value}")
    return phase, detail, status


def _ran_an_attempt(phase: Phase) -> bool:
    return PHASES[phase][1] or phase is Phase.FINISHING


def _ordered(before: Execution, given: Mapping[str, Any], *, fresh: bool) -> dict[str, Any]:
    values = dict(given)
    latest: datetime = before.created_at
    for name in TIMES[1:]:
        time = values.get(name) if fresh or name in values else getattr(before, name)
        if time is None:
            continue
        if name in values:
            values[name] = max(time, latest)
        latest = max(time, latest)
    return values
