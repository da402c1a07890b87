"""What agents were before: listed, read and brought back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from callwright.platform.accounts.rules import Principal
from callwright.platform.agents.actions.agents import agent_of, agent_to_change, checked_agent, holder_in, store_change
from callwright.platform.agents.actions.credentials import sealed_body
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.agents.rules.versions import AgentVersion
from callwright.platform.services import Services, missing
from callwright.platform.unit import Unit


@dataclass(frozen=True, slots=True)
class Versions:
    """The kept versions of an agent, newest first and without bodies, and the revision that it is now."""

    kept: list[AgentVersion]
    current: int


async def list_versions(services: Services, principal: Principal, agent_id: str) -> Versions:
    """The versions of an agent. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        agent = await agent_of(unit, principal, agent_id)
        return Versions(await unit.agents.versions.of_agent(principal.tenant_id, agent.id), agent.revision)


async def get_version(
    services: Services, principal: Principal, agent_id: str, revision: int
) -> tuple[AgentVersion, StoredAgent]:
    """One version, and the agent that it is a version of. Raises NotFoundError."""
    async with services.ledger.unit() as unit:
        agent = await agent_of(unit, principal, agent_id)
        return await _version(unit, agent, revision), agent


async def restore_version(
    services: Services, principal: Principal, agent_id: str, revision: int, expected: Collection[int] | None = None
) -> StoredAgent:
    """Make an agent what it was at a revision: its next revision, with the credentials it had then. One that is so already makes none.
    ``expected``: the revisions that may be replaced, None for any. Raises NotFoundError, StaleRevisionError, and InvalidAgentError for a
    version that cannot be saved any more."""
    async with services.ledger.unit() as unit:
        agent = await agent_to_change(unit, principal, agent_id, expected)
        version = await _version(unit, agent, revision)
        before = await sealed_body(services, unit, holder_in(principal), agent.body)
        checked = await checked_agent(services, unit, principal, version.body, before, version.body)
        if checked.body == before:
            return agent
        restored = await store_change(services, unit, principal, agent, checked, before)
    services.agent_saved(restored.body)
    return restored


async def _version(unit: Unit, agent: StoredAgent, revision: int) -> AgentVersion:
    found = await unit.agents.versions.get(agent.tenant_id, agent.id, revision)
    if found is None:
        raise missing("version")
    return found
