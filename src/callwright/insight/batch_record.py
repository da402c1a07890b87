"""A batch as the wire has it (contract 10.2), in answers and in webhooks alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from callwright.domain.human_time import ago
from callwright.domain.money import cents_from_nano
from callwright.insight.wire import wire_time
from callwright.platform.batches.rules.batch import Batch, BatchProgress, ListFormat


def offset_time(at: datetime | None) -> str | None:
    """UTC with its offset and without fractions of a second, as the hosted service writes a batch's start."""
    return None if at is None else at.astimezone(UTC).replace(microsecond=0).isoformat()


def batch_body(batch: Batch, progress: BatchProgress, now: datetime) -> dict[str, Any]:
    """The Batch object: every documented key, then what the hosted service does not tell, our sums under ``callwright``."""
    numbers = list(batch.from_numbers)
    return {
        "batch_id": batch.id,
        "humanized_created_at": ago(batch.created_at, now),
        "created_at": wire_time(batch.created_at),
        "updated_at": wire_time(batch.updated_at),
        "status": str(batch.status),
        "scheduled_at": offset_time(batch.scheduled_at),
        "from_phone_number": numbers[0] if numbers else None,
        "from_phone_numbers": numbers,
        "file_name": batch.file_name,
        "valid_contacts": batch.valid_contacts,
        "total_contacts": batch.total_contacts,
        "execution_status": dict(progress.execution_status),
        "agent_id": batch.agent_id,
        "webhook_url": batch.webhook_url,
        "retry_config": None if batch.retry_config is None else dict(batch.retry_config),
        "bypass_call_guardrails": batch.bypass_call_guardrails,
        "callwright": {
            "waiting": progress.waiting,
            "answered": progress.answered,
            "conversation_duration": round(progress.talk_ms / 1000, 1),
            "total_cost": cents_from_nano(progress.total_cost_nano),
            "refused_contacts": batch.total_contacts - batch.valid_contacts,
            "sandbox": batch.sandbox,
            "stand_ins": [dict(one) for one in batch.stand_ins],
            **batch.pace.as_wire(),
            "paused": None
            if batch.paused_at is None
            else {"since": wire_time(batch.paused_at), "by": batch.paused_by, "reason": batch.paused_reason},
            "refused_rows": [{"line": row.line, "reason": row.reason, "hint": row.hint} for row in batch.refused],
            "file": _file_body(batch.list_format),
        },
    }


def _file_body(found: ListFormat | None) -> dict[str, Any] | None:
    """How the list was read."""
    if found is None:
        return None
    return {
        "encoding": found.encoding,
        "delimiter": found.delimiter,
        "number_column": found.columns[found.number_at],
        "default_country": found.default_country,
        "duplicates": found.duplicates,
    }
