"""Durable background jobs: put into the queue in the same transaction as the change that caused them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries


class JobRows:
    """``ports.ledger.Jobs``."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def put(self, name: str, payload: bytes, after_seconds: int = 0) -> None:
        """Enqueue in the same unit as the change that caused it. The handler may run twice."""
        queue = Queries(AsyncpgDriver(self._connection))
        await queue.enqueue(name, payload, 0, timedelta(seconds=after_seconds) if after_seconds else None)
