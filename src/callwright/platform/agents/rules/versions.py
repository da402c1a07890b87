"""What agents were before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class AgentVersion:
    """An agent as it was saved once. ``body`` is sealed as the agent's is. ``saved_by`` is the id of the key that saved it, and
    ``saved_by_name`` the key's name then; both are empty for what was there before versions were kept."""

    agent_id: str
    tenant_id: str
    revision: int
    name: str
    body: Mapping[str, Any] = field(repr=False)
    saved_at: datetime
    saved_by: str = ""
    saved_by_name: str = ""
