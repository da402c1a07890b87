"""Agents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class StoredAgent:
    """An agent as stored. ``body`` is the flat object of the contract (agent_config keys plus agent_prompts), unknown keys kept."""

    id: str
    tenant_id: str
    name: str
    body: Mapping[str, Any]
    revision: int
    created_at: datetime
    updated_at: datetime
    dispositions: Sequence[Mapping[str, Any]] | None = None
    """What is asked after its calls (``id``, ``name``, ``category``), None for nothing; only reads of a tenant's agents look for it."""
    inbound_phone_number: str | None = None
    """The number it answers, a phone number before an extension and the one it has had longest first; looked for by the same reads."""
    seeding: bool = False
    """Whether the speech of its fixed sentences is still to be rendered; looked for by the same reads."""


class BodyKind(StrEnum):
    """Where a body is kept: with its agent, as a version of it, as the copy of an execution that is over or not, or its headers alone with
    a webhook."""

    AGENT = "agent"
    VERSION = "version"
    UNFINISHED = "unfinished"
    FINISHED = "finished"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class StoredBody:
    """A body with the id of the agent, execution or webhook that keeps it."""

    id: str
    tenant_id: str
    body: Mapping[str, Any] = field(repr=False)
