"""Settling the calls of a dead process: each on its own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.unit.call.world import BEGAN, VirtualClock
from tests.unit.insight.call_log import CallLog

from callwright.call.live.access import NoAccess
from callwright.call.live.deps import RuntimeDeps
from callwright.call.process.settle import settle_node
from callwright.domain.errors import VaultLockedError
from callwright.domain.limits import MAX_LOST_CLAIMS
from callwright.insight.record import execution_body
from callwright.ops.metrics import Metrics
from callwright.platform.call_logs.rules import LogChunk
from callwright.platform.dialling.rules.facts import DialDecision
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase, Status, status_of
from callwright.platform.executions.rules.retry import LOST_CLAIMS, STOP_REQUESTED
from callwright.platform.prices.rules import PriceBook
from callwright.platform.provider_keys.rules.access import Access

DEAD = "dead-1"


def _row(name: str, phase: Phase) -> Execution:
    detail = "ringing" if phase is Phase.DIALLING else ""
    return Execution(
        id=name,
        tenant_id="t",
        agent_id="a",
        status=status_of(phase, detail),
        phase=phase,
        detail=detail,
        attempt=1,
        direction="outbound",
        carrier="loopback",
        to_number="+15550199",
        from_number="+15550100",
        created_at=BEGAN,
        updated_at=BEGAN,
        owner=DEAD,
    )


class Ledger:
    """Rows of a dead process. ``bad`` rows cannot be changed."""

    def __init__(self, *rows: Execution, bad: tuple[str, ...] = (), log: bytes = b"") -> None:
        self.rows = {row.id: row for row in rows}
        self.bad = bad
        self.log = log
        self.forgotten: list[str] = []
        self.beat_at: datetime | None = None
        self.nodes = self.executions = self.logs = self.jobs = self.dial_decisions = self
        self.decided: list[str] = []
        self.put_jobs: list[str] = []
        self.before: list[Phase | None] = []

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Any]:
        yield self

    async def forget(self, incarnation: str) -> datetime | None:
        self.forgotten.append(incarnation)
        return self.beat_at

    async def owned_by(self, incarnation: str) -> list[Execution]:
        return [row for row in self.rows.values() if row.owner == incarnation]

    async def lock(self, execution_id: str) -> Execution | None:
        return self.rows.get(execution_id)

    async def lock_owned(self, known: Execution) -> Execution:
        return self.rows[known.id]

    async def move(self, locked: Execution, *changes: Change) -> list[Execution]:
        execution_id = locked.id
        *before, change = changes
        self.before = [one.phase for one in before]
        if execution_id in self.bad:
            raise RuntimeError("a row that no rule allows to change")
        columns = {name: value for name, value in change.columns.items() if name != "attempt_outcome"}
        assert change.phase is not None
        status = status_of(change.phase, change.detail or "")
        row = replace(self.rows[execution_id], phase=change.phase, status=status, owner=None, **columns)
        row = replace(row, record={**row.record, **change.record})
        self.rows[execution_id] = row
        return [row]

    async def read(self, execution_id: str, attempt: int | None = None) -> bytes:
        return self.log

    async def append(self, chunk: LogChunk) -> None:
        assert chunk.chunk == len(self.log)
        self.log += chunk.data

    async def add(self, rows: Sequence[DialDecision]) -> None:
        self.decided += [row.decision.rule for row in rows]

    async def put(self, kind: str, payload: bytes, tenant_id: str) -> None:
        self.put_jobs.append(kind)

    def entry(self, execution: Execution) -> None:
        """Nobody listens."""


def _deps(ledger: Any) -> RuntimeDeps:
    # Only what settling uses is real.
    plain: Any = None
    return RuntimeDeps(
        ledger,
        VirtualClock(),
        plain,
        plain,
        ledger,
        plain,
        Path("no-such-folder"),
        PriceBook(),
        ThreadPoolExecutor(1),
        Metrics(),
    )


@pytest.mark.parametrize("lost_before", [0, MAX_LOST_CLAIMS])
async def test_a_call_that_was_taken_and_not_dialled_waits_again(lost_before: int) -> None:
    ledger = Ledger(replace(_row("one", Phase.CLAIMED), options={LOST_CLAIMS: lost_before, "line": "x"}))

    assert await settle_node(_deps(ledger), DEAD) == 1

    row = ledger.rows["one"]
    if lost_before:
        assert (row.status, row.hangup_reason) == (Status.ERROR, "node_lost"), "it may be what kills the processes"
    else:
        assert (row.status, row.phase, row.owner, row.hangup_reason) == (Status.QUEUED, Phase.WAITING, None, None)
        assert row.options == {LOST_CLAIMS: 1, "line": "x"}
    assert ledger.put_jobs == []


@pytest.mark.parametrize("change", [{"carrier": "chat"}, {"direction": "inbound"}], ids=str)
async def test_nobody_dials_a_chat_or_a_call_that_came_in(change: dict[str, str]) -> None:
    ledger = Ledger(replace(_row("one", Phase.CLAIMED), **change))  # type: ignore[arg-type]
    await settle_node(_deps(ledger), DEAD)
    assert (ledger.rows["one"].status, ledger.rows["one"].hangup_reason) == (Status.ERROR, "node_lost")


async def test_a_call_that_was_taken_and_stopped_is_stopped() -> None:
    wish = {"by": "API Request", "reason": "stopped_by_api"}
    ledger = Ledger(replace(_row("one", Phase.CLAIMED), options={STOP_REQUESTED: wish}))
    await settle_node(_deps(ledger), DEAD)
    row = ledger.rows["one"]
    assert (row.status, row.hangup_by, row.hangup_reason, row.hangup_code, row.error_message) == (
        Status.STOPPED,
        "API Request",
        "stopped_by_api",
        4000,
        None,
    )
    assert ledger.decided == ["stopped"]


async def test_one_bad_row_does_not_keep_the_others_from_being_settled() -> None:
    log = CallLog(BEGAN.isoformat()).at(300).text.encode()
    rows = [_row(name, Phase.DIALLING) for name in ("first", "bad", "last")]
    ledger = Ledger(*rows, bad=("bad",), log=log)

    assert await settle_node(_deps(ledger), DEAD) == 3

    assert ledger.forgotten == [DEAD]
    settled = {name: (row.status, row.hangup_by, row.hangup_reason) for name, row in ledger.rows.items()}
    assert settled["first"] == settled["last"] == (Status.ERROR, "Error", "node_lost")
    assert ledger.rows["bad"] == rows[1]

    ledger.bad = ()
    assert await settle_node(_deps(ledger), DEAD) == 1, "the next round takes the one that was left"
    assert ledger.rows["bad"].status is Status.ERROR


async def test_a_log_that_cannot_be_read_still_gives_an_end_with_a_reason() -> None:
    ledger = Ledger(_row("one", Phase.DIALLING), log=b"{not a log\n")
    assert await settle_node(_deps(ledger), DEAD) == 1
    assert (ledger.rows["one"].status, ledger.rows["one"].hangup_reason) == (Status.ERROR, "node_lost")


async def test_a_row_that_somebody_took_meanwhile_is_left_alone() -> None:
    class Taken(Ledger):
        async def lock(self, execution_id: str) -> Execution | None:
            return replace(self.rows[execution_id], owner="alive-2")

    ledger = Taken(_row("one", Phase.DIALLING))
    await settle_node(_deps(ledger), DEAD)
    assert ledger.rows["one"].status is Status.RINGING


async def test_the_cost_of_a_call_that_was_killed_is_settled_when_the_work_after_it_is_done() -> None:
    answered, rings = CallLog(BEGAN.isoformat()).answered().at(900), CallLog(BEGAN.isoformat()).at(900)
    talking = Ledger(_row("talking", Phase.LIVE), log=answered.text.encode())
    ringing = Ledger(_row("ringing", Phase.DIALLING), log=rings.text.encode())
    for ledger, jobs, status in ((talking, ["finish"], "call-disconnected"), (ringing, [], "error")):
        await settle_node(_deps(ledger), DEAD)
        assert ledger.put_jobs == jobs
        (row,) = ledger.rows.values()
        body = execution_body(row, public_url="http://here")
        assert (body["status"], body["billing_settled"]) == (status, not jobs)


async def test_a_call_whose_answer_only_its_log_has_is_one_that_was_answered() -> None:
    log = CallLog(BEGAN.isoformat()).at(200).answered().at(900).text.encode()
    ledger = Ledger(_row("call-1", Phase.DIALLING), log=log)
    await settle_node(_deps(ledger), DEAD)
    assert ledger.before == [Phase.LIVE]
    assert ledger.put_jobs == ["finish"], "its recording is kept and finished"


async def test_a_chat_that_was_killed_lasted_until_the_last_heartbeat_of_its_process() -> None:
    log = CallLog(BEGAN.isoformat()).at(100).answered().at(200).text.encode()
    ledger = Ledger(replace(_row("chat", Phase.LIVE), carrier="chat"), log=log)
    ledger.beat_at = BEGAN + timedelta(seconds=7)
    await settle_node(_deps(ledger), DEAD)
    assert ledger.rows["chat"].record["conversation_ms"] == 6_900
    assert ledger.rows["chat"].ended_at == ledger.beat_at


class Line:
    """A carrier that ends what a dead process has left. ``keys``: those of its account."""

    def __init__(self) -> None:
        self.told: list[tuple[Mapping[str, Any], Mapping[str, str]]] = []

    def say_last_words(self, dialog: Mapping[str, Any], access: Access) -> None:
        self.told.append((dialog, access.keys))


class Keys(NoAccess):
    """An organisation with a key for each carrier."""

    async def of_carrier(self, tenant_id: str, carrier: str) -> Access:
        if tenant_id != "t":
            raise VaultLockedError("the key is another one")
        return Access({f"{carrier.upper()}_KEY": "k"})


def fact(kind: str, values: Mapping[str, Any]) -> bytes:
    return json.dumps({"at": 1, "dir": "fact", "sec": "leg", "seq": 1, "type": kind, "v": values}).encode() + b"\n"


LEFT = fact("dialog", {"call_id": "C"})
TARGET = (
    fact("target", {"request": 1, "event": "dialled", "to": "sip:desk@pbx.example"})
    + fact("target", {"request": 1, "event": "line", "what": "dialog", "values": {"call_id": "T"}})
)  # fmt: skip


async def told(log: bytes, tenant_id: str = "t") -> dict[str, Line]:
    carriers = {"twilio": Line(), "sip": Line()}
    begun = CallLog(BEGAN.isoformat()).at(300).text.encode()
    row = replace(_row("one", Phase.DIALLING), carrier="twilio", tenant_id=tenant_id)
    ledger = Ledger(row, log=begun + log)
    plugin: Any = lambda kind, name: carriers[name]  # noqa: E731
    deps = replace(_deps(ledger), plugin=plugin, access=Keys())
    assert await settle_node(deps, DEAD) == 1
    assert ledger.rows["one"].hangup_reason == "node_lost"
    return carriers


async def test_the_carriers_of_the_legs_that_are_left_end_them_with_the_keys_of_the_account() -> None:
    carriers = await told(LEFT + TARGET)
    assert carriers["twilio"].told == [({"call_id": "C"}, {"TWILIO_KEY": "k"})]
    assert carriers["sip"].told == [({"call_id": "T"}, {"SIP_KEY": "k"})]


async def test_a_call_whose_keys_cannot_be_opened_is_settled_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    carriers = await told(LEFT, "another")
    assert not carriers["twilio"].told
    assert "a leg of execution one may go on at twilio: the key is another one" in caplog.text
