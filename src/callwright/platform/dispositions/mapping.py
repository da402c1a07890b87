"""A disposition as the contract shows it (3.12): every documented key, unknown stored ones as they came."""

from __future__ import annotations

from typing import Any

from callwright.insight.wire import wire_time
from callwright.platform.dispositions.rules import DEFAULTS, StoredDisposition, read_disposition


def disposition_view(disposition: StoredDisposition) -> dict[str, Any]:
    """The Disposition object of a read. Sent back by PUT it changes nothing."""
    given = {name: value for name, value in disposition.body.items() if value is not None or name not in DEFAULTS}
    read = read_disposition(disposition.body)
    return {
        "id": disposition.id,
        **DEFAULTS,
        **given,
        # They may have come as "true" or 1.
        "is_subjective": read.is_subjective,
        "is_objective": read.is_objective,
        "agent_ids": list(disposition.agent_ids),
        "created_by": disposition.created_by,
        "created_at": wire_time(disposition.created_at),
        "updated_at": wire_time(disposition.updated_at),
    }
