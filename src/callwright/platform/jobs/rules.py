"""Durable background jobs."""

from __future__ import annotations

from dataclasses import dataclass

SPEECH_JOB = "agent_speech"
"""The job that renders the fixed sentences of an agent that was saved."""


@dataclass(frozen=True, slots=True)
class SpeechOrder:
    """Whose sentences are rendered: an agent as it was saved at ``revision``. ``tries``: how often that failed before."""

    agent_id: str
    tenant_id: str
    revision: int
    tries: int = 0
