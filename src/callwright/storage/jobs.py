"""Durable background jobs: put into the queue in the same transaction as the change that caused them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

ORGANISATION = "organisation_id"
"""Header of a job with the organisation whose share of the places it takes."""


class JobRows:
    """``ports.ledger.Jobs``."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def put(self, name: str, payload: bytes, tenant_id: str, after_seconds: int = 0) -> None:
        """Enqueue in the same unit as the change that caused it. The handler may run twice."""
        organisation_id = await self._connection.fetchval(
            "select coalesce(parent_id, id) from tenant where id = $1", tenant_id
        )
        delay = timedelta(seconds=after_seconds) if after_seconds else None
        queue = Queries(AsyncpgDriver(self._connection))
        await queue.enqueue(name, payload, 0, delay, headers={ORGANISATION: organisation_id or tenant_id})
