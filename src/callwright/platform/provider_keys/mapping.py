"""Provider keys as the wire has them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from callwright.domain.human_time import ago
from callwright.insight.wire import wire_time
from callwright.platform.provider_keys.rules.provider_key import ProviderKey, masked


def key_view(key: ProviderKey, now: datetime) -> dict[str, Any]:
    """One key of the list."""
    return {
        "provider_id": key.id,
        "provider_name": key.name,
        "provider_value": masked(key.hint),
        "humanized_created_at": ago(key.created_at, now),
        "created_at": wire_time(key.created_at),
        "updated_at": wire_time(key.updated_at),
    }
