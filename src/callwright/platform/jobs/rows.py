"""Durable background jobs: put into the queue in the same transaction as the change that caused them."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

from callwright.platform.jobs.rules import SPEECH_JOB, SpeechOrder

ORGANISATION = "organisation_id"
"""Header of a job with the organisation whose share of the places it takes."""

IS_SEEDING = (
    f"exists (select from pgqueuer q where q.dedupe_key = '{SPEECH_JOB}:' || agent.id || ':' || agent.revision"
    " and q.status in ('queued', 'picked'))"
)
"""Whether a row of ``agent`` has a speech job that was not tried before. The index of pgqueuer's unique keys finds it."""

_BEHIND = -1
"""Priority of speech jobs: calls that ended are finished first."""


class JobRows:
    """Durable background jobs; handlers may run twice."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def put(self, name: str, payload: bytes, tenant_id: str, after_seconds: int = 0) -> None:
        """Enqueue in the same unit as the change that caused it. The job takes a place of the tenant's organisation."""
        delay = timedelta(seconds=after_seconds) if after_seconds else None
        await self._queue.enqueue(name, payload, 0, delay, headers=await self._place_of(tenant_id))

    async def put_speech(self, order: SpeechOrder, after_seconds: int = 0) -> None:
        """Enqueue the rendering of a saved agent's fixed sentences (SPEECH_JOB), after all jobs of other kinds. Until the first
        try is over the agent is ``seeding``, if it is still at this revision. A try that waits already is not enqueued again."""
        key = f"{SPEECH_JOB}:{order.agent_id}:{order.revision}" + (f":{order.tries}" if order.tries else "")
        delay = timedelta(seconds=after_seconds) if after_seconds else None
        payload = json.dumps(asdict(order)).encode()
        headers = await self._place_of(order.tenant_id)
        await self._queue.enqueue(SPEECH_JOB, payload, _BEHIND, delay, key, headers, on_conflict="skip")

    @property
    def _queue(self) -> Queries:
        return Queries(AsyncpgDriver(self._connection))

    async def _place_of(self, tenant_id: str) -> dict[str, str]:
        organisation_id = await self._connection.fetchval(
            "select coalesce(parent_id, id) from tenant where id = $1", tenant_id
        )
        return {ORGANISATION: organisation_id or tenant_id}
