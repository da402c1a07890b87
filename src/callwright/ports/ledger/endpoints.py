"""Port of storage: webhook endpoints that fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FailingEndpoint:
    """An endpoint of an organisation at which every try has failed since ``failing_since``. ``waiting`` webhooks wait for their next try.
    ``probe_at``: when a paused one is tried again; None for one that answered 410."""

    organisation_id: str
    endpoint: str
    failures: int
    failing_since: datetime
    failed_at: datetime
    reason: str
    paused_at: datetime | None = None
    probe_at: datetime | None = None
    waiting: int = 0

    @property
    def state(self) -> str:
        """``failing``, ``paused``, or ``gone`` after a 410."""
        return "failing" if self.paused_at is None else "gone" if self.probe_at is None else "paused"


class Endpoints(Protocol):
    """Webhook endpoints that fail."""

    async def failed(self, organisation_id: str, endpoint: str, reason: str, *, is_gone: bool = False) -> bool:
        """Count a failed try, and pause an endpoint that ``is_gone``. True when this paused it."""

    async def pause(self) -> Sequence[FailingEndpoint]:
        """Pause endpoints at which every try failed for PAUSE_AFTER_HOURS, PAUSE_AFTER_FAILURES at least; they are returned."""

    async def answered(self, organisation_id: str, endpoint: str) -> None:
        """Forget the failures of an endpoint that is not paused."""

    async def order(self, organisation_id: str, endpoint: str, count: int) -> int:
        """Make webhooks that failed before the pause wait in order again, with all their tries, for up to ``count`` executions and
        batches; of how many. Call it until it is 0, then :meth:`resume`."""

    async def resume(self, organisation_id: str, endpoint: str) -> bool:
        """End the pause; False when there is none."""

    async def paused(self) -> int:
        """How many endpoints of all organisations are paused."""

    async def listed(self, organisation_id: str, tenant_id: str) -> Sequence[FailingEndpoint]:
        """Endpoints of an organisation that fail, those with webhooks of ``tenant_id`` only unless it is the organisation. Empty ids: all
        of all."""
