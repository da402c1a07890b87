"""Port of storage: durable background jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

SPEECH_JOB = "agent_speech"
"""The job that renders the fixed sentences of an agent that was saved."""


@dataclass(frozen=True, slots=True)
class SpeechOrder:
    """Whose sentences are rendered: an agent as it was saved at ``revision``. ``tries``: how often that failed before."""

    agent_id: str
    tenant_id: str
    revision: int
    tries: int = 0


class Jobs(Protocol):
    """Durable background jobs; handlers may run twice."""

    async def put(self, name: str, payload: bytes, tenant_id: str, after_seconds: int = 0) -> None:
        """Enqueue in the same unit as the change that caused it. The job takes a place of the tenant's organisation."""

    async def put_speech(self, order: SpeechOrder, after_seconds: int = 0) -> None:
        """Enqueue the rendering of a saved agent's fixed sentences (SPEECH_JOB), after all jobs of other kinds. Until the first
        try is over the agent is ``seeding``, if it is still at this revision. A try that waits already is not enqueued again."""
