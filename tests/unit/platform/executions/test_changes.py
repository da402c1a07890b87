"""What a change does to an execution's row: every state against every other, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.rows import THEN, execution_row, seconds_after

from callwright.domain.errors import WrongStateError
from callwright.platform.executions.rows.changes import CHANGEABLE, TIMES, plan, writes
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import PHASES, STATUS_OF, TRANSITIONS, Execution, Phase, Status

STATES = list(STATUS_OF)


def standing(phase: Phase, detail: str = "", **changes: object) -> Execution:
    """An execution in a state, with an owner where the state has one."""
    row = execution_row(
        phase=phase,
        detail=detail,
        status=STATUS_OF[(phase, detail)],
        attempt=0 if phase in {Phase.WAITING, Phase.ADMITTED} else 1,
        owner="node-a" if PHASES[phase][1] else None,
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def allowed(before: tuple[Phase, str], after: tuple[Phase, str]) -> bool:
    """What the tables say; a phase that needs an owner is only entered by claiming."""
    phase_ok = after[0] is before[0] or after[0] in PHASES[before[0]][0]
    status, next_status = STATUS_OF[before], STATUS_OF[after]
    owner_ok = not PHASES[after[0]][1] or PHASES[before[0]][1]
    return phase_ok and owner_ok and (next_status is status or next_status in TRANSITIONS[status])


@pytest.mark.parametrize("before", STATES, ids=lambda state: "-".join(filter(None, state)))
def test_exactly_the_moves_of_the_tables_are_planned(before: tuple[Phase, str]):
    for after in STATES:
        change = Change(phase=after[0], detail=after[1])
        if not allowed(before, after):
            with pytest.raises(WrongStateError):
                plan(standing(*before), change)
            continue
        planned = plan(standing(*before), change)
        if after == before:
            assert "phase" not in planned.values
            continue
        assert planned.values["phase"] == after[0].value
        assert planned.values["status"] == STATUS_OF[after].value
        leaves_owner = PHASES[before[0]][1] and not PHASES[after[0]][1]
        assert ("owner" in planned.values) == leaves_owner
        over = (PHASES[before[0]][1] or before[0] is Phase.FINISHING) and not PHASES[after[0]][1]
        assert (planned.outcome is not None) == over


def test_a_detail_alone_moves_within_the_phase():
    planned = plan(standing(Phase.DIALLING, "initiated"), Change(detail="ringing"))
    assert planned.values == {"phase": "dialling", "detail": "ringing", "status": "ringing"}


def test_facts_alone_leave_the_state():
    planned = plan(standing(Phase.LIVE, record={"a": 1}), Change(record={"b": 2}, columns={"hangup_by": "Agent"}))
    assert planned.values == {"hangup_by": "Agent", "record": {"a": 1, "b": 2}}
    assert planned.attempt_values == {"hangup_by": "Agent"}


def test_a_change_between_two_attempts_leaves_the_row_of_the_one_before_alone():
    columns = {"hangup_reason": "stopped_by_api", "ended_at": seconds_after(4)}
    planned = plan(standing(Phase.WAITING, "scheduled"), Change(Phase.DONE, "stopped", columns=columns))
    assert planned.values["hangup_reason"] == "stopped_by_api"
    assert planned.attempt_values == {}
    assert planned.outcome is None


def test_a_phase_without_its_detail_is_no_state():
    with pytest.raises(WrongStateError, match="no state dialling"):
        plan(standing(Phase.CLAIMED), Change(phase=Phase.DIALLING))


def test_times_never_run_backwards():
    row = standing(Phase.LIVE, initiated_at=seconds_after(2), answered_at=seconds_after(4))
    planned = plan(row, Change(columns={"ended_at": seconds_after(3), "completed_at": seconds_after(1)}))
    assert planned.values == {"ended_at": seconds_after(4), "completed_at": seconds_after(4)}
    assert planned.attempt_values == {"ended_at": seconds_after(4)}


def test_a_time_before_a_later_one_that_is_known_is_left_for_the_constraint():
    row = standing(Phase.LIVE, answered_at=seconds_after(4))
    planned = plan(row, Change(columns={"ringing_at": seconds_after(9)}))
    assert planned.values["ringing_at"] == seconds_after(9)


def test_a_retry_forgets_the_attempt_before_it():
    row = standing(Phase.DONE, "busy", initiated_at=seconds_after(1), ended_at=seconds_after(2), hangup_code=17)
    planned = plan(row, Change(Phase.WAITING, "scheduled", {"scheduled_at": THEN + timedelta(hours=1)}))
    assert planned.values["initiated_at"] is None
    assert planned.values["hangup_code"] is None
    assert planned.values["scheduled_at"] == THEN + timedelta(hours=1)
    assert planned.attempt_values == {}


def test_how_an_attempt_ended_may_be_named():
    row = standing(Phase.LIVE)
    assert plan(row, Change(Phase.DONE, "error", {"attempt_outcome": "unknown"})).outcome == "unknown"
    assert plan(row, Change(Phase.FINISHING)).outcome == Status.CALL_DISCONNECTED


@pytest.mark.parametrize(
    "name", ["id", "tenant_id", "owner", "attempt", "status", "phase", "record", "created_at", "nonsense"]
)
def test_what_follows_from_elsewhere_cannot_be_named(name: str):
    assert name not in CHANGEABLE
    with pytest.raises(ValueError, match=name):
        plan(standing(Phase.LIVE), Change(columns={name: "x"}))


def test_the_times_are_in_the_order_of_a_call():
    assert list(TIMES) == ["created_at", "initiated_at", "ringing_at", "answered_at", "ended_at", "completed_at"]


def test_changes_that_the_tables_let_follow_each_other_at_once_are_one_write():
    ringing = Change(Phase.DIALLING, "ringing", {"ringing_at": seconds_after(1)})
    answered = Change(Phase.LIVE, columns={"answered_at": seconds_after(2)})
    (write,) = writes(standing(Phase.DIALLING, "initiated"), [ringing, answered])
    assert [row.status for row in write.rows] == [Status.RINGING, Status.IN_PROGRESS]
    assert (write.plan.values["phase"], write.plan.values["status"]) == ("live", "in-progress")
    assert write.plan.attempt_values == {"ringing_at": seconds_after(1), "answered_at": seconds_after(2)}


def test_a_change_that_the_tables_refuse_at_once_is_a_write_of_its_own():
    steps = [Change(Phase.LIVE), Change(Phase.FINISHING), Change(Phase.DONE, "completed")]
    first, last = writes(standing(Phase.DIALLING, "initiated"), steps)
    assert [row.status for row in first.rows] == [Status.IN_PROGRESS]
    assert [row.status for row in last.rows] == [Status.CALL_DISCONNECTED, Status.COMPLETED]
    assert (last.plan.outcome, last.plan.values["owner"]) == ("completed", None)


def test_the_wait_for_another_attempt_is_a_write_of_its_own():
    columns = {"scheduled_at": seconds_after(60)}
    ended, waits = writes(
        standing(Phase.DIALLING, "initiated"), [Change(Phase.DONE, "busy"), Change(Phase.WAITING, "scheduled", columns)]
    )
    assert (ended.plan.outcome, waits.plan.stored["due_at"]) == ("busy", seconds_after(60))


def test_every_pair_of_changes_that_is_one_write_is_one_that_the_tables_allow():
    for before in STATES:
        for middle in (state for state in STATES if allowed(before, state)):
            for after in (state for state in STATES if allowed(middle, state)):
                if not PHASES[middle[0]][1] and PHASES[after[0]][1]:
                    continue
                changes = [Change(phase, detail) for phase, detail in (middle, after)]
                if len(writes(standing(*before), changes)) == 1:
                    assert allowed(before, after)
