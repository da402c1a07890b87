"""Which changes of executions and batches are published, and the webhook that carries one: its body is frozen at the change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callwright.domain.batch import Batch, BatchProgress
from callwright.domain.call_variables import call_variables
from callwright.domain.execution import PUBLISHED_BY_DEFAULT, Execution, Status
from callwright.domain.tools.request import HEADER_BLANKS
from callwright.domain.webhook_address import webhook_address
from callwright.insight.batch_record import batch_body
from callwright.insight.record import execution_body
from callwright.insight.wire import encode
from callwright.ports.ledger import OutboxEntry


@dataclass(frozen=True, slots=True)
class WebhookPublisher:
    """Makes the outbox entry of a change. ``publish_queued`` also publishes the first queued or scheduled status; that a call is scheduled
    for another attempt is always published."""

    public_url: str
    publish_queued: bool
    new_id: Callable[[], str]
    now: Callable[[], datetime]

    def entry(self, execution: Execution) -> OutboxEntry | None:
        """The webhook of the execution's present status, or None when nobody asked for it."""
        url = execution.agent.get("webhook_url")
        url = url.strip() if isinstance(url, str) else ""
        if not url or not self._wanted(execution):
            return None
        now = self.now()
        return OutboxEntry(
            id=self.new_id(),
            tenant_id=execution.tenant_id,
            execution_id=execution.id,
            sequence=0,
            status=str(execution.status),
            url=webhook_address(url, call_variables(execution, now)),
            headers=_headers(execution.agent.get("webhook_headers")),
            body=encode(execution_body(execution, public_url=self.public_url)),
            tries=0,
            created_at=now,
        )

    def _wanted(self, execution: Execution) -> bool:
        statuses = _statuses(execution.agent.get("webhook_config"))
        if statuses is not None:
            return str(execution.status) in statuses
        if execution.status in PUBLISHED_BY_DEFAULT or (execution.status is Status.SCHEDULED and execution.retry_count):
            return True
        return self.publish_queued and execution.status in {Status.QUEUED, Status.SCHEDULED}


@dataclass(frozen=True, slots=True)
class BatchWebhookPublisher:
    """Makes the outbox entry of a batch's change."""

    new_id: Callable[[], str]
    now: Callable[[], datetime]

    def batch_entry(self, batch: Batch, progress: BatchProgress) -> OutboxEntry | None:
        """The webhook with the batch as it is now, or None when it has no address for one."""
        if batch.webhook_url is None:
            return None
        now = self.now()
        return OutboxEntry(
            id=self.new_id(),
            tenant_id=batch.tenant_id,
            execution_id=batch.id,
            sequence=0,
            status=str(batch.status),
            url=batch.webhook_url,
            headers={},
            body=encode(batch_body(batch, progress, now)),
            tries=0,
            created_at=now,
        )


def _headers(given: Any) -> Mapping[str, str]:
    if not isinstance(given, Mapping):
        return {}
    return {str(name): str(value).strip(HEADER_BLANKS) for name, value in given.items()}


def _statuses(given: Any) -> frozenset[str] | None:
    """The status filter of ``webhook_config``: a list, or an object with ``statuses``; None when there is no filter."""
    if isinstance(given, Mapping):
        given = given.get("statuses")
    if isinstance(given, list):
        return frozenset(str(status) for status in given)
    return None
