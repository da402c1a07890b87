"""What a call does that was taken and may not be dialled now."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from tests.rows import execution_row
from tests.unit.call.world import BEGAN, VirtualClock

from callwright.call.live.dial_slot import BatchPausedError
from callwright.call.live.dialling import Dialling
from callwright.call.live.row import Plan
from callwright.platform.dialling.rules import Decision, NumberFacts, Question, Rules, Verdict, decide
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase
from callwright.ports.leg import LegClosed

TAKEN = execution_row(phase=Phase.CLAIMED, detail="", owner="node-a", attempt=1, batch_id="batch-1")


class Row:
    """The row of one call, whose plans are carried out on nothing."""

    def __init__(self, execution: Execution) -> None:
        self.execution = execution
        self.change = Change()
        self.given_back = False

    async def decide(self, plan: Plan) -> bool:
        unit: Any = None
        self.change = await plan(unit, self.execution)
        self.given_back = self.change.phase is Phase.WAITING
        return True


class Session:
    """A session that keeps how it was closed."""

    hang_up_wanted = None
    end: LegClosed | None = None

    def closed(self, closed: LegClosed) -> None:
        self.end = closed


async def connect(execution: Execution, answer: Decision | Exception) -> tuple[Change, LegClosed | None]:
    """The change of the row, and how the call was closed, where this is decided about the call."""

    async def of_intent(*_: Any) -> Decision:
        if isinstance(answer, Exception):
            raise answer
        return answer

    deps: Any = SimpleNamespace(clock=VirtualClock(), ledger=None, decisions=SimpleNamespace(of_intent=of_intent))
    row: Any = Row(execution)
    session: Any = Session()
    nothing: Any = None
    await Dialling(deps, execution).connect(session, nothing, row, nothing)
    return row.change, session.end


@pytest.mark.parametrize(("ahead", "due"), [(timedelta(hours=8), True), (timedelta(hours=-1), False), (None, False)])
async def test_a_call_whose_batch_was_paused_waits_again_for_now(ahead: timedelta | None, due: bool) -> None:
    now = VirtualClock().now()
    scheduled_at = None if ahead is None else now + ahead
    change, end = await connect(replace(TAKEN, scheduled_at=scheduled_at), BatchPausedError())
    assert change == Change(Phase.WAITING, "queued", due_at=now if due else None)
    assert end == LegClosed("canceled", "API Request", "batch_paused", 4000)


async def test_a_call_whose_batch_is_over_says_so() -> None:
    decision = decide(Question(BEGAN, NumberFacts(), stopped=True), Rules())
    change, end = await connect(TAKEN, decision)
    assert (decision.verdict, change.phase, change.record["decision"]["rule"]) == (Verdict.NEVER, None, "stopped")
    assert end == LegClosed("canceled", "API Request", "batch_stopped_by_api", 4000)
