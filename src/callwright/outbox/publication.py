"""Which changes of executions and batches are published, and the event that carries one: its body is frozen at the change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callwright.insight.batch_record import batch_body
from callwright.insight.record import execution_body
from callwright.insight.wire import encode
from callwright.platform.batches.rules.batch import Batch, BatchProgress
from callwright.platform.calls.rules import call_variables
from callwright.platform.executions.rules.execution import PUBLISHED_BY_DEFAULT, Execution, Status
from callwright.platform.tools.rules.request import HEADER_BLANKS
from callwright.platform.webhooks.rules.address import endpoint_of, webhook_address
from callwright.platform.webhooks.rules.outbox import OutboxEntry


@dataclass(frozen=True, slots=True)
class WebhookPublisher:
    """Makes the event of a change. ``publish_queued`` also publishes the first queued or scheduled status; that a call is scheduled for
    another attempt is always published."""

    public_url: str
    publish_queued: bool
    new_id: Callable[[], str]
    now: Callable[[], datetime]

    def entry(self, execution: Execution) -> OutboxEntry | None:
        """The event of the execution's present status, or None when that is not published. Its ``url`` is empty where no webhook is
        wanted."""
        url = execution.agent.get("webhook_url")
        url = url.strip() if isinstance(url, str) else ""
        chosen = _statuses(execution.agent.get("webhook_config"))
        published = self._is_published(execution)
        if chosen is not None and str(execution.status) not in chosen:
            url = ""
        elif chosen is not None:
            published = True
        if not published:
            return None
        now = self.now()
        return OutboxEntry(
            id=self.new_id(),
            tenant_id=execution.tenant_id,
            execution_id=execution.id,
            sequence=0,
            status=str(execution.status),
            url=webhook_address(url, call_variables(execution, now)) if url else "",
            headers=_headers(execution.agent.get("webhook_headers")) if url else {},
            body=encode(execution_body(execution, public_url=self.public_url)),
            tries=0,
            created_at=now,
            endpoint=endpoint_of(url) if url else "",
        )

    def _is_published(self, execution: Execution) -> bool:
        status = execution.status
        if status in PUBLISHED_BY_DEFAULT or (status is Status.SCHEDULED and execution.retry_count):
            return True
        return self.publish_queued and status in {Status.QUEUED, Status.SCHEDULED}


@dataclass(frozen=True, slots=True)
class BatchWebhookPublisher:
    """Makes the event of a batch's change."""

    new_id: Callable[[], str]
    now: Callable[[], datetime]

    def batch_entry(self, batch: Batch, progress: BatchProgress) -> OutboxEntry:
        """The event with the batch as it is now. Its ``url`` is empty where no webhook is wanted."""
        now = self.now()
        return OutboxEntry(
            id=self.new_id(),
            tenant_id=batch.tenant_id,
            execution_id=batch.id,
            sequence=0,
            status=str(batch.status),
            url=batch.webhook_url or "",
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
