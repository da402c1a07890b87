"""The audit trail: who changed what, what it was before and after, without secrets and within bounds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callwright.domain.limits import MAX_AUDIT_BYTES
from callwright.domain.redaction import redacted


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change. ``actor`` is the id of a key, or the name of a part of the platform (``cli``, ``system``). ``before`` and ``after`` hold
    what changed, without secrets. ``id`` and ``at`` are given by the storage."""

    tenant_id: str
    actor: str
    action: str
    object_type: str
    object_id: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    id: int = 0
    at: datetime | None = None


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What ``before`` and ``after`` do not share, key by key, into nested mappings; lists are compared as wholes."""
    left: dict[str, Any] = {}
    right: dict[str, Any] = {}
    for key in [*before, *(key for key in after if key not in before)]:
        if key in before and key in after:
            old, new = before[key], after[key]
            if old == new:
                continue
            if isinstance(old, Mapping) and isinstance(new, Mapping):
                left[key], right[key] = differences(old, new)
                continue
        if key in before:
            left[key] = before[key]
        if key in after:
            right[key] = after[key]
    return left, right


def bounded(value: Mapping[str, Any]) -> dict[str, Any]:
    """``value`` without secrets, or only the names of its keys where even that is too large to keep."""
    shown: dict[str, Any] = redacted(value)
    if len(json.dumps(shown, ensure_ascii=False, default=str).encode()) > MAX_AUDIT_BYTES:
        return {"too_large": True, "keys": sorted(shown)[:100]}
    return shown


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries of the audit trail are wanted: those with an id below ``before``; None means any."""

    before: int
    object_type: str | None = None
    object_id: str | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None
