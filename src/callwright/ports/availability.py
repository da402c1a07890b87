"""Port of what can be used here: what of an agent is lacking, whether an account is connected, and what its calls run with."""

from __future__ import annotations

from typing import Protocol

from callwright.domain.agent.spec import AgentSpec
from callwright.domain.availability import Lack
from callwright.ports.ledger import Unit


class Availability(Protocol):
    """Answers for an account as it is now. Every method reads in the caller's transaction and may raise VaultLockedError."""

    async def connected(self, unit: Unit, tenant_id: str) -> bool:
        """Whether the account has a carrier of its own: a carrier's provider key or a SIP trunk. If not, it is a sandbox."""
        ...

    async def lacks(self, unit: Unit, tenant_id: str, spec: AgentSpec, carrier: str = "default") -> tuple[Lack, ...]:
        """What of the agent cannot be used, in the order line, transcriber, voice, model. ``carrier``: the line the agent names; empty for
        a call that has one already."""
        ...
