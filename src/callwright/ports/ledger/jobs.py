"""Port of storage: durable background jobs."""

from __future__ import annotations

from typing import Protocol


class Jobs(Protocol):
    """Durable background jobs; handlers may run twice."""

    async def put(self, name: str, payload: bytes, tenant_id: str, after_seconds: int = 0) -> None:
        """Enqueue in the same unit as the change that caused it. The job takes a place of the tenant's organisation."""
