"""Extraction templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class StoredTemplate:
    """An extraction template as stored: the contract's keys and unknown ones as they came."""

    id: str
    tenant_id: str
    body: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
