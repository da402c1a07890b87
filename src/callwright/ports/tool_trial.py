"""Port of trials of tools: one tool of an agent is called, outside of any call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from callwright.platform.agents.rules.stored import StoredAgent


@dataclass(frozen=True, slots=True)
class ToolTrial:
    """The tool to call, and the arguments that a model would give."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TriedRequest:
    """What was sent to a web server, with secrets masked, and how it answered. ``http_status`` 0: it did not."""

    method: str
    host: str
    sent: Any
    http_status: int
    ms: int


@dataclass(frozen=True, slots=True)
class ToolTried:
    """What came of it. ``text`` is what the model would be told; ``request`` is None where nothing was sent."""

    ok: bool
    text: str = field(repr=False)
    request: TriedRequest | None = None


class ToolTrials(Protocol):
    """Calls tools outside of calls."""

    async def run(self, agent: StoredAgent, trial: ToolTrial, user_data: Mapping[str, Any]) -> ToolTried:
        """Calls the tool once, which does what it does in a call. Raises RateLimitedError when too many are under way in this process,
        VaultLockedError, and UnavailableError without a database."""
        ...
