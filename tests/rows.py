"""Rows of the ledger for tests: complete, plain, and different only in what a test names."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from callwright.call.live.attempt_end import end_attempt, lock_ending
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID, ApiKey
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.executions.actions.transition import Publisher
from callwright.platform.executions.rules.changes import Change
from callwright.platform.executions.rules.execution import Execution, Phase, Status
from callwright.platform.ledger import Ledger
from callwright.platform.unit import Unit
from callwright.platform.webhooks.rules.outbox import OutboxEntry

THEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OTHER_TENANT_ID = "00000000-0000-4000-8000-000000000002"

_numbers = itertools.count(1)


def agent_row(agent_id: str = "agent-1", **changes: Any) -> StoredAgent:
    """An agent of the default tenant."""
    row = StoredAgent(
        id=agent_id,
        tenant_id=DEFAULT_TENANT_ID,
        name="Reception",
        body={"agent_name": "Reception", "tasks": []},
        revision=1,
        created_at=THEN,
        updated_at=THEN,
    )
    return replace(row, **changes)


def execution_row(execution_id: str = "call-1", **changes: Any) -> Execution:
    """A queued outbound call of agent-1."""
    row = Execution(
        id=execution_id,
        tenant_id=DEFAULT_TENANT_ID,
        agent_id="agent-1",
        status=Status.QUEUED,
        phase=Phase.WAITING,
        detail="queued",
        attempt=0,
        direction="outbound",
        carrier="loopback",
        to_number="+15550123",
        from_number="+15550100",
        created_at=THEN,
        updated_at=THEN,
    )
    return replace(row, **changes)


def scheduled_row(execution_id: str, at: datetime, **changes: Any) -> Execution:
    """A call scheduled for ``at``."""
    return execution_row(execution_id, status=Status.SCHEDULED, detail="scheduled", scheduled_at=at, **changes)


def ringing_row(execution_id: str = "in-1", **changes: Any) -> Execution:
    """A call that comes in, ringing in node-a."""
    state: dict[str, Any] = {
        "direction": "inbound",
        "phase": Phase.DIALLING,
        "detail": "ringing",
        "status": Status.RINGING,
        "attempt": 1,
        "owner": "node-a",
        "ringing_at": THEN,
        "provider_call_id": "p-1",
    }
    return execution_row(execution_id, **{**state, **changes})


def key_row(key_id: str = "key-1", **changes: Any) -> ApiKey:
    """A key of the default tenant."""
    row = ApiKey(
        id=key_id,
        tenant_id=DEFAULT_TENANT_ID,
        name="laptop",
        digest=key_id.encode().ljust(32, b"."),
        last4="abcd",
        scope="full",
        created_at=THEN,
    )
    return replace(row, **changes)


def entry_row(execution_id: str = "call-1", **changes: Any) -> OutboxEntry:
    """A webhook of an execution."""
    row = OutboxEntry(
        id=f"hook-{next(_numbers)}",
        tenant_id=DEFAULT_TENANT_ID,
        execution_id=execution_id,
        sequence=0,
        status="initiated",
        url="https://receiver.example/hook",
        headers={"x-token": "t"},
        body=b"{}",
        tries=0,
        created_at=THEN,
    )
    return replace(row, **changes)


async def place(ledger: Ledger, *executions: Execution) -> None:
    """Store executions, and agent-1 if it is not there."""
    async with ledger.unit() as unit:
        if await unit.agents.get(DEFAULT_TENANT_ID, "agent-1") is None:
            await unit.agents.insert(agent_row())
        for execution in executions:
            await unit.executions.insert(execution)


async def admit_candidates(unit: Unit, limit: int) -> list[Execution]:
    """Admit whatever the limits allow."""
    candidates = await unit.executions.candidates(limit)
    return await unit.executions.admit([row.id for row in candidates])


async def admit(ledger: Ledger, limit: int = 1000) -> list[str]:
    """Run the pacer once; the ids it admitted, sorted."""
    async with ledger.unit() as unit:
        return sorted(row.id for row in await admit_candidates(unit, limit))


async def claim(ledger: Ledger, owner: str = "node-a", count: int = 1000) -> list[Execution]:
    """Claim admitted executions."""
    async with ledger.unit() as unit:
        return await unit.executions.claim(owner, count)


async def move(ledger: Ledger, execution_id: str, phase: Phase, detail: str = "", **fence: Any) -> Execution:
    """Change the phase in a unit of its own."""
    async with ledger.unit() as unit:
        return await unit.executions.change(execution_id, Change(phase=phase, detail=detail), **fence)


async def claimed_call(ledger: Ledger, execution_id: str = "call-1", owner: str = "node-a") -> Execution:
    """A call that was placed, admitted and claimed by ``owner``."""
    await place(ledger, execution_row(execution_id))
    await admit(ledger)
    (row,) = await claim(ledger, owner)
    return row


async def live_call(ledger: Ledger, execution_id: str = "call-1", owner: str = "node-a") -> Execution:
    """A call in progress."""
    await claimed_call(ledger, execution_id, owner)
    await move(ledger, execution_id, Phase.DIALLING, "initiated", owner=owner, attempt=1)
    return await move(ledger, execution_id, Phase.LIVE, owner=owner, attempt=1)


def seconds_after(seconds: float) -> datetime:
    """A time after the rows' creation."""
    return THEN + timedelta(seconds=seconds)


async def end_locked(unit: Unit, row: Execution, change: Change, publisher: Publisher, now: datetime) -> Execution:
    """End the attempt of ``row``, as its owner where it has one."""
    locked = await lock_ending(unit, row, owned=row.owner is not None)
    assert locked is not None
    return await end_attempt(unit, locked, change, publisher, now)
