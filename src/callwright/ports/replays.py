"""Port of replays: what a finished call comes to when it is run again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

RECORDED, ASK = "recorded", "ask"
"""Who answers for the model of a what-if: the recording, or the agent's own model anew."""


@dataclass(frozen=True, slots=True)
class WhatIfWish:
    """A what-if of a call with ``log``: from which turn on, with which values of the agent by path, and who answers for the model."""

    tenant_id: str
    log: bytes = field(repr=False)
    from_turn: int
    settings: Mapping[str, Any]
    model: str = RECORDED
    keep_going: bool = False


class Replays(Protocol):
    """Runs calls again. What takes long runs in a process of its own, which ends after a limit of time. Every method raises BadInputError
    for a log that cannot be run, and UnavailableError when it took too long."""

    async def replay(self, log: bytes) -> Mapping[str, Any]:
        """Feeds the events of a log to today's core. Returns ``exact``, ``events``, ``effects``, ``core_version``,
        ``logged_core_version``, ``difference`` and ``missing``."""
        ...

    async def what_if(self, wish: WhatIfWish) -> Mapping[str, Any]:
        """Runs a call on with another agent. Returns both conversations and what is to be said of them."""
        ...

    async def scenario(
        self, log: bytes, user_data: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        """Makes a scenario. Returns ``scenario``, ``expectations`` and ``remarks``."""
        ...
