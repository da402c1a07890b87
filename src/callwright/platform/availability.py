"""Port of what can be used here: what of an agent is lacking, whether an account is connected, and what its calls run with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from callwright.domain.number import E164
from callwright.platform.agents.rules.availability import Lack, Line, Provision
from callwright.platform.agents.rules.spec import AgentSpec
from callwright.platform.unit import Unit


class Availability(Protocol):
    """Answers for an account as it is now. Every method reads in the caller's transaction and may raise VaultLockedError."""

    async def connected(self, unit: Unit, tenant_id: str) -> bool:
        """Whether the account has a carrier of its own: a carrier's provider key or a SIP trunk. If not, it is a sandbox."""
        ...

    async def lacks(self, unit: Unit, tenant_id: str, spec: AgentSpec, carrier: str = "default") -> tuple[Lack, ...]:
        """What of the agent cannot be used, in the order line, transcriber, voice, model. ``carrier``: the line the agent names; empty for
        a call that has one already."""
        ...

    async def provide(self, unit: Unit, tenant_id: str, spec: AgentSpec, line: Line) -> Provision:
        """What a call of the agent runs with. In a sandbox the server's own providers stand in for what is lacking.

        Raises LackingError when something is lacking in a connected account, or when the server's own cannot be used either.
        """
        ...

    async def foresee(self, unit: Unit, tenant_id: str, body: Mapping[str, Any], line: Line) -> dict[str, Any]:
        """How the record of a call begins: :meth:`Provision.as_wire`, without stand-ins where the call will be refused. Raises nothing
        for an agent that cannot be called; its attempt says why."""
        ...


class EverythingAvailable:
    """``Availability`` where nothing is looked at: every provider is taken to be here, and every account to be connected."""

    async def connected(self, unit: Unit, tenant_id: str) -> bool:
        """True."""
        return True

    async def lacks(self, unit: Unit, tenant_id: str, spec: AgentSpec, carrier: str = "default") -> tuple[Lack, ...]:
        """Nothing."""
        return ()

    async def provide(self, unit: Unit, tenant_id: str, spec: AgentSpec, line: Line) -> Provision:
        """The agent as it is, on the line it names."""
        to = line.destination
        return Provision(spec, line.carrier or (spec.telephony_provider if to is None or to.kind == E164 else to.kind))

    async def foresee(self, unit: Unit, tenant_id: str, body: Mapping[str, Any], line: Line) -> dict[str, Any]:
        """Nothing."""
        return {}
